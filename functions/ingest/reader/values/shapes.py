"""Texts by their shape: what a text is like, whichever digits it has.

A column has few shapes, however many values it has. So patterns are matched against these, and the
digits are then picked out of all texts of a shape together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_ZERO = ord("0")
# For texts in which any digit may stand for any other.
ALL_ALIKE = bytes.maketrans(b"123456789", b"0" * 9)


def shapes(texts: Any, alike: bytes) -> Any:
    """Return texts with each byte replaced by the one that `alike` has for it."""
    _, offsets, data = texts.buffers()
    if data is None:
        return texts
    replaced = pa.py_buffer(data.to_pybytes().translate(alike))
    return pa.StringArray.from_buffers(len(texts), offsets, replaced, None, 0, texts.offset)


def matches(texts: Any, pattern: re.Pattern[str]) -> Mask:
    """Say which texts match from their beginning; `pattern` may not tell one digit from another."""
    return all_matches(texts, [pattern])[0]


def all_matches(texts: Any, patterns: Sequence[re.Pattern[str]]) -> list[Mask]:
    """Say the same of several patterns."""
    alike = shapes(texts, ALL_ALIKE).dictionary_encode()
    of_few = alike.dictionary.to_pylist()
    # To have Arrow compile a pattern takes longer than to match these.
    matched = [[pattern.match(shape) is not None for shape in of_few] for pattern in patterns]
    return [np.take(np.array(each, np.bool_), np.asarray(alike.indices)) for each in matched]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """The named groups of a pattern in each text; of those that do not match, all are missing."""

    is_match: Mask
    numbers: dict[str, Integers]  # of the parts of digits; 0 where they are missing
    digits: dict[str, Integers]  # how many each has
    signs: dict[str, NDArray[np.uint8]]  # the byte of the others, each of one; 0 where missing


def split(texts: Any, pattern: re.Pattern[str], *, signs: Sequence[str] = ()) -> Parts:
    """Match texts from their beginning; the groups are of ASCII digits, but for `signs`.

    `pattern` is matched against shapes: it may not tell one digit from another.
    """
    size = len(texts)
    names = [name for name in pattern.groupindex if name not in signs]
    parts = Parts(
        is_match=np.zeros(size, np.bool_),
        numbers={name: np.zeros(size, np.int64) for name in names},
        digits={name: np.zeros(size, np.int64) for name in names},
        signs={name: np.zeros(size, np.uint8) for name in signs},
    )
    encoded = shapes(texts, ALL_ALIKE).dictionary_encode()
    shape_of = np.asarray(encoded.indices)
    for number, shape in enumerate(encoded.dictionary.to_pylist()):
        if found := pattern.match(shape):
            _pick(texts, np.flatnonzero(shape_of == number), found, parts)
    return parts


def _pick(texts: Any, chosen: Integers, found: re.Match[str], parts: Parts) -> None:
    """Fill in the parts of texts of one shape."""
    _, offsets, data = texts.buffers()
    starts = np.frombuffer(offsets, np.int32)[texts.offset :][chosen]
    octets = np.frombuffer(data, np.uint8)
    parts.is_match[chosen] = True
    for name, numbers in parts.numbers.items():
        begin, end = found.span(name)  # characters are bytes: all before a group is ASCII
        value = np.zeros(len(chosen), np.int64)
        for place in range(begin, end):
            value = value * 10 + (octets[starts + place] - _ZERO)
        numbers[chosen] = value
        parts.digits[name][chosen] = end - begin
    for name, signs in parts.signs.items():
        if text := found.group(name):
            signs[chosen] = ord(text)
