"""Segmentation: one result of clustering a client's customers, as of a date.

`segment` puts the parts together: combine partials, let the newest of overlapping files win,
compute what each customer did, group by rule (RFM) and by habit, and describe every group. The same
data in any order of rows and files gives the same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from functions.cluster import features, overlap, rfm, segments
from functions.cluster.habits import Habits, Trial
from functions.cluster.habits import Settings as HabitSettings
from functions.cluster.lines import Dataset, Lines, Mask, combine, exact_sums
from functions.cluster.overlap import Contribution
from functions.cluster.segments import Phrase, Segment

__all__ = [
    "CODE_VERSION",
    "HabitsOutcome",
    "OtherCurrency",
    "Parameters",
    "Phrase",
    "Segment",
    "Segmentation",
    "Totals",
    "segment",
]

CODE_VERSION = "1"  # part of the fingerprint: raise it when the same data gives another answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameters:
    """What a client may decide; part of the fingerprint."""

    currency: str | None = None  # None: the one that most lines name
    habits: HabitSettings = field(default_factory=HabitSettings)


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherCurrency:
    """Lines in another currency than the client's: counted, but in no sum and no segment."""

    currency: str
    rows: int
    amount: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """A client's figures over all lines that count."""

    currency: str | None
    customers: int
    purchasers: int
    orders: int  # purchases of known customers
    revenue: Decimal  # net of returns, the anonymous included
    anonymous_revenue: Decimal
    anonymous_rows: int
    returns_amount: Decimal  # what returns took off, as a positive amount
    first_day: date | None
    last_day: date | None
    counted_rows: int
    replaced_rows: int
    other_currencies: tuple[OtherCurrency, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HabitsOutcome:
    """How the habit clusters came about; `reason` says why there are none."""

    reason: str | None  # not_enough_data | no_stable_habits
    clusters: int
    agreement: float | None
    silhouette: float | None
    smallest_share: float | None
    trials: tuple[Trial, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Segmentation:
    """The segments of a client's customers, who is in which, and what each dataset added.

    `assignments` has one row per customer, sorted by customer_id: customer_id, rfm and habits
    (segment ids), orders, spend, average_ticket, first_day, last_day, recency_days, r, f, m, and
    the measures ticket, units, products (gross, per order), days_between, returns_share, weekend_share,
    away_share, and branches. What needs a purchase is null where there is none. Money is exact decimal.
    """

    as_of: date | None  # the latest accepted local day; None: no rows
    totals: Totals
    segments: tuple[Segment, ...]  # first those of view rfm, then those of view habits
    habits: HabitsOutcome
    contributions: tuple[Contribution, ...]  # oldest dataset first
    assignments: pd.DataFrame

    def to_json(self) -> dict[str, Any]:
        """Return all but the assignments as JSON values; money as exact text."""
        names = ("as_of", "totals", "segments", "habits", "contributions")
        return {name: _plain(getattr(self, name)) for name in names}


def segment(
    partials: Iterable[pd.DataFrame],
    *,
    datasets: Sequence[Dataset],
    parameters: Parameters | None = None,
) -> Segmentation:
    """Segment a client's customers by the order lines of all current datasets.

    Raises:
        ValueError: A dataset's partials are not the rows and money that it was accepted with.
    """
    parameters = parameters or Parameters()
    lines = combine(partials, datasets=datasets)
    counts = overlap.counted(lines, datasets=datasets)
    currency = parameters.currency or _usual_currency(lines)
    own, others = _apart(lines.where(counts), currency=currency)
    as_of = int(lines.table["day"][counts].max()) if counts.any() else None
    customers = features.of_all_customers(own, as_of=as_of or 0)
    grouped = segments.group(customers, settings=parameters.habits)
    return Segmentation(
        as_of=_date(as_of),
        totals=_totals(own, customers=customers, currency=currency, others=others, counts=counts),
        segments=segments.describe(customers, grouped, currency=currency),
        habits=_outcome(grouped.habits),
        contributions=overlap.contributions(lines, counts, datasets=datasets),
        assignments=_assignments(customers, grouped),
    )


# --- currencies -----------------------------------------------------------------------------


def _usual_currency(lines: Lines) -> str | None:
    named = lines.table["currency"].to_numpy()
    if not lines.currencies:
        return None
    counts = np.bincount(named[named >= 0], minlength=len(lines.currencies))
    return lines.currencies[int(counts.argmax())]


def _apart(lines: Lines, *, currency: str | None) -> tuple[Lines, tuple[OtherCurrency, ...]]:
    """Return the lines in the client's currency or in none, and the sums of the others."""
    named = lines.table["currency"].to_numpy()
    known = dict(zip(lines.currencies, range(len(lines.currencies)), strict=True))
    others: Mask = (named >= 0) & (named != known.get(currency or "", -1))
    keys, amounts = exact_sums(named[others], lines.table["amount"][others])
    rows = np.bincount(named[others], minlength=len(known))
    sums = tuple(
        OtherCurrency(currency=lines.currencies[key], rows=int(rows[key]), amount=amount)
        for key, amount in zip(keys.tolist(), amounts.to_pylist(), strict=True)
    )
    return lines.where(~others), sums


# --- totals ---------------------------------------------------------------------------------


def _totals(
    own: Lines,
    *,
    customers: pd.DataFrame,
    currency: str | None,
    others: tuple[OtherCurrency, ...],
    counts: Mask,
) -> Totals:
    table = own.table
    effect, days = features.effect(table), table["day"]
    anonymous = table["customer"].to_numpy() < 0
    is_return = table["is_return"].to_numpy()
    orders = customers["orders"].to_numpy()
    return Totals(
        currency=currency,
        customers=len(customers),
        purchasers=int((orders > 0).sum()),
        orders=int(orders.sum()),
        revenue=_sum(effect),
        anonymous_revenue=_sum(effect.filter(pa.array(anonymous))),
        anonymous_rows=int(anonymous.sum()),
        returns_amount=_sum(pc.negate(effect.filter(pa.array(is_return)))),
        first_day=_date(int(days.min()) if len(days) else None),
        last_day=_date(int(days.max()) if len(days) else None),
        counted_rows=int(counts.sum()),
        replaced_rows=int((~counts).sum()),
        other_currencies=others,
    )


def _sum(amounts: pa.Array) -> Decimal:
    total: Decimal | None = pc.sum(amounts).as_py()
    return Decimal(0) if total is None else total


def _date(day: int | None) -> date | None:
    return None if day is None else features.as_date(day)


def _outcome(found: Habits) -> HabitsOutcome:
    chosen = found.chosen
    return HabitsOutcome(
        reason=found.reason,
        clusters=found.clusters,
        agreement=chosen.agreement if chosen else None,
        silhouette=chosen.silhouette if chosen else None,
        smallest_share=chosen.smallest_share if chosen else None,
        trials=found.trials,
    )


# --- assignments ----------------------------------------------------------------------------

_RATIOS = (
    "ticket",
    "units",
    "products",
    "days_between",
    "returns_share",
    "weekend_share",
    "away_share",
)


def _assignments(customers: pd.DataFrame, grouped: segments.Grouped) -> pd.DataFrame:
    bought = customers["orders"].to_numpy() > 0
    measures = grouped.measures.reindex(customers.index)
    scores = grouped.scores.reindex(customers.index, fill_value=0)

    def where_bought(values: Any, kind: pa.DataType) -> pa.Array:
        return pa.array(np.asarray(values), mask=~bought, from_pandas=False).cast(kind)

    table = pa.table({
        "customer_id": pa.array(customers["customer_id"], type=pa.string()),
        "rfm": pa.array(grouped.rfm, type=pa.string()),
        "habits": pa.array(grouped.habit_of(customers.index), type=pa.string()),
        "orders": pa.array(customers["orders"].to_numpy()),
        "spend": pa.array(customers["spend"]),
        "average_ticket": segments.tickets(customers),
        "first_day": where_bought(customers["first_day"].astype("int32"), pa.date32()),
        "last_day": where_bought(customers["last_day"].astype("int32"), pa.date32()),
        "recency_days": where_bought(customers["recency_days"], pa.int64()),
        **{name: where_bought(scores[name], pa.int64()) for name in rfm.SCORES},
        **{name: where_bought(measures[name], pa.float64()) for name in _RATIOS},
        "branches": where_bought(customers["branches"], pa.int64()),
    })
    return table.to_pandas(types_mapper=pd.ArrowDtype)


# --- JSON -----------------------------------------------------------------------------------


def _plain(value: Any) -> Any:
    """Return `value` as JSON knows it; equal decimals give equal text."""
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return segments.exact_text(value)
    return value.isoformat() if isinstance(value, date) else value
