"""Numbers of customers and orders as spreadsheets round them are never taken for the numbers."""

from unittest import mock

import pytest

from common.texts import LANGUAGES, say
from functions.ingest.reader.records import rows
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

HEADER = "Order ID;Date;Customer;Product;Total"


@pytest.mark.parametrize(
    "rounded",
    ["3.46E+10", "3,46E+10", "8.71235E+12", "8,71235E+12", "1E+12", "1.00E+05", " 3.46E+10 "],
)
@pytest.mark.parametrize("parse", [rows.parse_fast, lambda *_: None], ids=["fast", "careful"])
def test_a_rounded_number_is_rejected_and_told(rounded: str, parse: object) -> None:
    content = lines(
        f"1;2026-01-31;{rounded};Cap;5.50",
        f"{rounded};2026-01-31;C1;Cap;5.50",
        f"2;2026-01-31;34600000001;{rounded};5.50",
        header=HEADER,
    )
    with mock.patch.object(rows, "parse_fast", parse):
        got = read(content)
    assert got.faults() == [
        ("rounded_id", 1, 2, "Customer"),
        ("rounded_id", 2, 3, "Order ID"),
    ]
    for language in LANGUAGES:
        record = got.rejected[0].error_record()
        for code in (record["code"], record["expected"], record["hint"]):
            assert say(code, record["params"], language=language)


@pytest.mark.parametrize(
    "code",
    [
        "1E5",
        "12E4",
        "1e5",
        "5E10",
        "1.5E10",
        "3.46e+10",
        "3.46E10",
        "12.5E+10",
        "A3.46E+10",
        "E+10",
    ],
)
def test_codes_that_look_alike_stay_as_they_are(code: str) -> None:
    got = read(lines(f"{code};2026-01-31;{code};Cap;5.50", header=HEADER))
    assert (got.column("order_id"), got.column("customer_id")) == ([code], [code])


def test_all_lines_of_a_rounded_customers_order_are_rejected() -> None:
    rows_of_one = ["1;2026-01-31;3.46E+10;Cap;5.50", "1;;;Bag;4.50", "2;2026-01-31;C1;Cap;5.50"]
    got = read(lines(*rows_of_one, header=HEADER))
    assert [(row.code, row.row) for row in got.rejected] == [("rounded_id", 1), ("rounded_id", 2)]
