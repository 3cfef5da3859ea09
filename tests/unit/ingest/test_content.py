"""The hash of rows: the same however they were cut into batches, another for any other rows."""

from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ingest.balance import Balance
from functions.ingest.content import RowsHash
from functions.ingest.reader import Batch
from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read

HEADER = "order,date,customer,quantity,amount,note"
TABLE = [
    "1,2026-01-31,C1,2,9.50,first",
    "2,2026-01-31,,2,9.50,",
    "3,2026-02-01,,,9.50," + "long " * 60,
    "4,2026-02-01,C1,,0.50,äöü",
    "5,2026-02-02,C2,1,1.00,last",
]


def hashed(*table: str, records: int = 100) -> str | None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", records):
        got = read(lines(*table, header=HEADER))
    rows_hash = RowsHash()
    for batch in got.batches:
        rows_hash.add(batch)
    return rows_hash.digest()


@given(st.integers(1, 6))
def test_it_does_not_depend_on_the_batches(records: int) -> None:
    assert hashed(*TABLE, records=records) == hashed(*TABLE)


@pytest.mark.parametrize("row", range(len(TABLE)))
@pytest.mark.parametrize("column", range(6))
def test_any_other_cell_gives_another(row: int, column: int) -> None:
    other = ("9", "2026-03-03", "C9", "7", "7.77", "other")
    cells = TABLE[row].split(",")
    cells[column] = other[column]
    assert hashed(*TABLE[:row], ",".join(cells), *TABLE[row + 1 :]) != hashed(*TABLE)


@pytest.mark.parametrize("other", [TABLE[::-1], TABLE[:-1], [*TABLE, TABLE[-1]], TABLE[1:]])
def test_other_rows_or_another_order_give_another(other: list[str]) -> None:
    assert hashed(*other) != hashed(*TABLE)


def test_texts_are_not_the_same_when_cut_elsewhere() -> None:
    assert hashed("1,2026-01-31,C1,1,1,ab", "2,2026-01-31,C1,1,1,c") != hashed(
        "1,2026-01-31,C1,1,1,a", "2,2026-01-31,C1,1,1,bc"
    )


def test_which_of_several_is_missing_makes_a_difference() -> None:
    one, two = "1,2026-01-31,{},1,1,x", "1,2026-01-31,{},1,1,x"
    assert hashed(one.format("C1"), two.format("")) != hashed(one.format(""), two.format("C1"))


def test_bytes_of_a_text_that_is_missing_make_no_difference() -> None:
    missing = pa.py_buffer(b"\x05")  # of three the second
    texts = (
        (pa.array([0, 1, 1, 2], pa.int32()), b"ac"),
        (pa.array([0, 1, 2, 3], pa.int32()), b"abc"),
    )
    arrays = [
        pa.StringArray.from_buffers(3, edges.buffers()[1], pa.py_buffer(content), missing)
        for edges, content in texts
    ]
    digests = set()
    for array in arrays:
        assert array.to_pylist() == ["a", None, "c"]
        rows_hash = RowsHash()
        table = pa.table({"customer_id": array})
        rows_hash.add(Batch(accepted=table, balance=Balance(accepted=3), tell=tuple))
        digests.add(rows_hash.digest())
    assert len(digests) == 1


def test_rows_set_aside_count() -> None:
    assert hashed(*TABLE, "6,soon,C1,1,1,x") != hashed(*TABLE, "7,soon,C1,1,1,x")


def test_without_rows_there_is_none() -> None:
    assert hashed() is None
