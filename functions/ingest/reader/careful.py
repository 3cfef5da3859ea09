"""The careful path: one record at a time, by the letter of RFC 4180, and it says what is wrong.

It defines what a record is; the vectorised path of `rows` must find the same ones. A cell is quoted
if it *begins* with a quote; any other quote is literal text. Line ends are LF, CRLF and CR.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

QUOTE = b'"'
# The look-ahead keeps half of a doubled quote from ending a cell that is never closed.
_QUOTED = re.compile(rb'"[^"]*(?:""[^"]*)*"(?!")')


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One record: `data[start:end]` with its line end."""

    start: int
    end: int
    cells: tuple[bytes, ...]
    spoiled: int | None = None  # index of the first cell with text after its closing quote


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """The bytes end before the record does, or a quote swallowed the lines below it."""

    start: int
    opening: int | None = None  # position of the quote that is never closed
    is_lost: bool = False  # more bytes would not mend it


@cache
def _plain(delimiter: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"[^\r\n" + re.escape(delimiter) + rb"]*")


def read_record(data: bytes, start: int, *, delimiter: bytes, final: bool) -> Record | Unfinished:
    """Read the record that begins at `start`; `final` says that no bytes follow `data`."""
    plain = _plain(delimiter)
    cells: list[bytes] = []
    spoiled: int | None = None
    position = start
    while True:
        cell, end, state = _read_cell(data, position, plain)
        if state in {_OPEN, _SWALLOWED}:
            return Unfinished(start=start, opening=position, is_lost=state == _SWALLOWED)
        if state == _SPOILED and spoiled is None:
            spoiled = len(cells)
        cells.append(cell)
        if not data.startswith(delimiter, end):
            break
        position = end + 1
    after = _after_line_end(data, end)
    if not final and (after == end or (after == len(data) and data.endswith(b"\r"))):
        return Unfinished(start=start)
    return Record(start=start, end=after, cells=tuple(cells), spoiled=spoiled)


_WHOLE, _SPOILED, _OPEN, _SWALLOWED = range(4)


def _read_cell(data: bytes, start: int, plain: re.Pattern[bytes]) -> tuple[bytes, int, int]:
    """Return a cell's content, where it ends, and its state."""
    quoted = _QUOTED.match(data, start)
    if quoted is None:
        state = _OPEN if data.startswith(QUOTE, start) else _WHOLE
        end = _end_of(plain, data, start)
        return data[start:end], end, state
    content = quoted.group()[1:-1]
    end = _end_of(plain, data, quoted.end())
    if end == quoted.end():
        return content.replace(b'""', b'"'), end, _WHOLE
    return content, end, _SWALLOWED if _spans_lines(content) else _SPOILED


def _end_of(plain: re.Pattern[bytes], data: bytes, start: int) -> int:
    match = plain.match(data, start)
    assert match is not None  # it matches the empty text
    return match.end()


def _spans_lines(cell: bytes) -> bool:
    return b"\n" in cell or b"\r" in cell


def _after_line_end(data: bytes, position: int) -> int:
    if data.startswith(b"\r\n", position):
        return position + 2
    return min(position + 1, len(data))


def read_records(data: bytes, *, delimiter: bytes, final: bool) -> Iterator[Record | Unfinished]:
    """Yield all records of `data`; the last may be unfinished."""
    position = 0
    while position < len(data):
        record = read_record(data, position, delimiter=delimiter, final=final)
        yield record
        if isinstance(record, Unfinished):
            return
        position = record.end
