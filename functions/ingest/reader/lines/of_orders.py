"""What was taken off a whole order, or paid back of it, shared out among its lines.

Exports with a price for each line have the discount and the refund of the order in its first line,
as Shopify's do; others have an `Order discount` and an `Order total` beside the amounts of lines.
Each line bears its part, so that lines add up to what the order came to.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from common.mending import is_of_mended_rows
from functions.ingest.reader.evidence.numbers import NumberConvention
from functions.ingest.reader.lines.discounts import find_of_orders
from functions.ingest.reader.lines.orders import differ_from_above
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records.spill import Stretch, are_empty, by_distinct, is_distinct
from functions.ingest.reader.values import numbers
from functions.ingest.reader.words.header_names import (
    fold,
    folded,
    is_of_lines,
    is_of_orders,
    recognise,
)

Mask = NDArray[np.bool_]

# What an order's lines come to, less its discount, before shipping.
_SUBTOTALS = folded("""
    subtotal; sub total; order subtotal; subtotal price; subtotal pedido; sous total;
    zwischensumme; subtotale; ara toplam; 小計; 小计
""")
_ONE = 10**frame.AMOUNT.scale  # of the smallest parts
_STEPS = (_ONE // 100, _ONE // 10_000, 1)  # cents, if what is shared out are whole ones
_HALF, _LOW = 64, (1 << 64) - 1

SHARED_OUT, COUNTED_IN_FULL = "shared_out", "counted_in_full"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfOrders:
    """The columns that say something of whole orders, as indices into the header."""

    prices: NumberConvention  # how all money is written
    left: int | None  # of the lines, less the discount
    discount: int | None
    refund: int | None


class Shared(NamedTuple):
    """What became of the orders of a stretch of which something was taken off."""

    amounts: Any  # of all rows, less their part
    is_paid_back: Mask  # rows of orders that were paid back in full
    orders: Counter[str]  # SHARED_OUT, and COUNTED_IN_FULL where it is not clear


class _Order(NamedTuple):
    """An order of which something was taken off: its rows, and what the first of them says."""

    first: int
    end: int
    left: int | None  # in parts of one, as all money here
    discount: int
    refund: int
    is_agreed: bool  # no further line says otherwise


def find_columns(
    header: Sequence[str],
    mapping: Mapping[str, int],
    conventions: Mapping[str, NumberConvention],
) -> OfOrders | None:
    """Find the columns by their names; none unless money is that of lines.

    A discount may be one of the shipping: it counts where what is left says so.
    """
    is_priced_by_line = "unit_price" in mapping and is_of_lines(header[mapping["unit_price"]])
    if "order_id" not in mapping or not ("amount" in mapping or is_priced_by_line):
        return None
    if is_of_mended_rows(header):  # the other lines of their orders are not there
        return None
    others = [index for index in range(len(header)) if index not in mapping.values()]
    discount = _only([index for index in find_of_orders(header, mapping) if index in others])
    left = _only([index for index in others if fold(header[index]) in _SUBTOTALS])
    if left is None:
        left = _only([index for index in others if _is_total(header[index])])
    refund = None
    if "amount" not in mapping:
        refund = _only([index for index in others if _is_refund(header[index])])
    if discount is None or left is None:
        discount = left = None
    if discount is None and refund is None:
        return None
    prices = conventions["amount" if "amount" in mapping else "unit_price"]
    return OfOrders(prices=prices, left=left, discount=discount, refund=refund)


def _is_total(name: str) -> bool:
    return is_of_orders(name) and recognise(name) == "amount"


def _is_refund(name: str) -> bool:
    return recognise(name) == "refunded" and not is_of_lines(name)


def _only(indices: Sequence[int]) -> int | None:
    return indices[0] if len(indices) == 1 else None


def share_out(
    columns: OfOrders,
    amounts: Any,
    before: Any,
    order_ids: Any,
    stretch: Stretch,
    verdict: Verdict,
) -> Shared:
    """Take from amounts their part of what was taken off their orders.

    `before` are the amounts with the lines' own discounts, which that of the order may contain. Only
    what adds up is shared out: lines less the discount are what the order says is left, and no
    line was rejected or is a return. All lines of an order are in one stretch, and `order_ids` are
    those that no other order has beside it.
    """
    is_paid_back = np.zeros(len(stretch), np.bool_)
    left: dict[int, int] = {}
    orders: Counter[str] = Counter()
    accepted, rejected = verdict.accepted.tolist(), verdict.rejected.tolist()
    cost, full = _parts(amounts), _parts(before)
    for order in _orders(columns, order_ids, stretch):
        rows = [row for row in range(order.first, order.end) if accepted[row]]
        own = [cost[row] for row in rows]
        if not own:
            continue
        off = _off_lines(order, sum(own), sum(full[row] for row in rows))
        is_whole = order.is_agreed and min(own) >= 0 and not any(rejected[order.first : order.end])
        if off is None or not is_whole:
            orders[COUNTED_IN_FULL] += 1
        if not is_whole:
            continue
        off = off or 0
        if order.refund >= sum(own) - off > 0:
            is_paid_back[rows] = True
        elif off + order.refund > 0:
            left |= zip(rows, less(own, off + order.refund), strict=True)
            orders[SHARED_OUT] += 1
    if left:
        is_less = np.zeros(len(stretch), np.bool_)
        is_less[list(left)] = True
        in_order = _from_parts([left[row] for row in sorted(left)])
        amounts = pc.replace_with_mask(amounts, pa.array(is_less), in_order)
    return Shared(amounts, is_paid_back, orders)


def _off_lines(order: _Order, total: int, before: int) -> int | None:
    """Return how much the lines are less by the order's discount; None if that is not clear.

    It may be one of the shipping, or off already.
    """
    if not order.discount or order.left == total:
        return 0
    if order.left is None or order.left + order.discount not in {total, before}:
        return None
    return max(total - order.left, 0)


def _orders(columns: OfOrders, order_ids: Any, stretch: Stretch) -> Iterator[_Order]:
    """Yield the orders of which something was taken off."""
    lefts = _money(stretch, columns.left, columns.prices)
    discounts, refunds = (
        pc.abs(_money(stretch, index, columns.prices))
        for index in (columns.discount, columns.refund)
    )
    is_there = _are_positive(discounts) | _are_positive(refunds)
    if not is_there.any():
        return
    firsts = np.flatnonzero(differ_from_above(order_ids))
    ends = np.append(firsts[1:], len(stretch))
    chosen = (is_there & ~are_empty(order_ids))[firsts]
    firsts, ends = firsts[chosen], ends[chosen]
    said = (lefts, discounts, refunds)
    parts = [_parts(values) for values in said]
    has_left = np.asarray(lefts.is_valid()).tolist()
    filled = np.flatnonzero(np.any([np.asarray(values.is_valid()) for values in said], axis=0))
    places = (filled.searchsorted(firsts + 1).tolist(), filled.searchsorted(ends).tolist())
    rows = filled.tolist()
    for first, end, *again in zip(firsts.tolist(), ends.tolist(), *places, strict=True):
        left, discount, refund = (each[first] for each in parts)
        is_agreed = all(each[row] == each[first] for row in rows[slice(*again)] for each in parts)
        yield _Order(first, end, left if has_left[first] else None, discount, refund, is_agreed)


def _money(stretch: Stretch, index: int | None, prices: NumberConvention) -> Any:
    """Return a column of money, written as the prices are, null where it says nothing."""
    if index is None:
        return pa.nulls(len(stretch), frame.AMOUNT)
    column = stretch.columns[index]
    column = column if is_distinct(column) else by_distinct(column)
    values, _ = numbers.convert(
        column.dictionary,
        kind=frame.AMOUNT,
        mark=prices.value,
        groupings=prices.groupings,
        currency=prices.currency,
    )
    return values.take(column.indices)


def _are_positive(values: Any) -> Mask:
    return np.asarray(pc.greater(values, Decimal(0)).fill_null(False))


def _parts(amounts: Any) -> list[int]:
    """Return decimals of 128 bits as whole numbers of the smallest parts, 0 for null."""
    whole = amounts.fill_null(Decimal(0))
    halves = np.frombuffer(whole.buffers()[1], np.int64)[2 * whole.offset :][: 2 * len(whole)]
    low, high = halves[0::2].view(np.uint64).tolist(), halves[1::2].tolist()
    return [above << _HALF | below for above, below in zip(high, low, strict=True)]


def _from_parts(parts: Sequence[int]) -> Any:
    halves = np.array([(part & _LOW, part >> _HALF) for part in parts], np.uint64)
    return pa.Array.from_buffers(frame.AMOUNT, len(parts), [None, pa.py_buffer(halves)])


def less(own: Sequence[int], off: int) -> list[int]:
    """Return amounts of which each bears its part of `off`, which is at most all of them.

    The parts are whole cents if `off` is, and add up to it exactly, by the method of the largest
    remainders.
    """
    total = sum(own)
    if not off:
        return [*own]
    for step in _STEPS:
        shares = [off * each // (total * step) * step for each in own]
        rest = (off - sum(shares)) // step
        has_room = [i for i, each in enumerate(own) if shares[i] + step <= each]
        has_room.sort(key=lambda i: (off * own[i] % (total * step), own[i]), reverse=True)
        if off % step == 0 and rest <= len(has_room):
            for i in has_room[:rest]:
                shares[i] += step
            return [each - share for each, share in zip(own, shares, strict=True)]
    raise AssertionError("parts of the smallest size always add up")
