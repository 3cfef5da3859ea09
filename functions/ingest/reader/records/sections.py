"""Sections of a table: a line with a title, the names of the columns again, and rows below.

What a title says, as `Refunds` does, holds for all rows up to the next title. Names that are
printed again without one, or with what stands above the first, as on each page, change nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.records.blocks import Block
from functions.ingest.reader.records.careful import Record, read_record
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.shape import PREAMBLE
from functions.ingest.reader.text.encoding import decode_all
from functions.ingest.reader.words.meanings import meaning_of_title
from functions.ingest.reader.words.signs import Title

_MOST_LINES = 8  # of a title, and blank ones around it

_Line = tuple[int, tuple[str, ...]]  # row, from 1, and its trimmed cells


class Sections:
    """Watches the first pass for them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._names = tuple(name.strip() for name in dialect.header)
        self._rows = 0
        self._above: list[_Line] = []  # at the end of the last block, the lowest first
        self._on_pages = [each.text for each in dialect.furniture if each.kind == PREAMBLE]
        self.titles = _titles([(0, (text,)) for text in reversed(self._on_pages)], 1)[:1]

    def add(self, block: Block, named: NDArray[np.bool_]) -> None:
        """Look at a block, of which some records may hold the names of the columns."""
        for place in map(int, np.flatnonzero(named)):
            if self._cells(block, place) == self._names:
                above = self._lines_above(block, place)
                self.titles += self._title(above, self._rows + place + 1)
        self._above = self._lines_above(block, block.rows)
        self._rows += block.rows

    def _title(self, lines: Sequence[_Line], first: int) -> list[Title]:
        """Return the lowest title of the rows from the `first` on; one that says nothing ends all."""
        is_other = any(text and text not in self._on_pages for _, cells in lines for text in cells)
        ending = [Title(row=0, first=first, says=-1)] if is_other else []
        return (_titles(lines, first) or ending)[:1]

    def _lines_above(self, block: Block, place: int) -> list[_Line]:
        """Return the lines of one cell or none that stand directly above a record."""
        lines: list[_Line] = []
        for above in range(place - 1, max(place - 1 - _MOST_LINES, -1), -1):
            cells = self._cells(block, above)
            if sum(map(bool, cells)) > 1:
                return lines
            lines.append((self._rows + above + 1, cells))
        return lines if place > _MOST_LINES else [*lines, *self._above]

    def _cells(self, block: Block, place: int) -> tuple[str, ...]:
        start = int(block.edges[place])
        record = read_record(block.data, start, style=self._dialect.style, final=True)
        assert isinstance(record, Record)  # a block holds whole records
        return tuple(map(str.strip, decode_all(record.cells, self._dialect.encoding)))


def _titles(lines: Sequence[_Line], first: int) -> list[Title]:
    """Return those lines as titles of the rows from the `first` on that say something of them."""
    said = [(row, meaning_of_title(text)) for row, cells in lines for text in cells if text]
    return [Title(row=row, first=first, says=says) for row, says in said if says is not None]
