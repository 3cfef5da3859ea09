"""What the lines of orders show: whether each names its order, and has an amount of its own.

What the first rows leave open all rows show. Of an amount that is each line's own two lines of one
order differ soon, and an order that is named on two lines is seen soon: then there is nothing more
to look at.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.columns.mapping import Mapped
from functions.ingest.reader.columns.order_totals import find_further, least_orders
from functions.ingest.reader.records.spill import are_empty, is_distinct

Mask = NDArray[np.bool_]


class OrderLines:
    """Watches the first pass for lines of one order below each other."""

    def __init__(self, header: Sequence[str], mapped: Mapped) -> None:
        columns = mapped.columns
        names_orders = "order_id" in columns
        has_prices = {"unit_price", "quantity"} <= columns.keys()
        order = ("order_id",) if names_orders else ("customer_id", "ordered_at")
        self._order = [columns[name] for name in order]
        prices = [columns[name] for name in ("unit_price", "quantity") if has_prices]
        self._parts = prices or find_further(header, columns)
        self._amount = columns.get("amount", 0)
        self._least_orders = least_orders(header[self._amount])
        self._orders: set[str] = set()  # with one amount on different lines; few are enough
        self._may_be_totals = (
            "amount" in columns
            and mapped.settled_by["amount"] != "profile"  # a person said so
            and bool(self._parts)
            and (names_orders or has_prices)
        )
        self._may_be_once = names_orders
        self._lacks_names = False
        self._above: list[Any] = []  # cells of the last row

    @property
    def have_order_totals(self) -> bool:
        """Say whether orders have one amount on different lines, and none has two."""
        return self._may_be_totals and len(self._orders) >= self._least_orders

    @property
    def are_named_once(self) -> bool:
        """Say whether lines without a number of an order may be those of the one above."""
        return self._may_be_once and self._lacks_names

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block, and at its first row below the last one of the block before."""
        if not (self._may_be_totals or self._may_be_once) or not len(columns[0]):
            return
        if self._above:
            self._look([_below(*cells) for cells in zip(self._above, columns, strict=True)])
        self._look(columns)
        self._above = [column[-1:] for column in columns]

    def _look(self, columns: Sequence[Any]) -> None:
        self._lacks_names |= self._may_be_once and bool(are_empty(columns[self._order[0]]).any())
        goes_on = np.all([_is_same(columns[i]) for i in self._order], axis=0)
        if not goes_on.any():
            return
        for index in self._order:
            goes_on &= ~are_empty(columns[index])[1:]
        if goes_on.any():
            self._may_be_once = False
            self._add_amounts(columns, goes_on)

    def _add_amounts(self, columns: Sequence[Any], goes_on: Mask) -> None:
        """Look at amounts of rows from the second on that go on with the order of the row above."""
        if not self._may_be_totals:
            return
        is_same = _is_same(columns[self._amount])
        is_filled = ~are_empty(columns[self._amount])
        if (goes_on & ~is_same & is_filled[1:] & is_filled[:-1]).any():
            self._may_be_totals = False
            return
        lines = goes_on & is_same & is_filled[1:]
        if len(self._orders) < self._least_orders and lines.any():
            lines &= ~np.all([_is_same(columns[i]) for i in self._parts], axis=0)
            orders = columns[self._order[0]][1:].filter(pa.array(lines))
            self._orders.update(pc.unique(orders)[: self._least_orders].to_pylist())


def _below(above: Any, column: Any) -> Any:
    """Return a cell and the first one of the block below."""
    cells = [
        cell.dictionary_decode() if is_distinct(cell) else cell for cell in (above, column[:1])
    ]
    return pa.concat_arrays(cells)


def _is_same(column: Any) -> Mask:
    """Say which rows from the second on have the text of the row above."""
    if is_distinct(column):
        places = np.asarray(column.indices)
        same: Mask = places[1:] == places[:-1]
        return same
    return np.asarray(pc.equal(column[1:], column[:-1]), np.bool_)
