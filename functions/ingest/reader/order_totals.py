"""Whether an amount is that of whole orders: the same on all of their lines, whatever was bought.

What the first rows leave open all rows show. Of an amount that is each line's own two lines of one
order differ soon, and then nothing more is looked at.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.mapping import Mapped
from functions.ingest.reader.spill import is_distinct

Mask = NDArray[np.bool_]
_LEAST_ORDERS = 2


class OrderTotals:
    """Watches the first pass for lines of one order below each other."""

    def __init__(self, mapped: Mapped) -> None:
        columns = mapped.columns
        names_orders = "order_id" in columns
        has_prices = {"unit_price", "quantity"} <= columns.keys()
        order = ("order_id",) if names_orders else ("customer_id", "ordered_at")
        parts = ("unit_price", "quantity") if has_prices else ("product_id", "product")
        self._order = [columns[name] for name in order]
        self._parts = [columns[name] for name in parts if name in columns]
        self._amount = columns.get("amount", 0)
        self._orders: set[str] = set()  # with one amount on different lines; few are enough
        self._is_open = (
            "amount" in columns
            and mapped.settled_by["amount"] != "profile"  # a person said so
            and bool(self._parts)
            and (names_orders or has_prices)
        )

    @property
    def are_shown(self) -> bool:
        """Say whether several orders have one amount on different lines, and none has two."""
        return self._is_open and len(self._orders) >= _LEAST_ORDERS

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if not self._is_open or not len(columns[0]):
            return
        goes_on = np.all([_goes_on(columns[i]) for i in self._order], axis=0)
        if not goes_on.any():
            return
        is_same = _goes_on(columns[self._amount])
        is_filled = ~_is_empty(columns[self._amount])
        if (goes_on & ~is_same & is_filled[1:] & is_filled[:-1]).any():
            self._is_open = False
        elif len(self._orders) < _LEAST_ORDERS:
            is_other = ~np.all([_is_same(columns[i]) for i in self._parts], axis=0)
            orders = columns[self._order[0]][1:].filter(pa.array(goes_on & is_same & is_other))
            self._orders.update(pc.unique(orders)[:_LEAST_ORDERS].to_pylist())


def _goes_on(column: Any) -> Mask:
    """Say which rows from the second on have the text of the row above, if it is any."""
    return _is_same(column) & ~_is_empty(column)[1:]


def _is_same(column: Any) -> Mask:
    if is_distinct(column):
        places = np.asarray(column.indices)
        same: Mask = places[1:] == places[:-1]
        return same
    return np.asarray(pc.equal(column[1:], column[:-1]))


def _is_empty(column: Any) -> Mask:
    if is_distinct(column):
        return np.asarray(pc.equal(column.dictionary, ""))[np.asarray(column.indices)]
    return np.asarray(pc.binary_length(column)) == 0
