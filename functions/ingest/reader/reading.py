"""One file, read in two passes.

The first finds the records, splits them into text and collects evidence; at its end every question
about the file as a whole is settled, asked or refused. The second types the text, batch by batch.
"""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from common.mending import is_of_mended_rows
from functions.ingest.balance import Balance
from functions.ingest.reader import rows
from functions.ingest.reader.columns import map_columns, name_others
from functions.ingest.reader.conversion import (
    Conventions,
    Converted,
    convert,
    latest_moment,
)
from functions.ingest.reader.dialect import Dialect, find_dialect
from functions.ingest.reader.encoding import (
    HEAD_BYTES,
    UTF_8,
    WIDE,
    Encoding,
    detect,
    refuse_other_kinds,
)
from functions.ingest.reader.ending import Below, Ending
from functions.ingest.reader.evidence import (
    Convention,
    Evidence,
    look_at_dates,
    look_at_numbers,
    settle_dates,
    settle_numbers,
)
from functions.ingest.reader.refusal import Refusal, UnreadableFileError
from functions.ingest.reader.rejection import RejectedRow, rejected_rows
from functions.ingest.reader.shape import Furniture
from functions.ingest.reader.spill import SpillWriter, Stretch, empty_stretch, read_stretches
from functions.ingest.reader.texts import Text, copy, original
from functions.ingest.reader.unpacking import unpack

# Raised when the same bytes would be read differently.
READER_VERSION = "2"

# Rows of one batch. Batches, and so the chunks of a frame, depend on the file's rows alone.
BATCH_ROWS = 65_536

_NUMBERS = ("amount", "unit_price", "quantity")  # the first one a file has tells its decimal mark
# More rejected rows than both of these, and the file is not what it seems.
_REJECTED_ROWS, _REJECTED_SHARE = 100, 0.01
_SHOWN_REASONS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class FormatProfile:
    """What was decided for the branch before; used where a file leaves a question open."""

    version: int = 0
    date_order: str | None = None  # dmy | mdy
    decimal_mark: str | None = None  # "." | ","


@dataclass(frozen=True, kw_only=True, slots=True)
class Understanding:
    """How a file was read."""

    encoding: str
    encoding_settled_by: str  # mark | bytes | evidence
    encoding_confidence: float
    delimiter: str
    quote: str
    escape: str  # of quotes inside cells; empty: they are doubled
    columns_by: str  # delimiter | blanks | position
    header: tuple[str, ...]
    furniture: tuple[Furniture, ...]  # what stands around the table
    mapping: Mapping[str, str]  # column of ours -> header name
    date_order: str | None  # None: the dates read the same either way
    date_order_settled_by: str | None  # column | profile
    decimal_mark: str | None  # of the money column
    decimal_mark_settled_by: str | None  # column | file | profile
    profile_version: int
    reader_version: str = READER_VERSION

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self) | {
            "header": list(self.header),
            "mapping": dict(self.mapping),
            "furniture": [asdict(each) for each in self.furniture],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """Some consecutive rows of the file."""

    accepted: Any  # pyarrow.Table: frame.CANONICAL, then `other.<header>` as text
    rejected: tuple[RejectedRow, ...]
    balance: Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """A file and what the first pass found out about it."""

    text: Text
    encoding: Encoding
    dialect: Dialect
    conventions: Conventions
    spill: Path
    ending: Ending

    @property
    def rows_in(self) -> int:
        """Count the data rows."""
        return self.ending.rows

    @property
    def furniture_bytes(self) -> int:
        """Count the bytes above and below the table."""
        top = self.text.origin(self.dialect.body_offset)
        return top + self.text.origin(self.text.size) - self.text.origin(self.ending.offset)

    def bytes_of(self, stretch: Stretch) -> int:
        """Count the bytes of a stretch in the file as it was uploaded."""
        size = int(stretch.lengths.sum(dtype="int64"))
        if not size or self.text.copied_from is None:
            return size
        first = int(stretch.offsets[0])
        return self.text.origin(first + size) - self.text.origin(first)

    def describe(
        self, stretch: Stretch, converted: Converted, *, at_most: int | None
    ) -> tuple[RejectedRow, ...]:
        """Return a stretch's rejected rows, or the first of them."""
        return rejected_rows(
            self.text,
            stretch,
            converted.verdict,
            self.conventions,
            style=self.dialect.style,
            at_most=at_most,
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
        reasons: Counter[str] = Counter()
        example: RejectedRow | None = None
        for stretch in _stretches(source):
            converted = convert(stretch, source.conventions)
            of_rows = replace(converted.balance, bytes=source.bytes_of(stretch))
            balance = of_rows + furniture
            total, furniture = total + balance, Balance()
            reasons.update(converted.verdict.reasons())
            # Past the limit nothing will be kept: one example is enough, and all reasons.
            some = None if total.rejected <= limit else int(example is None)
            rejected = source.describe(stretch, converted, at_most=some)
            example = example or next(iter(rejected), None)
            if total.rejected <= limit:
                yield Batch(accepted=converted.accepted, rejected=rejected, balance=balance)
        total.verify_bytes(source.text.origin(source.text.size))
        if example and (total.rejected > limit or not total.accepted):
            is_strict = all_or_nothing and total.accepted and total.rejected <= tolerated
            code = Refusal.ALL_OR_NOTHING if is_strict else Refusal.TOO_MANY_REJECTED
            raise _too_many_rejected(code, total, reasons, example)


def _stretches(source: _Source) -> Iterator[Stretch]:
    if source.rows_in:
        return read_stretches(source.spill, BATCH_ROWS, stop=source.rows_in)
    return iter([empty_stretch(len(source.dialect.header))])


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

    `stored_at` is when the store got it, as the branch's clock on the wall showed it. `scratch` is
    an existing folder; what is put there goes when the reading is closed.

    Raises:
        UnreadableFileError: The file holds no table of purchases.
        OpenQuestionError: The file can be read in two ways, and nothing known settles it.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="reader-", dir=scratch))
        text, encoding, dialect = _look_at_head(path, Path(folder))
        mapping = map_columns(dialect.header, has_header=dialect.has_header)
        evidence = {name: Evidence() for name in ("ordered_at", *_NUMBERS) if name in mapping}
        spill = Path(folder) / "cells.arrow"
        ending = _first_pass(text, dialect, mapping, evidence, spill)
        conventions = _settle(dialect, mapping, evidence, profile, latest_moment(stored_at))
        source = _Source(
            text=text,
            encoding=encoding,
            dialect=dialect,
            conventions=conventions,
            spill=spill,
            ending=ending,
        )
        return Reading(source, _understanding(source, profile), stack.pop_all())


def _look_at_head(path: Path, folder: Path) -> tuple[Text, Encoding, Dialect]:
    """Unpack what is packed, and find out how the text is written and laid out."""
    path = unpack(path, folder)
    with path.open("rb") as file:
        refuse_other_kinds(file.read(HEAD_BYTES))
        encoding = detect(file)
    is_wide = encoding.name in WIDE
    text = copy(path, encoding.name, folder) if is_wide else original(path, encoding.name)
    dialect = _dialect(text)
    if not dialect.style.is_plain and text.encoding != UTF_8:
        text = copy(path, encoding.name, folder)
        dialect = _dialect(text)
    return text, encoding, dialect


def _dialect(text: Text) -> Dialect:
    with text.path.open("rb") as file:
        return find_dialect(file.read(HEAD_BYTES), encoding=text.encoding)


def _first_pass(
    text: Text,
    dialect: Dialect,
    mapping: Mapping[str, int],
    evidence: Mapping[str, Evidence],
    spill: Path,
) -> Ending:
    """Put all cells on disk, collect the evidence, and find out where the table ends."""
    below = Below(dialect, mapping.get("ordered_at"))
    is_mended = is_of_mended_rows(dialect.header)
    with text.path.open("rb") as file, SpillWriter(spill, len(dialect.header)) as writer:
        for block in rows.read_blocks(file, dialect):
            parsed = rows.parse(block, dialect)
            parsed = rows.read_back(parsed) if is_mended else parsed
            writer.add(block, parsed)
            below.add(block, parsed)
            for name, found in evidence.items():
                look = look_at_dates if name == "ordered_at" else look_at_numbers
                look(found, parsed.columns[mapping[name]])
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
    evidence: Mapping[str, Evidence],
    profile: FormatProfile,
    latest: datetime,
) -> Conventions:
    header = dialect.header
    date_column = header[mapping["ordered_at"]]
    number_columns = {
        name: (header[mapping[name]], evidence[name]) for name in _NUMBERS if name in mapping
    }
    return Conventions(
        header=header,
        mapping=mapping,
        others=name_others(header, mapping),
        dates=settle_dates(date_column, evidence["ordered_at"], profile.date_order),
        numbers=settle_numbers(number_columns, profile.decimal_mark),
        latest=latest,
    )


def _understanding(source: _Source, profile: FormatProfile) -> Understanding:
    conventions, header = source.conventions, source.dialect.header
    style = source.dialect.style
    marks = [conventions.numbers[name] for name in _NUMBERS if name in conventions.numbers]
    mark = next((convention for convention in marks if convention.value), Convention())
    return Understanding(
        encoding=source.encoding.name,
        encoding_settled_by=source.encoding.settled_by,
        encoding_confidence=source.encoding.confidence,
        delimiter=style.delimiter.decode(),
        quote=style.quote.decode(),
        escape=style.escape.decode(),
        columns_by="position" if style.cuts else "blanks" if style.is_padded else "delimiter",
        header=header,
        furniture=source.dialect.furniture + source.ending.furniture,
        mapping={name: header[index] for name, index in conventions.mapping.items()},
        date_order=conventions.dates.value,
        date_order_settled_by=conventions.dates.settled_by,
        decimal_mark=mark.value,
        decimal_mark_settled_by=mark.settled_by,
        profile_version=profile.version,
    )
