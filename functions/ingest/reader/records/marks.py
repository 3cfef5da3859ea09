"""Where the bytes stand that a block is cut by: line ends, quotes, and what no cell may hold.

They are found in one pass, and all else is said of these few.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]

_TAB, _LF, _CR, _BLANK, _DEL = 9, 10, 13, 32, 127
_SOME_BYTES = 1 << 18  # what is said of a whole block needs new memory, which is slow


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """The line ends and quotes of some bytes."""

    breaks: Positions  # after each LF, CRLF and CR
    quotes: Positions
    quotes_above: Positions  # how many quotes stand before each break
    has_controls: bool  # below 32, but for tabs and line ends
    is_plain: bool  # all bytes are ASCII, and none is DEL


def find_marks(data: bytes, *, quote: bytes, final: bool) -> Marks:
    """Find the marks; a CR that may be half of a CRLF is none, unless the bytes are the `final` ones."""
    octets = np.frombuffer(data, np.uint8)
    has_quotes, has_tabs = bool(quote) and quote in data, b"\t" in data
    places, highest = _places(octets, quote if has_quotes else b"", has_tabs=has_tabs)
    values = octets[places]
    is_end = values == _LF
    is_quote = values == quote[0] if has_quotes else np.zeros(len(values), np.bool_)
    controls = len(values) - np.count_nonzero(is_end) - np.count_nonzero(is_quote)
    if controls:
        is_return = values == _CR
        controls -= np.count_nonzero(is_return)
        is_return[:-1] &= ~(is_end[1:] & (np.diff(places) == 1))
        is_return[-1:] &= final or places[-1:] < len(data) - 1
        chosen = np.flatnonzero(is_end | is_quote | is_return)  # far sooner than by a mask
        places, is_quote = places[chosen], is_quote[chosen]
    ends = np.flatnonzero(~is_quote)
    return Marks(
        breaks=places[ends] + 1,
        quotes=places[np.flatnonzero(is_quote)],
        quotes_above=ends - np.arange(len(ends)),
        has_controls=bool(controls),
        is_plain=highest < _DEL,
    )


def _places(octets: NDArray[np.uint8], quote: bytes, *, has_tabs: bool) -> tuple[Positions, int]:
    """Return where control characters but tabs stand, and quotes; and the highest byte."""
    found = [np.empty(0, np.int64)]
    highest = 0
    for first in range(0, len(octets), _SOME_BYTES):
        some = octets[first : first + _SOME_BYTES]
        # A quote differs from the blank in some of the five lowest bits alone. With these turned it
        # is the blank, and controls are others of them: one look finds both.
        is_mark = (some ^ (quote[0] ^ _BLANK)) <= _BLANK if quote else some < _BLANK
        if has_tabs:
            is_mark &= some != _TAB
        found.append(first + np.flatnonzero(is_mark))
        highest = max(highest, int(some.max()))
    return np.concatenate(found), highest
