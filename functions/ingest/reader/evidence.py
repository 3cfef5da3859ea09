"""What whole columns say of themselves: the order of day and month, and the decimal mark.

Values are looked at once, distinct ones with their counts, block by block. What they leave open is
settled by the file's other columns, then by the branch's profile, and otherwise asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader import dates, numbers
from functions.ingest.reader.refusal import (
    OpenQuestionError,
    Question,
    Refusal,
    UnreadableFileError,
    excerpt,
)

# Values that contradict all others are rejected one by one as long as they are this few.
_FEW = 0.01
_EXAMPLES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Convention:
    """How a column is written, and who said so: `column`, `file` or `profile`."""

    value: str | None = None  # None: its values read the same either way
    settled_by: str | None = None


@dataclass(kw_only=True, slots=True)
class Evidence:
    """Rows of one column by what they speak for, with the first examples of each."""

    rows: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, values: Any, counts: NDArray[np.int64], mask: Any) -> None:
        """Count the values under `mask` as speaking for `kind`."""
        chosen = np.asarray(mask)
        if not chosen.any():
            return
        self.rows[kind] = self.rows.get(kind, 0) + int(counts[chosen].sum())
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _EXAMPLES:
            first = values.take(pa.array(np.flatnonzero(chosen)[: _EXAMPLES - len(shown)]))
            shown.extend(first.to_pylist())


OPEN = "open"


def look_at_dates(evidence: Evidence, column: Any) -> None:
    """Add a block's dates: which can only be day first, which only month first, which either."""
    values, counts = _distinct(column)
    first, second = dates.leading_parts(values)
    can_be_month_first = (first >= 1) & (first <= 12)
    can_be_day_first = (second >= 1) & (second <= 12)
    evidence.add("dmy", values, counts, can_be_day_first & (first > 12))
    evidence.add("mdy", values, counts, can_be_month_first & (second > 12))
    evidence.add(OPEN, values, counts, can_be_month_first & can_be_day_first & (first != second))


def look_at_numbers(evidence: Evidence, column: Any) -> None:
    """Add a block's numbers: which need a decimal point, which a comma, which allow either."""
    values, counts = _distinct(column)
    for mark, pattern in numbers.NEEDS.items():
        evidence.add(mark, values, counts, pc.match_substring_regex(values, pattern))
    evidence.add(OPEN, values, counts, pc.match_substring_regex(values, numbers.ALLOWS_EITHER))


def _distinct(column: Any) -> tuple[Any, NDArray[np.int64]]:
    encoded = column.dictionary_encode()
    counts = np.bincount(np.asarray(encoded.indices), minlength=len(encoded.dictionary))
    return pc.utf8_trim_whitespace(encoded.dictionary), counts.astype(np.int64)


def settle_dates(column: str, evidence: Evidence, told: str | None) -> Convention:
    """Decide the order of day and month in the file's date column.

    Raises:
        UnreadableFileError: Some rows can only be day first, others only month first.
        OpenQuestionError: All rows can be both, and they differ.
    """
    if order := _own(column, evidence, ("dmy", "mdy"), Refusal.MIXED_DATE_ORDER):
        return Convention(value=order, settled_by="column")
    if not evidence.rows.get(OPEN):
        return Convention()
    if told:
        return Convention(value=told, settled_by="profile")
    raise OpenQuestionError(Question.DATE_ORDER, _question(column, evidence, dates.readings))


def settle_numbers(
    columns: Mapping[str, tuple[str, Evidence]], told: str | None
) -> dict[str, Convention]:
    """Decide the decimal mark of each number column; `columns` holds its header and evidence.

    Raises:
        UnreadableFileError: Some rows of a column need a point, others a comma.
        OpenQuestionError: A column can be read with both, and nothing settles it.
    """
    settled: dict[str, Convention] = {}
    for name, (header, evidence) in columns.items():
        mark = _own(header, evidence, (".", ","), Refusal.MIXED_DECIMAL_MARK)
        settled[name] = Convention(value=mark, settled_by="column" if mark else None)
    agreed = _agreed(convention.value for convention in settled.values())
    for name, (header, evidence) in columns.items():
        if settled[name].value is None and evidence.rows.get(OPEN):
            settled[name] = _from_elsewhere(header, evidence, agreed, told)
    return settled


def _from_elsewhere(
    header: str, evidence: Evidence, agreed: str | None, told: str | None
) -> Convention:
    if agreed:
        return Convention(value=agreed, settled_by="file")
    if told:
        return Convention(value=told, settled_by="profile")
    raise OpenQuestionError(Question.DECIMAL_MARK, _question(header, evidence, numbers.readings))


def _agreed(values: Iterable[str | None]) -> str | None:
    """Return what all say that say anything."""
    said = {value for value in values if value is not None}
    return said.pop() if len(said) == 1 else None


def _own(column: str, evidence: Evidence, kinds: tuple[str, str], refusal: Refusal) -> str | None:
    """Return what a column says of itself.

    Raises:
        UnreadableFileError: It says both.
    """
    more, less = sorted(kinds, key=lambda kind: -evidence.rows.get(kind, 0))
    if not evidence.rows.get(more):
        return None
    contrary = evidence.rows.get(less, 0)
    if contrary > _FEW * evidence.rows[more]:
        found = {
            f"{name}_example": excerpt(evidence.examples[kind][0])
            for name, kind in zip(("first", "second"), kinds, strict=True)
        }
        raise UnreadableFileError(refusal, {"column": excerpt(column), **found})
    return more


def _question(column: str, evidence: Evidence, readings: Any) -> dict[str, object]:
    """Return two values of the file with their two readings."""
    first, *others = evidence.examples[OPEN]
    params: dict[str, object] = {"column": excerpt(column), "value": excerpt(first)}
    params |= readings(first)
    if others:
        params["second_value"] = excerpt(others[0])
        params |= {f"second_{name}": text for name, text in readings(others[0]).items()}
    return params
