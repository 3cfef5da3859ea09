"""What a file says apart from how it is written: one hash over its rows.

The same rows with other quotes, line ends, encoding, delimiter, or with numbers and dates written
otherwise, have the same hash; where the rows stand in the file does not matter, their order does.
"""

import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa

from functions.ingest.reader import Batch, RejectedRow

_PLACES = {"row", "line"}


class RowsHash:
    """The hash of the rows that were added, whatever the batches they came in."""

    def __init__(self) -> None:
        self._columns: dict[str, _ColumnHash] = {}
        self._rejected = hashlib.sha256()
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
    """Streams of what is there, how long it is, and its bytes: together they are the column."""

    def __init__(self) -> None:
        self._streams = tuple(hashlib.sha256() for _ in range(3))

    def add(self, values: Any) -> None:
        present, lengths, content = self._streams
        present.update(np.asarray(values.is_valid()).tobytes())
        values = values.drop_null()
        if pa.types.is_string(values.type):
            _, edges, data = values.buffers()
            places = np.frombuffer(edges, np.int32)[values.offset :][: len(values) + 1]
            lengths.update(np.diff(places).tobytes())
            if data is not None:
                content.update(memoryview(data)[places[0] : places[-1]])
        else:
            width = values.type.bit_width // 8
            first = values.offset * width
            content.update(memoryview(values.buffers()[1])[first : first + len(values) * width])

    def digest(self) -> list[str]:
        return [stream.hexdigest() for stream in self._streams]


def _text(row: RejectedRow) -> bytes:
    """Return a rejected row's cells; a spreadsheet fills rows that are too short."""
    cells = [cell.strip() for cell in row.cells]
    while cells and not cells[-1]:
        cells.pop()
    return json.dumps(cells).encode() + b"\n"
