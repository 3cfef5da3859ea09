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


@pytest.mark.parametrize(
    ("invoice", "other"),
    [
        *(("Rechnung", "Auftrag"), ("Factura", "Pedido"), ("Invoice", "Sales Order")),
        *(("Facture", "Bon de commande"), ("Fattura", "Ordine cliente"), ("Factura", "Albarán")),
        *(("Factura A", "Remito"), ("Invoice", "Item Fulfillment"), ("Factura", "Recibo")),
        *(("Satış Faturası", "Satış İrsaliyesi"), ("Satış Faturası", "Satınalma Faturası")),  # noqa: RUF001
        *(("Sales", "Receipt"), ("Venta", "Compra"), ("Sale", "Purchase"), ("Invoice", "Bill")),
        *(("Invoice", "Expense"), ("Ingreso", "Gasto"), ("Einnahme", "Ausgabe")),
        *(("収入", "支出"), ("売上", "仕入")),
    ],
)
def test_beside_sales_what_is_none_is_left_out(invoice: str, other: str) -> None:
    got = with_kinds("Type", other, invoice, other)
    assert (got.balance.amount, got.understanding.left_out) == (11, {"subtotal": 2})


@pytest.mark.parametrize("kind", ["Pedido", "Albarán", "Purchase", "Recibo", "Receipt", "Compra"])
def test_where_no_other_is_the_sale_it_is_one(kind: str) -> None:
    assert with_kinds("Type", kind, kind).balance.amount == 21
    assert with_kinds("Type", kind, "Refund").column("amount") == [10, -11]


def test_an_order_beside_sales_that_are_no_invoices_is_a_sale() -> None:
    assert with_kinds("Type", "Order", "Sale").balance.accepted == 2


def test_the_reversal_of_an_invoice_is_a_return() -> None:
    assert with_kinds("Belegart", "Rechnung", "Stornorechnung").column("amount") == [10, -11]


NAMES = ["Documento", "Comprobante", "Vorgang", "Beleg", "Transaction", "Operación", "xyz"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_a_column_of_nothing_but_kinds_is_one_by_any_name(
    monkeypatch: pytest.MonkeyPatch, name: str, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    rows = ["1,C1,10.00,Factura", "2,C2,11.00,Nota de crédito", "3,C1,12.00,", "4,C1,9.00,Cobro"]
    header = f"date,number,customer,amount,{name}"
    got = read(lines(*(f"2026-01-31,{row}" for row in rows), header=header))
    assert got.column("amount") == [10, -11, 12]
    assert got.understanding.left_out == {"subtotal": 1}


@pytest.mark.parametrize("said", ["Gorra", "Factura 7", "x"])
def test_a_column_that_says_anything_else_is_none(said: str) -> None:
    assert with_kinds("xyz", "Factura", "Devolución", said).column("amount") == [10, 11, 12]


def test_a_column_of_one_kind_says_nothing_under_another_name() -> None:
    assert with_kinds("xyz", "Devolución", "Devolución").balance.amount == 21
