"""Text to moments on the branch's clock: digits with signs between them all together, others alone.

What a date is, and what is wrong with a text that is none, is said by `careful_dates`.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import MAXYEAR, UTC, datetime, timedelta, tzinfo
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values.careful_dates import (
    COMPACT,
    DAY_FIRST,
    DAY_ZERO,
    EXCEL_1900,
    FIRST_YEAR,
    FIRST_YEAR_COUNTED,
    IN_A_SECOND,
    INSTANT,
    MILLISECONDS,
    MONTH_FIRST,
    PIVOT,
    SECONDS,
    SOME_DAY,
    WALL,
    YEAR_FIRST,
    parse,
    read_date,
    real_day,
)
from functions.ingest.reader.values.looks import is_time_of_digits
from functions.ingest.reader.values.shapes import Integers, Mask, Parts, all_matches, matches, split

_DAY = (
    r"(?P<first>[0-9]{4}|[0-9]{1,2})[-/. ](?P<second>[0-9]{1,2})[-/. ]"
    r"(?P<third>[0-9]{4}|[0-9]{1,2})"
)
_CLOCK = (
    r"(?:[Tt]|,? +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<seconds>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,6})[0-9]*)?)?(?: ?(?P<half>[AaPp])[Mm])?"
)
_OFFSET = r" ?(?:(?P<utc>[Zz])|(?P<side>[+-])(?P<east_hours>[0-9]{2}):?(?P<east_minutes>[0-9]{2}))"
_SHAPED = r"(?:[0-9]{4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,2}|[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ](?:[0-9]{4}|[0-9]{2}))"
# What the vectorised path knows of all forms but the most common one, for Arrow to match.
_SHAPES = {
    INSTANT: rf"^{_SHAPED}{_CLOCK} ?(?:[Zz]|[+-][0-9]{{2}}:?[0-5][0-9])$",
    EXCEL_1900: "^[1-9][0-9]{4}$",
    SECONDS: "^[1-9][0-9]{8,9}$",
    MILLISECONDS: "^[1-9][0-9]{12}$",
}
RARER_FORMS = tuple(_SHAPES)
_REGULAR_WALL = re.compile(rf"{_SHAPED}(?:{_CLOCK})?\Z")
_DAY_PLACES = (8, 9)  # in a text of ISO's form
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?\Z"
)
_FOUR_DIGITS = re.compile("[0-9]{4}")
_PATTERNS = {
    WALL: re.compile(rf"{_DAY}(?:{_CLOCK})?\Z"),
    INSTANT: re.compile(rf"{_DAY}{_CLOCK}{_OFFSET}\Z"),
}
_SIGNS = {WALL: ("half",), INSTANT: ("half", "utc", "side")}
_YEAR_LAST = re.compile(
    r"(?P<first>[0-9]{1,2})[-/. ](?P<second>[0-9]{1,2})[-/. ](?P<third>[0-9]{4}|[0-9]{2})"
    r"(?:[^0-9]|\Z)"
)

# What is wrong with a value; the numbers are those of `convert`'s second result.
FAULTS = (
    Fault.BAD_DATE,
    Fault.IMPOSSIBLE_DATE,
    Fault.OTHER_DATE_FORM,
    Fault.OTHER_DATE_ORDER,
    Fault.EARLY_DATE,
    Fault.UNKNOWN_ZONE,
)

# The first digit may be missing.
_OF_DIGITS = {
    4: (r"^([0-9]{1,2})([0-9]{2})$", r"\1:\2"),
    6: (r"^([0-9]{1,2})([0-9]{2})([0-9]{2})$", r"\1:\2:\3"),
}
_AFTER_NOON = tuple(b"Pp")


def regular_walls(texts: Any) -> tuple[Mask, Mask]:
    """Say which texts have the shape of the most common form, and which begin with four digits."""
    is_wall, is_year_first = all_matches(texts, (_REGULAR_WALL, _FOUR_DIGITS))
    return is_wall, is_year_first


def is_regular(texts: Any, form: str) -> Mask:
    """Say which texts have the shape that the vectorised path knows of one of the rarer forms."""
    is_this: Mask = np.asarray(pc.match_substring_regex(texts, _SHAPES[form]), np.bool_)
    return is_this


def begins_with_two(texts: Any) -> Any:
    """Say which texts begin with two digits, as a year of two does, and a sign that follows one."""
    return pc.match_substring_regex(texts, "^[0-9]{2}[-/]")


def year_last(texts: Any) -> tuple[Integers, Integers, Integers, Mask]:
    """Return the parts of regular dates that end with the year, and whose year has two digits."""
    parts = split(texts, _YEAR_LAST)
    first, second, third = (parts.numbers[name] for name in ("first", "second", "third"))
    return first, second, third, parts.digits["third"] == 2


def convert(
    texts: Any, *, order: str | None, form: str = WALL, zone: tzinfo = UTC
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return trimmed texts as datetime64[us], and what is wrong with each.

    0 stands for nothing wrong, 1 + i for `FAULTS[i]`. For the rest see `read_date`.
    """
    if form == WALL and len(texts) and _ISO.match(texts[0].as_py()):
        moments, is_read = _convert_iso(texts, order)
    elif form in _PATTERNS:
        moments, is_read = _convert_regular(texts, order, form, zone)
    elif form == COMPACT:
        moments, is_read = np.zeros(len(texts), "datetime64[us]"), np.zeros(len(texts), np.bool_)
    else:
        moments, is_read = _convert_counted(texts, form, zone)
    faults = np.zeros(len(texts), np.uint8)
    for place in np.flatnonzero(~is_read):
        read = read_date(texts[place].as_py(), order=order, form=form, zone=zone)
        if isinstance(read, Fault):
            faults[place] = 1 + FAULTS.index(read)
        else:
            moments[place] = read
    return moments, faults


def clock_digits(times: Sequence[str]) -> int:
    """Return with how many digits the first times of a column are written, if most have no sign.

    `930` is half past nine, but `930` beside `93000` could also be soon after midnight.
    """
    of_digits = list(filter(is_time_of_digits, times))
    if 2 * len(of_digits) <= sum(map(bool, times)):
        return 0
    return 6 if len(max(of_digits, key=len)) > 4 else 4


def convert_clocks(texts: Any, digits: int) -> tuple[Any, Mask]:
    """Return trimmed times of day as durations, null where they are none; and which are wrong.

    An empty text is none, and not wrong. For `digits` see `clock_digits`.
    """
    if digits:
        texts = pc.replace_substring_regex(texts, *_OF_DIGITS[digits])
    moments, faults = convert(pc.binary_join_element_wise(SOME_DAY, texts, " "), order=None)
    has_digits = np.asarray(pc.match_substring_regex(texts, r"\p{Nd}"))
    is_clock = (faults == 0) & has_digits
    clocks = (moments - np.datetime64(SOME_DAY)).astype("timedelta64[us]")
    is_wrong = ~is_clock & np.asarray(pc.not_equal(texts, ""))
    return pa.array(clocks, pa.duration("us"), mask=~is_clock), is_wrong


def _convert_iso(texts: Any, order: str | None) -> tuple[NDArray[Any], Mask]:
    """Let Arrow read the days of ISO's form, all but the ones that do not exist each month.

    It refuses all texts for one that is none.
    """
    is_iso = matches(texts, _ISO)
    for is_taken in (is_iso, is_iso & _are_of_each_month(texts)):
        try:
            cast = _only(texts, is_taken).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            continue
        moments = np.asarray(cast.fill_null(0)).copy()
        is_read = is_taken & (moments >= np.datetime64(f"{FIRST_YEAR}-01-01"))
        if (others := np.flatnonzero(~is_taken)).size:
            rest = texts.take(pa.array(others))
            moments[others], is_read[others] = _convert_regular(rest, order, WALL, UTC)
        return moments, is_read
    return _convert_regular(texts, order, WALL, UTC)


def _only(texts: Any, wanted: Mask) -> Any:
    return texts if wanted.all() else pc.if_else(pa.array(wanted), texts, None)


def _are_of_each_month(texts: Any) -> Mask:
    """Say which of the texts of ISO's form name one of the first 28 days."""
    _, edges, content = texts.buffers()
    starts = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts)]
    octets = np.frombuffer(content, np.uint8)
    tens, ones = (np.take(octets, starts + place, mode="clip") for place in _DAY_PLACES)
    is_early: Mask = (tens < ord("2")) | ((tens == ord("2")) & (ones < ord("9")))
    return is_early


def _convert_regular(
    texts: Any, order: str | None, form: str, zone: tzinfo
) -> tuple[NDArray[Any], Mask]:
    parts = split(texts, _PATTERNS[form], signs=_SIGNS[form])
    year, month, day = _in_order(parts, order or DAY_FIRST)
    days, is_day = _days(year, month, day)
    clock, is_time = _time_of_day(parts)
    moments = days.astype("datetime64[us]") + clock.astype("timedelta64[us]")
    is_read = parts.is_match & is_day & is_time
    if form == INSTANT:
        offset, is_place = _offsets(parts)
        is_read &= is_place & (year < MAXYEAR)
        moments = _on_the_wall(moments - offset, is_read, zone)
    return moments, is_read


def _convert_counted(texts: Any, form: str, zone: tzinfo) -> tuple[NDArray[Any], Mask]:
    is_read = is_regular(texts, EXCEL_1900 if form in DAY_ZERO else form)
    counts = np.asarray(pc.if_else(pa.array(is_read), texts, "0").cast(pa.int64()))
    if form in DAY_ZERO:
        moments = (np.datetime64(DAY_ZERO[form]) + counts).astype("datetime64[us]")
        return moments, is_read & (moments >= np.datetime64(f"{FIRST_YEAR_COUNTED}-01-01"))
    micros = counts * (1_000_000 // IN_A_SECOND[form])
    return _on_the_wall(micros.astype("datetime64[us]"), is_read, zone), is_read


def _in_order(parts: Parts, order: str) -> tuple[Integers, Integers, Integers]:
    """Return year, month and day of each date; a month of 0 if it is not in this order."""
    first, second, third = (parts.numbers[name] for name in ("first", "second", "third"))
    first_digits, third_digits = (parts.digits[name] for name in ("first", "third"))
    is_short = (first_digits <= 2) & (third_digits == 2)
    is_year_first = (first_digits == 4) & (third_digits <= 2)
    is_year_last = is_short | ((first_digits <= 2) & (third_digits == 4))
    if order == YEAR_FIRST:
        is_year_first |= is_short & (first_digits == 2)
        is_year_last = np.zeros_like(is_year_first)
    month_part, day_part = (first, second) if order == MONTH_FIRST else (second, first)
    year = np.where(is_year_first, _full_year(first, first_digits), _full_year(third, third_digits))
    month = np.where(is_year_first, second, np.where(is_year_last, month_part, 0))
    return year, month, np.where(is_year_first, third, day_part)


def _full_year(year: Integers, digits: Integers) -> Integers:
    century = np.where(year < PIVOT, 2000, 1900)
    return np.where(digits <= 2, century + year, year)


def _days(year: Integers, month: Integers, day: Integers) -> tuple[NDArray[Any], Mask]:
    """Return days since 1970, and which of them exist in the calendar from 1970 on."""
    is_month = (month >= 1) & (month <= 12) & (year >= FIRST_YEAR)
    months = np.where(is_month, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    begin = months.astype("datetime64[D]")
    length = ((months + 1).astype("datetime64[D]") - begin).astype(np.int64)
    return begin + (day - 1).astype("timedelta64[D]"), is_month & (day >= 1) & (day <= length)


def _time_of_day(parts: Parts) -> tuple[Integers, Mask]:
    """Return microseconds since midnight, and which of them are on a clock."""
    hour, minute, second = (parts.numbers[name] for name in ("hour", "minute", "seconds"))
    micros = parts.numbers["fraction"] * 10 ** (6 - parts.digits["fraction"])
    is_time = (hour < 24) & (minute < 60) & (second < 60)
    half = parts.signs["half"]
    has_half = half > 0
    if has_half.any():
        is_time &= ~has_half | ((hour >= 1) & (hour <= 12))
        hour = np.where(has_half, hour % 12 + 12 * np.isin(half, _AFTER_NOON), hour)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros, is_time


def _offsets(parts: Parts) -> tuple[NDArray[Any], Mask]:
    """Return how far each place is from UTC, and which of them are on Earth."""
    hours, minutes = parts.numbers["east_hours"], parts.numbers["east_minutes"]
    west = parts.signs["side"] == ord("-")
    east = np.where(west, -1, 1) * (hours * 60 + minutes)
    return east.astype("timedelta64[m]"), (np.abs(east) <= 14 * 60) & (minutes < 60)


def _on_the_wall(utc: NDArray[Any], is_read: Mask, zone: tzinfo) -> NDArray[Any]:
    """Move instants to a zone; clocks are only ever changed at a quarter of an hour."""
    quarters, places = np.unique(
        np.where(is_read, utc, np.datetime64(0, "us")).astype("datetime64[15m]"),
        return_inverse=True,
    )
    moved = [_offset_at(quarter.item(), zone) for quarter in quarters.astype("datetime64[us]")]
    wall: NDArray[Any] = utc + np.array(moved, "timedelta64[us]")[places]
    return wall


def _offset_at(utc: datetime, zone: tzinfo) -> timedelta:
    return utc.replace(tzinfo=UTC).astimezone(zone).utcoffset() or timedelta()


def readings(text: str) -> dict[str, str]:
    """Return the two days that `text` can be, as ISO text."""
    return all_readings(text, (DAY_FIRST, MONTH_FIRST))


def all_readings(text: str, orders: Iterable[str]) -> dict[str, str]:
    """Return the days that `text` can be in these orders, as ISO text."""
    written = parse(text)
    assert written is not None  # it is open, so it is a date
    days = {order: real_day(written, order) for order in orders}
    return {order: day.isoformat() for order, day in days.items() if day}
