"""What whole columns say of themselves: rows by what they speak for, and what that comes to.

Values are looked at once, distinct ones with their counts, block by block. What they leave open is
settled by the file's other columns, then by the branch's profile, and otherwise asked.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt

Told = Callable[[str], str | None]  # what the branch's profile says about a setting

OPEN = "open"  # what values speak for that can be read in two ways
FEW = 0.01  # values that contradict all others are rejected one by one as long as they are this few
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

    def count(self, kind: str, value: str, rows: int) -> None:
        """Count one value as speaking for `kind`."""
        self.rows[kind] = self.rows.get(kind, 0) + rows
        shown = self.examples.setdefault(kind, [])
        if len(shown) < _EXAMPLES:
            shown.append(value)


class Look(Protocol):
    """What is collected of one column."""

    def add(self, column: Any) -> None:
        """Look at a block of it: its distinct texts, and which of them each row has."""


def counted(column: Any) -> tuple[Any, NDArray[np.int64]]:
    """Return a column's distinct texts, and how many rows have each."""
    counts = np.bincount(np.asarray(column.indices), minlength=len(column.dictionary))
    return column.dictionary, counts.astype(np.int64)


def settle_kind(
    column: str, evidence: Evidence, kinds: Sequence[str], refusal: Refusal
) -> str | None:
    """Return which of these kinds a column says of itself.

    Raises:
        UnreadableFileError: It says several.
    """
    said = [kind for kind in kinds if evidence.rows.get(kind)]
    if not said:
        return None
    most = max(said, key=lambda kind: evidence.rows[kind])
    contrary = sum(evidence.rows[kind] for kind in said) - evidence.rows[most]
    if contrary > FEW * evidence.rows[most]:
        raise mixed(refusal, column, evidence, said)
    return most


def mixed(
    refusal: Refusal, column: str, evidence: Evidence, kinds: Sequence[str]
) -> UnreadableFileError:
    """Return the refusal of a column that is of two of these kinds, with an example of each."""
    found = {
        f"{name}_example": excerpt(evidence.examples[kind][0])
        for name, kind in zip(("first", "second"), kinds, strict=False)
    }
    return UnreadableFileError(refusal, {"column": excerpt(column), **found})


def question(column: str, evidence: Evidence, readings: Any) -> dict[str, object]:
    """Return two values of the file with their two readings."""
    first, *others = evidence.examples[OPEN]
    params: dict[str, object] = {"column": excerpt(column), "value": excerpt(first)}
    params |= readings(first)
    if others:
        params["second_value"] = excerpt(others[0])
        params |= {f"second_{name}": text for name, text in readings(others[0]).items()}
    return params
