"""Rejected rows: where they stand in the file, why they were not accepted, and their own text."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO

import numpy as np

from common.mending import is_of_mended_rows, read_back
from functions.ingest.reader.careful import Style, whole_cells
from functions.ingest.reader.conversion import Conventions, Verdict
from functions.ingest.reader.encoding import decode
from functions.ingest.reader.refusal import Fault, excerpt
from functions.ingest.reader.spill import Stretch
from functions.ingest.reader.texts import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRow:
    """A row that was not accepted."""

    code: str
    row: int  # data row, from 1
    line: int  # physical line, from 1
    column: str | None  # header name; None: the row as a whole
    byte_offset: int
    byte_length: int  # without the line end
    raw: str
    params: Mapping[str, object] = field(default_factory=dict)
    cells: tuple[str, ...] = ()  # of `raw`, without the quotes around them


def rejected_rows(
    text: Text,
    stretch: Stretch,
    verdict: Verdict,
    conventions: Conventions,
    *,
    style: Style,
    at_most: int | None,
) -> tuple[RejectedRow, ...]:
    """Return the rejected rows of a stretch, their text read from the file again."""
    chosen = np.flatnonzero(verdict.rejected)[:at_most]
    if not chosen.size:
        return ()
    with text.path.open("rb") as file:
        raws = [_raw(file, stretch, int(row)) for row in chosen]
    return tuple(
        replace(
            _describe(int(row), raw, text, stretch, verdict, conventions),
            cells=_cells(raw, text, conventions, style),
        )
        for row, raw in zip(chosen, raws, strict=True)
    )


def _cells(raw: bytes, text: Text, conventions: Conventions, style: Style) -> tuple[str, ...]:
    cells = tuple(decode(cell, text.encoding) for cell in whole_cells(raw, style))
    is_mended = is_of_mended_rows(conventions.header)
    return tuple(map(read_back, cells)) if is_mended else cells


def _raw(file: BinaryIO, stretch: Stretch, row: int) -> bytes:
    file.seek(int(stretch.offsets[row]))
    return file.read(int(stretch.lengths[row])).rstrip(b"\r\n")


def _describe(
    row: int,
    raw: bytes,
    text: Text,
    stretch: Stretch,
    verdict: Verdict,
    conventions: Conventions,
) -> RejectedRow:
    line = int(stretch.lines[row])
    begin = text.origin(int(stretch.offsets[row]))
    index = int(verdict.column[row])
    column = conventions.header[index] if index >= 0 else None
    fault = verdict.fault_of(row)
    params: dict[str, object] = {"line": line}
    if column is not None:
        params["column"] = excerpt(column) or str(index + 1)
    params |= _particulars(fault, stretch, conventions, row, index)
    return RejectedRow(
        code=fault.value,
        row=stretch.first_row + row,
        line=line,
        column=column,
        byte_offset=begin,
        byte_length=text.origin(int(stretch.offsets[row]) + len(raw)) - begin,
        raw=decode(raw, text.encoding),
        params=params,
    )


def _particulars(
    fault: Fault, stretch: Stretch, conventions: Conventions, row: int, index: int
) -> dict[str, object]:
    """Return what the fault's sentence says beyond line and column."""
    match fault:
        case Fault.MISSING_CELL | Fault.EXTRA_CELL | Fault.TRUNCATED_TAIL:
            return {"expected": len(conventions.header), "found": int(stretch.detail[row])}
        case Fault.FUTURE_DATE:
            found = stretch.columns[index][row].as_py()
            return {
                "found": excerpt(found.strip()),
                "latest": conventions.latest.date().isoformat(),
            }
        case Fault.BAD_DATE | Fault.BAD_NUMBER | Fault.NOT_FINITE | Fault.TOO_MANY_DECIMALS:
            return {"found": excerpt(stretch.columns[index][row].as_py().strip())}
        case Fault.NUMBER_TOO_LARGE if index >= 0:
            return {"found": excerpt(stretch.columns[index][row].as_py().strip())}
        case _:  # other cells may hold anything, a person's name too: their text is not repeated
            return {}
