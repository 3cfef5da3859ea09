"""The table of a file as text, whatever it is about: nothing is typed, and no row is judged.

For people who want to see what was read, and for tests that score the reader against others.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions.ingest.reader.layout import Described, Layout, described, find_layout
from functions.ingest.reader.lines.ending import Below, Ending
from functions.ingest.reader.records import rows as r
from functions.ingest.reader.records.blocks import Block, read_blocks
from functions.ingest.reader.records.careful import Record, read_record
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.text.encoding import decode_all
from functions.ingest.reader.text.scratch import made_when_needed
from functions.ingest.reader.words.header_names import recognise


@dataclass(frozen=True, kw_only=True, slots=True)
class RawTable:
    """A table that was found; its rows are read from the file when they are asked for."""

    layout: Layout
    ending: Ending

    @property
    def header(self) -> tuple[str, ...] | None:
        """Return the names of the columns, if the file has them."""
        dialect = self.layout.dialect
        return dialect.header if dialect.has_header else None

    def describe(self) -> Described:
        """Say how the file is written."""
        return Described(**described(self.layout, self.ending))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the cells of each row as they stand in the file, of ragged rows as many as it has.

        Blank lines, and the header where it is printed again, are left out.

        Raises:
            UnreadableFileError: A quote is never closed, or a record is too long.
        """
        own = tuple(name.strip() for name in self.layout.dialect.header)
        for cells in self._records():
            stripped = tuple(cell.strip() for cell in cells)
            if any(stripped) and stripped != own:
                yield cells

    def _records(self) -> Iterator[tuple[str, ...]]:
        left = self.ending.rows
        with self.layout.text.path.open("rb") as file:
            for block in read_blocks(file, self.layout.dialect):
                yield from _cells(block, self.layout.dialect, most=left)
                left -= min(left, block.rows)


def _cells(block: Block, dialect: Dialect, *, most: int) -> Iterator[tuple[str, ...]]:
    parsed = r.parse(block, dialect)
    rows = zip(*(column.to_pylist() for column in parsed.columns), strict=True)
    for i, cells in zip(range(most), rows, strict=False):
        if parsed.fault[i] != r.BLANK:
            yield cells if parsed.fault[i] == r.SOUND else _own_cells(block, i, dialect)


def _own_cells(block: Block, i: int, dialect: Dialect) -> tuple[str, ...]:
    """Return the cells of a record that is not as wide as the table, or is spoiled."""
    data = block.data[block.edges[i] : block.edges[i + 1]]
    record = read_record(data, 0, style=dialect.style, final=True)
    assert isinstance(record, Record)  # a block holds whole records
    cells = list(record.cells)
    if record.spoiled is not None:
        begin, end = record.spans[record.spoiled]
        cells[record.spoiled] = data[begin:end]
    return tuple(decode_all(cells, dialect.encoding))


@contextmanager
def open_table(path: Path, *, scratch: Path) -> Iterator[RawTable]:
    """Find the table of the complete local file at `path`.

    `scratch` is an existing folder; what is put there goes at the end.

    Raises:
        UnreadableFileError: It is no text, or no table, or its shape is lost.
    """
    with ExitStack() as stack:
        layout = find_layout(path, made_when_needed(stack, scratch))
        yield RawTable(layout=layout, ending=_ending(layout))


def _ending(layout: Layout) -> Ending:
    names = map(recognise, layout.dialect.header)
    below = Below(layout.dialect, {name: i for i, name in enumerate(names) if name})
    with layout.text.path.open("rb") as file:
        for block in read_blocks(file, layout.dialect):
            below.add(block, r.parse(block, layout.dialect))
    return below.end(layout.text)
