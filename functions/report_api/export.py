"""CSV files that a spreadsheet opens without running anything in them.

A segment's customers, and the rejected rows of a file.

Pure: values in, text out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from common import mending
from common.mending import neutral
from functions.report_api.report import money_text
from functions.report_api.schemas import Assignment, ExportedSegment, Rejected
from functions.report_api.uploads import rejected_sentence

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
_MENDED = (mending.UPLOAD, mending.LINE, mending.ERROR)
BOM = "\ufeff"

_CENT = Decimal("0.01")
_LINES_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Whose rejected rows they are, and what its columns are called."""

    upload: str
    header: tuple[str, ...]


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
    rows = (_cells(each, segment, name=name, delimiter=delimiter) for each in assignments)
    return _text(COLUMNS, rows, delimiter=delimiter, bom=bom)


def rejected_text(
    rejected: Iterable[Rejected],
    origin: Origin,
    *,
    language: str,
    delimiter: str = ",",
    bom: bool = False,
) -> Iterator[str]:
    """Yield a file's rejected rows as they are written in it, a stretch of lines at a time.

    Which line each row was, and what is wrong with it, stands in front of its own cells. A row that
    was to mend a line of another file still names that line.
    """
    own = [name for name in origin.header if name not in _MENDED]
    rows = (_rejected_cells(row, origin, len(own), language=language) for row in rejected)
    return _text([*_MENDED, *own], rows, delimiter=delimiter, bom=bom)


def _rejected_cells(row: Rejected, origin: Origin, width: int, *, language: str) -> Iterable[str]:
    at = {name: place for place, name in enumerate(origin.header) if name in _MENDED}
    named = {name: row.cells[place] for name, place in at.items() if place < len(row.cells)}
    place = [named.get(name, "") for name in _MENDED[:2]]
    if not any(map(str.strip, place)):
        place = [origin.upload, str(row.line)]
    cells = [cell for number, cell in enumerate(row.cells) if number not in at.values()]
    missing = [""] * (width - len(cells))
    return [*place, rejected_sentence(row, language=language), *cells, *missing]


def _text(
    header: Iterable[str], rows: Iterable[Iterable[str]], *, delimiter: str, bom: bool
) -> Iterator[str]:
    write = _Writer(delimiter)
    yield (BOM if bom else "") + write(header)
    stretch: list[str] = []
    for row in rows:
        stretch.append(write(row))
        if len(stretch) == _LINES_AT_ONCE:
            yield "".join(stretch)
            stretch.clear()
    yield "".join(stretch)


def file_name(uploaded: str, what: str) -> str:
    """Name a file after the one that was uploaded, in characters that every system takes."""
    stem = re.sub(r"[^A-Za-z0-9.-]+", "_", uploaded.rsplit(".", 1)[0])[:80]
    return f"{stem}_{what}.csv"


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
