"""Naming habit clusters: what sets each apart, in words, and a small rule that finds it again.

A cluster is named after the trait in which it leads the other clusters most; no two clusters of a client share a
name. The rule is the best leaf of a decision tree of depth three on measures in natural units,
with its bounds rounded to what people can remember and its precision and reach counted again after
that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from functions.cluster.habits import Labels
from functions.cluster.rfm import Condition

# Measure and direction, with the name that they give. The order settles equal strength.
TRAITS: tuple[tuple[str, int, str], ...] = (
    ("weekend_share", 1, "weekend_shoppers"),
    ("returns_share", 1, "many_returns"),
    ("days_between", -1, "frequent_visitors"),
    ("ticket", 1, "big_tickets"),
    ("ticket", -1, "small_tickets"),
    ("orders", 1, "regulars"),
    ("orders", -1, "rare_buyers"),
    ("units", 1, "stock_up"),
    ("units", -1, "few_items"),
    ("products", 1, "wide_baskets"),
    ("products", -1, "one_product"),
    ("days_between", 1, "long_pauses"),
    ("recency_days", 1, "long_gone"),
    ("recency_days", -1, "just_bought"),
    ("spend", 1, "top_spenders"),
    ("spend", -1, "low_spenders"),
    ("away_share", 1, "several_branches"),
    ("weekend_share", -1, "weekday_shoppers"),
)
_WHOLE = frozenset({"orders", "recency_days"})
_RULE_SAMPLE = 20_000
_DEPTH = 3
_SMALLEST_LEAF = 0.01  # of the customers that the rule is learnt from


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Conditions that all hold, and how well they tell the group from the others."""

    conditions: tuple[Condition, ...]
    precision: float  # share of those who meet the conditions that are in the group
    reach: float  # share of the group that meets the conditions


EVERYBODY = Rule(conditions=(), precision=1.0, reach=1.0)


def names(coordinates: pd.DataFrame, labels: Labels, *, clusters: int) -> tuple[str, ...]:
    """Return a name for each of two or more clusters, such that together they say most."""
    from scipy.optimize import linear_sum_assignment

    centres = coordinates.groupby(labels).mean().reindex(range(clusters))
    strength = np.column_stack([sign * centres[measure] for measure, sign, _ in TRAITS])
    # What counts is the lead over the cluster that shows the trait most otherwise.
    second, first = np.sort(strength, axis=0)[-2:]
    lead = strength - np.where(strength == first, second, first)
    _, chosen = linear_sum_assignment(lead, maximize=True)
    return tuple(TRAITS[each][2] for each in chosen)


def rules(measures: pd.DataFrame, labels: Labels, *, clusters: int) -> tuple[Rule, ...]:
    """Return the rule of each cluster."""
    return tuple(_rule(measures, labels == each) for each in range(clusters))


def _rule(measures: pd.DataFrame, inside: npt.NDArray[np.bool_]) -> Rule:
    from sklearn.tree import DecisionTreeClassifier

    step = max(1, len(measures) // _RULE_SAMPLE)  # rows come sorted by customer: any stride is fair
    learnt, target = measures.to_numpy()[::step], inside[::step]
    tree = DecisionTreeClassifier(
        max_depth=_DEPTH,
        min_samples_leaf=max(1, int(len(learnt) * _SMALLEST_LEAF)),
        class_weight="balanced",
        random_state=0,
    ).fit(learnt, target)
    leaf = _best_leaf(tree.apply(learnt), target)
    conditions = _conditions(_path(tree.tree_, leaf), measures)
    return _judged(conditions, measures, inside)


def _best_leaf(leaves: Labels, target: npt.NDArray[np.bool_]) -> int:
    """Return the leaf with the best balance of precision and reach (F1)."""
    size = np.bincount(leaves)
    hits = np.bincount(leaves, weights=target)
    return int(np.argmax(2 * hits / np.maximum(size + target.sum(), 1)))


def _path(tree: Any, leaf: int) -> list[tuple[int, float, bool]]:
    """Return the questions on the way to `leaf`: measure, bound, whether the answer is 'at most'."""
    path: list[tuple[int, float, bool]] = []
    node = leaf
    while node:
        is_left = bool(node in tree.children_left)
        children = tree.children_left if is_left else tree.children_right
        node = int(np.flatnonzero(children == node)[0])
        path.append((int(tree.feature[node]), float(tree.threshold[node]), is_left))
    return path[::-1]


def _conditions(
    path: Sequence[tuple[int, float, bool]], measures: pd.DataFrame
) -> tuple[Condition, ...]:
    """Put the questions about one measure together, the tightest bounds."""
    found: list[Condition] = []
    for feature in dict.fromkeys(feature for feature, _, _ in path):
        highs = [bound for each, bound, at_most in path if each == feature and at_most]
        lows = [bound for each, bound, at_most in path if each == feature and not at_most]
        name = str(measures.columns[feature])
        found.append(
            Condition(
                measure=name,
                at_least=_memorable(max(lows), name, np.ceil) if lows else None,
                at_most=_memorable(min(highs), name, np.floor) if highs else None,
            )
        )
    return tuple(found)


def _memorable(bound: float, measure: str, to_whole: Callable[[float], float]) -> float:
    """Round to two or three digits; what is counted in whole numbers, to one that occurs."""
    if measure in _WHOLE:
        return float(to_whole(bound))
    return float(f"{bound:.2g}") if abs(bound) < 100 else float(f"{bound:.3g}")


def _judged(
    conditions: tuple[Condition, ...], measures: pd.DataFrame, inside: npt.NDArray[np.bool_]
) -> Rule:
    met = np.ones(len(measures), dtype=bool)
    for each in conditions:
        met &= each.holds(measures[each.measure].to_numpy())
    hits = int((met & inside).sum())
    return Rule(
        conditions=conditions,
        precision=round(hits / max(int(met.sum()), 1), 4),
        reach=round(hits / max(int(inside.sum()), 1), 4),
    )
