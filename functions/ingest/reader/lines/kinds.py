"""Which kinds of rows are no pieces of a sale, but all of it again, or how it was paid.

A row `Payment` is a sale where all are payments and refunds, and none where others are invoices. So
all kinds that a column has are looked at together.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

import pyarrow.compute as pc

from functions.ingest.reader.words.header_names import fold
from functions.ingest.reader.words.meanings import (
    is_bought,
    is_document,
    is_earned,
    is_invoice,
    is_invoiced_later,
    is_money_moved,
    is_no_sale,
    is_of_sales,
    is_payment,
    is_receipt_beside,
    is_sum,
)
from functions.ingest.reader.words.signs import Signs

_MOST_KINDS = 1000  # more are something else
_MOST_DOCUMENTS = 20  # of a column that is not called one of kinds
_FIRST_ROWS = 8
_MAY_BE_KINDS = ("order_id", "product", "product_id")  # by their names, if not by their texts
# The first is a whole sale where its pieces follow it as one of the others.
_PAIRS = """
    sale: sale line, sale item; order: item, order item, order line, line, lineitem, line item;
    invoice: invoice line, line, item; header: line, lines, item, detail; h: l, d, p;
    head: line, position; kopf: position, pos; bestellung: position, bestellposition;
    rechnung: position, rechnungsposition; pedido: línea, linea pedido, artículo;
    factura: línea, línea factura; cabecera: línea, detalle; encabezado: línea, detalle;
    venta: línea, línea venta; commande: ligne, ligne commande, article; entête: ligne;
    facture: ligne, ligne facture; vente: ligne; ordine: riga, riga ordine; testata: riga;
    vendita: riga; cabeçalho: linha, item; sipariş: satir, kalem
"""
# Codes of invoices, and of what then are credit notes and payments; alone they may say anything.
_CODES = {
    "si": ({"sc"}, {"sr", "sa", "pi", "pc", "pp", "pa"}),
    "fac": ({"avc", "avo"}, {"reg"}),
    "fv": ({"nc"}, {"rc"}),
    "td01": ({"td04"}, set[str]()),
    "inv": ({"cn", "cm", "crn"}, {"pmt", "pay"}),
}
_PIECES = {
    fold(whole): frozenset(map(fold, pieces.split(",")))
    for whole, _, pieces in (pair.partition(":") for pair in _PAIRS.split(";"))
}


class Kinds:
    """Watches the first pass for them."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int], signs: Signs) -> None:
        self._of_lines = frozenset(signs.line_kind)
        self._sides = frozenset(signs.side)
        watched = (*signs.kind, *signs.line_kind, *signs.side)
        self._texts: dict[int, set[str]] = {i: set() for i in watched}
        others = set(range(len(header))) - {*watched, *signs.status}
        others -= {index for name, index in mapping.items() if name not in _MAY_BE_KINDS}
        # Of further columns, as long as all that they say are kinds of documents.
        self._further: dict[int, set[str]] = {i: set() for i in sorted(others)}

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        for index, texts in self._texts.items():
            if len(texts) <= _MOST_KINDS:
                texts.update(pc.unique(columns[index]).to_pylist())

        for index in list(self._further):
            self._look_further(index, columns[index])

    def _look_further(self, index: int, column: Any) -> None:
        """Drop a column that says something else; in nearly all the first row tells."""
        first = next(filter(None, column[:_FIRST_ROWS].to_pylist()), "")
        if first and not _is_kind(first):
            del self._further[index]
            return
        said = set(pc.unique(column).to_pylist()) - self._further[index] - {""}
        self._further[index] |= said
        if len(said) > _MOST_DOCUMENTS or not all(map(_is_kind, said)):
            del self._further[index]

    def found(self) -> tuple[int, ...]:
        """Return columns that are kinds of documents, by whatever name: sales, and other than sales."""
        return tuple(
            index
            for index, said in self._further.items()
            if any(map(is_document, said)) and any(map(is_no_sale, said))
        )

    def sums(self) -> Mapping[int, frozenset[str]]:
        """Return for each column the texts of rows that are none to be counted.

        Where amounts are debits and credits, nobody knows which of both are sales.
        """
        return {
            index: _sides(texts) if index in self._sides else self._sums(index, texts)
            for index, texts in self._all_texts().items()
        }

    def _all_texts(self) -> Mapping[int, Set[str]]:
        return self._texts | {index: self._further[index] for index in self.found()}

    def back(self) -> Mapping[int, frozenset[str]]:
        """Return for each column the codes of credit notes beside those of invoices."""
        coded = {index: _coded(texts, 0) for index, texts in self._texts.items()}
        return {
            index: frozenset(text.strip() for text in texts if fold(text) in coded[index])
            for index, texts in self._texts.items()
        }

    def _sums(self, index: int, texts: Set[str]) -> frozenset[str]:
        paid = filter(is_sum, texts) if index in self._of_lines else _paid(texts)
        coded = _coded(texts, 1)
        others = (
            text
            for text in texts
            if is_money_moved(text) or _is_whole(text, texts) or fold(text) in coded
        )
        return frozenset([*paid, *others, *_beside_sales(texts)])


@lru_cache(maxsize=4096)
def _is_kind(text: str) -> bool:
    return is_document(text) or is_no_sale(text)


def _coded(texts: Set[str], place: int) -> frozenset[str]:
    said = set(map(fold, texts))
    return frozenset().union(*(codes[place] for sale, codes in _CODES.items() if sale in said))


def _sides(texts: Set[str]) -> frozenset[str]:
    said = frozenset(text for text in texts if text.strip())
    return said if len(set(map(fold, said))) > 1 else frozenset()


def _paid(texts: Set[str]) -> Iterator[str]:
    """Return the payments, if there is anything else that they pay for."""
    return filter(is_payment, texts if any(map(is_of_sales, texts)) else ())


def _beside_sales(texts: Set[str]) -> Iterator[str]:
    """Return what is no sale beside those that are: orders, deliveries, receipts, purchases."""
    if any(map(is_invoice, texts)):
        yield from filter(is_invoiced_later, texts)
    if any(map(is_earned, texts)):
        yield from filter(is_bought, texts)
    yield from (text for text in texts if is_receipt_beside(text, texts))


def _is_whole(text: str, texts: Set[str]) -> bool:
    pieces = _PIECES.get(fold(text))
    return pieces is not None and not pieces.isdisjoint(map(fold, texts))
