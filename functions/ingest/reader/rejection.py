"""Rows set aside: where they stand in the file, what is wrong where, and their own text."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from mmap import ACCESS_READ, mmap
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from common import mending
from common.mending import is_of_mended_rows, read_back
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records.careful import (
    Record,
    Style,
    read_record,
    spans_lines,
    whole_cells,
)
from functions.ingest.reader.records.dialect import count_line_ends
from functions.ingest.reader.records.spill import Stretch, is_distinct
from functions.ingest.reader.refusal import LEFT_OUT, Fault, excerpt, masked_excerpt, severity
from functions.ingest.reader.settled import NUMBERS, Conventions
from functions.ingest.reader.text.encoding import decode, decode_all
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.values import dates, numbers

# Of these the text of the cell is shown; other cells may hold anything, a person's name too.
_SHOWN = frozenset({
    *(*dates.FAULTS, Fault.BAD_TIME, *numbers.FAULTS),
    *(Fault.UNCLEAR_REFUND, Fault.REFUND_TOO_LARGE),
})
_OF_WIDTH = frozenset({Fault.MISSING_CELL, Fault.EXTRA_CELL, Fault.TRUNCATED_TAIL})
_LEFT_OUT = frozenset(fault.value for fault in LEFT_OUT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What exactly is wrong: the cell at fault with its quotes, or the row as a whole."""

    line: int  # physical line on which it begins, from 1
    column_index: int | None  # from 1; None: the row as a whole
    byte_offset: int  # in the file as it was uploaded
    byte_length: int
    excerpt: str  # only its form, where it may be about a person


class RejectedRow(NamedTuple):  # there may be very many, and these are made fast
    """A row that was not accepted: something is wrong with it, or the export leaves it out."""

    code: str
    row: int  # data row, from 1
    line: int  # physical line on which the row begins, from 1
    column: str | None  # header name; None: the row as a whole
    byte_offset: int
    byte_length: int  # without the line end
    raw: str
    params: Mapping[str, object]
    cells: tuple[str, ...]  # of `raw`, without the quotes around them
    was_to_mend: tuple[str, str] | None  # upload and line, as a row in a file of mended rows says
    find_place: Callable[[], Place]  # few are ever asked for theirs

    @property
    def place(self) -> Place:
        """What exactly is wrong, and where."""
        return self.find_place()

    @property
    def is_left_out(self) -> bool:
        """Whether the export itself says that it is no purchase: nothing is wrong with it."""
        return self.code in _LEFT_OUT

    def error_record(self) -> dict[str, Any]:
        """Return what is told of it; the texts of `expected` and `hint` are named by the code."""
        place = self.place
        return {
            "code": self.code,
            "severity": severity(self.code).value,
            "line": place.line,
            "row": self.row,
            "column_index": place.column_index,
            "column": self.column,
            "byte_offset": place.byte_offset,
            "byte_length": place.byte_length,
            "excerpt": place.excerpt,
            "expected": f"{self.code}_expected",
            "hint": f"{self.code}_hint",
            "params": dict(self.params),
        }


def rejected_rows(
    text: Text,
    stretch: Stretch,
    verdict: Verdict,
    conventions: Conventions,
    *,
    style: Style,
    chosen: NDArray[np.int64],
) -> tuple[RejectedRow, ...]:
    """Return the chosen rejected rows of a stretch, their text read from the file again."""
    if not chosen.size:
        return ()
    starts = stretch.offsets[chosen]
    spans = zip(starts.tolist(), (starts + stretch.lengths[chosen]).tolist(), strict=True)
    with text.path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        raws = [content[start:end].rstrip(b"\r\n") for start, end in spans]
    columns = (
        conventions.mapping.get(name) for name in ("ordered_at", "time", "refunded", *NUMBERS)
    )
    teller = _Teller(
        text=text,
        shown=_texts_at_fault(stretch, verdict, chosen),
        stretch=stretch,
        conventions=conventions,
        style=style,
        is_mended=is_of_mended_rows(conventions.header),
        names=[excerpt(name) or str(i) for i, name in enumerate(conventions.header, start=1)],
        places=_Places(
            text=text, style=style, typed=frozenset(i for i in columns if i is not None)
        ),
    )
    return tuple(
        map(
            teller.tell,
            chosen.tolist(),
            verdict.faults_of(chosen),
            verdict.column[chosen].tolist(),
            stretch.lines[chosen].tolist(),
            starts.tolist(),
            raws,
        )
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Places:
    """Finds places; what it holds is little, for a row that is kept may be asked late."""

    text: Text
    style: Style
    typed: frozenset[int]  # columns of dates and numbers, which say nothing about a person

    def find(self, line: int, offset: int, raw: bytes, index: int) -> Place:
        """Return the place of a row's fault, which begins at this line; the row, at this offset."""
        begin, end = _record(raw, self.style).spans[index] if index >= 0 else (0, len(raw))
        seen = decode(raw[begin:end], self.text.encoding)
        return Place(
            line=line,
            column_index=index + 1 if index >= 0 else None,
            byte_offset=offset + self.text.original_length(raw[:begin]),
            byte_length=self.text.original_length(raw[begin:end]),
            excerpt=excerpt(seen) if index in self.typed else masked_excerpt(seen),
        )


def _record(raw: bytes, style: Style) -> Record:
    record = read_record(raw, 0, style=style, final=True)
    assert isinstance(record, Record)  # it was one before
    return record


def plain_cells(text: str, style: Style) -> tuple[str, ...] | None:
    """Return the cells of a row's text, if the standard library finds no fault in it.

    Then they are those of the careful path, which takes five times as long.
    """
    if not style.is_plain:
        return None
    delimiter, quote = style.delimiter.decode(), style.quote.decode()
    if quote not in text:
        return tuple(text.split(delimiter))
    try:
        return tuple(next(csv.reader((text,), delimiter=delimiter, quotechar=quote, strict=True)))
    except csv.Error:
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Teller:
    """Tells what is wrong with the rows of a stretch."""

    text: Text
    shown: Mapping[int, str]  # by row, the text of its cell at fault
    stretch: Stretch
    conventions: Conventions
    style: Style
    is_mended: bool
    names: Sequence[str]  # of the columns, as they are shown
    places: _Places

    def tell(
        self, row: int, fault: Fault, index: int, line: int, start: int, raw: bytes
    ) -> RejectedRow:
        """Return a row that begins on a line and at a byte; of column `index`, or -1, is the fault."""
        is_cell, line_at_fault = index >= 0, line
        if is_cell and spans_lines(raw):
            begin, _ = _record(raw, self.style).spans[index]
            line_at_fault += count_line_ends(raw[:begin])
        params: dict[str, object] = {"line": line_at_fault}
        if is_cell:
            params["column"] = self.names[index]
        params |= self._particulars(fault, row, index)
        offset = self.text.origin(start)
        return RejectedRow(
            code=fault.value,
            row=self.stretch.first_row + row,
            line=line,
            column=self.conventions.header[index] if is_cell else None,
            byte_offset=offset,
            byte_length=self.text.original_length(raw),
            raw=(text := decode(raw, self.text.encoding)),
            cells=(cells := self._cells(raw, text)),
            was_to_mend=self._was_to_mend(cells) if self.is_mended else None,
            params=params,
            find_place=partial(self.places.find, line_at_fault, offset, raw, index),
        )

    def _cells(self, raw: bytes, text: str) -> tuple[str, ...]:
        cells = plain_cells(text, self.style)
        if cells is None:
            record = _record(raw, self.style)
            cells = tuple(decode_all(whole_cells(raw, record, self.style), self.text.encoding))
        return tuple(map(read_back, cells)) if self.is_mended else cells

    def _was_to_mend(self, cells: Sequence[str]) -> tuple[str, str] | None:
        header = self.conventions.header
        upload, line = (header.index(name) for name in (mending.UPLOAD, mending.LINE))
        return (cells[upload], cells[line]) if max(upload, line) < len(cells) else None

    def _particulars(self, fault: Fault, row: int, index: int) -> dict[str, object]:
        """Return what the fault's sentence says beyond line and column."""
        if fault in _OF_WIDTH:
            found = int(self.stretch.detail[row])
            return {"expected": len(self.conventions.header), "found": found}
        if fault is Fault.FUTURE_DATE:
            latest = self.conventions.latest.date().isoformat()
            return {"found": excerpt(self.shown[row]), "latest": latest}
        if index >= 0 and fault in _SHOWN:
            text = self.shown[row] or _above(self.stretch.columns[index], row)
            return {"found": excerpt(text)}
        return {}


def _texts_at_fault(
    stretch: Stretch, verdict: Verdict, chosen: NDArray[np.int64]
) -> dict[int, str]:
    """Return by row the trimmed text of the cell that something is wrong with."""
    texts: dict[int, str] = {}
    at_fault = verdict.column[chosen]
    for index in np.unique(at_fault[at_fault >= 0]).tolist():
        rows = chosen[at_fault == index]
        cells = stretch.columns[index].take(pa.array(rows))
        if is_distinct(cells):
            cells = cells.dictionary_decode()
        stripped = map(str.strip, cells.to_numpy(zero_copy_only=False))
        texts.update(zip(rows.tolist(), stripped, strict=True))
    return texts


def _above(column: Any, row: int) -> str:
    """Return the text above an empty cell, which holds for it, too."""
    texts = (column[place].as_py().strip() for place in range(row, -1, -1))
    return next(filter(None, texts), "")
