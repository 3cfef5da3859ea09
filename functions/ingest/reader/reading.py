"""One file, read in two passes.

The first finds the records, splits them into text and collects evidence; at its end every question
about the file as a whole is settled, asked or refused. The second types the text, block by block.
Blocks are cut by the file's bytes alone, so the same file always gives the same batches.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from common.mending import is_of_mended_rows
from functions.ingest.ahead import worked_ahead
from functions.ingest.balance import Balance
from functions.ingest.reader.columns.mapping import Mapped, map_columns
from functions.ingest.reader.conversion import Converted, convert
from functions.ingest.reader.evidence.dates import DateEvidence, settle_dates
from functions.ingest.reader.evidence.numbers import (
    NumberEvidence,
    QuantityEvidence,
    settle_numbers,
)
from functions.ingest.reader.evidence.whole_columns import Convention, Look, Told
from functions.ingest.reader.layout import Described, Layout, described, find_layout
from functions.ingest.reader.lines import of_orders
from functions.ingest.reader.lines.discounts import find_discounts
from functions.ingest.reader.lines.dittos import Dittos
from functions.ingest.reader.lines.ending import Below, Ending
from functions.ingest.reader.lines.headings import Headings
from functions.ingest.reader.lines.named_once import are_named_once
from functions.ingest.reader.lines.orders import Orders
from functions.ingest.reader.lines.pieces import settle_pieces
from functions.ingest.reader.lines.subtotals import Subtotals
from functions.ingest.reader.lines.total_rows import TotalRows
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records import rows
from functions.ingest.reader.records.blocks import BLOCK_BYTES, Block, read_blocks
from functions.ingest.reader.records.date_parts import join_dates
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.spill import Spill, Stretch
from functions.ingest.reader.refusal import (
    LEFT_OUT,
    Refusal,
    UnreadableFileError,
)
from functions.ingest.reader.rejection import RejectedRow, rejected_rows
from functions.ingest.reader.seen import Seen
from functions.ingest.reader.settled import NUMBERS, Conventions, latest_moment, zone_of
from functions.ingest.reader.text.scratch import made_when_needed
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.values.dates import clock_digits
from functions.ingest.reader.weighing import find_totals
from functions.ingest.reader.words.header_names import name_others

# Raised when the same bytes would be read differently.
READER_VERSION = "12"

MAX_ROWS = 20_000_000

# Columns whose texts are judged and typed by their distinct ones.
_REPETITIVE = ("ordered_at", "time", "currency", "refunded", *NUMBERS)
# The first one a file has tells its decimal mark.
_NUMBERS = ("amount", "unit_price", "quantity", "refunded")
# More rejected rows than both of these, and the file is not what it seems.
_REJECTED_ROWS, _REJECTED_SHARE = 100, 0.01
_SHOWN_REASONS = 3


def _tells_nothing(_setting: str) -> None:
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatProfile:
    """What was decided for the branch before; used where a file leaves a question open.

    `told` answers it, and is not asked otherwise: "date_order" with dmy, mdy or ymd, "decimal_mark" with
    a point or a comma, or None.
    """

    version: int = 0
    told: Told = _tells_nothing
    columns: Mapping[str, str] = field(default_factory=dict)  # column of ours -> header name


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding(Described):
    """How a file was read."""

    mapping: Mapping[str, str]  # column of ours -> header name
    mapping_confidence: Mapping[str, float]
    mapping_settled_by: Mapping[str, str]  # name | similar | values | profile
    date_form: str  # wall | instant | compact | excel_1900 | excel_1904 | seconds | milliseconds
    date_order: str | None  # dmy | mdy | ymd; None: the dates read the same either way
    date_order_settled_by: str | None  # column | profile
    decimal_mark: str | None  # of the money column
    decimal_mark_settled_by: str | None  # column | file | profile
    currency: str | None  # named beside the amounts: a code, or a sign that several have
    profile_version: int
    # Rows by what the export says they are instead of purchases; known once all batches are read.
    left_out: Mapping[str, int] = field(default_factory=dict)
    # Orders with a discount or a refund of all their lines, by what became of it; known then, too.
    of_orders: Mapping[str, int] = field(default_factory=dict)
    reader_version: str = READER_VERSION

    @property
    def shown(self) -> dict[str, str]:
        """Return the conventions that the file's own columns show."""
        found = {
            "date_order": (self.date_order, self.date_order_settled_by),
            "decimal_mark": (self.decimal_mark, self.decimal_mark_settled_by),
        }
        return {name: value for name, (value, by) in found.items() if value and by == "column"}

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return Described.as_dict(self) | {
            "mapping": dict(self.mapping),
            "mapping_confidence": dict(self.mapping_confidence),
            "mapping_settled_by": dict(self.mapping_settled_by),
            "left_out": dict(self.left_out),
            "of_orders": dict(self.of_orders),
        }


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
class _Source:
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

    def __init__(self, source: _Source, understanding: Understanding, scratch: ExitStack) -> None:
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


# --- the first pass -------------------------------------------------------------------------


def open_file(path: Path, *, stored_at: datetime, profile: FormatProfile, scratch: Path) -> Reading:
    """Read the complete local file at `path` once, and settle how its rows are to be read.

    `stored_at` is when the store got it, on the branch's clock; moments with an offset are moved to
    its zone, or to UTC if it has none. `scratch` is an existing folder; what is put there goes when
    the reading is closed.

    Raises:
        UnreadableFileError: The file holds no table of purchases.
        OpenQuestionError: The file can be read in two ways, and nothing known settles it.
    """
    with ExitStack() as stack:
        folder = made_when_needed(stack, scratch)
        layout = find_layout(path, folder)
        text, dialect = layout.text, layout.dialect
        find_columns = partial(
            map_columns,
            dialect.header,
            rows=dialect.sample,
            told=profile.columns,
            titles=[line.text for line in dialect.furniture],
        )
        mapped = find_columns()
        header, mapping = dialect.header, mapped.columns
        dates = DateEvidence(latest_moment(stored_at))
        numbers = {
            name: QuantityEvidence() if name == "quantity" else NumberEvidence()
            for name in _NUMBERS
            if name in mapping
        }
        looks: dict[str, Look] = {"ordered_at": dates, **numbers}
        repetitive = frozenset(mapping[name] for name in _REPETITIVE if name in mapping)
        with Spill(folder, len(dialect.header), distinct=repetitive) as spill:
            seen = Seen(dialect, mapped)
            ending = _first_pass(text, dialect, mapping, looks, seen, spill)
        if seen.lines.have_order_totals:
            mapped = find_columns(has_order_totals=True)
            mapping = mapped.columns
        columns = {
            name: (header[mapping[name]], numbers[name]) for name in numbers if name in mapping
        }
        if (refunds := seen.refunds.found(mapping)) is None:
            columns.pop("refunded", None)
        marks = settle_pieces(dialect.sample, mapping, settle_numbers(columns, profile.told))
        conventions = Conventions(
            header=header,
            mapping=mapping,
            others=name_others(header, mapping),
            dates=settle_dates(header[mapping["ordered_at"]], dates, profile.told),
            numbers=marks,
            latest=latest_moment(stored_at),
            zone=zone_of(stored_at),
            nobody=seen.nobody.found(),
            has_dittos=seen.dittos.are_there,
            totals=None,
            customers_are_once=False,
            may_have_totals=seen.totals.may_be_there and "amount" in mapping,
            orders_are_once=seen.lines.are_named_once,
            days_are_once=seen.dated_once.are_so,
            clock_digits=_clock_digits(dialect, mapping),
            signs=seen.all_signs(amounts={mapping["refunded"]} if refunds else frozenset()),
            discounts=find_discounts(header, mapping),
            refunds=refunds,
            of_orders=of_orders.find_columns(header, mapping, marks),
        )
        source = _Source(
            layout=layout,
            conventions=conventions,
            spill=spill,
            ending=ending,
            headings=seen.headings,
            dittos=seen.dittos,
        )
        totals = find_totals(
            source.conversions,
            source.rows_in,
            suspects=seen.lacking.suspects(),
            first_may_be_total=seen.first_row.may_be_total,
        )
        are_once = seen.named_once.may_be and are_named_once(
            converted.accepted for converted in source.conversions(totals)
        )
        if totals or are_once:
            conventions = replace(conventions, totals=totals, customers_are_once=are_once)
            source = replace(source, conventions=conventions)
        return Reading(source, _understanding(source, mapped, profile), stack.pop_all())


def _clock_digits(dialect: Dialect, mapping: Mapping[str, int]) -> int:
    index = mapping.get("time")
    return clock_digits([row[index] for row in dialect.sample]) if index is not None else 0


def _first_pass(
    text: Text,
    dialect: Dialect,
    mapping: Mapping[str, int],
    looks: Mapping[str, Look],
    seen: Seen,
    spill: Spill,
) -> Ending:
    """Put all cells aside, collect the evidence, and find out where the table ends.

    Raises:
        UnreadableFileError: It has more rows than are read, or its shape is lost.
    """
    below = Below(dialect, mapping)
    is_mended = is_of_mended_rows(dialect.header)
    many = text.size > BLOCK_BYTES

    def split(block: Block) -> tuple[Block, rows.Parsed, tuple[Any, ...]]:
        as_written = rows.parse(block, dialect)
        parsed = join_dates(rows.read_back(block, as_written, is_mended=is_mended), mapping)
        return block, parsed, spill.kept(parsed.columns)

    with (
        text.path.open("rb") as file,
        closing(worked_ahead(read_blocks(file, dialect), split, many=many)) as blocks,
    ):
        for block, parsed, columns in blocks:
            seen.sections.add(block, below.add(block, parsed))
            spill.add(block, parsed, columns)
            seen.add(columns)
            if spill.rows > MAX_ROWS:
                raise UnreadableFileError(Refusal.TOO_MANY_ROWS, {"limit": MAX_ROWS})
            for name, look in looks.items():
                look.add(columns[mapping[name]])
            del block, parsed, columns  # else they are there until the next ones are made
    ending = below.end(text)
    _check_widths(ending.widths, ending.rows, len(dialect.header))
    return ending


def _check_widths(widths: Counter[int], total: int, expected: int) -> None:
    """Refuse a file most of whose rows agree on another width than the header's.

    Raises:
        UnreadableFileError: They do; which cell belongs under which name is anyone's guess.
    """
    for width, count in widths.most_common(1):
        if count > total / 2:
            found = {"expected": expected, "found": width, "count": count, "rows": total}
            raise UnreadableFileError(Refusal.HEADER_MISMATCH, found)


def _understanding(source: _Source, mapped: Mapped, profile: FormatProfile) -> Understanding:
    conventions, header = source.conventions, source.layout.dialect.header
    marks = [conventions.numbers[name] for name in _NUMBERS if name in conventions.numbers]
    mark = next((convention for convention in marks if convention.value), Convention())
    return Understanding(
        **described(source.layout, source.ending),
        mapping={name: header[index] for name, index in conventions.mapping.items()},
        mapping_confidence=mapped.confidence,
        mapping_settled_by=mapped.settled_by,
        date_form=conventions.dates.form,
        date_order=conventions.dates.value,
        date_order_settled_by=conventions.dates.settled_by,
        decimal_mark=mark.value,
        decimal_mark_settled_by=mark.settled_by,
        currency=conventions.currency,
        profile_version=profile.version,
    )
