"""Totals of orders on rows of their own, and of a whole file, that only the sums of all rows tell."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import frame
from functions.ingest.reader import OpenQuestionError
from functions.ingest.reader.lines.total_rows import Suspects, Weighing
from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "order,date,customer,product,quantity,amount"
PRICES = ([425, 375], [500], [100, 250, 399], [1999, 1, 20], [725])
WAYS = {
    "nothing but the order": "{order},,,,,{total}",
    "no product and quantity": "{order},2026-01-31,C1,,,{total}",
    "no product": "{order},2026-01-31,C1,,1,{total}",
    "no quantity": "{order},2026-01-31,C1,Order,,{total}",
    "a sign for a product": "{order},2026-01-31,C1,---,,{total}",
    "words for a product": "{order},2026-01-31,C1,Order total {order},3,{total}",
    "a word for a product": "{order},2026-01-31,C1,Total,3,{total}",
}


def cents(amount: int) -> str:
    return f"{amount / 100:.2f}"


def order(number: int, prices: Sequence[int]) -> list[str]:
    return [
        f"{number},2026-01-31,C1,Thing {i},{i},{cents(price)}" for i, price in enumerate(prices, 1)
    ]


def orders(total: str, *, first: bool, off: int = 0) -> Iterator[str]:
    for number, prices in enumerate(PRICES, 1):
        row = total.format(order=number, total=cents(sum(prices) + off))
        yield from [row, *order(number, prices)] if first else [*order(number, prices), row]


def told(got: Read) -> list[tuple[str, int, str | None]]:
    return [(row.code, row.row, row.column) for row in (*got.left_out, *got.rejected)]


def subtotals(*rows: int) -> list[tuple[str, int, str | None]]:
    return [("subtotal", row, "amount") for row in rows]


def unclear(*rows: int) -> list[tuple[str, int, str | None]]:
    return [("unclear_total", row, "amount") for row in rows]


FIRST, LAST = (1, 4, 6, 10, 14), (3, 5, 9, 13, 15)


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
@pytest.mark.parametrize("way", WAYS)
def test_totals_below_their_lines_are_left_out(way: str, batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*orders(WAYS[way], first=False), header=HEADER))
    assert told(got) == subtotals(*LAST)
    assert got.balance.amount * 100 == sum(map(sum, PRICES))


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
@pytest.mark.parametrize("way", [way for way in WAYS if way != "nothing but the order"])
def test_totals_above_their_lines_are_left_out(way: str, batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*orders(WAYS[way], first=True), header=HEADER))
    assert told(got) == subtotals(*FIRST)
    assert got.balance.amount * 100 == sum(map(sum, PRICES))


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_what_the_row_of_a_total_says_of_its_order_still_holds(batch_rows: int) -> None:
    rows = ["1,2026-01-31,C1,,,9.00", "1,,,Cap,1,4.00", "1,,,Bag,2,5.00"]
    rows += ["2,2026-02-01,C2,,,3.50", ",,,Cap,1,1.50", ",,,Bag,1,2.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=HEADER))
    assert told(got) == subtotals(1, 4)
    assert got.column("customer_id") == ["C1", "C1", "C2", "C2"]
    assert got.column("order_id") == ["1", "1", "2", "2"]


def test_a_total_may_stand_beside_prices_and_quantities() -> None:
    header = "order,date,customer,product,quantity,price,amount"
    rows = ["1,2026-01-31,C1,Cap,1,4.00,4.00", "1,2026-01-31,C1,Bag,2,2.50,5.00"]
    rows += ["1,2026-01-31,C1,Order 1,3,,9.00", "2,2026-01-31,C1,Cap,1,4.00,4.00"]
    rows += ["2,2026-01-31,C1,Order 2,1,,4.00"]
    assert told(read(lines(*rows, header=header))) == unclear(3, 5)  # a name, and few sums
    rows += ["3,2026-01-31,C1,Cap,1,4.00,4.00", "3,2026-01-31,C1,Pin,1,1.50,1.50"]
    rows += ["3,2026-01-31,C1,Order 3,2,,5.50"]
    assert told(read(lines(*rows, header=header))) == subtotals(3, 5, 8)


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 1000])
def test_what_is_taken_off_may_stand_above_the_total(batch_rows: int) -> None:
    rows = ["1,2026-01-31,C1,Cap,1,4.00", "1,2026-01-31,C1,,,-1.00", "1,2026-01-31,C1,,,3.00"]
    rows += ["2,2026-01-31,C1,Cap,1,4.00", "2,2026-01-31,C1,Bag,1,2.00"]
    rows += ["2,2026-01-31,C1,,,-0.50", "2,2026-01-31,C1,,,5.50"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        assert told(read(lines(*rows, header=HEADER))) == subtotals(3, 7)


def test_totals_may_be_late() -> None:
    plain = [row for number in range(100, 1100) for row in order(number, (200, 300))]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", 300):
        rows = [*plain, *orders(WAYS["no product"], first=False)]
        got = read(lines(*rows, header=HEADER))
    assert told(got) == subtotals(*(2000 + row for row in LAST))


def test_returns_have_totals_too() -> None:
    rows = [
        "1,2026-01-31,C1,Cap,-1,-4.00",
        "1,2026-01-31,C1,Bag,-1,-5.00",
        "1,2026-01-31,C1,,,-9.00",
    ]
    got = read(lines(*orders(WAYS["no product"], first=False), *rows, header=HEADER))
    assert told(got)[-1:] == subtotals(18)


def test_among_totals_one_that_is_not_the_sum_is_rejected() -> None:
    rows = ["6,2026-01-31,C1,Cap,1,4.00", "6,2026-01-31,C1,Bag,1,5.00", "6,2026-01-31,C1,,,9.50"]
    rows += ["7,2026-01-31,C1,,,9.50"]  # all that is known of its order
    got = read(lines(*orders(WAYS["no product"], first=False), *rows, header=HEADER))
    assert told(got) == subtotals(*LAST) + unclear(18)
    assert got.column("order_id")[-1] == "7"


@pytest.mark.parametrize("first", [True, False])
def test_totals_with_more_than_the_lines_are_rejected(first: bool) -> None:
    rows = orders(WAYS["no product"], first=first, off=99)
    assert told(read(lines(*rows, header=HEADER))) == unclear(*(FIRST if first else LAST))


def test_one_row_that_is_a_sum_is_rejected_as_it_may_be_by_chance() -> None:
    rows = [*order(1, (400, 500)), "1,2026-01-31,C1,,,9.00", *order(2, (100, 200))]
    assert told(read(lines(*rows, header=HEADER))) == unclear(3)


@pytest.mark.parametrize(
    "rows",
    [
        [*order(1, [400]), "1,2026-01-31,C1,,,4.00"],  # as much as one other
        [*order(1, (400, 500, 900)), *order(2, (100, 100)), *order(3, (100, 200, 300))],  # alike
        [
            *order(1, (400, 500)),
            "1,2026-01-31,C1,,,2.00",
            *order(2, (1, 2)),
            "2,2026-01-31,C1,,,2.00",
        ],
        ["1,2026-01-31,C1,,,9.00", "2,2026-01-31,C1,,,9.00", *order(3, (400, 500))],
    ],
)
def test_what_may_be_sold_is(rows: list[str]) -> None:
    got = read(lines(*rows, header=HEADER))
    assert (told(got), got.balance.accepted) == ([], len(rows))


def test_few_sums_among_many_orders_may_be_by_chance() -> None:
    rows = [*order(1, (250, 250)), "1,2026-01-31,C1,,1,5.00", "2,2026-01-31,C1,Cap,1,5.00"]
    rows += ["2,2026-01-31,C1,,1,5.00", *(row for i in range(3, 9) for row in order(i, (250, 500)))]
    assert told(read(lines(*rows, header=HEADER))) == unclear(3, 5)


def test_what_is_the_dearest_of_each_order_is_sold_if_it_has_a_name() -> None:
    rows = [
        row
        for number in range(1, 30)
        for row in [f"{number},2026-01-31,C1,Room,,90.{number}", *order(number, (100, 250))]
    ]
    got = read(lines(*rows, header=HEADER))
    assert (told(got), got.balance.accepted) == ([], len(rows))


def test_lines_of_which_less_is_known_are_sold_wherever_they_are() -> None:
    rows = [
        row.replace(f"Thing {number % 3 + 1},", ",")
        for number in range(1, 40)
        for row in order(number, (100, 250, 350))
    ]
    got = read(lines(*rows, header=HEADER))
    assert (told(got), got.balance.accepted) == ([], len(rows))


table = st.lists(
    st.tuples(
        st.sampled_from(["", "1", "1", "2", "3"]),
        st.sampled_from(["", "", "Cap", "Total", "-"]),
        st.sampled_from(["", "1"]),
        st.sampled_from([1, 2, 3, 4, 5, -1]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(table=table, batch_rows=st.sampled_from([1, 2, 3, 5]))
def test_blocks_change_nothing(table: list[tuple[str, str, str, int]], batch_rows: int) -> None:
    text = lines(*(f"{o},2026-01-31,C1,{p},{q},{a}.00" for o, p, q, a in table), header=HEADER)
    try:
        whole = read(text)
        with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
            parts = read(text)
    except OpenQuestionError:
        return  # an amount on all lines of an order
    assert (told(parts), parts.balance) == (told(whole), whole.balance)


Row = tuple[str | None, str | None, int]
weighed = st.lists(
    st.tuples(
        st.sampled_from([None, "1", "1", "2", "2", "3"]),
        st.sampled_from([None, "Cap", "Cap", "-", "Summe"]),
        st.sampled_from([0, 1, 2, 3, -3, 10**14]),
    ),
    max_size=14,
)


def weigh_one_by_one(rows: Sequence[Row], *, are_first: bool) -> dict[int, str]:
    """Return what becomes of rows, by their number."""
    numbered = [(order or f"none {i}", *rest, i) for i, (order, *rest) in enumerate(rows, 1)]
    ends: list[tuple[int, bool]] = []
    several = 0
    told: list[tuple[bool, bool, bool]] = []  # is a sum, is as much as one, is of more than one
    for _, group in groupby(numbered, key=lambda row: row[0]):
        lines = list(group)
        _, product, amount, number = lines[0 if are_first else -1]
        others = sum(row[2] for row in lines) - amount
        several += len(lines) > 1 and any(row[1] == "Cap" for row in lines)
        if len(lines) == 1 or product == "Cap":
            continue
        ends.append((number, amount == others))
        if amount and any(row[1] == "Cap" for row in lines):
            covers = amount == others or (amount * others > 0 and abs(amount) >= abs(others))
            told.append((amount == others, covers, len(lines) > 2))
    sums, covers, large = (sum(each[i] for each in told) for i in range(3))
    large_sums = sum(each[0] and each[2] for each in told)
    are_many = 2 * len(told) >= several or large_sums >= 3
    is_mostly = 2 * sums >= len(told) and 2 * large_sums >= large
    if are_many and is_mostly and sums >= 2 and large_sums:
        return {number: "subtotal" if is_sum else "unclear_total" for number, is_sum in ends}
    is_unclear = covers >= 0.9 * len(told) and (len(told) >= 5 or large_sums)
    is_unclear |= large_sums and sums == len(told)
    return {number: "unclear_total" for number, _ in ends} if is_unclear else {}


def accepted(rows: Sequence[Row], first: int) -> Any:
    """Return a table of such rows, the first of which has this number."""
    orders, products, amounts = zip(*rows, strict=True)
    columns = {
        "row": pa.array(range(first, first + len(rows)), pa.int64()),
        "order_id": pa.array(orders, pa.string()),
        "product_id": pa.nulls(len(rows), pa.string()),
        "product": pa.array(products, pa.string()),
        "amount": pa.array(map(Decimal, amounts), frame.AMOUNT),
    }
    return pa.table(columns)


@settings(max_examples=400, deadline=None)
@given(rows=weighed, are_first=st.booleans(), size=st.integers(1, 14))
@example(rows=[("1", "Cap", 1), ("1", "Cap", 2), ("1", None, 3)] * 3, are_first=False, size=9)
def test_orders_are_added_up_as_one_by_one(rows: list[Row], are_first: bool, size: int) -> None:
    weighing = Weighing(Suspects(("product", "product_id"), are_first=are_first), len(rows))
    for first in range(0, len(rows), size):
        weighing.add(accepted(rows[first : first + size], first + 1))
    found = weighing.found()
    said: dict[int, str] = {}
    if found is not None:
        exact = "subtotal" if found.are_clear else "unclear_total"
        for told, numbers in ((exact, found.sums), ("unclear_total", found.others)):
            places = np.flatnonzero(numbers.among(1, len(rows)))
            said |= dict.fromkeys((places + 1).tolist(), told)
    assert said == weigh_one_by_one(rows, are_first=are_first)


# --- of the whole file ----------------------------------------------------------------------

SOLD = ["2026-01-31,C1,4.00", "2026-02-01,C2,-1.00", "2026-02-03,C1,6.10", "2026-02-03,C3,5.05"]


@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
@pytest.mark.parametrize(
    "row", ["{day},,14.15", "{day},Total general,14.15", "{day},Ventas totales,14.15"]
)
def test_a_dated_total_of_all_is_told_at_either_end(row: str, batch_rows: int) -> None:
    total = row.format(day="2026-02-28")
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        above = read(lines(total, *SOLD, header="date,customer,amount"))
        below = read(lines(*SOLD, total, header="date,customer,amount"))
    assert [(row.code, row.row) for row in above.left_out] == [("subtotal", 1)]
    assert [(row.code, row.row) for row in below.left_out] == [("subtotal", 5)]
    assert above.balance.amount == below.balance.amount
    assert not above.rejected
    assert not below.rejected


@pytest.mark.parametrize("row", [",,14.15", "Total,,14.15", "-,,14.15"])
def test_a_total_above_all_needs_no_date(row: str) -> None:
    got = read(lines(row, *SOLD, header="date,customer,amount"))
    assert (told(got), got.balance.accepted) == (subtotals(1), 4)


@pytest.mark.parametrize("row", ["Total,,50.00", ",Total,50.00"])
def test_a_total_alone_is_no_row(row: str) -> None:
    got = read(lines(row, header="date,customer,amount"))
    assert (got.balance.rows_in, got.balance.accepted) == (0, 0)


@pytest.mark.parametrize(
    "row", ["2026-02-28,,14.16", "2026-02-28,C1,14.15", "2026-02-28,Anna,14.15"]
)
def test_what_is_no_total_of_all_is_sold(row: str) -> None:
    assert read(lines(row, *SOLD, header="date,customer,amount")).balance.accepted == 5
    assert read(lines(*SOLD, row, header="date,customer,amount")).balance.accepted == 5


def test_few_sales_are_not_summed_up() -> None:
    few = ["2026-01-31,C1,4.00", "2026-01-31,C1,4.00"]
    total = "2026-01-31,,8.00"
    assert read(lines(*few, total, header="date,customer,amount")).balance.accepted == 3
    assert read(lines(total, *few, header="date,customer,amount")).balance.accepted == 3


def test_totals_of_orders_are_no_part_of_that_of_all() -> None:
    rows = list(orders(WAYS["no product"], first=False))
    total = f",2026-02-28,,,,{cents(sum(map(sum, PRICES)))}"
    assert told(read(lines(*rows, total, header=HEADER))) == subtotals(*LAST, 16)
    got = read(lines(total, *rows, header=HEADER))
    assert told(got) == subtotals(1, *(row + 1 for row in LAST))
