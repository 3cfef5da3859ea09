"""What the first pass leaves for the second: the text of all cells, in order.

Record batches, in memory as long as they are few, and in an Arrow file without compression when
they are more. Their first columns are the records' positions, then come the file's own, named by
their number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from functions.ingest.reader.rows import Block, Parsed

_PLACES = (
    ("line", pa.int64()),
    ("offset", pa.int64()),
    ("length", pa.int32()),  # with the line end
    ("fault", pa.uint8()),
    ("detail", pa.int32()),
)

# Rows may be as long as a megabyte, or have hundreds of cells: memory must not grow with them.
STRETCH_BYTES = 1 << 24
_PLACE_BYTES = 4  # of a cell in a column, beside its text

_KEPT_BYTES = 1 << 20  # of the file: what is longer goes to disk


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Some consecutive records as columns of text, with their positions."""

    first_row: int  # number of the first data row, from 1
    lines: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int32]
    fault: NDArray[np.uint8]
    detail: NDArray[np.int32]
    columns: tuple[Any, ...]  # one pyarrow.StringArray a column of the file

    def __len__(self) -> int:
        """Count the records."""
        return len(self.lines)


class Spill:
    """Keeps blocks, in order; in a file of `folder()` once they are many."""

    def __init__(self, folder: Callable[[], Path], width: int) -> None:
        cells = [(str(i), pa.string()) for i in range(width)]
        self._schema = pa.schema([*_PLACES, *cells])
        self._folder = folder
        self._kept: list[Any] = []
        self._bytes = 0
        self._path: Path | None = None
        self._writer: Any = None
        self.rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, block: Block, parsed: Parsed) -> None:
        """Append a block."""
        edges = block.edges
        places = (block.lines, block.offset + edges[:-1], np.diff(edges).astype(np.int32))
        arrays = [pa.array(values) for values in (*places, parsed.fault, parsed.detail)]
        self._kept.append(pa.record_batch([*arrays, *parsed.columns], schema=self._schema))
        self._bytes += len(block.data)
        self.rows += block.rows
        if self._bytes > _KEPT_BYTES:
            self._write_kept()

    def _write_kept(self) -> None:
        if self._writer is None:
            self._path = self._folder() / "cells.arrow"
            self._writer = pa.ipc.new_file(str(self._path), self._schema)
        for batch in self._kept:
            self._writer.write(batch)
        self._kept.clear()

    def stretches(self, rows: int, *, stop: int) -> Iterator[Stretch]:
        """Yield the first `stop` records in stretches of `rows`, or of fewer if they are long."""
        first_row = 1
        for table in _slices(self._batches(), rows):
            if first_row > stop:
                return
            yield _stretch(table.slice(0, stop + 1 - first_row), first_row)
            first_row += table.num_rows

    def _batches(self) -> Iterator[Any]:
        if self._path is None:
            yield from self._kept
            return
        with pa.OSFile(str(self._path)) as file, pa.ipc.open_file(file) as reader:
            for number in range(reader.num_record_batches):
                yield reader.get_batch(number)


def _slices(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    waiting: list[Any] = []
    count = size = 0
    for whole in batches:
        batch = whole
        while taken := _fill(batch, rows - count, STRETCH_BYTES - size):
            yield pa.Table.from_batches([*waiting, batch.slice(0, taken)])
            batch, waiting, count, size = batch.slice(taken), [], 0, 0
        waiting, count = [*waiting, batch], count + batch.num_rows
        size += int(_sizes(batch).sum())
    if count:
        yield pa.Table.from_batches(waiting)


def _fill(batch: Any, rows: int, size: int) -> int:
    """Return with how many records a stretch is full that has room for so many rows and bytes."""
    full = min(rows, int(np.searchsorted(np.cumsum(_sizes(batch)), size)) + 1)
    return full if full <= batch.num_rows else 0


def _sizes(batch: Any) -> NDArray[np.int64]:
    """Return about how many bytes each record takes in memory."""
    cells = batch.num_columns - len(_PLACES)
    sizes: NDArray[np.int64] = batch["length"].to_numpy().astype(np.int64)
    sizes += _PLACE_BYTES * cells
    return sizes


def _stretch(table: Any, first_row: int) -> Stretch:
    columns = [column.combine_chunks() for column in table.columns]
    places = {name: columns[i].to_numpy() for i, (name, _) in enumerate(_PLACES)}
    return Stretch(
        first_row=first_row,
        lines=places["line"],
        offsets=places["offset"],
        lengths=places["length"],
        fault=places["fault"],
        detail=places["detail"],
        columns=tuple(columns[len(_PLACES) :]),
    )


def empty_stretch(width: int) -> Stretch:
    """Return a stretch without records."""
    columns = [pa.array([], kind) for _, kind in _PLACES]
    columns += [pa.array([], pa.string())] * width
    names = [str(i) for i in range(len(columns))]
    return _stretch(pa.table(columns, names=names), 1)
