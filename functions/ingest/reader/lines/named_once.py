"""Customers that stand only in the first of their rows, as merged cells are saved.

The rows below would be sales to nobody. Such a file has a group of rows for each customer, so none
comes again, and begins anew with the dates in each: they go back where a customer stands, and never
where none does. Where customers are left empty for sales to nobody, they go back anywhere or nowhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.mending import is_of_mended_rows
from functions.ingest.reader.records.spill import are_empty

Mask = NDArray[np.bool_]
_NAMES = 1000  # that are looked at most: few files have as many before one comes again
_SOME_NAMES = 64  # at once
_LEAST_GROUPS = 5
_CHANCE = 0.001  # that dates go back so often at rows with a customer alone, if it means nothing


class NamedOnce:
    """Watches the first pass for customers that do not come again, with rows of nobody below."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int]) -> None:
        self._customer = mapping["customer_id"]
        self._order = mapping.get("order_id")
        self._comes_again = is_of_mended_rows(header)
        self._names: set[str] = set()
        self._groups = 0  # in which rows of nobody are below one with a customer
        self._was_named, self._last = False, ""  # the last row, and its order

    @property
    def may_be(self) -> bool:
        """Say whether customers may stand in the first of their rows alone."""
        return not self._comes_again and self._groups >= _LEAST_GROUPS

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block."""
        if self._comes_again or not len(columns[0]):
            return
        if self._has_again(columns[self._customer]):
            self._comes_again = True
            return
        is_nobody = are_empty(columns[self._customer])
        if is_nobody.any():
            is_below = np.append(not self._was_named, is_nobody[:-1]) < is_nobody
            self._groups += int((is_below & ~self._goes_on(columns)).sum())
        self._was_named = not is_nobody[-1]
        self._last = columns[self._order][-1].as_py() if self._order is not None else ""

    def _has_again(self, customers: Any) -> bool:
        """Say whether one comes again, as in most files soon."""
        room = min(len(customers), _NAMES - len(self._names))
        for first in range(0, room, _SOME_NAMES):
            some = customers[first : min(first + _SOME_NAMES, room)].to_pylist()
            names = [name for name in some if name]
            known = len(self._names)
            self._names.update(names)
            if len(self._names) < known + len(names):
                return True
        return False

    def _goes_on(self, columns: Sequence[Any]) -> Mask:
        """Say which rows are of the order of the row above."""
        goes_on = np.zeros(len(columns[0]), np.bool_)
        if self._order is not None:
            ids = columns[self._order]
            goes_on[1:] = np.asarray(pc.equal(ids[1:], ids[:-1]), np.bool_)
            goes_on[0] = ids[0].as_py() == self._last
            goes_on &= ~are_empty(ids)
        return goes_on


def are_named_once(accepted: Iterable[Any]) -> bool:
    """Say whether the dates of a file's accepted rows show it."""
    named = rows = 0
    ways = np.zeros((2, 2), np.int64)  # back and on in time: at rows without a customer, and with
    last = np.zeros(0, np.int64)
    for table in accepted:
        is_named = np.asarray(table["customer_id"].combine_chunks().is_valid())
        days = np.asarray(table["ordered_at"].combine_chunks().cast("int64"))
        steps = np.diff(np.append(last, days))
        at = is_named[len(is_named) - len(steps) :].astype(np.int64)
        ways += [np.bincount(at[steps < 0], minlength=2), np.bincount(at[steps > 0], minlength=2)]
        last = days[-1:] if len(days) else last
        named, rows = named + int(is_named.sum()), rows + len(is_named)
    return rows > 0 and any(
        not nobody and (named / rows) ** somebody < _CHANCE for nobody, somebody in ways.tolist()
    )
