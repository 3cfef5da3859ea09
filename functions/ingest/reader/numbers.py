"""Text to exact decimals: plain numbers by Arrow, all together, the others one by one.

What a number is, and what is wrong with a text that is none, is said by `careful_numbers`.
"""

import re
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.careful_numbers import (
    COMMA,
    MAX_INTEGER_DIGITS,
    POINT,
    parse,
    read_number,
)
from functions.ingest.reader.refusal import Fault

# A number that is nothing but digits with one mark at most. All evidence of these is looked for by
# patterns, that of other texts one by one.
PLAIN = r"^[+-]?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)$"


def _needs(mark: str) -> str:
    """Match plain numbers that only make sense if `mark` is the decimal mark."""
    m = re.escape(mark)
    return (
        rf"^[+-]?(?:[0-9]*{m}(?:[0-9]{{1,2}}|[0-9]{{4,}})|(?:|0[0-9]*|[0-9]{{4,}}){m}[0-9]{{3}})$"
    )


NEEDS = {mark: _needs(mark) for mark in (POINT, COMMA)}
ALLOWS_EITHER = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"
IS_UNGROUPED = r"^[+-]?0*[1-9][0-9]{3,}(?:[.,][0-9]+)?$"

# What is wrong with a value; the numbers are those of `convert`'s second result.
FAULTS = (
    Fault.BAD_NUMBER,
    Fault.NOT_FINITE,
    Fault.NUMBER_TOO_LARGE,
    Fault.TOO_MANY_DECIMALS,
    Fault.OTHER_MARKS,
    Fault.OTHER_CURRENCY,
    Fault.PERCENT,
)


def convert(
    texts: Any,
    *,
    kind: Any,
    mark: str | None,
    groupings: frozenset[str] = frozenset(),
    currency: str | None = None,
) -> tuple[Any, NDArray[np.uint8]]:
    """Return trimmed texts as decimals of `kind`, and what is wrong with each.

    0 stands for nothing wrong, 1 + i for `FAULTS[i]`. An empty text is null, and not wrong. For
    `groupings` and `currency` see `read_number`.
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
        read_number(
            text, mark=decimal_mark, scale=kind.scale, groupings=groupings, currency=currency
        )
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


def readings(text: str) -> dict[str, str]:
    """Return the two numbers that `text` can be, by the decimal mark."""
    return {name: str(_reading(text, mark)) for name, mark in (("point", POINT), ("comma", COMMA))}


def _reading(text: str, mark: str) -> Decimal | Fault:
    written = parse(text)
    currency = written.currency if written else None
    return read_number(text, mark=mark, scale=12, currency=currency)
