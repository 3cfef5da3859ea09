"""Whether an amount is that of a line, or of the whole order on each of its lines."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from functions.ingest.reader.words.header_names import fold, is_of_orders, words

_PAYMENTS = frozenset(
    map(
        fold,
        [
            *("payment method", "payment type", "payment amount", "tender", "tender type"),
            *("tender amount", "forma pago", "metodo pago", "medio pago", "tipo pago"),
            *("importe pago", "forma pagamento", "meio pagamento", "mode paiement"),
            *("moyen paiement", "mode reglement", "montant paiement", "zahlungsart"),
            *("zahlungsmittel", "zahlungsbetrag", "metodo pagamento", "modalita pagamento"),
            *("odeme turu", "odeme tipi", "odeme yontemi", "支払方法", "決済方法", "支付方式"),
        ],
    )
)
_PIECE = frozenset([
    *("line", "lines", "item", "linea", "ligne", "position", "riga", "linha", "satir"),
])


def find_payments(header: Sequence[str]) -> list[int]:
    """Find the columns that say how an order was paid: it has a row for each way."""
    return [index for index, name in enumerate(header) if fold(name) in _PAYMENTS]


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
