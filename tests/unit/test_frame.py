"""Frames as bytes: what few rows cost, and that all that was ever written can be read."""

import pyarrow as pa
import pytest

from common import frame

FEW, MANY = 110, 20_000


def table(rows: int) -> pa.Table:
    return pa.table({
        "row": pa.array(range(rows), pa.int64()),
        "product": pa.array([f"tea {row % 7}" for row in range(rows)]),
        "amount": pa.array([None if row % 5 == 0 else row for row in range(rows)], pa.int64()),
    })


@pytest.mark.parametrize("rows", [0, 1, FEW, MANY])
def test_what_was_written_is_read(rows: int) -> None:
    (chunk,) = frame.encode(table(rows))
    assert chunk.rows == rows
    assert frame.decode(chunk.content).equals(table(rows))


@pytest.mark.parametrize("rows", [FEW, MANY])
def test_some_columns_are_read_alone(rows: int) -> None:
    (chunk,) = frame.encode(table(rows))
    assert frame.decode(chunk.content, ["amount"]).equals(table(rows).select(["amount"]))


def test_few_rows_take_less_room_together_than_column_by_column() -> None:
    (chunk,) = frame.encode(table(FEW))
    assert len(chunk.content) < len(by_columns(table(FEW)))


def test_few_rows_that_were_compressed_by_columns_are_read() -> None:
    content = by_columns(table(FEW))
    assert frame.decode(content).equals(table(FEW))
    assert frame.decode(content, ["row"]).equals(table(FEW).select(["row"]))


def by_columns(rows: pa.Table) -> bytes:
    """Return rows as they were written once, however few."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()
