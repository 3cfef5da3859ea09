"""From bytes to records with positions: the file is cut into blocks of whole records.

Two paths find them and must agree: the vectorised one takes what is well formed; wherever a quote is
not where a well-formed one would be, the careful path reads that record and says what is wrong.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.careful import Record, Style, Unfinished, read_record
from functions.ingest.reader.dialect import Dialect
from functions.ingest.reader.refusal import Refusal, UnreadableFileError

BLOCK_BYTES = 1 << 22
MAX_BLOCK_RECORDS = 1 << 17
_SOME_BYTES = 1 << 18
MAX_RECORD_BYTES = 1 << 20

Positions = NDArray[np.int64]
_NO_POSITIONS: Positions = np.empty(0, np.int64)

_LF, _CR = 10, 13
# Quotes looked at together at first, then twice as many each time: a block full of stray quotes is
# not gone through again for each of them, and one without any in few steps.
_QUOTES_AT_ONCE = 1024
_MOST_CAREFUL_RECORDS = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Where the records of some bytes end, and what is left over."""

    ends: Positions
    spoiled: dict[int, int] = field(default_factory=dict)  # record -> cell with text after a quote
    unfinished: Unfinished | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Some whole records of the file."""

    data: bytes
    offset: int  # of the first byte in the file
    edges: Positions  # record i is data[edges[i]:edges[i + 1]]
    lines: Positions  # physical line of each record, from 1
    spoiled: dict[int, int]

    @property
    def rows(self) -> int:
        """Count the records."""
        return len(self.edges) - 1


def read_blocks(file: BinaryIO, dialect: Dialect) -> Iterator[Block]:
    """Yield the data rows of the file.

    Raises:
        UnreadableFileError: A quote is never closed, or a record is too long.
    """
    offset, line, size = dialect.body_offset, dialect.body_line, BLOCK_BYTES
    final = False
    while not final:
        # What was left over is read again, which is less than to put it in front of the next piece.
        file.seek(offset)
        data = file.read(size)
        final = len(data) < size
        block, line = _next_block(data, dialect.style, offset=offset, line=line, final=final)
        offset += len(block.data)
        size = BLOCK_BYTES if block.rows else 2 * size  # one record may be longer than a block
        yield from _parts(block)


def _parts(block: Block) -> Iterator[Block]:
    """Yield a block in parts of so many records: with short ones it may have a million."""
    for first in range(0, block.rows, MAX_BLOCK_RECORDS):
        edges = block.edges[first : first + MAX_BLOCK_RECORDS + 1]
        last = first + len(edges) - 1
        yield Block(
            data=block.data[edges[0] : edges[-1]],
            offset=block.offset + int(edges[0]),
            edges=edges - edges[0],
            lines=block.lines[first:last],
            spoiled={i - first: cell for i, cell in block.spoiled.items() if first <= i < last},
        )


def _next_block(
    data: bytes, style: Style, *, offset: int, line: int, final: bool
) -> tuple[Block, int]:
    """Return the whole records of `data`, and the line after them."""
    octets = np.frombuffer(data, np.uint8)
    breaks = _line_breaks(octets, data, final=final)
    records = find_records(data, breaks, style=style, final=final)
    edges = np.concatenate(([0], records.ends)).astype(np.int64)
    _check_sizes(data, edges, breaks, records.unfinished, place=(offset, line))
    below = _count_below(breaks, edges)
    block = Block(
        data=data[: edges[-1]],
        offset=offset,
        edges=edges,
        lines=line + below[:-1],
        spoiled=records.spoiled,
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


def _line_breaks(octets: NDArray[np.uint8], data: bytes, *, final: bool) -> Positions:
    """Return the position after each LF, CRLF and CR; a CR that may be half of a CRLF is none."""
    ends = _places(octets, _LF)
    if b"\r" not in data:
        return ends + 1
    before = octets[ends[ends > 0] - 1]
    if count_octets(octets, np.equal, _CR) == np.count_nonzero(before == _CR):
        return ends + 1  # each is part of a CRLF, as in nearly all files that have any
    is_end, returns = octets == _LF, octets == _CR
    returns[:-1] &= ~is_end[1:]
    returns[-1:] &= final
    return np.flatnonzero(is_end | returns) + 1


def _places(octets: NDArray[np.uint8], wanted: int) -> Positions:
    """Return where a byte stands."""
    found = [first + np.flatnonzero(some == wanted) for first, some in _some(octets)]
    return np.concatenate([_NO_POSITIONS, *found])


def count_octets(octets: NDArray[np.uint8], compare: np.ufunc, value: int) -> int:
    """Count the bytes for which a comparison with a value holds."""
    return sum(int(np.count_nonzero(compare(some, value))) for _, some in _some(octets))


def _some(octets: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield bytes some at a time: what is said of a whole block needs new memory, which is slow."""
    for first in range(0, len(octets), _SOME_BYTES):
        yield first, octets[first : first + _SOME_BYTES]


def find_records(data: bytes, breaks: Positions, *, style: Style, final: bool) -> Records:
    """Find the records of `data`; `breaks` are the positions after its line ends."""
    if not style.is_plain:
        return _find_carefully(data, style, final=final)
    octets = np.frombuffer(data, np.uint8)
    quotes = _places(octets, style.quote[0]) if style.quote in data else _NO_POSITIONS
    border = _border(style)
    ends: list[Positions] = []
    spoiled: dict[int, int] = {}
    start = count = 0
    some = 1
    while True:
        ahead = quotes[np.searchsorted(quotes, start) :]
        doubt = _first_doubt(octets, ahead, start, border)
        regular = _regular_ends(breaks, ahead, start, doubt)
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


def _first_doubt(
    octets: NDArray[np.uint8], quotes: Positions, start: int, border: NDArray[np.bool_]
) -> int | None:
    """Return the index of the first quote that is not where a well-formed one would be.

    Quotes open and close in turn. A doubled quote closes and opens again, which comes to the same.
    """
    first, size = 0, _QUOTES_AT_ONCE
    while first < len(quotes):
        window = quotes[first : first + size]
        is_fine = np.empty(len(window), np.bool_)
        opening, closing = window[0::2], window[1::2]
        is_fine[0::2] = border[octets[opening - 1]]
        is_fine[0] |= opening[0] == start
        after = np.minimum(closing + 1, len(octets) - 1)
        is_fine[1::2] = border[octets[after]]
        if not is_fine.all():
            return first + int(np.argmin(is_fine))
        first, size = first + size, 2 * size
    return None


def _regular_ends(breaks: Positions, quotes: Positions, start: int, doubt: int | None) -> Positions:
    """Return the line ends outside of quotes, from `start` up to the quote in doubt."""
    first = np.searchsorted(breaks, start, side="right")
    last = len(breaks)
    if doubt is not None:
        last = int(np.searchsorted(breaks, quotes[doubt], side="right"))
    ends = breaks[first:last]
    if not quotes.size:
        return ends
    is_outside: NDArray[np.bool_] = np.searchsorted(quotes, ends) % 2 == 0
    return ends[is_outside]


def _tail(data: bytes, start: int, style: Style) -> Unfinished | None:
    """Describe what is left for the next block."""
    if len(data) - start <= MAX_RECORD_BYTES:
        return None
    record = read_record(data, start, style=style, final=False)
    return record if isinstance(record, Unfinished) else None
