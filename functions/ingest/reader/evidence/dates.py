"""What a column of dates shows: what its dates are, and in which order day, month and year stand."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.evidence.whole_columns import (
    FEW,
    OPEN,
    Convention,
    Evidence,
    Told,
    counted,
    mixed,
    question,
    settle_kind,
)
from functions.ingest.reader.refusal import OpenQuestionError, Question, Refusal, excerpt
from functions.ingest.reader.values import careful_dates, dates
from functions.ingest.reader.values.careful_dates import (
    DAY_FIRST,
    EXCEL_1900,
    EXCEL_1904,
    MONTH_FIRST,
    WALL,
    YEAR_FIRST,
)

_TWO_DIGITS = re.compile(r"\d{2} ?[-/]")  # as a year begins that may stand in front
_YEAR_LAST = (DAY_FIRST, MONTH_FIRST)
_ORDER_IN_NAME = re.compile(
    r"\b(?:(?P<first>m)m?[-/. ]?dd?|(?:dd?|jj?|tt?|gg?)[-/. ]?mm?)[-/. ]?(?:y|a|j){2,4}\b"
)
# Of dates with years of two digits; of those that can be read with the year at either end; and of
# dates that end with a year of four.
_SHORT, _NOT_YEAR_FIRST, _EITHER_END, _LONG = "short", "not ymd", "either end", "long"
_YEARS_APART = 3  # so many years, where there is one when read otherwise, are none


@dataclass(frozen=True, kw_only=True, slots=True)
class DateConvention(Convention):
    """The order of day, month and year in a column, and what its dates are."""

    form: str = WALL


class DateEvidence:
    """What the date column shows: what its dates are, and in which order their parts stand."""

    def __init__(self, latest: datetime) -> None:
        self.forms = Evidence()
        self.orders = Evidence()
        self.years: dict[str, set[int]] = {YEAR_FIRST: set(), DAY_FIRST: set()}  # at either end
        self._latest_year = latest.year

    def add(self, column: Any) -> None:
        """Look at a block."""
        values, counts = counted(column)
        is_regular, is_year_first = dates.regular_walls(values)
        self.forms.add(WALL, values, counts, is_regular)
        for form in dates.RARER_FORMS:
            others = np.flatnonzero(~is_regular)  # no date is of two forms
            if not others.size:
                break
            is_this = np.zeros_like(is_regular)
            is_this[others] = dates.is_regular(values.take(pa.array(others)), form)
            self.forms.add(form, values, counts, is_this)
            is_regular |= is_this
        is_year_last = is_regular & ~is_year_first
        if is_year_last.any():
            self._add_year_last(values.filter(pa.array(is_year_last)), counts[is_year_last])
        for value, rows in _others(values, counts, is_regular):
            self._add_other(value, rows)

    def _add_year_last(self, values: Any, counts: NDArray[np.int64]) -> None:
        first, second, _, is_short = dates.year_last(values)
        is_month = [(part >= 1) & (part <= 12) for part in (first, second)]
        is_day_only = [(part > 12) & (part <= 31) for part in (first, second)]
        self.orders.add(DAY_FIRST, values, counts, is_day_only[0] & is_month[1])
        self.orders.add(MONTH_FIRST, values, counts, is_month[0] & is_day_only[1])
        self.orders.add(OPEN, values, counts, is_month[0] & is_month[1] & (first != second))
        self.orders.add(_LONG, values, counts, ~is_short)
        if is_short.any():
            self._add_short(values.filter(pa.array(is_short)), counts[is_short])

    def _add_short(self, values: Any, counts: NDArray[np.int64]) -> None:
        """Add dates with years of two digits, which may stand in front."""
        first, second, third, _ = dates.year_last(values)
        is_year_first = (second >= 1) & (second <= 12) & (third >= 1) & (third <= 31)
        is_year_first &= ~self._is_future(first) & np.asarray(dates.begins_with_two(values))
        is_year_last = (first >= 1) & (first <= 31) & ~self._is_future(third)
        is_either = is_year_first & is_year_last
        self.orders.add(_EITHER_END, values, counts, is_either)
        self.years[YEAR_FIRST].update(first[is_either].tolist())
        self.years[DAY_FIRST].update(third[is_either].tolist())
        self.orders.add(YEAR_FIRST, values, counts, is_year_first & ~is_year_last)
        self.orders.add(_NOT_YEAR_FIRST, values, counts, ~is_year_first)
        self.orders.add(_SHORT, values, counts, np.ones(len(values), np.bool_))

    def _is_future(self, years: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (years > self._latest_year % 100) & (years < careful_dates.PIVOT)

    def _add_other(self, value: str, rows: int) -> None:
        written = careful_dates.parse(value)
        if written is None:
            return
        self.forms.count(written.form, value, rows)
        year_last = {written.days.get(each) for each in _YEAR_LAST}
        if _TWO_DIGITS.match(value) and written.days.get(YEAR_FIRST) not in year_last:
            self._add_other_short(value, written, rows)
        orders = {each for each in _YEAR_LAST if written.allows(each)}
        days = {written.days[each] for each in orders}
        if len(orders) == 1:
            self.orders.count(orders.pop(), value, rows)
        elif len(days) > 1:
            self.orders.count(OPEN, value, rows)

    def _add_other_short(self, value: str, written: careful_dates.Written, rows: int) -> None:
        """Add one date whose year may stand in front or at the end."""
        latest = self._latest_year
        is_first = written.allows(YEAR_FIRST) and written.days[YEAR_FIRST][0] <= latest
        is_last = any(written.allows(each) for each in _YEAR_LAST)
        is_last &= written.days[DAY_FIRST][0] <= latest
        self.orders.count(_SHORT, value, rows)
        if not is_first:
            self.orders.count(_NOT_YEAR_FIRST, value, rows)
        elif not is_last:
            self.orders.count(YEAR_FIRST, value, rows)
        else:
            self.orders.count(_EITHER_END, value, rows)
            self.years[YEAR_FIRST].add(written.days[YEAR_FIRST][0] % 100)
            self.years[DAY_FIRST].add(written.days[DAY_FIRST][0] % 100)


def _others(
    values: Any, counts: NDArray[np.int64], is_seen: NDArray[np.bool_]
) -> Iterable[tuple[str, int]]:
    """Return the values, with their counts, that are neither empty nor seen yet."""
    places = np.flatnonzero(~is_seen & (np.asarray(pc.binary_length(values)) > 0))
    return zip(values.take(pa.array(places)).to_pylist(), counts[places].tolist(), strict=True)


def settle_dates(column: str, evidence: DateEvidence, told: Told) -> DateConvention:
    """Decide what the dates of the file's date column are, and their order of day and month.

    Raises:
        UnreadableFileError: Its dates are of different kinds, or some rows can only be day first,
            others only month first.
        OpenQuestionError: All rows can be both, and they differ, or the year may be at either end.
    """
    form = _form(column, evidence.forms)
    orders = evidence.orders
    if _is_short_year_first(orders) or _years_agree(evidence, YEAR_FIRST, DAY_FIRST):
        return DateConvention(value=YEAR_FIRST, settled_by="column", form=form)
    if _may_lead(orders) and not _years_agree(evidence, DAY_FIRST, YEAR_FIRST):
        return DateConvention(
            value=_either_end(column, orders, told), settled_by="profile", form=form
        )
    if order := settle_kind(column, orders, (DAY_FIRST, MONTH_FIRST), Refusal.MIXED_DATE_ORDER):
        return DateConvention(value=order, settled_by="column", form=form)
    if not orders.rows.get(OPEN):
        return DateConvention(form=form)
    named = _order_in_name(column)
    if (order := named or told("date_order")) in _YEAR_LAST:
        settled_by = "column" if named else "profile"
        return DateConvention(value=order, settled_by=settled_by, form=form)
    raise OpenQuestionError(Question.DATE_ORDER, question(column, orders, dates.readings))


def _order_in_name(column: str) -> str | None:
    """Return the order that the column's name says, as in "Date (MM/DD/YYYY)"."""
    match = _ORDER_IN_NAME.search(column.casefold())
    return (MONTH_FIRST if match["first"] == "m" else DAY_FIRST) if match else None


def _form(column: str, forms: Evidence) -> str:
    """Return what most dates of a column are.

    Spreadsheets count days from 1900 on, old ones of a Mac from 1904: nothing in a number tells,
    so only the column's name can say so.

    Raises:
        UnreadableFileError: No kind of date has more than half of the rows.
    """
    if not forms.rows:
        return WALL
    form, *others = sorted(forms.rows, key=lambda each: (-forms.rows[each], each))
    if others and 2 * forms.rows[form] <= sum(forms.rows.values()):
        raise mixed(Refusal.MIXED_DATE_FORM, column, forms, (form, others[0]))
    return EXCEL_1904 if form == EXCEL_1900 and "1904" in column else form


def _is_short_year_first(orders: Evidence) -> bool:
    """Say whether two-digit years stand in front: read otherwise, dates would be of the future."""
    shown = orders.rows.get(YEAR_FIRST, 0)
    is_frequent = shown > FEW * orders.rows.get(_SHORT, 0)
    return is_frequent and orders.rows.get(_NOT_YEAR_FIRST, 0) <= FEW * shown


def _may_lead(orders: Evidence) -> bool:
    """Say whether two-digit years may stand in front, and at the end as well."""
    against = orders.rows.get(_NOT_YEAR_FIRST, 0) + orders.rows.get(_LONG, 0)
    return orders.rows.get(_EITHER_END, 0) > 0 and against <= FEW * orders.rows[_SHORT]


def _years_agree(evidence: DateEvidence, order: str, other: str) -> bool:
    """Say whether all dates are of one year in this order, and of several read otherwise.

    Who sells on the 19th of January of 2005, 2006 and 2007, and on no other day, sold in 2019.
    """
    one, several = evidence.years[order], evidence.years[other]
    return _may_lead(evidence.orders) and len(one) == 1 and len(several) >= _YEARS_APART


def _either_end(column: str, orders: Evidence, told: Told) -> str:
    """Return what was told of dates like 19-01-05.

    Raises:
        OpenQuestionError: Nothing that they can be.
    """
    possible = [YEAR_FIRST, DAY_FIRST] + [MONTH_FIRST] * (not orders.rows.get(DAY_FIRST))
    if (order := told("date_order")) in possible:
        return str(order)
    value = orders.examples[_EITHER_END][0]
    readings = dates.all_readings(value, possible)
    raise OpenQuestionError(
        Question.YEAR_ORDER,
        {
            "column": excerpt(column),
            "value": excerpt(value),
            "days": list(readings.values()),
            **readings,
        },
    )
