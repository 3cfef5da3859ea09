"""Files found in the wild, with the truth that is known about them."""

import json
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pytest

from functions.ingest.reader import UnreadableFileError
from functions.ingest.reader.records import rows
from functions.ingest.reader.records.blocks import read_blocks
from functions.ingest.reader.records.dialect import find_dialect
from tests.unit.ingest.reader.files import REAL_FILES, read

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(not REAL_FILES.exists(), reason="the folder of real files is absent"),
]

SPECTRUM = sorted((REAL_FILES / "csv_spectrum/csvs").glob("*.csv"))


def test_online_retail_is_read_to_the_last_row_and_cent() -> None:
    got = read(REAL_FILES / "online_retail/online_retail_excel_latin1.csv")
    b = got.balance
    assert (b.rows_in, b.accepted, b.anonymous) == (541_909, 541_909, 135_080)
    assert (b.quantity, b.amount) == (5_176_450, Decimal("9747747.934"))
    assert len(got.table["customer_id"].unique().drop_null()) == 4_372
    cancelled = pc.starts_with(got.table["order_id"], "C")
    assert pc.sum(cancelled).as_py() == 9_288
    assert got.table.filter(cancelled)["kind"].unique().to_pylist() == ["return"]
    assert got.understanding.date_order == "mdy"
    assert got.understanding.date_order_settled_by == "column"
    assert got.understanding.encoding == "cp1252"


def test_customers_written_as_decimals_stay_text() -> None:
    got = read(REAL_FILES / "online_retail_byday_5days/2010-12-01.csv")
    assert got.balance.accepted == 3_108
    assert got.column("customer_id")[0] == "17850.0"


def test_a_spanish_export_with_decimal_commas_is_read() -> None:
    got = read(REAL_FILES / "ventas_por_factura_es/ventas-por-factura.csv")
    assert got.column("amount")[:3] == [Decimal("229.33"), Decimal("209.73"), Decimal("-1.45")]
    assert got.column("kind")[2] == "return"
    assert (got.balance.accepted, got.balance.anonymous) == (25_953, 3_724)
    assert len(got.table["customer_id"].unique().drop_null()) == 4_372
    assert (got.understanding.date_order, got.understanding.decimal_mark) == ("mdy", ",")


def test_a_marked_export_with_days_first_is_read() -> None:
    [path] = (REAL_FILES / "superstore_en").glob("*.csv")
    got = read(path)
    assert (got.balance.accepted, got.understanding.date_order) == (10_194, "dmy")
    assert len(got.table["customer_id"].unique()) == 804
    assert '5 1/2" X 4" Forms' in got.column("product")[0]
    assert got.column("other.Row ID")[0] == "1"


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("supermarket_sales/*.csv", "no_customer"),
        ("mall/Mall_Customers.csv", "customer_list"),
        ("olist_10k/orders.csv", "no_money"),
    ],
)
def test_what_is_no_list_of_purchases_is_refused(pattern: str, code: str) -> None:
    [path] = REAL_FILES.glob(pattern)
    with pytest.raises(UnreadableFileError) as refused:
        read(path)
    assert refused.value.code == code


@pytest.mark.parametrize("path", SPECTRUM, ids=lambda path: path.stem)
def test_csv_spectrum_is_split_as_its_answers_say(path: Path) -> None:
    told = (REAL_FILES / f"csv_spectrum/json/{path.stem}.json").read_text("utf-8")
    answers = json.loads(told.replace("\\r\\n", "\\n"))  # the files at hand have lost their CRs
    dialect = find_dialect(path.read_bytes(), encoding="utf-8")
    with path.open("rb") as file:
        parsed = [rows.parse(block, dialect) for block in read_blocks(file, dialect)]
    cells = [row for p in parsed for row in zip(*(c.to_pylist() for c in p.columns), strict=True)]
    assert [dict(zip(dialect.header, row, strict=True)) for row in cells] == answers
