"""From text to typed columns, and what is wrong with their cells."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from common.decimals import nulls, of_integers, to_integers
from functions.ingest.reader.lines.verdict import WHOLE_ROW, Verdict
from functions.ingest.reader.records.spill import Stretch, are_empty
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.settled import NUMBERS, Conventions
from functions.ingest.reader.values import currencies, dates, numbers
from functions.ingest.reader.values.careful_dates import COMPACT, EXCEL_1900, EXCEL_1904, WALL
from functions.ingest.reader.values.careful_numbers import MAX_INTEGER_DIGITS
from functions.ingest.reader.values.likely import trimmed
from functions.ingest.reader.values.rounded import are_rounded, may_be_rounded

_IDS = ("customer_id", "order_id")
_TEXTS = (*_IDS, "branch", "product_id", "product")
_WITHOUT_CLOCK = (WALL, COMPACT, EXCEL_1900, EXCEL_1904)  # unless they show one
_AMOUNT_LIMIT = Decimal(10) ** MAX_INTEGER_DIGITS
_DATE_FAULTS = (*dates.FAULTS, Fault.EMPTY_CELL)


def typed_columns(
    stretch: Stretch, conventions: Conventions, filled: Mapping[str, Any], verdict: Verdict
) -> dict[str, Any]:
    """Return the columns of ours that the file has, and judge their cells in its order."""
    typed: dict[str, Any] = {}
    for name, index in sorted(conventions.mapping.items(), key=lambda item: item[1]):
        column = filled.get(name, stretch.columns[index])
        if name == "currency":
            typed[name] = _currencies(column, index, conventions, verdict)
        elif name in _TEXTS:
            typed[name] = _texts(name, column, index, verdict)
        elif name == "ordered_at":
            typed[name] = _moments(column, stretch.columns, conventions, verdict)
        elif name in NUMBERS:
            typed[name] = _decimals(name, column, conventions, verdict)
    if "currency" not in typed and currencies.is_code(conventions.currency):
        typed["currency"] = pa.repeat(conventions.currency, len(stretch))
    if "amount" not in typed:
        typed["amount"] = _product(typed["quantity"], typed["unit_price"], verdict)
    return typed


def _texts(name: str, column: Any, index: int, verdict: Verdict) -> Any:
    """Return trimmed texts, and reject numbers of customers or orders without their last digits."""
    texts = _null_if_empty(trimmed(column))
    if name in _IDS and may_be_rounded(texts):
        verdict.reject(are_rounded(texts), Fault.ROUNDED_ID, index)
    return texts


def _null_if_empty(column: Any) -> Any:
    """Return texts with nulls for the empty ones; their bytes are not copied."""
    is_empty = are_empty(column)
    if not is_empty.any():
        return column
    _, edges, content = column.buffers()
    filled = pa.py_buffer(np.packbits(~is_empty, bitorder="little"))
    own_edges = edges.slice(column.offset * np.dtype(np.int32).itemsize)
    return pa.StringArray.from_buffers(len(column), own_edges, content, filled)


def _currencies(column: Any, index: int, conventions: Conventions, verdict: Verdict) -> Any:
    """Return currencies by their code, and reject rows that name another one than their amounts."""
    names = column.dictionary.to_pylist()
    if beside := conventions.currency:
        differs = [
            currencies.identify(name) is not None and not currencies.agree(name, beside)
            for name in names
        ]
        is_other = np.array(differs, np.bool_)[np.asarray(column.indices)]
        verdict.reject(is_other, Fault.OTHER_CURRENCY, index)
    codes = [currencies.identify(name) or name or None for name in names]
    return pa.array(codes, pa.string()).take(column.indices)


def _per_distinct(
    column: Any, function: Callable[[Any], tuple[Any, NDArray[Any]]]
) -> tuple[Any, NDArray[Any]]:
    """Apply `function` to the distinct texts; return its results for each row."""
    values, marks = function(column.dictionary)
    return values.take(column.indices), marks[np.asarray(column.indices)]


def _moments(days: Any, columns: Sequence[Any], conventions: Conventions, verdict: Verdict) -> Any:
    index, form = conventions.mapping["ordered_at"], conventions.dates.form

    def read(texts: Any) -> tuple[Any, NDArray[Any]]:
        moments, marks = dates.convert(
            texts,
            order=conventions.dates.value,
            form=form,
            zone=conventions.zone,
        )
        is_date = marks == 0
        marks[are_empty(texts)] = len(_DATE_FAULTS)
        return pa.array(moments, pa.timestamp("us"), mask=~is_date), marks

    moments, marks = _per_distinct(days, read)
    verdict.reject_marked(marks, _DATE_FAULTS, index)
    if (place := conventions.mapping.get("time")) is not None and form in _WITHOUT_CLOCK:
        moments = _with_clock(moments, columns[place], place, conventions.clock_digits, verdict)
    is_late = pc.greater(moments, pa.scalar(conventions.latest, pa.timestamp("us")))
    verdict.reject(np.asarray(is_late.fill_null(False)), Fault.FUTURE_DATE, index)
    return moments


def _with_clock(moments: Any, column: Any, index: int, digits: int, verdict: Verdict) -> Any:
    """Return moments with the time of day of another column, where they show none themselves."""
    clocks, is_wrong = _per_distinct(column, lambda texts: dates.convert_clocks(texts, digits))
    verdict.reject(is_wrong, Fault.BAD_TIME, index)
    has_none = pc.equal(moments, pc.floor_temporal(moments, unit="day"))
    zero = pa.scalar(0, pa.duration("us"))
    return pc.add(moments, pc.if_else(has_none, clocks.fill_null(zero), zero))


def _decimals(name: str, column: Any, conventions: Conventions, verdict: Verdict) -> Any:
    index = conventions.mapping[name]
    convention = conventions.numbers[name]

    def read(texts: Any) -> tuple[Any, NDArray[Any]]:
        if name == "quantity":
            return numbers.convert_quantities(
                texts, mark=convention.value, groupings=convention.groupings, unit=convention.unit
            )
        return numbers.convert(
            numbers.opened(texts) if convention.is_closed else texts,
            kind=NUMBERS[name],
            mark=convention.value,
            groupings=convention.groupings,
            currency=convention.currency,
            has_credits=convention.has_credits,
        )

    values, marks = _per_distinct(column, read)
    verdict.reject_marked(marks, numbers.FAULTS, index)
    # With an amount in the file, quantity and price may stay empty.
    must_be_there = name == "amount" or "amount" not in conventions.mapping
    if must_be_there and values.null_count:
        verdict.reject(np.asarray(values.is_null()), Fault.EMPTY_CELL, index)
    return values


def _product(quantity: Any, unit_price: Any, verdict: Verdict) -> Any:
    """Return quantity x price, exactly."""
    if (amount := _product_of_integers(quantity, unit_price)) is not None:
        return amount  # which is below the limit
    amount = pc.multiply(quantity, unit_price).cast(frame.AMOUNT)
    ends = pc.min_max(amount).as_py()
    if max(-(ends["min"] or 0), ends["max"] or 0) >= _AMOUNT_LIMIT:
        limit = pa.scalar(_AMOUNT_LIMIT, frame.AMOUNT)
        is_large = pc.greater_equal(pc.abs(amount), limit).fill_null(False)
        verdict.reject(np.asarray(is_large), Fault.NUMBER_TOO_LARGE, WHOLE_ROW)
    return amount


def _product_of_integers(quantity: Any, unit_price: Any) -> Any:
    """Return the same sooner, where all of it fits in 64 bits."""
    pieces, prices = to_integers(quantity), to_integers(unit_price)
    if pieces is None or prices is None or not _fit(pieces, prices):
        return None
    missing = [each for each in (nulls(quantity), nulls(unit_price)) if each is not None]
    is_null = np.logical_or.reduce(missing) if missing else None
    return of_integers(pieces * prices, frame.AMOUNT, is_null)


def _fit(pieces: NDArray[np.int64], prices: NDArray[np.int64]) -> bool:
    """Say whether all products are known to fit in 64 bits."""
    if _most(pieces) * _most(prices) < 1 << 63:
        return True
    return bool(np.abs(pieces.astype(np.float64) * prices).max(initial=0) < 1 << 62)


def _most(integers: NDArray[np.int64]) -> int:
    return max(int(integers.max(initial=0)), -int(integers.min(initial=0)))
