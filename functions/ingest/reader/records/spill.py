"""What the first pass leaves for the second: the text of all cells, in order.

Record batches, in memory as long as they are few, and in an Arrow stream without compression when
they are more. Their first columns are the records' positions, then come the file's own, named by
their number.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
from numpy.typing import NDArray

from functions.ingest.reader.records.blocks import MAX_BLOCK_RECORDS, Block
from functions.ingest.reader.records.rows import Parsed

_PLACES = (
    ("line", pa.int64()),
    ("offset", pa.int64()),
    ("length", pa.int32()),  # with the line end
    ("fault", pa.uint8()),
    ("detail", pa.int32()),
)
_DISTINCT = pa.dictionary(pa.int32(), pa.string())

_KEPT_BYTES = 72 << 20  # of all columns: what is more goes to disk


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Some consecutive records as columns of text, with their positions."""

    first_row: int  # number of the first data row, from 1
    lines: NDArray[np.int64]
    offsets: NDArray[np.int64]
    lengths: NDArray[np.int32]
    fault: NDArray[np.uint8]
    detail: NDArray[np.int32]
    may_hold_controls: bool  # some cell of the file, characters that none may hold
    columns: tuple[Any, ...]  # pyarrow.StringArrays, or DictionaryArrays of trimmed texts

    def __len__(self) -> int:
        """Count the records."""
        return len(self.lines)

    def text(self, index: int) -> Any:
        """Return a column as a pyarrow.StringArray."""
        column = self.columns[index]
        return column.dictionary_decode() if is_distinct(column) else column


def is_distinct(column: Any) -> bool:
    """Say whether a column is kept as its distinct texts, and which of them each row has."""
    return isinstance(column, pa.DictionaryArray)


def are_empty(column: Any) -> NDArray[np.bool_]:
    """Say which rows have no text in a column."""
    if is_distinct(column):
        if not (of_each := are_empty(column.dictionary)).any():
            return np.zeros(len(column), np.bool_)
        return np.take(of_each, np.asarray(column.indices))
    edges = np.frombuffer(column.buffers()[1], np.int32)[column.offset :][: len(column) + 1]
    is_empty: NDArray[np.bool_] = edges[1:] == edges[:-1]
    return is_empty


class Spill:
    """Keeps blocks, in order; in a file of `folder()` once they are many.

    The columns numbered in `distinct` are kept as their distinct texts.
    """

    def __init__(self, folder: Callable[[], Path], width: int, *, distinct: Set[int]) -> None:
        cells = [(str(i), _DISTINCT if i in distinct else pa.string()) for i in range(width)]
        self._schema = pa.schema([*_PLACES, *cells])
        self._distinct = distinct
        self._folder = folder
        self._kept: list[Any] = []
        self._may_hold_controls = False
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

    def kept(self, columns: Sequence[Any]) -> tuple[Any, ...]:
        """Return a block's columns of text as they are kept."""
        return tuple(
            by_distinct(column) if i in self._distinct else column
            for i, column in enumerate(columns)
        )

    def add(self, block: Block, parsed: Parsed, kept: Sequence[Any]) -> None:
        """Append a block, with its columns as they are kept."""
        edges = block.edges
        places = (block.lines, block.offset + edges[:-1], np.diff(edges).astype(np.int32))
        arrays = [pa.array(values) for values in (*places, parsed.fault, parsed.detail)]
        self._may_hold_controls |= parsed.may_hold_controls
        batch = pa.record_batch([*arrays, *kept], schema=self._schema)
        self._kept.append(batch)
        self._bytes += batch.nbytes
        self.rows += block.rows
        if self._bytes > _KEPT_BYTES:
            self._write_kept()

    def _write_kept(self) -> None:
        if self._writer is None:
            self._path = self._folder() / "cells.arrow"
            self._writer = pa.ipc.new_stream(str(self._path), self._schema)
        for batch in self._kept:
            self._writer.write(batch)
        self._kept.clear()

    def stretches(self, *, stop: int, together: int | None = None) -> Iterator[Stretch]:
        """Yield the first `stop` records, block by block; without any, one stretch of none.

        With `together` no stretch ends between records that have the same text in that column, or
        none below one, unless there are more of them than a block has.
        """
        first_row = 1
        batches = self._batches()
        for batch in batches if together is None else _together(batches, str(together)):
            yield self._stretch(batch.slice(0, stop + 1 - first_row), first_row)
            first_row += batch.num_rows
            if first_row > stop:
                return

    def _batches(self) -> Iterator[Any]:
        if self._path is not None:
            with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
                yield from reader
        elif self._kept:
            yield from self._kept
        else:
            yield pa.RecordBatch.from_pylist([], schema=self._schema)

    def _stretch(self, batch: Any, first_row: int) -> Stretch:
        places = {name: batch.column(i).to_numpy() for i, (name, _) in enumerate(_PLACES)}
        return Stretch(
            first_row=first_row,
            lines=places["line"],
            offsets=places["offset"],
            lengths=places["length"],
            fault=places["fault"],
            detail=places["detail"],
            may_hold_controls=self._may_hold_controls,
            columns=tuple(batch.columns[len(_PLACES) :]),
        )


def _together(batches: Iterator[Any], name: str) -> Iterator[Any]:
    """Cut batches where another text begins in a column, instead of where they are cut."""
    rest = next(batches)
    for batch in batches:
        rest = pa.concat_batches([rest, batch])
        cut = _last_beginning(rest.column(name))
        if not cut and rest.num_rows > MAX_BLOCK_RECORDS:
            cut = rest.num_rows - 1
        if cut:
            yield rest.slice(0, cut)
            rest = rest.slice(cut)
    yield rest


def _last_beginning(texts: Any) -> int:
    """Return the last place at which another text begins than stands above."""
    filled = np.flatnonzero(~are_empty(texts))
    named = texts.take(pa.array(filled))
    begins = 1 + np.flatnonzero(np.asarray(pc.not_equal(named[1:], named[:-1]), np.bool_))
    return int(filled[begins[-1]]) if begins.size else 0


def by_distinct(column: Any) -> Any:
    """Return a column as its distinct texts, trimmed, and which of them each row has."""
    encoded = column.dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
    return pa.DictionaryArray.from_arrays(encoded.indices, trimmed, safe=False)
