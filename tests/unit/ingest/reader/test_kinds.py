"""Kinds of rows that are all of a sale again, or how it was paid."""

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "order id,date,customer,amount"


def with_kinds(name: str, *kinds: str) -> Read:
    rows = [f"{i},2026-01-31,C1,{10 + i}.00,{kind}" for i, kind in enumerate(kinds)]
    return read(lines(*rows, header=f"{HEADER},{name}"))


@pytest.mark.parametrize(
    ("name", "invoice", "payment"),
    [
        ("Type", "Invoice", "Payment"),
        ("Transaction Type", "Sales invoice", "Payment received"),
        ("Tipo de documento", "Factura", "Cobro"),
        ("Tipo", "Venta", "Pago"),
        ("Belegart", "Rechnung", "Zahlung"),
        ("Type de document", "Facture", "Règlement"),
        ("Tipo documento", "Fattura", "Incasso"),
        ("Type", "SI", "SR"),
        ("Document Type", "A/R Invoice", "Incoming Payment"),
        ("Belegart", "Rechnung", "Lieferschein"),
    ],
)
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_a_payment_beside_invoices_is_none(
    monkeypatch: pytest.MonkeyPatch, name: str, invoice: str, payment: str, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    got = with_kinds(name, payment, invoice, payment)
    assert [(row.code, row.row, row.column) for row in got.left_out] == [
        ("subtotal", 1, name),
        ("subtotal", 3, name),
    ]
    assert got.balance.amount == 11


def test_where_all_are_payments_they_are_the_sales() -> None:
    got = with_kinds("Event Type", "Payment", "Refund", "Payment")
    assert got.column("amount") == [10, -11, 12]


@pytest.mark.parametrize(
    ("name", "whole", "piece"),
    [
        ("Type", "Order", "Item"),
        ("Row type", "Order", "Order line"),
        ("Line Type", "Sale", "Sale Line"),
        ("Satzart", "Kopf", "Position"),
        ("Tipo de registro", "Cabecera", "Línea"),
        ("Record type", "H", "L"),
    ],
)
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_a_whole_order_does_not_count_beside_its_pieces(
    monkeypatch: pytest.MonkeyPatch, name: str, whole: str, piece: str, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    got = with_kinds(name, whole, piece, piece, whole, piece)
    assert [(row.code, row.row) for row in got.left_out] == [("subtotal", 1), ("subtotal", 4)]
    assert with_kinds(name, whole, whole).balance.accepted == 2


@pytest.mark.parametrize(
    ("name", "debit", "credit"), [("DR/CR", "DR", "CR"), ("Soll/Haben-Kennzeichen", "S", "H")]
)
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_of_debits_and_credits_nobody_knows_which_are_sales(
    monkeypatch: pytest.MonkeyPatch, name: str, debit: str, credit: str, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    assert with_kinds(name, debit, debit, "").balance.amount == 33
    got = with_kinds(name, debit, credit, "")
    assert [(row.code, row.row, row.column) for row in got.rejected] == [
        ("debit_or_credit", 1, name),
        ("debit_or_credit", 2, name),
    ]


@pytest.mark.parametrize("codes", [("SI", "SC", "SR"), ("FAC", "AVC", "REG"), ("INV", "CN", "PMT")])
def test_codes_say_something_beside_that_of_invoices(codes: tuple[str, str, str]) -> None:
    got = with_kinds("Type", *codes)
    assert got.column("amount") == [10, -11]
    assert [(row.code, row.row) for row in got.left_out] == [("subtotal", 3)]
    assert with_kinds("Type", "X", *codes[1:]).column("amount") == [10, 11, 12]
