"""What an export itself says of its rows: voided, a draft, refunded, shipping, a total, a return.

Such rows are no purchases, so they are counted apart. Only columns that are there to say it are
asked: the status of an order or a line, a mark, the time of a cancellation, the kind of a line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.lines.orders import Orders, has_gaps
from functions.ingest.reader.lines.totals import lines_of_totals
from functions.ingest.reader.records.spill import Stretch
from functions.ingest.reader.refusal import LEFT_OUT, Fault
from functions.ingest.reader.values.likely import trimmed
from functions.ingest.reader.words.header_names import fold, folded
from functions.ingest.reader.words.meanings import (
    CAME_BACK,
    OF_LINES,
    PARTLY_BACK,
    RETURNED,
    meaning_of,
    meaning_of_status,
)
from functions.ingest.reader.words.signs import YES, Signs, Title

Mask = NDArray[np.bool_]
LeftOut = tuple[Fault, Mask, int]  # why, which rows, index of the column saying so
_WORDS_FOR_YES = YES - {"1"}  # in a column `Returned` a number may be one of pieces
_FULL = folded("full; fully; total; totalmente")
_PART = folded("partial; partially; parcial; parcialmente; partiel; partielle; teilweise; parziale")
_PARCEL = Fault.SHIPPING


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is said of the rows of a stretch."""

    left_out: tuple[LeftOut, ...]
    returned: Mask
    # Rows of orders that came back, and the column saying so, where none has another row for it:
    # unless they are the returns themselves, nothing is left of what was sold.
    came_back: tuple[tuple[Mask, int], ...]
    # Rows that were paid back in part, and the column saying so, where none says how much that was:
    # unless they are the refunds themselves, nobody knows what is left.
    partly_back: tuple[tuple[Mask, int], ...]


def judge(
    stretch: Stretch, signs: Signs, orders: Orders, order_ids: Any, mapping: Mapping[str, int]
) -> Standing:
    """Say which rows of a stretch are left out, the first reason first, and which are returns.

    `order_ids` are those of the rows, none if the file has no column for them.
    """
    returned = np.zeros(len(stretch), np.bool_)
    left_out: list[LeftOut] = []
    if signs.titles:
        titled = _titled(stretch, signs.titles)
        returned |= titled == RETURNED
        left_out += _of_meanings(titled, 0)

    filled = _filler(stretch, orders, order_ids, mapping)
    partly_back: list[tuple[Mask, int]] = []
    came_back: list[tuple[Mask, int]] = []
    # A column of refunds that is none of ours says what is off already, or of which whole order.
    are_told = signs.has_refunds and "refunded" not in mapping
    for index in (*signs.status, *signs.kind, *signs.line_kind):
        said = _said(index, signs, stretch, filled)
        returned |= said == RETURNED
        came_back.append((said == CAME_BACK, index))
        left_out += _of_meanings(said, index)
        if not are_told and (is_partly := said == PARTLY_BACK).any():
            partly_back.append((is_partly, index))
    for index, codes in signs.back.items():
        if codes:
            returned |= np.asarray(pc.is_in(filled(index), value_set=pa.array(sorted(codes))))
    came_back += [(_matches(filled(i), _yes(i, signs)), i) for i in signs.returned]
    returned = np.any([returned, *(rows for rows, _ in came_back)], axis=0)
    left_out += _lines(stretch, signs)
    left_out += _marks(signs, filled)
    for index in signs.is_return:
        returned |= _matches(filled(index), YES)
    left_out += [
        (fault, rows & ~returned, index)
        for fault, rows, index in _perhaps_back(stretch, signs, mapping)
    ]
    left_out += [(Fault.SUBTOTAL, *line) for line in lines_of_totals(stretch, mapping)]
    return Standing(
        left_out=tuple(left_out),
        returned=returned,
        came_back=tuple(came_back) if signs.came_back_once else (),
        partly_back=tuple(partly_back),
    )


def _filler(
    stretch: Stretch, orders: Orders, order_ids: Any, mapping: Mapping[str, int]
) -> Callable[[int], Any]:
    """Return what gives columns in which an order's first line speaks for those below it."""

    @cache
    def apart() -> Any:
        return orders.apart(order_ids, stretch.text(mapping["customer_id"]))

    def filled(index: int) -> Any:
        column = trimmed(stretch.text(index))
        if order_ids is None:
            return column
        return orders.fill(column, index, apart() if has_gaps(column, order_ids) else order_ids)

    return filled


def _said(
    index: int, signs: Signs, stretch: Stretch, filled: Callable[[int], Any]
) -> NDArray[np.int64]:
    """Return what the words of a status or kind say; that of a line is not said for those below."""
    if index in signs.status:
        return _per_distinct(filled(index), meaning_of_status)
    return _words(stretch.text(index) if index in signs.line_kind else filled(index))


def _yes(index: int, signs: Signs) -> frozenset[str]:
    return YES if index in signs.marks else _WORDS_FOR_YES


def _titled(stretch: Stretch, titles: Sequence[Title]) -> NDArray[np.int64]:
    """Return for each row what the title above it says."""
    rows = np.arange(stretch.first_row, stretch.first_row + len(stretch))
    says = np.array([-1, *(title.says for title in titles)], np.int64)
    said: NDArray[np.int64] = says[np.searchsorted([t.first for t in titles], rows, side="right")]
    return said


def _of_meanings(said: NDArray[np.int64], index: int) -> list[LeftOut]:
    """Return what the words of a column say; lines that are no pieces are told elsewhere."""
    return [(each, said == i, index) for i, each in enumerate(LEFT_OUT) if each not in OF_LINES]


def _lines(stretch: Stretch, signs: Signs) -> Iterator[LeftOut]:
    """Yield what lines are by their kind, side or name."""
    for index in (*signs.line_kind, *signs.line_name):
        # An order "Shipping" is under way; a line "Shipping" is what that costs.
        yield _PARCEL, _words(stretch.text(index)) == LEFT_OUT.index(_PARCEL), index
    for index, sums in signs.sums.items():
        if sums:
            is_among = pc.is_in(stretch.text(index), value_set=pa.array(sorted(sums)))
            fault = Fault.DEBIT_OR_CREDIT if index in signs.side else Fault.SUBTOTAL
            yield fault, np.asarray(is_among, np.bool_), index


def _marks(signs: Signs, filled: Callable[[int], Any]) -> Iterator[LeftOut]:
    """Yield what marks, and times of a cancellation, say."""
    for index in signs.flag:
        texts = filled(index)
        yield Fault.CANCELLED, _matches(texts, YES) | _has(texts, "[0-9][-/.][0-9]"), index
    for index in signs.refunded:
        yield Fault.REFUNDED, _matches(filled(index), _yes(index, signs) | _FULL), index
    for index in signs.moment:
        yield Fault.CANCELLED, _has(filled(index), "[0-9]{2}"), index


def _perhaps_back(stretch: Stretch, signs: Signs, mapping: Mapping[str, int]) -> Iterator[LeftOut]:
    """Yield rows of which something came back, while nothing says what was paid back for it."""
    for index in signs.parcel_status:
        said = _words(stretch.text(index))
        yield Fault.UNCLEAR_REFUND, (said == RETURNED) | (said == PARTLY_BACK), index
    for index in signs.refunded:
        if mapping.get("refunded", index) == index:
            yield Fault.UNCLEAR_REFUND, _matches(stretch.text(index), _PART), index
    for index in signs.moment_back if "refunded" not in mapping else ():
        yield Fault.UNCLEAR_REFUND, _has(stretch.text(index), "[0-9]{2}"), index
    for index in signs.pieces_back if "amount" not in mapping else ():  # which may be without them
        yield Fault.UNCLEAR_REFUND, _has(stretch.text(index), "[1-9]"), index


def _has(column: Any, pattern: str) -> Mask:
    return np.asarray(pc.match_substring_regex(column, pattern), np.bool_)


def _words(column: Any) -> NDArray[np.int64]:
    """Return for each cell what its words say, see `meaning_of`."""
    return _per_distinct(column, meaning_of)


def are_returns(column: Any) -> Mask:
    """Say of which rows a column of words says that they are returns."""
    are_back: Mask = _words(column) == RETURNED
    return are_back


def _matches(column: Any, wanted: frozenset[str]) -> Mask:
    return np.equal(_per_distinct(column, lambda text: int(fold(text) in wanted)), 1)


def _per_distinct(column: Any, function: Callable[[str], int]) -> NDArray[np.int64]:
    encoded = column.dictionary_encode()
    values = [function(text) for text in encoded.dictionary.to_pylist()]
    return np.take(np.array([*values, -1], np.int64), np.asarray(encoded.indices))
