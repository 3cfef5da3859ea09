"""The careful path of numbers: one text at a time, by the letter, and it says what is wrong.

It defines what a number is; the vectorised path of `numbers` must find the same ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from math import isinf

from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import currencies
from functions.ingest.reader.values.characters import plain

POINT, COMMA = ".", ","
OTHER = {POINT: COMMA, COMMA: POINT}
MAX_INTEGER_DIGITS = 12
_LONGEST = 100  # characters; what is longer is none, and is not kept in mind

# What stands between thousands; of a column's numbers from a thousand on also that nothing does.
UNGROUPED = ""

_ARABIC_POINT, _ARABIC_THOUSANDS = "\u066b", "\u066c"
_WORD = r"[^-+0-9()%,'\s\u066a-\u066c]+"
_UNIT = rf"{_WORD}(?: {_WORD})?"
_SHAPE = re.compile(
    rf"'?(?P<lead>[-+(]?) *(?P<before>{_UNIT})? *(?P<inner>[-+(]?) *"
    rf"(?P<figures>[0-9.,\u066b](?:[0-9.,' \u066b\u066c]*[0-9.,])?) *"
    rf"(?P<percent>[%\u066a]?) *(?P<trail>[-)]?) *(?P<after>{_UNIT})? *(?P<last>[-)]?)"
)
_NO_CENTS = re.compile(r"(?<=\d)([.,])-{1,2}(?!\d)")  # as in `5,-`
_GROUPED_BY_POINTS = re.compile(r"(?<=\d)(?:\.\d{3})+(?=\.-)")  # as in `12.990.-`
_WHOLE_AT_END = re.compile(r"(?<=\d)/[-=]$")  # as in `1,200/-`
_ZERO_OF_SPREADSHEETS = re.compile(r"- *(?P<after>[^\d\s-]+)|(?P<before>[^\d\s-]+) *-")
_CLOSED = re.compile(r"[^-+(\d]*(?:\d{1,3}(?:[.,' ]\d{3})+|\d+)-")
_EURO_FOR_MARK = re.compile(r"(?P<euros>.*[0-9]€)(?P<cents>[0-9]{2})")  # as in `5€50`
_SIDE = re.compile(r"(?i)(?P<number>.*[0-9)]) ?(?P<side>cr|dr|db)\.?")
CREDIT = "cr"
# Digits with something between them that no number has there, as in most codes.
_APART = re.compile(r"[0-9][^0-9.,' \u066b\u066c]+[0-9]")
_OTHER_THAN_ZERO = frozenset("123456789")
_IS_NEGATIVE = {"": False, "+": False, "-": True, "()": True}
_NOT_FINITE = re.compile(r"[-+]?(?:inf|infinity|nan)", re.IGNORECASE)
_NOTHING = re.compile(r"(?i)null|\(null\)|\\N|#?n/?a|none|nil")
_EXPONENT = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The figures of a number, once it is known which mark is the decimal one."""

    whole: str
    decimals: str
    grouping: str | None  # what stands between its thousands; None: it is below a thousand


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A number as it is written."""

    is_negative: bool
    figures: str  # digits, points, commas, blanks, apostrophes
    currency: str | None
    is_percent: bool
    is_arabic: bool  # its decimal mark is one that is nothing else
    side: str = ""  # of an account: cr | dr | db
    cents: str = ""  # which stand behind the currency, whatever the decimal mark is

    def under(self, mark: str) -> Figures | None:
        """Return its figures if `mark` is the decimal mark; None if it cannot be."""
        if self.is_arabic and mark != POINT:
            return None
        figures = f"{self.figures}{mark}{self.cents}" if self.cents else self.figures
        match = _figures(mark).fullmatch(figures)
        if match is None or (match["whole"] is None and match["decimals"] is None):
            return None
        grouping = match["group"] or match["lakh"]
        whole = match["whole"] or "0"
        whole = whole.replace(grouping, "") if grouping else whole.lstrip("0") or "0"
        if grouping is None and len(whole) > 3:
            grouping = UNGROUPED
        return Figures(whole=whole, decimals=match["decimals"] or "", grouping=grouping)

    @property
    def is_zero(self) -> bool:
        """Say whether it is zero, whatever its marks mean."""
        return not any(c in _OTHER_THAN_ZERO for c in self.figures + self.cents)

    @property
    def is_open(self) -> bool:
        """Say whether it is two different numbers, by the decimal mark."""
        point, comma = self.under(POINT), self.under(COMMA)
        return point is not None and comma is not None and _same(point) != _same(comma)


def _same(figures: Figures) -> tuple[str, str]:
    return figures.whole, figures.decimals.rstrip("0")


@cache
def _figures(mark: str) -> re.Pattern[str]:
    m, t = re.escape(mark), re.escape(OTHER[mark])
    grouped = rf"[1-9][0-9]{{0,2}}(?P<group>[{t}' ])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*"
    indian = rf"[1-9][0-9]?(?P<lakh>{t})[0-9]{{2}}(?:{t}[0-9]{{2}})*{t}[0-9]{{3}}"
    return re.compile(rf"(?P<whole>[0-9]+|{grouped}|{indian})?(?:{m}(?P<decimals>[0-9]+))?")


def parse(text: str) -> Written | None:
    """Return the number or amount that `text` is written as, whatever its marks mean."""
    return _parse(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1 << 14)
def _parse(text: str) -> Written | None:
    text = _without_cents(plain(text))
    if zero := _ZERO_OF_SPREADSHEETS.fullmatch(text):
        text = f"0 {zero['after'] or zero['before']}"
    if side := _SIDE.fullmatch(text):
        written = _parse(side["number"])
        return written and replace(written, side=side["side"].lower())
    if "€" in text and (parts := _EURO_FOR_MARK.fullmatch(text)):
        written = _parse(parts["euros"])
        return written and replace(written, cents=parts["cents"])
    match = None if _APART.search(text) else _SHAPE.fullmatch(text)
    if match is None:
        return None
    sign = match["lead"] + match["inner"] + match["trail"] + match["last"]
    before, after, figures = match["before"] or "", match["after"] or "", match["figures"]
    if before.endswith(POINT) and not currencies.identify(before):  # as in `$.50`
        before, figures = before[:-1], POINT + figures
    currency = _currency(f"{before} {after}".split())
    if sign not in _IS_NEGATIVE or (before + after and currency is None):
        return None
    return Written(
        is_negative=_IS_NEGATIVE[sign],
        figures=figures.replace(_ARABIC_THOUSANDS, "'").replace(_ARABIC_POINT, POINT),
        currency=currency,
        is_percent=bool(match["percent"]),
        is_arabic=_ARABIC_POINT in figures,
    )


def _without_cents(text: str) -> str:
    """Return an amount of no cents with as many decimals as show what its marks mean."""
    if text.endswith(".-") and COMMA not in text:
        # The point may be one of thousands, and says nothing alone: `12.990.-` beside `990.-`.
        is_grouped = _GROUPED_BY_POINTS.search(text)
        return text.removesuffix(".-") + (",00" if is_grouped else "")
    text = _WHOLE_AT_END.sub(".00" if COMMA in text else "", text)
    return _NO_CENTS.sub(r"\g<1>00", text)


def is_closed(text: str) -> bool:
    """Say whether an amount of whole units ends with `-`: a minus, unless all of a column do."""
    return _CLOSED.fullmatch(plain(text)) is not None


def is_nothing(text: str) -> bool:
    """Say whether a text is what programs write into an empty cell."""
    return _NOTHING.fullmatch(text) is not None


def _currency(names: Sequence[str]) -> str | None:
    match names:
        case [name]:
            return currencies.identify(name)
        case [one, other]:
            return currencies.agree(one, other)
    return None


def read_number(
    text: str,
    *,
    mark: str,
    scale: int,
    groupings: frozenset[str] = frozenset(),
    currency: str | None = None,
    has_credits: bool = False,
) -> Decimal | Fault:
    """Return the exact number that `text` is, or why it is none of at most `scale` decimals.

    `groupings` are those that the column's other numbers show. Where `currency` is None the column
    is not one of money. With `has_credits` those marked `CR` are what the others are not: negative.
    """
    written = parse(text)
    if written is None or (written.currency and currency is None):
        return _explain(text)
    figures = written.under(mark)
    if figures is None:
        return Fault.OTHER_MARKS if written.under(OTHER[mark]) else Fault.BAD_NUMBER
    is_credit = has_credits and written.side == CREDIT and not written.is_negative
    if written.side and not is_credit:
        return Fault.DEBIT_OR_CREDIT
    if fault := _contrary(written, figures, groupings, currency):
        return fault
    return _exact(figures, scale, is_negative=written.is_negative or is_credit)


def _contrary(
    written: Written, figures: Figures, groupings: frozenset[str], currency: str | None
) -> Fault | None:
    """Return what a number has against being added to the others of its column."""
    if written.is_percent:
        return Fault.PERCENT
    if written.currency and written.currency != currency:
        return Fault.OTHER_CURRENCY
    # Grouped as no other number of the column, the mark is more likely a decimal one.
    is_odd = figures.grouping is not None and figures.grouping not in groupings
    return Fault.OTHER_MARKS if is_odd and groupings and written.is_open else None


def _exact(figures: Figures, scale: int, *, is_negative: bool) -> Decimal | Fault:
    decimals = figures.decimals.rstrip("0")
    if len(figures.whole) > MAX_INTEGER_DIGITS:
        return Fault.NUMBER_TOO_LARGE
    if len(decimals) > scale:
        return Fault.TOO_MANY_DECIMALS
    return Decimal(f"{'-' if is_negative else ''}{figures.whole}.{decimals or 0}")


def _explain(text: str) -> Fault:
    is_infinite = _EXPONENT.fullmatch(text) and isinf(float(text))
    return Fault.NOT_FINITE if is_infinite or _NOT_FINITE.fullmatch(text) else Fault.BAD_NUMBER
