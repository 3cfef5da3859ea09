"""Totals of orders on rows of their own, before or after their lines, that no word tells.

Such a row lacks what the lines have, product, quantity or price, stands always at the same end of its
order and has the exact sum of the others. One may be so by chance, so the whole file is asked: first
for rows that look like it, and only where there are some, whether they add up.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.mending import is_of_mended_rows
from functions.ingest.reader.lines.subtotals import Totals, whole
from functions.ingest.reader.lines.totals import name_totals
from functions.ingest.reader.lines.verdict import Verdict
from functions.ingest.reader.records.spill import Stretch, are_empty, is_distinct
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values.likely import first_bytes

Mask = NDArray[np.bool_]
Places = NDArray[np.int64]
Parts = tuple[str, ...]  # columns of ours, of which a total has none

_PARTS: tuple[Parts, ...] = (("product", "product_id"), ("quantity",), ("unit_price",))
_BOUGHT = _PARTS[0]
_FIRST_OF_SIGNS = first_bytes(bytes(i for i in range(128) if not chr(i).isalnum()) + b"\xc2\xe2")
_LONGEST_SIGN = 3  # in bytes: `---`, or a dash of another kind
_AT_ONE_END = 0.8  # of the rows that lack something: others are lines of which less is known
# How many are more than chance, and of more than one line: more if they have a product's name, or
# most orders have no such row.
_LEAST_SUMS, _LEAST_NAMED_SUMS, _MANY_LARGE_SUMS = (2, 1), (3, 2), 3
_MOST_COVER, _LEAST_COVERING = 0.9, 5  # of rows that are no sum, but as much as all others


class Suspects(NamedTuple):
    """Rows that may be totals of their orders."""

    parts: Parts  # what they lack
    are_first: bool  # of their order, or else the last


class Lacking:
    """Watches the first pass for rows at an end of their order that lack what others have."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int], totals: Totals) -> None:
        self._order = mapping.get("order_id", -1)
        is_wanted = "order_id" in mapping and not is_of_mended_rows(header)
        money = ("amount",) if "amount" in mapping else ("quantity", "unit_price")
        self._money = [mapping[name] for name in money] if is_wanted else []
        self._parts = {
            parts: [mapping[name] for name in parts if name in mapping]
            for parts in (_PARTS if is_wanted else ())
            if not mapping.keys().isdisjoint(parts) and set(parts).isdisjoint(money)
        }
        self._totals = totals
        self._counts = dict.fromkeys(self._parts, (0, 0, 0))
        # Of the last row: what it lacks, its order, and whether that is of the row above, too.
        self._lacked: set[Parts] = set()
        self._last: str | None = None
        self._went_on = False

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block."""
        if not self._parts or not len(columns[0]):
            return
        ids = columns[self._order]
        lacks = {parts: self._lack(parts, columns) for parts in self._parts}
        for parts, rows in lacks.items():
            if rows.size or parts in self._lacked:
                self._count(parts, rows, self._go_on(ids))
        last = len(ids) - 1
        self._lacked = {parts for parts, rows in lacks.items() if rows.size and rows[-1] == last}
        if self._lacked:
            self._went_on = bool(self._go_on(ids)[-1])
        self._last = ids[-1].as_py()

    def _lack(self, parts: Parts, columns: Sequence[Any]) -> Places:
        """Return the rows that lack all of these, but have money: most damaged ones have none."""
        cells = self._parts[parts]
        if parts == _BOUGHT:
            has_words = self._totals.may_be_there
            lacks = [_name_nothing(columns[index], has_words=has_words) for index in cells]
            rows = reduce(np.intersect1d, lacks)
        else:
            rows = np.flatnonzero(are_empty(columns[cells[0]]))
        for index in self._money if rows.size else ():
            rows = rows[~are_empty(columns[index])[rows]]
        return rows

    def _go_on(self, ids: Any) -> Mask:
        """Say which rows are of the order of the row above; those without one may be."""
        goes_on = are_empty(ids)
        goes_on[1:] |= np.asarray(pc.equal(ids[1:], ids[:-1]), np.bool_)
        goes_on[0] = self._last is not None and (goes_on[0] or ids[0].as_py() == self._last)
        return goes_on

    def _count(self, parts: Parts, rows: Places, goes_on: Mask) -> None:
        """Count where the rows stand up to the last but one: what is below that is not seen yet.

        Those between the others count only above a line: what is taken off may stand above a total.
        """
        lacks = np.zeros(1 + len(goes_on), np.bool_)
        lacks[0], lacks[1 + rows] = parts in self._lacked, True
        lack, above, below = lacks[:-1], np.append(self._went_on, goes_on[:-1]), goes_on
        first, last, between = self._counts[parts]
        first += int((lack & ~above & below).sum())
        last += int((lack & above & ~below).sum())
        between += int((lack & above & below & ~lacks[1:]).sum())
        self._counts[parts] = first, last, between

    def suspects(self) -> Suspects | None:
        """Return what may be totals, once all rows were seen."""
        found: list[tuple[int, Suspects]] = []
        for parts, (first, ended, between) in self._counts.items():
            last = ended + (parts in self._lacked and self._went_on)
            if max(first, last) >= max(1, _AT_ONE_END * (first + last + between)):
                found.append((max(first, last), Suspects(parts, are_first=first > last)))
        return max(found, key=lambda each: each[0])[1] if found else None


def _name_nothing(texts: Any, *, has_words: bool) -> Places:
    """Return the places of texts that have no word, or only one for a total."""
    if is_distinct(texts):
        places = _name_nothing(texts.dictionary, has_words=has_words)
        return np.flatnonzero(np.isin(np.asarray(texts.indices), places)) if places.size else places
    _, edges, content = texts.buffers()
    begins = np.frombuffer(edges, np.int32)[texts.offset :][: len(texts) + 1]
    lengths = begins[1:] - begins[:-1]
    places = np.flatnonzero(lengths <= _LONGEST_SIGN)
    if places.size and content.size:
        octets = np.frombuffer(content, np.uint8)
        first = octets[np.minimum(begins[places], len(octets) - 1)]
        places = places[_FIRST_OF_SIGNS[first] | (lengths[places] == 0)]
    if (signs := places[lengths[places] > 0]).size:
        short = texts.take(pa.array(signs)).dictionary_encode()
        has_word = [any(map(str.isalnum, text)) for text in short.dictionary.to_pylist()]
        with_words = signs[np.array(has_word, np.bool_)[np.asarray(short.indices)]]
        places = np.setdiff1d(places, with_words, assume_unique=True)
    if has_words:
        places = np.union1d(places, np.flatnonzero(name_totals(texts)))
    return places


class Rows:
    """A set of rows by their number: a bit for each that the file has."""

    def __init__(self, rows: int) -> None:
        self._bits = np.zeros(rows // 8 + 1, np.uint8)

    def add(self, numbers: NDArray[np.int64]) -> None:
        """Put rows into it."""
        np.bitwise_or.at(self._bits, numbers >> 3, (1 << (numbers & 7)).astype(np.uint8))

    def among(self, first: int, size: int) -> Mask:
        """Say which of so many rows are in it."""
        octets = self._bits[first >> 3 : ((first + size) >> 3) + 1]
        return np.unpackbits(octets, bitorder="little")[first & 7 :][:size].astype(np.bool_)


class TotalRows:
    """Rows that are totals: their sum is exact, or not."""

    def __init__(self, rows: int) -> None:
        self.sums, self.others = Rows(rows), Rows(rows)
        self.are_clear = True  # or else nobody knows whether those with an exact sum are totals

    def reject(self, stretch: Stretch, verdict: Verdict, column: int) -> None:
        """Set those of a stretch aside; `column` has the amounts."""
        first, size = stretch.first_row, len(stretch)
        verdict.reject(self.others.among(first, size), Fault.UNCLEAR_TOTAL, column)
        fault = Fault.SUBTOTAL if self.are_clear else Fault.UNCLEAR_TOTAL
        verdict.reject(self.sums.among(first, size), fault, column)


class _Orders(NamedTuple):
    """Rows of one order below each other; at first each is a row."""

    rows: NDArray[Any]
    lines: NDArray[Any]  # how many of them have what totals lack
    amounts: NDArray[Any]  # their sum, see `subtotals`
    money: NDArray[Any]  # the same, but not exact
    # Of the row at the end where totals are:
    places: NDArray[Any]
    lack: NDArray[Any]
    ending_amounts: NDArray[Any]
    ending_money: NDArray[Any]

    @classmethod
    def none(cls) -> Self:
        """Return one order without rows."""
        return cls(*(np.zeros(1, kind) for kind in ("i8", "i8", "u8", "f8", "i8", "?", "u8", "f8")))

    def joined(self, begins: Mask, *, are_first: bool) -> "_Orders":
        """Return those that belong to one order as one."""
        starts = np.flatnonzero(begins)
        ends = starts if are_first else np.append(starts[1:], len(begins)) - 1
        sums = [np.add.reduceat(each, starts) for each in self[:4]]
        return _Orders(*sums, *(each[ends] for each in self[4:]))


class Weighing:
    """Adds up orders, whose rows are seen in order."""

    def __init__(self, suspects: Suspects, rows: int) -> None:
        self._suspects = suspects
        self._open, self._last = _Orders.none(), ""
        self._totals = TotalRows(rows)
        # Orders of several rows; of rows that lack what their lines have all, those that are a sum
        # and those that cover one; and, of orders with more than one line, all and those that are.
        self._orders = self._all = self._summing = self._covering = self._large = (
            self._large_summing
        ) = 0

    def add(self, accepted: Any) -> None:
        """Look at accepted rows."""
        if not accepted.num_rows:
            return
        ids = accepted["order_id"].combine_chunks().fill_null("")
        begins = np.ones(1 + len(ids), np.bool_)
        begins[2:] = np.asarray(pc.not_equal(ids[1:], ids[:-1]))
        begins[1] = ids[0].as_py() != self._last
        begins[1:] |= are_empty(ids)
        rows = map(np.append, self._open, self._each(accepted))
        orders = _Orders(*rows).joined(begins, are_first=self._suspects.are_first)
        self._judge(_Orders(*(each[:-1] for each in orders)))
        self._open, self._last = _Orders(*(each[-1:] for each in orders)), ids[-1].as_py()

    def _each(self, accepted: Any) -> _Orders:
        amounts = accepted["amount"].combine_chunks()
        lack = np.zeros(len(amounts), np.bool_)
        rows = [self._lack(accepted[name].combine_chunks()) for name in self._suspects.parts]
        lack[reduce(np.intersect1d, rows)] = True
        exact, money = whole(amounts), np.asarray(pc.cast(amounts, "float64"))
        places = np.asarray(accepted["row"])
        each = np.ones(len(places), np.int64)
        return _Orders(each, (~lack).astype(np.int64), exact, money, places, lack, exact, money)

    def _lack(self, column: Any) -> Places:
        if self._suspects.parts != _BOUGHT:
            return np.flatnonzero(column.is_null())
        return _name_nothing(column.fill_null(""), has_words=True)

    def _judge(self, orders: _Orders) -> None:
        """Look at whole orders."""
        is_end = orders.lack & (orders.rows > 1)
        is_sum = is_end & (orders.amounts - orders.ending_amounts == orders.ending_amounts)
        self._totals.sums.add(orders.places[is_sum])
        self._totals.others.add(orders.places[is_end & ~is_sum])
        others = orders.money - orders.ending_money
        covers = is_sum | (
            (others * orders.ending_money > 0) & (abs(orders.ending_money) >= abs(others))
        )
        tells = is_end & (orders.lines > 0) & (orders.ending_amounts != 0)
        is_large = tells & (orders.rows > 2)
        self._orders += int(((orders.rows > 1) & (orders.lines > 0)).sum())
        self._all += int(tells.sum())
        self._summing += int((tells & is_sum).sum())
        self._covering += int((tells & covers).sum())
        self._large += int(is_large.sum())
        self._large_summing += int((is_large & is_sum).sum())

    def found(self) -> TotalRows | None:
        """Return what the rows are, once all were seen."""
        self._judge(self._open)
        least, least_large = _LEAST_SUMS if self._suspects.parts == _BOUGHT else _LEAST_NAMED_SUMS
        are_enough = self._summing >= least and self._large_summing >= least_large
        is_mostly = 2 * self._summing >= self._all and 2 * self._large_summing >= self._large
        are_many = 2 * self._all >= self._orders or self._large_summing >= _MANY_LARGE_SUMS
        is_clear = are_enough and is_mostly and are_many
        is_by_chance = self._large_summing > 0 and self._summing == self._all
        is_covering = self._covering >= _MOST_COVER * self._all and (
            self._all >= _LEAST_COVERING or self._large_summing > 0
        )
        # What is as much as all others may have a name, and is the dearest: a room and its minibar.
        is_unclear = is_by_chance or (is_covering and self._suspects.parts == _BOUGHT)
        self._totals.are_clear = is_clear
        return self._totals if is_clear or is_unclear else None
