"""Whether an amount is that of a line, or of the whole order on each of its lines."""

from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise

from common import mending
from functions.ingest.reader.words.header_names import is_of_orders, words

_OF_WHOLE_ORDERS = (
    *("order_id", "amount", "customer_id", "ordered_at", "time", "branch", "currency", "refunded"),
)
_PIECE = frozenset([
    *("line", "lines", "item", "linea", "ligne", "position", "riga", "linha", "satir"),
])


def find_further(header: Sequence[str], columns: Mapping[str, int]) -> list[int]:
    """Find the columns in which the rows of one order may differ: what was bought, how it was paid.

    Only what is known to be of the whole order is none of them: nobody knows all that a row may be of.
    """
    of_orders = {columns[name] for name in _OF_WHOLE_ORDERS if name in columns}
    return [
        index
        for index, name in enumerate(header)
        if index not in of_orders and name not in mending.COLUMNS
    ]


def stands_once(
    rows: Sequence[Sequence[str]], order: Sequence[int], amount: int, parts: Sequence[int]
) -> bool:
    """Say whether the amount stands in the first line of orders alone, and more than by mistake."""
    without = sum(
        all(lower[o] in {"", upper[o]} for o in order)
        and all(lower[p] for p in parts)
        and not lower[amount]
        for upper, lower in pairwise(rows)
    )
    return without > max(1, 0.1 * len(rows))


def least_orders(name: str) -> int:
    """Return how many orders with one amount on all lines show that it is that of the order.

    Lines of an order may cost the same by chance, unless the name says what the amount is of.
    """
    return 1 if is_of_orders(name) and _PIECE.isdisjoint(words(name)) else 2


def repeats(
    rows: Sequence[Sequence[str]],
    order: Sequence[int],
    amount: int,
    parts: Sequence[int],
    *,
    least: int,
) -> bool:
    """Say whether all lines of an order have one amount, whatever their price and quantity."""
    several = 0
    for _, group in groupby(rows, key=lambda row: [row[o] for o in order]):
        lines = list(group)
        if len({tuple(line[part] for part in parts) for line in lines}) > 1:
            several += 1
            if len({line[amount] for line in lines}) > 1:
                return False
    return several >= least
