"""Orders that show their day in the first of their lines alone, though all name the customer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from functions.ingest.reader.records.spill import are_empty

_LEAST_LINES = 3  # fewer may be damaged


class DatedOnce:
    """Watches the first pass for further lines of orders, with and without a day."""

    def __init__(self, mapping: Mapping[str, int]) -> None:
        self._order = mapping.get("order_id")
        self._day = mapping["ordered_at"]
        self._without = 0
        self._is_dated_again = False

    @property
    def are_so(self) -> bool:
        """Say whether no further line of any order has a day."""
        return not self._is_dated_again and self._without >= _LEAST_LINES

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block; the first of its rows goes on with nothing."""
        if self._order is None or self._is_dated_again:
            return
        ids = columns[self._order]
        goes_on = np.asarray(pc.equal(ids[1:], ids[:-1]), np.bool_) & ~are_empty(ids)[1:]
        is_undated = are_empty(columns[self._day])[1:]
        self._without += int((goes_on & is_undated).sum())
        self._is_dated_again = bool((goes_on & ~is_undated).any())
