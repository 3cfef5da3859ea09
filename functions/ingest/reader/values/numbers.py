"""Text to exact decimals: plain numbers by Arrow, all together, the others one by one.

What a number is, and what is wrong with a text that is none, is said by `careful_numbers`.
"""

import re
from decimal import Decimal
from functools import cache, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import currencies
from functions.ingest.reader.values.careful_numbers import (
    COMMA,
    MAX_INTEGER_DIGITS,
    OTHER,
    POINT,
    is_nothing,
    parse,
    read_number,
)
from functions.ingest.reader.values.shapes import matches

_BLANK = "[ \u00a0\u202f]"
_THOUSANDS = "' \u2019\u00a0\u202f"  # beside the mark that is not the decimal one

# What is wrong with a value; the numbers are those of `convert`'s second result.
FAULTS = (
    Fault.BAD_NUMBER,
    Fault.NOT_FINITE,
    Fault.NUMBER_TOO_LARGE,
    Fault.TOO_MANY_DECIMALS,
    Fault.OTHER_MARKS,
    Fault.OTHER_CURRENCY,
    Fault.PERCENT,
    Fault.DEBIT_OR_CREDIT,
    Fault.OTHER_UNIT,
)
_BAD_NUMBER = 1 + FAULTS.index(Fault.BAD_NUMBER)


# What marks can mean does not depend on digits, but for zero: it may not lead a grouped number.
ALL_BUT_ZERO_ALIKE = bytes.maketrans(b"23456789", b"1" * 8)

_PIECES = (
    r"(?i)^(?:x ?)?(.*[0-9])"
    r"(?: ?(?:x|pcs?|pieces?|units?|uds?|unid|und|unidades|pzas?|pz|stk|stck|stück|adet|db|[個点件本枚])\.?)?$"
)
_WITHOUT_UNIT = frozenset("0123456789+-.,' ")
# One letter may be a zero or a one that was mistyped, but for these.
_WITH_UNIT = re.compile(r"(?i)(?P<number>.*[0-9]) ?(?P<unit>[glmh]|[^\W\d_]{2,12}[²³]?)\.?")
_MEASURES = frozenset({"ft", "kgs", "km"})  # of which some are currencies as well


def count(texts: Any, unit: str = "") -> Any:
    """Return quantities without the word for pieces, `x2`, `2 pcs`, or without their `unit`.

    Other units stay, for a column may have kilograms and grams.
    """
    if _WITHOUT_UNIT.issuperset("".join(texts.to_pylist())):
        return texts  # as nearly all are; to compile the pattern takes longer than to look
    counted = pc.replace_substring_regex(texts, _PIECES, r"\1")
    if not unit:
        return counted
    return pc.replace_substring_regex(counted, rf"(?i)^(.*[0-9]) ?{re.escape(unit)}\.?$", r"\1")


def split_unit(text: str) -> tuple[str, str]:
    """Return a quantity's number and its unit; without one that is no currency the text itself."""
    match = _WITH_UNIT.fullmatch(text)
    unit = match["unit"].casefold() if match else ""
    is_unit = unit in _MEASURES or not currencies.identify(unit)
    return (match["number"], unit) if match and is_unit else (text, "")


def convert_quantities(
    texts: Any, *, mark: str | None, groupings: frozenset[str], unit: str
) -> tuple[Any, NDArray[np.uint8]]:
    """Return quantities as `convert` does, without the `unit` that all of the column have."""
    values, faults = convert(
        count(texts, unit), kind=frame.QUANTITY, mark=mark, groupings=groupings
    )
    for place in np.flatnonzero(faults == _BAD_NUMBER):
        if split_unit(texts[place].as_py())[1]:
            faults[place] = 1 + FAULTS.index(Fault.OTHER_UNIT)
    return values, faults


def opened(texts: Any) -> Any:
    """Return texts without the `-` at the end."""
    return pc.replace_substring_regex(texts, r"[-\p{Pd}−－]\s*$", "")  # noqa: RUF001


def convert(
    texts: Any,
    *,
    kind: Any,
    mark: str | None,
    groupings: frozenset[str] = frozenset(),
    currency: str | None = None,
    has_credits: bool = False,
) -> tuple[Any, NDArray[np.uint8]]:
    """Return trimmed texts as decimals of `kind`, and what is wrong with each.

    0 stands for nothing wrong, 1 + i for `FAULTS[i]`. An empty text, or a word for one, is null
    and not wrong. For `groupings`, `currency` and `has_credits` see `read_number`.
    """
    decimal_mark = mark or POINT
    plain = _make_plain(texts, decimal_mark, kind.scale, currency)
    values = plain.cast(kind)
    faults = np.zeros(len(texts), np.uint8)
    if not plain.null_count:
        return values, faults
    is_odd = np.asarray(plain.is_null()) & (np.asarray(pc.binary_length(texts)) > 0)
    odd = np.flatnonzero(is_odd)
    if not odd.size:
        return values, faults
    read = partial(
        read_number,
        mark=decimal_mark,
        scale=kind.scale,
        groupings=groupings,
        currency=currency,
        has_credits=has_credits,
    )
    judged = [None if is_nothing(t) else read(t) for t in texts.take(pa.array(odd)).to_pylist()]
    faults[odd] = [1 + FAULTS.index(j) if isinstance(j, Fault) else 0 for j in judged]
    decimals = [j if isinstance(j, Decimal) else None for j in judged]
    return pc.replace_with_mask(values, pa.array(is_odd), pa.array(decimals, kind)), faults


def _make_plain(texts: Any, mark: str, scale: int, currency: str | None) -> Any:
    """Return the texts that are certain and common as Arrow reads numbers, null for all others."""
    if currency:
        texts = pc.replace_substring_regex(texts, _beside(currency), "")
    is_taken = matches(texts, _plain(mark, scale))
    plain = texts
    if np.asarray(pc.binary_length(texts))[~is_taken].any():
        is_grouped = pc.match_substring_regex(texts, _grouped(mark, scale))
        ungrouped = pc.replace_substring_regex(texts, f"[{OTHER[mark]}{_THOUSANDS}]", "")
        plain = pc.if_else(is_grouped, ungrouped, plain)
        plain = pc.if_else(
            pc.or_(pa.array(is_taken), is_grouped), plain, pa.scalar(None, pa.string())
        )
    elif not is_taken.all():
        plain = pc.if_else(pa.array(is_taken), texts, None)
    return plain if mark == POINT else pc.replace_substring(plain, mark, POINT)


@cache
def _plain(mark: str, scale: int) -> re.Pattern[str]:
    digits = rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}"
    return re.compile(rf"[+-]?{digits}(?:{re.escape(mark)}[0-9]{{1,{scale}}})?\Z")


def _grouped(mark: str, scale: int) -> str:
    """Match numbers with thousands marks that have a decimal mark too, so that both are certain."""
    most = MAX_INTEGER_DIGITS // 3 - 1
    groups = "|".join(f"(?:{re.escape(t)}[0-9]{{3}}){{1,{most}}}" for t in OTHER[mark] + _THOUSANDS)
    return rf"^[+-]?[1-9][0-9]{{0,2}}(?:{groups}){re.escape(mark)}[0-9]{{1,{scale}}}$"


@cache
def _beside(currency: str) -> str:
    """Match a currency and a blank at either side of an amount."""
    names = "|".join(map(re.escape, currencies.spellings(currency)))
    return rf"(?i)^(?:{names}){_BLANK}?|{_BLANK}?(?:{names})$"


def readings(text: str) -> dict[str, str]:
    """Return the two numbers that `text` can be, by the decimal mark."""
    return {name: str(_reading(text, mark)) for name, mark in (("point", POINT), ("comma", COMMA))}


def _reading(text: str, mark: str) -> Decimal | Fault:
    written = parse(text)
    currency = written.currency if written else None
    return read_number(text, mark=mark, scale=12, currency=currency)
