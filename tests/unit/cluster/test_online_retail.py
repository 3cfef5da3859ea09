"""A real shop's year: known figures, and the same answer however the file arrives."""

from decimal import Decimal
from functools import cache
from itertools import pairwise
from random import Random

import pandas as pd
import pyarrow as pa
import pytest

from functions.cluster.segmentation import Segmentation
from tests import exports
from tests.unit.cluster.factories import segmented

pytestmark = [
    pytest.mark.unit,
    pytest.mark.skipif(
        not exports.ONLINE_RETAIL.exists(), reason="shared data: online_retail is not here"
    ),
]


@cache
def retail() -> pa.Table:
    return exports.online_retail()


@cache
def whole() -> Segmentation:
    return segmented(retail())


def test_the_shop_has_the_customers_and_the_money_that_its_file_holds() -> None:
    totals = whole().totals
    assert totals.customers == 4372
    assert totals.revenue == Decimal("9747747.934")
    assert (totals.counted_rows, totals.replaced_rows) == (541_909, 0)
    assert totals.anonymous_rows == 135_080
    assert whole().as_of.isoformat() == "2011-12-09"


def test_every_customer_is_in_one_rfm_group_and_every_purchaser_in_one_habit_cluster() -> None:
    result = whole()
    for view, population in (("rfm", 4372), ("habits", result.totals.purchasers)):
        segments = [each for each in result.segments if each.view == view]
        assert sum(each.customers for each in segments) == population
        counts = result.assignments[view].value_counts().to_dict()
        assert counts == {each.segment_id: each.customers for each in segments}


def test_the_money_of_all_groups_is_the_money_of_all_known_customers() -> None:
    result = whole()
    known = result.totals.revenue - result.totals.anonymous_revenue
    assert sum(each.revenue for each in result.segments if each.view == "rfm") == known


def test_customers_with_returns_only_have_no_purchase() -> None:
    lines = retail().select(["customer_id", "kind"]).to_pandas().dropna(subset="customer_id")
    sold = lines.groupby("customer_id")["kind"].agg(lambda kinds: (kinds == "sale").any())
    returns_only = set(sold.index[~sold])
    assert len(returns_only) == 33
    no_purchase = whole().assignments.query("rfm == 'no_purchase'")
    assert returns_only <= set(no_purchase["customer_id"])
    assert no_purchase["last_day"].isna().all()


def test_no_return_refreshes_the_recency_of_anyone() -> None:
    lines = retail().select(["customer_id", "kind", "ordered_at"]).to_pandas()
    sales = lines[lines["kind"] == "sale"].dropna(subset="customer_id")
    last_sale = sales.groupby("customer_id")["ordered_at"].max().dt.date.to_dict()
    rows = whole().assignments.dropna(subset="last_day")
    pairs = zip(rows["customer_id"], rows["last_day"], strict=True)
    assert not [who for who, day in pairs if day > last_sale[who]]


def test_champions_are_few_and_bring_most_of_the_money() -> None:
    champions = whole().segments[0]
    assert champions.segment_id == "champions"
    assert champions.share_of_customers < 0.25
    assert champions.share_of_revenue > 0.6


def test_habits_of_the_shop_are_stable_and_none_is_tiny() -> None:
    habits = whole().habits
    assert habits.clusters >= 2
    assert habits.agreement >= 0.9
    assert habits.smallest_share >= 0.05


@pytest.mark.parametrize("seed", [1, 2])
def test_the_file_cut_at_any_rows_and_uploaded_in_any_order_gives_the_same_answer(
    seed: int,
) -> None:
    content, random = retail(), Random(seed)
    cuts = {random.randrange(1, content.num_rows) for _ in range(6)}
    # Some parts are smaller than one order, so that orders run over several files.
    start = random.randrange(1, content.num_rows - 100)
    cuts |= {start + step for step in (0, 1, 3, 4, 9)}
    edges = [0, *sorted(cuts), content.num_rows]
    parts = [_part(content, *pair) for pair in pairwise(edges)]
    random.shuffle(parts)
    _assert_same(segmented(*parts), whole())


def test_the_rows_in_another_order_give_the_same_answer() -> None:
    content = retail()
    backwards = content.take(pa.array(range(content.num_rows - 1, -1, -1)))
    _assert_same(segmented(backwards, rows_per_chunk=70_000), whole())


def test_days_uploaded_again_within_the_whole_file_change_nothing() -> None:
    content = retail()
    again = _part(content, 100_000, 140_000)
    result = segmented(content, again)
    # The part begins and ends within an order; of those the newer file knows only a piece.
    assert result.totals.replaced_rows >= 39_000
    assert all(
        each.counted_rows + each.replaced_rows == each.accepted_rows
        and each.counted_amount + each.replaced_amount == each.accepted_amount
        for each in result.contributions
    )


def _part(content: pa.Table, start: int, end: int) -> pa.Table:
    part = content.slice(start, end - start)
    return part.set_column(0, content.schema.field("row"), pa.array(range(1, len(part) + 1)))


def _assert_same(result: Segmentation, expected: Segmentation) -> None:
    found, wanted = result.to_json(), expected.to_json()
    assert found | {"contributions": None} == wanted | {"contributions": None}
    pd.testing.assert_frame_equal(result.assignments, expected.assignments)
