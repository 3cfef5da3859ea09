"""From bytes to records with positions, and from records to columns of text.

The file is cut into blocks of whole records. Two paths do both steps and must agree: the vectorised
one (quotes checked with numpy, cells split by Arrow) takes what is well formed; wherever a quote is
not where a well-formed one would be, the careful path reads that record and says what is wrong.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from common import mending
from functions.ingest.reader.careful import (
    FORMULA,
    Record,
    Style,
    Unfinished,
    read_record,
    read_records,
    says_nothing,
)
from functions.ingest.reader.dialect import Dialect
from functions.ingest.reader.encoding import BOM, decode, decode_all, to_utf_8
from functions.ingest.reader.refusal import Fault, Refusal, UnreadableFileError

BLOCK_BYTES = 1 << 22
MAX_BLOCK_RECORDS = 1 << 17
_SOME_BYTES = 1 << 18
MAX_RECORD_BYTES = 1 << 20

Positions = NDArray[np.int64]
_NO_POSITIONS: Positions = np.empty(0, np.int64)

_TAB, _LF, _CR, _BLANK = 9, 10, 13, 32
# Quotes looked at together at first, then twice as many each time: a block full of stray quotes is
# not gone through again for each of them, and one without any in few steps.
_QUOTES_AT_ONCE = 1024
_MOST_CAREFUL_RECORDS = 4096

_FORMULA = f"^{FORMULA}$"

# What is wrong with a record as a whole; the numbers are those of `Parsed.fault`.
SOUND, BLANK, MISSING_CELL, EXTRA_CELL, TEXT_AFTER_QUOTE, TRUNCATED_TAIL, CUT_WORD = range(7)
HEADING = 7  # of the rows below, see `headings`
FAULTS = {
    MISSING_CELL: Fault.MISSING_CELL,
    EXTRA_CELL: Fault.EXTRA_CELL,
    TEXT_AFTER_QUOTE: Fault.TEXT_AFTER_QUOTE,
    TRUNCATED_TAIL: Fault.TRUNCATED_TAIL,
    CUT_WORD: Fault.CUT_WORD,
    HEADING: Fault.HEADING,
}


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """The cells of a block as columns of text; a record that is not sound has only empty ones."""

    columns: tuple[Any, ...]  # one pyarrow.StringArray a column
    fault: NDArray[np.uint8]
    detail: NDArray[np.int32]  # cells found, or index of the spoiled cell
    may_hold_controls: bool  # characters that no cell may hold, see `conversion`


# --- where records begin and end ------------------------------------------------------------


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
    if _count(octets, np.equal, _CR) == np.count_nonzero(before == _CR):
        return ends + 1  # each is part of a CRLF, as in nearly all files that have any
    is_end, returns = octets == _LF, octets == _CR
    returns[:-1] &= ~is_end[1:]
    returns[-1:] &= final
    return np.flatnonzero(is_end | returns) + 1


def _places(octets: NDArray[np.uint8], wanted: int) -> Positions:
    """Return where a byte stands."""
    found = [first + np.flatnonzero(some == wanted) for first, some in _some(octets)]
    return np.concatenate([_NO_POSITIONS, *found])


def _count(octets: NDArray[np.uint8], compare: np.ufunc, value: int) -> int:
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


# --- from records to cells ------------------------------------------------------------------


def parse(block: Block, dialect: Dialect) -> Parsed:
    """Split the records of a block into cells."""
    parsed = parse_fast(block, dialect) if dialect.style.is_plain else None
    parsed = parsed or parse_carefully(block, dialect)
    if not block.data.endswith((b"\n", b"\r")) and parsed.fault[-1] == MISSING_CELL:
        parsed.fault[-1] = TRUNCATED_TAIL  # the last line of the file
    return parsed


def parse_fast(block: Block, dialect: Dialect) -> Parsed | None:
    """Let Arrow split the records; nothing if it does not find the records that we found."""
    ragged: list[tuple[int, int, bool]] = []

    def set_aside(row: Any) -> str:
        ragged.append((row.number - 1, row.actual_columns, says_nothing(row.text)))
        return "skip"

    data = to_utf_8(_without(block, block.spoiled), dialect.encoding)
    if data.startswith(BOM):  # Arrow would drop it
        return None
    names = [str(i) for i in range(len(dialect.header))]
    try:
        table = _split(data, names, dialect.style, set_aside)
    except pa.ArrowInvalid:
        return None
    fault = np.zeros(block.rows, np.uint8)
    detail = np.zeros(block.rows, np.int32)
    for row, cell in block.spoiled.items():
        fault[row], detail[row] = TEXT_AFTER_QUOTE, cell
    sent = np.flatnonzero(fault == SOUND)
    if table.num_rows + len(ragged) != len(sent):
        return None
    for number, cells, is_blank in ragged:
        fault[sent[number]] = BLANK if is_blank else _width_fault(cells, len(names))
        detail[sent[number]] = cells
    return Parsed(
        columns=_spread(table, fault),
        fault=fault,
        detail=detail,
        may_hold_controls=_may_hold_controls(data),
    )


def _may_hold_controls(data: bytes) -> bool:
    """Say whether UTF-8 bytes hold control characters that are no tabs or line ends."""
    octets = np.frombuffer(data, np.uint8)
    low = _count(octets, np.less, _BLANK)
    low -= sum(_count(octets, np.equal, each) for each in (_TAB, _LF, _CR) if each in data)
    if low or b"\x7f" in data:
        return True
    # U+0080 to U+009F are 0xC2 and a byte of their own.
    return b"\xc2" in data and bool((octets[1:][octets[:-1] == 0xC2] < 0xA0).any())


def read_back(block: Block, parsed: Parsed, *, is_mended: bool) -> Parsed:
    """Return cells as they were before something was done to them for spreadsheets.

    Those of mended rows were neutralised; others are kept from being taken for numbers.
    """
    if is_mended:
        return _replaced(parsed, mending.NEUTRAL)
    has_formulas = b"=" in block.data and b'="' in block.data  # one byte is found much faster
    return _replaced(parsed, _FORMULA) if has_formulas else parsed


def _replaced(parsed: Parsed, pattern: str) -> Parsed:
    columns = [pc.replace_substring_regex(c, pattern, r"\1") for c in parsed.columns]
    return replace(parsed, columns=tuple(columns))


def _without(block: Block, spoiled: dict[int, int]) -> bytes:
    if not spoiled:
        return block.data
    pieces, start = [], 0
    for row in sorted(spoiled):
        pieces.append(block.data[start : block.edges[row]])
        start = int(block.edges[row + 1])
    return b"".join([*pieces, block.data[start:]])


def _split(data: bytes, names: Sequence[str], style: Style, set_aside: Any) -> Any:
    if not data:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    reader = pa.csv.open_csv(
        pa.BufferReader(data),
        # One thread: only then does Arrow say which row it set aside.
        read_options=pa.csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(data) + 1
        ),
        parse_options=pa.csv.ParseOptions(
            delimiter=style.delimiter.decode(),
            quote_char=style.quote.decode(),
            newlines_in_values=style.quote in data,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            strings_can_be_null=False,
            quoted_strings_can_be_null=False,
            check_utf8=False,  # `encoding` has seen to that
        ),
    )
    return reader.read_all()


def _width_fault(cells: int, width: int) -> int:
    return EXTRA_CELL if cells > width else MISSING_CELL


def _spread(table: Any, fault: NDArray[np.uint8]) -> tuple[Any, ...]:
    """Return the columns with an empty cell for each record that is not sound."""
    if len(fault) == table.num_rows:
        return tuple(_one_chunk(column) for column in table.columns)
    # An empty cell is a place in the text at which another one begins: no text is copied.
    places = np.concatenate(([0], np.cumsum(fault == SOUND)))
    return tuple(_with_places(_one_chunk(column), places) for column in table.columns)


def _with_places(column: Any, places: Positions) -> Any:
    _, edges, content = column.buffers()
    spread = np.frombuffer(edges, np.int32)[column.offset :][places]
    return pa.StringArray.from_buffers(len(places) - 1, pa.py_buffer(spread), content)


def _one_chunk(column: Any) -> Any:
    """Return a column's array, which is copied only if there are several."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def parse_carefully(block: Block, dialect: Dialect) -> Parsed:
    """Split the records of a block one by one."""
    width = len(dialect.header)
    rows: list[Sequence[bytes]] = []
    fault = np.zeros(block.rows, np.uint8)
    detail = np.zeros(block.rows, np.int32)
    records = read_records(block.data, style=dialect.style, final=True)
    for number, record in enumerate(records):
        assert isinstance(record, Record)  # a block holds whole records
        raw = decode(block.data[record.start : record.end], dialect.encoding)
        fault[number], detail[number] = _judge(record, raw, width)
        if dialect.style.cuts and fault[number] == TEXT_AFTER_QUOTE:
            fault[number] = CUT_WORD
        is_whole = fault[number] == SOUND and len(record.cells) == width
        rows.append(record.cells if is_whole else (b"",) * width)
    columns = zip(*rows, strict=True)
    return Parsed(
        columns=tuple(
            pa.array(decode_all(column, dialect.encoding), pa.string()) for column in columns
        ),
        fault=fault,
        detail=detail,
        may_hold_controls=True,
    )


def _judge(record: Record, raw: str, width: int) -> tuple[int, int]:
    """Return what is wrong with a record, and its detail."""
    is_whole = record.spoiled is None and len(record.cells) == width
    if is_whole or not raw.strip("\r\n"):
        return SOUND, 0
    if says_nothing(raw):
        return BLANK, len(record.cells)
    if record.spoiled is not None:
        return TEXT_AFTER_QUOTE, record.spoiled
    return _width_fault(len(record.cells), width), len(record.cells)
