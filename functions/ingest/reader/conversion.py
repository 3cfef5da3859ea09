"""From text to a batch: typed columns of the accepted rows, and what is wrong with the others."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from common.decimals import halves
from common.mending import is_of_mended_rows
from functions.ingest.balance import Balance
from functions.ingest.reader.lines.discounts import take_off
from functions.ingest.reader.lines.dittos import are_dittos
from functions.ingest.reader.lines.grand_totals import find_last
from functions.ingest.reader.lines.nobody import are_nobody
from functions.ingest.reader.lines.of_orders import share_out
from functions.ingest.reader.lines.orders import Orders
from functions.ingest.reader.lines.refunds import pay_back
from functions.ingest.reader.lines.standing import Standing, judge
from functions.ingest.reader.lines.subtotals import Subtotals
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.lines.whole_rows import judge_whole_rows
from functions.ingest.reader.records.spill import Stretch
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.settled import Conventions
from functions.ingest.reader.typed import typed_columns
from functions.ingest.reader.values.likely import first_bytes, judge_likely, trimmed
from functions.ingest.reader.words.reductions import are_reductions
from functions.ingest.reader.words.signs import Signs

_CANCELLATION = "^[Cc][0-9]+"
_FIRST_OF_CANCELLATION = first_bytes(b"Cc")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """The accepted rows of a stretch, the verdict on all of them, and their balance."""

    accepted: Any  # pyarrow.Table: frame.CANONICAL, then the further columns
    amounts: Any  # of all rows
    verdict: Verdict
    balance: Balance
    of_orders: Counter[str]  # orders of which something was taken off, by what became of it


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
    filled = _filled(stretch, conventions, orders, order_ids)
    if conventions.nobody:
        customer = conventions.mapping["customer_id"]
        filled["customer_id"] = _without_nobody(
            filled.get("customer_id", stretch.columns[customer]), conventions.nobody
        )
    typed = typed_columns(stretch, conventions, filled, verdict)
    _reject_unclear_customers(typed["customer_id"], stretch, conventions, verdict)
    typed["amount"], of_orders = _discounted(
        typed, stretch, conventions, orders, order_ids, verdict
    )
    for came_back, column in standing.came_back:
        verdict.reject(came_back & ~_are_negative(typed), Fault.REFUNDED, column)
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
    return Converted(
        accepted=table,
        amounts=typed["amount"],
        verdict=verdict,
        balance=balance,
        of_orders=of_orders,
    )


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


# --- what rows say of each other ------------------------------------------------------------


def _order_ids(stretch: Stretch, conventions: Conventions, orders: Orders) -> Any:
    """Return the id of each row's order, if the file has a column for it."""
    if (order_id := conventions.mapping.get("order_id")) is None:
        return None
    if is_of_mended_rows(conventions.header):
        return stretch.text(order_id)  # the rows above are not those of the first file
    return orders.ids(stretch, conventions.mapping, are_once=conventions.orders_are_once)


def _filled(
    stretch: Stretch, conventions: Conventions, orders: Orders, order_ids: Any
) -> dict[str, Any]:
    """Return the columns in which an order's first line speaks for those below it.

    A line that names the customer and no date is a damaged one, unless all further lines do so.
    """
    if order_ids is None:
        return {}
    mapping = conventions.mapping
    own = trimmed(stretch.text(mapping["customer_id"]))
    customers = orders.fill(own, mapping["customer_id"], order_ids, is_one=True)
    days = stretch.columns[mapping["ordered_at"]]
    filled = orders.fill(days, mapping["ordered_at"], order_ids, is_one=True)
    if filled is not days and not conventions.days_are_once:
        texts = (filled.dictionary_decode(), days.dictionary_decode())
        filled = pc.if_else(pc.equal(own, ""), *texts).dictionary_encode()
    return {"order_id": order_ids, "customer_id": customers, "ordered_at": filled}


def _without_nobody(customers: Any, nobody: frozenset[str]) -> Any:
    """Return trimmed customers, an empty text for those that are none."""
    names = trimmed(customers)
    return pc.if_else(pa.array(are_nobody(names, nobody)), "", names)


def _reject_unclear_customers(
    customers: Any, stretch: Stretch, conventions: Conventions, verdict: Verdict
) -> None:
    """Reject rows whose customer stands in another one, and it is not clear in which."""
    index = conventions.mapping["customer_id"]
    if conventions.has_dittos:
        verdict.reject(are_dittos(stretch.text(index)), Fault.UNCLEAR_CUSTOMER, index)
    if conventions.customers_are_once:
        verdict.reject(np.asarray(customers.is_null()), Fault.UNCLEAR_CUSTOMER, index)


def _discounted(
    typed: Mapping[str, Any],
    stretch: Stretch,
    conventions: Conventions,
    orders: Orders,
    order_ids: Any,
    verdict: Verdict,
) -> tuple[Any, Counter[str]]:
    """Return amounts without what was taken off their rows, or off their whole orders; see `Shared`."""
    amount, before = typed["amount"], typed["amount"]
    if conventions.discounts:
        money = "amount" if "amount" in conventions.mapping else "unit_price"
        amount, wrong = take_off(
            before,
            typed.get("quantity"),
            stretch.columns,
            conventions.discounts,
            conventions.numbers[money],
        )
        for mask, fault, index in wrong:
            verdict.reject(mask, fault, index)
    if columns := conventions.of_orders:
        of_one = orders.of_one(order_ids, stretch.text(conventions.mapping["customer_id"]))
        shared = share_out(columns, amount, before, of_one, stretch, verdict)
        if columns.refund is not None:
            verdict.reject(shared.is_paid_back, Fault.REFUNDED, columns.refund)
        return shared.amounts, shared.orders
    return amount, Counter()


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
    amount = typed["amount"]
    is_positive = ~_is_negative(amount)
    is_back = np.zeros_like(returned)
    if "quantity" in typed:
        is_back = _is_negative(typed["quantity"])
    unsigned = {"quantity": returned & is_positive & ~is_back}
    unsigned["amount"] = unsigned["quantity"] | (is_positive & is_back & ~_is_zero(amount))
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
    shape, kept = schema(conventions), verdict.accepted
    numbers = np.arange(stretch.first_row, stretch.first_row + len(stretch))[kept]
    others = {f"{frame.OTHER}{name}": stretch.text(i) for name, i in conventions.others.items()}
    columns = dict(typed) | others
    if len(numbers) < len(stretch):
        is_kept = pa.array(kept)
        columns = {
            name: column.filter(is_kept) for name, column in columns.items() if name in shape.names
        }
    columns["row"] = pa.array(numbers)
    columns["line"] = pa.array(stretch.lines[kept])
    columns["kind"] = _kinds(is_return[kept])
    arrays = [
        columns[field.name] if field.name in columns else pa.nulls(len(numbers), field.type)
        for field in shape
    ]
    return pa.Table.from_arrays(arrays, schema=shape)


def schema(conventions: Conventions) -> Any:
    """Return the shape of every batch of the file."""
    others = [pa.field(f"{frame.OTHER}{name}", pa.string()) for name in conventions.others]
    return pa.schema([*frame.CANONICAL, *others])


def _kinds(is_return: Mask) -> Any:
    if not is_return.any():
        return pa.repeat(frame.SALE, len(is_return))
    return pc.if_else(pa.array(is_return), frame.RETURN, frame.SALE)


def _have_minus(typed: Mapping[str, Any], stretch: Stretch, signs: Signs) -> Mask:
    """Tell returns by a negative quantity or amount.

    Where a line says by its name that nothing was bought, nothing came back, unless its order
    `C...` is a cancellation.
    """
    names = [typed[name] for name in ("product", "product_id") if name in typed]
    names += [stretch.text(index) for index in signs.line_kind]
    has_minus = _are_negative(typed)
    may_be_none = has_minus.copy()
    if "order_id" in typed:
        may_be_none &= ~_are_cancelled(typed["order_id"], has_minus)
    return has_minus & ~are_reductions(names, may_be_none)


def _are_negative(typed: Mapping[str, Any]) -> Mask:
    """Say which rows have a minus before their quantity or amount."""
    numbers = [typed[name] for name in ("quantity", "amount") if name in typed]
    has_minus: Mask = np.any([_is_negative(values) for values in numbers], axis=0)
    return has_minus


def _is_negative(values: Any) -> Mask:
    """Say which decimals have a minus."""
    is_negative: Mask = halves(values)[1] < 0
    return is_negative & np.asarray(values.is_valid()) if values.null_count else is_negative


def _is_zero(values: Any) -> Mask:
    """Say which decimals are 0; of a null, whatever it holds."""
    low, high = halves(values)
    is_zero: Mask = (low | high) == 0
    return is_zero


def _are_cancelled(order_ids: Any, has_minus: Mask) -> Mask:
    """Say which rows are of an order `C...` that takes back all it has.

    One with a row without a minus is a sale like any: tills and series are called `C`, too.
    """
    is_named_so = judge_likely(
        order_ids,
        _FIRST_OF_CANCELLATION,
        lambda some: pc.match_substring_regex(some, _CANCELLATION),
    )
    is_cancelled = is_named_so & has_minus
    if is_cancelled.any():
        sold = order_ids.filter(pa.array(is_named_so & ~has_minus))
        places = np.flatnonzero(is_cancelled)
        taken_back = order_ids.take(pa.array(places))
        is_cancelled[places] = ~np.asarray(pc.is_in(taken_back, value_set=sold), np.bool_)
    return is_cancelled


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
