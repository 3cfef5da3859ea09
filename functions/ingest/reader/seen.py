"""What all rows show together: everybody who looks at each block of the first pass."""

from collections.abc import Set
from dataclasses import replace
from typing import Any

from functions.ingest.reader.columns.mapping import Mapped
from functions.ingest.reader.columns.order_lines import OrderLines
from functions.ingest.reader.lines.came_back import CameBack
from functions.ingest.reader.lines.dated_once import DatedOnce
from functions.ingest.reader.lines.dittos import Dittos
from functions.ingest.reader.lines.grand_totals import FirstRow
from functions.ingest.reader.lines.headings import Headings
from functions.ingest.reader.lines.kinds import Kinds
from functions.ingest.reader.lines.named_once import NamedOnce
from functions.ingest.reader.lines.nobody import Nobody
from functions.ingest.reader.lines.refunds import RefundLines
from functions.ingest.reader.lines.subtotals import Totals
from functions.ingest.reader.lines.total_rows import Lacking
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.sections import Sections
from functions.ingest.reader.words.signs import Signs, find_signs


class Seen:
    """What rows show that are looked at together, and whole columns of words."""

    def __init__(self, dialect: Dialect, mapped: Mapped) -> None:
        self.lines = OrderLines(dialect.header, mapped)
        self.totals = Totals(mapped.columns)
        self.lacking = Lacking(dialect.header, mapped.columns, self.totals)
        self.first_row = FirstRow(dialect.header, mapped.columns)
        titles = {line.text for line in dialect.furniture}
        self.headings = Headings(dialect.header, mapped.columns, titles)
        self.named_once = NamedOnce(dialect.header, mapped.columns)
        self.dated_once = DatedOnce(mapped.columns)
        self.dittos = Dittos(mapped.columns)
        self.nobody = Nobody(dialect.header, mapped.columns)
        self.sections = Sections(dialect)
        self._signs = find_signs(dialect.header)
        self._kinds = Kinds(dialect.header, mapped.columns, self._signs)
        self._came_back = CameBack(self._signs, mapped.columns)
        self.refunds = RefundLines(dialect.header, mapped.columns, self._signs)

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        of_totals = (self.lines, self.dated_once, self.totals, self.lacking, self.first_row)
        of_customers = (self.headings, self.dittos, self.nobody, self.named_once)
        for watch in (*of_totals, *of_customers, self._kinds, self._came_back, self.refunds):
            watch.add(columns)

    def all_signs(self, *, amounts: Set[int]) -> Signs:
        """Return what says what becomes of a row; columns of `amounts` have no marks."""
        return replace(
            self._signs,
            titles=tuple(self.sections.titles),
            kind=(*self._signs.kind, *self._kinds.found()),
            sums=self._kinds.sums(),
            back=self._kinds.back(),
            marks=self._came_back.marks() - amounts,
            came_back_once=self._came_back.stand_once,
        )
