"""Where the table ends: totals, notes and other tables below it are furniture, no rows.

Only lines after the last row with a date are looked at, lines after a blank one, and lines that hold
the name of the date column. What could be a damaged row of the table stays a row, and is rejected
as one.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow.compute as pc

from functions.ingest.reader.lines.orders import further_lines
from functions.ingest.reader.records import rows as r
from functions.ingest.reader.records.blocks import Block
from functions.ingest.reader.records.careful import Record, read_record
from functions.ingest.reader.records.dialect import Dialect, texts_of
from functions.ingest.reader.records.shape import (
    NOTE,
    TABLE,
    TOTAL,
    Furniture,
    Row,
    are_of_purchases,
    describe_section,
)
from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.values.looks import is_ending, is_value
from functions.ingest.reader.words.header_names import recognise

_MOST_LINES = 1000
_LOOKED_BACK_ROWS = 64  # one by one: most often the last one is dated
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How many records belong to the table, and what stands below it."""

    rows: int
    offset: int
    furniture: tuple[Furniture, ...]
    widths: Counter[int]  # of the table's ragged rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    row: int  # from 0
    line: int
    start: int
    end: int


class Below:
    """Watches the first pass for lines that may stand below the table."""

    def __init__(self, dialect: Dialect, mapping: Mapping[str, int]) -> None:
        self._dialect = dialect
        self._mapping = mapping
        self._dates = mapping.get("ordered_at")
        self._rows = 0
        self._offset = dialect.body_offset
        self._after: list[_Place] = []  # all lines after the last row of the table
        self._restarts: list[_Place] = []  # lines after a blank one
        self._was_blank = False
        self._widths: Counter[int] = Counter()
        self._widths_after: Counter[int] = Counter()

    def add(self, block: Block, parsed: r.Parsed) -> Any:
        """Look at a block; return which of its records hold the name of the date column."""
        blank = self._likely_blank(block, parsed)
        before = np.concatenate(([self._was_blank], blank[:-1]))
        named = self._named_again(parsed)
        starts = (before & ~blank) | named
        for i in np.flatnonzero(starts)[: _MOST_LINES - len(self._restarts)]:
            self._restarts.append(self._place(block, int(i)))
        last = self._last_row(parsed, blank)
        if last >= 0 or not self._after:
            last = self._last_further(parsed, last)
        if last >= 0:
            self._after = []
            self._widths += self._widths_after + _ragged_widths(parsed, slice(0, last + 1))
            self._widths_after = Counter()
        self._widths_after += _ragged_widths(parsed, slice(last + 1, None))
        room = _MOST_LINES + 1 - len(self._after)
        places = range(last + 1, block.rows)[:room]
        self._after += [self._place(block, i) for i in places]
        self._was_blank = bool(blank[-1])
        self._rows += block.rows
        self._offset = block.offset + len(block.data)
        return named

    def _likely_blank(self, block: Block, parsed: r.Parsed) -> Any:
        width = len(self._dialect.header)
        longest = (width - 1) * max(len(self._dialect.style.delimiter), 1) + 2
        return (np.diff(block.edges) <= longest) | (parsed.fault == r.BLANK)

    def _named_again(self, parsed: r.Parsed) -> Any:
        """Say which records hold the date column's name: another header, or the same again."""
        if self._dates is None:
            return np.zeros(len(parsed.fault), np.bool_)
        name = self._dialect.header[self._dates]
        return np.asarray(pc.equal(parsed.columns[self._dates], name)) & bool(name)

    def _last_row(self, parsed: r.Parsed, blank: Any) -> int:
        """Return the last record that looks like a row of the table, or -1."""
        good = np.flatnonzero((parsed.fault == r.SOUND) & ~blank)
        if self._dates is None:
            return int(good[-1]) if good.size else -1
        dates = parsed.columns[self._dates]
        for i in map(int, good[-_LOOKED_BACK_ROWS:][::-1]):
            text = dates[i].as_py()
            if _DIGIT.search(text) and not is_ending(text):
                return i
        is_dated = np.asarray(pc.match_substring_regex(dates, r"\p{Nd}"))
        dated = good[is_dated[good]]
        return int(dated[-1]) if dated.size else -1

    def _last_further(self, parsed: r.Parsed, last: int) -> int:
        """Return the last of the lines below a row that are further lines of its order."""
        below = len(parsed.fault) - last - 1
        if not below or self._dates is None:
            return last
        is_further = further_lines(lambda i: parsed.columns[i][last + 1 :], self._mapping)
        return last + int(np.argmin(np.append(is_further, False)))

    def _place(self, block: Block, i: int) -> _Place:
        return _Place(
            row=self._rows + i,
            line=int(block.lines[i]),
            start=block.offset + int(block.edges[i]),
            end=block.offset + int(block.edges[i + 1]),
        )

    def end(self, text: Text) -> Ending:
        """Decide where the table ends."""
        places = self._after if len(self._after) <= _MOST_LINES else []
        after = list(zip(places, self._read(text, places), strict=True))
        cut = self._other_table(text) or self._furniture_from(after)
        if cut is None:
            widths = self._widths + self._widths_after
            return Ending(rows=self._rows, offset=self._offset, furniture=(), widths=widths)
        below = tuple(_named([row for place, row in after if place.row >= cut.row]))
        if not after or cut.row < after[0][0].row:
            [row] = self._read(text, [cut])
            below = (Furniture(kind=TABLE, line=row.line, text=row.text), *below)
        return Ending(rows=cut.row, offset=cut.start, furniture=below, widths=self._widths)

    def _read(self, text: Text, places: Sequence[_Place]) -> list[Row]:
        if not places:
            return []  # as for most files, which need not be opened again
        found: list[Row] = []
        with text.path.open("rb") as file:
            for place in places:
                file.seek(place.start)
                data = file.read(place.end - place.start)
                record = read_record(data, 0, style=self._dialect.style, final=True)
                assert isinstance(record, Record)  # it was one before
                cells = texts_of(record, data, self._dialect.style, text.encoding)
                found.append(Row(cells=cells, start=place.start, end=place.end, line=place.line))
        return found

    def _other_table(self, text: Text) -> _Place | None:
        """Return the first line that names other columns than the table's, though it may not look so.

        Raises:
            UnreadableFileError: These are columns of purchases, which would not be counted.
        """
        if not self._restarts:
            return None
        own = tuple(name.strip() for name in self._dialect.header)
        header = [recognise(name) for name in own]
        for place, row in zip(self._restarts, self._read(text, self._restarts), strict=True):
            names = [recognise(cell) for cell in row.cells]
            is_header = len({*names} - {None}) > 1 and not any(map(is_value, row.cells))
            if is_header and row.cells != own and names != header:
                _refuse_purchases(names, row)
                return place
        return None

    def _furniture_from(self, after: Sequence[tuple[_Place, Row]]) -> _Place | None:
        """Return the first of the last lines from which on all are furniture."""
        cut: _Place | None = None
        for lines, is_apart in _sections_from_the_end(after):
            if is_apart and _is_table([row for _, row in lines]):
                cut = lines[0][0]
                continue
            for place, row in reversed(lines):
                if not _is_note(row, is_apart=is_apart):
                    return cut
                cut = place
        return cut


def _refuse_purchases(names: Sequence[str | None], row: Row) -> None:
    if are_of_purchases(names):
        raise UnreadableFileError(
            Refusal.OTHER_COLUMNS_BELOW, {"line": row.line, "found": excerpt(row.text)}
        )


def _ragged_widths(parsed: r.Parsed, part: slice) -> Counter[int]:
    fault, detail = parsed.fault[part], parsed.detail[part]
    if not fault.any():
        return Counter()
    is_ragged = np.isin(fault, (r.MISSING_CELL, r.EXTRA_CELL, r.TRUNCATED_TAIL))
    return Counter(int(width) for width in detail[is_ragged])


def _sections_from_the_end(
    after: Sequence[tuple[_Place, Row]],
) -> Iterator[tuple[list[tuple[_Place, Row]], bool]]:
    """Yield the lines between blank ones, last first, and whether a blank one stands above."""
    groups = [
        (is_blank, list(lines)) for is_blank, lines in groupby(after, key=lambda p: p[1].is_blank)
    ]
    for i in reversed(range(len(groups))):
        is_blank, lines = groups[i]
        if not is_blank:
            yield lines, i > 0


def _is_table(lines: Sequence[Row]) -> bool:
    wide = [row for row in lines if sum(map(bool, row.cells)) > 1]
    return len(wide) > 1 and not any(map(is_value, wide[0].cells))


def _is_note(row: Row, *, is_apart: bool) -> bool:
    filled = [cell for cell in row.cells if cell]
    if is_ending(filled[0]) and not any(map(str.isalnum, filled[0])):
        return not any(map(is_value, filled[1:]))  # a date that did not fit into its cell: ######
    return is_ending(filled[0]) or (is_apart and len(filled) == 1 and not is_value(filled[0]))


def _named(lines: Sequence[Row]) -> Iterator[Furniture]:
    for is_blank, group in groupby(lines, key=lambda row: row.is_blank):
        section = list(group)
        if is_blank:
            continue
        if _is_table(section):
            yield from describe_section(section)
            continue
        for row in section:
            holds_sum = sum(map(bool, row.cells)) > 1 and any(map(is_value, row.cells))
            yield Furniture(kind=TOTAL if holds_sum else NOTE, line=row.line, text=row.text)
