"""Columns that prove each other: what names leave open, or say wrongly, the rows say."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from functions.ingest.reader import FormatProfile, OpenQuestionError
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

SOLD = [("2", "12.50", "25.00"), ("1", "9.90", "9.90"), ("3", "4.50", "13.50"), ("4", "1", "4.00")]


def sold(header: str, cells: Sequence[Sequence[str]] = SOLD, *, comma: bool = False) -> Read:
    """Read rows with these cells behind a date and a customer."""
    rows = [f"2026-01-3{i % 2};C{i};{';'.join(row)}" for i, row in enumerate(cells)]
    content = lines(*rows, header=f"Date;Customer;{header}")
    return read(content.replace(".", ",") if comma else content)


def amounts(got: Read) -> list[str]:
    return [f"{amount.normalize():f}" for amount in got.column("amount")]


def asked(header: str, cells: Sequence[Sequence[str]] = SOLD) -> str:
    with pytest.raises(OpenQuestionError) as question:
        sold(header, cells)
    return str(question.value.code)


# --- pieces times a price -------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        *("Cantidad;Importe;Total", "Cant.;Importe;Importe total", "Menge;Betrag;Summe"),
        *("Qté;Montant;Total", "Qtà;Importo;Totale", "Adet;Tutar;Toplam", "数量;金額;合計"),
        *("Qty;Amount;Total", "Qty;Sales;Total Sales", "Qty;Amount;To be charged"),
    ],
)
@pytest.mark.parametrize("comma", [False, True])
def test_what_pieces_times_it_come_to_is_the_amount_and_no_price(header: str, comma: bool) -> None:
    got = sold(header, comma=comma)
    assert amounts(got) == ["25", "9.9", "13.5", "4"]
    assert got.column("unit_price") == [Decimal(row[1]) for row in SOLD]
    assert got.understanding.mapping_settled_by["amount"] == "values"
    assert got.understanding.mapping["amount"] == header.rsplit(";", 1)[1]


def test_a_price_is_proven_by_several_rows_of_several_pieces() -> None:
    rows = [("1", "5.00", "5.00")] * 20
    for proof, amount in (([("2", "5.00", "10.00")], "5"), ([("2", "5.00", "10.00")] * 2, "10")):
        assert amounts(sold("Qty;Amount;Total", [*rows, *proof]))[-1] == amount


def test_few_rows_may_have_paid_for_something_else_as_well() -> None:
    for others, amount in ((2, "25"), (3, "12.5")):
        rows = [*SOLD * 5, *[("1", "5.00", "9.00")] * others]
        assert amounts(sold("Qty;Amount;Total", rows))[0] == amount


def test_an_amount_that_is_that_of_all_pieces_stays() -> None:
    rows = [(q, p, a, f"{Decimal(a) + 1}") for q, p, a in SOLD]
    got = sold("Qty;Price;Amount;Total", rows)
    assert amounts(got) == ["25", "9.9", "13.5", "4"]
    assert got.understanding.mapping_settled_by["amount"] == "name"


def test_an_amount_that_a_person_named_stays() -> None:
    content = lines(
        *(f"2026-01-31;7;{';'.join(row)}" for row in SOLD), header="D;C;Qty;Amount;Total"
    )
    told = {"ordered_at": "D", "customer_id": "C", "amount": "Amount"}
    assert amounts(read(content, profile=FormatProfile(columns=told)))[0] == "12.5"


@pytest.mark.parametrize("header", ["Amount;Price;Total", "Amount;Price;Charged"])
def test_an_amount_that_makes_the_total_with_the_price_is_the_quantity(header: str) -> None:
    got = sold(header)
    assert amounts(got) == ["25", "9.9", "13.5", "4"]
    assert got.column("quantity") == [2, 1, 3, 4]


def test_small_whole_numbers_beside_a_price_are_pieces() -> None:
    got = sold(
        "Product;Amount;Price", [("Tea", pieces, price) for pieces, price, _ in SOLD[:3] * 5]
    )
    assert (amounts(got)[:3], got.column("quantity")[:3]) == (["25", "9.9", "13.5"], [2, 1, 3])
    several = [("Tea", "2", "12.50"), ("Cap", "3", "9.90"), ("Pin", "2", "4.50")]
    assert asked("Product;Amount;Price", several) == "money_column"
    made = [("Tea", "25", "12.50"), ("Cap", "9", "3.00"), ("Pin", "1", "0.50")]
    assert amounts(sold("Product;Amount;Price", made)) == ["25", "9", "1"]


def test_whole_numbers_that_a_discount_leaves_of_the_price_are_amounts() -> None:
    rows = [("12.50", "2.50", "10"), ("9.90", "0.90", "9"), ("1.40", "0.40", "1")]
    assert amounts(sold("Price;Discount;Amount", rows)) == ["10", "9", "1"]


def test_pieces_that_a_person_named_are_no_amount() -> None:
    rows = ["2026-01-31,7,2,12.50", "2026-01-31,8,3,9.90", "2026-01-31,8,2,4.50"]
    content = lines(*rows, header="date,customer,amount,price")
    with pytest.raises(OpenQuestionError, match="money_column"):
        read(content)
    told = FormatProfile(columns={"quantity": "amount"})
    assert amounts(read(content, profile=told)) == ["25", "29.7", "9"]


# --- discounts, fees and taxes --------------------------------------------------------------

OFF = [("25.00", "2.50", "22.50"), ("9.90", "", "9.90"), ("13.50", "0.00", "13.50")]


@pytest.mark.parametrize(
    "header",
    [
        *("Total;Descuento;A pagar", "Importe;Dto;Neto", "Total;Discount;Payable"),
        *("Summe;Rabatt;Zahlbetrag", "Toplam;İndirim;Ödenecek Tutar", "Total;Desconto;Valor Final"),
        *("Total;Remise;Net à payer", "Totale;Sconto;Da pagare", "Total;Coupon discount;Charged"),
    ],
)
def test_what_is_left_after_a_discount_is_the_amount(header: str) -> None:
    assert amounts(sold(header, OFF)) == ["22.5", "9.9", "13.5"]
    with_minus = [(total, off and f"-{off}", left) for total, off, left in OFF]
    assert amounts(sold(header, with_minus)) == ["22.5", "9.9", "13.5"]


def test_a_discount_may_be_a_share() -> None:
    rows = [("25.00", "10", "22.50"), ("9.90", "", "9.90"), ("13.50", "5", "12.83")]
    assert amounts(sold("Total;Dto. %;A pagar", rows)) == ["22.5", "9.9", "12.83"]


def test_a_price_that_stands_beside_discounts_alone_is_not_the_amount() -> None:
    rows = [("20.00", "", ""), ("30.00", "", ""), ("25.00", "2.50", "22.50")]
    assert amounts(sold("Total;Discount;Final", rows)) == ["20", "30", "25"]
    half = [("20.00", "10.00", "10.00"), ("30.00", "", "30.00")]
    got = sold("Total;Discount;Charged", half)
    assert got.understanding.mapping["amount"] == "Charged"


def test_what_the_rows_do_not_prove_stays_as_its_name_says() -> None:
    rows = [(total, off, f"{Decimal(left) + 1}") for total, off, left in OFF]
    assert amounts(sold("Total;Discount;Payable", rows)) == ["25", "9.9", "13.5"]
    assert amounts(sold("Total;Rounding;Payable", OFF)) == ["25", "9.9", "13.5"]


@pytest.mark.parametrize(
    "header",
    [
        *("Gross Amount;Platform Fee;Net Amount", "Importe bruto;Comisión;Importe neto"),
        *(
            "Gross Sales;Fees;Net Sales",
            "Charged;Stripe fee;Amount",
            "Bruttobetrag;Gebühr;Nettobetrag",
        ),
    ],
)
def test_what_was_paid_is_before_the_fees_of_a_platform_or_bank(header: str) -> None:
    assert amounts(sold(header, OFF)) == ["25", "9.9", "13.5"]


def test_what_goods_cost_stays_without_what_their_delivery_costs() -> None:
    assert amounts(sold("Total paid;Delivery fee;Amount", OFF)) == ["22.5", "9.9", "13.5"]


@pytest.mark.parametrize("header", ["TTC;TVA;HT", "Brutto;USt;Netto", "Gross;VAT;Net"])
def test_of_amounts_without_a_known_name_the_one_with_its_tax_is_taken(header: str) -> None:
    assert amounts(sold(header, OFF)) == ["25", "9.9", "13.5"]
    other = [(gross, tax, f"{Decimal(net) + 1}") for gross, tax, net in OFF]
    assert asked(header, other) == "money_column"
    several = [("2", *row) for row in OFF]
    assert asked(f"Qty;{header}", several) == "money_column"


def test_two_known_amounts_are_asked_whatever_the_tax_is() -> None:
    assert asked("Total (con IVA);IVA;Total (sin IVA)", OFF) == "money_column"
