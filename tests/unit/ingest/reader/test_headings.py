"""Reports grouped by customer, each of whom stands above what was bought."""

from unittest import mock

import pytest

from functions.ingest.reader import rows as blocks
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "customer,date,receipt,amount"
ROWS = [
    *("Ana,,,", ",2026-01-31,1,5.50", ",2026-02-01,2,4.50", "Total Ana,,,10.00"),
    *("Eva Núñez,,,", ",2026-02-01,3,1.00", "Total Eva,,,1.00"),
]


def grouped(*rows: str) -> Read:
    return read(lines(*rows, header=HEADER))


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_purchases_are_those_of_the_customer_above(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = grouped(*ROWS)
    assert got.column("customer_id") == ["Ana", "Ana", "Eva Núñez"]
    assert got.rejected == []
    assert (got.balance.repeated, got.balance.anonymous, got.balance.amount) == (2, 0, 11)


def test_the_sum_of_a_customer_may_stand_beside_the_name() -> None:
    got = grouped("Ana,,,10.00", *ROWS[1:3], "Eva,,,1.00", ROWS[5])
    assert got.column("customer_id") == ["Ana", "Ana", "Eva"]
    assert got.balance.amount == 11


@pytest.mark.parametrize("batch_rows", [1, 100])
@pytest.mark.parametrize(
    "rows",
    [
        [",2026-01-31,1,5.50", "Ana,,,", ",2026-02-01,2,4.50"],  # the first is nobody's
        ["Ana,,,", ",2026-01-31,1,5.50", "Eva,2026-02-01,2,4.50"],  # a purchase names a customer
    ],
)
def test_a_damaged_row_gives_its_customer_to_nobody(rows: list[str], batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = grouped(*rows)
    assert "Ana" not in got.column("customer_id")
    assert [fault[0] for fault in got.faults()] == ["empty_cell"]


def test_a_unit_alone_is_still_one() -> None:
    got = grouped(",,,EUR", "Ana,2026-01-31,1,5.50")
    assert [each.kind for each in got.understanding.furniture] == ["units"]
