"""What an export says of its rows itself: left out and counted apart, or a return."""

from collections import Counter
from decimal import Decimal
from unittest import mock

import pytest

from common import mending
from functions.ingest.reader import UnreadableFileError
from functions.ingest.reader.records import blocks
from functions.ingest.reader.refusal import Severity, severity
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "order id,date,customer,amount"


def with_sign(name: str, *said: str) -> Read:
    rows = [f"{i},2026-01-31,C{i},10.00,{text}" for i, text in enumerate(said)]
    return read(lines(*rows, header=f"{HEADER},{name}"))


def reasons(got: Read) -> Counter[str]:
    return Counter(row.code for row in got.rejected)


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("Status", "Voided", "voided"),
        ("Financial Status", "voided", "voided"),
        ("Estado del pedido", "ANULADO", "voided"),
        ("order_status", "canceled", "cancelled"),
        ("Estado", "Cancelada", "cancelled"),
        ("Statut", "Annulée", "cancelled"),
        ("Bestellstatus", "storniert", "cancelled"),
        ("Siparis Durumu", "İptal edildi", "cancelled"),
        ("注文ステータス", "キャンセル", "cancelled"),
        ("Status", "draft", "draft"),
        ("Estado", "Borrador", "draft"),
        ("Financial Status", "refunded", "refunded"),
        ("Line: Type", "Shipping Line", "shipping"),
        ("Tipo de línea", "Gastos de envío", "shipping"),
        ("Positionsart", "Versandkosten", "shipping"),
        ("Lineitem name", "Shipping", "shipping"),
        ("Cancelled", "TRUE", "cancelled"),
        ("Anulado", "Sí", "cancelled"),
        ("Cancelled at", "2026-02-01 10:00", "cancelled"),
        ("Order Payment State", "Refunded", "refunded"),
        ("Status", "failure", "cancelled"),
        ("Order Status", "Incomplete", "cancelled"),
        ("Status", "requires_payment_method", "draft"),
        ("Kind", "authorization", "draft"),
        ("会計ステータス", "会計取消", "cancelled"),
        ("取消区分", "取消", "cancelled"),
        ("Type", "Payout", "subtotal"),
        ("Estatus", "Cancelado", "cancelled"),
        ("Estado SAT", "Cancelado", "cancelled"),
        ("Cancelled", "2026-02-01", "cancelled"),
        ("Sipariş Durumu", "İptal Edilmiş", "cancelled"),
        ("Refunded", "FULL", "refunded"),
        ("Type", "stripe_fee", "subtotal"),
    ],
)
def test_what_the_export_leaves_out_is_counted_apart(name: str, said: str, code: str) -> None:
    got = with_sign(name, "paid" if "status" in name.lower() else "", said, "")
    assert [(row.code, row.row, row.column) for row in got.left_out] == [(code, 2, name)]
    assert got.rejected == []
    assert severity(code) is Severity.NOTE
    balance = got.balance
    assert (balance.rows_in, balance.accepted, balance.rejected, balance.left_out) == (3, 2, 0, 1)
    assert balance.amount == 20
    assert got.understanding.left_out == {code: 1}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Status", "completed"),
        ("Financial Status", "partially_paid"),
        ("Type", "Sale"),
        ("Cancelled", "FALSE"),
        ("Cancelled at", ""),
        ("Note", "cancelled"),
        ("Item", "Shipping"),
        ("Status", "Shipping"),
        ("Order type", "Delivery"),
        ("Tipo", "Envío"),
        ("Type", "Livraison"),
        ("State", "Void"),
        ("Customer state", "Deleted"),
    ],
)
def test_other_words_and_other_columns_leave_nothing_out(name: str, said: str) -> None:
    assert with_sign(name, said, "").balance.accepted == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Status", "Refund"),
        ("Event Type", "Refund"),
        ("Tipo de documento", "Devolución"),
        ("Belegart", "Gutschrift"),
        ("Type document", "Avoir"),
        ("Kind", "refund"),
        ("Doc. type", "A/R Credit Memo"),
        ("Tipo doc.", "Nota di credito"),
        ("Fiş Türü", "Perakende Satış İade Faturası"),  # noqa: RUF001
        ("Normal/İade", "İade"),
        ("Payment Type", "Refund"),
    ],
)
def test_a_word_makes_a_row_a_return(name: str, said: str) -> None:
    got = with_sign(name, "", said)
    assert got.column("kind") == ["sale", "return"]
    assert got.column("amount") == [Decimal(10), Decimal(-10)]
    assert got.balance.returns == 1


@pytest.mark.parametrize("name", ["Art", "Customer type", "Concepto", "Order State"])
def test_the_same_word_elsewhere_makes_none(name: str) -> None:
    assert with_sign(name, "", "Refund").balance.returns == 0


def test_what_a_document_is_stands_beside_its_folio() -> None:
    header = "folio,fecha,cliente,total,concepto"
    rows = ["1,2026-01-31,C1,10.00,Factura", "2,2026-01-31,C1,4.00,Nota de Crédito"]
    assert read(lines(*rows, header=header)).column("amount") == [10, -4]


def test_a_return_that_has_its_minus_keeps_it() -> None:
    header = "order id,date,customer,quantity,price,type"
    rows = ["1,2026-01-31,C1,2,5.00,sale", "2,2026-01-31,C1,-1,5.00,refund"]
    got = read(lines(*rows, "3,2026-01-31,C1,1,5.00,refund", header=header))
    assert got.column("quantity") == [2, -1, -1]
    assert got.column("amount") == [10, -5, -5]
    assert got.column("kind") == ["sale", "return", "return"]


def test_negative_numbers_are_returns() -> None:
    header = "invoice,date,customer,quantity,price"
    rows = ["1,2026-01-31,C1,2,5.00", "C2,2026-01-31,C1,-1,5.00", "3,2026-01-31,C1,-1,5.00"]
    got = read(lines(*rows, "4,2026-01-31,C1,1,-5.00", header=header))
    assert got.column("kind") == ["sale", "return", "return", "return"]


@pytest.mark.parametrize("orders", [("C1-000123", "C1-000124"), ("C1001", "C1002"), ("C1", "7")])
def test_a_number_of_an_order_alone_makes_no_return(orders: tuple[str, str]) -> None:
    rows = [f"{order},2026-01-31,C1,10.00" for order in orders]
    assert read(lines(*rows, header=HEADER)).column("kind") == ["sale", "sale"]


def test_a_discount_comes_back_with_all_of_a_cancelled_order_alone() -> None:
    rows = [
        *("1,2026-01-31,C1,Cap,5.00", "C1,2026-01-31,C1,Discount,-1.00"),
        *("C2,2026-01-31,C1,Cap,5.00", "C2,2026-01-31,C1,Discount,-1.00"),
    ]
    got = read(lines(*rows, header="order id,date,customer,product,amount"))
    assert got.column("kind") == ["sale", "return", "sale", "sale"]


SHOPIFY = "Name,Email,Financial Status,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at"
ORDERS = [
    "#1,a@mail.example,voided,15.00,2026-01-31,2,Shirt,5.00,",
    "#1,a@mail.example,,,2026-01-31,1,Cap,5.00,",
    "#1,a@mail.example,,,2026-01-31,1,Sock,5.00,",
    "#2,b@mail.example,paid,5.00,2026-01-31,1,Cap,5.00,",
    "#3,b@mail.example,paid,9.00,2026-01-31,1,Cap,5.00,2026-02-01",
    "#3,b@mail.example,,,2026-01-31,1,Sock,4.00,",
    "#4,b@mail.example,,9.00,2026-01-31,1,Sock,9.00,",
]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_all_lines_of_an_order_stand_as_its_first_one_says(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*ORDERS, header=SHOPIFY))
    assert [(row.code, row.row) for row in got.left_out] == [
        *(("voided", 1), ("voided", 2), ("voided", 3)),
        *(("cancelled", 5), ("cancelled", 6)),
    ]
    assert got.column("order_id") == ["#2", "#4"]
    assert got.balance.amount == 14


def test_what_is_said_of_a_line_holds_for_that_line_alone() -> None:
    rows = ["1,2026-01-31,C1,10.00,cancelled", "1,2026-01-31,C1,5.00,"]
    assert read(lines(*rows, header=f"{HEADER},line status")).balance.amount == 5


def test_rows_without_an_order_do_not_stand_as_the_row_above() -> None:
    rows = [",2026-01-31,C1,10.00,cancelled", ",2026-01-31,C2,10.00,"]
    assert read(lines(*rows, header=f"{HEADER},status")).column("customer_id") == ["C2"]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_damaged_line_does_not_hide_what_the_order_says(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(ORDERS[0], "#1,damaged", *ORDERS[2:], header=SHOPIFY))
    assert [(row.code, row.row) for row in got.rejected] == [("missing_cell", 2)]
    assert [(row.code, row.row) for row in got.left_out] == [
        *(("voided", 1), ("voided", 3)),
        *(("cancelled", 5), ("cancelled", 6)),
    ]


def test_left_out_rows_never_refuse_a_file() -> None:
    row = "1,2026-01-31,C1,10.00,cancelled"
    got = read(lines(*[row] * 300, header=f"{HEADER},status"))
    assert (got.balance.accepted, got.balance.left_out) == (0, 300)
    bad = "2,2026-01-31,C1,ten,"
    good = "3,2026-01-31,C1,10.00,"
    got = read(lines(*[row] * 300, *[bad] * 100, good, header=f"{HEADER},status"))
    assert reasons(got) == {"bad_number": 100}
    assert got.understanding.left_out == {"cancelled": 300}
    assert (got.balance.rejected, got.balance.left_out) == (100, 300)


def test_an_example_of_what_is_wrong_is_no_left_out_row() -> None:
    row = "1,2026-01-31,C1,10.00,cancelled"
    with pytest.raises(UnreadableFileError) as refused:
        read(lines(row, "2,2026-01-31,C1,ten,", header=f"{HEADER},status"))
    assert refused.value.params["example"]["code"] == "bad_number"
    assert refused.value.params["reasons"] == [{"code": "bad_number", "rows": 1}]
    assert (refused.value.params["rejected"], refused.value.params["rows"]) == (1, 2)


def test_a_left_out_row_may_lack_what_others_need() -> None:
    got = read(lines("1,,C1,,draft", "2,2026-01-31,C1,5.00,", header=f"{HEADER},status"))
    assert (reasons(got), got.understanding.left_out) == ({}, {"draft": 1})


# --- lines of totals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "total",
    [
        *(
            "2026-01-31,Total,,,10.00",
            "2026-01-31,,Subtotal,,10.00",
            "2026-01-31,,,TOTAL DIA,10.00",
        ),
        *("2026-01-31,,,Total 31/01/2026:,10.00", "2026-01-31,,Zwischensumme,,10.00"),
        *(",,Total Ana López,,10.00", ",TOTAL GENERAL,,,10.00", "2026-01-31,,,合計,10.00"),
    ],
)
def test_a_line_of_totals_between_the_rows_is_left_out(total: str) -> None:
    rows = ["2026-01-31,1,C1,Cap,4.00", "2026-01-31,2,C2,Cap,6.00"]
    got = read(lines(*rows, total, *rows, header="date,order id,customer,product,amount"))
    assert [(row.code, row.line) for row in got.left_out] == [("subtotal", 4)]
    assert (got.balance.accepted, got.balance.rejected, got.balance.amount) == (4, 0, 20)


@pytest.mark.parametrize(
    "row",
    [
        *(
            "2026-01-31,3,Total,Fuel,5.00",
            "2026-01-31,3,,Total,5.00",
            "2026-01-31,,,Total cereal,5.00",
        ),
        *("2026-01-31,,C3,Total,5.00", "2026-01-31,,Totalia,Cap,5.00", "2026-01-31,,,Summer,5.00"),
    ],
)
def test_who_or_what_is_called_total_is_sold(row: str) -> None:
    rows = ["2026-01-31,1,C1,Cap,4.00", "2026-01-31,2,C2,Cap,6.00"]
    got = read(lines(*rows, row, *rows, header="date,order id,customer,product,amount"))
    assert got.balance.accepted == 5


def test_totals_are_told_without_numbers_of_orders() -> None:
    rows = ["C1,2026-01-31,4.00", "Subtotal,2026-01-31,4.00", "C2,2026-02-01,6.00"]
    got = read(lines(*rows, header="customer,date,amount"))
    assert (got.balance.amount, got.understanding.left_out) == (10, {"subtotal": 1})


def test_a_sale_and_its_payment_do_not_count_beside_its_lines() -> None:
    header = "Date,Receipt Number,Line Type,Customer Code,Quantity,Total,Paid"
    rows = [
        *("2026-01-31,1,Sale,C1,3,10.00,10.00", "2026-01-31,1,Sale Line,,2,6.00,"),
        *("2026-01-31,1,Sale Line,,1,4.00,", "2026-01-31,1,Payment,,,10.00,10.00"),
    ]
    got = read(lines(*rows, header=header))
    assert got.column("customer_id") == ["C1", "C1"]
    assert (got.balance.amount, got.understanding.left_out) == (10, {"subtotal": 2})
    alone = read(lines("2026-01-31,1,Sale,C1,3,10.00,10.00", header=header))
    assert alone.balance.amount == 10


# --- what an order's first line says ---------------------------------------------------------

MERGED = "order id,date,customer,product,amount"


def test_the_customer_and_the_date_of_an_order_hold_for_all_its_lines() -> None:
    rows = ["1,2026-01-31,C1,Cap,4.00", "1,,,Bag,5.00", "2,2026-02-01,,Cap,6.00", "2,,,Bag,1.00"]
    got = read(lines(*rows, ",2026-02-02,,Pin,2.00", header=MERGED))
    assert got.column("customer_id") == ["C1", "C1", None, None, None]
    assert [day.day for day in got.column("ordered_at")] == [31, 31, 1, 1, 2]
    assert got.balance.rejected == 0


def test_an_order_goes_on_in_the_next_block(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ["1,2026-01-31,C1,Cap,4.00", *["1,,,Bag,5.00"] * 60, "2,,,Bag,5.00"]
    content = lines(*rows, header=MERGED)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 256)
    got = read(content)
    assert len(got.batches) > 2
    assert got.column("customer_id") == ["C1"] * 61
    assert got.faults() == [("empty_cell", 62, 63, "date")]


@pytest.mark.parametrize("sign", ["-", "0", "N/A"])
@pytest.mark.parametrize("batch_rows", [1, 100])
def test_rows_with_a_sign_for_no_order_are_not_of_one(sign: str, batch_rows: int) -> None:
    rows = [f"{sign},2026-01-31,C1,5.50", f"{sign},2026-01-31,,4.50", "7,2026-01-31,C2,1.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, "7,2026-01-31,,2.00", header=HEADER))
    assert got.column("customer_id") == ["C1", None, "C2", "C2"]


def test_a_column_that_is_the_same_for_several_customers_names_no_orders() -> None:
    rows = [
        "SALE,2026-01-31,C1,Cap,4.00",
        "SALE,2026-01-31,,Bag,5.00",
        "SALE,2026-01-31,C2,Cap,6.00",
    ]
    got = read(lines(*rows, header=MERGED.replace("order id", "operation no")))
    assert "order_id" not in got.understanding.mapping
    got = read(lines(*rows, "SALE,2026-01-31,,Cap,1.00", header=MERGED))
    assert got.column("customer_id") == ["C1", None, "C2", None]


AGAIN = [
    *("1,2026-01-31,C1,5.00,voided", "1,2026-01-31,,1.00,", "1,2026-02-01,C2,4.00,"),
    *("1,2026-02-01,,2.00,", "1,2026-02-01,C3,3.00,voided", "1,2026-02-01,C3,3.00,"),
    *("2,2026-02-01,C3,1.50,", "0,2026-02-01,C1,1.00,voided", "0,2026-02-01,C2,1.00,"),
    *("0,2026-02-01,C2,1.00,voided", "0,2026-02-01,C2,1.00,"),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_what_an_order_says_is_not_said_of_another_customers_with_its_number(
    batch_rows: int,
) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*AGAIN, header=f"{HEADER},status"))
    assert [row.row for row in got.left_out] == [1, 2, 5, 6, 8, 10]
    assert got.balance.amount == Decimal("9.50")


ODOO = "Order Reference,Customer,Order Date,Order Lines/Product,Order Lines/Subtotal,Status"
ODOO_ROWS = [
    *("S1,Ana,2026-01-31 10:00:00,Cap,4.00,sale", ",,,Bag,5.00,", ",,,Printed shirt,6.00,"),
    *("S2,Eva,2026-02-01 09:00:00,Cap,4.00,cancel", ",,,Bag,5.00,", "S3,,2026-02-02,Pin,1.00,sale"),
    *(",,,Cap,4.00,", ",,,Printed shirt,6.00,"),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_lines_that_name_only_what_was_bought_are_of_the_order_above(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*ODOO_ROWS, header=ODOO).replace("cancel", "cancelled"))
    assert got.column("order_id") == ["S1"] * 3 + ["S3"] * 3
    assert got.column("customer_id") == ["Ana"] * 3 + [None] * 3
    assert [day.day for day in got.column("ordered_at")] == [31] * 3 + [2] * 3
    assert [(row.code, row.row) for row in got.left_out] == [("cancelled", 4), ("cancelled", 5)]
    assert (got.balance.amount, got.balance.rejected) == (26, 0)
    assert got.understanding.furniture == ()


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize(
    ("above", "code"),
    [
        ("S2,damaged", "missing_cell"),
        (",Eva,2026-02-01,Cap,4.00,", None),
        (",,,,9.00,", "empty_cell"),
    ],
)
def test_below_a_row_without_an_order_nobody_knows_whose_lines_they_are(
    above: str, code: str | None, batch_rows: int
) -> None:
    rows = [ODOO_ROWS[0], above, ",,,Bag,5.00,", ",,,Pin,5.00,", "S3,Eva,2026-02-01,Pin,1.00,"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=ODOO))
    wanted = [("empty_cell", 3), ("empty_cell", 4)]
    assert [(row.code, row.row) for row in got.rejected] == ([(code, 2)] if code else []) + wanted


def test_totals_are_no_lines_of_the_order_above() -> None:
    rows = [*ODOO_ROWS[:2], ",,,Total,9.00,", *ODOO_ROWS[5:7], ",,,Total S3,5.00,"]
    got = read(lines(*rows, header=ODOO))
    assert got.balance.amount == 14
    assert [(row.code, row.row) for row in got.left_out] == [("subtotal", 3)]
    assert [each.kind for each in got.understanding.furniture] == ["total"]


def test_mended_rows_are_of_no_order_above() -> None:
    header = f"{','.join(mending.COLUMNS)},{ODOO}"
    aside = "," * len(mending.COLUMNS)
    got = read(lines(*(aside + row for row in ODOO_ROWS[:2]), header=header))
    assert [(row.code, row.row) for row in got.rejected] == [("empty_cell", 2)]


def test_a_total_in_an_orders_first_line_alone_is_none_of_its_lines() -> None:
    header = "Order Reference,Customer,Order Date,Product,Quantity,Unit Price,Total"
    rows = [f"S{i},Ana,2026-01-31,Cap,1,4.00,10.00\n,,,Bag,2,3.00," for i in range(3)]
    got = read(lines(*rows, header=header))
    assert "amount" not in got.understanding.mapping
    assert got.column("amount") == [4, 6] * 3


FIRST_LINES = [
    *("1,2026-01-31,C1,Cap,4.00", ",2026-01-31,,Bag,5.00", ",2026-01-31,,Pin,1.00"),
    *("2,2026-01-31,C2,Cap,4.00", "3,2026-02-01,,Bag,5.00", ",2026-02-01,,Pin,1.00"),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_dated_lines_are_of_the_order_above_where_only_first_lines_name_it(batch_rows: int) -> None:
    other_day = [",2026-02-02,,Cap,4.00", ",2026-02-02,,Pin,1.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*FIRST_LINES, *other_day, header=MERGED))
    assert got.column("order_id") == ["1", "1", "1", "2", "3", "3", None, None]
    assert got.column("customer_id") == ["C1", "C1", "C1", "C2", None, None, None, None]
    assert got.balance.rejected == 0


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
@pytest.mark.parametrize(
    "more",
    [
        ["4,2026-02-01,C4,Cap,4.00", "4,2026-02-01,C4,Bag,4.00"],  # all lines name their order
        ["4,2026-02-01,C4,Cap,4.00", "4,damaged"],
    ],
)
def test_dated_lines_are_sales_of_their_own_where_all_lines_name_their_order(
    more: list[str], batch_rows: int
) -> None:
    rows = [*FIRST_LINES, *more, "4,2026-02-01,C4,Pin,4.00", "4,2026-02-01,C4,Pin,4.00"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=MERGED))
    assert got.column("order_id")[:6] == ["1", None, None, "2", "3", None]
    assert got.column("customer_id")[:3] == ["C1", None, None]


def test_a_line_without_a_product_or_with_a_customer_is_none_of_the_order_above() -> None:
    rows = [FIRST_LINES[0], ",2026-01-31,,,5.00", ",2026-01-31,C2,Bag,5.00"]
    assert read(lines(*rows, header=MERGED)).column("order_id") == ["1", None, None]


# --- marks and signs of returns --------------------------------------------------------------


def test_a_mark_makes_a_return_or_leaves_a_refunded_row_out() -> None:
    assert with_sign("Returned", "0", "1", "2").balance.accepted == 3
    assert with_sign("is_return", "0", "1", "true").column("amount") == [10, -10, -10]
    assert with_sign("Refunded", "FALSE", "TRUE").understanding.left_out == {"refunded": 1}


@pytest.mark.parametrize(
    "name", ["Refunded?", "Is Refunded", "Returned", "Devuelto", "Reembolsado", "Refunded"]
)
@pytest.mark.parametrize("marks", [("0", "1"), ("", "1"), ("No", "Yes")])
def test_a_mark_on_the_only_row_of_an_order_leaves_it_out(
    name: str, marks: tuple[str, str]
) -> None:
    got = with_sign(name, *marks)
    assert (got.balance.amount, got.understanding.left_out) == (10, {"refunded": 1})


def test_a_one_may_be_an_amount_or_a_piece() -> None:
    rows = ["1,2026-01-31,C1,10,0", "2,2026-01-31,C1,20,1"]
    got = read(lines(*rows, header=f"{HEADER},refunded"))
    assert reasons(got) == {"unclear_refund": 1}
    header = "order id,date,customer,quantity,amount,returned"
    rows = ["1,2026-01-31,C1,2,10.00,0", "2,2026-01-31,C1,2,20.00,1"]
    assert read(lines(*rows, header=header)).balance.amount == 30


CAME_BACK = ["Returned", "Devuelto", "Retourniert", "Retourné", "Devolvido", "İade", "返品済み"]


@pytest.mark.parametrize("said", [*CAME_BACK, "返品受付", "Returned to sender"])
def test_an_order_that_came_back_and_has_no_other_row_is_left_out(said: str) -> None:
    got = with_sign("Order Status", "Completed", said)
    assert (got.balance.amount, got.understanding.left_out) == (10, {"refunded": 1})


@pytest.mark.parametrize("name", ["status", "returned"])
@pytest.mark.parametrize("batch_rows", [2, 100])
def test_beside_its_sale_what_came_back_is_a_return(name: str, batch_rows: int) -> None:
    said = {"status": "returned", "returned": "yes"}[name]
    rows = ["1,2026-01-31,C1,10.00,", f"1,2026-02-01,C1,10.00,{said}", "2,2026-02-01,C1,5.00,"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=f"{HEADER},{name}"))
    assert got.column("amount") == [10, -10, 5]


def test_what_came_back_and_has_its_minus_is_a_return() -> None:
    rows = ["1,2026-01-31,C1,10.00,paid", "2,2026-02-01,C1,-4.00,returned"]
    assert read(lines(*rows, header=f"{HEADER},status")).column("amount") == [10, -4]
    rows = ["1,2026-01-31,C1,1,10.00,paid", "2,2026-02-01,C1,-1,4.00,returned"]
    header = "order id,date,customer,quantity,amount,status"
    assert read(lines(*rows, header=header)).column("amount") == [10, -4]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        *((said, "cancelled") for said in ("Cancelled - out of stock", "Auto-cancelled")),
        *((said, "cancelled") for said in ("Pedido cancelado pelo cliente", "Cancelaste la venta")),
        *((said, "cancelled") for said in ("Storniert am 13.01.2026", "Error en pago")),
        *((said, "cancelled") for said in ("İptal Edildi - Stok yok", "Payment expired")),
        *((said, "cancelled") for said in ("キャンセル確定", "注文取消", "No stock - cancelled")),
        *((said, "voided") for said in ("Anulado por TPV", "ANULADA - error cajero")),
        *((said, "voided") for said in ("Annullato dal cliente", "Void - mistake")),
        *((said, "refunded") for said in ("Refund issued", "Closed - refunded")),
    ],
)
def test_a_status_may_say_more_than_its_word(said: str, code: str) -> None:
    assert with_sign("Status", "Paid", said).understanding.left_out == {code: 1}


@pytest.mark.parametrize(
    "said",
    [
        *("Not cancelled", "No anulado", "Nicht storniert", "Non annulé", "Cancelled: no"),
        *("Cancellation refused", "Canceled reversal", "Cancelled return request"),
        *("To be cancelled if unpaid", "Partially cancelled", "1 item cancelled"),
        *("İptal talebi reddedildi", "キャンセル不可", "一部キャンセル", "未取消", "Not returned"),
    ],
)
def test_a_status_that_says_the_opposite_or_of_something_else_sells(said: str) -> None:
    assert with_sign("Status", "Paid", said).balance.amount == 20


def test_more_words_say_it_in_a_status_alone() -> None:
    assert with_sign("Type", "Sale", "Cancelled - out of stock").balance.accepted == 2


@pytest.mark.parametrize("said", ["wc-failed", "Declined", "Rechazado", "Fehlgeschlagen"])
def test_an_order_that_was_never_paid_is_no_purchase(said: str) -> None:
    assert with_sign("Status", "wc-completed", said).understanding.left_out == {"cancelled": 1}


def test_an_amount_follows_the_minus_of_its_quantity() -> None:
    rows = ["1,2026-01-31,C1,2,10.00", "2,2026-01-31,C1,-1,5.00", "3,2026-01-31,C1,-1,-5.00"]
    got = read(lines(*rows, header="order id,date,customer,quantity,amount"))
    assert got.column("amount") == [10, -5, -5]
    assert got.balance.returns == 2
    both = read(lines("1,2026-01-31,C1,-1,-5.00", header="order id,date,customer,quantity,price"))
    assert both.column("amount") == [-5]


@pytest.mark.parametrize(
    ("name", "said", "code"),
    [
        ("Status", "Cancelled by customer", "cancelled"),
        ("Estado", "Pedido cancelado", "cancelled"),
        ("Bestellstatus", "Bestellung abgebrochen", "cancelled"),
        ("Status", "Expired", "cancelled"),
        ("Tipo documento", "Factura proforma", "draft"),
        ("Type", "Estimate", "draft"),
        ("Status", "Chargeback", "refunded"),
    ],
)
def test_a_word_among_words_that_say_of_what_is_understood(name: str, said: str, code: str) -> None:
    assert with_sign(name, "", said).understanding.left_out == {code: 1}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Type", "Credit Memo"),
        ("Tipo comprobante", "Nota de Crédito B"),
        ("Tipo documento", "Factura rectificativa"),
        ("Belegart", "Rechnungskorrektur"),
    ],
)
def test_documents_that_give_money_back_are_returns(name: str, said: str) -> None:
    assert with_sign(name, "", said).column("amount") == [10, -10]


@pytest.mark.parametrize(
    "said", ["not cancelled", "Return requested", "Partially paid", "No devuelto", "Order", "B"]
)
def test_a_word_among_others_says_nothing(said: str) -> None:
    got = with_sign("Status", "paid", said)
    assert (got.balance.accepted, got.balance.returns) == (2, 0)
