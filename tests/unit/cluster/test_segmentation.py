import json
import subprocess
import sys
from decimal import Decimal
from random import Random

import pandas as pd
import pytest

from common.texts import LANGUAGES, catalogue, say
from functions.cluster import habits, naming, rfm
from functions.cluster.features import bucketed, of_all_customers
from functions.cluster.lines import combine, partial
from functions.cluster.segmentation import Parameters, Segmentation, segment
from tests.unit.cluster.factories import customer, dataset, groups, segmented, table

pytestmark = pytest.mark.unit


def shop(customers: int, seed: int = 4) -> list[dict]:
    random = Random(seed)
    return [
        {
            "customer_id": random.choice([f"c{who}", f"c{who}", f"c{who}", None]),
            "order_id": f"{who}-{number}",
            "ordered_at": f"2025-{random.randint(1, 12):02d}-{random.randint(1, 28):02d} 12:00",
            "product": random.choice(["tea", "milk", "bread", None]),
            "quantity": random.choice([1, 2, 5, -1, None]),
            "amount": random.choice([3, 7.25, 120.1]),
        }
        for who in range(customers)
        for number in range(random.choice([1, 2, 9]))
    ]


def test_nothing_at_all_is_an_empty_segmentation() -> None:
    for result in (segmented(), segmented(table([]))):
        assert result.as_of is None
        assert result.segments == ()
        assert result.totals.revenue == 0
        assert len(result.assignments) == 0
        assert result.habits.reason == "not_enough_data"


def test_anonymous_lines_are_revenue_and_nobody() -> None:
    result = segmented(table([{"customer_id": None, "amount": 12}, {"customer_id": None}]))
    assert (result.totals.revenue, result.totals.anonymous_rows) == (22, 2)
    assert result.totals.anonymous_revenue == 22
    assert result.segments == ()
    assert result.totals.customers == 0


def test_one_customer_is_in_one_group_of_each_view() -> None:
    result = segmented(table([{}]))
    assert [each.view for each in result.segments] == ["rfm", "habits"]
    assert [each.customers for each in result.segments] == [1, 1]
    assert groups(result, "habits") == {"anna": "no_stable_habits"}


def test_returns_only_is_the_group_without_a_purchase_outside_clustering() -> None:
    result = segmented(table([{"quantity": -1, "amount": -10}]))
    assert groups(result) == {"anna": "no_purchase"}
    assert result.assignments["habits"].isna().all()
    assert [each.segment_id for each in result.segments] == ["no_purchase"]
    assert result.segments[0].average_ticket is None


def test_the_sentence_of_a_group_says_half_a_day_as_its_figures_do() -> None:
    lines = [{}, {"customer_id": "bea", "ordered_at": "2025-03-04 10:00"}]
    (group,) = (each for each in segmented(table(lines)).segments if each.view == "habits")
    assert group.recency_days == 0.5
    assert "0.5 days" in say(group.sentence.code, group.sentence.params)


def test_customers_who_are_all_alike_are_in_one_group() -> None:
    result = segmented(table([{"customer_id": f"c{n}", "order_id": f"{n}"} for n in range(300)]))
    assert [each.customers for each in result.segments] == [300, 300]
    assert result.habits.reason == "no_stable_habits"


def test_the_as_of_date_is_the_latest_day_of_any_line() -> None:
    lines = [{}, {"ordered_at": "2025-03-20 09:00", "customer_id": None}]
    result = segmented(table(lines))
    assert result.as_of.isoformat() == "2025-03-20"
    assert customer(result, "anna")["recency_days"] == 17


def test_two_currencies_are_never_added() -> None:
    lines = [{"currency": "EUR"}, {"currency": "EUR"}, {}, {"currency": "USD", "amount": 99}]
    result = segmented(table(lines))
    assert (result.totals.currency, result.totals.revenue) == ("EUR", 30)
    (other,) = result.totals.other_currencies
    assert (other.currency, other.rows, other.amount) == ("USD", 1, 99)
    assert result.contributions[0].counted_rows == 4
    in_dollars = segmented(table(lines), parameters=Parameters(currency="USD"))
    assert in_dollars.totals.revenue == 109


def test_a_client_whose_files_name_no_currency_has_none() -> None:
    assert segmented(table([{}])).totals.currency is None


def test_money_is_exact_down_to_the_last_digit() -> None:
    lines = [{"amount": Decimal("0.000000000001")}, {"amount": Decimal("12345678901234567890.1")}]
    result = segmented(table(lines))
    assert result.totals.revenue == Decimal("12345678901234567890.100000000001")
    assert result.to_json()["totals"]["revenue"] == "12345678901234567890.100000000001"
    assert result.segments[0].revenue == result.totals.revenue


def test_no_order_of_rows_files_or_chunks_leaves_a_trace() -> None:
    lines = shop(160)
    expected = segmented(table(lines))
    Random(1).shuffle(lines)
    _assert_same(segmented(table(lines), rows_per_chunk=17), expected)


def test_any_number_of_buckets_gives_the_same_customers() -> None:
    content = table(shop(60))
    known = dataset(content)
    lines = combine([partial(content, dataset=known)], datasets=[known])
    pd.testing.assert_frame_equal(
        of_all_customers(lines, as_of=20_200, buckets=5),
        of_all_customers(lines, as_of=20_200, buckets=1),
    )
    sizes = [each.table["customer"].nunique() for each in bucketed(lines, buckets=5)]
    assert sum(sizes) == len(lines.customer_ids)
    assert min(sizes) > 0


def test_partials_put_together_by_pandas_are_as_good_as_apart() -> None:
    content = table(shop(40))
    known = dataset(content)
    partials = [partial(content.slice(at, 11), dataset=known) for at in range(0, len(content), 11)]
    _assert_same(
        segment([pd.concat(partials, ignore_index=True)], datasets=[known]),
        segment(partials, datasets=[known]),
    )


def test_what_is_said_about_a_segment_exists_in_every_language() -> None:
    codes = {f"rfm_{each.segment_id}{end}" for each in (*rfm.PRESETS, rfm.NO_PURCHASE)
             for end in ("", "_sentence", "_action")}  # fmt: skip
    names = [name for _, _, name in naming.TRAITS] + ["no_stable_habits"]
    codes |= {f"habits_{name}{end}" for name in names for end in ("", "_action")}
    codes |= {f"habits_sentence_{rhythm}_{flavour}" for rhythm in ("once", "again")
              for flavour in ("plain", "weekend", "returns")}  # fmt: skip
    measures = {measure for measure, _, _ in naming.TRAITS} | {"r", "f", "m"}
    codes |= {f"rule_{measure}_{bound}" for measure in measures
              for bound in ("at_least", "at_most", "between", "exactly")}  # fmt: skip
    codes |= {"habits_stable", "habits_no_stable_habits", "habits_not_enough_data"}
    assert codes <= catalogue().keys()
    assert all(catalogue()[code].keys() == set(LANGUAGES) for code in codes)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("currency", [None, "EUR"])
def test_every_segment_can_be_said(language: str, currency: str | None) -> None:
    result = segmented(table(shop(160)), parameters=Parameters(currency=currency))
    for each in result.segments:
        phrases = (each.name, each.sentence, each.action, *each.rule)
        assert all(say(part.code, part.params, language=language) for part in phrases)


def test_the_answer_is_json() -> None:
    result = segmented(table(shop(160)))
    assert json.loads(json.dumps(result.to_json())) == result.to_json()


def test_a_parameter_can_ask_for_less() -> None:
    lenient = Parameters(habits=habits.Settings(least_customers=10_000))
    assert segmented(table(shop(160)), parameters=lenient).habits.reason == "not_enough_data"


def test_loading_the_code_does_not_load_scikit_learn() -> None:
    code = (
        "import functions.cluster.segmentation, sys; print({'sklearn', 'scipy'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def _assert_same(result: Segmentation, expected: Segmentation) -> None:
    assert json.dumps(result.to_json()) == json.dumps(expected.to_json())
    pd.testing.assert_frame_equal(result.assignments, expected.assignments)
