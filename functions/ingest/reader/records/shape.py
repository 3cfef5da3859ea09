"""Where the table begins: what stands above it, which lines name its columns, what is below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from functions.ingest.reader.values.looks import (
    is_address,
    is_amount,
    is_date,
    is_number,
    is_unit,
    is_value,
)
from functions.ingest.reader.words.header_names import made_up_names, recognise

PREAMBLE, TABLE, HEADER = "preamble", "table", "header"
UNITS, TOTAL, NOTE = "units", "total", "note"
_HEADER_LINES = 3
_MOST_UNIT_LINES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A record above or in the table, as trimmed text."""

    cells: tuple[str, ...]
    start: int
    end: int
    line: int

    @property
    def is_blank(self) -> bool:
        """Say whether it holds nothing."""
        return not any(self.cells)

    @property
    def text(self) -> str:
        """Return what it says, for people."""
        return seen(" | ".join(cell for cell in self.cells if cell))


def seen(text: str) -> str:
    """Return a text without NULs: nobody sees them, and what is kept of a file may not hold any."""
    return text.replace("\0", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Furniture:
    """A line around the table that is no row of it."""

    kind: str  # preamble | table | header | units | total | note
    line: int
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The names of the columns, and how many of the rows belong to what stands above the data."""

    header: tuple[str, ...]
    has_header: bool
    above: int  # rows before the header
    lines: int  # rows of the header, with units
    units: int


def find_shape(rows: Sequence[Row], width: int) -> Shape:
    """Find the header among the first rows; most rows of the table have `width` cells."""
    named = max(_named(rows), key=lambda n: n[:2], default=None)
    if named is not None and named[0] >= 2:
        _, place, names, lines = named
        return _below(rows, -place, names, lines, width)
    first = next((i for i, row in enumerate(rows) if _is_wide(row, width)), None)
    if first is None:
        return Shape(header=(), has_header=False, above=0, lines=0, units=0)
    data = [row for row in rows[first + 1 :] if len(row.cells) == width]
    if not _stands_out(rows[first], data):
        # A damaged row above the first whole one is one of the table's too.
        first = next(i for i, row in enumerate(rows) if i == first or _may_be_data(row))
        names = made_up_names(width)
        return Shape(header=names, has_header=False, above=first, lines=0, units=0)
    lines = 1
    while lines < _HEADER_LINES and _goes_on(rows[first + lines :], width):
        lines += 1
    return _below(rows, first, rows[first].cells, lines, width)


def _is_wide(row: Row, width: int) -> bool:
    return len(row.cells) == width and not row.is_blank


def _named(rows: Sequence[Row]) -> Iterator[tuple[float, int, tuple[str, ...], int]]:
    """Yield what could be a header: the columns it names, its place, its names, its lines."""
    for place, row in enumerate(rows):
        if len(row.cells) < 2:
            continue
        for lines in range(1, _HEADER_LINES + 1):
            span = rows[place : place + lines]
            last = span[-1]  # those before it were looked at before
            if len(span) < lines or len(last.cells) != len(row.cells):
                break
            if last.is_blank or _holds_values(last):
                break
            for names, cost in _joined(span):
                yield _columns_named(names) - cost, -place, names, lines


def _holds_values(row: Row) -> bool:
    """Say whether a row holds a date, or mostly numbers: then it names no columns."""
    cells = [cell for cell in row.cells if cell]
    return any(map(is_date, cells)) or 2 * sum(map(is_number, cells)) > len(cells)


def _joined(span: Sequence[Row]) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the names that lines below each other make, and how little is thought of them."""
    if len(span) == 1:
        yield span[0].cells, 0.0
        return
    cost = 0.1 * (len(span) - 1)
    columns = list(zip(*(row.cells for row in span), strict=True))
    yield tuple(" ".join(filter(None, column)) for column in columns), cost
    groups = [*map(_spread, (row.cells for row in span[:-1])), span[-1].cells]
    yield (
        tuple(" ".join(filter(None, c)) for c in zip(*groups, strict=True)),
        cost + 0.05,
    )


def _spread(cells: Sequence[str]) -> tuple[str, ...]:
    """Let the name of a group stand above all of its columns."""
    above = ""
    return tuple(above := cell or above for cell in cells)


def _columns_named(names: Sequence[str]) -> float:
    """Count the columns of ours that are named; names that are there twice tell little."""
    doubled = len(names) - len({name for name in names if name}) - names.count("")
    return len({found for name in names if (found := recognise(name))}) - 0.5 * doubled


def _stands_out(row: Row, data: Sequence[Row]) -> bool:
    """Say whether a row is unlike the rows below it: it has words where they have values."""
    if not data:
        return not _holds_values(row)
    columns = [[each.cells[i] for each in data if each.cells[i]] for i in range(len(row.cells))]
    if any(map(_is_alike, row.cells, columns)):
        return False
    for cell, below in zip(row.cells, columns, strict=True):
        values = sum(map(is_value, below))
        if cell and not is_value(cell) and below and 2 * values > len(below):
            return True
    return not any(map(is_value, row.cells)) and not any(
        is_value(cell) for each in data for cell in each.cells
    )


def _is_alike(cell: str, below: Sequence[str]) -> bool:
    """Say whether a cell is a date, an amount or an address, as most cells below it are."""
    kind = next((looks for looks in (is_date, is_amount, is_address) if looks(cell)), None)
    return kind is not None and 2 * sum(map(kind, below)) > len(below)


def _goes_on(rows: Sequence[Row], width: int) -> bool:
    """Say whether the first of these rows still belongs to a header without known names."""
    if not rows or not _is_wide(rows[0], width) or any(map(is_value, rows[0].cells)):
        return False
    data = [row for row in rows[1:] if len(row.cells) == width]
    return len(data) > 1 and all(any(map(is_value, row.cells)) for row in data if not row.is_blank)


def _below(
    rows: Sequence[Row], place: int, names: tuple[str, ...], lines: int, width: int
) -> Shape:
    below = rows[place + lines :]
    units = 0
    while units < min(_MOST_UNIT_LINES, len(below)) and _goes_with(below[units], names):
        units += 1
    return Shape(
        header=_fitted(names, rows[place + lines + units :], width),
        has_header=True,
        above=place,
        lines=lines + units,
        units=units,
    )


def _goes_with(row: Row, names: Sequence[str]) -> bool:
    """Say whether a row below the names holds units, their numbers, or names of another language."""
    if len(row.cells) != len(names) or row.is_blank:
        return False
    is_count = row.cells == tuple(map(str, range(1, len(names) + 1)))
    if is_count and "ordered_at" in map(recognise, names):
        return True  # no day is a small number
    return _are_units(row) or _name_again(row.cells, names)


def _are_units(row: Row) -> bool:
    return all(is_unit(cell) for cell in row.cells if cell)


def _name_again(cells: Sequence[str], names: Sequence[str]) -> bool:
    if tuple(cells) == tuple(names) or any(map(is_value, cells)):
        return False
    known = [(recognise(cell), recognise(name)) for cell, name in zip(cells, names, strict=True)]
    same = [cell == name for cell, name in known if name]
    return sum(same) > max(1, len(same) / 2)


def _fitted(names: tuple[str, ...], data: Sequence[Row], width: int) -> tuple[str, ...]:
    """Allow for a delimiter at the end of all lines but the header's, or of the header's alone."""
    if len(names) == width + 1 and not names[-1]:
        return names[:-1]
    extra = [row.cells[-1] for row in data if len(row.cells) == len(names) + 1]
    if width == len(names) + 1 and extra and not any(extra):
        return (*names, "")
    return names


def describe_above(rows: Sequence[Row], shape: Shape) -> tuple[Furniture, ...]:
    """Name what stands above the data: lines, other tables, units."""
    found: list[Furniture] = []
    for is_blank, group in groupby(rows[: shape.above], key=lambda row: row.is_blank):
        if not is_blank:
            found += describe_section(list(group))
    header = rows[shape.above : shape.above + shape.lines]
    for row in header[1 : len(header) - shape.units]:
        found.append(Furniture(kind=HEADER, line=row.line, text=row.text))
    for row in header[len(header) - shape.units :] if shape.units else ():
        kind = UNITS if _are_units(row) else HEADER
        found.append(Furniture(kind=kind, line=row.line, text=row.text))
    return tuple(found)


def describe_section(rows: Sequence[Row]) -> list[Furniture]:
    """Name lines that stand together: another table by its first line, or each as a line."""
    wide = [row for row in rows if sum(map(bool, row.cells)) > 1]
    if len(wide) > 2 and not any(map(is_value, wide[0].cells)):
        return [Furniture(kind=TABLE, line=wide[0].line, text=wide[0].text)]
    return [Furniture(kind=PREAMBLE, line=row.line, text=row.text) for row in rows]


def _may_be_data(row: Row) -> bool:
    """Say whether a line may be a damaged row, where no header says that it stands above them."""
    return (len(row.cells) > 1 and not row.is_blank) or any(map(is_value, row.cells))


def are_of_purchases(columns: Sequence[str | None]) -> bool:
    """Say whether columns of ours are all that purchases need."""
    money = {"amount", "unit_price"}.intersection(columns)
    return bool(money) and {"customer_id", "ordered_at"}.issubset(columns)


def lists_above(rows: Sequence[Row], shape: Shape) -> bool:
    """Say whether a list of purchases with other columns, and rows, stands above the header."""
    above = rows[: shape.above]
    places = (i for i, row in enumerate(above) if are_of_purchases([*map(recognise, row.cells)]))
    first = next(places, len(above))
    return any(any(map(is_date, row.cells)) for row in above[first + 1 :])


def rows_above(rows: Sequence[Row], shape: Shape) -> Row | None:
    """Return a row above the header that looks like one of the table's own."""
    for row in rows[: shape.above]:
        is_wide = abs(len(row.cells) - len(shape.header)) <= 1  # or all but damaged
        is_dated = is_wide and any(map(is_date, row.cells))
        if is_dated and any(is_number(cell) and not is_date(cell) for cell in row.cells):
            return row
    return None
