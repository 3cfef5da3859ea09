"""Totals between the rows that no word tells: a date and an amount, to which the rows above add up.

Looked for only where rows name what was bought, and left out only where the sum is exact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.spill import are_empty

Mask = NDArray[np.bool_]
_BOUGHT, _SOLD_TO = ("product", "product_id"), ("customer_id", "order_id")
_LEAST_ROWS = 2  # one sale alone is not summed up


class _Sum(NamedTuple):
    amount: np.uint64
    rows: int


_NOTHING = _Sum(np.uint64(0), 0)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Of the rows above each row, and above the one that follows the last."""

    amounts: NDArray[np.uint64]
    rows: NDArray[np.int64]

    @classmethod
    def since(
        cls, begins: Mask, amounts: NDArray[np.uint64], counts: Mask, before: _Sum
    ) -> "_Sums":
        """Add rows up from the last of those above where a sum begins; `before` goes on till then."""
        lasts = np.maximum.accumulate(np.where(begins, np.arange(len(begins)), -1))
        last = np.append(-1, lasts)
        total = np.append(np.uint64(0), np.cumsum(amounts))
        number = np.append(0, np.cumsum(counts))
        first, goes_on = np.maximum(last, 0), last < 0
        return cls(
            total - total[first] + np.where(goes_on, before.amount, np.uint64(0)),
            number - number[first] + np.where(goes_on, before.rows, 0),
        )

    @property
    def last(self) -> _Sum:
        """Return the sum that the next rows go on with."""
        return _Sum(self.amounts[-1], int(self.rows[-1]))


class BareRows:
    """Watches the first pass for rows with a date that name nobody and nothing."""

    def __init__(self, mapping: Mapping[str, int]) -> None:
        bought = [mapping[name] for name in _BOUGHT if name in mapping]
        others = [mapping[name] for name in _SOLD_TO if name in mapping]
        self._names = [*bought, *others]
        self._dates = mapping["ordered_at"]
        self._is_wanted = bool(bought) and "amount" in mapping
        self.are_there = False

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if not self._is_wanted or self.are_there:
            return
        is_bare = are_empty(columns[self._names[0]])
        for index in self._names[1:]:
            if not is_bare.any():
                return
            is_bare &= are_empty(columns[index])
        self.are_there = bool((is_bare & ~are_empty(columns[self._dates])).any())


class Subtotals:
    """Adds up the rows above each row; they are seen in their order.

    Amounts are added as whole numbers that wrap around at 64 bits: two that are not the same would
    have to differ by more than all amounts, or by more decimals than any has, to look alike.
    """

    def __init__(self) -> None:
        self._day = np.datetime64("NaT", "D")  # of the last row
        self._since_bare = self._since_day = _NOTHING

    def find(self, typed: Mapping[str, Any], accepted: Mask) -> Mask:
        """Say which of the accepted rows are totals of those above.

        Those are the rows since the last one that names nobody and nothing, or since its day began.
        """
        found = np.zeros_like(accepted)
        rows = np.flatnonzero(accepted)
        if not rows.size:
            return found
        is_bought = _are_there(typed, _BOUGHT)[rows]
        is_bare = ~is_bought & ~_are_there(typed, _SOLD_TO)[rows]
        amounts = _whole(typed["amount"])[rows]
        days = typed["ordered_at"].to_numpy(zero_copy_only=False)[rows].astype("datetime64[D]")
        is_new_day = np.append(self._day, days[:-1]) != days
        sold = np.where(is_bought, amounts, _NOTHING.amount)
        is_total = np.zeros_like(is_bare)
        sums = [
            _Sums.since(is_bare, sold, is_bought, self._since_bare),
            _Sums.since(is_new_day, sold, is_bought, self._since_day),
        ]
        for above in sums:
            is_total |= (above.amounts[:-1] == amounts) & (above.rows[:-1] >= _LEAST_ROWS)
        self._since_bare, self._since_day = (above.last for above in sums)
        self._day = days[-1]
        found[rows] = is_total & is_bare & ~is_new_day
        return found


def _are_there(typed: Mapping[str, Any], names: tuple[str, ...]) -> Mask:
    """Say which rows have any of these columns."""
    there: Mask = np.any([typed[name].is_valid() for name in names if name in typed], axis=0)
    return there


def _whole(amounts: Any) -> NDArray[np.uint64]:
    """Return the lower halves of decimals of 128 bits."""
    halves = np.frombuffer(amounts.buffers()[1], np.uint64)[2 * amounts.offset :]
    return halves[: 2 * len(amounts) : 2]
