"""The first pass over one file: its records are found, split into text, and looked at.

At its end every question about the file as a whole is settled, asked or refused.
"""

from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from common.mending import is_of_mended_rows
from functions.ingest.ahead import worked_ahead
from functions.ingest.reader.columns.mapping import Mapped, map_columns
from functions.ingest.reader.evidence.dates import DateEvidence, settle_dates
from functions.ingest.reader.evidence.numbers import (
    NumberEvidence,
    QuantityEvidence,
    settle_numbers,
)
from functions.ingest.reader.evidence.whole_columns import Convention, Look
from functions.ingest.reader.layout import described, find_layout
from functions.ingest.reader.lines import of_orders
from functions.ingest.reader.lines.discounts import find_discounts
from functions.ingest.reader.lines.ending import Below, Ending
from functions.ingest.reader.lines.named_once import are_named_once
from functions.ingest.reader.lines.pieces import settle_pieces
from functions.ingest.reader.reading import Reading, Source
from functions.ingest.reader.records import rows
from functions.ingest.reader.records.blocks import BLOCK_BYTES, Block, read_blocks
from functions.ingest.reader.records.date_parts import join_dates
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.spill import Spill
from functions.ingest.reader.refusal import Refusal, UnreadableFileError
from functions.ingest.reader.seen import Seen
from functions.ingest.reader.settled import NUMBERS, Conventions, latest_moment, zone_of
from functions.ingest.reader.text.scratch import made_when_needed
from functions.ingest.reader.text.texts import Text
from functions.ingest.reader.understanding import FormatProfile, Understanding
from functions.ingest.reader.values.dates import clock_digits
from functions.ingest.reader.weighing import find_totals
from functions.ingest.reader.words.header_names import name_others

MAX_ROWS = 20_000_000

# Columns whose texts are judged and typed by their distinct ones.
_REPETITIVE = ("ordered_at", "time", "currency", "refunded", *NUMBERS)
# The first one a file has tells its decimal mark.
_NUMBERS = ("amount", "unit_price", "quantity", "refunded")


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
        dialect = layout.dialect
        find_columns = partial(
            map_columns,
            dialect.header,
            rows=dialect.sample,
            told=profile.columns,
            titles=[line.text for line in dialect.furniture],
        )
        mapped = find_columns()
        evidence = _evidence(mapped.columns, stored_at)
        repetitive = frozenset(mapped.columns[n] for n in _REPETITIVE if n in mapped.columns)
        with Spill(folder, len(dialect.header), distinct=repetitive) as spill:
            seen = Seen(dialect, mapped)
            ending = _first_pass(layout.text, dialect, mapped.columns, evidence, seen, spill)
        if seen.lines.have_order_totals:
            mapped = find_columns(has_order_totals=True)
        source = Source(
            layout=layout,
            conventions=_settle(dialect, mapped.columns, evidence, seen, profile),
            spill=spill,
            ending=ending,
            headings=seen.headings,
            dittos=seen.dittos,
        )
        source = _weigh(source, seen)
        return Reading(source, _understanding(source, mapped, profile), stack.pop_all())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Evidence:
    """What single columns show, by what they are to us."""

    stored_at: datetime  # on the branch's clock
    dates: DateEvidence
    numbers: Mapping[str, NumberEvidence]

    @property
    def looks(self) -> Mapping[str, Look]:
        """Return who looks at each column."""
        return {"ordered_at": self.dates, **self.numbers}


def _evidence(mapping: Mapping[str, int], stored_at: datetime) -> _Evidence:
    return _Evidence(
        stored_at=stored_at,
        dates=DateEvidence(latest_moment(stored_at)),
        numbers={
            name: QuantityEvidence() if name == "quantity" else NumberEvidence()
            for name in _NUMBERS
            if name in mapping
        },
    )


def _first_pass(
    text: Text,
    dialect: Dialect,
    mapping: Mapping[str, int],
    evidence: _Evidence,
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
            for name, look in evidence.looks.items():
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


def _settle(
    dialect: Dialect,
    mapping: Mapping[str, int],
    evidence: _Evidence,
    seen: Seen,
    profile: FormatProfile,
) -> Conventions:
    """Settle how the columns are read, but for what only rows that are weighed show.

    Raises:
        OpenQuestionError: They can be read in two ways, and nothing known settles it.
    """
    header, stored_at = dialect.header, evidence.stored_at
    columns = {
        name: (header[mapping[name]], numbers)
        for name, numbers in evidence.numbers.items()
        if name in mapping
    }
    if (refunds := seen.refunds.found(mapping)) is None:
        columns.pop("refunded", None)
    marks = settle_pieces(dialect.sample, mapping, settle_numbers(columns, profile.told))
    return Conventions(
        header=header,
        mapping=mapping,
        others=name_others(header, mapping),
        dates=settle_dates(header[mapping["ordered_at"]], evidence.dates, profile.told),
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


def _clock_digits(dialect: Dialect, mapping: Mapping[str, int]) -> int:
    index = mapping.get("time")
    return clock_digits([row[index] for row in dialect.sample]) if index is not None else 0


def _weigh(source: Source, seen: Seen) -> Source:
    """Find out what only typed rows show together, where there may be such."""
    totals = find_totals(
        source.conversions,
        source.rows_in,
        suspects=seen.lacking.suspects(),
        first_may_be_total=seen.first_row.may_be_total,
    )
    are_once = seen.named_once.may_be and are_named_once(
        converted.accepted for converted in source.conversions(totals)
    )
    if not (totals or are_once):
        return source
    conventions = replace(source.conventions, totals=totals, customers_are_once=are_once)
    return replace(source, conventions=conventions)


def _understanding(source: Source, mapped: Mapped, profile: FormatProfile) -> Understanding:
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
