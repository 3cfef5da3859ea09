"""Totals between the rows that only their sum tells."""

from decimal import Decimal
from unittest import mock

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

DATED = "date,order id,customer,product,amount"
DAYS = [
    *("2026-01-31,1,C1,Cap,4.00", "2026-01-31,2,C2,Cap,6.10", "2026-01-31,2,C2,Bag,-1.00"),
    *("2026-01-31,,,,9.10", "2026-02-01,3,C1,Cap,4.00", "2026-02-01,4,C2,Cap,6.10"),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_a_total_without_a_word_is_told_by_its_sum(batch_rows: int) -> None:
    tills = ["2026-02-01,,,,10.10", "2026-02-01,5,C1,Cap,1.00", "2026-02-01,6,C2,Cap,2.00"]
    totals = ["2026-02-01,,,,3.00", "2026-02-01,,,,13.10", "2026-02-01,7,C1,Cap,1.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*DAYS, *tills, *totals, header=DATED))
    wanted = [("subtotal", row, "amount") for row in (4, 7, 10, 11)]
    assert [(row.code, row.row, row.column) for row in got.left_out] == wanted
    assert (got.balance.anonymous, got.balance.rejected, got.balance.accepted) == (0, 0, 8)


@pytest.mark.parametrize(
    "row",
    [
        "2026-02-01,,,,10.11",  # not the sum
        "2026-02-02,,,,10.10",  # of another day
        "2026-02-01,,,Cap,10.10",
        "2026-02-01,,C3,,10.10",
        "2026-02-01,5,,,10.10",
    ],
)
def test_what_is_no_exact_sum_or_names_anything_is_sold(row: str) -> None:
    got = read(lines(*DAYS, row, header=DATED))
    assert [row.row for row in got.left_out] == [4]
    assert got.balance.accepted == 6


def test_one_sale_is_not_summed_up_nor_are_sales_of_nothing() -> None:
    rows = ["2026-01-31,1,C1,Cap,4.00", "2026-01-31,,,,4.00"]
    assert read(lines(*rows, header=DATED)).balance.accepted == 2
    rows = ["2026-01-31,1,C1,,4.00", "2026-01-31,2,C1,,4.00", "2026-01-31,,,,8.00"]
    assert read(lines(*rows, header=DATED)).balance.accepted == 3


SOLD = "date,order id,customer,amount"
SALES = ["2026-01-31,1,C1,4.00", "2026-01-31,2,C2,6.10", "2026-02-01,3,C1,1.00"]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_without_products_it_is_told_where_all_name_an_order_and_a_customer(
    batch_rows: int,
) -> None:
    rows = [*SALES[:2], "2026-01-31,,,10.10", SALES[2], "2026-02-01,4,C2,2.00", "2026-02-01,,,3.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=SOLD))
    assert [(row.code, row.row) for row in got.left_out] == [("subtotal", 3), ("subtotal", 6)]
    assert (got.balance.amount, got.balance.anonymous) == (Decimal("13.10"), 0)


@pytest.mark.parametrize(
    "rows",
    [
        ["2026-01-31,,,10.11"],
        ["2026-01-31,,,10.10", "2026-01-31,9,,1.00"],  # not all name both
        ["2026-01-31,,,10.10", "2026-01-31,,C9,1.00"],
    ],
)
def test_without_products_other_rows_without_both_are_sold(rows: list[str]) -> None:
    got = read(lines(*SALES[:2], *rows, SALES[2], header=SOLD))
    assert got.balance.accepted == 3 + len(rows)


def test_without_orders_and_products_no_sum_tells_a_total() -> None:
    rows = ["2026-01-31,C1,4.00", "2026-01-31,C2,6.10", "2026-01-31,,10.10", "2026-02-01,C1,1.00"]
    assert read(lines(*rows, header="date,customer,amount")).balance.accepted == 4


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
@pytest.mark.parametrize("word", ["TOTAL", "Total ticket", "Subtotal", "Summe", "合計"])
def test_the_total_of_an_order_is_told_by_its_word_and_its_sum(word: str, batch_rows: int) -> None:
    rows = [
        *("2026-01-31,1,C1,Cap,4.00", "2026-01-31,1,C1,Bag,5.00", f"2026-01-31,1,C1,{word},9.00"),
        *("2026-01-31,2,,Cap,4.00", f"2026-01-31,2,,{word},4.00", "2026-01-31,3,C1,Pin,1.00"),
    ]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=DATED))
    assert [(row.code, row.row, row.column) for row in got.left_out] == [
        ("subtotal", 3, "amount"),
        ("subtotal", 5, "amount"),
    ]
    assert got.balance.amount == 14


@pytest.mark.parametrize(
    "row",
    [
        "2026-01-31,1,C1,Total,9.01",
        "2026-01-31,2,C1,Total,9.00",
        "2026-01-31,1,C1,Total cereal,9.00",
        "2026-01-31,1,C1,Pin,9.00",
    ],
)
def test_a_product_called_total_is_sold_unless_its_order_adds_up_to_it(row: str) -> None:
    rows = ["2026-01-31,1,C1,Cap,4.00", "2026-01-31,1,C1,Bag,5.00"]
    assert read(lines(*rows, row, header=DATED)).balance.accepted == 3
