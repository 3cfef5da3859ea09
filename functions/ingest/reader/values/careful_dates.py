"""The careful path of dates: one text at a time, by the letter, and it says what is wrong.

It defines what a date is; the vectorised path of `dates` must find the same ones.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache

from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values.calendar_names import MONTHS, WEEKDAYS, fold
from functions.ingest.reader.values.characters import plain
from functions.ingest.reader.values.zone_names import HOURS, SEVERAL

ORDERS = DAY_FIRST, MONTH_FIRST, YEAR_FIRST = "dmy", "mdy", "ymd"

# What a column's dates are: the calendar and clock of the branch, or of another place with its
# offset; digits alone; days since an epoch, as spreadsheets count; time since 1970 in UTC.
WALL, INSTANT, COMPACT = "wall", "instant", "compact"
EXCEL_1900, EXCEL_1904 = "excel_1900", "excel_1904"
SECONDS, MILLISECONDS = "seconds", "milliseconds"

FIRST_YEAR = 1970
SOME_DAY = "2000-01-01"  # to read a time with, which alone is no date
_LONGEST = 100  # characters; what is longer is none, and is not kept in mind
# Two-digit years from here on are of the last century.
PIVOT = 70

DAY_ZERO = {EXCEL_1900: date(1899, 12, 30), EXCEL_1904: date(1904, 1, 1)}
IN_A_SECOND = {SECONDS: 1, MILLISECONDS: 1000}
_FARTHEST = timedelta(hours=14)  # that a place is from UTC
FIRST_YEAR_COUNTED = 1990  # five digits that would be older are something else

_ZONE = "|".join(sorted({*HOURS, *SEVERAL}))
_OFFSET = rf"(?P<offset>z|utc|gmt|(?:utc|gmt)?[-+]\d{{1,2}}(?::?[0-5]\d)?|{_ZONE})"
_SECONDS = r"(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?"
_CLOCK = re.compile(
    r"(?:t|(?<=\d{4}):(?=\d\d:)|,? (?:(?:a las?|as|at|alle(?: ore)?|um|a|-) )?)(?P<hour>\d{1,2})"
    rf"(?:[:h.](?P<minute>\d{{2}})(?:[:.]{_SECONDS})?:?(?: ?(?:h|hs|hrs?|uhr)\b\.?)?)?"
    rf"(?: ?(?P<half>[ap])\.? ?m\.?)?(?: ?{_OFFSET})?$"
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    rf"(?:[t ]?(?P<hour>\d{{2}})(?P<minute>\d{{2}})(?:{_SECONDS})?(?P<half>)(?: ?{_OFFSET})?)?(?:\.0)?"
)
_COUNT = re.compile(r"(?P<whole>[1-9]\d*)(?:[.,](?P<part>\d+))?")
_COUNTED = {5: EXCEL_1900, 9: SECONDS, 10: SECONDS, 13: MILLISECONDS}  # by the number of digits

_ARTICLE = re.compile(r"(?:le|el|il|the|den|der|am|on) ")
_WEEKDAY = re.compile(r"(?P<name>[^\W\d_]{2,})(?:-feira)?\.?,? ?(?=.)")
_BETWEEN = r"(?: ?[-/.] ?| )"
_NUMERIC = re.compile(
    rf"(?P<first>\d{{1,4}}){_BETWEEN}(?P<second>\d{{1,2}}){_BETWEEN}(?P<third>\d{{1,4}})"
)
_NAME = r"(?P<month>[^\W\d_]{3,})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|re|[\u00ba\u00aa\u00b0])?"
_YEAR = r"'?(?P<year>\d{4}|\d{2})"
_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_DAY}[-/. ]*(?:(?:de|of) )?{_NAME}[-/., ]*(?:(?:de|del|of) )?{_YEAR}",
        rf"{_NAME}[-/ ]*{_DAY}(?:, ?|[-/ ]){_YEAR}",
        rf"(?P<year>\d{{4}})[-/., ]*{_NAME}[-/., ]*{_DAY}",
    )
)
# One of these is in any date that is no count and not compact, and in few texts that are none.
_THREE_NUMBERS = re.compile(rf"\d{_BETWEEN}\d{{1,2}}{_BETWEEN}\d")
_MONTH_BEGINS = re.compile("|".join(sorted({name[:3] for name in MONTHS})))
_ASIDE = re.compile(r" ?(?:\([^()\d]*\)|\[[^\[\]\d]*\])")  # a weekday, or the name of a zone
# As `date` and Java print it: `Sat Jan 31 15:05:00 CET 2026`.
_YEAR_AT_END = re.compile(
    r"(?P<day>.+?) (?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?: [a-z]+)?) (?P<year>\d{4})"
)
# The years before the first one of an era, in Japan and Taiwan.
_ERAS = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988, "昭和": 1925, "s": 1925}
_ERAS |= dict.fromkeys(("民國", "民国", ""), 1911)
_IN_ERA = re.compile(
    r"(令和|平成|昭和|民[國国]|[rhs](?=\d+[./])|(?=1\d{2}[-./])) ?(元|\d{1,3})(?=[-./])"
)
_AFTER_NOON = ("午後", "下午", "오후")
_HALF_IN_FRONT = re.compile(r"(午前|上午|오전|午後|下午|오후) ?(0?\d|1[0-2])(?::(\d{2})|:|(?!\d))")
_IDEOGRAPHS = str.maketrans({
    "年": "-",
    "月": "-",
    "日": " ",
    "時": ":",
    "时": ":",
    "分": ":",
    "秒": "",
    "년": "-",
    "월": "-",
    "일": " ",
    "시": ":",
    "분": ":",
    "초": "",
})

Day = tuple[int, int, int]  # year, month, day


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A date as it is written."""

    form: str
    days: Mapping[str, Day]  # by the order that its parts are read in
    clock: timedelta | None = timedelta()  # since midnight; None: no clock shows it
    offset: timedelta | None = None  # of its place from UTC
    zone: str | None = None  # the name of its place's zone, if there are several of that name
    weekdays: frozenset[int] | None = None  # what its weekday can be, 1 is Monday
    count: Decimal | None = None  # days, seconds or milliseconds

    def allows(self, order: str) -> bool:
        """Say whether the size of its parts allows this order."""
        _, month, day = self.days.get(order, (0, 0, 0))
        return 1 <= month <= 12 and 1 <= day <= 31


def parse(text: str) -> Written | None:
    """Return the date that `text` is written as, whatever the order of its parts."""
    return _parse(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1 << 14)
def _parse(text: str) -> Written | None:
    text = _ASIDE.sub("", plain(text)).removeprefix("'")
    if not text.isascii():
        text = _HALF_IN_FRONT.sub(_whole_clock, text.translate(_IDEOGRAPHS))
    folded = " ".join(fold(text).split()).rstrip(".")
    if era := _IN_ERA.match(folded):
        folded = _year_of(era) + folded[era.end() :]
    elif printed := _YEAR_AT_END.fullmatch(folded):
        folded = "{day} {year} {clock}".format_map(printed.groupdict())
    if match := _COUNT.fullmatch(folded):
        form = _COUNTED.get(len(match["whole"]))
        if form:
            count = Decimal(f"{match['whole']}.{match['part'] or 0}")
            return Written(form=form, days={}, count=count)
    if match := _COMPACT.fullmatch(folded):
        day = int(match["year"]), int(match["month"]), int(match["day"])
        return _written(COMPACT, dict.fromkeys(ORDERS, day), match if match["hour"] else None)
    if _MONTH_BEGINS.search(folded) or _THREE_NUMBERS.search(folded):
        return _with_clock(folded)
    return None


def _year_of(era: re.Match[str]) -> str:
    """Return the year that is counted in an era, whose first one has a name."""
    return str(_ERAS[era[1]] + int(era[2].replace("元", "1")))


def _whole_clock(half: re.Match[str]) -> str:
    """Return a time of 24 hours for one of 12 that says in front which half of the day it is of."""
    hour = int(half[2]) % 12 + 12 * (half[1] in _AFTER_NOON)
    return f" {hour}:{half[3] or '00'}"


def _with_clock(folded: str) -> Written | None:
    no_clock = () if ":" in folded else (None,)  # no day is written with a colon
    for clock in (*no_clock, *_CLOCK.finditer(folded)):
        if clock and clock["minute"] is None and clock["half"] is None:
            continue
        days, weekdays = _day_part(folded[: clock.start()] if clock else folded)
        if days:
            return _written(WALL, days, clock, weekdays)
    return None


@lru_cache(maxsize=1 << 14)
def _day_part(text: str) -> tuple[Mapping[str, Day], frozenset[int] | None]:
    """Return the days that a text without a clock can be, and those of the weekday it names."""
    for rest, weekdays in _without_weekday(text):
        if days := _days(rest):
            return days, weekdays
    return {}, None


def _without_weekday(text: str) -> Iterator[tuple[str, frozenset[int] | None]]:
    """Yield a text as it is and, if a weekday leads it, what follows: `mar 3` may be in March."""
    text = _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else text
    yield text, None
    lead = _WEEKDAY.match(text)
    if lead and lead["name"] in WEEKDAYS:
        yield text[lead.end() :], WEEKDAYS[lead["name"]]
    rest, _, name = text.rstrip(".").rpartition(" ")
    if name in WEEKDAYS:
        yield rest.rstrip(","), WEEKDAYS[name]


def _days(text: str) -> Mapping[str, Day]:
    """Return the days that a text can be, by the order of its parts; none if it is no date."""
    if match := _NUMERIC.fullmatch(text.removesuffix(".")):
        return _numeric(match["first"], int(match["second"]), match["third"])
    for pattern in _NAMED:
        match = pattern.fullmatch(text)
        if match and match["month"] in MONTHS:
            day = full_year(match["year"]), MONTHS[match["month"]], int(match["day"])
            return dict.fromkeys(ORDERS, day)
    return {}


def _numeric(first: str, second: int, third: str) -> Mapping[str, Day]:
    match len(first), len(third):
        case 4, 1 | 2:
            return dict.fromkeys(ORDERS, (int(first), second, int(third)))
        case 1 | 2, 2 | 4:
            year = full_year(third)
            days = {DAY_FIRST: (year, second, int(first)), MONTH_FIRST: (year, int(first), second)}
            if len(first) == len(third):
                days[YEAR_FIRST] = (full_year(first), second, int(third))
            return days
    return {}


def full_year(digits: str) -> int:
    """Return the year that two or four digits stand for."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < PIVOT else 1900)


def _written(
    form: str,
    days: Mapping[str, Day],
    clock: re.Match[str] | None,
    weekdays: frozenset[int] | None = None,
) -> Written:
    place = clock["offset"] if clock else None
    zone = place if place in SEVERAL else None
    offset = _offset(place) if place and not zone else None
    is_far = offset is not None and abs(offset) > _FARTHEST
    return Written(
        form=INSTANT if place else form,
        days=days,
        clock=None if is_far else _clock(clock) if clock else timedelta(),
        offset=offset,
        zone=zone,
        weekdays=weekdays,
    )


def _clock(match: re.Match[str]) -> timedelta | None:
    """Return the time since midnight, or None if no clock shows it."""
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    micros = int((match["fraction"] or "").ljust(6, "0")[:6])
    return timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)


def _offset(text: str) -> timedelta:
    if text in HOURS:
        return timedelta(hours=HOURS[text])
    digits = re.sub(r"\D", "", text)
    hours, minutes = (digits, "") if len(digits) <= 2 else (digits[:-2], digits[-2:])
    east = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -east if "-" in text else east


def read_date(text: str, *, order: str | None, form: str, zone: tzinfo) -> datetime | Fault:
    """Return the moment that `text` is on the branch's clock on the wall, in `zone`, or the fault.

    `order` and `form` are those of the whole column; without an order its days read the same.
    """
    written = parse(text)
    if written is None or not _is_meant(written.form, form):
        return Fault.BAD_DATE if written is None else Fault.OTHER_DATE_FORM
    if written.count is not None:
        return _counted(written.count, form, zone)
    day = _day(written, order or DAY_FIRST)
    return day if isinstance(day, Fault) else _moment(day, written, zone)


def read_clock(text: str) -> timedelta | None:
    """Return the time of day that `text` is alone, as the branch's clock shows it."""
    written = parse(f"{SOME_DAY} {text}") if any(map(str.isdecimal, text)) else None
    return written.clock if written and written.form == WALL else None


def _is_meant(written: str, form: str) -> bool:
    return written == form or (written, form) == (EXCEL_1900, EXCEL_1904)


def _day(written: Written, order: str) -> date | Fault:
    day = real_day(written, order)
    if day is None:
        is_real = any(real_day(written, other) for other in ORDERS)
        return Fault.OTHER_DATE_ORDER if is_real else Fault.IMPOSSIBLE_DATE
    if written.weekdays and day.isoweekday() not in written.weekdays:
        return Fault.IMPOSSIBLE_DATE
    return day if day.year >= FIRST_YEAR else Fault.EARLY_DATE


def real_day(written: Written, order: str) -> date | None:
    """Return the day of the calendar that it is in this order."""
    try:
        return date(*written.days.get(order, (0, 0, 0)))
    except ValueError:
        return None


def _moment(day: date, written: Written, zone: tzinfo) -> datetime | Fault:
    if written.clock is None or (written.offset is not None and day.year == MAXYEAR):
        return Fault.IMPOSSIBLE_DATE
    moment = datetime.combine(day, time()) + written.clock
    if written.zone and written.zone != str(moment.replace(tzinfo=zone).tzname()).lower():
        return Fault.UNKNOWN_ZONE
    return moment if written.offset is None else _on_the_wall(moment - written.offset, zone)


def _counted(count: Decimal, form: str, zone: tzinfo) -> datetime | Fault:
    if form in DAY_ZERO:
        seconds = round(count % 1 * 86_400)
        days = timedelta(days=int(count), seconds=seconds)
        moment = datetime.combine(DAY_ZERO[form], time()) + days
        return moment if moment.year >= FIRST_YEAR_COUNTED else Fault.BAD_DATE
    micros = int(count * 1_000_000 / IN_A_SECOND[form])
    return _on_the_wall(datetime(1970, 1, 1) + timedelta(microseconds=micros), zone)  # noqa: DTZ001


def _on_the_wall(utc: datetime, zone: tzinfo) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
