"""From bytes to records with positions: the file is cut into blocks of whole records.

Two paths find them and must agree: the vectorised one takes what is well formed; wherever a quote is
not where a well-formed one would be, the careful path reads that record and says what is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from io import SEEK_END
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.records.careful import Record, Style, Unfinished, read_record
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.marks import Marks, Positions, find_marks
from functions.ingest.reader.refusal import Refusal, UnreadableFileError

BLOCK_BYTES = 6 << 20
MAX_BLOCK_RECORDS = 1 << 17
MAX_RECORD_BYTES = 1 << 20
SHORT_LINE_BYTES = 1 << 16

_LF, _CR = 10, 13
_MOST_CAREFUL_RECORDS = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Where the records of some bytes end, and what is left over."""

    ends: Positions
    spoiled: dict[int, int] = field(default_factory=dict)  # record -> cell with text after a quote
    unfinished: Unfinished | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Turn:
    """What bytes come to if every other quote opens a cell."""

    ends: Positions  # of lines outside of quotes
    doubts: Positions  # the quotes that are not where a well-formed one would be

    def doubt(self, start: int) -> int | None:
        """Return the first quote in doubt from `start` on."""
        place = self.doubts.searchsorted(start)
        return int(self.doubts[place]) if place < len(self.doubts) else None

    def regular_ends(self, start: int, doubt: int | None) -> Positions:
        """Return the line ends after `start` up to a quote in doubt."""
        last = len(self.ends) if doubt is None else self.ends.searchsorted(doubt, side="right")
        return self.ends[self.ends.searchsorted(start, side="right") : last]


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Some whole records of the file."""

    data: bytes
    offset: int  # of the first byte in the file
    edges: Positions  # record i is data[edges[i]:edges[i + 1]]
    lines: Positions  # physical line of each record, from 1
    spoiled: dict[int, int]
    # Of the block's own bytes, and maybe of some behind them:
    has_controls: bool  # below 32, that no cell may hold
    is_plain: bool  # all bytes are ASCII, and none is DEL

    @property
    def rows(self) -> int:
        """Count the records."""
        return len(self.edges) - 1


def read_blocks(file: BinaryIO, dialect: Dialect) -> Iterator[Block]:
    """Yield the data rows of the file.

    Raises:
        UnreadableFileError: A quote is never closed, or a record is too long.
    """
    offset, line = dialect.body_offset, dialect.body_line
    size = even = _even_bytes(file.seek(0, SEEK_END) - offset)
    final = False
    while not final:
        # What was left over is read again, which is less than to put it in front of the next piece.
        data, final = _read_lines(file, offset, size)
        block, line = _next_block(data, dialect.style, offset=offset, line=line, final=final)
        offset += len(block.data)
        size = even if block.rows else 2 * size  # one record may be longer than a block
        yield from _parts(block)


def _even_bytes(total: int) -> int:
    """Return how many bytes to read at a time so that the last block is no small rest of them.

    A block costs some time whatever its size, and the two who work on blocks end together only if
    they are alike.
    """
    blocks = max(round(total / BLOCK_BYTES), 1 + (total > BLOCK_BYTES))
    unread = min(SHORT_LINE_BYTES, BLOCK_BYTES >> 6)  # at the end of each, up to a line
    return -(-total // blocks) + max(unread, 1)


def _read_lines(file: BinaryIO, offset: int, size: int) -> tuple[bytes, bool]:
    """Return at most so many bytes, and whether they are the last.

    They end with a line if it is a short one: with the last record, most often, so that none are
    left over, and the block's bytes need not be copied.
    """
    before = max(size - SHORT_LINE_BYTES, 0)
    file.seek(offset + before)
    end = file.read(size - before)
    final = before + len(end) < size
    last = before + end.rfind(b"\n")
    file.seek(offset)
    return file.read(size if final or last < before else last + 1), final


def _parts(block: Block) -> Iterator[Block]:
    """Yield a block in like parts of at most so many records: with short ones it may have a million."""
    parts = -(-block.rows // MAX_BLOCK_RECORDS) or 1
    some = -(-block.rows // parts) or 1
    for first in range(0, block.rows, some):
        edges = block.edges[first : first + some + 1]
        last = first + len(edges) - 1
        yield Block(
            data=block.data[edges[0] : edges[-1]],
            offset=block.offset + int(edges[0]),
            edges=edges - edges[0],
            lines=block.lines[first:last],
            spoiled={i - first: cell for i, cell in block.spoiled.items() if first <= i < last},
            has_controls=block.has_controls,
            is_plain=block.is_plain,
        )


def _next_block(
    data: bytes, style: Style, *, offset: int, line: int, final: bool
) -> tuple[Block, int]:
    """Return the whole records of `data`, and the line after them."""
    marks = find_marks(data, quote=style.quote, final=final)
    records = find_records(data, marks, style=style, final=final)
    edges = np.concatenate(([0], records.ends)).astype(np.int64)
    _check_sizes(data, edges, marks.breaks, records.unfinished, place=(offset, line))
    below = _count_below(marks.breaks, edges)
    block = Block(
        data=data[: edges[-1]],
        offset=offset,
        edges=edges,
        lines=line + below[:-1],
        spoiled=records.spoiled,
        has_controls=marks.has_controls,
        is_plain=marks.is_plain,
    )
    return block, line + int(below[-1])


def _count_below(breaks: Positions, edges: Positions) -> Positions:
    """Count the line breaks up to each edge, both ascending; most often they are the same."""
    if np.array_equal(breaks, edges[1:]):
        return np.arange(len(edges))
    return np.searchsorted(breaks, edges, side="right")


def _check_sizes(
    data: bytes,
    edges: Positions,
    breaks: Positions,
    unfinished: Unfinished | None,
    *,
    place: tuple[int, int],
) -> None:
    """Refuse a file whose shape is lost.

    Raises:
        UnreadableFileError: A quote is never closed, or a record is too long.
    """
    offset, line = place

    def refuse(code: Refusal, position: int) -> UnreadableFileError:
        above = int(np.searchsorted(breaks, position, side="right"))
        return UnreadableFileError(code, {"line": line + above, "byte": offset + position})

    long = np.flatnonzero(np.diff(edges) > MAX_RECORD_BYTES)
    if long.size:
        raise refuse(Refusal.LINE_TOO_LONG, int(edges[long[0]]))
    if unfinished is None:
        return
    is_lost = unfinished.is_lost or len(data) - unfinished.start > MAX_RECORD_BYTES
    if is_lost and unfinished.opening is not None:
        raise refuse(Refusal.UNTERMINATED_QUOTE, unfinished.opening)
    if is_lost:
        raise refuse(Refusal.LINE_TOO_LONG, unfinished.start)


def find_records(data: bytes, marks: Marks, *, style: Style, final: bool) -> Records:
    """Find the records of `data`, whose line ends and quotes are `marks`."""
    if not style.is_plain:
        return _find_carefully(data, style, final=final)
    turn_from = cache(partial(_turn, np.frombuffer(data, np.uint8), marks, _border(style)))
    ends: list[Positions] = []
    spoiled: dict[int, int] = {}
    start = count = 0
    some = 1
    while True:
        turn = turn_from(int(marks.quotes.searchsorted(start)) % 2)
        doubt = turn.doubt(start)
        regular = turn.regular_ends(start, doubt)
        ends.append(regular)
        count += len(regular)
        start = int(regular[-1]) if regular.size else start
        if start == len(data) or (doubt is None and not final):
            tail = _tail(data, start, style)
            return Records(ends=np.concatenate(ends), spoiled=spoiled, unfinished=tail)
        # The record of the doubt; without one, the last record, which has no line end. Where
        # doubts are close together the careful path is kept for longer and longer.
        some = min(2 * some, _MOST_CAREFUL_RECORDS) if regular.size < some else 1
        records, unfinished = _read_some(data, start, some, style=style, final=final)
        spoiled |= {count + i: r.spoiled for i, r in enumerate(records) if r.spoiled is not None}
        ends.append(np.array([record.end for record in records], np.int64))
        count += len(records)
        start = records[-1].end if records else start
        if unfinished is not None or start == len(data):
            return Records(ends=np.concatenate(ends), spoiled=spoiled, unfinished=unfinished)


def _find_carefully(data: bytes, style: Style, *, final: bool) -> Records:
    records, unfinished = _read_some(data, 0, len(data), style=style, final=final)
    if unfinished is not None and not unfinished.is_lost:
        unfinished = _tail(data, unfinished.start, style)
    return Records(
        ends=np.array([record.end for record in records], np.int64),
        spoiled={i: r.spoiled for i, r in enumerate(records) if r.spoiled is not None},
        unfinished=unfinished,
    )


def _read_some(
    data: bytes, start: int, most: int, *, style: Style, final: bool
) -> tuple[list[Record], Unfinished | None]:
    """Read at most so many records carefully, and what is unfinished after them."""
    records: list[Record] = []
    while start < len(data) and len(records) < most:
        record = read_record(data, start, style=style, final=final)
        if isinstance(record, Unfinished):
            # At the end of the file nothing will mend it.
            is_lost = record.is_lost or final
            return records, Unfinished(start=start, opening=record.opening, is_lost=is_lost)
        records.append(record)
        start = record.end
    return records, None


def _border(style: Style) -> NDArray[np.bool_]:
    """Mark the bytes that may stand before an opening and after a closing quote."""
    border = np.zeros(256, np.bool_)
    border[[_CR, _LF, style.quote[0], style.delimiter[0]]] = True
    return border


def _turn(octets: NDArray[np.uint8], marks: Marks, border: NDArray[np.bool_], first: int) -> _Turn:
    """Let quotes open and close in turn, from the first one on or, with `first` 1, from the second.

    A doubled quote closes and opens again, which comes to the same.
    """
    beside = np.minimum(marks.quotes + 1, len(octets) - 1)
    beside[first::2] = np.maximum(marks.quotes[first::2] - 1, 0)  # at 0 it is a quote, too
    is_outside = marks.quotes_above % 2 == first
    return _Turn(
        ends=marks.breaks if is_outside.all() else marks.breaks[is_outside],
        doubts=marks.quotes[~border[octets[beside]]],
    )


def _tail(data: bytes, start: int, style: Style) -> Unfinished | None:
    """Describe what is left for the next block."""
    if len(data) - start <= MAX_RECORD_BYTES:
        return None
    record = read_record(data, start, style=style, final=False)
    return record if isinstance(record, Unfinished) else None
