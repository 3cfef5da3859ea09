"""Rows set aside: where they stand in the file, what is wrong where, and their own text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from common.mending import is_of_mended_rows, read_back
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records.careful import Record, Style, read_record, whole_cells
from functions.ingest.reader.records.dialect import count_line_ends
from functions.ingest.reader.records.spill import Stretch
from functions.ingest.reader.refusal import Fault, Severity, excerpt, masked_excerpt, severity
from functions.ingest.reader.settled import NUMBERS, Conventions
from functions.ingest.reader.text.encoding import decode, decode_all
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.values import dates, numbers

# Of these the text of the cell is shown; other cells may hold anything, a person's name too.
_SHOWN = frozenset({
    *(*dates.FAULTS, Fault.BAD_TIME, *numbers.FAULTS),
    *(Fault.UNCLEAR_REFUND, Fault.REFUND_TOO_LARGE),
})


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
    place: Place
    params: Mapping[str, object] = field(default_factory=dict)
    cells: tuple[str, ...] = ()  # of `raw`, without the quotes around them

    @property
    def is_left_out(self) -> bool:
        """Whether the export itself says that it is no purchase: nothing is wrong with it."""
        return severity(self.code) is Severity.NOTE

    def error_record(self) -> dict[str, Any]:
        """Return what is told of it; the texts of `expected` and `hint` are named by the code."""
        return {
            "code": self.code,
            "severity": severity(self.code).value,
            "line": self.place.line,
            "row": self.row,
            "column_index": self.place.column_index,
            "column": self.column,
            "byte_offset": self.place.byte_offset,
            "byte_length": self.place.byte_length,
            "excerpt": self.place.excerpt,
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
    with text.path.open("rb", buffering=0) as file:  # a row at a time, with nothing around it
        raws = [_raw(file, stretch, int(row)) for row in chosen]
    is_mended = is_of_mended_rows(conventions.header)
    columns = (
        conventions.mapping.get(name) for name in ("ordered_at", "time", "refunded", *NUMBERS)
    )
    typed = frozenset(index for index in columns if index is not None)
    teller = _Teller(text, stretch, verdict, conventions, style, is_mended, typed)
    return tuple(teller.tell(int(row), raw) for row, raw in zip(chosen, raws, strict=True))


def _raw(file: BinaryIO, stretch: Stretch, row: int) -> bytes:
    file.seek(int(stretch.offsets[row]))
    return file.read(int(stretch.lengths[row])).rstrip(b"\r\n")


@dataclass(frozen=True, slots=True)
class _Teller:
    """Tells what is wrong with the rows of a stretch."""

    text: Text
    stretch: Stretch
    verdict: Verdict
    conventions: Conventions
    style: Style
    is_mended: bool
    typed: frozenset[int]  # columns of dates and numbers, which say nothing about a person

    def tell(self, row: int, raw: bytes) -> RejectedRow:
        """Return a rejected row whose bytes are `raw`."""
        record = read_record(raw, 0, style=self.style, final=True)
        assert isinstance(record, Record)  # it was one before
        place = self._place(row, raw, record)
        index = int(self.verdict.column[row])
        column = self.conventions.header[index] if index >= 0 else None
        fault = self.verdict.fault_of(row)
        params: dict[str, object] = {"line": place.line}
        if column is not None:
            params["column"] = excerpt(column) or str(index + 1)
        params |= _particulars(fault, self.stretch, self.conventions, row, index)
        begin, length = self._bytes(row, 0, len(raw))
        return RejectedRow(
            code=fault.value,
            row=self.stretch.first_row + row,
            line=int(self.stretch.lines[row]),
            column=column,
            byte_offset=begin,
            byte_length=length,
            raw=decode(raw, self.text.encoding),
            cells=self._cells(raw, record),
            place=place,
            params=params,
        )

    def _cells(self, raw: bytes, record: Record) -> tuple[str, ...]:
        whole = whole_cells(raw, record, self.style)
        cells = tuple(decode_all(whole, self.text.encoding))
        return tuple(map(read_back, cells)) if self.is_mended else cells

    def _place(self, row: int, raw: bytes, record: Record) -> Place:
        index = int(self.verdict.column[row])
        begin, end = record.spans[index] if index >= 0 else (0, len(raw))
        offset, length = self._bytes(row, begin, end)
        seen = decode(raw[begin:end], self.text.encoding)
        return Place(
            line=int(self.stretch.lines[row]) + count_line_ends(raw[:begin]),
            column_index=index + 1 if index >= 0 else None,
            byte_offset=offset,
            byte_length=length,
            excerpt=excerpt(seen) if index in self.typed else masked_excerpt(seen),
        )

    def _bytes(self, row: int, begin: int, end: int) -> tuple[int, int]:
        """Return offset and length in the file as uploaded of some of a row's bytes."""
        start = int(self.stretch.offsets[row])
        first = self.text.origin(start + begin)
        return first, self.text.origin(start + end) - first


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
