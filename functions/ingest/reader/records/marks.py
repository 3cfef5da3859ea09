"""Where the bytes stand that a block is cut by: line ends, quotes, and what no cell may hold.

They are found in one pass, and all else is said of these few.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]

_TAB, _LF, _CR, _BLANK = 9, 10, 13, 32
_SOME_BYTES = 1 << 18  # what is said of a whole block needs new memory, which is slow


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """The line ends and quotes of some bytes."""

    breaks: Positions  # after each LF, CRLF and CR
    quotes: Positions
    quotes_above: Positions  # how many quotes stand before each break
    has_controls: bool  # below 32, but for tabs and line ends


def find_marks(data: bytes, *, quote: bytes, final: bool) -> Marks:
    """Find the marks; a CR that may be half of a CRLF is none, unless the bytes are the `final` ones."""
    octets = np.frombuffer(data, np.uint8)
    places = _places(octets, quote if quote and quote in data else b"", has_tabs=b"\t" in data)
    values = octets[places]
    is_quote = values == quote[0] if quote else np.zeros(len(values), np.bool_)
    is_end = values == _LF
    controls = len(values) - np.count_nonzero(is_end) - np.count_nonzero(is_quote)
    if controls:
        is_return = values == _CR
        controls -= np.count_nonzero(is_return)
        is_return[:-1] &= ~(is_end[1:] & (np.diff(places) == 1))
        is_return[-1:] &= final or places[-1:] < len(data) - 1
        is_end |= is_return
    return Marks(
        breaks=places[is_end] + 1,
        quotes=places[is_quote],
        quotes_above=np.cumsum(is_quote)[is_end],
        has_controls=bool(controls),
    )


def _places(octets: NDArray[np.uint8], quote: bytes, *, has_tabs: bool) -> Positions:
    """Return where control characters but tabs stand, and quotes."""
    found = [np.empty(0, np.int64)]
    for first in range(0, len(octets), _SOME_BYTES):
        some = octets[first : first + _SOME_BYTES]
        is_mark = some < _BLANK
        if has_tabs:
            is_mark &= some != _TAB
        if quote:
            is_mark |= some == quote[0]
        found.append(first + np.flatnonzero(is_mark))
    return np.concatenate(found)
