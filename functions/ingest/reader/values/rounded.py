"""Numbers of customers and orders that a spreadsheet has rounded: `3.46E+10`.

Spreadsheets show long numbers so and save what they show: several customers have become one. Codes
that look alike, `1E5` and `5E10`, are written by nobody with a sign and two digits of an exponent.
"""

import re
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

_ROUNDED = r"^[0-9](?:[.,][0-9]+)?E\+[0-9]{2}$"
_EXPONENT = re.compile(rb"E\+[0-9]{2}")


def may_be_rounded(ids: Any) -> bool:
    """Say whether any of some texts may be one; nearly always one byte tells fast that none is."""
    content = bytes(ids.buffers()[-1] or b"")
    return b"+" in content and _EXPONENT.search(content) is not None


def are_rounded(ids: Any) -> NDArray[np.bool_]:
    """Say which of some trimmed texts, or nulls, are such numbers."""
    return np.asarray(pc.match_substring_regex(ids, _ROUNDED).fill_null(False), np.bool_)
