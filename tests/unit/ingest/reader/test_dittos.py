"""Marks that stand instead of the customer above."""

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

HEADER = "date,customer,amount"


@pytest.mark.parametrize("mark", ['""""', "〃", "同上", "ídem", "idem", "id.", "Ditto"])
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_mark_stands_for_the_customer_above(
    monkeypatch: pytest.MonkeyPatch, mark: str, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    rows = ["2026-01-31,Ana,1.00", f"2026-01-31,{mark},2.00", f"2026-02-01,{mark},3.00"]
    got = read(lines(*rows, "2026-02-01,Eva,4.00", f"2026-02-02,{mark},5.00", header=HEADER))
    assert got.column("customer_id") == ["Ana", "Ana", "Ana", "Eva", "Eva"]


def test_below_nobody_a_mark_says_nothing() -> None:
    rows = ["2026-01-31,〃,1.00", "2026-01-31,Ana,2.00", "2026-01-31,,3.00", "2026-01-31,〃,4.00"]
    got = read(lines(*rows, header=HEADER))
    assert got.column("customer_id") == ["Ana", None]
    assert [(row.code, row.row) for row in got.rejected] == [
        ("unclear_customer", 1),
        ("unclear_customer", 4),
    ]


def test_below_a_damaged_row_a_mark_says_nothing() -> None:
    rows = ["2026-01-31,Ana,1.00", "2026-01-31,Eva", "2026-01-31,〃,3.00"]
    got = read(lines(*rows, header=HEADER))
    assert [(row.code, row.row) for row in got.rejected] == [
        ("missing_cell", 2),
        ("unclear_customer", 3),
    ]


def test_below_a_sale_to_nobody_it_is_one_as_well() -> None:
    got = read(lines("2026-01-31,Walk-in,1.00", "2026-01-31,idem,3.00", header=HEADER))
    assert got.column("customer_id") == [None, None]
