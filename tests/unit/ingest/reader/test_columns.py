"""Which column is which: by known names, mistyped ones whose values fit, and otherwise a question."""

import csv
import re
from datetime import datetime
from decimal import Decimal

import pytest

from common.texts import LANGUAGES, say
from functions.ingest.reader import FormatProfile, OpenQuestionError
from functions.ingest.reader.columns.mapping import SURE, map_columns
from functions.ingest.reader.records import blocks
from functions.ingest.reader.words.header_names import known, similar
from tests.unit.ingest.reader.files import REAL_FILES, lines, read, refusal

pytestmark = pytest.mark.unit

SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,"
    "Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
    "Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status,Billing Name,"
    "Billing Phone,Shipping Name,Notes,Cancelled at,Payment Method,Refunded Amount,Vendor,Employee,"
    "Location,Id,Tags,Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number"
)
SQUARE_ITEMS = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,"
    "Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,"
    "Dining Option,Customer ID,Customer Name,Customer Reference ID,Unit,Count,GTIN,Itemization Type,"
    "Commission,Employee,Fulfillment Note,Channel,Token,Card Brand,PAN Suffix"
)
SQUARE_TRANSACTIONS = (
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,"
    "Partial Refunds,Total Collected,Source,Card,Cash,Fees,Net Total,Transaction ID,Payment ID,"
    "Device Name,Staff Name,Staff ID,Details,Description,Event Type,Location,Customer ID,"
    "Customer Name,Customer Reference ID,Deposit ID,Deposit Date,Transaction Status"
)
FRENCH_TILL = (
    "N° Carte fidélité;N° Facture client;Dépôt;Date facture;N° Produit;Quantité unitaire;"
    "Prix vente net"
)
VENDORS = {
    "shopify": (
        SHOPIFY.split(","),
        {
            "customer_id": "Email",
            "ordered_at": "Created at",
            "order_id": "Name",
            "branch": "Location",
            "product_id": "Lineitem sku",
            "product": "Lineitem name",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "currency": "Currency",
        },
    ),
    "square items": (
        SQUARE_ITEMS.split(","),
        {
            "customer_id": "Customer ID",
            "ordered_at": "Date",
            "order_id": "Transaction ID",
            "branch": "Location",
            "product_id": "SKU",
            "product": "Item",
            "quantity": "Qty",
            "amount": "Net Sales",
        },
    ),
    "square transactions": (
        SQUARE_TRANSACTIONS.split(","),
        {
            "customer_id": "Customer ID",
            "ordered_at": "Date",
            "order_id": "Transaction ID",
            "branch": "Location",
            "product": "Description",
            "amount": "Net Sales",
        },
    ),
    "french till": (
        FRENCH_TILL.split(";"),
        {
            "customer_id": "N° Carte fidélité",
            "ordered_at": "Date facture",
            "order_id": "N° Facture client",
            "branch": "Dépôt",
            "product_id": "N° Produit",
            "quantity": "Quantité unitaire",
            "unit_price": "Prix vente net",
        },
    ),
}


def named(header: list[str]) -> dict[str, str]:
    mapped = map_columns(header)
    assert all(mapped.confidence[column] >= SURE for column in mapped.columns)
    return {column: header[index] for column, index in mapped.columns.items()}


@pytest.mark.parametrize("vendor", VENDORS)
def test_headers_of_vendors_are_mapped(vendor: str) -> None:
    header, wanted = VENDORS[vendor]
    assert named(header) == wanted


@pytest.mark.skipif(not REAL_FILES.exists(), reason="the folder of real files is absent")
def test_real_headers_of_vendors_are_mapped() -> None:
    folder = REAL_FILES / "vendor_headers"
    shopify = (folder / "shopify_orders_header.csv").read_text("utf-8").strip().split(",")
    page = (folder / "vendor_export_headers.md").read_text("utf-8")
    square = [line.strip().split(",") for line in re.findall(r"^ +Date,.*$", page, re.MULTILINE)]
    [french] = re.findall(r"^ *N°.*;.*$", page, re.MULTILINE)
    with (REAL_FILES / "square/square_example.csv").open(encoding="utf-8", newline="") as file:
        square.append(next(csv.reader(file)))
    assert named(shopify) == VENDORS["shopify"][1]
    assert named(square[0]) == VENDORS["square items"][1]
    assert [named(each) for each in square[1:]] == [VENDORS["square transactions"][1]] * 2
    assert named(french.strip().split(";")) == VENDORS["french till"][1]


# --- mistyped names -------------------------------------------------------------------------

ROWS = ["C1,2026-01-31,9.50,x", "C2,2026-02-01,3.25,y", "C1,2026-02-02,1.00,x"]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("custmer id,date,amount,note", "customer_id"),
        ("Custommer_ID,date,amount,note", "customer_id"),
        ("client,Fehca de compra,amount,note", "ordered_at"),
        ("client,date,Imorte total,note", "amount"),
        ("Kundennumer,date,amount,note", "customer_id"),
    ],
)
def test_a_mistyped_name_whose_values_fit_is_taken(header: str, column: str) -> None:
    got = read(lines(*ROWS, header=header))
    assert got.balance.accepted == 3
    assert got.understanding.mapping_settled_by[column] == "similar"
    assert SURE <= got.understanding.mapping_confidence[column] < 1


def test_a_mistyped_name_whose_values_do_not_fit_is_not_taken() -> None:
    with pytest.raises(OpenQuestionError) as asked:
        read(lines(*ROWS, header="client,note,amount,dates"))
    assert asked.value.params["columns"] == ["note"]


@pytest.mark.parametrize(
    "name",
    [
        *("Customer age", "Customer type", "Product cost", "Fecha nacimiento", "Fecha vencimiento"),
        *("Score", "Stores", "Market", "Agente", "Marke", "Imposto", "Rentas", "Ship date"),
        *("Customers", "Clientes", "Nº clientes", "Kunden", "Clienti", "Tickets", "Products"),
        *("Discount", "Descuento", "Unit cost", "Tax amount", "Row ID", "Amount due", "Sales rep"),
    ],
)
def test_other_names_are_not_taken_for_mistyped_ones(name: str) -> None:
    assert known(name) is None
    assert similar(name) is None


def test_a_known_name_is_surer_where_its_values_fit() -> None:
    sure = read(lines(*ROWS, header="customer,date,amount,note")).understanding.mapping_confidence
    assert sure == {"customer_id": 0.99, "ordered_at": 0.99, "amount": 0.99}


def test_an_empty_name_is_no_column_of_ours() -> None:
    with pytest.raises(OpenQuestionError):
        read(lines(*ROWS, header="customer,,amount,note"))


# --- questions ------------------------------------------------------------------------------


def question(content: str) -> OpenQuestionError:
    with pytest.raises(OpenQuestionError) as asked:
        read(content)
    for language in LANGUAGES:
        assert say(asked.value.code, asked.value.params, language=language)
    return asked.value


def test_what_only_values_suggest_is_asked_with_samples() -> None:
    asked = question(lines(*ROWS, header="kd,date,amount,note"))
    assert asked.code == "customer_column"
    assert asked.params == {"candidates": ["kd (C1; C2)"], "columns": ["kd"]}
    asked = question(lines(*ROWS, header="customer,wann,amount,note"))
    assert (asked.code, asked.params["columns"]) == ("date_column", ["wann"])
    asked = question(lines(*ROWS, header="customer,date,x17,note"))
    assert (asked.code, asked.params["columns"]) == ("money_column", ["x17"])


def test_a_part_of_a_name_is_asked_before_what_values_suggest() -> None:
    rows = ["K7001,C1,2026-01-31,9.50", "K7002,C2,2026-02-01,3.25", "K7001,C1,2026-02-02,1.00"]
    asked = question(lines(*rows, header="kd,erp customer number,date,amount"))
    assert asked.params["columns"] == ["erp customer number", "kd"]


def test_nothing_is_asked_of_a_file_that_an_answer_does_not_save() -> None:
    content = lines("C1,O1,9.50", "C2,O2,3.25", "C1,O3,1.25", header="kd,order id,amount")
    assert refusal(content).code == "no_date"


def test_persons_are_not_named_in_a_question() -> None:
    rows = [f"{name}@mail.example,2026-01-31,9.50" for name in ("ana", "eva", "ana")]
    assert question(lines(*rows, header="wer,date,amount")).params["candidates"] == [
        "wer (xxx@xxxx.xxxxxxx)"
    ]


def test_two_mistyped_names_are_asked() -> None:
    rows = ["C1,2026-01-31,9.50,1.00", "C2,2026-02-01,3.25,2.00"]
    asked = question(lines(*rows, header="customer,date,importe1,importe2"))
    assert asked.params["columns"] == ["importe1", "importe2"]


def test_what_was_said_for_the_branch_is_taken() -> None:
    profile = FormatProfile(columns={"customer_id": "kd", "amount": "no such column"})
    got = read(lines(*ROWS, header="kd,date,amount,note"), profile=profile)
    assert got.column("customer_id") == ["C1", "C2", "C1"]
    assert got.understanding.mapping_settled_by["customer_id"] == "profile"
    assert got.understanding.mapping_settled_by["amount"] == "name"


# --- which money ----------------------------------------------------------------------------


def test_price_times_quantity_of_a_line_counts_rather_than_a_total_of_its_order() -> None:
    header = "order id,customer,date,quantity,price,order total"
    repeated = [
        *("1,C1,2026-01-31,2,5.00,13.00", "1,C1,2026-01-31,1,3.00,13.00"),
        *("2,C2,2026-01-31,1,4.00,9.00", "2,C2,2026-01-31,1,5.00,9.00"),
    ]
    assert read(lines(*repeated, header=header)).balance.amount == 22
    once = [row if i % 2 == 0 else row.rsplit(",", 1)[0] + "," for i, row in enumerate(repeated)]
    assert read(lines(*once, header=header)).balance.amount == 22


def test_a_shopify_export_counts_its_lines() -> None:
    header = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at"
    rows = [
        "#1001,ana@mail.example,paid,EUR,15.00,2026-01-31 10:00:00,2,Shirt,5.00,",
        "#1001,ana@mail.example,,,,2026-01-31 10:00:00,1,Cap,5.00,",
        "#1002,eva@mail.example,paid,EUR,5.00,2026-02-01 10:00:00,1,Cap,5.00,",
    ]
    got = read(lines(*rows, header=header))
    assert got.balance.amount == 20
    assert got.column("order_id") == ["#1001", "#1001", "#1002"]
    assert got.column("ordered_at")[0] == datetime(2026, 1, 31, 10)
    assert got.column("amount") == [Decimal(10), Decimal(5), Decimal(5)]


def test_of_two_columns_with_one_name_the_filled_one_counts() -> None:
    rows = ["C1,2026-01-31,,9.50", "C2,2026-02-01,,3.25"]
    assert read(lines(*rows, header="customer,date,amount,amount")).balance.amount == Decimal(
        "12.75"
    )


# --- names that say more, or say it in two languages ----------------------------------------


def mapped(header: str, *rows: str) -> dict[str, str]:
    return dict(read(lines(*rows, header=header)).understanding.mapping)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        *(("Sale #", "order_id"), ("# Items", "quantity"), ("Customer #", "customer_id")),
        *(("Total EUR", "amount"), ("Betrag in EUR", "amount"), ("total_usd", "amount")),
        *(("Preis EUR", "unit_price"), ("Customer EUR", None), ("Sale TRY", "amount")),
        *(("orderdate", "ordered_at"), ("fechapedido", "ordered_at"), ("importetotal", "amount")),
        *(("Amount (net)", "amount"), ("Total (units)", "quantity"), ("Total (€)", "amount")),
        *(("Amount (cents)", None), ("Umsatz (T€)", None), ("Importe (miles)", None)),
        *(("Customer (Miles)", "customer_id"), ("Quantity (thousands)", None)),
    ],
)
def test_signs_codes_and_brackets_are_a_part_of_a_name(name: str, column: str | None) -> None:
    found = known(name)
    assert (found and found[0]) == column
    assert column or similar(name) is None


@pytest.mark.parametrize(
    ("header", "row", "column", "wanted"),
    [
        ("Kundennummer,E-Mail,Datum,Betrag", "7,a@x.de,2026-01-31,5.50", "customer_id", 0),
        ("Müşteri No,Telefon,Tarih,Tutar", "7,555 123,2026-01-31,5.50", "customer_id", 0),
        ("会員番号,Email,日付,金額", "7,a@x.jp,2026-01-31,5.50", "customer_id", 0),
        ("Fecha,Cliente,Importe línea,Total", "2026-01-31,7,5.50,9.00", "amount", 2),
        ("Date,Client,Montant ligne,Total", "2026-01-31,7,5.50,9.00", "amount", 2),
        ("Date,Customer,Total,Amount paid", "2026-01-31,7,5.50,10.00", "amount", 2),
        ("Date,Payment date,Customer,Total", "2026-01-31,2026-02-05,7,5.50", "ordered_at", 0),
        ("Erstellt am,Datum,Kunde,Betrag", "2026-02-05,2026-01-31,7,5.50", "ordered_at", 1),
        ("Date,Customer,Qty,Retail price,Price", "2026-01-31,7,1,9.00,5.50", "unit_price", 4),
        ("Date (delivery),Date (order),Customer,Total", "2026-02-05,2026-01-31,7,5.50", "ordered_at", 1),
        ("Date,Customer,Total (tax),Total", "2026-01-31,7,0.50,5.50", "amount", 3),
        ("User ID,Customer,Date,Total", "3,Ana,2026-01-31,5.50", "customer_id", 1),
        ("Kartennummer,Kunde,Datum,Betrag", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Kartennummer,Kundenname,Datum,Betrag", "4001,Eva,2026-01-31,5.50", "customer_id", 1),
        ("Card number,Customer,Date,Total", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Loyalty card,Customer,Date,Total", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Tarjeta fidelidad,Cliente,Fecha,Total", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Tessera,Cliente,Data,Totale", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("N° carte,Client,Date,Total", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Kart No,Müşteri,Tarih,Tutar", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("カード番号,顧客,日付,金額", "4001,7,2026-01-31,5.50", "customer_id", 1),
        ("Loyalty card,Email,Date,Total", "4001,a@x.de,2026-01-31,5.50", "customer_id", 0),
        ("Kartennummer,Datum,Betrag", "4001,2026-01-31,5.50", "customer_id", 0),
    ],
)  # fmt: skip
def test_the_more_telling_name_is_taken(header: str, row: str, column: str, wanted: int) -> None:
    assert mapped(header, row)[column] == header.split(",")[wanted]


def test_a_known_name_without_readable_values_gives_way_to_another() -> None:
    header = "Customer ID,Customer Name,Date,Net amount,Total,Sale"
    rows = [",Ana,2026-01-31,,5.50,yes", ",Eva,2026-02-01,,4.50,no"]
    got = mapped(header, *rows)
    assert (got["customer_id"], got["amount"]) == ("Customer Name", "Total")


def test_amounts_in_two_currencies_are_asked() -> None:
    asked = question(lines("2026-01-31,7,5.50,5.00", header="date,customer,Total USD,Total EUR"))
    assert (asked.code, asked.params["columns"]) == ("money_column", ["Total USD", "Total EUR"])


def test_a_price_without_a_quantity_is_asked() -> None:
    asked = question(lines("2026-01-31,7,Shirt,5.50", header="date,customer,product,price"))
    assert (asked.code, asked.params["columns"]) == ("money_column", ["price"])


def test_a_total_on_all_lines_is_told_by_customer_and_date_where_orders_have_no_number() -> None:
    rows = ["2026-01-31,7,1,5.00,8.00", "2026-01-31,7,1,3.00,8.00"]
    rows += ["2026-02-01,8,1,5.00,9.00", "2026-02-01,8,2,2.00,9.00"]
    header = "date,customer,quantity,price,order total"
    assert read(lines(*rows, header=header)).balance.amount == 17


def test_a_total_on_all_lines_is_asked_where_nothing_says_what_a_line_cost() -> None:
    rows = ["1,2026-01-31,7,Shirt,8.00", "1,2026-01-31,7,Cap,8.00"]
    rows += ["2,2026-02-01,8,Shirt,9.00", "2,2026-02-01,8,Bag,9.00", "3,2026-02-01,8,Cap,3.00"]
    content = lines(*rows, header="order,date,customer,product,total")
    assert question(content).code == "money_column"
    told = FormatProfile(columns={"amount": "total"})
    assert read(content, profile=told).balance.amount == 37
    assert read(content.replace("Bag,9.00", "Bag,8.00")).balance.accepted == 5


def test_a_total_on_all_lines_is_told_by_all_rows_of_the_file() -> None:
    alone = [f"{i},2026-01-31,C{i},1,5.00,5.00" for i in range(100)]
    late = ["A,2026-02-01,7,1,5.00,9.00", "A,2026-02-01,7,2,2.00,9.00"]
    late += ["B,2026-02-01,8,1,5.00,8.00", "B,2026-02-01,8,1,3.00,8.00"]
    header = "order,date,customer,quantity,price,total"
    got = read(lines(*alone, *late, header=header))
    assert "amount" not in got.understanding.mapping
    assert (got.balance.amount, got.balance.accepted) == (517, 104)
    assert got.column("other.total")[-1] == "8.00"
    for own in ("C,2026-02-02,9,1,3.00,3.00", "C,2026-02-02,9,1,4.00,4.00"), ():
        more = [*alone, *late[: 4 if own else 2], *own]
        assert "amount" in read(lines(*more, header=header)).understanding.mapping
    told = FormatProfile(columns={"amount": "total"})
    assert read(lines(*alone, *late, header=header), profile=told).balance.amount == 534


@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
def test_a_total_on_all_lines_is_asked_by_all_rows_of_the_file(
    monkeypatch: pytest.MonkeyPatch, batch_rows: int
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    alone = [f"{i},2026-01-31,C{i},Cap,5.00" for i in range(100)]
    late = ["A,2026-02-01,7,Cap,9.00", "A,2026-02-01,7,Bag,9.00"]
    late += ["B,2026-02-01,8,Cap,8.00", "B,2026-02-01,8,Bag,8.00"]
    header = "order,date,customer,product,total"
    assert question(lines(*alone, *late, header=header)).code == "money_column"
    assert read(lines(*alone, *late[:2], header=header)).balance.amount == 518
    own = ["C,2026-02-02,9,Cap,3.00", "C,2026-02-02,9,Bag,4.00"]
    assert read(lines(*alone, *late, *own, header=header)).balance.amount == 541


@pytest.mark.parametrize("alone", [0, 100])
def test_a_total_on_all_payments_of_an_order_is_asked(alone: int) -> None:
    rows = [f"{i},2026-01-31,C{i},9.00,Card" for i in range(alone)]
    split = ["A,2026-02-01,7,9.00,Card", "A,2026-02-01,7,9.00,Cash"]
    split += ["B,2026-02-01,8,8.00,Card", "B,2026-02-01,8,8.00,Voucher"]
    header = "order,date,customer,total,payment method"
    assert question(lines(*rows, *split, header=header)).code == "money_column"
    shares = [row.replace(",9.00,Cash", ",1.00,Cash") for row in split]
    assert read(lines(*rows, *shares, header=header)).balance.accepted == alone + 4


@pytest.mark.parametrize("name", ["Pago", "Method", "Caja", "Item Variation", "Entrega"])
@pytest.mark.parametrize("alone", [0, 100])
def test_a_total_on_several_rows_of_an_order_is_asked_whatever_these_are_of(
    name: str, alone: int
) -> None:
    rows = [f"{i},2026-01-31,C{i},9.00,x" for i in range(alone)]
    split = ["A,2026-02-01,7,9.00,x", "A,2026-02-01,7,9.00,y"]
    split += ["B,2026-02-01,8,8.00,y", "B,2026-02-01,8,8.00,z"]
    header = f"order,date,customer,total,{name}"
    assert question(lines(*rows, *split, header=header)).code == "money_column"
    same = [row[:-1] + "x" for row in split]
    assert read(lines(*rows, *same, header=header)).understanding.mapping["amount"] == "total"
    own = [*split, "C,2026-02-02,9,3.00,x", "C,2026-02-02,9,4.00,y"]
    assert read(lines(*rows, *own, header=header)).understanding.mapping["amount"] == "total"


def test_equal_amounts_of_lines_are_no_total_where_price_and_quantity_make_them() -> None:
    rows = ["1,2026-01-31,7,Cap,1,5.00,5.00", "1,2026-01-31,7,Pin,1,5.00,5.00"]
    rows += ["2,2026-02-01,8,Cap,1,5.00,5.00", "2,2026-02-01,8,Bag,1,5.00,5.00"]
    header = "order,date,customer,product,quantity,price,total"
    assert read(lines(*rows, header=header)).balance.amount == 20


def test_a_price_of_all_pieces_is_an_amount() -> None:
    header = "order-id,order-item-id,purchase-date,buyer-email,quantity-purchased,item-price"
    row = "1,1,2026-01-31T10:30:00+00:00,a@example.com,2,11.00"
    got = read(lines(row, header=header))
    assert (got.column("amount"), got.column("quantity")) == ([11], [2])
    assert read(lines(row, header=header.replace("order-item-id", "line"))).balance.amount == 22


@pytest.mark.parametrize("name", ["Total EUR", "Total (EUR)"])
def test_an_amount_that_was_changed_is_not_in_the_currency_of_its_order(name: str) -> None:
    header = f"date,customer,{name},order currency"
    rows = ["2026-01-31,7,5.50,EUR", "2026-02-01,8,4.50,USD"]
    assert read(lines(*rows, header=header)).column("currency") == [None, None]
    assert read(lines(rows[0], header=header)).column("currency") == ["EUR"]


@pytest.mark.parametrize("alone", [0, 100])
def test_one_order_is_enough_where_the_amount_is_called_that_of_orders(alone: int) -> None:
    rows = [f"{i},2026-01-31,C{i},1,5.00,5.00" for i in range(alone)]
    rows += ["A,2026-02-01,7,1,5.00,9.00", "A,2026-02-01,7,2,2.00,9.00"]
    header = "order,date,customer,quantity,price"
    got = read(lines(*rows, header=f"{header},order total"))
    assert got.balance.amount == 5 * alone + 9
    assert read(lines(*rows, header=f"{header},line total")).balance.amount == 5 * alone + 18


def test_who_is_a_member_is_no_customer() -> None:
    rows = ["Yes,a@x.de,2026-01-31,5.50", "No,b@x.de,2026-02-01,4.50", "Yes,c@x.de,2026-02-01,1.00"]
    assert mapped("Member,Email,Date,Amount", *rows)["customer_id"] == "Email"
    content = lines("Yes,2026-01-31,5.50", "No,2026-02-01,4.50", header="Member,Date,Amount")
    assert refusal(content).code == "no_customer"


@pytest.mark.parametrize("card", ["**** **** **** {}", "XXXX-XXXX-XXXX-{}", "VISA ****{}"])
def test_what_is_left_of_the_card_of_a_payment_is_no_customer(card: str) -> None:
    rows = [f"{card.format(1234)},a@x.de,2026-01-31,5.50", f"{card.format(4321)},,2026-01-31,5.50"]
    assert mapped("Kartennummer,E-Mail,Datum,Betrag", *rows)["customer_id"] == "E-Mail"
    content = lines(
        *(row.replace("a@x.de", "") for row in rows), header="Kartennummer,Notiz,Datum,Betrag"
    )
    assert refusal(content).code == "no_customer"


def test_names_are_read_as_they_are_written_in_taiwan() -> None:
    header = "訂單編號,訂單日期,客戶編號,商品名稱,數量,單價,訂單狀態"
    got = read(
        lines("1,2026/01/31,7,帽子,2,50,完成", "2,2026/01/31,8,帽子,2,50,已取消", header=header)
    )
    assert got.understanding.mapping == {
        "order_id": "訂單編號",
        "ordered_at": "訂單日期",
        "customer_id": "客戶編號",
        "product": "商品名稱",
        "quantity": "數量",
        "unit_price": "單價",
    }
    assert (got.balance.amount, got.understanding.left_out) == (100, {"cancelled": 1})


# --- who is no customer, and who may be one -------------------------------------------------


@pytest.mark.parametrize(
    "values", ["S,N,S,N", "New,Returning,New,Returning", "nuevo,recurrente,nuevo,x"]
)
def test_a_mark_of_customers_is_none(values: str) -> None:
    rows = [f"2026-01-31,{value},5.50" for value in values.split(",")]
    content = lines(*rows, header="Fecha,Socio,Importe")
    if "x" in values:
        assert read(content).balance.accepted == 4
    else:
        assert refusal(content).code == "no_customer"


def test_a_user_beside_a_till_is_who_stands_at_it() -> None:
    rows = ["2026-01-31,U1,T1,5.50", "2026-02-01,U2,T1,4.50", "2026-02-01,U1,T1,3.00"]
    assert refusal(lines(*rows, header="Date,User ID,Terminal,Total")).code == "no_customer"
    assert mapped("Date,User ID,Table,Total", *rows)["customer_id"] == "User ID"


def test_an_account_of_a_ledger_is_asked() -> None:
    rows = ["2026-01-31,1,40100,Sales,5.50", "2026-02-01,2,40200,Sales,4.50"]
    rows += ["2026-02-02,3,40100,Sales,4.50"]
    header = "{},Document No.,Account No.,Account Name,Amount"
    asked = question(lines(*rows, header=header.format("Posting Date")))
    assert (asked.code, asked.params["columns"]) == ("customer_column", ["Account No."])
    assert mapped(header.format("Order Date"), *rows)["customer_id"] == "Account No."


@pytest.mark.parametrize("name", ["Teléfono", "Email"])
def test_what_is_the_same_on_all_rows_of_a_shop_is_asked(name: str) -> None:
    rows = [f"2026-01-3{i % 2},{shop},{shop}@x.example,5.50" for i, shop in enumerate("ABAAB")]
    content = lines(*rows, header=f"Fecha,Tienda,{name},Total")
    assert question(content).code == "customer_column"
    told = FormatProfile(columns={"customer_id": name})
    assert read(content, profile=told).balance.accepted == 5
    other = content.replace("30,A,A@", "30,A,C@", 1)
    assert read(other).understanding.mapping["customer_id"] == name


@pytest.mark.parametrize("name", ["Name", "Nombre", "Nom", "名前"])
def test_a_name_beside_that_of_the_product_may_be_a_customer(name: str) -> None:
    rows = ["2026-01-31,Ana López,Cut,5.50", "2026-02-01,Eva,Cut,4.50", "2026-02-01,Eva,Dye,9.00"]
    asked = question(lines(*rows, header=f"Date,{name},Item,Amount"))
    assert (asked.code, asked.params["columns"]) == ("customer_column", [name])
    assert "Ana" not in str(asked.params)
    bare = [row.replace(",Cut", "").replace(",Dye", "") for row in rows]
    assert question(lines(*bare, header=f"Date,{name},Amount")).code == "customer_column"
    parts = [row.replace("Cut", "López") for row in rows]
    assert refusal(lines(*parts, header=f"Date,{name},Surname,Amount")).code == "no_customer"
    sold = [row.replace("Cut", "1") for row in rows[:2]]
    assert refusal(lines(*sold, header=f"Date,{name},Qty,Price")).code == "no_customer"


@pytest.mark.parametrize(
    "name",
    [
        *("Ad Soyad", "お名前", "姓名", "Nombre y apellidos", "Full name", "Nominativo"),
        *("Cliente/Proveedor", "Auftragg.", "Invoice Partner Display Name", "Order Lines/Customer"),
    ],
)
def test_a_whole_name_is_a_customer(name: str) -> None:
    rows = ["2026-01-31,Ana,Cut,5.50", "2026-02-01,Eva,Cut,4.50"]
    assert mapped(f"Date,{name},Item,Amount", *rows)["customer_id"] == name


# --- two columns for one --------------------------------------------------------------------


def test_a_price_with_and_without_its_tax_is_asked() -> None:
    header = "Fecha;Cliente;Cantidad;Precio (sin IVA);Precio (con IVA)"
    asked = question(lines("2026-01-31;7;2;10.00;12.10", header=header))
    names = ["Precio (sin IVA)", "Precio (con IVA)"]
    assert (asked.code, asked.params["columns"]) == ("money_column", names)
    got = read(lines("2026-01-31;7;2;10.00;12.10;24.20", header=f"{header};Importe"))
    assert got.balance.amount == Decimal("24.20")


def test_an_empty_column_gives_way_to_another() -> None:
    rows = ["2026-01-31,7,,A1,5.50", "2026-02-01,8,,A2,4.50"]
    got = read(lines(*rows, header="Date,Customer,Invoice ID,Transaction,Amount"))
    assert got.column("order_id") == ["A1", "A2"]


@pytest.mark.parametrize(("kind", "sale", "back"), [
    ("Documento", "Factura", "Nota de crédito"), ("Beleg", "Rechnung", "Gutschrift"),
    ("Transaction", "Sale", "Refund"),
])  # fmt: skip
def test_a_kind_of_document_is_no_number_of_an_order_but_the_number_beside_it(
    kind: str, sale: str, back: str
) -> None:
    rows = [f"2026-01-0{n},{sale},{100 + n},c{n % 3},10" for n in range(1, 8)]
    got = read(
        lines(*rows, f"2026-01-08,{back},108,c1,4", header=f"Date,{kind},Number,Customer,Total")
    )
    assert got.column("order_id")[0] == "101"
    assert (got.balance.returns, got.balance.amount) == (1, 66)
