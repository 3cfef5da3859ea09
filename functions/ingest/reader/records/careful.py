"""The careful path: one record at a time, by the letter, and it says what is wrong.

It defines what a record is; the vectorised path of `rows` must find the same ones. A cell is quoted
if it *begins* with a quote; any other quote is literal text. Line ends are LF, CRLF and CR.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import NamedTuple

DOUBLE, SINGLE, NONE = b'"', b"'", b""
BACKSLASH = b"\\"


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """How the cells of a record are told apart."""

    delimiter: bytes  # may be several; of a fixed-width table none
    quote: bytes = DOUBLE  # or single, or none
    escape: bytes = NONE  # backslash: it takes the next byte literally; none: quotes are doubled
    is_padded: bool = False  # any run of blanks is one delimiter, and none around the record
    cuts: tuple[int, ...] = ()  # fixed width: where each column begins, in characters
    is_single_byte: bool = False  # which are bytes then; else the text is UTF-8
    is_wrapped: bool = False  # a whole record may be one cell, with all quotes in it doubled

    @property
    def is_plain(self) -> bool:
        """Say whether the vectorised path knows this style."""
        is_table = not self.is_padded and not self.cuts
        is_table &= not self.is_wrapped
        return is_table and not self.escape and len(self.delimiter) == 1 and self.quote != NONE


class Record(NamedTuple):  # there may be very many, and these are made fast
    """One record: `data[start:end]` with its line end."""

    start: int
    end: int
    cells: tuple[bytes, ...]
    # Where each cell stands in `data`, quotes and all; none are told where the cells are the text
    # itself, `apart` bytes from each other.
    told_spans: tuple[tuple[int, int], ...] = ()
    apart: int = 0
    # Indexes of the cells with text after their closing quote, or that a border goes through.
    all_spoiled: tuple[int, ...] = ()

    @property
    def spoiled(self) -> int | None:
        """Return the index of the first spoiled cell."""
        return self.all_spoiled[0] if self.all_spoiled else None

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Return where each cell stands in `data`, quotes and all."""
        return self.told_spans or tuple(_spans(self.cells, self.start, self.apart))


def _spans(cells: Iterable[bytes], begin: int, apart: int) -> Iterator[tuple[int, int]]:
    """Yield where cells stand that are the text itself, so many bytes from each other."""
    for cell in cells:
        yield begin, begin + len(cell)
        begin += len(cell) + apart


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """The bytes end before the record does, or a quote swallowed the lines below it."""

    start: int
    opening: int | None = None  # position of the quote that is never closed
    is_lost: bool = False  # more bytes would not mend it


_LINE = re.compile(rb"[^\r\n]*")
_RULE = re.compile(r"[-+=_*#|:\s\u2500-\u257f]*[-=_*#\u2500-\u257f]{3}[-+=_*#|:\s\u2500-\u257f]*")
FORMULA = r'="([^"\r\n]*)"'
WRAPPED = re.compile(rb'"(?P<line>[^"]*(?:""[^"]*)*)"(?!")[,;\t|]*(?=[\r\n]|\Z)')
_TOKEN = re.compile(rb"[^ \t]+")


_Endings = tuple[re.Pattern[bytes], re.Pattern[bytes]]


@cache
def _endings(style: Style) -> _Endings:
    """Return what ends a cell in quotes, if the style has any, and one without: see `_ending`.

    Nothing is matched that may be as long as a cell: that would have to be by possessive
    repetition, in which Python 3.11.2 goes past the end.
    """
    escaped = rb"\\.?|" if style.escape else b""
    plain = re.compile(rb"%b([\r\n]|%b)" % (escaped, re.escape(style.delimiter)), re.DOTALL)
    if not style.quote:
        return plain, plain
    quote = re.escape(style.quote)
    return re.compile(rb"%b%b%b|(%b)" % (escaped, quote, quote, quote), re.DOTALL), plain


def _ending(endings: re.Pattern[bytes], data: bytes, start: int) -> int | None:
    """Return where the first ending is; what is escaped, or a doubled quote, is none."""
    while match := endings.search(data, start):
        if match[1] is not None:
            return match.start()
        start = match.end()
    return None


def read_record(data: bytes, start: int, *, style: Style, final: bool) -> Record | Unfinished:
    """Read the record that begins at `start`; `final` says that no bytes follow `data`."""
    if style.is_padded or style.cuts:
        return _read_line(data, start, style=style, final=final)
    if style.is_wrapped and (record := _read_wrapped(data, start, style=style, final=final)):
        return record
    end = _end_of_line(data, start)
    return _read_simple(data, start, end, style=style, final=final) or _read_cells(
        data, start, end, style=style, final=final
    )


def _read_simple(
    data: bytes, start: int, end: int, *, style: Style, final: bool
) -> Record | Unfinished | None:
    """Read a record without any quote or escape, as most are; None: it has one."""
    line = data[start:end]
    if (style.quote and style.quote in line) or (style.escape and style.escape in line):
        return None
    after = _after_line_end(data, end)
    if _may_go_on(data, end, after, final=final):
        return Unfinished(start=start)
    cells = tuple(line.split(style.delimiter))
    return Record(start=start, end=after, cells=cells, apart=len(style.delimiter))


def _read_wrapped(
    data: bytes, start: int, *, style: Style, final: bool
) -> Record | Unfinished | None:
    """Read a record that is one cell, as a spreadsheet writes it that did not split the file's."""
    if (match := WRAPPED.match(data, start)) is None:
        return None
    after = _after_line_end(data, match.end())
    if _may_go_on(data, match.end(), after, final=final):
        return Unfinished(start=start)
    line, own = match["line"].replace(b'""', b'"'), replace(style, is_wrapped=False)
    record = read_record(line, 0, style=own, final=True)
    if isinstance(record, Unfinished) or record.end < len(line) or len(record.cells) == 1:
        return None

    def place(inside: int) -> int:
        return match.start("line") + inside + line.count(b'"', 0, inside)

    return Record(
        start=start,
        end=after,
        cells=whole_cells(line, record, own),
        told_spans=tuple((place(begin), place(end)) for begin, end in record.spans),
        all_spoiled=record.all_spoiled,
    )


def _read_cells(
    data: bytes, start: int, end_of_line: int, *, style: Style, final: bool
) -> Record | Unfinished:
    cells: list[bytes] = []
    spans: list[tuple[int, int]] = []
    spoiled: list[int] = []
    position = start
    endings = _endings(style)
    while True:
        if position > end_of_line:
            end_of_line = _end_of_line(data, position)
        if not style.escape and data.find(style.quote, position, end_of_line) < 0:
            others, end = data[position:end_of_line].split(style.delimiter), end_of_line
            spans += _spans(others, position, len(style.delimiter))
            cells += others
            break
        cell, end, state = _read_cell(data, position, style, endings)
        if state >= _OPEN:
            return Unfinished(start=start, opening=position, is_lost=state == _SWALLOWED)
        if state == _SPOILED:
            spoiled.append(len(cells))
        cells.append(cell)
        spans.append((position, end))
        if not data.startswith(style.delimiter, end):
            break
        position = end + len(style.delimiter)
    after = _after_line_end(data, end)
    if _may_go_on(data, end, after, final=final):
        return Unfinished(start=start)
    return Record(
        start=start,
        end=after,
        cells=tuple(cells),
        told_spans=tuple(spans),
        all_spoiled=tuple(spoiled),
    )


_WHOLE, _SPOILED, _OPEN, _SWALLOWED = range(4)  # of the last two the record goes on


def _read_cell(data: bytes, start: int, style: Style, endings: _Endings) -> tuple[bytes, int, int]:
    """Return a cell's content, where it ends, and its state."""
    in_quotes, plain = endings
    is_quoted = style.quote and data.startswith(style.quote, start)
    closing = _ending(in_quotes, data, start + 1) if is_quoted else None
    if closing is None:
        end = _end_of_plain(plain, data, start)
        return _unescaped(data[start:end], style), end, _OPEN if is_quoted else _WHOLE
    content = data[start + 1 : closing]
    end = _end_of_plain(plain, data, closing + 1)
    if end == closing + 1:
        content = content.replace(style.quote * 2, style.quote)
        return _unescaped(content, style), end, _WHOLE
    return content, end, _SWALLOWED if spans_lines(content) else _SPOILED


def _unescaped(cell: bytes, style: Style) -> bytes:
    """Drop the backslashes before what would end a cell; others are text."""
    if not style.escape or style.escape not in cell:
        return cell
    ends = b"|".join(map(re.escape, (style.escape, style.quote or style.delimiter, b"\n", b"\r")))
    return re.sub(rb"\\(%b|%b)" % (ends, re.escape(style.delimiter)), rb"\1", cell)


def _end_of_plain(endings: re.Pattern[bytes], data: bytes, start: int) -> int:
    end = _ending(endings, data, start)
    return len(data) if end is None else end


def _end_of_line(data: bytes, start: int) -> int:
    match = _LINE.match(data, start)
    assert match is not None  # it matches the empty text
    return match.end()


def whole_cells(data: bytes, record: Record, style: Style) -> tuple[bytes, ...]:
    """Return the cells of a record of `data` with nothing left out.

    A cell with text after its closing quote is returned as it stands, quotes and all.
    """
    if style.cuts or style.is_wrapped:
        return record.cells
    cells = list(record.cells)
    for i in record.all_spoiled:
        start, end = record.spans[i]
        cells[i] = data[start:end]
    return tuple(cells)


def spans_lines(cell: bytes) -> bool:
    """Say whether there is a line end in these bytes."""
    return b"\n" in cell or b"\r" in cell


def _after_line_end(data: bytes, position: int) -> int:
    if data.startswith(b"\r\n", position):
        return position + 2
    return min(position + 1, len(data))


def _may_go_on(data: bytes, end: int, after: int, *, final: bool) -> bool:
    return not final and (after == end or (after == len(data) and data.endswith(b"\r")))


def _read_line(data: bytes, start: int, *, style: Style, final: bool) -> Record | Unfinished:
    """Read a record of a table whose columns stand below each other."""
    end = _end_of_line(data, start)
    after = _after_line_end(data, end)
    if _may_go_on(data, end, after, final=final):
        return Unfinished(start=start)
    line = data[start:end]
    spans = _cut(line, style) if style.cuts else [m.span() for m in _TOKEN.finditer(line)]
    spans = spans or [(0, len(line))]
    across = [i for i, (a, _) in enumerate(spans) if style.cuts and _is_word(line, a)]
    return Record(
        start=start,
        end=after,
        cells=tuple(line[a:b].strip(b" \t") for a, b in spans),
        told_spans=tuple((start + a, start + b) for a, b in spans),
        all_spoiled=tuple(across),
    )


def text_of(cell: str) -> str:
    """Return the text of a cell that spreadsheets are made to take for text: `="007123"`."""
    match = re.fullmatch(FORMULA, cell) if cell.startswith("=") else None
    return match[1] if match else cell


def says_nothing(line: str) -> bool:
    """Say whether a line that is no whole row is blank, or a rule drawn between rows: `+---+---+`."""
    return not line.strip() or _RULE.fullmatch(line) is not None


def _is_word(line: bytes, place: int) -> bool:
    """Say whether a column's border goes through a word."""
    around = line[max(place - 1, 0) : place + 1]
    return place > 0 and len(around) == 2 and not any(blank in around for blank in (b" ", b"\t"))


def _cut(line: bytes, style: Style) -> list[tuple[int, int]]:
    """Return where the columns of a line are, in bytes."""
    if not line.strip(b" \t"):
        return [(0, len(line))]
    begins = [0, *style.cuts[1:], max(len(line), style.cuts[-1])]
    if not (style.is_single_byte or line.isascii()):
        text = line.decode()
        begins = [len(text[:cut].encode()) for cut in begins]
    return [(min(a, len(line)), min(b, len(line))) for a, b in pairwise(begins)]


def read_records(
    data: bytes, start: int = 0, *, style: Style, final: bool
) -> Iterator[Record | Unfinished]:
    """Yield all records of `data` from `start` on; the last may be unfinished."""
    position = start
    while position < len(data):
        record = read_record(data, position, style=style, final=final)
        yield record
        if isinstance(record, Unfinished):
            return
        position = record.end
