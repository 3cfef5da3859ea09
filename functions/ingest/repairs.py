"""Repairs: accepted rows that say which line of which upload they mend, and rows that were to.

What of that counts is not decided here: the upload may come later, or go.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from common import frame, mending
from functions.ingest.reader import RejectedRow

_UPLOAD = f"{frame.OTHER}{mending.UPLOAD}"
_LINE = f"{frame.OTHER}{mending.LINE}"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
NO_LINE = 0
_LONGEST_ID = 64  # characters; what is longer is no id of ours


@dataclass(frozen=True, kw_only=True, slots=True)
class Repair:
    """One mended row."""

    row: int  # data row in its own file, from 1
    upload: str
    line: int  # physical line in the upload's file; NO_LINE: it is not said
    quantity: Decimal | None
    amount: Decimal


class RejectedLine(NamedTuple):
    """Where a rejected row stands, and which line of which upload it was to mend, if any."""

    line: int  # physical line, from 1
    row: int  # data row, from 1
    of_upload: str | None
    of_line: int | None


def rejected_line(row: RejectedRow) -> RejectedLine:
    """Return the place of a rejected row; what it says of another upload may be as bad as the rest."""
    upload, text = (cell.strip() for cell in row.was_to_mend or ("", ""))
    line = _line(text)
    if line == NO_LINE or not upload.isprintable() or not 0 < len(upload) <= _LONGEST_ID:
        return RejectedLine(row.line, row.row, None, None)
    return RejectedLine(row.line, row.row, upload, line)


def repairs_of(accepted: Any) -> list[Repair]:
    """Return the mended rows of a batch; rows that name no upload and no line are rows like any."""
    if not {_UPLOAD, _LINE} <= set(accepted.schema.names):
        return []
    columns = ("row", _UPLOAD, _LINE, "quantity", "amount")
    values = zip(*(accepted[name].to_pylist() for name in columns), strict=True)
    return [
        Repair(
            row=row,
            upload=upload.strip()[:_LONGEST_ID],
            line=_line(line.strip()),
            quantity=quantity,
            amount=amount,
        )
        for row, upload, line, quantity, amount in values
        if upload.strip() or line.strip()
    ]


def _line(text: str) -> int:
    return int(text) if _NUMBER.fullmatch(text) else NO_LINE
