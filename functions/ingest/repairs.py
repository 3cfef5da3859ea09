"""Repairs: accepted rows that say which line of which upload they mend.

What of that counts is not decided here: the upload may come later, or go.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common import frame, mending

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
