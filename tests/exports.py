"""Frames of known exports, read without the reader: for tests of what comes after reading."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from cli import sample
from common import frame

PROJECT = Path(__file__).resolve().parents[1]
ONLINE_RETAIL = PROJECT / "../shared/data/online_retail/online_retail_excel_latin1.csv"


def online_retail() -> pa.Table:
    """Return the frame of the whole Online Retail file."""
    text = _text(ONLINE_RETAIL, encoding="latin-1", delimiter=",")
    order_id = text["InvoiceNo"]
    quantity = text["Quantity"].cast(frame.QUANTITY)
    price = text["UnitPrice"].cast(frame.PRICE)
    return _frame(
        customer_id=_without_empty(text["CustomerID"]),
        ordered_at=pc.strptime(text["InvoiceDate"], "%m/%d/%Y %H:%M", "us"),
        order_id=order_id,
        product_id=text["StockCode"],
        product=text["Description"],
        quantity=quantity,
        amount=pc.multiply(quantity, price).cast(frame.AMOUNT),
        is_return=pc.starts_with(order_id, "C"),
    )


def generated(out: Path, planned: sample.PlannedFile) -> pa.Table:
    """Return the frame of a file that `datacore sample` wrote, without its bad rows."""
    content = (out / planned.path).read_bytes()
    dialect = next(each for each in sample.DIALECTS if _fits(each, content))
    text = _text(out / planned.path, encoding=dialect.encoding, delimiter=dialect.delimiter)
    text = text.rename_columns([
        "customer",
        "order",
        "date",
        "product",
        "quantity",
        "price",
        "amount",
    ])
    day_format = dialect.date if b"/" in content.split(b"\n")[1] else "%Y-%m-%d"
    # Arrow would take the 31st of February for the 3rd of March.
    real_day = pc.invert(pc.match_substring_regex(text["date"], "^(31/02|02/31|2025-02-31)"))
    text = text.filter(pc.and_(real_day, pc.not_equal(text["amount"], "??")))
    ordered_at = pc.strptime(text["date"], f"{day_format} %H:%M", "us")
    quantity = text["quantity"].cast(frame.QUANTITY)
    return _frame(
        customer_id=_without_empty(text["customer"]),
        ordered_at=ordered_at,
        order_id=text["order"],
        product=text["product"],
        quantity=quantity,
        amount=pc.replace_substring(text["amount"], ",", ".").cast(frame.AMOUNT),
        is_return=pc.less(quantity, pa.scalar(0)),
    )


def _fits(dialect: sample.Dialect, content: bytes) -> bool:
    header = dialect.delimiter.join(dialect.header) + dialect.line_end
    return content.startswith(header.encode(dialect.encoding))


def _text(path: Path, *, encoding: str, delimiter: str) -> pa.Table:
    """Return all cells as text; rows of another length are left out."""
    with path.open("rb") as file:
        header = file.readline().decode(encoding).strip().split(delimiter)
    return pa.csv.read_csv(
        path,
        read_options=pa.csv.ReadOptions(
            encoding=encoding.removesuffix("-sig"), column_names=header, skip_rows=1
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=delimiter, invalid_row_handler=lambda _row: "skip"
        ),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
    )


def _without_empty(ids: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(ids, ""), pa.scalar(None, pa.string()), ids)


def _frame(*, is_return: pa.ChunkedArray, **columns: pa.ChunkedArray) -> pa.Table:
    rows = len(is_return)
    numbers = np.arange(1, rows + 1)
    known = columns | {
        "row": pa.array(numbers),
        "line": pa.array(numbers + 1),
        "kind": pc.if_else(is_return, frame.RETURN, frame.SALE),
    }
    absent = {f.name: pa.nulls(rows, f.type) for f in frame.CANONICAL if f.name not in known}
    return pa.table(
        {name: (known | absent)[name] for name in frame.CANONICAL.names}, schema=frame.CANONICAL
    )
