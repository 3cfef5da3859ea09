"""Order lines: frames reduced to what segmenting needs, then put together.

`partial` takes one frame, or any stretch of its rows, and keeps nothing but columns. `combine`
puts any number of partials together and numbers their values: every number follows from the
sorted values themselves, so neither the order of rows nor the order of files leaves a trace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from common import frame

_TEXT = pa.dictionary(pa.int32(), pa.string())
_PARTIAL = pa.schema([
    pa.field("dataset", _TEXT),
    pa.field("file", _TEXT),  # whose line it is: a mended row is one of the file that it mends
    pa.field("row", pa.int64()),  # in that file; null with it: the row counts nowhere
    pa.field("customer_id", _TEXT),  # null: anonymous
    pa.field("ordered_at", pa.timestamp("us")),
    pa.field("order_id", _TEXT),
    pa.field("branch", _TEXT),
    pa.field("product", _TEXT),
    pa.field("quantity", frame.QUANTITY),
    pa.field("amount", frame.AMOUNT),
    pa.field("currency", _TEXT),
    pa.field("is_return", pa.bool_()),
])
COLUMNS = (
    "row", "customer_id", "ordered_at", "order_id", "branch", "product_id", "product", "quantity",
    "amount", "currency", "kind",
)  # what `partial` needs of a frame  # fmt: skip
MILLIONTHS = 1_000_000  # quantities are whole numbers of them: decimal128(18, 6) fits 64 bits
EXACT = Context(
    prec=60
)  # decimals with more digits than any sum of amounts has: nothing is rounded
_DAY = 86_400_000_000  # microseconds

Codes = npt.NDArray[Any]  # whole numbers; those kept for every line are 32 bits wide
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A row of a dataset, and the branch of the dataset's upload."""

    sha256: str
    row: int
    branch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """What the ledger knows of a current dataset."""

    sha256: str
    frame_id: str
    branch: str  # of its upload; a branch column in the file goes before
    rank: int  # 0 is the oldest by store time, then version: the newest wins
    accepted_rows: int
    accepted_amount: Decimal
    replaces: bool = False  # on its days older files of the branch do not count: see `overlap`
    # Rows that mend a rejected row of another dataset, and which; None: they do not count.
    mended: Mapping[int, Place | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """All order lines, as numbers.

    `table` has one row per line: dataset (rank), file (rank; -1: it counts nowhere) and row, customer, order, order_id, branch, product,
    currency (numbers; -1 is null), time (microseconds), day (since 1970), quantity (millionths, 0
    is null), is_return, amount (exact decimal). `order` numbers the orders: (branch, order id,
    day), or (customer, branch, day) where lines have no order id.
    """

    table: pd.DataFrame
    customer_ids: pa.Array  # by customer number, sorted
    currencies: tuple[str, ...]  # by currency number, sorted

    def where(self, mask: Mask) -> "Lines":
        """Return the lines that `mask` keeps; numbers stay as they are."""
        if mask.all():
            return self  # the usual case, and the lines are most of the memory
        return Lines(
            table=self.table[mask],
            customer_ids=self.customer_ids,
            currencies=self.currencies,
        )


def partial(table: pa.Table, *, dataset: Dataset) -> pd.DataFrame:
    """Return the order lines of a frame or of a stretch of its rows.

    Partials of the same frame's stretches, put together, are the partial of the frame.
    """
    rows = table.num_rows
    place = _places(table["row"], dataset)
    columns = {
        "dataset": pa.repeat(pa.scalar(dataset.sha256), rows),
        "file": place["file"],
        "row": place["row"],
        "customer_id": table["customer_id"],
        "ordered_at": table["ordered_at"],
        "order_id": table["order_id"],
        "branch": pc.coalesce(table["branch"], place["branch"]),
        "product": pc.coalesce(table["product_id"], table["product"]),
        "quantity": table["quantity"],
        "amount": table["amount"],
        "currency": table["currency"],
        "is_return": pc.equal(table["kind"], frame.RETURN),
    }
    encoded = [
        column.dictionary_encode() if field.type == _TEXT else column
        for field, column in zip(_PARTIAL, columns.values(), strict=True)
    ]
    return pa.table(encoded, schema=_PARTIAL).to_pandas(types_mapper=pd.ArrowDtype)


def _places(rows: pa.ChunkedArray, dataset: Dataset) -> dict[str, Any]:
    """Return the file whose line each row is, which of its rows, and that file's branch."""
    branch = pa.repeat(pa.scalar(dataset.branch), len(rows))
    if not dataset.mended:
        return {
            "file": pa.repeat(pa.scalar(dataset.sha256), len(rows)),
            "row": rows,
            "branch": branch,
        }
    own = [Place(sha256=dataset.sha256, row=row, branch=dataset.branch) for row in rows.to_pylist()]
    places = [dataset.mended.get(place.row, place) for place in own]
    branches = pa.array([place and place.branch for place in places], pa.string())
    return {
        "file": pa.array([place and place.sha256 for place in places], pa.string()),
        "row": pa.array([place and place.row for place in places], pa.int64()),
        "branch": pc.coalesce(branches, branch),
    }


def combine(partials: Iterable[pd.DataFrame], *, datasets: Sequence[Dataset]) -> Lines:
    """Put partials together, in any order, and number their values."""
    tables = [
        pa.Table.from_pandas(each, schema=_PARTIAL, preserve_index=False) for each in partials
    ]
    table = pa.concat_tables([_PARTIAL.empty_table(), *tables]).unify_dictionaries()
    customer, customer_ids = _numbered(table["customer_id"])
    currency, currencies = _numbered(table["currency"])
    time = table["ordered_at"].cast(pa.int64()).to_numpy()
    lines = pd.DataFrame({
        "dataset": _ranks(table["dataset"], datasets),
        "file": _ranks(table["file"], datasets),
        "row": pc.fill_null(table["row"], 0).to_numpy(),
        "customer": customer,
        "order_id": _numbered(table["order_id"])[0],
        "branch": _numbered(table["branch"])[0],
        "product": _numbered(table["product"])[0],
        "currency": currency,
        "time": time,
        "day": (time // _DAY).astype(np.int32),
        "quantity": _millionths(table["quantity"]),
        "is_return": table["is_return"].to_numpy(),
        "amount": pd.arrays.ArrowExtensionArray(table["amount"].combine_chunks()),
    })
    lines["order"] = _orders(lines)
    return Lines(table=lines, customer_ids=customer_ids, currencies=tuple(currencies.to_pylist()))


def packed(*parts: Any) -> Codes:
    """Return one number per row that is the same where all `parts` are the same.

    Parts are columns of whole numbers from -1.
    """
    total = np.asarray(parts[0], dtype=np.int64)
    for part in parts[1:]:
        column = np.asarray(part, dtype=np.int64)
        low = column.min(initial=0)
        span = column.max(initial=0) - low + 1
        # Numbering again keeps the product small, whatever the parts.
        total = pd.factorize(total)[0] * span + (column - low)
    codes: Codes = pd.factorize(total)[0]
    return codes


def exact_sums(keys: Codes, amounts: Any) -> tuple[Codes, pa.Array]:
    """Return the keys in ascending order, and the exact sum of the amounts of each."""
    grouped = pa.table({"key": keys, "amount": pa.array(amounts, type=frame.AMOUNT)})
    summed = grouped.group_by("key").aggregate([("amount", "sum")]).sort_by("key")
    return summed["key"].to_numpy(), summed["amount_sum"].combine_chunks()


def _numbered(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """Number the values of a dictionary column in their sorted order; null is -1."""
    array = column.combine_chunks()
    order = pc.sort_indices(array.dictionary).to_numpy()
    numbers = np.full(len(order) + 1, -1, dtype=np.int32)  # the last is that of null
    numbers[order] = np.arange(len(order))
    return numbers[pc.fill_null(array.indices, -1).to_numpy()], array.dictionary.take(order)


def _ranks(column: pa.ChunkedArray, datasets: Sequence[Dataset]) -> Codes:
    codes, names = _numbered(column)
    rank = {each.sha256: each.rank for each in datasets}
    # The last is that of null.
    return np.array([*(rank[name] for name in names.to_pylist()), -1], dtype=np.int32)[codes]


def _millionths(quantity: pa.ChunkedArray) -> Codes:
    scaled = pc.multiply(quantity, pa.scalar(Decimal(MILLIONTHS), pa.decimal128(7, 0)))
    whole: Codes = pc.fill_null(scaled.cast(pa.int64()), 0).to_numpy()
    return whole


def _orders(lines: pd.DataFrame) -> Codes:
    order_id, customer = lines["order_id"].to_numpy(dtype=np.int64), lines["customer"].to_numpy()
    # Without an order id a customer's day in a branch is the order.
    name = np.where(order_id >= 0, order_id, order_id.max(initial=-1) + 2 + customer)
    return packed(lines["branch"], name, lines["day"]).astype(np.int32)
