"""The clustering finds the habits that were planted, and could have failed to."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from cli import sample
from functions.cluster.segmentation import Segmentation
from tests import exports
from tests.unit.cluster.factories import segmented

pytestmark = pytest.mark.unit

_MEASURES = [
    "recency_days", "orders", "spend", "ticket", "units", "products", "days_between",
    "returns_share", "weekend_share", "away_share",
]  # fmt: skip


@pytest.mark.parametrize(("customers", "seed"), [(20_000, 1), (2_000, 2), (2_000, 3)])
def test_habit_clusters_agree_with_the_plan(tmp_path: Path, customers: int, seed: int) -> None:
    plan = sample.generate(tmp_path, customers=customers, branches=3, files=8, seed=seed)
    result = segmented(
        *(exports.generated(tmp_path, each) for each in plan.files),
        branches=[each.branch for each in plan.files],
    )
    assert result.totals.revenue == sum(each.amount for each in plan.files)
    assert result.habits.clusters == len(sample.HABITS)
    assert _agreement(result, plan, result.assignments["habits"]) >= 0.90
    assert _agreement(result, plan, _without_scaling(result)) < 0.80


def _without_scaling(result: Segmentation) -> np.ndarray:
    """Cluster the same measures as they are, even told how many habits there are."""
    raw = result.assignments[_MEASURES].astype(float).fillna(0)
    return KMeans(len(sample.HABITS), n_init=5, random_state=0).fit_predict(raw.to_numpy())


def _agreement(result: Segmentation, plan: sample.Plan, labels: np.ndarray) -> float:
    bought = (result.assignments["orders"] > 0).to_numpy(dtype=bool)
    planted = [plan.habits[each] for each in result.assignments["customer_id"][bought]]
    return float(adjusted_rand_score(planted, np.asarray(labels)[bought]))
