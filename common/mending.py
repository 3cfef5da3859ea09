"""The file of mended rows: rejected rows go out in it, and come back corrected.

Three columns say which line of which upload each row mends, and what was wrong with it. Cells that
a spreadsheet would run are neutralised on the way out and read back on the way in.
"""

import re
from collections.abc import Sequence

UPLOAD, LINE, ERROR = COLUMNS = ("_upload", "_line", "_error")

_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\x00", "\r")
# What looks neutralised gets one apostrophe more, so that taking one off gives what was there.
NEUTRAL = r"^'('*[=+@\t\x00\r-])"
_NEUTRAL = re.compile(NEUTRAL)


def is_of_mended_rows(header: Sequence[str]) -> bool:
    """Say whether these are the columns of a file of mended rows."""
    return {UPLOAD, LINE} <= set(header)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Text that starts as a formula does gets a leading apostrophe, unless it is a plain number
    (OWASP ASVS 5.0, 1.2.10).
    """
    is_formula = cell.startswith(_STARTS_A_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell)
    return f"'{cell}" if is_formula or _NEUTRAL.match(cell) else cell


def read_back(cell: str) -> str:
    """Return a cell as it was before it was neutralised."""
    return _NEUTRAL.sub(r"\1", cell, count=1)
