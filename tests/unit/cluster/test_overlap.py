from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest

from functions.cluster.lines import partial
from functions.cluster.segmentation import segment
from tests.unit.cluster.factories import customer, dataset, segmented, table

pytestmark = pytest.mark.unit


def order(order_id: str | None, *amounts: int, day: str = "2025-03-03", who: str = "anna") -> list:
    return [
        {"order_id": order_id, "ordered_at": f"{day} 10:00", "amount": amount, "customer_id": who}
        for amount in amounts
    ]


def revenue(*contents: list) -> Decimal:
    return segmented(*map(table, contents)).totals.revenue


def test_of_an_order_in_two_files_the_newer_one_counts() -> None:
    older = [*order("1", 10), *order("2", 20, 30), *order("3", 5)]
    newer = [*order("2", 25), *order("3", 5), *order("4", 7)]
    result = segmented(table(older), table(newer))
    assert result.totals.revenue == 10 + 25 + 5 + 7
    first, second = result.contributions
    assert (first.counted_rows, first.replaced_rows) == (1, 3)
    assert (first.counted_amount, first.replaced_amount) == (10, 55)
    assert (second.counted_rows, second.replaced_rows) == (3, 0)


def test_an_order_cut_by_a_file_boundary_is_joined() -> None:
    before = [*order("1", 10), *order("2", 20)]
    after = [*order("2", 30), *order("3", 40)]
    assert revenue(before, after) == revenue(after, before) == 100


def test_an_order_cut_into_many_files_is_joined() -> None:
    pieces = [
        [*order("1", 10), *order("2", 1)], order("2", 2), order("2", 3, 4),
        [*order("2", 5), *order("3", 20)],
    ]  # fmt: skip
    result = segmented(*map(table, reversed(pieces)))
    assert result.totals.revenue == 45
    assert customer(result, "anna")["orders"] == 3


@pytest.mark.parametrize("seed", range(25))
def test_a_file_cut_anywhere_and_uploaded_in_any_order_is_the_whole_file(seed: int) -> None:
    random = Random(seed)
    lines = [
        line
        for number in range(12)
        for line in order(
            f"{number}", *range(random.randint(1, 6)), who=random.choice(["anna", "ben"])
        )
    ]
    cuts = random.sample(range(1, len(lines)), random.randint(1, len(lines) - 1))
    parts = [lines[start:end] for start, end in pairwise([0, *sorted(cuts), len(lines)])]
    random.shuffle(parts)
    result, whole = segmented(*map(table, parts)), segmented(table(lines))
    assert result.totals == whole.totals
    assert result.segments == whole.segments


def test_files_that_share_more_than_the_cut_order_overlap() -> None:
    before = [*order("1", 10), *order("2", 20)]
    after = [*order("2", 30), *order("1", 40)]
    assert revenue(before, after) == 70


def test_parts_of_a_file_replace_its_older_whole_and_keep_the_order_between_them() -> None:
    whole = [*order("1", 10), *order("2", 20, 30), *order("3", 40)]
    assert revenue(whole, whole[:2], whole[2:]) == 100
    assert revenue(whole[:2], whole, whole[2:]) == 100
    assert revenue(whole[2:], whole[:2], whole) == 100


def test_only_the_newest_of_two_continuations_is_joined() -> None:
    before = [*order("1", 10), *order("2", 20)]
    after = [*order("2", 30), *order("3", 40)]
    corrected = [*order("2", 35), *order("3", 45)]
    assert revenue(before, after, corrected) == 10 + 20 + 35 + 45


def test_equal_lines_in_one_file_are_real() -> None:
    assert revenue(order("1", 10, 10, 10)) == 30


def test_lines_without_an_order_id_are_not_matched_unless_somebody_said_so() -> None:
    result = segmented(table(order(None, 10)), table(order(None, 10)))
    assert result.totals.revenue == 20
    assert customer(result, "anna")["orders"] == 1


def test_one_order_id_on_two_days_or_in_two_branches_is_two_orders() -> None:
    monday, tuesday = order("1", 10), order("1", 20, day="2025-03-04")
    assert revenue(monday, [*tuesday, *order("9", 0)]) == 30
    result = segmented(
        table([*order("1", 10), *order("2", 1)]),
        table([*order("1", 20), *order("2", 1)]),
        branches=("centro", "norte"),
    )
    assert result.totals.revenue == 32
    assert customer(result, "anna")["orders"] == 4


def test_the_branch_in_the_file_goes_before_the_branch_of_the_upload() -> None:
    old = [each | {"branch": "norte"} for each in [*order("1", 10), *order("2", 1)]]
    new = [*order("1", 20), *order("2", 2)]
    result = segmented(table(old), table(new), branches=("centro", "norte"))
    assert result.totals.revenue == 22


def test_a_frame_that_is_not_what_the_ledger_accepted_is_a_bug() -> None:
    content = table(order("1", 10, 20))
    known = dataset(content)
    with pytest.raises(ValueError, match="1 rows worth 10"):
        segment([partial(content.slice(0, 1), dataset=known)], datasets=[known])


def bare(*days: str, amount: int) -> list:
    return [line for day in days for line in order(None, amount, day=f"2025-03-{day}")]


@pytest.mark.parametrize(
    ("replaces", "revenue"),
    [((), 3 + 20 + 200), ((1,), 1 + 20 + 200), ((2,), 2 + 10 + 200), ((1, 2), 1 + 10 + 200)],
)
def test_newer_files_without_order_ids_replace_days_where_somebody_said_so(
    replaces: tuple[int, ...], revenue: int
) -> None:
    files = (bare("01", "02", "03", amount=1), bare("02", "03", amount=10), bare("03", amount=200))
    result = segmented(*map(table, files), replaces=replaces)
    assert result.totals.revenue == revenue
    assert sum(each.replaced_amount for each in result.contributions) == 223 - revenue


def test_days_are_replaced_only_where_one_of_two_files_has_no_order_ids() -> None:
    with_ids = [*order("1", 1), *order("2", 2), *order(None, 4)]
    assert (
        segmented(table(with_ids), table(bare("03", amount=10)), replaces=(1,)).totals.revenue == 10
    )
    newer = [*order("2", 20), *order("3", 40)]
    assert segmented(table(with_ids), table(newer), replaces=(1,)).totals.revenue == 1 + 4 + 60
    assert segmented(table(bare("03", amount=10)), table(newer), replaces=(1,)).totals.revenue == 60
    other = segmented(
        table(bare("03", amount=10)),
        table(bare("03", amount=1)),
        replaces=(1,),
        branches=("centro", "norte"),
    )
    assert other.totals.revenue == 11
