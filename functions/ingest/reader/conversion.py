"""From text to a batch: typed columns of the accepted rows, and what is wrong with the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from common.mending import is_of_mended_rows
from functions.ingest.balance import Balance
from functions.ingest.reader import currencies, dates, numbers
from functions.ingest.reader.careful_dates import COMPACT, EXCEL_1900, EXCEL_1904, WALL
from functions.ingest.reader.careful_numbers import MAX_INTEGER_DIGITS
from functions.ingest.reader.discounts import Discount, take_off
from functions.ingest.reader.evidence import DateConvention, NumberConvention
from functions.ingest.reader.grand_totals import find_last
from functions.ingest.reader.nobody import are_nobody
from functions.ingest.reader.orders import Orders
from functions.ingest.reader.reductions import are_reductions
from functions.ingest.reader.refunds import Refunds, pay_back
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.rounded import are_rounded, may_be_rounded
from functions.ingest.reader.signs import Signs
from functions.ingest.reader.spill import Stretch, are_empty
from functions.ingest.reader.standing import Standing, judge
from functions.ingest.reader.subtotals import Subtotals
from functions.ingest.reader.total_rows import TotalRows
from functions.ingest.reader.verdict import WHOLE_ROW, Verdict
from functions.ingest.reader.whole_rows import judge_whole_rows

_IDS = ("customer_id", "order_id")
_TEXTS = (*_IDS, "branch", "product_id", "product")
NUMBERS = {
    "quantity": frame.QUANTITY,
    "unit_price": frame.PRICE,
    "amount": frame.AMOUNT,
}
_WITHOUT_CLOCK = (WALL, COMPACT, EXCEL_1900, EXCEL_1904)  # unless they show one
_AMOUNT_LIMIT = Decimal(10) ** MAX_INTEGER_DIGITS
_CANCELLATION = "^[Cc][0-9]+"

Mask = NDArray[np.bool_]
_DATE_FAULTS = (*dates.FAULTS, Fault.EMPTY_CELL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Conventions:
    """All that was decided about a file's columns."""

    header: tuple[str, ...]
    mapping: Mapping[str, int]  # column of ours -> index in the header
    others: Mapping[str, int]  # name of a further column -> index in the header
    dates: DateConvention
    numbers: Mapping[str, NumberConvention]
    latest: datetime  # a row dated later is of the future
    zone: tzinfo  # of the branch's clock
    has_nobody: bool  # customers that are none
    may_have_totals: bool  # between the rows that no word tells for sure
    totals: TotalRows | None  # of orders and of all, on rows of their own
    customers_are_once: bool  # named in the first of their rows alone
    orders_are_once: bool  # named in their first line alone
    clock_digits: int  # with which times of day are written alone; 0: they are not
    signs: Signs  # the columns that say what becomes of a row
    discounts: tuple[Discount, ...]  # to be taken off
    refunds: Refunds | None  # to be taken off the amounts

    @property
    def money(self) -> int:
        """Return the column with the amounts, or else the prices."""
        return self.mapping.get("amount", self.mapping.get("unit_price", WHOLE_ROW))

    @property
    def currency(self) -> str | None:
        """Return the currency that the amounts name, which may be a sign that several have."""
        money = [self.numbers[name] for name in ("amount", "unit_price") if name in self.numbers]
        return next((each.currency for each in money if each.currency), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """The accepted rows of a stretch, the verdict on all of them, and their balance."""

    accepted: Any  # pyarrow.Table: frame.CANONICAL, then the further columns
    amounts: Any  # of all rows
    verdict: Verdict
    balance: Balance


def convert(
    stretch: Stretch,
    conventions: Conventions,
    orders: Orders,
    subtotals: Subtotals,
    *,
    above: Balance | None = None,
) -> Converted:
    """Type the columns of a stretch and judge its rows; stretches are given in their order.

    With the last one the balance of those `above` is given.
    """
    dates_index, titles = conventions.mapping["ordered_at"], conventions.signs.titles
    verdict = judge_whole_rows(stretch, conventions.header, dates_index, titles)
    order_ids = _order_ids(stretch, conventions, orders)
    standing = judge(stretch, conventions.signs, orders, order_ids, conventions.mapping)
    _leave_out(stretch, conventions, standing, verdict)
    filled = _filled(stretch, conventions.mapping, orders, order_ids)
    if conventions.has_nobody:
        customer = conventions.mapping["customer_id"]
        filled["customer_id"] = _without_nobody(
            filled.get("customer_id", stretch.columns[customer])
        )
    typed = _typed(stretch, conventions, filled, verdict)
    if conventions.customers_are_once:
        is_nobody = np.asarray(typed["customer_id"].is_null())
        verdict.reject(is_nobody, Fault.UNCLEAR_CUSTOMER, conventions.mapping["customer_id"])
    if conventions.discounts:
        typed["amount"] = _discounted(typed, stretch, conventions, verdict)
    typed |= _taken_back(typed, standing.returned)
    _leave_sums_out(typed, stretch, conventions, subtotals, above, verdict)
    if refunds := conventions.refunds:
        doubts = refunds.doubts(order_ids, stretch, above=orders.above)
        typed["amount"] = _paid_back(typed["amount"], stretch, conventions, doubts, verdict)
    else:
        _reject_partly_back(standing, typed["amount"], verdict)
    if order_ids is not None:
        orders.close(order_ids, filled["customer_id"])
    is_return = standing.returned | _have_minus(typed, stretch, conventions.signs)
    table = _table(stretch, conventions, typed, verdict, is_return)
    balance = _balance(stretch, verdict, table, returns=is_return & verdict.accepted)
    amounts = typed["amount"]
    return Converted(accepted=table, amounts=amounts, verdict=verdict, balance=balance)


def _leave_out(
    stretch: Stretch, conventions: Conventions, standing: Standing, verdict: Verdict
) -> None:
    """Leave out what the export says is no purchase, and what all of it shows to be totals."""
    for fault, rows, column in standing.left_out:
        verdict.reject(rows, fault, column)
    if totals := conventions.totals:
        totals.reject(stretch, verdict, conventions.money)


def _leave_sums_out(
    typed: Mapping[str, Any],
    stretch: Stretch,
    conventions: Conventions,
    subtotals: Subtotals,
    above: Balance | None,
    verdict: Verdict,
) -> None:
    """Leave out totals of the rows above them."""
    if conventions.may_have_totals:
        is_subtotal = subtotals.find(typed, verdict.accepted)
        verdict.reject(is_subtotal, Fault.SUBTOTAL, conventions.money)
    if above is not None and not is_of_mended_rows(conventions.header):
        is_total = find_last(stretch, conventions.mapping, typed["amount"], verdict.accepted, above)
        verdict.reject(is_total, Fault.SUBTOTAL, conventions.money)


# --- typing ---------------------------------------------------------------------------------


def _order_ids(stretch: Stretch, conventions: Conventions, orders: Orders) -> Any:
    """Return the id of each row's order, if the file has a column for it."""
    if (order_id := conventions.mapping.get("order_id")) is None:
        return None
    if is_of_mended_rows(conventions.header):
        return stretch.text(order_id)  # the rows above are not those of the first file
    return orders.ids(stretch, conventions.mapping, are_once=conventions.orders_are_once)


def _typed(
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


def _filled(
    stretch: Stretch, mapping: Mapping[str, int], orders: Orders, order_ids: Any
) -> dict[str, Any]:
    """Return the columns in which an order's first line speaks for those below it.

    A line that names the customer and no date is a damaged one.
    """
    if order_ids is None:
        return {}
    own = pc.utf8_trim_whitespace(stretch.text(mapping["customer_id"]))
    customers = orders.fill(own, mapping["customer_id"], order_ids, is_one=True)
    days = stretch.columns[mapping["ordered_at"]]
    filled = orders.fill(days, mapping["ordered_at"], order_ids, is_one=True)
    if filled is not days:
        texts = (filled.dictionary_decode(), days.dictionary_decode())
        filled = pc.if_else(pc.equal(own, ""), *texts).dictionary_encode()
    return {"order_id": order_ids, "customer_id": customers, "ordered_at": filled}


def _without_nobody(customers: Any) -> Any:
    """Return trimmed customers, an empty text for those that are none."""
    trimmed = pc.utf8_trim_whitespace(customers)
    return pc.if_else(pa.array(are_nobody(trimmed)), "", trimmed)


def _texts(name: str, column: Any, index: int, verdict: Verdict) -> Any:
    """Return trimmed texts, and reject numbers of customers or orders without their last digits."""
    texts = _null_if_empty(pc.utf8_trim_whitespace(column))
    if name in _IDS and may_be_rounded(texts):
        verdict.reject(are_rounded(texts), Fault.ROUNDED_ID, index)
    return texts


def _null_if_empty(column: Any) -> Any:
    """Return texts with nulls for the empty ones; their bytes are not copied."""
    is_filled = np.asarray(pc.binary_length(column)) > 0
    if is_filled.all():
        return column
    assert column.offset == 0  # it was just made by trimming, and the bits begin with its first row
    _, edges, content = column.buffers()
    filled = pa.py_buffer(np.packbits(is_filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(column), edges, content, filled)


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
            texts,
            kind=NUMBERS[name],
            mark=convention.value,
            groupings=convention.groupings,
            currency=convention.currency,
            has_credits=convention.has_credits,
        )

    values, marks = _per_distinct(column, read)
    verdict.reject_marked(marks, numbers.FAULTS, index)
    # With an amount in the file, quantity and price may stay empty.
    if name == "amount" or "amount" not in conventions.mapping:
        verdict.reject(np.asarray(values.is_null()), Fault.EMPTY_CELL, index)
    return values


def _product(quantity: Any, unit_price: Any, verdict: Verdict) -> Any:
    """Return quantity x price, exactly."""
    amount = pc.multiply(quantity, unit_price).cast(frame.AMOUNT)
    ends = pc.min_max(amount).as_py()
    if max(-(ends["min"] or 0), ends["max"] or 0) >= _AMOUNT_LIMIT:
        limit = pa.scalar(_AMOUNT_LIMIT, frame.AMOUNT)
        is_large = pc.greater_equal(pc.abs(amount), limit).fill_null(False)
        verdict.reject(np.asarray(is_large), Fault.NUMBER_TOO_LARGE, WHOLE_ROW)
    return amount


def _discounted(
    typed: Mapping[str, Any], stretch: Stretch, conventions: Conventions, verdict: Verdict
) -> Any:
    """Return amounts without what was taken off."""
    money = "amount" if "amount" in conventions.mapping else "unit_price"
    amount, wrong = take_off(
        typed["amount"],
        typed.get("quantity"),
        stretch.columns,
        conventions.discounts,
        conventions.numbers[money],
    )
    for mask, fault, index in wrong:
        verdict.reject(mask, fault, index)
    return amount


def _paid_back(
    amount: Any, stretch: Stretch, conventions: Conventions, doubts: Mask, verdict: Verdict
) -> Any:
    """Return amounts without what was paid back."""
    index, convention = conventions.mapping["refunded"], conventions.numbers["refunded"]
    convention = replace(convention, currency=conventions.currency or convention.currency)
    left, found = pay_back(amount, stretch.columns[index], convention, doubts)
    for mask, fault in found:
        verdict.reject(mask, fault, index)
    return left


def _reject_partly_back(standing: Standing, amount: Any, verdict: Verdict) -> None:
    """Reject what was paid back in part, where nobody knows how much; refunds themselves are not."""
    for rows_partly_back, column in standing.partly_back:
        verdict.reject(rows_partly_back & ~_is_negative(amount), Fault.UNCLEAR_REFUND, column)


def _taken_back(typed: Mapping[str, Any], returned: Mask) -> dict[str, Any]:
    """Return quantity and amount with a minus where a word alone says that a row is a return.

    So does a quantity with a minus of its amount.
    """
    is_positive = ~_is_negative(typed["amount"])
    is_back = np.zeros_like(returned)
    if "quantity" in typed:
        is_back = _is_negative(typed["quantity"])
    unsigned = {"quantity": returned & is_positive & ~is_back}
    unsigned["amount"] = unsigned["quantity"] | (is_positive & is_back)
    return {
        name: pc.if_else(pa.array(mask), pc.negate(typed[name]), typed[name])
        for name, mask in unsigned.items()
        if name in typed and mask.any()
    }


# --- what is kept ---------------------------------------------------------------------------


def _table(
    stretch: Stretch,
    conventions: Conventions,
    typed: Mapping[str, Any],
    verdict: Verdict,
    is_return: Mask,
) -> Any:
    """Return the accepted rows in the shape of a frame."""
    size = len(stretch)
    made = {
        "row": pa.array(np.arange(stretch.first_row, stretch.first_row + size)),
        "line": pa.array(stretch.lines),
        "kind": _kinds(is_return),
    }
    columns = made | dict(typed)
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(size, field.type)
        for field in frame.CANONICAL
    ]
    arrays += [stretch.text(index) for index in conventions.others.values()]
    kept = verdict.accepted
    if not kept.all():
        arrays = [array.filter(pa.array(kept)) for array in arrays]
    return pa.Table.from_arrays(arrays, schema=schema(conventions))


def schema(conventions: Conventions) -> Any:
    """Return the shape of every batch of the file."""
    others = [pa.field(f"{frame.OTHER}{name}", pa.string()) for name in conventions.others]
    return pa.schema([*frame.CANONICAL, *others])


def _kinds(is_return: Mask) -> Any:
    if not is_return.any():
        return pa.repeat(frame.SALE, len(is_return))
    return pc.if_else(pa.array(is_return), frame.RETURN, frame.SALE)


def _have_minus(typed: Mapping[str, Any], stretch: Stretch, signs: Signs) -> Mask:
    """Tell returns by a negative quantity or amount, or an order `C...`.

    Where a line says by its name that nothing was bought, nothing came back.
    """
    names = [typed[name] for name in ("product", "product_id") if name in typed]
    names += [stretch.text(index) for index in signs.line_kind]
    has_minus = _is_negative(typed["amount"])
    if "quantity" in typed:
        has_minus |= _is_negative(typed["quantity"])
    has_minus &= ~are_reductions(names, has_minus)
    if "order_id" in typed:
        has_minus |= _is_cancelled(typed["order_id"])
    return has_minus


def _is_negative(values: Any) -> Mask:
    """Look at the upper half of each decimal of 128 bits: its sign is there."""
    halves = np.frombuffer(values.buffers()[1], np.int64)[2 * values.offset :]
    is_negative: Mask = halves[1 : 2 * len(values) : 2] < 0
    return is_negative & np.asarray(values.is_valid()) if values.null_count else is_negative


def _is_cancelled(order_id: Any) -> Mask:
    return np.asarray(pc.match_substring_regex(order_id, _CANCELLATION).fill_null(False))


def _balance(stretch: Stretch, verdict: Verdict, table: Any, *, returns: Mask) -> Balance:
    days = pc.min_max(table["ordered_at"]).as_py()
    return Balance(
        rows_in=len(stretch),
        accepted=table.num_rows,
        rejected=int(verdict.rejected.sum()),
        left_out=int(verdict.left_out.sum()),
        blank=int(verdict.blank.sum()),
        repeated=int(verdict.repeated.sum()),
        quantity=_sum(table["quantity"]),
        amount=_sum(table["amount"]),
        first_day=_day(days["min"]),
        last_day=_day(days["max"]),
        anonymous=table["customer_id"].null_count,
        returns=int(returns.sum()),
        bytes=int(stretch.lengths.sum(dtype=np.int64)),
    )


def _sum(column: Any) -> Decimal:
    total: Decimal | None = pc.sum(column).as_py()
    return total if total is not None else Decimal(0)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment is not None else None


def latest_moment(stored_at: datetime) -> datetime:
    """Return when the future begins for a file that was stored at a branch's wall time."""
    return stored_at.replace(tzinfo=None) + timedelta(days=1)


def zone_of(stored_at: datetime) -> tzinfo:
    """Return the zone of the branch's clock; without one it shows UTC."""
    return stored_at.tzinfo or UTC
