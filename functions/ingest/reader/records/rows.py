"""From records to cells: the rows of a block as columns of text.

Two paths split them and must agree: Arrow takes what it finds the same records in, the careful path
all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from common import mending
from functions.ingest.reader.records.blocks import Block
from functions.ingest.reader.records.careful import (
    FORMULA,
    Record,
    Style,
    read_record,
    read_records,
    says_nothing,
)
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.marks import Positions
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.text.encoding import BOM, decode, decode_all, to_utf_8

_FORMULA = f"^{FORMULA}$"
_SOME_BYTES = 1 << 16

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
class Parsed:
    """The cells of a block as columns of text; a record that is not sound has only empty ones."""

    columns: tuple[Any, ...]  # one pyarrow.StringArray a column
    fault: NDArray[np.uint8]
    detail: NDArray[np.int32]  # cells found, or index of the spoiled cell
    may_hold_controls: bool  # characters that no cell may hold, see `whole_rows`


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

    data = _without(block, block.spoiled)
    if not block.is_plain:
        data = to_utf_8(data, dialect.encoding)
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
        fault[row], detail[row] = _judge_spoiled(block, row, cell, dialect)
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
        may_hold_controls=block.has_controls
        or (not block.is_plain and _holds_rarer_controls(data)),
    )


def _holds_rarer_controls(data: bytes) -> bool:
    """Say whether UTF-8 bytes hold U+007F to U+009F."""
    if b"\x7f" in data:
        return True
    place = data.find(b"\xc2")  # the others are this and a byte of their own
    while place >= 0:
        octets = np.frombuffer(data[place : place + _SOME_BYTES], np.uint8)
        if (octets[1:][octets[:-1] == 0xC2] < 0xA0).any():
            return True
        place = data.find(b"\xc2", place + max(len(octets) - 1, 1))
    return False


def read_back(block: Block, parsed: Parsed, *, is_mended: bool) -> Parsed:
    """Return cells as they were before something was done to them for spreadsheets.

    Those of mended rows were neutralised; others are kept from being taken for numbers.
    """
    if is_mended:
        return reduce(_replaced, mending.READ_BACK, parsed)
    has_formulas = b"=" in block.data and b'="' in block.data  # one byte is found much faster
    return _replaced(parsed, (_FORMULA, r"\1")) if has_formulas else parsed


def _replaced(parsed: Parsed, change: tuple[str, str]) -> Parsed:
    columns = [pc.replace_substring_regex(c, *change) for c in parsed.columns]
    return replace(parsed, columns=tuple(columns))


def _without(block: Block, spoiled: dict[int, int]) -> bytes:
    if not spoiled:
        return block.data
    data = memoryview(block.data)
    pieces, start = [], 0
    for row in sorted(spoiled):
        pieces.append(data[start : block.edges[row]])
        start = int(block.edges[row + 1])
    return b"".join([*pieces, data[start:]])


def _split(data: bytes, names: Sequence[str], style: Style, set_aside: Any) -> Any:
    if not data:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    return pa.csv.read_csv(
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


def _judge_spoiled(block: Block, row: int, cell: int, dialect: Dialect) -> tuple[int, int]:
    """Return what is wrong with a record with text after a quote; a cell too many has no column."""
    width = len(dialect.header)
    if cell < width:
        return TEXT_AFTER_QUOTE, cell
    record = read_record(block.data, int(block.edges[row]), style=dialect.style, final=True)
    assert isinstance(record, Record)  # a block holds whole records
    return EXTRA_CELL, len(record.cells)


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
    if record.spoiled is not None and record.spoiled < width:
        return TEXT_AFTER_QUOTE, record.spoiled
    return _width_fault(len(record.cells), width), len(record.cells)
