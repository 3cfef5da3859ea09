"""Customers that stand in the first of their rows alone: the others are no sales to nobody."""

import random
from unittest import mock

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read, refusal

pytestmark = pytest.mark.unit

HEADER = "customer,date,order,amount"


def groups(*, descending: bool = False) -> list[str]:
    """Return the sales of 20 customers, each of whom is named once."""
    rows: list[str] = []
    for i in range(20):
        days = sorted(random.Random(i).sample(range(1, 29), 1 + i % 4), reverse=descending)
        rows.append(f"Customer {i},2026-01-{days[0]:02},{i}-{days[0]},5.00")
        rows += [f",2026-01-{day:02},{i}-{day},5.00" for day in days[1:]]
    return rows


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_rows_without_a_customer_are_rejected(batch_rows: int, descending: bool) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*groups(descending=descending), header=HEADER))
    assert {(row.code, row.column) for row in got.rejected} == {("unclear_customer", "customer")}
    assert (got.balance.accepted, got.balance.rejected, got.balance.anonymous) == (20, 30, 0)


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_sales_to_nobody_are_counted(batch_rows: int) -> None:
    by_day = sorted(groups(), key=lambda row: row.split(",")[1])
    mixed = random.Random(7).sample(groups(), 50)
    again = [row.replace("Customer 19", "Customer 2") for row in groups()]
    apart = sorted(groups(), reverse=True)
    for rows in (by_day, mixed, again, apart, groups()[:12]):
        with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
            got = read(lines(*rows, header=HEADER))
        assert (got.balance.rejected, got.balance.accepted) == (0, len(rows))


def test_where_no_row_can_be_read_that_is_what_is_said() -> None:
    bad = [f"{row.rpartition(',')[0]},?" for row in groups()]
    assert refusal(lines(*bad, header=HEADER)).code == "too_many_rejected"


def test_lines_of_an_order_are_its_customers() -> None:
    rows = [
        f"C{i},2026-01-{30 - i:02},{i},5.00\n,2026-01-{30 - i:02},{i},4.00" for i in range(1, 21)
    ]
    got = read(lines(*rows, header=HEADER))
    assert (got.balance.rejected, got.balance.anonymous) == (0, 0)
