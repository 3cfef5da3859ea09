"""Columns in as little room as holds all that they say, and back again.

What a compressor finds out byte by byte is known of a column as a whole, and costs a fraction of
the time to leave out.
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.decimals import nulls, of_integers, to_integers

_DECIMALS = (pa.decimal128(18, 6), pa.decimal128(38, 12))
_TYPES = {str(kind): kind for kind in (pa.string(), pa.int64(), *_DECIMALS)}
# In a narrow field's metadata: what its type was, and the power of ten that its integers count.
_TYPE, _POWER = b"type", b"power"
_INTEGERS = (np.int8, np.int16, np.int32, np.int64)
_PROBED_ROWS = 64
_ROWS_A_RUN = 8  # of fewer, runs take more room than the rows
_PROBED_TEXTS = 8192  # among fewer, of a few thousand products most are new
_ROWS_A_TEXT = 2


def narrow(table: pa.Table) -> pa.RecordBatch:
    """Return a table as one batch, its columns narrower where they can be; see `widen`.

    - Nothing but nulls is only that.
    - What many rows have in common, or what rises by one with each, is written once.
    - Texts that are all of one length have no edges; others that come again and again are written
      once each, in a dictionary.
    - Decimals are integers, of as few bytes as hold them, that count a power of ten.
    """
    (batch,) = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
    fields, columns = [], []
    for field, column in zip(batch.schema, batch.columns, strict=True):
        narrowed, power = _narrowed(column) if str(field.type) in _TYPES else (column, 0)
        notes = {_TYPE: str(field.type), _POWER: str(power)}
        is_narrow = narrowed.type != field.type
        fields.append(field.with_type(narrowed.type).with_metadata(notes) if is_narrow else field)
        columns.append(narrowed)
    return pa.record_batch(columns, schema=pa.schema(fields))


def widen(table: pa.Table) -> pa.Table:
    """Return the rows of one batch with its columns as they were."""
    for index, field in enumerate(table.schema):
        notes = field.metadata or {}
        if _TYPE in notes:
            kind = _TYPES[notes[_TYPE].decode()]
            (narrowed,) = table.column(index).chunks
            column = _widened(narrowed, kind, power=int(notes[_POWER]))
            table = table.set_column(index, field.with_type(kind).remove_metadata(), column)
    return table


def _narrowed(column: Any) -> tuple[Any, int]:
    """Return a column of the same rows, and the power of ten that it counts."""
    if column.null_count == len(column):
        return pa.nulls(len(column)), 0
    if pa.types.is_decimal(column.type):
        return _as_integers(column)
    if pa.types.is_integer(column.type):
        return _beside_their_place(column), 0
    found = None if column.null_count else _of_one_length(column)
    return found or _as_runs(column) or _by_distinct(column) or column, 0


def _widened(column: Any, kind: Any, power: int) -> Any:
    if pa.types.is_null(column.type):
        return pa.nulls(len(column), kind)
    if pa.types.is_decimal(kind):
        return _as_decimals(column, kind, power)
    if pa.types.is_integer(kind):
        return pa.array(np.asarray(pc.run_end_decode(column)) + np.arange(len(column)))
    return _as_texts(column)


def _as_texts(column: Any) -> Any:
    if pa.types.is_fixed_size_binary(column.type):
        return _with_edges(column)
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    return pc.run_end_decode(column)


# --- runs -----------------------------------------------------------------------------------


def _beside_their_place(numbers: Any) -> Any:
    """Return how far numbers are ahead of their place, once for all below each other that are so."""
    if numbers.null_count:
        return numbers
    values = np.asarray(numbers)
    begins = np.flatnonzero(np.append(True, np.diff(values) != 1))
    if _ROWS_A_RUN * len(begins) > len(values):
        return numbers
    return _runs(pa.array(values[begins] - begins), begins, len(values))


def _as_runs(texts: Any) -> Any:
    """Return each text, or null, once for all rows below each other that have it, if they are many."""
    for some in (texts[:_PROBED_ROWS], texts):
        runs = pc.run_end_encode(some)
        if _ROWS_A_RUN * len(runs.values) > len(some):
            return None
    return runs


def _runs(values: Any, begins: NDArray[np.int64], rows: int) -> Any:
    ends = np.append(begins[1:], rows).astype(np.int32)
    return pa.RunEndEncodedArray.from_arrays(ends, values)


# --- texts of one length --------------------------------------------------------------------


def _of_one_length(texts: Any) -> Any:
    """Return texts that are all of one length as bytes without edges, or as one text."""
    _, edges, content = texts.buffers()
    places = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts) + 1]
    length, rest = divmod(int(places[-1] - places[0]), len(texts))
    if rest or not length or not (np.diff(places) == length).all():
        return None
    own = content.slice(int(places[0]), length * len(texts))
    if own.slice(length) == own.slice(0, own.size - length):
        return _runs(texts[:1], np.zeros(1, np.int64), len(texts))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(length), len(texts), [None, own])


def _with_edges(column: Any) -> Any:
    length = column.type.byte_width
    edges = np.arange(0, length * len(column) + 1, length, dtype=np.int32)
    return pa.StringArray.from_buffers(len(column), pa.py_buffer(edges), column.buffers()[1])


# --- texts that come again ------------------------------------------------------------------


def _by_distinct(texts: Any) -> Any:
    """Return the distinct texts and which of them each row has, if these are a half at most."""
    for some in (texts[:_PROBED_TEXTS], texts):
        encoded = some.dictionary_encode()
        if _ROWS_A_TEXT * len(encoded.dictionary) > len(some):
            return None
    kind = _least(0, len(encoded.dictionary) - 1)
    return pa.DictionaryArray.from_arrays(
        encoded.indices.cast(pa.from_numpy_dtype(kind)), encoded.dictionary
    )


# --- decimals -------------------------------------------------------------------------------


def _as_integers(decimals: Any) -> tuple[Any, int]:
    """Return decimals as integers of fewer bits, if they fit in 64, and what these count."""
    if (in_full := to_integers(decimals)) is None:
        return decimals, 0
    integers, power = _counted(in_full, decimals.type.scale)
    kind = _least(int(integers.min()), int(integers.max()))
    return pa.array(integers.astype(kind), mask=nulls(decimals)), power


def _least(lowest: int, highest: int) -> type[np.signedinteger[Any]]:
    """Return the smallest type of integers that holds both."""
    return next(k for k in _INTEGERS if np.iinfo(k).min <= lowest and highest <= np.iinfo(k).max)


def _counted(numbers: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], int]:
    """Return numbers divided by the largest power of ten, up to `most`, that divides them all."""
    for power in range(most, 0, -1):
        if not (numbers[:_PROBED_ROWS] % 10**power).any():
            quotients = numbers // 10**power
            if np.array_equal(quotients * 10**power, numbers):
                return quotients, power
    return numbers, 0


def _as_decimals(column: Any, kind: Any, power: int) -> Any:
    filled = column.fill_null(0) if column.null_count else column
    return of_integers(np.asarray(filled).astype(np.int64) * 10**power, kind, nulls(column))
