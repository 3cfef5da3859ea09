"""What was taken off a whole order, or paid back of it, shared out among its lines.

Exports with a price for each line have the discount and the refund of the order in its first line,
as Shopify's do; others have an `Order discount` and an `Order total` beside the amounts of lines.
Each line bears its part, so that lines add up to what the order came to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
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
_DIGITS = 60  # no digit of an amount may be rounded away
_SMALLEST = 10**frame.AMOUNT.scale  # parts of one
_PARTS = (_SMALLEST // 100, _SMALLEST // 10_000, 1)  # a cent, if what is shared out are whole ones


@dataclass(frozen=True, kw_only=True, slots=True)
class OfOrders:
    """The columns that say something of whole orders, as indices into the header."""

    left: int | None  # of the lines, less the discount
    discount: int | None
    refund: int | None


class _Order(NamedTuple):
    """An order of which something was taken off: its rows, and what its first one says."""

    rows: NDArray[np.intp]
    left: Decimal | None
    discount: Decimal
    refund: Decimal


def find_columns(header: Sequence[str], mapping: Mapping[str, int]) -> OfOrders | None:
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
    return OfOrders(left=left, discount=discount, refund=refund)


def _is_total(name: str) -> bool:
    return is_of_orders(name) and recognise(name) == "amount"


def _is_refund(name: str) -> bool:
    return recognise(name) == "refunded" and not is_of_lines(name)


def _only(indices: Sequence[int]) -> int | None:
    return indices[0] if len(indices) == 1 else None


def share_out(
    columns: OfOrders,
    amounts: Any,
    order_ids: Any,
    stretch: Stretch,
    prices: NumberConvention,
    verdict: Verdict,
) -> tuple[Any, Mask]:
    """Return amounts less their part of what was taken off, and which rows were paid back in full.

    Only what adds up is shared out: lines less the discount are what the order says is left, and no
    line was rejected or is a return. All lines of an order are in one stretch.
    """
    is_paid_back = np.zeros(len(stretch), np.bool_)
    left: dict[int, Decimal] = {}
    accepted, rejected = verdict.accepted, verdict.rejected
    for order in _orders(columns, order_ids, stretch, prices):
        rows = order.rows[accepted[order.rows]]
        own = amounts.take(pa.array(rows)).to_pylist()
        if rejected[order.rows].any() or not own or min(own) < 0:
            continue
        with localcontext(prec=_DIGITS):
            total = sum(own, Decimal(0))
            off = order.discount if total - order.discount == order.left else Decimal(0)
            is_paid_back[rows] = order.refund >= total - off > 0
            if off + order.refund > 0 and not is_paid_back[rows[0]]:
                left |= zip(rows.tolist(), _less(own, off + order.refund), strict=True)
    if not left:
        return amounts, is_paid_back
    is_less = np.zeros(len(stretch), np.bool_)
    is_less[list(left)] = True
    in_order = pa.array([left[row] for row in sorted(left)], frame.AMOUNT)
    return pc.replace_with_mask(amounts, pa.array(is_less), in_order), is_paid_back


def _orders(
    columns: OfOrders, order_ids: Any, stretch: Stretch, prices: NumberConvention
) -> Iterator[_Order]:
    """Yield the orders of which something was taken off, as far as all their lines agree."""
    lefts = _money(stretch, columns.left, prices)
    discounts, refunds = (
        pc.abs(_money(stretch, index, prices)) for index in (columns.discount, columns.refund)
    )
    is_there = _are_positive(discounts) | _are_positive(refunds)
    if not is_there.any():
        return
    firsts = np.flatnonzero(differ_from_above(order_ids))
    ends = np.append(firsts[1:], len(stretch))
    is_named = ~are_empty(order_ids)
    is_said = np.any([np.asarray(v.is_valid()) for v in (discounts, refunds, lefts)], axis=0)
    for place in np.flatnonzero(is_there[firsts] & is_named[firsts]):
        first, end = int(firsts[place]), int(ends[place])
        said, *further = [
            tuple(values[row].as_py() for values in (lefts, discounts, refunds))
            for row in (first, *(first + 1 + np.flatnonzero(is_said[first + 1 : end])))
        ]
        if all(again == said for again in further):
            left, discount, refund = said
            yield _Order(
                rows=np.arange(first, end),
                left=left,
                discount=discount or Decimal(0),
                refund=refund or Decimal(0),
            )


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


def _less(amounts: Sequence[Decimal], off: Decimal) -> list[Decimal]:
    """Return amounts of which each bears its part of `off`, which is at most all of them.

    The parts are whole cents if `off` is, and add up to it exactly.
    """
    own = [int(amount * _SMALLEST) for amount in amounts]
    shares = _shares(int(off * _SMALLEST), own)
    return [Decimal(a - s) / _SMALLEST for a, s in zip(own, shares, strict=True)]


def _shares(off: int, own: Sequence[int]) -> list[int]:
    """Return parts of `off` in proportion, by the method of the largest remainders."""
    total = sum(own)
    if not off:
        return [0] * len(own)
    for part in _PARTS:
        shares = [off * each // (total * part) * part for each in own]
        rest = (off - sum(shares)) // part
        has_room = [i for i, each in enumerate(own) if shares[i] + part <= each]
        has_room.sort(key=lambda i: (off * own[i] % (total * part), own[i]), reverse=True)
        if off % part == 0 and rest <= len(has_room):
            for i in has_room[:rest]:
                shares[i] += part
            return shares
    raise AssertionError("parts of the smallest size always add up")
