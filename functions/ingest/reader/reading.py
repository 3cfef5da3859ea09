"""The second pass over one file: its text is typed and judged, block by block.

Blocks are cut by the file's bytes alone, so the same file always gives the same batches.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from functions.ingest.balance import Balance
from functions.ingest.reader.conversion import Converted, convert
from functions.ingest.reader.layout import Layout
from functions.ingest.reader.lines.dittos import Dittos
from functions.ingest.reader.lines.ending import Ending
from functions.ingest.reader.lines.headings import Headings
from functions.ingest.reader.lines.orders import Orders
from functions.ingest.reader.lines.subtotals import Subtotals
from functions.ingest.reader.lines.total_rows import TotalRows
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records.spill import Spill, Stretch
from functions.ingest.reader.refusal import LEFT_OUT, Refusal, UnreadableFileError
from functions.ingest.reader.rejection import RejectedRow, rejected_rows
from functions.ingest.reader.settled import Conventions
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.understanding import Understanding

# More rejected rows than both of these, and the file is not what it seems.
_REJECTED_ROWS, _REJECTED_SHARE = 100, 0.01
_SHOWN_REASONS = 3


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Some consecutive rows of the file, while the reading is open."""

    accepted: Any  # pyarrow.Table: frame.CANONICAL, then `other.<header>` as text
    balance: Balance
    tell: Callable[[], tuple[RejectedRow, ...]]

    @cached_property
    def set_aside(self) -> tuple[RejectedRow, ...]:
        """Return the other rows of data; to tell of many takes long, so it is for who asks first."""
        return self.tell()

    @property
    def rejected(self) -> tuple[RejectedRow, ...]:
        """Return the rows that something is wrong with."""
        return tuple(row for row in self.set_aside if not row.is_left_out)

    @property
    def left_out(self) -> tuple[RejectedRow, ...]:
        """Return the rows that are no purchases, as the export itself says."""
        return tuple(row for row in self.set_aside if row.is_left_out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file and what the first pass found out about it."""

    layout: Layout
    conventions: Conventions
    spill: Spill
    ending: Ending
    headings: Headings
    dittos: Dittos

    @property
    def text(self) -> Text:
        """Return the bytes that are read."""
        return self.layout.text

    @property
    def rows_in(self) -> int:
        """Count the data rows."""
        return self.ending.rows

    @property
    def furniture_bytes(self) -> int:
        """Count the bytes above and below the table."""
        top = self.text.origin(self.layout.dialect.body_offset)
        return top + self.text.origin(self.text.size) - self.text.origin(self.ending.offset)

    def is_last(self, stretch: Stretch) -> bool:
        """Say whether the last row is in a stretch."""
        return stretch.first_row + len(stretch) > self.rows_in

    def conversions(self, totals: TotalRows | None) -> Iterator[Converted]:
        """Type all rows, as far as it is known which of them are totals that only all tell."""
        conventions = replace(self.conventions, totals=totals)
        headings, dittos = deepcopy((self.headings, self.dittos))
        orders, subtotals = Orders(), Subtotals()
        for stretch in self.stretches():
            filled = dittos.fill(headings.fill(stretch))
            yield convert(filled, conventions, orders, subtotals)

    def stretches(self) -> Iterator[Stretch]:
        """Yield the rows that were put aside; where orders share something out, whole orders."""
        together = self.conventions.mapping["order_id"] if self.conventions.of_orders else None
        return self.spill.stretches(stop=self.rows_in, together=together)

    def bytes_of(self, stretch: Stretch) -> int:
        """Count the bytes of a stretch in the file as it was uploaded."""
        size = int(stretch.lengths.sum(dtype="int64"))
        if not size or self.text.copied_from is None:
            return size
        first = int(stretch.offsets[0])
        return self.text.origin(first + size) - self.text.origin(first)

    def tell(
        self, stretch: Stretch, verdict: Verdict, chosen: NDArray[np.bool_], most: int | None = None
    ) -> tuple[RejectedRow, ...]:
        """Tell of the first `most` chosen ones of a stretch's rows, which were set aside."""
        return rejected_rows(
            self.text,
            stretch,
            verdict,
            self.conventions,
            style=self.layout.dialect.style,
            chosen=np.flatnonzero(chosen)[:most],
        )


class Reading:
    """A file that was understood; `with` removes what the first pass left in the scratch folder."""

    def __init__(self, source: Source, understanding: Understanding, scratch: ExitStack) -> None:
        self.understanding = understanding
        self._source = source
        self._scratch = scratch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scratch.close()

    def batches(self, *, all_or_nothing: bool = False) -> Iterator[Batch]:
        """Yield the file's rows in order; a file without rows gives one empty batch.

        The balances add up to that of the file; the bytes of its furniture are in the first one.
        With `all_or_nothing` a single rejected row is one too many.

        Raises:
            UnreadableFileError: After the last batch: too many of the rows were rejected.
            BalanceError: After the last batch: it does not add up to the file. A bug.
        """
        source = self._source
        tolerated = max(_REJECTED_ROWS, _REJECTED_SHARE * source.rows_in)
        limit = 0 if all_or_nothing else tolerated
        total, furniture = Balance(), Balance(bytes=source.furniture_bytes)
        tally = _Tally()
        example: RejectedRow | None = None
        orders, subtotals = Orders(), Subtotals()
        for as_spilled in source.stretches():
            stretch = source.dittos.fill(source.headings.fill(as_spilled))
            above = total if source.is_last(stretch) else None
            converted = convert(stretch, source.conventions, orders, subtotals, above=above)
            of_rows = replace(converted.balance, bytes=source.bytes_of(stretch))
            balance = of_rows + furniture
            total, furniture = total + balance, Balance()
            tally.add(converted)
            verdict = converted.verdict
            if example is None and balance.rejected:
                (example,) = source.tell(stretch, verdict, verdict.rejected, most=1)
            # Past the limit nothing will be kept: one example is enough, and all reasons.
            if total.rejected <= limit:
                # A batch that has nothing to tell does not keep the cells.
                told = partial(source.tell, stretch, verdict, verdict.set_aside)
                tell = told if verdict.set_aside.any() else tuple
                yield Batch(accepted=converted.accepted, balance=balance, tell=tell)
        self.understanding = replace(
            self.understanding, left_out=tally.left_out, of_orders=dict(tally.of_orders)
        )
        total.verify_bytes(source.text.origin(source.text.size))
        if example and (total.rejected > limit or not total.accepted):
            is_strict = all_or_nothing and total.accepted and total.rejected <= tolerated
            code = Refusal.ALL_OR_NOTHING if is_strict else Refusal.TOO_MANY_REJECTED
            raise _too_many_rejected(code, total, tally.rejected, example)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tally:
    """What is counted of all rows beside their balance."""

    reasons: Counter[str] = field(default_factory=Counter)
    of_orders: Counter[str] = field(default_factory=Counter)

    def add(self, converted: Converted) -> None:
        self.reasons.update(converted.verdict.reasons())
        self.of_orders.update(converted.of_orders)

    @property
    def left_out(self) -> dict[str, int]:
        """Count the rows that the export itself leaves out, by why."""
        return {fault.value: self.reasons[fault] for fault in LEFT_OUT if self.reasons[fault]}

    @property
    def rejected(self) -> Counter[str]:
        """Count the rows that something is wrong with, by what."""
        return self.reasons - Counter(self.left_out)


def _too_many_rejected(
    code: Refusal, total: Balance, reasons: Counter[str], example: RejectedRow
) -> UnreadableFileError:
    return UnreadableFileError(
        code,
        {
            "rejected": total.rejected,
            "rows": total.rows_in,
            "reasons": [
                {"code": code, "rows": count} for code, count in reasons.most_common(_SHOWN_REASONS)
            ],
            "example": {"code": example.code, "params": dict(example.params)},
        },
    )
