"""Text to exact decimals, with a decimal point or comma and thousands marks.

Plain numbers are converted by Arrow, all together. Whatever else a column holds is looked at one
value at a time: currency signs and thousands marks are understood, the rest is explained.
"""

import re
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.refusal import Fault

POINT, COMMA = ".", ","
_OTHER = {POINT: COMMA, COMMA: POINT}

MAX_INTEGER_DIGITS = 12


def _needs(mark: str) -> str:
    """Match numbers that only make sense if `mark` is the decimal mark."""
    m, t = re.escape(mark), re.escape(_OTHER[mark])
    return (
        rf"^[^0-9.,]*(?:[0-9]*{m}(?:[0-9]{{1,2}}|[0-9]{{4,}})|0*{m}[0-9]+|0[0-9]*{m}[0-9]+"
        rf"|[0-9]{{4,}}{m}[0-9]+|[0-9]{{1,3}}(?:{t}[0-9]{{3}})+{m}[0-9]+"
        rf"|[0-9]{{1,3}}(?:{t}[0-9]{{3}}){{2,}})[^0-9.,]*$"
    )


NEEDS = {mark: _needs(mark) for mark in (POINT, COMMA)}
ALLOWS_EITHER = r"^[^0-9.,]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9.,]*$"

_CURRENCY_SIGN = "[$€£¥]"
_MINUS_SIGNS = "-\u2212"
_THOUSANDS = " '\u00a0\u202f"  # beside the mark that is not the decimal one
_NOT_FINITE = re.compile(r"[-+]?(?:inf|infinity|nan)", re.IGNORECASE)
_EXPONENT = re.compile(r"[-+]?[0-9]*\.?[0-9]+[eE][-+]?[0-9]+")

# What is wrong with a value; the numbers are those of `convert`'s second result.
FAULTS = (
    Fault.BAD_NUMBER,
    Fault.NOT_FINITE,
    Fault.NUMBER_TOO_LARGE,
    Fault.TOO_MANY_DECIMALS,
)


def convert(texts: Any, *, mark: str | None, kind: Any) -> tuple[Any, NDArray[np.uint8]]:
    """Return trimmed texts as decimals of `kind`, and what is wrong with each.

    0 stands for nothing wrong, 1 + i for `FAULTS[i]`. An empty text is null, and not wrong.
    """
    decimal_mark = mark or POINT
    is_plain = pc.match_substring_regex(texts, _plain(decimal_mark, kind.scale))
    plain = pc.if_else(is_plain, texts, pa.scalar(None, pa.string()))
    if decimal_mark != POINT:
        plain = pc.replace_substring(plain, decimal_mark, POINT)
    values = plain.cast(kind)
    faults = np.zeros(len(texts), np.uint8)
    odd = np.flatnonzero(~np.asarray(is_plain) & (np.asarray(pc.binary_length(texts)) > 0))
    if not odd.size:
        return values, faults
    judged = [
        read_number(text, mark=decimal_mark, scale=kind.scale)
        for text in texts.take(pa.array(odd)).to_pylist()
    ]
    faults[odd] = [0 if isinstance(j, Decimal) else 1 + FAULTS.index(j) for j in judged]
    mask = np.zeros(len(texts), np.bool_)
    mask[odd] = True
    decimals = [j if isinstance(j, Decimal) else None for j in judged]
    return pc.replace_with_mask(values, pa.array(mask), pa.array(decimals, kind)), faults


def _plain(mark: str, scale: int) -> str:
    digits = rf"[0-9]{{1,{MAX_INTEGER_DIGITS}}}"
    return rf"^[+-]?{digits}(?:{re.escape(mark)}[0-9]{{1,{scale}}})?$"


@cache
def _general(mark: str) -> re.Pattern[str]:
    thousands = f"[{re.escape(_OTHER[mark] + _THOUSANDS)}]"
    whole = rf"[0-9]+|[0-9]{{1,3}}(?P<thousands>{thousands})[0-9]{{3}}(?:(?P=thousands)[0-9]{{3}})*"
    return re.compile(
        rf"(?P<sign>[{_MINUS_SIGNS}+]?)\s*{_CURRENCY_SIGN}?\s*(?P<inner>[{_MINUS_SIGNS}+]?)"
        rf"(?P<whole>{whole})?(?:{re.escape(mark)}(?P<decimals>[0-9]+))?\s*{_CURRENCY_SIGN}?"
    )


def read_number(text: str, *, mark: str, scale: int) -> Decimal | Fault:
    """Return the exact number that `text` is, or why it is none of at most `scale` decimals."""
    match = _general(mark).fullmatch(text)
    if match is None or (match["sign"] and match["inner"]):
        return _explain(text)
    if match["whole"] is None and match["decimals"] is None:
        return Fault.BAD_NUMBER
    whole = re.sub("[^0-9]", "", match["whole"] or "0").lstrip("0") or "0"
    decimals = (match["decimals"] or "").rstrip("0")
    if len(whole) > MAX_INTEGER_DIGITS:
        return Fault.NUMBER_TOO_LARGE
    if len(decimals) > scale:
        return Fault.TOO_MANY_DECIMALS
    sign = "-" if (match["sign"] or match["inner"] or "+") in _MINUS_SIGNS else ""
    return Decimal(f"{sign}{whole}.{decimals or 0}")


def _explain(text: str) -> Fault:
    is_infinite = _EXPONENT.fullmatch(text) and np.isinf(float(text))
    return Fault.NOT_FINITE if is_infinite or _NOT_FINITE.fullmatch(text) else Fault.BAD_NUMBER


def readings(text: str) -> dict[str, str]:
    """Return the two numbers that `text` can be, by the decimal mark."""
    return {
        name: str(read_number(text, mark=mark, scale=12))
        for name, mark in (("point", POINT), ("comma", COMMA))
    }
