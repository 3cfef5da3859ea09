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
_NEUTRAL = r"^'('*[=+@\t\x00\r-])"
# A spreadsheet that separates by another sign cuts cells in two, quoted or not: it knows quotes at
# the start of a cell alone. So what starts a formula behind such a sign is neutralised, too.
_INNER = re.compile(r"""([;,\t\r\n])(['"]*[=+@-])""")
_INNER_NEUTRAL = r"""([;,\t\r\n])'(['"]*[=+@-])"""
# Patterns, and what stays of each.
READ_BACK = ((_INNER_NEUTRAL, r"\1\2"), (_NEUTRAL, r"\1"))


def is_of_mended_rows(header: Sequence[str]) -> bool:
    """Say whether these are the columns of a file of mended rows."""
    return {UPLOAD, LINE} <= set(header)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Text that starts as a formula does gets a leading apostrophe, unless it is a plain number
    (OWASP ASVS 5.0, 1.2.10).
    """
    is_formula = cell.startswith(_STARTS_A_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell)
    inner = _INNER.sub(r"\1'\2", cell)
    return f"'{inner}" if is_formula or re.match(_NEUTRAL, cell) else inner


def read_back(cell: str) -> str:
    """Return a cell as it was before it was neutralised."""
    for pattern, kept in READ_BACK:
        cell = re.sub(pattern, kept, cell)
    return cell
