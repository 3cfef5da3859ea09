"""Lines of a single cell between the rows: days that hold for the rows below, titles of pages.

A day on such a line is that of the rows below it where no row of the file has a day of its own:
then none can lack its day for being damaged.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.looks import is_ending
from functions.ingest.reader.rows import HEADING, SOUND
from functions.ingest.reader.spill import Stretch, is_distinct
from functions.ingest.reader.standing import TOTAL_OF

Mask = NDArray[np.bool_]

_MONEY = ("amount", "unit_price")
_A_FEW = 64


class LinesBetween:
    """Watches the first pass for days on lines of their own; in the second it gives them to rows.

    `titles` are the lines above the table, which may be printed again on each page.
    """

    def __init__(
        self, header: Sequence[str], mapping: Mapping[str, int], titles: Container[str]
    ) -> None:
        self._days = mapping["ordered_at"]
        self._name = header[self._days]
        self._money = next(mapping[name] for name in _MONEY if name in mapping)
        self._titles = titles
        self._have_days = True  # as far as was seen
        self._last = ""

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block: a row with money and a day is none below such a line."""
        if not self._have_days:
            return
        places = np.flatnonzero(_is_filled(columns[self._days]) & _is_filled(columns[self._money]))
        # In nearly all files the first row tells.
        for some in (places[:_A_FEW], places[_A_FEW:]):
            days = columns[self._days].take(pa.array(some)).dictionary_decode()
            is_other = pc.or_(pc.match_substring_regex(days, TOTAL_OF), pc.equal(days, self._name))
            self._have_days &= bool(np.asarray(is_other).all())

    def fill(self, stretch: Stretch) -> Stretch:
        """Return a stretch with the days of its rows, and without lines that are none."""
        sums = stretch.columns[self._money].dictionary
        if not self._have_days and not pc.any(pc.equal(sums, "")).as_py():
            return stretch
        filled = [_is_filled(column) for column in stretch.columns]
        cells = np.sum(filled, axis=0)
        is_alone = (cells == 1) & (stretch.fault == SOUND)
        columns, fault = list(stretch.columns), stretch.fault.copy()
        if self._have_days:
            is_day = is_alone & filled[self._days]
            fault[is_day] = HEADING
            lacks = (cells > 0) & ~filled[self._days]
            columns[self._days] = self._filled(columns[self._days], is_day, lacks)
        for index, of_column in enumerate(filled):
            for place in map(int, np.flatnonzero(is_alone & of_column & (fault == SOUND))):
                if self._is_of_a_page(stretch.columns[index][place].as_py().strip()):
                    fault[place] = HEADING
        return replace(stretch, columns=tuple(columns), fault=fault)

    def _is_of_a_page(self, text: str) -> bool:
        return text in self._titles or is_ending(text)

    def _filled(self, column: Any, is_day: Mask, lacks: Mask) -> Any:
        days = column.dictionary_decode()
        sources = np.maximum.accumulate(np.where(is_day, np.arange(len(days)), -1))
        above = days.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self._last, above)
        self._last = above[-1].as_py() if len(above) else self._last
        return pc.if_else(pa.array(lacks), above, days).dictionary_encode()


def _is_filled(column: Any) -> Mask:
    is_by_distinct = is_distinct(column)
    texts = column.dictionary if is_by_distinct else column
    is_filled: Mask = np.asarray(pc.greater(pc.binary_length(texts), 0))
    return is_filled[np.asarray(column.indices)] if is_by_distinct else is_filled
