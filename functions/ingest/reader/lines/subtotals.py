"""Totals between the rows that no word tells for sure: those to which the rows above add up.

They have a date and an amount alone, or are a product `Total` of an order. They are looked for only
where rows name what was bought, or all name both an order and a customer, and left out only where
the sum is exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.lines.totals import are_called_totals, have_totals
from functions.ingest.reader.records.spill import are_empty

Mask = NDArray[np.bool_]
_BOUGHT, _SOLD_TO = ("product", "product_id"), ("customer_id", "order_id")
_LEAST_ROWS = 2  # one sale alone is not summed up, unless a word says so
_LOOKED_AT_ROWS = 128  # of a block: where orders have totals, these have some


class Totals:
    """Watches the first pass for rows that may be totals."""

    def __init__(self, mapping: Mapping[str, int]) -> None:
        bought = [mapping[name] for name in _BOUGHT if name in mapping]
        others = [mapping[name] for name in _SOLD_TO if name in mapping]
        self._names = [*bought, *others]
        self._dates = mapping["ordered_at"]
        self._has_products = bool(bought)
        self._is_wanted = len(bought or others) >= (1 if bought else 2) and "amount" in mapping
        self.may_be_there = False

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if self._is_wanted and not self._has_products:
            self._look_at_names(columns)
        elif self._is_wanted and not self.may_be_there:
            first = columns[self._names[0]][:_LOOKED_AT_ROWS].to_pylist()
            self.may_be_there = have_totals(first) or self._has_bare(columns)

    def _look_at_names(self, columns: tuple[Any, ...]) -> None:
        """Look at lists without products: a row that names an order alone may be a sale to nobody."""
        customers, orders = (are_empty(columns[index]) for index in self._names)
        self._is_wanted = not (customers ^ orders).any()
        self.may_be_there = self._is_wanted and (self.may_be_there or self._has_bare(columns))

    def _has_bare(self, columns: tuple[Any, ...]) -> bool:
        """Say whether a row with a date names nobody and nothing."""
        is_bare = are_empty(columns[self._names[0]])
        for index in self._names[1:]:
            if not is_bare.any():
                return False
            is_bare &= are_empty(columns[index])
        return bool((is_bare & ~are_empty(columns[self._dates])).any())


class _Sum(NamedTuple):
    amount: np.uint64
    rows: int


_NOTHING = _Sum(np.uint64(0), 0)


@dataclass(frozen=True, slots=True)
class _Sold:
    """Amounts of rows, and which of them are of something that was sold.

    Amounts are added as whole numbers that wrap around at 64 bits: two that are not the same would
    have to differ by more than all amounts, or by more decimals than any has, to look alike.
    """

    amounts: NDArray[np.uint64]
    is_sold: Mask

    def sums(self, begins: Mask, since: _Sum, *, least: int) -> tuple[Mask, _Sum]:
        """Say which amounts are the sum of at least so many rows since the last one that `begins`.

        `since` is the sum before the first row; that of the next one is returned, too.
        """
        last = np.append(-1, np.maximum.accumulate(np.where(begins, np.arange(len(begins)), -1)))
        first, goes_on = np.maximum(last, 0), last < 0
        amounts = np.append(np.uint64(0), np.cumsum(np.where(self.is_sold, self.amounts, 0)))
        rows = np.append(0, np.cumsum(self.is_sold))
        amounts = amounts - amounts[first] + np.where(goes_on, since.amount, np.uint64(0))
        rows = rows - rows[first] + np.where(goes_on, since.rows, 0)
        is_sum = (amounts[:-1] == self.amounts) & (rows[:-1] >= least)
        return is_sum, _Sum(amounts[-1], int(rows[-1]))


class Subtotals:
    """Adds up the rows above each row; they are seen in their order."""

    def __init__(self) -> None:
        self._day = np.datetime64("NaT", "D")  # of the last row
        self._order = ""
        self._since_bare = self._since_day = self._since_order = _NOTHING

    def find(self, typed: Mapping[str, Any], accepted: Mask) -> Mask:
        """Say which of the accepted rows are totals of those above.

        Those are the rows since the last one that names nobody and nothing, or since its day began;
        for a product `Total` they are those of its order.
        """
        found = np.zeros_like(accepted)
        rows = np.flatnonzero(accepted)
        if not rows.size:
            return found
        chosen = {name: column.take(pa.array(rows)) for name, column in typed.items()}
        is_called = _are_called(chosen)
        names = [name for name in _BOUGHT if name in chosen] or _SOLD_TO
        is_bought = _are_there(chosen, names)
        is_bare = ~is_bought & ~_are_there(chosen, _SOLD_TO)
        sold = _Sold(whole(chosen["amount"]), is_bought & ~is_called)
        found[rows] = self._of_days(chosen, sold, is_bare) & is_bare
        if "order_id" in chosen:
            found[rows] |= self._of_orders(chosen["order_id"], sold) & is_called
        return found

    def _of_days(self, chosen: Mapping[str, Any], sold: _Sold, is_bare: Mask) -> Mask:
        days = chosen["ordered_at"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
        begins = np.append(self._day, days[:-1]) != days
        self._day = days[-1]
        of_rows, self._since_bare = sold.sums(is_bare, self._since_bare, least=_LEAST_ROWS)
        of_day, self._since_day = sold.sums(begins, self._since_day, least=_LEAST_ROWS)
        is_sum: Mask = (of_rows | of_day) & ~begins
        return is_sum

    def _of_orders(self, order_ids: Any, sold: _Sold) -> Mask:
        ids = order_ids.fill_null("")
        begins = np.ones(len(ids), np.bool_)
        begins[1:] = np.asarray(pc.not_equal(ids[1:], ids[:-1]))
        begins[0] = ids[0].as_py() != self._order
        self._order = ids[-1].as_py()
        of_order, self._since_order = sold.sums(begins, self._since_order, least=1)
        is_sum: Mask = of_order & ~begins & np.asarray(order_ids.is_valid())
        return is_sum


def _are_there(chosen: Mapping[str, Any], names: Sequence[str]) -> Mask:
    """Say which rows have any of these columns."""
    there: Mask = np.any([chosen[name].is_valid() for name in names if name in chosen], axis=0)
    return there


def _are_called(chosen: Mapping[str, Any]) -> Mask:
    """Say which rows have a word for a total instead of a product."""
    bought = [chosen[name].fill_null("") for name in _BOUGHT if name in chosen]
    if not bought:
        return np.zeros(len(chosen["amount"]), np.bool_)
    called: Mask = np.any([are_called_totals(texts) for texts in bought], axis=0)
    return called


def whole(amounts: Any) -> NDArray[np.uint64]:
    """Return the lower halves of decimals of 128 bits."""
    halves = np.frombuffer(amounts.buffers()[1], np.uint64)[2 * amounts.offset :]
    return halves[: 2 * len(amounts) : 2]
