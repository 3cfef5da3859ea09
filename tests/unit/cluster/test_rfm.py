import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from functions.cluster import rfm

pytestmark = pytest.mark.unit


def customers(recency: list[int], orders: list[int], spend: list[int]) -> pd.DataFrame:
    money = pa.array(spend).cast(pa.decimal128(38, 12))
    return pd.DataFrame({
        "recency_days": recency,
        "orders": orders,
        "spend": pd.arrays.ArrowExtensionArray(money),
    })


def test_one_customer_stands_in_the_middle() -> None:
    assert rfm.scores(customers([3], [1], [50])).iloc[0].tolist() == [3, 3, 3]


def test_equal_values_get_equal_scores_and_more_never_gets_less() -> None:
    random = np.random.default_rng(5)
    orders = random.geometric(0.4, 500).tolist()
    scores = rfm.scores(customers([0] * 500, orders, orders))
    by_value = scores.groupby(orders)["f"].agg(["nunique", "first"])
    assert (by_value["nunique"] == 1).all()
    assert by_value["first"].is_monotonic_increasing
    assert scores["f"].between(1, 5).all()
    assert scores["r"].eq(3).all()


def test_different_values_are_spread_evenly() -> None:
    scores = rfm.scores(customers(list(range(100)), list(range(100)), list(range(100))))
    assert Counter(scores["f"]) == dict.fromkeys(range(1, 6), 20)
    assert scores["r"].tolist() == scores["f"].tolist()[::-1]


def test_amounts_that_differ_beyond_a_float_are_told_apart() -> None:
    spend = [10**17 + extra for extra in range(5)]
    assert rfm.scores(customers([0] * 5, [1] * 5, spend))["m"].tolist() == [1, 2, 3, 4, 5]


def test_the_presets_leave_nobody_out() -> None:
    every = pd.DataFrame(
        itertools.product(range(1, 6), range(1, 6), range(1, 6), [1, 2, 9]),
        columns=["r", "f", "m", "orders"],
    )
    found = rfm.groups(every)
    assert (found >= 0).all()
    assert set(found) == set(range(len(rfm.PRESETS)))


@pytest.mark.parametrize(
    ("r", "f", "m", "orders", "expected"),
    [
        (5, 5, 5, 12, "champions"),
        (5, 4, 3, 6, "loyal"),
        (3, 5, 5, 9, "loyal"),
        (4, 3, 5, 2, "promising"),
        (5, 1, 1, 1, "new"),
        (3, 3, 3, 2, "needs_attention"),
        (1, 5, 4, 9, "cannot_lose"),
        (2, 4, 2, 4, "at_risk"),
        (2, 3, 5, 2, "at_risk"),
        (2, 3, 5, 1, "hibernating"),
        (1, 1, 5, 1, "lost"),
    ],
)
def test_scores_lead_to_the_preset_that_people_expect(
    r: int, f: int, m: int, orders: int, expected: str
) -> None:
    found = rfm.groups(pd.DataFrame({"r": [r], "f": [f], "m": [m], "orders": [orders]}))
    assert rfm.PRESETS[found[0]].segment_id == expected
