"""How the file is laid out: what stands before the table, its delimiter, its header."""

import re
from dataclasses import dataclass

from functions.ingest.reader.careful import Unfinished, read_record, read_records
from functions.ingest.reader.encoding import BOM, HEAD_BYTES, decode
from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt

DELIMITERS = (b",", b";", b"\t")
_MAX_COLUMNS = 512
_MAX_HEADER_CHARACTERS = 256
_LOOKED_AT_RECORDS = 100

_SEP_LINE = re.compile(rb'"?sep=([^\w\s"]|\t)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_BLANK_LINES = re.compile(rb"(?:[ \t]*(?:\r\n|\r|\n))*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """The layout of a file, and where its first data row begins."""

    encoding: str
    delimiter: bytes
    header: tuple[str, ...]
    body_offset: int  # bytes before it are furniture: mark, `sep=` line, blank lines, header
    body_line: int


def find_dialect(head: bytes, *, encoding: str) -> Dialect:
    """Decide the layout by the file's first bytes.

    Raises:
        UnreadableFileError: There is no table, or its header is no header.
    """
    is_whole = len(head) < HEAD_BYTES
    start, told = _skip_furniture(head)
    candidates = (told,) if told else DELIMITERS
    delimiter = max(candidates, key=lambda d: _evidence(head, start, d, is_whole))
    record = read_record(head, start, delimiter=delimiter, final=is_whole)
    line = 1 + count_line_ends(head[:start])
    if isinstance(record, Unfinished):
        raise _unfinished_header(record, line)
    header = tuple(decode(cell, encoding).strip() for cell in record.cells)
    _check_header(header, delimiter)
    return Dialect(
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        body_offset=record.end,
        body_line=1 + count_line_ends(head[: record.end]),
    )


def _skip_furniture(head: bytes) -> tuple[int, bytes | None]:
    """Return where the header begins, and the delimiter if a `sep=` line names it."""
    start = 0
    while head.startswith(BOM, start):  # some tools write it twice
        start += len(BOM)
    told = None
    if match := _SEP_LINE.match(head, start):
        start, told = match.end(), match.group(1)
    blank = _BLANK_LINES.match(head, start)
    assert blank is not None  # it matches the empty text
    return blank.end(), told


def _evidence(head: bytes, start: int, delimiter: bytes, is_whole: bool) -> tuple[float, int]:
    """Weigh a delimiter: how many of the first rows are as wide as the header, and how wide."""
    widths: list[int] = []
    for record in read_records(head[start:], delimiter=delimiter, final=is_whole):
        if isinstance(record, Unfinished) or len(widths) > _LOOKED_AT_RECORDS:
            break
        if any(record.cells) or not widths:
            widths.append(len(record.cells))
    if not widths or widths[0] == 1:
        return 0.0, 0
    rows = widths[1:]
    return (sum(w == widths[0] for w in rows) / len(rows) if rows else 1.0), widths[0]


def _unfinished_header(record: Unfinished, line: int) -> UnreadableFileError:
    if record.opening is None:
        return UnreadableFileError(Refusal.LINE_TOO_LONG, {"line": line, "byte": record.start})
    return UnreadableFileError(Refusal.UNTERMINATED_QUOTE, {"line": line, "byte": record.opening})


def _check_header(header: tuple[str, ...], delimiter: bytes) -> None:
    if len(header) > _MAX_COLUMNS:
        found = {"columns": len(header), "limit": _MAX_COLUMNS}
        raise UnreadableFileError(Refusal.TOO_MANY_COLUMNS, found)
    if longest := max((n for n in header if len(n) > _MAX_HEADER_CHARACTERS), key=len, default=""):
        found_name = {"found": excerpt(longest), "limit": _MAX_HEADER_CHARACTERS}
        raise UnreadableFileError(Refusal.HEADER_TOO_LONG, found_name)
    if len(header) == 1:
        raise UnreadableFileError(Refusal.NO_TABLE, {"found": excerpt(header[0])})
    if not any(header):
        raise UnreadableFileError(Refusal.NO_HEADER, {"found": delimiter.decode() * len(header)})


def count_line_ends(data: bytes) -> int:
    """Count LF, CRLF and CR, each once."""
    return data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")
