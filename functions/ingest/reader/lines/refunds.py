"""What was paid back, as a column beside the amounts: they are less by it where it is clear of what.

A refund of an order that has several lines is of nobody knows which; an amount that is called net
may be without it already; and where returns are rows of their own it may be said twice.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from common.mending import is_of_mended_rows
from functions.ingest.reader.evidence.numbers import NumberConvention
from functions.ingest.reader.lines.discounts import says_none
from functions.ingest.reader.lines.standing import are_returns
from functions.ingest.reader.records.spill import Stretch, are_empty
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import numbers
from functions.ingest.reader.values.looks import is_amount, is_number
from functions.ingest.reader.words.header_names import (
    fold,
    folded,
    is_less_refunds,
    is_of_lines,
    words,
)
from functions.ingest.reader.words.reductions import are_reductions
from functions.ingest.reader.words.signs import Signs

Mask = NDArray[np.bool_]
Found = tuple[Mask, Fault]  # which rows, and what is to be said of them

_OF_LINES = frozenset({"line", "item", "linea", "ligne", "riga", "satir"})
# Amounts that are called so may be those after refunds, or without a tax that was paid back.
_NET = frozenset([
    *("net", "neto", "neta", "netos", "netas", "netto", "netta", "nette", "liquido", "liquida"),
    *("nettobetrag", "nettoumsatz", "ht", "subtotal"),
    *(fold("税抜金額"), fold("税抜単価"), fold("小計"), fold("小计")),
])
# Such words beside an amount say that a tax is not in it, or refunds are off already.
_WITHOUT = frozenset([
    *("excl", "excluding", "exc", "after", "sin", "despues", "tras", "sem", "apos", "hors"),
    *("apres", "ohne", "zzgl", "nach", "senza", "esclusa", "escluso", "dopo", "haric", "sonra"),
])
# Columns that are called no more than this may be of marks, numbers of pieces or of a slip.
_BARE = folded("""
    refunds; refund; refunded; returns; reembolsos; reembolso; reembolsado; devoluciones;
    devolucion; devolucoes; estornos; estorno; remboursements; remboursement; rembourse; retours;
    erstattungen; erstattung; retouren; rimborsi; rimborso; resi; iadeler; iade; 返金; 退款
""")
# Beside these all other amounts are what is left of them.
_BEFORE_ALL = folded("""
    gross sales; ventas brutas; vendas brutas; ventes brutes; vendite lorde; brut satislar; 総売上高
""")
_BRACKETS = re.compile(r"[()\[\]]")
_WIDE = pa.decimal256(50, 12)
_OTHER_THAN_ZERO = re.compile(r"(?=\d)[^0]")
_WITH_MINUS = r"^[^0-9]*[-−(]|[0-9]-$"  # noqa: RUF001


@dataclass(frozen=True, kw_only=True, slots=True)
class Refunds:
    """What all rows show of a column of refunds."""

    is_of_lines: bool  # not of whole orders
    is_unclear: bool  # the amounts may be without them, or rows of their own say them again
    firsts: Mapping[int, str]  # the order of the first row of each block, by its number

    def doubts(self, order_ids: Any, stretch: Stretch, *, above: str) -> Mask:
        """Say of which rows of a stretch nobody knows what a refund is of.

        `above` is the order of the row above; a row below that names none may be of the same one.
        """
        doubts = np.full(len(stretch), self.is_unclear)
        if self.is_unclear or self.is_of_lines or order_ids is None or not len(stretch):
            return doubts
        goes_on = _go_on(order_ids)
        doubts[1:] = goes_on
        doubts[:-1] |= goes_on
        doubts[0] |= order_ids[0].as_py() == above != ""
        below = self.firsts.get(stretch.first_row + len(stretch))
        last = order_ids[-1].as_py()
        doubts[-1] |= last != "" and below in {"", last}
        return doubts


def is_not_of_amounts(header: Sequence[str], mapping: Mapping[str, int]) -> bool:
    """Say whether refunds are not to be taken off what is counted.

    They are of orders where all that is known are prices of their lines; beside gross sales another
    amount is without them already, and so is what says so.
    """
    counted = [mapping[name] for name in ("amount", "quantity") if name in mapping]
    if any(is_less_refunds(header[index]) for index in counted):
        return True
    if "amount" in mapping:
        others = [name for i, name in enumerate(header) if i != mapping["amount"]]
        return any(fold(name) in _BEFORE_ALL for name in others)
    return (
        "unit_price" in mapping
        and is_of_lines(header[mapping["unit_price"]])
        and not is_of_lines(header[mapping["refunded"]])
    )


class RefundLines:
    """Watches the first pass for refunds, and for what they are of."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int], signs: Signs) -> None:
        self._index = mapping.get("refunded")
        self._order = mapping.get("order_id")
        self._money = [mapping[name] for name in ("amount", "quantity") if name in mapping]
        bought = [mapping[name] for name in ("product", "product_id") if name in mapping]
        self._names = (*bought, *signs.line_kind)
        self._words = (*signs.status, *signs.kind, *signs.line_kind)
        self._header = header
        self._amount = mapping.get("amount", mapping.get("unit_price", 0))
        is_bare = self._index is not None and fold(header[self._index]) in _BARE
        self._is_money = not is_bare or fold(header[self._amount]) in _BEFORE_ALL
        self._may_be_money = True  # of a bare name
        self._are_there = self._are_said_again = False
        self._is_of_lines = self._stands_once = False
        self._firsts: dict[int, str] = {}
        self._last = (
            "",
            False,
            False,
        )  # order of the last row, whether a refund is written there, and is one
        self._rows = 0

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block."""
        if self._index is None or not len(columns[0]):
            return
        refunds = columns[self._index]
        has_refund = _per_distinct(refunds, lambda text: bool(_OTHER_THAN_ZERO.search(text)))
        self._are_there |= bool(has_refund.any())
        if not self._is_money:
            self._look_at_cents(refunds, columns[self._amount])
        self._are_said_again = self._are_said_again or bool(self._are_back(columns).any())
        if self._order is not None:
            self._look_at_lines(columns[self._order], ~are_empty(refunds), has_refund)
        self._rows += len(columns[0])

    def _look_at_cents(self, refunds: Any, amounts: Any) -> None:
        """Look for cents: without them numbers are money only where no amount has any."""
        texts = [text for text in refunds.dictionary.to_pylist() if any(map(str.isdigit, text))]
        self._is_money = any(map(is_amount, texts))
        self._may_be_money = (
            self._may_be_money
            and all(map(is_number, texts))
            and not any(map(is_amount, amounts.dictionary.to_pylist()))
        )

    def _are_back(self, columns: Sequence[Any]) -> Mask:
        """Say which rows are returns themselves."""
        are_back = np.zeros(len(columns[0]), np.bool_)
        for index in self._money:
            has_minus = pc.match_substring_regex(columns[index].dictionary, _WITH_MINUS)
            are_back |= np.take(np.asarray(has_minus, np.bool_), np.asarray(columns[index].indices))
        are_back &= ~are_reductions([columns[index] for index in self._names], are_back)
        for index in self._words:
            are_back |= are_returns(columns[index])
        return are_back

    def _look_at_lines(self, order_ids: Any, is_filled: Mask, has_refund: Mask) -> None:
        """Look for lines of one order: has each its own refund, or the order one?

        That of an order stands in its first line; below a line with a zero it is of a line.
        """
        first, (last, *above) = order_ids[0].as_py(), self._last
        self._firsts[self._rows + 1] = first
        goes_on = np.append(first == last != "", _go_on(order_ids))
        filled, refunded = map(np.append, above, (is_filled, has_refund))
        self._stands_once |= bool((goes_on & (filled[1:] != filled[:-1])).any())
        is_own = refunded[1:] & filled[:-1] & ~refunded[:-1]
        self._is_of_lines |= bool((goes_on & is_own).any())
        self._last = order_ids[-1].as_py(), filled[-1], refunded[-1]

    def found(self, mapping: Mapping[str, int]) -> Refunds | None:
        """Return what is known of refunds, if there are any."""
        may_be = self._is_money or self._may_be_money
        if not (self._are_there and may_be) or "refunded" not in mapping:
            return None
        name = self._header[mapping["refunded"]]
        is_named_so = is_of_lines(name) or not _OF_LINES.isdisjoint(words(name))
        money = self._header[mapping["amount" if "amount" in mapping else "unit_price"]]
        return Refunds(
            is_of_lines=is_named_so or (self._is_of_lines and not self._stands_once),
            is_unclear=self._are_said_again
            or not self._is_money
            or not (_NET | _WITHOUT).isdisjoint(words(_BRACKETS.sub(" ", money)))
            or is_of_mended_rows(self._header),  # the rows around them are not there to be seen
            firsts=self._firsts,
        )


def _go_on(order_ids: Any) -> Mask:
    """Say which rows from the second on are of the order of the row above."""
    is_same: Mask = np.asarray(pc.equal(order_ids[1:], order_ids[:-1]), np.bool_)
    return is_same & ~are_empty(order_ids)[1:]


def pay_back(
    amount: Any, column: Any, convention: NumberConvention, doubts: Mask
) -> tuple[Any, list[Found]]:
    """Return amounts less what was paid back, and what is to be said of rows.

    A minus says nothing more, if most of the column have one. A return whose refund is all of it
    says the same twice.
    """
    values, faults = _read(column, convention)
    refund = pc.abs(values)
    is_odd = np.asarray(pc.less(values, Decimal(0))) != convention.is_mostly_negative
    is_there = np.asarray(pc.greater(refund, Decimal(0)))
    is_there &= ~_is(pc.equal(amount, pc.negate(refund)))
    found = [(faults == number, fault) for number, fault in enumerate(numbers.FAULTS, start=1)]
    found += [
        (is_there & (doubts | is_odd), Fault.UNCLEAR_REFUND),
        (is_there & _is(pc.less(amount, refund)), Fault.REFUND_TOO_LARGE),
        (is_there & _is(pc.equal(amount, refund)), Fault.REFUNDED),
    ]
    left = pc.subtract(amount.cast(_WIDE), refund.cast(_WIDE)).cast(frame.AMOUNT)
    return pc.if_else(pa.array(is_there), left, amount), found


def _read(column: Any, convention: NumberConvention) -> tuple[Any, NDArray[np.uint8]]:
    """Return refunds, a zero where there is none, and what is wrong with them."""
    texts = column.dictionary
    values, faults = numbers.convert(
        texts,
        kind=frame.AMOUNT,
        mark=convention.value,
        groupings=convention.groupings,
        currency=convention.currency,
    )
    faults[np.array([says_none(text) for text in texts.to_pylist()], np.bool_)] = 0
    places = np.asarray(column.indices)
    return values.fill_null(Decimal(0)).take(column.indices), faults[places]


def _per_distinct(column: Any, judge: Callable[[str], bool]) -> Mask:
    said = np.array([judge(text) for text in column.dictionary.to_pylist()], np.bool_)
    return np.take(said, np.asarray(column.indices))


def _is(said: Any) -> Mask:
    """Return what is said of rows; of one whose amount is wrong nothing is."""
    return np.asarray(said.fill_null(False))
