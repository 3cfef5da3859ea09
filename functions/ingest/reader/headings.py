"""Lines between the rows with a single cell: reports by groups, and titles of further pages.

A customer or a day on such a line holds for the rows below, where the column is filled on such
lines alone: then no row can lack what it is about.
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

_MAY_BE_HEADINGS = ("customer_id", "ordered_at")
_MONEY = ("amount", "unit_price")
_A_FEW = 64


class Headings:
    """Watches the first pass for such columns; in the second it fills them.

    `titles` are the lines above the table, which may be printed again on each page.
    """

    def __init__(
        self, header: Sequence[str], mapping: Mapping[str, int], titles: Container[str]
    ) -> None:
        self._header = header
        self._titles = titles
        self._columns = [mapping[name] for name in _MAY_BE_HEADINGS if name in mapping]
        self._money = next(mapping[name] for name in _MONEY if name in mapping)
        self._last: dict[int, str] = {}

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block: a row with money and one of these is no row below a heading."""
        self._columns = [i for i in self._columns if not self._is_of_rows(i, columns)]

    def _is_of_rows(self, index: int, columns: Sequence[Any]) -> bool:
        places = np.flatnonzero(_is_filled(columns[index]) & _is_filled(columns[self._money]))
        # In nearly all files the first row tells.
        return any(
            self._names_a_row(columns[index].take(pa.array(some)), self._header[index])
            for some in (places[:_A_FEW], places[_A_FEW:])
        )

    @staticmethod
    def _names_a_row(column: Any, name: str) -> bool:
        texts = column.dictionary_decode() if is_distinct(column) else column
        is_other = pc.or_(pc.match_substring_regex(texts, TOTAL_OF), pc.equal(texts, name))
        return not np.asarray(is_other).all()

    def fill(self, stretch: Stretch) -> Stretch:
        """Return a stretch whose rows have what stands in the lines above them."""
        sums = stretch.columns[self._money].dictionary
        if not self._columns and not pc.any(pc.equal(sums, "")).as_py():
            return stretch
        filled = [_is_filled(column) for column in stretch.columns]
        cells = np.sum(filled, axis=0)
        is_alone = (cells == 1) & (stretch.fault == SOUND)
        columns, fault = list(stretch.columns), stretch.fault.copy()
        for index in self._columns:
            is_heading = is_alone & filled[index]
            fault[is_heading] = HEADING
            lacks = (cells > 0) & ~filled[index]
            columns[index] = self._filled(index, columns[index], is_heading, lacks)
        for index, of_column in enumerate(filled):
            for place in map(int, np.flatnonzero(is_alone & of_column & (fault == SOUND))):
                if self._is_of_a_page(stretch.columns[index][place].as_py().strip()):
                    fault[place] = HEADING
        return replace(stretch, columns=tuple(columns), fault=fault)

    def _is_of_a_page(self, text: str) -> bool:
        return text in self._titles or is_ending(text)

    def _filled(self, index: int, column: Any, is_heading: Mask, lacks: Mask) -> Any:
        texts = column.dictionary_decode() if is_distinct(column) else column
        sources = np.maximum.accumulate(np.where(is_heading, np.arange(len(texts)), -1))
        above = texts.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self._last.get(index, ""), above)
        self._last[index] = above[-1].as_py() if len(above) else self._last.get(index, "")
        filled = pc.if_else(pa.array(lacks), above, texts)
        return filled.dictionary_encode() if is_distinct(column) else filled


def _is_filled(column: Any) -> Mask:
    is_by_distinct = is_distinct(column)
    texts = column.dictionary if is_by_distinct else column
    is_filled: Mask = np.asarray(pc.greater(pc.binary_length(texts), 0))
    return is_filled[np.asarray(column.indices)] if is_by_distinct else is_filled
