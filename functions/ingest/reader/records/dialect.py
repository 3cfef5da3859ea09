"""How the file is laid out: what stands before the table, how cells are written, its header."""

import re
from dataclasses import dataclass
from itertools import chain, islice

from functions.ingest.reader.records.careful import Record, Style, Unfinished, read_records, text_of
from functions.ingest.reader.records.shape import (
    Furniture,
    Row,
    describe_above,
    find_shape,
    lists_above,
    rows_above,
    seen,
)
from functions.ingest.reader.records.styles import COMMON, Found, find_style
from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt
from functions.ingest.reader.text.encoding import BOM, HEAD_BYTES, decode_all

MAX_COLUMNS = 512
MAX_HEADER_CHARACTERS = 256
_LOOKED_AT_ROWS = 60

_SEP_LINE = re.compile(rb'"?sep=([^\w\s"]|\t)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_BLANK_LINES = re.compile(rb"(?:[ \t]*(?:\r\n|\r|\n))*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """The layout of a file, and where its first data row begins."""

    encoding: str
    style: Style
    header: tuple[str, ...]  # without one, `column_1` and so on
    has_header: bool = True
    header_line: int | None = None  # where the first line of the header stands
    body_offset: int  # bytes before it are furniture: mark, `sep=` line, preamble, header
    body_line: int
    furniture: tuple[Furniture, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()  # trimmed cells of the first rows, equally wide


def find_dialect(head: bytes, *, encoding: str) -> Dialect:
    """Decide the layout by the file's first bytes.

    Raises:
        UnreadableFileError: There is no table, or its header is no header.
    """
    is_whole = len(head) < HEAD_BYTES
    start, told = _skip_furniture(head)
    found = find_style(head, start, told=told, encoding=encoding, final=is_whole)
    rows, unfinished = _first_rows(head, start, found, encoding, is_whole=is_whole)
    if unfinished and not rows:
        raise _unfinished_header(head, unfinished, 1 + count_line_ends(head[:start]))
    shape = find_shape(rows, found.width)
    _check_header(shape.header, rows)
    if lists_above(rows, shape):
        header = rows[shape.above]
        raise UnreadableFileError(
            Refusal.OTHER_COLUMNS_BELOW, {"line": header.line, "found": excerpt(header.text)}
        )
    if misplaced := rows_above(rows, shape):
        raise UnreadableFileError(
            Refusal.ROWS_ABOVE_HEADER,
            {"line": misplaced.line, "header_line": rows[shape.above].line},
        )
    end = rows[shape.above + shape.lines - 1].end if shape.lines else rows[shape.above].start
    return Dialect(
        encoding=encoding,
        style=found.style,
        header=tuple(map(seen, shape.header)),
        has_header=shape.has_header,
        header_line=rows[shape.above].line if shape.has_header else None,
        body_offset=end,
        body_line=1 + count_line_ends(head[:end]),
        furniture=describe_above(rows, shape),
        sample=tuple(
            row.cells
            for row in rows[shape.above + shape.lines :]
            if len(row.cells) == len(shape.header) and not row.is_blank
        ),
    )


def _skip_furniture(head: bytes) -> tuple[int, bytes | None]:
    """Return where the first line begins, and the delimiter if a `sep=` line names it."""
    start = 0
    while head.startswith(BOM, start):  # some tools write it twice
        start += len(BOM)
    told = None
    if match := _SEP_LINE.match(head, start):
        start, told = match.end(), match.group(1)
    blank = _BLANK_LINES.match(head, start)
    assert blank is not None  # it matches the empty text
    return blank.end(), told


def _first_rows(
    head: bytes, start: int, found: Found, encoding: str, *, is_whole: bool
) -> tuple[list[Row], Unfinished | None]:
    rows: list[Row] = []
    line = 1 + count_line_ends(head[:start])
    last = found.records[-1].end if found.records else start
    more = read_records(head, last, style=found.style, final=is_whole)
    for record in islice(chain(found.records, more), _LOOKED_AT_ROWS):
        if isinstance(record, Unfinished):
            return rows, record
        cells = texts_of(record, head, found.style, encoding)
        rows.append(Row(cells=cells, start=record.start, end=record.end, line=line))
        line += count_line_ends(head[record.start : record.end])
    return rows, None


def texts_of(record: Record, data: bytes, style: Style, encoding: str) -> tuple[str, ...]:
    """Return what the cells of a record of `data` say; what goes across columns is one cell."""
    is_across = bool(style.cuts) and record.spoiled is not None
    cells = [data[record.start : record.end]] if is_across else record.cells
    texts = tuple(map(str.strip, decode_all(cells, encoding)))
    has_formulas = b"=" in data[record.start : record.end]
    return tuple(map(text_of, texts)) if has_formulas else texts


def _unfinished_header(head: bytes, record: Unfinished, line: int) -> UnreadableFileError:
    columns = 1 + max(head.count(delimiter) for delimiter in COMMON)
    if columns > MAX_COLUMNS:
        found = {"columns": columns, "limit": MAX_COLUMNS}
        return UnreadableFileError(Refusal.TOO_MANY_COLUMNS, found)
    if record.opening is None:
        return UnreadableFileError(Refusal.LINE_TOO_LONG, {"line": line, "byte": record.start})
    return UnreadableFileError(Refusal.UNTERMINATED_QUOTE, {"line": line, "byte": record.opening})


def _check_columns(columns: int) -> None:
    if columns > MAX_COLUMNS:
        found = {"columns": columns, "limit": MAX_COLUMNS}
        raise UnreadableFileError(Refusal.TOO_MANY_COLUMNS, found)


def _check_header(header: tuple[str, ...], rows: list[Row]) -> None:
    _check_columns(len(header))
    if longest := max((n for n in header if len(n) > MAX_HEADER_CHARACTERS), key=len, default=""):
        found_name = {"found": excerpt(longest), "limit": MAX_HEADER_CHARACTERS}
        raise UnreadableFileError(Refusal.HEADER_TOO_LONG, found_name)
    if len(header) <= 1:
        # So long a line has no second one to be compared with.
        _check_columns(1 + max(rows[0].text.count(d.decode()) for d in COMMON))
        raise UnreadableFileError(Refusal.NO_TABLE, {"found": excerpt(rows[0].text)})


def count_line_ends(data: bytes) -> int:
    """Count LF, CRLF and CR, each once."""
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
