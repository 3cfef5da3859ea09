"""Lines of one order that name it, or its customer, day or status, in the first of them alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.lines.totals import are_of_totals
from functions.ingest.reader.records.spill import Stretch, are_empty, is_distinct
from functions.ingest.reader.values.likely import first_bytes, judge_likely

Mask = NDArray[np.bool_]

# What stands for no order: rows that have it are not of one.
_NO_ORDERS = frozenset(["-", "--", "---", "—", "0", ".", "?", "n/a", "N/A", "#N/A", "none", "NULL"])
_FIRST_OF_SIGNS = first_bytes(bytes(sign.encode()[0] for sign in _NO_ORDERS))
_FIRST_OF_BLANK = first_bytes(b" \t\n\v\f\r\x1c\x1d\x1e\x1f\xc2\xe1\xe2\xe3")  # in UTF-8


@dataclass(kw_only=True, slots=True)
class Orders:
    """Gives all lines of an order what its first line alone says; rows are seen in their order.

    Exports of several lines an order often fill its status in the first one only.
    """

    last: str | None = None  # id of the last order that was named
    above: str = ""  # id of the last row's order, if it has one
    customer: str = ""  # of the last order that was named, if it has one
    day: str = ""  # of the last row that shows one
    said: dict[int, str] = field(default_factory=dict)  # what the last order says, by column

    def ids(self, stretch: Stretch, mapping: Mapping[str, int], *, are_once: bool) -> Any:
        """Return the id of each row's order, that of the row above for further lines of it.

        With `are_once` orders are named in their first line alone: others may have a day as well,
        if it is written as in the row above.
        """
        own = stretch.text(mapping["order_id"])
        days = stretch.columns[mapping["ordered_at"]]
        if not (are_once or are_empty(days.dictionary).any()):
            return own
        is_undated = are_empty(days)
        is_further = self._go_on(days, is_undated) if are_once else is_undated.copy()
        places = np.flatnonzero(is_further)
        chosen = pa.array(places)
        is_further[places] = bought_alone(lambda i: stretch.text(i).take(chosen), mapping)
        if not is_further.any():
            return own
        # A damaged row has no id to give: nobody knows whose lines are below it.
        sources = np.maximum.accumulate(np.where(is_further, -1, np.arange(len(own))))
        filled = own.take(np.maximum(sources, 0))
        return pc.if_else(pa.array(sources < 0), self.above, filled)

    def _go_on(self, days: Any, is_undated: Mask) -> Mask:
        """Say which rows are of the same day as the row above, or show none."""
        if not len(days):
            return is_undated
        dated = np.flatnonzero(~is_undated)
        before = np.maximum.accumulate(np.where(is_undated, -1, np.arange(len(days))))
        texts = days.dictionary_decode()
        above = texts.take(np.maximum(np.append(-1, before[:-1]), 0))
        above = pc.if_else(pa.array(np.append(-1, before[:-1]) < 0), self.day, above)
        self.day = texts[int(dated[-1])].as_py() if dated.size else self.day
        return is_undated | np.asarray(pc.equal(texts, above), np.bool_)

    def fill(self, column: Any, index: int, order_ids: Any, *, is_one: bool = False) -> Any:
        """Return a column with its empty cells filled from the row above in the same order.

        Rows without an order, damaged ones among them, neither give nor take. With `is_one` an
        order has one of them: where its lines differ, these are no orders, and nothing is filled.
        """
        named = order_ids
        if not (has_gaps(column, named) and has_gaps(column, named := _without_signs(named))):
            if (last := _last_named(order_ids)) is not None:
                self.said[index] = column[last].as_py()
            return column
        order_ids = named
        if is_distinct(column):
            filled = self.fill(column.dictionary_decode(), index, order_ids, is_one=is_one)
            return filled.dictionary_encode()
        has_order = ~are_empty(order_ids)
        is_whole = has_order.all()
        cells = column if is_whole else column.filter(pa.array(has_order))
        orders = order_ids if is_whole else order_ids.filter(pa.array(has_order))
        is_filled = ~are_empty(cells)
        if not self._have_takers(index, orders, is_filled):
            self.said[index] = cells[-1].as_py()
            return column
        is_new = np.ones(len(cells), np.bool_)
        is_new[1:] = np.asarray(pc.not_equal(orders[1:], orders[:-1]))
        is_new[0] = orders[0].as_py() != self.last or index not in self.said
        speaks = is_new | is_filled
        sources = np.maximum.accumulate(np.where(speaks, np.arange(len(cells)), 0))
        goes_on = ~np.maximum.accumulate(speaks)
        filled = cells.take(sources)
        if goes_on.any():
            filled = pc.if_else(pa.array(goes_on), self.said[index], filled)
        self.said[index] = filled[-1].as_py()
        if is_one and (np.asarray(pc.not_equal(filled[1:], filled[:-1])) & ~is_new[1:]).any():
            return column
        return pc.replace_with_mask(column, pa.array(has_order), filled)

    def _have_takers(self, index: int, orders: Any, is_filled: Mask) -> bool:
        """Say whether an empty cell stands right below a filled one of its order."""
        if not is_filled[0] and self.said.get(index) and orders[0].as_py() == self.last:
            return True
        above = np.flatnonzero(is_filled[:-1] & ~is_filled[1:])
        pairs = (orders.take(pa.array(places)) for places in (above, above + 1))
        return pc.any(pc.equal(*pairs)).as_py() is True

    def apart(self, order_ids: Any, customers: Any) -> Any:
        """Return ids that tell orders apart which have the same number and other customers.

        Tills that begin to count again each day, or beside each other, have several such orders.
        """
        is_new = differ_from_above(order_ids)
        is_new[:1] = [each.as_py() != self.last for each in order_ids[:1]]
        is_named_again = ~are_empty(customers) & ~is_new
        if not is_named_again.any() or not (is_named_again & differ_from_above(customers)).any():
            return order_ids
        order_ids, customers = _without_signs(order_ids), pc.utf8_trim_whitespace(customers)
        speaks = is_new | ~are_empty(customers)
        speaking = np.maximum.accumulate(np.where(speaks, np.arange(len(speaks)), -1))
        sources = np.append(-1, speaking[:-1])
        above = customers.take(pa.array(np.maximum(sources, 0)))
        above = pc.if_else(pa.array(sources < 0), self.customer, above)
        differs = pc.and_(pc.not_equal(customers, above), pc.not_equal(above, ""))
        number = np.cumsum(speaks & ~is_new & np.asarray(differs))
        named = pc.binary_join_element_wise(order_ids, pa.array(number).cast(pa.string()), "\0")
        return pc.if_else(pc.or_(pa.array(number == 0), pc.equal(order_ids, "")), order_ids, named)

    def of_one(self, order_ids: Any, customers: Any) -> Any:
        """Return ids that only the lines of one order share: apart, and empty where a sign is none."""
        return _without_signs(self.apart(order_ids, customers))

    def close(self, order_ids: Any, customers: Any) -> None:
        """Remember the order of the last row, once all columns are filled."""
        self.above = order_ids[-1].as_py() if len(order_ids) else self.above
        if (last := _last_named(order_ids)) is not None:
            self.last = order_ids[last].as_py()
            self.customer = customers[last].as_py()


def differ_from_above(texts: Any) -> Mask:
    """Say which rows have another text than the row above; the first may have one."""
    differ = np.ones(len(texts), np.bool_)
    differ[1:] = np.asarray(pc.not_equal(texts[1:], texts[:-1]))
    return differ


def _last_named(order_ids: Any) -> int | None:
    """Return the last row that names an order."""
    named = np.flatnonzero(~are_empty(order_ids))
    if named.size and order_ids[int(named[-1])].as_py() in _NO_ORDERS:
        named = np.flatnonzero(~are_empty(_without_signs(order_ids)))
    return int(named[-1]) if named.size else None


def _without_signs(order_ids: Any) -> Any:
    is_sign = judge_likely(
        order_ids, _FIRST_OF_SIGNS, lambda some: pc.is_in(some, value_set=pa.array(_NO_ORDERS))
    )
    return pc.if_else(pa.array(is_sign), "", order_ids) if is_sign.any() else order_ids


def has_gaps(column: Any, order_ids: Any) -> bool:
    """Say whether a column has empty cells in lines of orders."""
    return bool((are_empty(column) & ~are_empty(order_ids)).any())


def further_lines(cells: Callable[[int], Any], mapping: Mapping[str, int]) -> Mask:
    """Say which rows name what was bought, and no order, day or customer: merged cells of an order.

    `cells` gives the texts of a column. Lines of totals are none of them.
    """
    is_further = bought_alone(cells, mapping)
    days = pc.utf8_trim_whitespace(cells(mapping["ordered_at"]))
    return is_further & np.asarray(pc.equal(days, ""), np.bool_)


def bought_alone(cells: Callable[[int], Any], mapping: Mapping[str, int]) -> Mask:
    """Say which rows name what was bought, and no order or customer."""
    bought = [mapping[name] for name in ("product", "product_id") if name in mapping]
    if not bought or not {"order_id", "customer_id"} <= mapping.keys():
        return np.zeros(len(cells(mapping["ordered_at"])), np.bool_)
    is_empty = [_is_blank(cells(mapping[name])) for name in ("order_id", "customer_id")]
    is_alone: Mask = np.all(is_empty, axis=0)
    places = np.flatnonzero(is_alone)
    if places.size:
        some = [cells(index).take(pa.array(places)) for index in bought]
        is_named = np.any([~_is_blank(texts) for texts in some], axis=0)
        is_total = np.any([are_of_totals(texts) for texts in some], axis=0)
        is_alone[places] = is_named & ~is_total
    return is_alone


def _is_blank(texts: Any) -> Mask:
    return are_empty(texts) | judge_likely(
        texts, _FIRST_OF_BLANK, lambda some: pc.equal(pc.utf8_trim_whitespace(some), "")
    )
