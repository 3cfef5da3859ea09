"""What whole columns say of themselves: how dates and numbers are written in them.

Values are looked at once, distinct ones with their counts, block by block. What they leave open is
settled by the file's other columns, then by the branch's profile, and otherwise asked.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader import careful_dates, careful_numbers, currencies, dates, numbers
from functions.ingest.reader.careful_dates import (
    DAY_FIRST,
    EXCEL_1900,
    EXCEL_1904,
    MONTH_FIRST,
    WALL,
    YEAR_FIRST,
)
from functions.ingest.reader.careful_numbers import COMMA, CREDIT, OTHER, POINT
from functions.ingest.reader.refusal import (
    OpenQuestionError,
    Question,
    Refusal,
    UnreadableFileError,
    excerpt,
)
from functions.ingest.reader.shapes import shapes

Told = Callable[[str], str | None]  # what the branch's profile says about a setting

# Values that contradict all others are rejected one by one as long as they are this few.
_FEW = 0.01
_EXAMPLES = 2
# Units that no price is for: nobody knows what 500 g at 4.00 came to.
_PARTS = frozenset({"g", "gr", "grs", "gram", "grams", "gramos", "mg", "ml", "cl", "cm", "mm"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Convention:
    """How a column is written, and who said so: `column`, `file` or `profile`."""

    value: str | None = None  # None: its values read the same either way
    settled_by: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DateConvention(Convention):
    """The order of day, month and year in a column, and what its dates are."""

    form: str = WALL


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberConvention(Convention):
    """The decimal mark of a column, and what else its numbers show."""

    groupings: frozenset[str] = frozenset()  # what stands between thousands, where that is certain
    currency: str | None = None  # the one that is named beside amounts
    has_credits: bool = False  # some are marked `CR`, and the others are not marked
    is_mostly_negative: bool = False
    unit: str = ""  # that all of them have


@dataclass(kw_only=True, slots=True)
class Evidence:
    """Rows of one column by what they speak for, with the first examples of each."""

    rows: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, values: Any, counts: NDArray[np.int64], mask: Any) -> None:
        """Count the values under `mask` as speaking for `kind`."""
        chosen = np.asarray(mask)
        if not chosen.any():
            return
        self.rows[kind] = self.rows.get(kind, 0) + int(counts[chosen].sum())
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _EXAMPLES:
            first = values.take(pa.array(np.flatnonzero(chosen)[: _EXAMPLES - len(shown)]))
            shown.extend(first.to_pylist())

    def count(self, kind: str, value: str, rows: int) -> None:
        """Count one value as speaking for `kind`."""
        self.rows[kind] = self.rows.get(kind, 0) + rows
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _EXAMPLES:
            shown.append(value)


class Look(Protocol):
    """What is collected of one column."""

    def add(self, column: Any) -> None:
        """Look at a block of it: its distinct texts, and which of them each row has."""


OPEN = "open"
_TWO_DIGITS = re.compile(r"\d{2} ?[-/]")  # as a year begins that may stand in front
_YEAR_LAST = (DAY_FIRST, MONTH_FIRST)
_ORDER_IN_NAME = re.compile(
    r"\b(?:(?P<first>m)m?[-/. ]?dd?|(?:dd?|jj?|tt?|gg?)[-/. ]?mm?)[-/. ]?(?:y|a|j){2,4}\b"
)
# Of dates with years of two digits; of those that can be read with the year at either end; and of
# dates that end with a year of four.
_SHORT, _NOT_YEAR_FIRST, _EITHER_END, _LONG = "short", "not ymd", "either end", "long"
_YEARS_APART = 3  # so many years, where there is one when read otherwise, are none


class DateEvidence:
    """What the date column shows: what its dates are, and in which order their parts stand."""

    def __init__(self, latest: datetime) -> None:
        self.forms = Evidence()
        self.orders = Evidence()
        self.years: dict[str, set[int]] = {YEAR_FIRST: set(), DAY_FIRST: set()}  # at either end
        self._latest_year = latest.year

    def add(self, column: Any) -> None:
        """Look at a block."""
        values, counts = _counted(column)
        is_regular = dates.is_regular(values, WALL)
        self.forms.add(WALL, values, counts, is_regular)
        for form in dates.RARER_FORMS:
            others = np.flatnonzero(~is_regular)  # no date is of two forms
            if not others.size:
                break
            is_this = np.zeros_like(is_regular)
            is_this[others] = dates.is_regular(values.take(pa.array(others)), form)
            self.forms.add(form, values, counts, is_this)
            is_regular |= is_this
        is_year_last = is_regular & ~dates.begins_with_year(values)
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


class NumberEvidence:
    """What a number column shows: its decimal mark, its thousands, its currency."""

    def __init__(self) -> None:
        self.marks = Evidence()
        self.groupings: set[str] = set()
        self.currencies = Evidence()
        self.sides: Counter[str] = Counter()  # of an account
        self.minus: Counter[bool] = Counter()  # with one, and without; of zeros it says nothing
        self._shown_by: dict[str, _Shown | None] = {}  # the numbers of each shape

    @property
    def unit(self) -> str:
        """Return the unit that all of its numbers have, if it is one; amounts have none."""
        return ""

    def add(self, column: Any) -> None:
        """Look at a block: at one number of each shape, since other digits would show the same."""
        values, counts = _counted(column)
        alike = shapes(values, numbers.ALL_BUT_ZERO_ALIKE).dictionary_encode()
        places = np.asarray(alike.indices)
        rows = np.bincount(places, counts, minlength=len(alike.dictionary)).astype(np.int64)
        first = np.empty(len(rows), np.int64)
        first[places[::-1]] = np.arange(len(places))[::-1]
        examples = values.take(pa.array(first)).to_pylist()
        for shape, value, times in zip(
            alike.dictionary.to_pylist(), examples, rows.tolist(), strict=True
        ):
            number = self._number(value)
            if shape not in self._shown_by:
                self._shown_by[shape] = _show(number)
            if shown := self._shown_by[shape]:
                self._add_shown(shown, number, times)

    def _number(self, value: str) -> str:
        return value

    def _add_shown(self, shown: "_Shown", value: str, rows: int) -> None:
        self.sides[shown.side] += rows
        if shown.is_negative is not None:
            self.minus[shown.is_negative] += rows
        if shown.currency:
            self.currencies.count(shown.currency, value, rows)
        if shown.mark:
            self.marks.count(shown.mark, value, rows)
        self.groupings |= shown.groupings


class _Shown(NamedTuple):
    """What a number shows of its column."""

    side: str
    is_negative: bool | None  # None: it is zero
    currency: str | None
    mark: str | None  # the only one that it can have, or that it is open
    groupings: frozenset[str]


def _show(value: str) -> _Shown | None:
    written = careful_numbers.parse(value)
    if written is None:
        return None
    figures = {mark: found for mark in OTHER if (found := written.under(mark))}
    is_open = written.is_open and not currencies.is_whole(written.currency)
    if is_open:
        figures = {}
    elif written.is_open:
        figures = {mark: found for mark, found in figures.items() if found.grouping}
    only = next(iter(figures)) if len(figures) == 1 else None
    return _Shown(
        side=written.side,
        is_negative=None if written.is_zero else written.is_negative,
        currency=written.currency,
        mark=OPEN if is_open else only,
        groupings=frozenset(f.grouping for f in figures.values() if f.grouping is not None),
    )


class QuantityEvidence(NumberEvidence):
    """What a column of quantities shows, which may name their pieces or a unit."""

    def __init__(self) -> None:
        super().__init__()
        self._units: set[str] = set()

    @property
    def unit(self) -> str:
        """Return the unit that all quantities have, if it is one."""
        return next(iter(self._units)) if len(self._units) == 1 else ""

    def add(self, column: Any) -> None:
        """Look at a block."""
        super().add(
            pa.DictionaryArray.from_arrays(column.indices, numbers.count(column.dictionary))
        )

    def _number(self, value: str) -> str:
        number, unit = numbers.split_unit(value)
        if careful_numbers.parse(number):
            self._units.add(unit)
        return number


def _others(
    values: Any, counts: NDArray[np.int64], is_seen: NDArray[np.bool_]
) -> Iterable[tuple[str, int]]:
    """Return the values, with their counts, that are neither empty nor seen yet."""
    places = np.flatnonzero(~is_seen & (np.asarray(pc.binary_length(values)) > 0))
    return zip(values.take(pa.array(places)).to_pylist(), counts[places].tolist(), strict=True)


def _counted(column: Any) -> tuple[Any, NDArray[np.int64]]:
    counts = np.bincount(np.asarray(column.indices), minlength=len(column.dictionary))
    return column.dictionary, counts.astype(np.int64)


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
    if order := _own(column, orders, (DAY_FIRST, MONTH_FIRST), Refusal.MIXED_DATE_ORDER):
        return DateConvention(value=order, settled_by="column", form=form)
    if not orders.rows.get(OPEN):
        return DateConvention(form=form)
    named = _order_in_name(column)
    if (order := named or told("date_order")) in _YEAR_LAST:
        settled_by = "column" if named else "profile"
        return DateConvention(value=order, settled_by=settled_by, form=form)
    raise OpenQuestionError(Question.DATE_ORDER, _question(column, orders, dates.readings))


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
        raise _mixed(Refusal.MIXED_DATE_FORM, column, forms, (form, others[0]))
    return EXCEL_1904 if form == EXCEL_1900 and "1904" in column else form


def _is_short_year_first(orders: Evidence) -> bool:
    """Say whether two-digit years stand in front: read otherwise, dates would be of the future."""
    shown = orders.rows.get(YEAR_FIRST, 0)
    is_frequent = shown > _FEW * orders.rows.get(_SHORT, 0)
    return is_frequent and orders.rows.get(_NOT_YEAR_FIRST, 0) <= _FEW * shown


def _may_lead(orders: Evidence) -> bool:
    """Say whether two-digit years may stand in front, and at the end as well."""
    against = orders.rows.get(_NOT_YEAR_FIRST, 0) + orders.rows.get(_LONG, 0)
    return orders.rows.get(_EITHER_END, 0) > 0 and against <= _FEW * orders.rows[_SHORT]


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


def settle_numbers(
    columns: Mapping[str, tuple[str, NumberEvidence]], told: Told
) -> dict[str, NumberConvention]:
    """Decide how each number column is written; `columns` holds its header and evidence.

    Raises:
        UnreadableFileError: Some rows of a column need a point, others a comma, or its amounts are
            in several currencies.
        OpenQuestionError: A column can be read with both, and nothing settles it.
    """
    marks: dict[str, Convention] = {}
    for name, (header, evidence) in columns.items():
        mark = _own(header, evidence.marks, (POINT, COMMA), Refusal.MIXED_DECIMAL_MARK)
        marks[name] = Convention(value=mark, settled_by="column" if mark else None)
    agreed = _agreed(convention.value for convention in marks.values())
    for name, (header, evidence) in columns.items():
        if marks[name].value is None and evidence.marks.rows.get(OPEN):
            marks[name] = _from_elsewhere(header, evidence.marks, agreed, told)
    return {
        name: NumberConvention(
            value=marks[name].value,
            settled_by=marks[name].settled_by,
            groupings=frozenset(evidence.groupings),
            currency=_currency(name, header, evidence.currencies),
            has_credits=_has_credits(evidence.sides),
            is_mostly_negative=evidence.minus[True] > evidence.minus[False],
            unit="" if "amount" not in columns and evidence.unit in _PARTS else evidence.unit,
        )
        for name, (header, evidence) in columns.items()
    }


def _currency(name: str, column: str, evidence: Evidence) -> str | None:
    """Return the currency that a column of money names beside its amounts.

    Raises:
        UnreadableFileError: It names several.
    """
    if name == "quantity":
        return None
    return _own(column, evidence, tuple(evidence.rows), Refusal.MIXED_CURRENCY)


def _has_credits(sides: Counter[str]) -> bool:
    """Say whether few amounts are marked as credits, and no others: money that was given back.

    Where each is marked it depends on whose account it is what is a sale.
    """
    return sides.keys() == {"", CREDIT} and sides[CREDIT] < sides[""]


def _from_elsewhere(header: str, evidence: Evidence, agreed: str | None, told: Told) -> Convention:
    if agreed:
        return Convention(value=agreed, settled_by="file")
    if mark := told("decimal_mark"):
        return Convention(value=mark, settled_by="profile")
    raise OpenQuestionError(Question.DECIMAL_MARK, _question(header, evidence, numbers.readings))


def _agreed(values: Iterable[str | None]) -> str | None:
    """Return what all say that say anything."""
    said = {value for value in values if value is not None}
    return said.pop() if len(said) == 1 else None


def _own(column: str, evidence: Evidence, kinds: Sequence[str], refusal: Refusal) -> str | None:
    """Return which of these kinds a column says of itself.

    Raises:
        UnreadableFileError: It says several.
    """
    said = [kind for kind in kinds if evidence.rows.get(kind)]
    if not said:
        return None
    most = max(said, key=lambda kind: evidence.rows[kind])
    contrary = sum(evidence.rows[kind] for kind in said) - evidence.rows[most]
    if contrary > _FEW * evidence.rows[most]:
        raise _mixed(refusal, column, evidence, said)
    return most


def _mixed(
    refusal: Refusal, column: str, evidence: Evidence, kinds: Sequence[str]
) -> UnreadableFileError:
    found = {
        f"{name}_example": excerpt(evidence.examples[kind][0])
        for name, kind in zip(("first", "second"), kinds, strict=False)
    }
    return UnreadableFileError(refusal, {"column": excerpt(column), **found})


def _question(column: str, evidence: Evidence, readings: Any) -> dict[str, object]:
    """Return two values of the file with their two readings."""
    first, *others = evidence.examples[OPEN]
    params: dict[str, object] = {"column": excerpt(column), "value": excerpt(first)}
    params |= readings(first)
    if others:
        params["second_value"] = excerpt(others[0])
        params |= {f"second_{name}": text for name, text in readings(others[0]).items()}
    return params
