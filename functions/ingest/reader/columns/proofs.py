"""Columns that prove each other: pieces times a price, or an amount less what was taken off it.

`Importe` is the price of one piece in one program, and that of all pieces in the next; `Total` is
before a discount or after it. Where another column of the same row is exactly what comes of it, the
rows say what no name can.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from functions.ingest.reader.columns.candidates import Candidate
from functions.ingest.reader.columns.samples import Sample
from functions.ingest.reader.values.careful_numbers import COMMA, OTHER, POINT, Written, parse
from functions.ingest.reader.values.numbers import split_unit
from functions.ingest.reader.words.between import DISCOUNT, FEE, TAX, find_between

PROVEN = 0.85
_ROUNDED = Decimal("0.01")  # as far as what comes out may be from what is written
_MOST_OTHERS = 0.1  # of the rows, in which something else is paid for as well
_LEAST_MULTIPLIED = 2  # rows that several pieces change
_LEAST_PIECES, _MOST_PIECES = 3, 100  # rows to see that numbers are of pieces; each stays below
_MARK_SHOWN = 16  # rows
_LAST_RANK = 1000
_NONE = Decimal(0)
_OTHER_THAN_ZERO = re.compile(r"(?=\d)[^0]")

Row = Sequence[str]
_Operation = Callable[[Decimal, Decimal], Decimal]


def take_proven(
    chosen: dict[str, Candidate],
    candidates: Sequence[Candidate],
    header: Sequence[str],
    rows: Sequence[Row],
    samples: Sequence[Sample],
) -> None:
    """Take the amount that the first rows prove to be what was paid, if it was chosen by its name.

    The price of a piece gives way to its product with the pieces, an amount before a discount to
    that after it, one after fees of the shop to that before them. Where no name is that of the
    amount, the one with a tax is taken rather than that without.
    """
    others = _others(chosen, candidates, samples)
    if "amount" not in chosen:
        if not any(c.column == "amount" and c.by == "name" for c in candidates):
            _take_with_tax(chosen, header, rows, others)
    elif chosen["amount"].by != "profile":  # a person said so
        _take_product(chosen, rows, others)
        _take_after_discount(chosen, header, rows, others)
        _take_before_fees(chosen, header, rows, others)
        _take_pieces(chosen, header, rows)


def _others(
    chosen: Mapping[str, Candidate], candidates: Sequence[Candidate], samples: Sequence[Sample]
) -> list[int]:
    """Return the further columns of numbers, those first that have the name of an amount."""
    ranks = {c.index: c.rank for c in candidates if c.column == "amount"}
    taken = {each.index for each in chosen.values()}
    free = [i for i, sample in enumerate(samples) if i not in taken and sample.fits("amount")]
    return sorted(free, key=lambda i: (ranks.get(i, _LAST_RANK), i))


def _take_product(chosen: dict[str, Candidate], rows: Sequence[Row], others: list[int]) -> None:
    """Take what pieces times a price come to, and the columns of both for what they are."""
    amount = chosen["amount"]
    if "quantity" in chosen:
        quantity, price = chosen["quantity"], replace(amount, column="unit_price")
    elif "unit_price" in chosen:  # "Amount, Price, Total"
        quantity, price = replace(amount, column="quantity"), chosen["unit_price"]
    else:
        return
    for index in others:
        pieces = (quantity.index, price.index, index)
        if _is_proven(rows, pieces, _times, least=_LEAST_MULTIPLIED):
            chosen.update(quantity=quantity, unit_price=price, amount=_proven(index))
            return


def _take_after_discount(
    chosen: dict[str, Candidate], header: Sequence[str], rows: Sequence[Row], others: list[int]
) -> None:
    before = chosen["amount"].index
    for off in _filled(find_between(header, DISCOUNT), rows):
        for index in others:
            if index != off and _is_left(rows, (off, before, index)):
                chosen["amount"] = _proven(index)
                return


def _take_before_fees(
    chosen: dict[str, Candidate], header: Sequence[str], rows: Sequence[Row], others: list[int]
) -> None:
    after = chosen["amount"].index
    for fee in _filled(find_between(header, FEE), rows):
        for index in others:
            if _is_proven(rows, (fee, index, after), _less):
                chosen["amount"] = _proven(index)
                return


def _take_with_tax(
    chosen: dict[str, Candidate], header: Sequence[str], rows: Sequence[Row], others: list[int]
) -> None:
    """Take an amount with its tax, beside that without; of several pieces it may be of one."""
    if not {"quantity", "unit_price"}.isdisjoint(chosen):
        return
    for tax in _filled(find_between(header, TAX), rows):
        for index in others:
            nets = (net for net in others if len({tax, net, index}) == 3)
            if any(_is_proven(rows, (tax, index, net), _less) for net in nets):
                chosen["amount"] = _proven(index)
                return


def _take_pieces(chosen: dict[str, Candidate], header: Sequence[str], rows: Sequence[Row]) -> None:
    """Take small whole numbers beside a price, which it does not make, for those of pieces.

    Where one piece is among them they are no money; else that is left to a person. What a discount
    leaves of the price is an amount.
    """
    if "quantity" in chosen or "unit_price" not in chosen:
        return
    amount, price = chosen["amount"], chosen["unit_price"].index
    discounts = _filled(find_between(header, DISCOUNT), rows)
    if any(_is_left(rows, (off, price, amount.index)) for off in discounts):
        return
    pairs = list(_numbers(rows, (amount.index, price)))
    if len(pairs) < _LEAST_PIECES or not all(
        number < _MOST_PIECES and number == number.to_integral_value() for number, _ in pairs
    ):
        return
    made = sum(not each or not number % each for number, each in pairs)
    if made <= _MOST_OTHERS * len(pairs):
        del chosen["amount"]
        if any(number == 1 for number, _ in pairs):
            chosen["quantity"] = replace(amount, column="quantity")


def _is_left(rows: Sequence[Row], places: Sequence[int]) -> bool:
    """Say whether the first column, as money or as a share, leaves of the second one the third."""
    return any(_is_proven(rows, places, less) for less in (_less, _less_share))


def _filled(columns: Sequence[int], rows: Sequence[Row]) -> list[int]:
    """Return the columns that are not empty or zero in all rows: those prove nothing."""
    return [i for i in columns if any(_OTHER_THAN_ZERO.search(row[i]) for row in rows)]


def _proven(index: int) -> Candidate:
    return Candidate(column="amount", index=index, confidence=PROVEN, by="values")


# --- what comes of what ---------------------------------------------------------------------


def _times(pieces: Decimal, price: Decimal) -> Decimal:
    return pieces * price


def _less(off: Decimal, amount: Decimal) -> Decimal:
    return amount - off


def _less_share(percent: Decimal, amount: Decimal) -> Decimal:
    return amount * (1 - percent / 100)


def _is_proven(
    rows: Sequence[Row], places: Sequence[int], operation: _Operation, *, least: int = 1
) -> bool:
    """Say whether in nearly all rows the third column comes of the first and the second one.

    In `least` rows it is another number than that of the second; signs do not matter.
    """
    wrong = told = 0
    most = _MOST_OTHERS * len(rows)
    for operand, number, result in _numbers(rows, places):
        made = operation(operand, number)
        if abs(made - result) > _ROUNDED:
            wrong += 1
            if wrong > most:
                return False
        else:
            told += abs(made - number) > _ROUNDED
    return told >= least


def _numbers(rows: Sequence[Row], places: Sequence[int]) -> Iterator[tuple[Decimal, ...]]:
    """Yield the numbers of rows, without signs; what is empty beside others is zero."""
    shown = (row[place] for row in rows[:_MARK_SHOWN] for place in places)
    mark = COMMA if any(map(_has_comma, shown)) else POINT
    for row in rows:
        numbers = [_number(row[place], mark) for place in places]
        if any(number is not None for number in numbers[1:]):
            yield tuple(number or _NONE for number in numbers)


@lru_cache(maxsize=4096)
def _number(text: str, mark: str) -> Decimal | None:
    written = _written(text)
    figures = written and (written.under(mark) or written.under(OTHER[mark]))
    return Decimal(f"{figures.whole}.{figures.decimals or 0}") if figures else None


@lru_cache(maxsize=4096)
def _has_comma(text: str) -> bool:
    """Say whether the decimal mark of a number can be no point."""
    written = _written(text)
    return written is not None and written.under(POINT) is None


def _written(text: str) -> Written | None:
    return parse(text) or parse(split_unit(text)[0])
