"""Decimals as integers: exactly, or not at all."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.decimals import halves, nulls, of_integers, to_integers

KIND = pa.decimal128(38, 12)
LIMIT = 1 << 63


def column(values: list[int | None]) -> Any:
    """Return numbers of smallest units as decimals, of which others stand before and after."""
    unscaled = [None if v is None else Decimal(v).scaleb(-12) for v in (7, *values, None)]
    return pa.array(unscaled, KIND).slice(1, len(values))


@given(st.lists(st.none() | st.integers(-LIMIT, LIMIT - 1)))
def test_all_that_fit_come_back(values: list[int | None]) -> None:
    decimals = column(values)
    integers = to_integers(decimals)
    assert integers is not None
    assert integers.tolist() == [v or 0 for v in values]
    back = of_integers(integers, KIND, nulls(decimals))
    back.validate(full=True)
    assert back.equals(decimals)


@pytest.mark.parametrize("large", [LIMIT, -LIMIT - 1, 10**30, -(10**30)])
@pytest.mark.parametrize("others", [[], [1], [-1], [None]])
def test_one_that_does_not_fit_is_told(large: int, others: list[int | None]) -> None:
    assert to_integers(column([*others, large])) is None


def test_the_upper_half_bears_the_sign() -> None:
    assert np.array_equal(halves(column([5, -5, 0]))[1] < 0, [False, True, False])
