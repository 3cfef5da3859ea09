"""Few texts are what is looked for, and a byte at their border tells which may be: only those are judged."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

_BLANK, _NOT_ASCII = 0x20, 0x80


def first_bytes(octets: bytes) -> Mask:
    """Return which of all bytes are among these."""
    first = np.zeros(256, np.bool_)
    first[list(octets)] = True
    return first


def begin_with(texts: Any, first: Mask) -> Mask:
    """Say which texts begin with a byte that is marked in `first`; an empty one does not."""
    _, edges, content = texts.buffers()
    places = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts) + 1]
    is_filled: Mask = places[1:] != places[:-1]
    if not is_filled.any():
        return is_filled
    octets = np.frombuffer(content, np.uint8)
    return is_filled & first[np.take(octets, places[:-1], mode="clip")]


def judge_likely(texts: Any, first: Mask, judge_texts: Callable[[Any], Any]) -> Mask:
    """Say of texts that begin so what is said of them, and no of all others."""
    is_likely = begin_with(texts, first)
    places = np.flatnonzero(is_likely)
    if places.size:
        is_likely[places] = judge_texts(texts.take(pa.array(places)))
    return is_likely


def trimmed(texts: Any) -> Any:
    """Return texts without the blanks around them; if they have none, as is usual, these same ones."""
    _, edges, content = texts.buffers()
    if not len(texts) or content is None or not content.size:
        return texts
    places = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts) + 1]
    octets = np.frombuffer(content, np.uint8)
    if _are_solid(octets):  # most columns but names are, and it is seen at once
        return texts
    # Of an empty text it is a byte of another one: then more is trimmed than has to be.
    borders = (np.take(octets, at, mode="clip") for at in (places[:-1], places[1:] - 1))
    return texts if all(map(_are_solid, borders)) else pc.utf8_trim_whitespace(texts)


def _are_solid(octets: NDArray[np.uint8]) -> bool:
    """Say whether no byte can be of a blank."""
    return bool(octets.min() > _BLANK and octets.max() < _NOT_ASCII)
