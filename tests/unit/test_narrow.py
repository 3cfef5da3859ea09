"""Narrow columns: they say the same, in less room."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import frame
from common.narrow import narrow, widen

ROWS = 200  # more than are looked at before all are
PRICE, AMOUNT = pa.decimal128(18, 6), pa.decimal128(38, 12)
MOST = Decimal("9" * 26 + "." + "9" * 12)
LEAST = MOST.copy_negate()


def narrowed(values: list[Any], kind: Any) -> Any:
    """Return the narrow column of these, having made sure that it says the same."""
    # A slice, whose buffers have more before and after it.
    around = pa.chunked_array([pa.array([values[0], *values, values[-1]], kind)])
    field = pa.field("some", kind, metadata={"kept": "too"})
    table = pa.table({"some": around}, schema=pa.schema([field])).slice(1, len(values))
    batch = narrow(table)
    wide = widen(pa.Table.from_batches([batch]))
    assert wide.schema.equals(table.schema)
    assert wide["some"].to_pylist() == values
    wide.validate(full=True)
    return batch.column(0)


def test_nothing_but_nulls_is_only_that() -> None:
    assert narrowed([None] * ROWS, pa.string()).type == pa.null()
    assert narrowed([None] * ROWS, AMOUNT).type == pa.null()


@pytest.mark.parametrize("gap", [0, 1, 150])
def test_what_rises_by_one_is_written_once(gap: int) -> None:
    numbers = [7 + i + (1000 if i > gap else 0) for i in range(ROWS)]
    assert len(narrowed(numbers, pa.int64()).values) <= 2


@pytest.mark.parametrize("step", [0, 2, -1])
def test_other_numbers_stay(step: int) -> None:
    assert narrowed([step * i for i in range(ROWS)], pa.int64()).type == pa.int64()


def test_one_text_is_written_once() -> None:
    assert len(narrowed(["sale"] * ROWS, pa.string()).values) == 1


def test_texts_that_seldom_change_are_written_once_each_time() -> None:
    values = ["sale"] * 90 + ["return"] + ["sale"] * (ROWS - 91)
    assert narrowed(values, pa.string()).values.to_pylist() == ["sale", "return", "sale"]


@pytest.mark.parametrize("first", [None, "7"])
def test_what_is_missing_is_written_once_for_each_stretch_of_it(first: str | None) -> None:
    values = [first] * 90 + ["8"] * 10 + [None] * 40 + ["8"] * 60
    assert narrowed(values, pa.string()).values.to_pylist() == [first, "8", None, "8"]


def test_texts_that_change_later_on_are_no_runs() -> None:
    values = ["sale"] * 70 + ["a", "bb"] * 65
    assert narrowed(values, pa.string()).dictionary.to_pylist() == ["sale", "a", "bb"]


@pytest.mark.parametrize(("distinct", "kind"), [(128, pa.int8()), (129, pa.int16())])
def test_texts_that_come_again_are_written_once(distinct: int, kind: Any) -> None:
    values = [None if i % 7 == 3 else f"tea {i % distinct}" for i in range(distinct * 14)]
    narrow_column = narrowed(values, pa.string())
    assert narrow_column.indices.type == kind
    assert len(narrow_column.dictionary) == distinct


@pytest.mark.parametrize("again", [0, 9000])
def test_texts_that_are_mostly_new_stay(again: int) -> None:
    values = [f"tea {i % 2}{i}" for i in range(again + 100)]
    values = [f"tea {i % 90 + 10}" for i in range(again)] + values
    assert narrowed(values, pa.string()).type == pa.string()


def test_texts_of_one_length_have_no_edges() -> None:
    assert narrowed([f"{i:05}" for i in range(ROWS)], pa.string()).type == pa.binary(5)
    assert narrowed(["ñá"[i % 2] for i in range(ROWS)], pa.string()).type == pa.binary(2)


@pytest.mark.parametrize("odd", ["", "123456", None])
def test_texts_of_one_length_but_one_stay(odd: str | None) -> None:
    values = [f"{i:05}" for i in range(ROWS - 1)]
    assert narrowed([*values, odd], pa.string()).type == pa.string()


@pytest.mark.parametrize(
    ("least", "most", "kind"),
    [
        ("-128", "127", pa.int8()),
        ("-129", "127", pa.int16()),
        ("1.05", "327.67", pa.int16()),
        ("1.05", "327.68", pa.int32()),
        ("0.000001", "2147.483647", pa.int32()),
        ("0.000001", "2147.483648", pa.int64()),
    ],
)
def test_decimals_are_integers_of_as_few_bytes_as_hold_them(
    least: str, most: str, kind: Any
) -> None:
    values = [Decimal(least), Decimal(most), None, Decimal(0)] * (ROWS // 4)
    assert narrowed(values, PRICE).type == kind


def test_decimals_of_more_than_64_bits_stay() -> None:
    assert narrowed([MOST, LEAST, None, Decimal("0.1")] * (ROWS // 4), AMOUNT).type == AMOUNT


def test_decimals_in_which_only_the_last_has_digits_behind_the_point_keep_them() -> None:
    assert narrowed([Decimal(i) for i in range(ROWS)] + [Decimal("0.5")], PRICE).type == pa.int16()


def test_no_rows_are_no_rows() -> None:
    empty = frame.CANONICAL.empty_table()
    wide = widen(pa.Table.from_batches([narrow(empty)]))
    assert wide.equals(empty)
    assert wide.schema.equals(frame.CANONICAL)


AMOUNTS = st.none() | st.decimals(LEAST, MOST, places=2) | st.decimals(-99, 99, places=12)
COLUMNS = (
    st.tuples(st.just(pa.string()), st.lists(st.none() | st.text(max_size=3), min_size=1)),
    st.tuples(st.just(pa.string()), st.lists(st.sampled_from(["é", "ab", "cd"]), min_size=1)),
    st.tuples(
        st.just(pa.int64()), st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1)
    ),
    st.tuples(st.just(AMOUNT), st.lists(AMOUNTS, min_size=1)),
    st.tuples(
        st.just(PRICE), st.lists(st.none() | st.integers(-999, 999).map(Decimal), min_size=1)
    ),
)


@given(st.one_of(COLUMNS), st.integers(1, 20))
def test_whatever_stands_in_a_column_comes_back(column: tuple[Any, list[Any]], times: int) -> None:
    kind, values = column
    narrowed(values * times, kind)
    narrowed([value for value in values for _ in range(times)], kind)
