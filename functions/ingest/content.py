"""What a file says apart from how it is written: one hash over its rows.

The same rows with other quotes, line ends, encoding, delimiter, or with numbers and dates written
otherwise, have the same hash; where the rows stand in the file does not matter, their order does.
"""

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic_core import to_json
from xxhash import xxh3_128

from functions.ingest.reader import Batch, RejectedRow

_PLACES = {"row", "line"}


class RowsHash:
    """The hash of the rows that were added, whatever the batches they came in."""

    def __init__(self) -> None:
        self._columns: dict[str, _ColumnHash] = {}
        self._rejected = xxh3_128()
        self._rows = 0

    def add(self, batch: Batch) -> None:
        """Add the rows of a batch, in the file's order."""
        self._rows += batch.balance.accepted + len(batch.set_aside)
        table = batch.accepted
        for name, column in zip(table.schema.names, table.columns, strict=True):
            if name not in _PLACES:
                of_column = self._columns.setdefault(name, _ColumnHash())
                for chunk in column.chunks:
                    of_column.add(chunk)
        for row in batch.set_aside:
            self._rejected.update(_text(row))

    def digest(self) -> str | None:
        """Return the hash; None where there are no rows to compare."""
        if not self._rows:
            return None
        columns = {name: each.digest() for name, each in self._columns.items()}
        facts = [sorted(columns.items()), self._rejected.hexdigest()]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


class _ColumnHash:
    """Streams of what is missing, how long texts are, and all bytes: together they are the column.

    Of what is missing, where stretches of it begin and end.
    """

    def __init__(self) -> None:
        self._missing, self._lengths, self._content = (xxh3_128() for _ in range(3))
        self._rows = 0
        self._was_present = True

    def add(self, values: Any) -> None:
        self._add_missing(values)
        if values.null_count == len(values):
            return
        if pa.types.is_string(values.type):
            self._add_texts(values)
        else:
            present = values.drop_null() if values.null_count else values
            width = values.type.bit_width // 8
            first = present.offset * width
            end = first + len(present) * width
            self._content.update(memoryview(present.buffers()[1])[first:end])

    def _add_missing(self, values: Any) -> None:
        if values.null_count or not self._was_present:
            changes = _changes(values, was_present=self._was_present)
            self._missing.update((changes + self._rows).tobytes())
            self._was_present ^= len(changes) % 2 == 1
        self._rows += len(values)

    def _add_texts(self, texts: Any) -> None:
        _, edges, data = texts.buffers()
        places = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts) + 1]
        lengths = np.diff(places)
        if texts.null_count:
            is_present = np.asarray(texts.is_valid())
            if lengths[~is_present].any():  # bytes that are of no text
                self._add_texts(texts.drop_null())
                return
            lengths = lengths[is_present]
        self._lengths.update(lengths.tobytes())
        if data is not None:
            self._content.update(memoryview(data)[places[0] : places[-1]])

    def digest(self) -> list[str]:
        return [each.hexdigest() for each in (self._missing, self._lengths, self._content)]


def _changes(values: Any, *, was_present: bool) -> NDArray[np.int64]:
    """Return where values begin or cease to be missing, as places from 0."""
    if values.null_count in {0, len(values)}:
        is_present = values.null_count == 0
        return np.zeros(int(bool(len(values)) and is_present != was_present), np.int64)
    return np.flatnonzero(np.diff(np.asarray(values.is_valid()), prepend=was_present))


def _text(row: RejectedRow) -> bytes:
    """Return a rejected row's cells; a spreadsheet fills rows that are too short."""
    cells = [cell.strip() for cell in row.cells]
    while cells and not cells[-1]:
        cells.pop()
    return to_json(cells) + b"\n"
