"""Lines between the rows with a single cell: reports by groups, and titles of further pages.

A customer or a day on such a line holds for the rows below, where the column is filled on such
lines alone: then no row can lack what it is about.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.lines.totals import is_of_total
from functions.ingest.reader.records.rows import HEADING, SOUND
from functions.ingest.reader.records.spill import Stretch, are_empty, is_distinct
from functions.ingest.reader.values.looks import is_ending

Mask = NDArray[np.bool_]

# What else follows may be the customer's city, or who sold to them.
_BY_CUSTOMER = re.compile(
    r"(?i)\b(?:by|por|par|per|nach) (?:customers?|clientes?|clients?|clienti|kunden?)"
    r"(?=\W*(?:$|\d|d[eé]tail|detall|summary|report|resumen))|顧客別|按客户"
)

_MAY_BE_HEADINGS = ("customer_id", "ordered_at")
_MONEY = ("amount", "unit_price")


def find_unnamed(
    header: Sequence[str], rows: Sequence[Sequence[str]], titles: Iterable[str]
) -> int | None:
    """Find the column without a name that has customers on lines of their own, as a title says.

    Without the title these could be products, or who sold them.
    """
    if "" not in header or not any(map(_BY_CUSTOMER.search, titles)):
        return None
    found = [i for i, name in enumerate(header) if not name and _is_of_headings(i, rows)]
    return found[0] if len(found) == 1 else None


def _is_of_headings(index: int, rows: Sequence[Sequence[str]]) -> bool:
    """Say whether a column has texts on lines with nothing else, and on those of their totals."""
    alone = [sum(map(bool, row)) == 1 for row in rows if row[index]]
    others = [row[index] for row in rows if row[index] and sum(map(bool, row)) > 1]
    return any(alone) and all(map(is_of_total, others))


class Headings:
    """Watches the first pass for such columns; in the second it fills them.

    `titles` are the lines above the table, which may be printed again on each page.
    """

    def __init__(
        self, header: Sequence[str], mapping: Mapping[str, int], titles: Container[str]
    ) -> None:
        self._header = header
        self._titles = titles
        self._columns = [mapping[name] for name in _MAY_BE_HEADINGS if name in mapping]
        self._money = next(mapping[name] for name in _MONEY if name in mapping)
        self._last: dict[int, str] = {}

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block: a row with money and one of these is no row below a heading."""
        if self._columns:
            has_money = ~are_empty(columns[self._money])
            self._columns = [
                i for i in self._columns if not self._is_of_rows(i, columns, has_money)
            ]

    def _is_of_rows(self, index: int, columns: Sequence[Any], has_money: Mask) -> bool:
        """Say whether such a row has more in the column than a total or the names printed again."""
        column, name = columns[index], self._header[index]
        places = np.flatnonzero(~are_empty(column) & has_money)
        # In nearly all files the first row tells.
        texts = (column[place].as_py() for place in map(int, places))
        return any(text != name and not is_of_total(text) for text in texts)

    def fill(self, stretch: Stretch) -> Stretch:
        """Return a stretch whose rows have what stands in the lines above them."""
        is_likely = are_empty(stretch.columns[self._money]) & (stretch.fault == SOUND)
        if not self._columns and not is_likely.any():
            return stretch
        likely = np.flatnonzero(is_likely)
        some = [column.take(pa.array(likely)) for column in stretch.columns]
        cells = np.sum([~are_empty(column) for column in some], axis=0)
        columns, fault = list(stretch.columns), stretch.fault.copy()
        alone = likely[cells == 1]
        has_cells = ~are_empty(stretch.columns[self._money])
        has_cells[likely] = cells > 0
        for index in self._columns:
            is_empty = are_empty(columns[index])
            is_heading = np.zeros(len(stretch), np.bool_)
            for place in alone[~is_empty[alone]]:
                is_heading[place] = self._names_a_group(columns[index][int(place)].as_py())
            fault[is_heading] = HEADING
            columns[index] = self._filled(index, columns[index], is_heading, has_cells & is_empty)
        for place in alone[fault[alone] == SOUND]:
            if self._is_of_a_page(_only_text(stretch, int(place))):
                fault[place] = HEADING
        return replace(stretch, columns=tuple(columns), fault=fault)

    def _is_of_a_page(self, text: str) -> bool:
        return text in self._titles or is_ending(text)

    def _names_a_group(self, text: str) -> bool:
        """Say whether such a line is no title of a page or its number, as `Page 2`."""
        is_numbered = any(map(str.isdigit, text)) and is_ending(text)
        return text.strip() not in self._titles and not is_numbered

    def _filled(self, index: int, column: Any, is_heading: Mask, lacks: Mask) -> Any:
        texts = column.dictionary_decode() if is_distinct(column) else column
        sources = np.maximum.accumulate(np.where(is_heading, np.arange(len(texts)), -1))
        above = texts.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self._last.get(index, ""), above)
        self._last[index] = above[-1].as_py() if len(above) else self._last.get(index, "")
        filled = pc.if_else(pa.array(lacks), above, texts)
        return filled.dictionary_encode() if is_distinct(column) else filled


def _only_text(stretch: Stretch, place: int) -> str:
    """Return the text of a row's only cell."""
    return "".join(column[place].as_py() for column in stretch.columns).strip()
