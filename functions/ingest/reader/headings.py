"""Customers that stand in lines of their own, above their purchases, which name none.

So are reports grouped by customer. Only where no purchase names a customer, and the first stands
below such a line: else a damaged row could give its customer to others.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.spill import Stretch, are_empty
from functions.ingest.reader.standing import begins_with_total

Mask = NDArray[np.bool_]
_OTHERS = ("ordered_at", "order_id", "product_id", "product")


class HeadingEvidence:
    """Watches the first pass for them."""

    def __init__(self, mapping: Mapping[str, int]) -> None:
        self._mapping = mapping
        self._may_be = True
        self._begun = False  # with a line of a customer alone

    @property
    def are_there(self) -> bool:
        """Say whether all customers stand in lines of their own."""
        return self._may_be and self._begun

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if not self._may_be:
            return
        is_named = ~are_empty(columns[self._mapping["customer_id"]])
        is_dated = ~are_empty(columns[self._mapping["ordered_at"]])
        self._may_be = not (is_named & is_dated).any()
        if self._may_be and not self._begun:
            heads = np.flatnonzero(_are_headings(lambda index: columns[index], self._mapping))
            first = int(heads[0]) if heads.size else len(is_dated)
            self._may_be = not is_dated[:first].any()
            self._begun = heads.size > 0


class Headings:
    """Gives rows the customer of the line above them; they are seen in their order."""

    def __init__(self) -> None:
        self._last = ""

    def fill(self, stretch: Stretch, mapping: Mapping[str, int]) -> tuple[Any, Mask]:
        """Return the customers of all rows, and which rows are lines of customers alone."""
        own = pc.utf8_trim_whitespace(stretch.text(mapping["customer_id"]))
        is_heading = _are_headings(lambda index: stretch.columns[index], mapping)
        sources = np.maximum.accumulate(np.where(is_heading, np.arange(len(own)), -1))
        above = own.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self._last, above)
        self._last = above[-1].as_py() if len(above) else self._last
        return pc.if_else(pc.equal(own, ""), above, own), is_heading


def _are_headings(column: Callable[[int], Any], mapping: Mapping[str, int]) -> Mask:
    """Say which rows name a customer, and neither a day nor what was bought; totals are none."""
    customers = column(mapping["customer_id"])
    is_heading = ~are_empty(customers)
    for name in _OTHERS:
        if name in mapping:
            is_heading &= are_empty(column(mapping[name]))
    for place in np.flatnonzero(is_heading):
        is_heading[place] = not begins_with_total(customers[int(place)].as_py())
    return is_heading
