"""Text to dates: ISO, day first and month first, with an optional time of day."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"

_PATTERN = (
    r"^(?P<first>[0-9]{1,4})[-/.](?P<second>[0-9]{1,2})[-/.](?P<third>[0-9]{1,4})"
    r"(?:(?:[Tt]| +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<seconds>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6})[0-9]*)?)?)?$"
)
_LEADING = (
    r"^(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})(?:[^0-9]|$)"
)

_FIRST_YEAR = 1970
# Two-digit years from here on are of the last century.
_PIVOT = 70

Integers = NDArray[np.int64]


def leading_parts(texts: Any) -> tuple[Integers, Integers]:
    """Return the first two parts of dates that do not begin with the year; 0 for other texts."""
    parts = pc.extract_regex(texts, pattern=_LEADING)
    return _number(parts, "first"), _number(parts, "second")


def convert(texts: Any, *, order: str | None) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return trimmed texts as datetime64[us], and which of them are dates.

    A date that begins with four digits is year, month, day; any other is read in `order`, or if
    that is None (both orders agree) day first.
    """
    parts = pc.extract_regex(texts, pattern=_PATTERN)
    first, second, third = (_number(parts, name) for name in ("first", "second", "third"))
    first_digits, third_digits = (_digits(parts, name) for name in ("first", "third"))
    is_iso = first_digits == 4
    year = np.where(is_iso, first, _full_year(third, third_digits))
    day_first = order != MONTH_FIRST
    month = np.where(is_iso, second, second if day_first else first)
    day = np.where(is_iso, third, first if day_first else second)
    is_shaped = np.where(
        is_iso, third_digits <= 2, (first_digits <= 2) & np.isin(third_digits, (2, 4))
    )
    days, is_day = _days(year, month, day)
    clock, is_time = _time_of_day(parts)
    is_date = np.asarray(pc.is_valid(parts)) & is_shaped & is_day & is_time
    moments = days.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    return moments, is_date


def _number(parts: Any, name: str) -> Integers:
    """Return a part as whole numbers, 0 where it is missing."""
    text = pc.fill_null(pc.struct_field(parts, name), "")
    return np.asarray(pc.if_else(pc.equal(text, ""), "0", text).cast(pa.int64()))


def _digits(parts: Any, name: str) -> Integers:
    length = pc.utf8_length(pc.struct_field(parts, name))
    return np.asarray(pc.fill_null(length, 0)).astype(np.int64)


def _full_year(year: Integers, digits: Integers) -> Integers:
    century = np.where(year < _PIVOT, 2000, 1900)
    return np.where(digits == 2, century + year, year)


def _days(year: Integers, month: Integers, day: Integers) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return days since 1970, and which of them exist in the calendar from 1970 on."""
    is_month = (month >= 1) & (month <= 12) & (year >= _FIRST_YEAR)
    months = np.where(is_month, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    begin = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - begin).astype(np.int64)
    return begin + (day - 1).astype("timedelta64[D]"), is_month & (day >= 1) & (day <= length)


def _time_of_day(parts: Any) -> tuple[Integers, NDArray[np.bool_]]:
    """Return microseconds since midnight, and which of them are on a clock."""
    hour, minute, second = (_number(parts, name) for name in ("hour", "minute", "seconds"))
    fraction = pc.fill_null(pc.struct_field(parts, "fraction"), "")
    micros = np.asarray(pc.utf8_rpad(fraction, 6, "0").cast(pa.int64()))
    is_time = (hour < 24) & (minute < 60) & (second < 60)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, is_time


def readings(text: str) -> dict[str, str]:
    """Return the two days that `text` can be, as ISO text."""
    values = pa.array([text])
    return {order: _iso(values, order) for order in (DAY_FIRST, MONTH_FIRST)}


def _iso(values: Any, order: str) -> str:
    day: date = convert(values, order=order)[0][0].astype("datetime64[D]").item()
    return day.isoformat()
