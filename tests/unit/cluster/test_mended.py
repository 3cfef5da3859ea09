"""Mended rows stand where the rows that they mend would."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from functions.cluster.lines import Dataset, Place, partial
from functions.cluster.segmentation import Segmentation, segment
from tests.unit.cluster.factories import dataset, table

pytestmark = pytest.mark.unit


def line(order_id: str, amount: int, *, day: str = "2025-03-03") -> dict:
    return {"order_id": order_id, "ordered_at": f"{day} 10:00", "amount": amount}


def result(
    *contents: list,
    mended: dict[int, dict[int, tuple[int, int] | None]],
    branches: Sequence[str] = (),
) -> Segmentation:
    """Segment files, the oldest first; `mended`: file -> row -> file and row that it mends."""
    tables = [table(content) for content in contents]
    plain = [
        dataset(each, rank=rank, branch=branches[rank] if branches else "centro")
        for rank, each in enumerate(tables)
    ]
    datasets = [
        replace(
            each,
            mended={
                row: place and _place(plain[place[0]], place[1])
                for row, place in mended.get(each.rank, {}).items()
            },
        )
        for each in plain
    ]
    partials = [partial(t, dataset=each) for t, each in zip(tables, datasets, strict=True)]
    return segment(partials, datasets=datasets)


def _place(file: Dataset, row: int) -> Place:
    return Place(sha256=file.sha256, row=row, branch=file.branch)


def test_a_mended_row_is_one_of_the_branch_whose_file_it_mends() -> None:
    sales = [line("1", 10), line("2", 20)]
    found = result(sales, [line("2", 5)], mended={1: {1: (0, 9)}}, branches=("centro", "norte"))
    assert (found.totals.orders, found.totals.revenue) == (2, 35)
    assert found.assignments["branches"].tolist() == [1]


def test_a_mended_row_joins_its_order_though_it_comes_in_a_newer_file() -> None:
    sales = [line("1", 10), line("2", 20), line("3", 30)]
    found = result(sales, [line("2", 5)], mended={1: {1: (0, 9)}})
    assert found.totals.revenue == 65
    assert [part.replaced_rows for part in found.contributions] == [0, 0]


def test_a_mended_row_goes_with_its_file_where_a_newer_one_replaces_the_order() -> None:
    sales, newer = [line("1", 10), line("2", 20)], [line("0", 1), line("2", 99), line("3", 1)]
    found = result(sales, newer, [line("2", 5)], mended={2: {1: (0, 9)}})
    assert found.totals.revenue == 10 + 1 + 99 + 1
    own = found.contributions[2]
    assert (own.accepted_rows, own.counted_rows, own.replaced_rows) == (1, 0, 1)
    assert own.replaced_amount == Decimal(5)


def test_a_row_that_mends_nothing_counts_nowhere() -> None:
    sales = [line("1", 10), line("2", 20)]
    found = result(sales, [line("1", 5), line("7", 3)], mended={1: {1: None, 2: None}})
    assert found.totals.revenue == 30
    assert found.as_of is not None
    assert (found.contributions[1].counted_rows, found.contributions[1].replaced_rows) == (0, 2)


def test_rows_that_count_nowhere_make_no_report() -> None:
    found = result([line("1", 5)], mended={0: {1: None}})
    assert found.as_of is None
    assert (found.totals.revenue, found.totals.customers) == (0, 0)


def test_a_mended_last_row_still_lets_its_order_go_on_in_the_next_file() -> None:
    before, after = [line("1", 10), line("2", 20)], [line("2", 30), line("3", 40)]
    found = result(before, after, [line("2", 5)], mended={2: {1: (0, 3)}})
    assert found.totals.revenue == 105
