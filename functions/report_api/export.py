"""A segment's customers as a CSV that a spreadsheet opens without running anything in it.

Pure: values in, text out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from functions.report_api.report import money_text
from functions.report_api.schemas import Assignment, ExportedSegment

COLUMNS = (
    "customer_id",
    "segment",
    "recency_days",
    "orders",
    "spend",
    "average_ticket",
    "first_day",
    "last_day",
    "segmentation",
    "as_of",
)
DELIMITERS = (",", ";")
BOM = "\ufeff"

_CENT = Decimal("0.01")
_PLAIN_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?")
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\x00", "\r")
_LINES_AT_ONCE = 500


def csv_text(
    assignments: Iterable[Assignment],
    segment: ExportedSegment,
    *,
    name: str,
    delimiter: str = ",",
    bom: bool = False,
) -> Iterator[str]:
    """Yield the file, a stretch of lines at a time.

    With `;` numbers have a decimal comma: who separates by semicolon reads `12.5` as 12 May.
    """
    write = _Writer(delimiter)
    yield (BOM if bom else "") + write(COLUMNS)
    stretch: list[str] = []
    for assignment in assignments:
        stretch.append(write(_cells(assignment, segment, name=name, delimiter=delimiter)))
        if len(stretch) == _LINES_AT_ONCE:
            yield "".join(stretch)
            stretch.clear()
    yield "".join(stretch)


def neutral(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Text that starts as a formula does gets a leading apostrophe, unless it is a plain number
    (OWASP ASVS 5.0, 1.2.10).
    """
    if cell.startswith(_STARTS_A_FORMULA) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


class _Writer:
    """Turns cells into one line of RFC 4180."""

    def __init__(self, delimiter: str) -> None:
        self._buffer = io.StringIO()
        self._csv = csv.writer(self._buffer, delimiter=delimiter, lineterminator="\r\n")

    def __call__(self, cells: Iterable[str]) -> str:
        self._buffer.seek(0)
        self._buffer.truncate()
        self._csv.writerow([neutral(cell) for cell in cells])
        return self._buffer.getvalue()


def _cells(
    customer: Assignment, segment: ExportedSegment, *, name: str, delimiter: str
) -> Iterator[str]:
    yield customer.customer_id
    yield name
    yield "" if customer.recency_days is None else str(customer.recency_days)
    yield str(customer.orders)
    yield _number(customer.spend, delimiter)
    yield _number(average_ticket(customer), delimiter)
    yield _day(customer.first_day)
    yield _day(customer.last_day)
    yield segment.segmentation
    yield _day(segment.as_of)


def average_ticket(customer: Assignment) -> Decimal | None:
    """Return spend / orders to the cent, or None for a customer without a purchase."""
    if not customer.orders:
        return None
    return (customer.spend / customer.orders).quantize(_CENT, ROUND_HALF_EVEN)


def _number(amount: Decimal | None, delimiter: str) -> str:
    text = money_text(amount) or ""
    return text.replace(".", ",") if delimiter == ";" else text


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
