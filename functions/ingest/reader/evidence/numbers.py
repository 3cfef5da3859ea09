"""What columns of numbers show: their decimal mark, thousands, currency, sign and unit."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from functions.ingest.reader.evidence.whole_columns import (
    OPEN,
    Convention,
    Evidence,
    Told,
    counted,
    question,
    settle_kind,
)
from functions.ingest.reader.refusal import OpenQuestionError, Question, Refusal
from functions.ingest.reader.values import careful_numbers, currencies, numbers
from functions.ingest.reader.values.careful_numbers import COMMA, CREDIT, OTHER, POINT
from functions.ingest.reader.values.shapes import shapes

# Units that no price is for: nobody knows what 500 g at 4.00 came to.
_PARTS = frozenset({"g", "gr", "grs", "gram", "grams", "gramos", "mg", "ml", "cl", "cm", "mm"})

_LEAST_CLOSED = 2  # rows: one alone may be a return
_LEAST_THOUSANDS = 3  # rows


@dataclass(frozen=True, kw_only=True, slots=True)
class NumberConvention(Convention):
    """The decimal mark of a column, and what else its numbers show."""

    groupings: frozenset[str] = frozenset()  # what stands between thousands, where that is certain
    currency: str | None = None  # the one that is named beside amounts
    has_credits: bool = False  # some are marked `CR`, and the others are not marked
    is_mostly_negative: bool = False
    is_closed: bool = False  # all end with `-`, which is no minus then
    unit: str = ""  # that all of them have


class NumberEvidence:
    """What a number column shows: its decimal mark, its thousands, its currency."""

    def __init__(self) -> None:
        self.marks = Evidence()
        self.groupings: set[str] = set()
        self.currencies = Evidence()
        self.sides: Counter[str] = Counter()  # of an account
        self.minus: Counter[bool] = Counter()  # with one, and without; of zeros it says nothing
        self.closed: Counter[bool] = Counter()  # by a `-` behind whole units, as in Japan, or not
        self._shown_by: dict[str, _Shown | None] = {}  # the numbers of each shape

    @property
    def unit(self) -> str:
        """Return the unit that all of its numbers have, if it is one; amounts have none."""
        return ""

    @property
    def are_thousands(self) -> bool:
        """Say whether no other column can tell what its marks are; of money prices do."""
        return False

    def add(self, column: Any) -> None:
        """Look at a block: at one number of each shape, since other digits would show the same."""
        values, counts = counted(column)
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
        self.closed[shown.is_closed] += rows
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
    is_closed: bool
    is_of_thousands: bool  # or of ones, with three zeros behind the mark


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
        is_closed=careful_numbers.is_closed(value),
        is_of_thousands=is_open and value.endswith("000"),
    )


class QuantityEvidence(NumberEvidence):
    """What a column of quantities shows, which may name their pieces or a unit."""

    def __init__(self) -> None:
        super().__init__()
        self._units: set[str] = set()
        self._thousands: Counter[bool] = Counter()

    @property
    def are_thousands(self) -> bool:
        """Say whether all are whole thousands, if they are not ones with three zeros behind them."""
        return self._thousands[True] >= _LEAST_THOUSANDS and not self._thousands[False]

    @property
    def unit(self) -> str:
        """Return the unit that all quantities have, if it is one."""
        return next(iter(self._units)) if len(self._units) == 1 else ""

    def add(self, column: Any) -> None:
        """Look at a block."""
        super().add(
            pa.DictionaryArray.from_arrays(column.indices, numbers.count(column.dictionary))
        )

    def _add_shown(self, shown: "_Shown", value: str, rows: int) -> None:
        super()._add_shown(shown, value, rows)
        self._thousands[shown.is_of_thousands] += rows

    def _number(self, value: str) -> str:
        number, unit = numbers.split_unit(value)
        if careful_numbers.parse(number):
            self._units.add(unit)
        return number


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
        mark = settle_kind(header, evidence.marks, (POINT, COMMA), Refusal.MIXED_DECIMAL_MARK)
        marks[name] = Convention(value=mark, settled_by="column" if mark else None)
    agreed = _agreed(convention.value for convention in marks.values())
    for name, (header, evidence) in columns.items():
        if marks[name].value is None and evidence.marks.rows.get(OPEN):
            # Nobody sells by the thousand alone; where there are amounts, these tell: see `pieces`.
            is_doubtful = evidence.are_thousands and "amount" not in columns
            marks[name] = _from_elsewhere(
                header, evidence.marks, None if is_doubtful else agreed, told
            )
    return {
        name: NumberConvention(
            value=marks[name].value,
            settled_by=marks[name].settled_by,
            groupings=frozenset(evidence.groupings),
            currency=_currency(name, header, evidence.currencies),
            has_credits=_has_credits(evidence.sides),
            is_mostly_negative=evidence.minus[True] > evidence.minus[False],
            is_closed=evidence.closed[True] >= _LEAST_CLOSED and not evidence.closed[False],
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
    return settle_kind(column, evidence, tuple(evidence.rows), Refusal.MIXED_CURRENCY)


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
    raise OpenQuestionError(Question.DECIMAL_MARK, question(header, evidence, numbers.readings))


def _agreed(values: Iterable[str | None]) -> str | None:
    """Return what all say that say anything."""
    said = {value for value in values if value is not None}
    return said.pop() if len(said) == 1 else None
