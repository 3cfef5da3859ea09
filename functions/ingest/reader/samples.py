"""What the first rows of a column look like: dates, numbers, ids that come back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from functions.ingest.reader.looks import is_date, is_number

_SHOWN_VALUES = 2
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ID = re.compile(r"[^\W\d]{1,5}[-_ ]?\d+|\d{3,}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_DECIMALS = re.compile(r"\d[.,]\d{1,2}\D*$")
_MOST = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """The filled cells of a column in the first rows, and the share of them that look like it."""

    cells: tuple[str, ...]
    rows: int
    dates: float = 0.0
    numbers: float = 0.0  # that are no dates
    ids: float = 0.0  # codes, long numbers, addresses of e-mail
    emails: float = 0.0
    decimals: float = 0.0

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to see."""
        return not self.cells

    @property
    def distinct(self) -> int:
        """Count the different values."""
        return len(set(self.cells))

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the first different values."""
        return tuple(dict.fromkeys(self.cells))[:_SHOWN_VALUES]

    def fits(self, column: str) -> bool:
        """Say whether the values could be those of one of our columns."""
        match column:
            case "ordered_at":
                return self.dates >= _MOST
            case "amount" | "unit_price" | "quantity":
                return self.numbers >= _MOST
            case "customer_id":
                return self.dates < 0.5 and self.decimals < 0.5 and self.distinct > 1
            case "product" | "branch" | "currency":
                return self.dates < 0.5 and self.numbers < 0.5
            case _:
                return self.dates < 0.5

    def suggests(self, column: str) -> bool:
        """Say whether the values alone make one think of a required column."""
        match column:
            case "customer_id":
                comes_back = 1 < self.distinct < len(self.cells)
                return self.ids >= _MOST and (comes_back or self.emails >= _MOST)
            case "ordered_at":
                return self.fits(column)
            case "amount":
                return self.fits(column) and self.decimals >= 0.5
            case _:
                return False


def sample_of(rows: Sequence[Sequence[str]], index: int) -> Sample:
    """Look at a column of the first rows."""
    cells = tuple(row[index] for row in rows if row[index])
    dates = [cell for cell in cells if is_date(cell)]
    years = [cell for cell in cells if _YEAR.fullmatch(cell)]

    def share(found: int) -> float:
        return found / len(cells) if cells else 0.0

    emails = sum(_EMAIL.fullmatch(cell) is not None for cell in cells)
    ids = sum(_ID.fullmatch(c) is not None and not is_date(c) for c in cells) - len(years)
    return Sample(
        cells=cells,
        rows=len(rows),
        dates=share(len(dates)),
        numbers=share(sum(is_number(cell) and not is_date(cell) for cell in cells)),
        ids=share(ids + emails),
        emails=share(emails),
        decimals=share(sum(_DECIMALS.search(c) is not None and is_number(c) for c in cells)),
    )
