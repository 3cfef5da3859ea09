import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from functions.cluster import habits, naming

pytestmark = pytest.mark.unit

SETTINGS = habits.Settings()


def blobs(*sizes: int, apart: float = 8) -> np.ndarray:
    random = np.random.default_rng(3)
    angles = np.linspace(0, 2 * np.pi, len(sizes), endpoint=False)
    centres = apart * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.vstack([
        random.normal(centre, 1, (size, 2)) for centre, size in zip(centres, sizes, strict=True)
    ])


@pytest.mark.parametrize("sizes", [(100, 100, 100), (60, 200, 90, 120), (80, 80, 80, 80, 80)])
def test_clusters_that_are_there_are_found(sizes: tuple[int, ...]) -> None:
    found = habits.cluster(blobs(*sizes), settings=SETTINGS)
    assert found.reason is None
    assert found.clusters == len(sizes)
    assert sorted(np.bincount(found.labels)) == pytest.approx(sorted(sizes), abs=2)


def test_two_clusters_are_found_where_nothing_else_is() -> None:
    assert habits.cluster(blobs(200, 200, apart=15), settings=SETTINGS).clusters == 2


def test_a_cloud_without_structure_has_no_stable_habits() -> None:
    cloud = np.random.default_rng(1).normal(size=(400, 6))
    found = habits.cluster(cloud, settings=SETTINGS)
    assert (found.reason, found.clusters, found.chosen) == ("no_stable_habits", 1, None)
    assert not found.labels.any()
    assert len(found.trials) == 7


def test_a_tiny_cluster_never_stands() -> None:
    found = habits.cluster(blobs(300, 300, 300, 6, apart=30), settings=SETTINGS)
    assert found.clusters == 3
    assert all(each.smallest_share >= 0.05 for each in found.trials if each.silhouette)


@pytest.mark.parametrize("customers", [0, 1, 99])
def test_too_few_customers_are_one_cluster(customers: int) -> None:
    found = habits.cluster(np.zeros((customers, 3)), settings=SETTINGS)
    assert found.reason == "not_enough_data"
    assert found.clusters == min(customers, 1)


@pytest.mark.parametrize("different", [1, 2, 3])
def test_customers_who_are_all_alike_are_no_failure(different: int) -> None:
    points = np.repeat(np.arange(different, dtype=float)[:, None], 200, axis=0)
    found = habits.cluster(points, settings=SETTINGS)
    assert found.clusters == different
    assert (found.reason is None) == (different > 1)


def test_the_clusters_that_spend_most_come_first() -> None:
    found = habits.cluster(blobs(100, 150, 120), settings=SETTINGS)
    spend = np.array([10.0, 30.0, 20.0])[found.labels]
    ordered = habits.by_value(found, spend)
    assert [set(spend[ordered.labels == each]) for each in range(3)] == [{30.0}, {20.0}, {10.0}]


def test_a_unit_of_money_changes_no_point() -> None:
    random = np.random.default_rng(2)
    plain = pd.DataFrame({
        name: random.lognormal(3, 1, 200)
        for name in ("recency_days", "orders", "spend", "ticket", "units", "products", "days_between")
    } | {name: random.random(200) for name in ("returns_share", "weekend_share", "away_share")})  # fmt: skip
    cents = plain.assign(spend=plain["spend"] * 100, ticket=plain["ticket"] * 100)
    np.testing.assert_allclose(habits.points(plain), habits.points(cents), atol=1e-9)


def test_clustering_runs_on_one_thread_even_when_it_is_the_first_to_load_scikit_learn() -> None:
    code = """
import numpy as np, threadpoolctl
from functions.cluster import habits
threads = set()
def best(coordinates, settings):
    habits._fitted(coordinates, 3, 1, 0)
    threads.update(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
habits._best = best
habits.cluster(np.random.default_rng(1).normal(size=(200, 2)), settings=habits.Settings())
print(threads)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "{1}"


def test_clusters_have_different_names_and_rules_that_find_them() -> None:
    coordinates = pd.DataFrame(blobs(200, 200, 200), columns=["ticket", "weekend_share"])
    coordinates = coordinates.reindex(
        columns=list(dict.fromkeys(measure for measure, _, _ in naming.TRAITS)), fill_value=0.0
    )
    labels = np.repeat([0, 1, 2], 200)
    names = naming.names(coordinates, labels, clusters=3)
    assert len(set(names)) == 3
    assert names[0] == "big_tickets"
    assert names[1] == "weekend_shoppers"
    for rule in naming.rules(coordinates, labels, clusters=3):
        assert 1 <= len(rule.conditions) <= 3
        assert rule.precision > 0.9
        assert rule.reach > 0.9
