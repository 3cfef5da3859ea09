"""How many pieces `1.250` are beside prices like `12,50`, where amounts tell: 1250, or little more than one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from functions.ingest.reader.evidence.numbers import NumberConvention
from functions.ingest.reader.values import numbers
from functions.ingest.reader.values.careful_numbers import COMMA, OTHER, POINT, read_number

_OF_PRODUCT = ("quantity", "unit_price", "amount")
_SCALE = 12
_ROUNDED = Decimal("0.01")  # as far as amounts may be from price times quantity


def settle_pieces(
    rows: Sequence[Sequence[str]],
    mapping: Mapping[str, int],
    conventions: Mapping[str, NumberConvention],
) -> dict[str, NumberConvention]:
    """Return how columns are written, quantities by other marks if the first rows show that.

    What quantities leave open was settled by other columns. But scales write weights in a way of
    their own, and price times quantity is the amount under one mark alone.
    """
    quantity = conventions.get("quantity")
    is_open = quantity is not None and quantity.settled_by in {"file", "profile"}
    if quantity is None or not is_open or not {*_OF_PRODUCT} <= conventions.keys():
        return dict(conventions)
    fitting = [_fitting({n: row[mapping[n]] for n in _OF_PRODUCT}, conventions) for row in rows]
    shown = {marks[0] for marks in fitting if len(marks) == 1}
    if shown != {OTHER[quantity.value or POINT]}:
        return dict(conventions)
    return {**conventions, "quantity": replace(quantity, value=shown.pop(), settled_by="file")}


def _fitting(cells: Mapping[str, str], conventions: Mapping[str, NumberConvention]) -> list[str]:
    """Return the decimal marks of a quantity with which it makes the amount."""
    paid, made = (_number(cells[name], conventions[name]) for name in ("unit_price", "amount"))
    number, _ = numbers.split_unit(cells["quantity"])
    if paid is None or made is None:
        return []
    counts = {mark: read_number(number, mark=mark, scale=_SCALE) for mark in (POINT, COMMA)}
    return [
        mark
        for mark, count in counts.items()
        if isinstance(count, Decimal) and abs(abs(count * paid) - abs(made)) <= _ROUNDED
    ]


def _number(text: str, convention: NumberConvention) -> Decimal | None:
    found = read_number(
        text,
        mark=convention.value or POINT,
        scale=_SCALE,
        groupings=convention.groupings,
        currency=convention.currency,
    )
    return found if isinstance(found, Decimal) else None
