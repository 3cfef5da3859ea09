"""Habit clusters: customers who shop alike, if there are such groups at all.

Each customer becomes a point: measures that differ by factors as logarithms, shares pulled towards
the average where a customer has few orders, each cut at its 1st and 99th percentile and brought to
unit variance, none farther out than two and a half deviations. k-means is tried with several numbers of clusters. A number passes if its smallest
cluster is large enough and clusters of resampled customers agree with it (mean adjusted Rand
index); of those that pass, the one with the best silhouette is taken. Two clusters only say "more"
and "less", so two is taken only where no larger number passes. If none passes there are no stable
habits, and that is the answer.

Everything is decided by the customers' values and the seed: rows come sorted, and k-means runs on
one thread because sums of several threads depend on who finishes first.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Labels = npt.NDArray[np.int64]
Points = npt.NDArray[np.float64]
Values = npt.NDArray[np.float64]

_RESTARTS = 10
_RESTARTS_RESAMPLED = 4
_SAMPLE = 5_000  # customers that agreement is measured on, at most
_PAIRED = 3_000  # customers that the silhouette is measured on, at most: it looks at every pair
_HOPELESS = 5  # resamplings after which a number far from agreeing is given up
_FARTHEST = 2.5  # deviations: a measure that few customers show must not outweigh the others
_PRIOR_ORDERS = 3  # a share counts as if it had been average for so many orders more


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What decides whether clusters are good enough."""

    seed: int = 20_241
    least_customers: int = 100
    most_clusters: int = 8
    smallest_share: float = 0.05
    agreement: float = 0.90
    resamplings: int = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """How one number of clusters did; agreement and silhouette only as far as they were needed."""

    clusters: int
    smallest_share: float
    agreement: float | None = None
    silhouette: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Habits:
    """Clusters and how they came about; `reason` says why there is only one."""

    labels: Labels  # by row of the measures, from 0; what follows the labels gives their order
    clusters: int
    reason: str | None  # not_enough_data | no_stable_habits
    chosen: Trial | None
    trials: tuple[Trial, ...]


def measures(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the habits of customers who all have a purchase, in natural units.

    `days_between` of a customer with a single day of purchases is the time since: it is at least
    that long.
    """
    orders = customers["orders"].to_numpy(dtype=float)
    gross = customers["gross"].to_numpy(dtype=float)
    returned = customers["returned"].to_numpy(dtype=float)
    pauses = customers["purchase_days"].to_numpy() - 1
    span = (customers["last_day"] - customers["first_day"]).to_numpy()
    recency = customers["recency_days"].to_numpy()
    return pd.DataFrame(
        {
            "recency_days": recency.astype(float),
            "orders": orders,
            "spend": customers["spend"].to_numpy(dtype=float),
            "ticket": gross / orders,
            "units": customers["units"].to_numpy(dtype=float),
            "products": customers["products"].to_numpy(dtype=float),
            "days_between": np.where(pauses > 0, span / np.maximum(pauses, 1), recency),
            "returns_share": _ratio(returned, gross),
            "weekend_share": customers["weekend_orders"].to_numpy() / orders,
            "away_share": customers["orders_away"].to_numpy() / orders,
        },
        index=customers.index,
    )


def points(habits: pd.DataFrame) -> pd.DataFrame:
    """Return `measures` as standardised coordinates; a measure that tells nothing is all zero."""
    orders = habits["orders"].to_numpy()
    return pd.DataFrame(
        {name: _standard(_TRANSFORMS[name](habits[name].to_numpy(), orders)) for name in habits},
        index=habits.index,
    )


def cluster(coordinates: Points, *, settings: Settings) -> Habits:
    """Return the clusters of `coordinates` with the number of them that stands best."""
    if len(coordinates) < settings.least_customers:
        return _one(coordinates, reason="not_enough_data", trials=())
    import sklearn.cluster  # noqa: F401 - loaded first: the limit holds for libraries that it finds
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct customers than clusters is a fact that the trial's shares show.
        warnings.filterwarnings("ignore", module="sklearn", message="Number of distinct clusters")
        return _best(coordinates, settings=settings)


def by_value(found: Habits, spend: Values) -> Habits:
    """Number the clusters anew: the one whose customers spend most, each, comes first."""
    sizes = np.bincount(found.labels, minlength=found.clusters)
    each = np.bincount(found.labels, weights=spend, minlength=found.clusters) / np.maximum(sizes, 1)
    place = np.empty(found.clusters, dtype=np.int64)
    place[np.lexsort((-sizes, -each))] = np.arange(found.clusters)
    return replace(found, labels=place[found.labels])


def _best(coordinates: Points, *, settings: Settings) -> Habits:
    distinct = len(np.unique(coordinates, axis=0))
    tried: list[tuple[Trial, Labels]] = []
    for numbers in (range(3, settings.most_clusters + 1), range(2, 3)):
        tried += [
            _tried(coordinates, clusters=each, settings=settings)
            for each in numbers
            if each <= distinct
        ]
        passed = [each for each in tried if each[0].silhouette is not None]
        if passed:
            chosen, labels = max(passed, key=lambda each: (each[0].silhouette, -each[0].clusters))
            return Habits(
                labels=labels,
                clusters=chosen.clusters,
                reason=None,
                chosen=chosen,
                trials=tuple(trial for trial, _ in tried),
            )
    return _one(coordinates, reason="no_stable_habits", trials=tuple(trial for trial, _ in tried))


def _one(coordinates: Points, *, reason: str, trials: tuple[Trial, ...]) -> Habits:
    labels = np.zeros(len(coordinates), dtype=np.int64)
    return Habits(
        labels=labels, clusters=min(1, len(labels)), reason=reason, chosen=None, trials=trials
    )


def _tried(coordinates: Points, *, clusters: int, settings: Settings) -> tuple[Trial, Labels]:
    """Try one number of clusters; what fails early is not measured further."""
    labels = _fitted(coordinates, clusters, _RESTARTS, settings.seed).labels_.astype(np.int64)
    share = float(np.bincount(labels, minlength=clusters).min() / len(labels))
    trial = Trial(clusters=clusters, smallest_share=_rounded(share))
    if share < settings.smallest_share:
        return trial, labels
    agreement = _agreement(coordinates, labels, clusters=clusters, settings=settings)
    silhouette = None
    if agreement >= settings.agreement:
        silhouette = _rounded(_silhouette(coordinates, labels, seed=settings.seed))
    return (
        Trial(
            clusters=clusters,
            smallest_share=trial.smallest_share,
            agreement=_rounded(agreement),
            silhouette=silhouette,
        ),
        labels,
    )


def _fitted(coordinates: Points, clusters: int, restarts: int, seed: int) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(n_clusters=clusters, n_init=restarts, random_state=seed).fit(coordinates)


def _agreement(coordinates: Points, labels: Labels, *, clusters: int, settings: Settings) -> float:
    """Return the mean adjusted Rand index of `labels` and those of resampled customers."""
    found: list[float] = []
    for score in _agreements(coordinates, labels, clusters=clusters, settings=settings):
        found.append(score)
        if len(found) == _HOPELESS and np.mean(found) < settings.agreement - 0.15:
            break
    return float(np.mean(found))


def _agreements(
    coordinates: Points, labels: Labels, *, clusters: int, settings: Settings
) -> Iterator[float]:
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng([settings.seed, clusters])
    size = min(len(coordinates), _SAMPLE)
    for seed in range(settings.resamplings):
        drawn = coordinates[random.integers(0, len(coordinates), size)]
        judged = random.permutation(len(coordinates))[:size]
        model = _fitted(drawn, clusters, _RESTARTS_RESAMPLED, seed)
        yield adjusted_rand_score(labels[judged], model.predict(coordinates[judged]))


def _silhouette(coordinates: Points, labels: Labels, *, seed: int) -> float:
    from sklearn.metrics import silhouette_score

    judged = np.random.default_rng(seed).permutation(len(coordinates))[:_PAIRED]
    return float(silhouette_score(coordinates[judged], labels[judged]))


def _rounded(value: float) -> float:
    return round(float(value), 6)


# --- from natural units to coordinates ------------------------------------------------------


def _ratio(part: Values, whole: Values) -> Values:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _logarithm(values: Values, _orders: Values) -> Values:
    positive = values[values > 0]
    # Zero and less are as far as the smallest value seen: no unit of money is better than another.
    return np.log(np.maximum(values, positive.min())) if len(positive) else np.zeros_like(values)


def _days(values: Values, _orders: Values) -> Values:
    return np.log1p(values)


def _share(values: Values, orders: Values) -> Values:
    """Pull shares towards the average where orders are few, and spread them near 0 and 1.

    The arc sine of the root makes the variance of a share the same everywhere (Bartlett, 1936).
    """
    values = np.clip(values, 0, 1)
    average = np.average(values, weights=orders) if len(orders) else 0.0
    pulled = (values * orders + average * _PRIOR_ORDERS) / (orders + _PRIOR_ORDERS)
    return np.arcsin(np.sqrt(pulled))


def _standard(values: Values) -> Values:
    if not len(values):
        return values
    cut = np.clip(values, *np.quantile(values, [0.01, 0.99]))
    deviation = cut.std()
    if deviation <= 1e-9:
        return np.zeros_like(cut)
    standard: Values = np.clip((cut - cut.mean()) / deviation, -_FARTHEST, _FARTHEST)
    return standard


_TRANSFORMS: dict[str, Callable[[Values, Values], Values]] = {
    "recency_days": _days,
    "orders": _logarithm,
    "spend": _logarithm,
    "ticket": _logarithm,
    "units": _logarithm,
    "products": _logarithm,
    "days_between": _days,
    "returns_share": _share,
    "weekend_share": _share,
    "away_share": _share,
}
