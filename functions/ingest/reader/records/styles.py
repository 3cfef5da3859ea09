"""Which style of table a file is written in, by the forms its first rows take when read so.

Every candidate reads the same rows. The one wins that makes the most rows equally wide and the most
cells look like something a shop would export: a value, nothing, or plain words.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from functions.ingest.reader.records.careful import (
    BACKSLASH,
    DOUBLE,
    NONE,
    SINGLE,
    WRAPPED,
    Record,
    Style,
    Unfinished,
    read_records,
    says_nothing,
    text_of,
)
from functions.ingest.reader.text.alphabets import SINGLE_BYTE
from functions.ingest.reader.text.encoding import decode, decode_all
from functions.ingest.reader.values.looks import is_ending, is_value
from functions.ingest.reader.words.header_names import recognise

COMMON = (b",", b";", b"\t", b"|")
_RARE = (
    *(b", ", b"; ", b"| ", b" | ", b"||", b"::", b";;", b"\t\t", b"\\t", b"^|^", b"~|~", b"|~|"),
    *(
        b"@@",
        b"##",
        b"$$",
        b"<>",
        b":",
        b"~",
        b"^",
        b"\xc2\xa6",
        b"\xc2\xa7",
        b"\xe2\x94\x82",
        b"!",
        b"#",
        b"*",
    ),
    *(b"\x1f", b"\x1e", b"\x01", b" "),
)
_LOOKED_AT_BYTES = 1 << 15
_LOOKED_AT_RECORDS = 60
_LEADING = 20  # rows above a table that are no part of it
_SPACED = 0.7  # what blanks as delimiters weigh: prose has them too
_CUT = 0.65
_BELOW_OTHERS = 0.8  # a line above with more or fewer words may be the header: are these cells?
_A_LINE = 0.5  # what a single line among others weighs
_UNCOMMON = 0.95
_LEAST = 0.3
_SINGLE_QUOTED = re.compile(rb"(?:^|[,;\t|\r\n])'[^'\r\n]*'(?=[,;\t|\r\n]|$)")
_DOUBLE_QUOTED = re.compile(rb'(?:^|[,;\t|\r\n])"[^"\r\n]*"(?=[,;\t|\r\n]|$)')
_WRAPPED_LINE = re.compile(rb"(?:^|[\r\n])%b" % WRAPPED.pattern)
_LINES = re.compile(rb"[^\r\n]+")
_WRAPPED = 1.1  # one cell in a line of it would be the whole table for other styles
_FOREIGN = re.compile(r"[,;|\t\"]|\S {3,}\S")
_UNDERLINE = re.compile(r"-+|=+")
_UNDERLINES = re.compile(r" *(?:-{2,}|={2,})(?: +(?:-+|=+))+ *")
_APART = re.compile(r"\s{2,}")
_HALF_QUOTED = re.compile(r"\s*'[^']*|[^']*'\s*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A style, the number of cells that most of the first rows have, and records read with it."""

    style: Style
    width: int
    records: Sequence[Record] = ()


def find_style(data: bytes, start: int, *, told: bytes | None, encoding: str, final: bool) -> Found:
    """Return the style in which the rows of `data` from `start` on make the most sense."""
    looked_at = data[: start + _LOOKED_AT_BYTES]
    sample = looked_at[start:]
    final = final and len(looked_at) == len(data)
    best, best_score = Found(style=Style(delimiter=told or b","), width=1), 0.0
    for style, weight in _candidates(sample, told, encoding):
        if weight * _most_sense(style, sample) <= best_score:
            continue
        records = _first_records(looked_at, start, style, final=final)
        width, score = _sense(records, style, encoding)
        if score * weight > best_score + 1e-9:
            best = Found(style=style, width=width, records=records)
            best_score = score * weight
    if best_score < _LEAST and not told:
        return Found(style=Style(delimiter=b","), width=1)
    return best


def _candidates(sample: bytes, told: bytes | None, encoding: str) -> Iterator[tuple[Style, float]]:
    delimiters = [told] if told else [d for d in (*COMMON, *_RARE) if d in sample]
    quotes = [DOUBLE]
    if SINGLE in sample and _count(_SINGLE_QUOTED, sample) > _count(_DOUBLE_QUOTED, sample):
        quotes.append(SINGLE)
    escapes = [NONE, BACKSLASH] if BACKSLASH in sample else [NONE]
    for delimiter in delimiters:
        common = delimiter in COMMON or delimiter == told
        weight = 1.0 if common else _SPACED if delimiter == b" " else _UNCOMMON
        for escape in escapes:
            if escape and not _has_escapes(sample, delimiter):
                continue
            for quote in quotes:
                yield Style(delimiter=delimiter, quote=quote, escape=escape), weight
    if _is_wrapped(sample):
        yield from ((Style(delimiter=d, is_wrapped=True), _WRAPPED) for d in delimiters)
    if not told and b"  " in sample:
        yield from _below_each_other(sample, encoding)


def _below_each_other(sample: bytes, encoding: str) -> Iterator[tuple[Style, float]]:
    yield Style(delimiter=b" ", quote=NONE, is_padded=True), _SPACED
    lines = decode(_whole_lines(sample), encoding).splitlines()
    underlined = _underlined(lines)
    if cuts := underlined or find_cuts(lines):
        style = Style(delimiter=b"", quote=NONE, cuts=cuts, is_single_byte=encoding in SINGLE_BYTE)
        yield style, _UNCOMMON if underlined else _CUT


def _most_sense(style: Style, sample: bytes) -> float:
    """Return what rows read so cannot make more sense than, by the cells that one may have."""
    if not style.delimiter or style.is_padded or style.is_wrapped or style.quote in sample:
        return 1.0  # it takes more than to count: records may go over several lines
    cells = 1 + max((line.count(style.delimiter) for line in sample.splitlines()), default=0)
    return _sense_of_width(cells)


def _sense_of_width(width: int) -> float:
    """Return what a row of so many cells makes sense at best: the more agree the better."""
    return 1 - 1 / (2 * max(width, 1))


def _count(pattern: re.Pattern[bytes], sample: bytes) -> int:
    return sum(1 for _ in pattern.finditer(sample))


def _is_wrapped(sample: bytes) -> bool:
    """Say whether most lines are one cell in quotes."""
    if b'\n"' not in sample and b'\r"' not in sample:
        return False
    return 2 * _count(_WRAPPED_LINE, sample) > _count(_LINES, sample)


def _has_escapes(sample: bytes, delimiter: bytes) -> bool:
    return any(BACKSLASH + after in sample for after in (b'"', b"'", delimiter))


def _first_records(data: bytes, start: int, style: Style, *, final: bool) -> list[Record]:
    """Return the first records, as many as hold something and those between them."""
    records: list[Record] = []
    filled = 0
    for record in read_records(data, start, style=style, final=final):
        if isinstance(record, Unfinished) or filled > _LOOKED_AT_RECORDS:
            break
        records.append(record)
        filled += _is_filled(record)
    return records


def _is_filled(record: Record) -> bool:
    return any(map(bytes.strip, record.cells))


def _sense(records: Sequence[Record], style: Style, encoding: str) -> tuple[int, float]:
    """Return how wide most rows are, and how much sense they make, from 0 to 1."""
    rows = [_texts(record, encoding) for record in records if _is_filled(record)]
    rows = [row for row in rows if not says_nothing("".join(row))]
    widths = Counter(len(row) for row in rows if len(row) > 1)
    if not widths:
        return 1, 0.0
    width = max(widths, key=lambda w: (widths[w], w))
    first = next(i for i, row in enumerate(rows) if len(row) == width)
    table = rows[min(first, _LEADING) :]
    notes = _notes_below(table)
    if notes <= len(table) - notes:  # or else they are the table
        table = table[: len(table) - notes]
    share = widths[width] / len(table)
    if len(table) == 1 < len(rows):
        share *= _A_LINE
    if (style.is_padded or style.delimiter == b" ") and (share < 0.9 or len(table) < 3):
        return width, 0.0  # words, not cells
    if style.is_padded and first and len(rows[first - 1]) > 1:
        share *= _BELOW_OTHERS
    columns = list(zip(*(row for row in table if len(row) == width), strict=True))
    if width > 2 and not any(columns[0] + columns[-1]):  # bars around the rows
        columns = columns[1:-1]
    filled = [column for column in columns if any(column)]
    own = style.delimiter.decode()
    cells = Counter(cell for column in filled for cell in column)
    sense = sum(_cell_sense(cell, own) * count for cell, count in cells.items())
    sense /= len(columns) * len(columns[0])
    return width, share * sense * _sense_of_width(len(filled))


def _notes_below(table: Sequence[Sequence[str]]) -> int:
    """Count the last lines of a single cell."""
    return next((i for i, row in enumerate(reversed(table[1:])) if len(row) > 1), len(table) - 1)


def _texts(record: Record, encoding: str) -> Sequence[str]:
    texts = decode_all(record.cells, encoding)
    return texts if record.spoiled is None else [*texts, "\t"]


def _cell_sense(cell: str, own: str) -> float:
    cell = text_of(cell)
    if not cell or is_value(cell):
        # Blanks around a cell are the export's; a delimiter that takes them along is likelier.
        return 0.95 if cell != cell.strip() else 1.0
    # The style's own delimiter is in a cell only where quotes told that it is text.
    if _FOREIGN.search(cell.replace(own, "") if own else cell) or _HALF_QUOTED.fullmatch(cell):
        return 0.1
    return 0.9 if cell == cell.strip() else 0.6


def _underlined(lines: Sequence[str]) -> tuple[int, ...]:
    """Return where columns begin each of which is underlined, as databases print them."""
    underlines = next(filter(_UNDERLINES.fullmatch, lines[:_LEADING]), "")
    return tuple(match.start() for match in _UNDERLINE.finditer(underlines))


def find_cuts(lines: Sequence[str]) -> tuple[int, ...]:
    """Return where the columns of a fixed-width table begin: after blanks that all lines have.

    Titles and notes go across them.
    """
    lines = [line for line in lines if any(map(str.isalnum, line)) and not is_ending(line)]
    lines = lines[:_LOOKED_AT_RECORDS]
    lines = lines[_header_of(lines) :]
    if len(lines) < 3:
        return ()
    longest = max(map(len, lines))
    blank = [all(line[i : i + 1] in {"", " "} for line in lines) for i in range(longest)]
    first = blank.index(False)
    cuts = [i for i in range(first + 1, longest) if blank[i - 1] and not blank[i]]
    return (first, *cuts) if cuts else ()


def _header_of(lines: Sequence[str]) -> int:
    """Return which of the first lines names the most columns of ours, if one names several."""
    named = [
        len({*map(recognise, _APART.split(line.strip()))} - {None}) for line in lines[:_LEADING]
    ]
    most = max(named, default=0)
    return named.index(most) if most > 1 else 0


def _whole_lines(sample: bytes) -> bytes:
    """Drop a last line that may be cut short."""
    end = max(sample.rfind(b"\n"), sample.rfind(b"\r")) + 1
    return sample[:end] or sample
