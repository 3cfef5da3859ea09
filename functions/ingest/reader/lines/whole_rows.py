"""What is wrong with a row as a whole, or with the text of any of its cells."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.lines.verdict import WHOLE_ROW, Verdict
from functions.ingest.reader.records import rows
from functions.ingest.reader.records.spill import Stretch, is_distinct
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.words.signs import Title

_MAX_CELL_BYTES = 1 << 16
_MOST_BYTES = 3  # in UTF-8, of a byte of the file
# All control characters of Unicode but tab and line ends, which a quoted cell may hold.
_CONTROLS = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x{9f}]"

Mask = NDArray[np.bool_]


def judge_whole_rows(
    stretch: Stretch, header: Sequence[str], dates: int, titles: Sequence[Title]
) -> Verdict:
    """Return the verdict on a stretch before any of its cells is typed.

    `dates` is the index of the date column; `titles` stand between the rows.
    """
    size = len(stretch)
    verdict = Verdict(
        blank=stretch.fault == rows.BLANK,
        repeated=np.zeros(size, np.bool_),
        fault=np.full(size, -1, np.int8),
        column=np.full(size, WHOLE_ROW, np.int16),
    )
    if titles:
        numbers_of_rows = np.arange(stretch.first_row, stretch.first_row + size)
        is_title = np.isin(numbers_of_rows, [title.row for title in titles])
        verdict.reject(is_title, Fault.HEADING, WHOLE_ROW)
    if stretch.fault.any():
        _judge_records(stretch, verdict)
    _find_blank_and_repeated(stretch, header, dates, verdict)
    _judge_cells(stretch, verdict)
    return verdict


def _judge_records(stretch: Stretch, verdict: Verdict) -> None:
    for number, fault in rows.FAULTS.items():
        verdict.reject(stretch.fault == number, fault, WHOLE_ROW)
    spoiled = np.isin(stretch.fault, (rows.TEXT_AFTER_QUOTE, rows.CUT_WORD))
    verdict.column[spoiled] = stretch.detail[spoiled]


def _find_blank_and_repeated(
    stretch: Stretch, header: Sequence[str], dates: int, verdict: Verdict
) -> None:
    """Find rows without any text, and the header printed again; both show in the date column."""
    column = stretch.columns[dates]
    empty = ("",) * len(header)
    lengths = np.asarray(pc.binary_length(column.dictionary))
    for cells, found in ((empty, verdict.blank), (header, verdict.repeated)):
        if not (lengths == len(cells[dates].encode())).any():
            continue
        is_text = np.asarray(pc.equal(column.dictionary, cells[dates]))
        is_likely = is_text[np.asarray(column.indices)] & (stretch.fault == rows.SOUND)
        if (likely := np.flatnonzero(is_likely)).size:
            found[likely] = _hold(stretch, likely, cells)


def _hold(stretch: Stretch, places: NDArray[np.int64], cells: Sequence[str]) -> Mask:
    """Say which of these rows hold exactly these cells."""
    chosen = pa.array(places)
    is_equal = np.ones(len(places), np.bool_)
    for index, cell in enumerate(cells):
        column = stretch.text(index).take(chosen)
        is_equal &= np.asarray(pc.equal(pc.utf8_trim_whitespace(column), cell))
    return is_equal


def _judge_cells(stretch: Stretch, verdict: Verdict) -> None:
    """Reject rows with far too much text or a control character in a cell."""
    may_be_long = _MOST_BYTES * stretch.lengths.max(initial=0) > _MAX_CELL_BYTES
    for index, column in enumerate(stretch.columns):
        if may_be_long:
            is_long = _of_rows(column, lambda t: pc.greater(pc.binary_length(t), _MAX_CELL_BYTES))
            verdict.reject(is_long, Fault.CELL_TOO_LONG, index)
        if stretch.may_hold_controls:
            has_nul = _of_rows(column, lambda texts: pc.match_substring(texts, "\0"))
            verdict.reject(has_nul, Fault.NUL_BYTE, index)
            has_any = _of_rows(column, lambda texts: pc.match_substring_regex(texts, _CONTROLS))
            verdict.reject(has_any, Fault.CONTROL_CHAR, index)


def _of_rows(column: Any, judge_texts: Callable[[Any], Any]) -> Mask:
    """Return for each row what is said of its text."""
    is_by_distinct = is_distinct(column)
    said: Mask = np.asarray(judge_texts(column.dictionary if is_by_distinct else column))
    return said[np.asarray(column.indices)] if is_by_distinct else said
