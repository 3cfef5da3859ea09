"""Marks that say "as above" instead of the customer, as lists that were typed by hand have them.

Read as text, such a mark would be one customer who buys more than all others.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.records.rows import BLANK, SOUND
from functions.ingest.reader.records.spill import Stretch, are_empty

Mask = NDArray[np.bool_]

_MARKS = frozenset([
    *('"', "〃", "同上", "ditto", "Ditto", "DITTO"),
    *("ídem", "Ídem", "ÍDEM", "idem", "Idem", "IDEM", "id.", "Id.", "dito", "Dito"),
])
_LOOKED_AT_ROWS = 1 << 11  # of a block


def are_dittos(customers: Any) -> Mask:
    """Say which customers are no more than such a mark."""
    texts = pc.utf8_trim_whitespace(customers)
    return np.asarray(pc.is_in(texts, value_set=pa.array(_MARKS)), np.bool_)


class Dittos:
    """Watches the first pass for such marks; in the second it gives their rows the customer above."""

    def __init__(self, mapping: Mapping[str, int]) -> None:
        self._customer = mapping["customer_id"]
        self._above = ""  # of the last row of the stretch before
        self.are_there = False

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if not self.are_there:
            first = pc.unique(columns[self._customer][:_LOOKED_AT_ROWS]).to_pylist()
            self.are_there = not _MARKS.isdisjoint(map(str.strip, first))

    def fill(self, stretch: Stretch) -> Stretch:
        """Return a stretch with the customer above instead of a mark.

        Below a damaged row, or one without a customer, a mark stays what it is.
        """
        if not self.are_there or not len(stretch):
            return stretch
        customers = stretch.text(self._customer)
        is_ditto = are_dittos(customers)
        speaks = ~is_ditto & (stretch.fault != BLANK)
        sources = np.maximum.accumulate(np.where(speaks, np.arange(len(speaks)), -1))
        is_sound = (stretch.fault == SOUND) & ~are_empty(customers)
        known = pc.if_else(pa.array(is_sound), customers, "")
        above = known.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self._above, above)
        self._above = above[-1].as_py()
        is_known = is_ditto & np.asarray(pc.not_equal(above, ""), np.bool_)
        columns = list(stretch.columns)
        columns[self._customer] = pc.if_else(pa.array(is_known), above, customers)
        return replace(stretch, columns=tuple(columns))
