"""Segments: customers in groups, each group with its figures, name, sentence, action and rule.

Nothing here is a sentence yet: names, sentences, actions and rules are codes with parameters, and
`common.texts` says them in the reader's language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from common import frame
from functions.cluster import habits, naming, rfm
from functions.cluster.habits import Habits
from functions.cluster.lines import EXACT, Codes, exact_sums
from functions.cluster.rfm import Condition

RFM = "rfm"
HABITS = "habits"
NO_STABLE_HABITS = "no_stable_habits"
_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """A text code and what fills it."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a group of customers amounts to. Money is net of returns, in the client's currency."""

    customers: int
    share_of_customers: float  # of the view's customers
    revenue: Decimal
    share_of_revenue: float  # of all known customers' revenue; negative where returns outweigh
    orders: int
    average_ticket: Decimal | None  # revenue / orders
    recency_days: float | None  # median; None: nobody has a purchase
    orders_per_customer: float
    spend_per_customer: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment(Figures):
    """A group of customers in one view, with its figures."""

    view: str  # rfm | habits
    segment_id: str
    position: int  # from 1, the order of the report
    name: Phrase
    sentence: Phrase
    action: Phrase
    rule: tuple[Phrase, ...]  # all hold
    rule_precision: float | None  # None: the rule is the definition
    rule_reach: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Grouped:
    """Customers in the groups of both views; scores and measures are of those with a purchase."""

    rfm: npt.NDArray[Any]  # segment id of each customer
    scores: pd.DataFrame
    measures: pd.DataFrame
    habits: Habits  # labels in the order of the report
    habit_names: tuple[str, ...]
    habit_rules: tuple[naming.Rule, ...]

    def habit_of(self, index: pd.Index) -> list[str | None]:
        """Return the habit cluster of each customer in `index`; None without a purchase."""
        names = np.array(self.habit_names, dtype=object)
        found = pd.Series(names[self.habits.labels], index=self.measures.index, dtype=object)
        return [name if isinstance(name, str) else None for name in found.reindex(index)]


def group(customers: pd.DataFrame, *, settings: habits.Settings) -> Grouped:
    """Put customers into RFM groups, and those with a purchase into habit clusters."""
    bought = customers[customers["orders"] > 0]
    scores = rfm.scores(bought)
    measures = habits.measures(bought)
    coordinates = habits.points(measures)
    found = habits.by_value(
        habits.cluster(coordinates.to_numpy(), settings=settings), measures["spend"].to_numpy()
    )
    names: tuple[str, ...] = (NO_STABLE_HABITS,) * found.clusters
    rules: tuple[naming.Rule, ...] = (naming.EVERYBODY,) * found.clusters
    if found.clusters > 1:
        names = naming.names(coordinates, found.labels, clusters=found.clusters)
        rules = naming.rules(measures, found.labels, clusters=found.clusters)
    return Grouped(
        rfm=_rfm_ids(customers, scores),
        scores=scores,
        measures=measures,
        habits=found,
        habit_names=names,
        habit_rules=rules,
    )


def describe(
    customers: pd.DataFrame, grouped: Grouped, *, currency: str | None
) -> tuple[Segment, ...]:
    """Return the segments of both views, without those that are empty."""
    return (
        *_rfm_segments(customers, grouped, currency=currency),
        *_habit_segments(customers, grouped, currency=currency),
    )


def tickets(customers: pd.DataFrame) -> pa.Array:
    """Return spend per order of each customer, to the cent; null without a purchase."""
    pairs = zip(pa.array(customers["spend"]).to_pylist(), customers["orders"], strict=True)
    quotients = [_per(spend, int(orders)) for spend, orders in pairs]
    return pa.array(quotients, type=pa.decimal128(38, 2))


def exact_text(amount: Decimal) -> str:
    """Return `amount` as text without needless zeros: equal decimals give equal text."""
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


# --- the two views --------------------------------------------------------------------------


def _rfm_ids(customers: pd.DataFrame, scores: pd.DataFrame) -> npt.NDArray[Any]:
    ids = np.full(len(customers), rfm.NO_PURCHASE.segment_id, dtype=object)
    bought = customers["orders"].to_numpy() > 0
    presets = np.array([preset.segment_id for preset in rfm.PRESETS], dtype=object)
    ids[bought] = presets[rfm.groups(scores.assign(orders=customers["orders"][bought]))]
    return ids


def _rfm_segments(
    customers: pd.DataFrame, grouped: Grouped, *, currency: str | None
) -> list[Segment]:
    presets = (*rfm.PRESETS, rfm.NO_PURCHASE)
    position = {preset.segment_id: place for place, preset in enumerate(presets)}
    codes = np.array([position[each] for each in grouped.rfm], dtype=np.int64)
    return [
        Segment(
            view=RFM,
            segment_id=preset.segment_id,
            position=position[preset.segment_id] + 1,
            name=Phrase(code=f"rfm_{preset.segment_id}"),
            sentence=Phrase(
                code=f"rfm_{preset.segment_id}_sentence", params=_said(figures, currency)
            ),
            action=Phrase(code=f"rfm_{preset.segment_id}_action"),
            rule=_phrases(preset.conditions, currency),
            rule_precision=None,
            rule_reach=None,
            **_fields(figures),
        )
        for preset, figures in zip(presets, _figures(customers, codes, len(presets)), strict=True)
        if figures.customers
    ]


def _habit_segments(
    customers: pd.DataFrame, grouped: Grouped, *, currency: str | None
) -> list[Segment]:
    bought = customers.loc[grouped.measures.index]
    labels, clusters = grouped.habits.labels, grouped.habits.clusters
    everyone = _total(customers)
    all_figures = _figures(bought, labels, clusters, revenue=everyone)
    medians = grouped.measures.groupby(labels).median()
    return [
        Segment(
            view=HABITS,
            segment_id=name,
            position=place + 1,
            name=Phrase(code=f"habits_{name}"),
            sentence=_habit_sentence(medians.loc[place], figures, currency),
            action=Phrase(code=f"habits_{name}_action"),
            rule=_phrases(rule.conditions, currency),
            rule_precision=rule.precision,
            rule_reach=rule.reach,
            **_fields(figures),
        )
        for place, (name, rule, figures) in enumerate(
            zip(grouped.habit_names, grouped.habit_rules, all_figures, strict=True)
        )
    ]


# --- figures --------------------------------------------------------------------------------


def _figures(
    customers: pd.DataFrame, codes: Codes, groups: int, *, revenue: Decimal | None = None
) -> list[Figures]:
    whole = _total(customers) if revenue is None else revenue
    keys, sums = exact_sums(codes, customers["spend"])
    spend = dict(zip(keys.tolist(), sums.to_pylist(), strict=True))
    sizes = np.bincount(codes, minlength=groups)
    orders = np.bincount(codes, weights=customers["orders"], minlength=groups).astype(int)
    bought = customers["orders"].to_numpy() > 0
    recency = customers["recency_days"][bought].groupby(codes[bought]).median().to_dict()
    return [
        Figures(
            customers=int(sizes[each]),
            share_of_customers=_share(int(sizes[each]), len(customers)),
            revenue=spend.get(each, Decimal(0)),
            share_of_revenue=_share(spend.get(each, Decimal(0)), whole),
            orders=int(orders[each]),
            average_ticket=_per(spend.get(each, Decimal(0)), int(orders[each])),
            recency_days=recency.get(each),
            orders_per_customer=round(_share(int(orders[each]), int(sizes[each])), 2),
            spend_per_customer=_per(spend.get(each, Decimal(0)), int(sizes[each])) or Decimal(0),
        )
        for each in range(groups)
    ]


def _fields(figures: Figures) -> dict[str, Any]:
    return {each.name: getattr(figures, each.name) for each in fields(figures)}


def _total(customers: pd.DataFrame) -> Decimal:
    total: Decimal | None = pc.sum(pa.array(customers["spend"], type=frame.AMOUNT)).as_py()
    return total or Decimal(0)


def _share(part: Decimal | int, whole: Decimal | int) -> float:
    return round(float(part) / float(whole), 6) if whole else 0.0


def _per(amount: Decimal, count: int) -> Decimal | None:
    return EXACT.divide(amount, Decimal(count)).quantize(_CENT, context=EXACT) if count else None


# --- words ----------------------------------------------------------------------------------


def _said(figures: Figures, currency: str | None) -> dict[str, object]:
    return {
        "days": figures.recency_days or 0,
        "orders": round(figures.orders_per_customer, 1),
        "spend": exact_text(figures.spend_per_customer),
        "currency": currency or "",
    }


def _habit_sentence(median: pd.Series, figures: Figures, currency: str | None) -> Phrase:
    rhythm = "once" if median["orders"] <= 1 else "again"
    flavour = "plain"
    if median["weekend_share"] > 0.5:
        flavour = "weekend"
    elif median["returns_share"] > 0.1:
        flavour = "returns"
    return Phrase(
        code=f"habits_sentence_{rhythm}_{flavour}",
        params={
            **_said(figures, currency),
            "every": round(float(median["days_between"])),
            "ticket": round(float(median["ticket"]), 2),
            "units": round(float(median["units"]), 1),
            "weekend": round(float(median["weekend_share"]), 3),
            "returns": round(float(median["returns_share"]), 3),
        },
    )


def _phrases(conditions: Sequence[Condition], currency: str | None) -> tuple[Phrase, ...]:
    return tuple(_phrase(each, currency) for each in conditions)


def _phrase(condition: Condition, currency: str | None) -> Phrase:
    low, high = condition.at_least, condition.at_most
    bounds = {name: value for name, value in (("low", low), ("high", high)) if value is not None}
    how = "between" if len(bounds) == 2 else "at_least" if "low" in bounds else "at_most"
    if low is not None and low == high:
        how = "exactly"
    return Phrase(
        code=f"rule_{condition.measure}_{how}", params={**bounds, "currency": currency or ""}
    )
