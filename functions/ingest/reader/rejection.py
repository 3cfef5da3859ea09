"""Rows set aside: where they stand in the file, what is wrong where, and their own text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from mmap import ACCESS_READ, mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from functions.ingest.reader.records.spill import Stretch
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
_LEFT_OUT = frozenset(fault.value for fault in LEFT_OUT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What exactly is wrong: the cell at fault with its quotes, or the row as a whole."""

    line: int  # physical line on which it begins, from 1
    column_index: int | None  # from 1; None: the row as a whole
    byte_offset: int  # in the file as it was uploaded
    byte_length: int
    excerpt: str  # only its form, where it may be about a person


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRow:
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
        stretch=stretch,
        verdict=verdict,
        conventions=conventions,
        style=style,
        is_mended=is_of_mended_rows(conventions.header),
        names=[excerpt(name) or str(i) for i, name in enumerate(conventions.header, start=1)],
        places=_Places(text=text, typed=frozenset(i for i in columns if i is not None)),
    )
    return tuple(map(teller.tell, chosen.tolist(), raws))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Places:
    """Finds places; what it holds is little, for a row that is kept may be asked late."""

    text: Text
    typed: frozenset[int]  # columns of dates and numbers, which say nothing about a person

    def find(self, line: int, offset: int, raw: bytes, record: Record, index: int) -> Place:
        """Return the place of a row's fault, which begins at this line; the row, at this offset."""
        begin, end = record.spans[index] if index >= 0 else (0, len(raw))
        seen = decode(raw[begin:end], self.text.encoding)
        return Place(
            line=line,
            column_index=index + 1 if index >= 0 else None,
            byte_offset=offset + self.text.original_length(raw[:begin]),
            byte_length=self.text.original_length(raw[begin:end]),
            excerpt=excerpt(seen) if index in self.typed else masked_excerpt(seen),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Teller:
    """Tells what is wrong with the rows of a stretch."""

    text: Text
    stretch: Stretch
    verdict: Verdict
    conventions: Conventions
    style: Style
    is_mended: bool
    names: Sequence[str]  # of the columns, as they are shown
    places: _Places

    def tell(self, row: int, raw: bytes) -> RejectedRow:
        """Return a rejected row whose bytes are `raw`."""
        record = read_record(raw, 0, style=self.style, final=True)
        assert isinstance(record, Record)  # it was one before
        index, fault = int(self.verdict.column[row]), self.verdict.fault_of(row)
        is_cell, line = index >= 0, self._line(row, raw, record, index)
        params: dict[str, object] = {"line": line}
        if is_cell:
            params["column"] = self.names[index]
        params |= _particulars(fault, self.stretch, self.conventions, row, index)
        offset = self.text.origin(int(self.stretch.offsets[row]))
        return RejectedRow(
            code=fault.value,
            row=self.stretch.first_row + row,
            line=int(self.stretch.lines[row]),
            column=self.conventions.header[index] if is_cell else None,
            byte_offset=offset,
            byte_length=self.text.original_length(raw),
            raw=decode(raw, self.text.encoding),
            cells=self._cells(raw, record),
            params=params,
            find_place=partial(self.places.find, line, offset, raw, record, index),
        )

    def _cells(self, raw: bytes, record: Record) -> tuple[str, ...]:
        whole = whole_cells(raw, record, self.style)
        cells = tuple(decode_all(whole, self.text.encoding))
        return tuple(map(read_back, cells)) if self.is_mended else cells

    def _line(self, row: int, raw: bytes, record: Record, index: int) -> int:
        """Return the line on which what is wrong begins: a cell, or the row as a whole."""
        line = int(self.stretch.lines[row])
        if index < 0 or not spans_lines(raw):
            return line
        return line + count_line_ends(raw[: record.spans[index][0]])


def _particulars(
    fault: Fault, stretch: Stretch, conventions: Conventions, row: int, index: int
) -> dict[str, object]:
    """Return what the fault's sentence says beyond line and column."""
    match fault:
        case Fault.MISSING_CELL | Fault.EXTRA_CELL | Fault.TRUNCATED_TAIL:
            return {"expected": len(conventions.header), "found": int(stretch.detail[row])}
        case Fault.FUTURE_DATE:
            found = stretch.columns[index][row].as_py()
            return {
                "found": excerpt(found.strip()),
                "latest": conventions.latest.date().isoformat(),
            }
        case _ if index >= 0 and fault in _SHOWN:
            return {"found": excerpt(_found(stretch.columns[index], row))}
        case _:
            return {}


def _found(column: Any, row: int) -> str:
    """Return the text of a cell, or of the one above that holds for an empty one below it."""
    texts = (column[place].as_py().strip() for place in range(row, -1, -1))
    return next(filter(None, texts), "")
