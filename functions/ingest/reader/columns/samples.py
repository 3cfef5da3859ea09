"""What the first rows of a column look like: dates, numbers, ids that come back."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from functions.ingest.reader.values.looks import (
    is_address,
    is_amount,
    is_date,
    is_number,
    is_time,
    is_time_of_digits,
)
from functions.ingest.reader.words.meanings import is_document, is_no_sale

_SHOWN_VALUES = 2
_LOOKED_AT_CELLS = 16  # enough to tell what they are, few enough to cost a small file nothing
_ID = re.compile(r"[^\W\d]{1,5}[-_ ]?\d+|\d{3,}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_YES_OR_NO = re.compile(
    r"(?i)yes|no|y|n|true|false|s[ií]?|oui|non|ja|nein|sim|n[aã]o|evet|hay[ıi]r"  # noqa: RUF001
)
_NEW_OR_NOT = re.compile(
    r"(?i)(?:new|returning|existing|repeat|first[- ]time|nuev[oa]|recurrente|habitual|existente|"
    r"nouveau|nouvelle|fid[eè]le|neu|neukunde|bestandskunde|nuovo|abituale|nov[oa]|recorrente|"
    r"yeni|mevcut|新規|リピーター|新客|老客)(?: (?:customer|client|cliente))?"
)
# A card of a payment, of which only the ends are shown: many have the same.
_HIDDEN = re.compile(r"(?:[\w ]* )?\d*[*•xX][-*•xX ]{2,}\d{2,6}")
_MOST = 0.8


@dataclass(frozen=True)
class Sample:
    """The filled cells of a column in the first rows; how they look is found out when asked."""

    cells: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to see."""
        return not self.cells

    @property
    def is_of_values(self) -> bool:
        """Say whether these are dates, numbers or codes: nothing that names a person."""
        return self._share(lambda cell: is_date(cell) or is_number(cell) or is_code(cell)) == 1

    @property
    def is_of_addresses(self) -> bool:
        """Say whether these are addresses of e-mail."""
        return self._share(is_address) >= _MOST

    @property
    def names_nobody(self) -> bool:
        """Say whether these say yes or no, as `Member` may, or who is new, or are cards of payments."""
        return any(map(self._are_all, (_YES_OR_NO, _NEW_OR_NOT, _HIDDEN)))

    @property
    def is_of_documents(self) -> bool:
        """Say whether these are kinds of documents, `Factura`, `Nota de crédito`: no numbers of any."""
        return not self.is_empty and all(map(_is_kind_of_document, set(self.cells)))

    @property
    def is_of_clocks_of_digits(self) -> bool:
        """Say whether these may be times of day without any sign; only a name says that they are."""
        return self._share(is_time_of_digits) >= _MOST

    @property
    def comes_back(self) -> bool:
        """Say whether a value is there more than once, and not everywhere."""
        return 1 < self._distinct < len(self.cells)

    @property
    def shown(self) -> tuple[str, ...]:
        """Return the first different values."""
        return tuple(dict.fromkeys(self.cells))[:_SHOWN_VALUES]

    @cached_property
    def _distinct(self) -> int:
        return len(set(self.cells))

    @cached_property
    def _dates(self) -> float:
        return self._share(is_date)

    @cached_property
    def _numbers(self) -> float:
        return self._share(lambda cell: is_number(cell) and not is_date(cell))

    @cached_property
    def _decimals(self) -> float:
        return self._share(is_amount)

    def _are_all(self, pattern: re.Pattern[str]) -> bool:
        return self._share(lambda cell: bool(pattern.fullmatch(cell))) == 1

    def _share(self, looks: Callable[[str], bool]) -> float:
        first = self.cells[:_LOOKED_AT_CELLS]
        return sum(map(looks, first)) / max(len(first), 1)

    def fits(self, column: str) -> bool:
        """Say whether the values could be those of one of our columns."""
        match column:
            case "ordered_at" | "time":
                share = self._dates if column == "ordered_at" else self._share(is_time)
                return share >= _MOST
            case "amount" | "unit_price" | "quantity":
                return self._numbers >= _MOST
            case "customer_id":
                return self._distinct > 1 and self._dates < 0.5 and self._decimals < 0.5
            case "product" | "branch" | "currency":
                return self._numbers < 0.5 and self._dates < 0.5
            case _:
                return self._dates < 0.5

    def allows(self, column: str) -> bool:
        """Say whether nothing in the values speaks against one of our columns."""
        if column == "customer_id":
            return self._dates < 0.5 and self._decimals < 0.5
        return self.is_empty or self.fits(column)

    def suggests(self, column: str) -> bool:
        """Say whether the values alone make one think of a required column."""
        match column:
            case "customer_id":
                return self._is_of_ids()
            case "ordered_at":
                return self.fits(column)
            case "amount":
                return self._decimals >= 0.5 and self.fits(column)
            case _:
                return False

    def _is_of_ids(self) -> bool:
        """Say whether these are addresses of e-mail, or codes and long numbers that come back."""
        return self.is_of_addresses or (self.comes_back and self._share(_is_id) >= _MOST)


def _is_kind_of_document(text: str) -> bool:
    has_digits = any(map(str.isdigit, text))
    return not has_digits and (is_document(text) or is_no_sale(text))


def is_code(value: str) -> bool:
    """Say whether a value is made of letters and digits, and so names nobody."""
    return any(c.isdigit() for c in value) and value.replace("-", "").isalnum()


def _is_id(cell: str) -> bool:
    return bool(_ID.fullmatch(cell)) and not _YEAR.fullmatch(cell) and not is_date(cell)


def sample_of(rows: Sequence[Sequence[str]], index: int) -> Sample:
    """Look at a column of the first rows."""
    return Sample(tuple(row[index] for row in rows if row[index]))
