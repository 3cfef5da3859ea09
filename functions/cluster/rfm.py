"""RFM groups: named presets by rule, from one customer upwards.

Each customer with a purchase gets three scores from 1 to 5: recency, frequency (orders), monetary
(spend). A score is the fifth of the mid-rank: customers with equal values always get equal scores,
and no order of rows can change one. The first preset whose conditions all hold is the group.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]

SCORES = ("r", "f", "m")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A bound on one measure, both ends included; None is open."""

    measure: str
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Say of each value whether it is within the bounds."""
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        within: npt.NDArray[np.bool_] = (values >= low) & (values <= high)
        return within


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A named group: whoever meets all conditions and none of an earlier preset."""

    segment_id: str
    conditions: tuple[Condition, ...]


_RECENT = Condition(measure="r", at_least=4)
_MIDDLING = Condition(measure="r", at_least=3, at_most=3)
_GONE = Condition(measure="r", at_most=2)
_OFTEN = Condition(measure="f", at_least=4)
_SPENDS = Condition(measure="m", at_least=4)
_ONCE = Condition(measure="orders", at_least=1, at_most=1)
_AGAIN = Condition(measure="orders", at_least=2)

# In the order of the report. Together they leave nobody out, and a test proves it.
PRESETS = (
    Preset(segment_id="champions", conditions=(_RECENT, _OFTEN, _SPENDS)),
    Preset(segment_id="loyal", conditions=(Condition(measure="r", at_least=3), _OFTEN)),
    Preset(segment_id="promising", conditions=(_RECENT, _AGAIN)),
    Preset(segment_id="new", conditions=(_RECENT, _ONCE)),
    Preset(segment_id="needs_attention", conditions=(_MIDDLING,)),
    Preset(segment_id="cannot_lose", conditions=(_GONE, _OFTEN, _SPENDS)),
    Preset(
        segment_id="at_risk", conditions=(_GONE, Condition(measure="f", at_least=3), _AGAIN)
    ),
    Preset(segment_id="hibernating", conditions=(Condition(measure="r", at_least=2, at_most=2),)),
    Preset(segment_id="lost", conditions=(Condition(measure="r", at_most=1),)),
)  # fmt: skip
NO_PURCHASE = Preset(segment_id="no_purchase", conditions=(Condition(measure="orders", at_most=0),))


def scores(customers: pd.DataFrame) -> pd.DataFrame:
    """Return the scores r, f and m of customers who all have a purchase."""
    return pd.DataFrame(
        {
            "r": _fifths(-customers["recency_days"].to_numpy()),
            "f": _fifths(customers["orders"].to_numpy()),
            "m": _fifths(_ranked(pa.array(customers["spend"]))),
        },
        index=customers.index,
    )


def groups(measures: pd.DataFrame) -> Numbers:
    """Return the position in `PRESETS` of each row of r, f, m and orders."""
    found = np.full(len(measures), -1, dtype=np.int64)
    for position, preset in enumerate(PRESETS):
        holds = found == -1
        for condition in preset.conditions:
            holds &= condition.holds(measures[condition.measure].to_numpy())
        found[holds] = position
    return found


def _ranked(amounts: pa.Array) -> Numbers:
    """Number amounts by size without leaving exact decimals; equal amounts are equal."""
    ranks: Numbers = pc.rank(amounts, sort_keys="ascending", tiebreaker="min").to_numpy()
    return ranks.astype(np.int64)


def _fifths(values: Numbers) -> Numbers:
    """Score values from 1 to 5 by mid-rank: (how many are less + half of the equal) / all."""
    _, place, equal = np.unique(values, return_inverse=True, return_counts=True)
    twice_midrank = 2 * np.cumsum(equal) - equal  # whole numbers: no rounding at the bounds
    fifths: Numbers = np.minimum(5, 1 + (5 * twice_midrank) // (2 * max(len(values), 1)))
    return fifths[place]
