"""Discounts beside price and quantity: taken off where it is clear what they are of, else rejected."""

from decimal import Decimal

import pytest

from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "date;customer;quantity;price"


def sold(names: str, *discounts: str, row: str = "2026-01-31;C1;2;10.00") -> Read:
    """Read rows with these discounts, and one without any."""
    nothing = ";" * names.count(";")
    rows = [f"{row};{text}" for text in (*discounts, nothing)]
    return read(lines(*rows, header=f"{HEADER};{names}"))


def amounts(got: Read) -> list[str]:
    assert not got.rejected, got.faults()
    return [f"{amount.normalize():f}" for amount in got.column("amount")]


@pytest.mark.parametrize(
    "name",
    [
        *("Discount %", "Discount (%)", "% Discount", "discount_pct", "Discount percentage"),
        *("Descuento %", "% Dto.", "Desc. %", "Porcentaje de descuento", "Dto. 1 %"),
        *("Rabatt %", "Rabatt in %", "Rabattsatz", "Remise (%)", "Taux de remise"),
        *("Sconto %", "Desconto (%)", "İndirim %", "İndirim Yüzdesi", "割引率", "値引(%)"),
    ],
)
def test_percentages_are_told_by_their_name(name: str) -> None:
    assert amounts(sold(name, "15", "15%", "0", "12.5", "100")) == [
        "17",
        "17",
        "20",
        "17.5",
        "0",
        "20",
    ]


@pytest.mark.parametrize(
    "name",
    ["Discount", "Descuento", "Rabatt", "Remise", "Sconto", "Desconto", "İndirim", "割引", "値引"],
)
def test_percentages_are_told_by_their_sign_and_other_discounts_are_not_guessed(name: str) -> None:
    got = sold(name, "10%", "-10 %", "1.50", "0.00", "-", "10", "summer")
    assert [(code, line) for code, _, line, _ in got.faults()] == [
        ("unclear_discount", 4),
        ("unclear_discount", 7),
        ("unclear_discount", 8),
    ]
    assert {column for *_, column in got.faults()} == {name}
    assert got.column("amount") == [18, 18, 20, 20, 20]


def test_what_a_percentage_can_be_is_known_by_its_size() -> None:
    assert amounts(sold("Discount %", "2.500", "12,5", "33.3333")) == [
        "19.5",
        "17.5",
        "13.33334",
        "20",
    ]
    got = sold("Discount %", "0.5", "1", "150", "€2", "0.5%")
    assert [line for *_, line, _ in got.faults()] == [2, 3, 4, 5]
    assert got.column("amount") == [Decimal("19.9"), 20]


def test_a_discount_of_the_line_or_of_each_piece_is_taken_off() -> None:
    assert amounts(sold("Line discount", "1.50", "-1.50", "10%")) == ["18.5", "18.5", "18", "20"]
    assert amounts(sold("Unit discount", "1.50")) == ["17", "20"]
    assert sold("Line discount", "20.01").faults() == [("unclear_discount", 1, 2, "Line discount")]


def test_the_money_of_a_discount_is_written_as_the_prices_are() -> None:
    row = "2026-01-31;C1;2;1.010,00"
    assert amounts(sold("Sconto riga", "1.010,00", "1.010", row=row)) == ["1010", "1010", "2020"]


def test_a_discount_on_what_comes_back_makes_less_of_it() -> None:
    assert amounts(sold("Discount %", "25", row="2026-01-31;C1;-2;10.00")) == ["-15", "-20"]
    assert amounts(sold("Line discount", "5", row="2026-01-31;C1;-2;10.00")) == ["-15", "-20"]


def test_of_two_columns_the_clear_one_counts_and_two_percentages_are_not_guessed() -> None:
    assert amounts(sold("Discount;Discount amount", "10%;2.00", ";0")) == ["18", "20", "20"]
    got = sold("Rabatt 1 %;Rabatt 2 %", "10;5", "10;0", ";5")
    assert got.faults() == [("unclear_discount", 1, 2, "Rabatt 2 %")]
    assert got.column("amount") == [18, 19, 20]


@pytest.mark.parametrize(
    "names", ["Discount code", "Discount reason", "Discounted", "Disc", "Coupon"]
)
def test_what_is_called_a_discount_and_is_none_takes_nothing_off(names: str) -> None:
    assert amounts(sold(names, "10", "SUMMER")) == ["20", "20", "20"]


@pytest.mark.parametrize(
    "name",
    ["Coupon discount", "Promo Discount", "Descuento cupón", "Desconto pedido", "Kundenrabatt"],
)
def test_a_discount_on_top_of_others_is_not_guessed(name: str) -> None:
    assert sold(name, "2.00", "0", "SUMMER10").faults() == [("unclear_discount", 1, 2, name)]
    got = sold(f"Line discount;{name}", "1.00;2.00", "1.00;0", "0;")
    assert got.faults() == [("unclear_discount", 1, 2, name)]
    assert got.column("amount") == [19, 20, 20]


@pytest.mark.parametrize("name", ["Discounted Price", "Special price", "Precio con descuento"])
def test_a_price_after_a_discount_beside_another_is_not_guessed(name: str) -> None:
    assert sold(name, "9.00").faults() == [("unclear_discount", 1, 2, name)]


@pytest.mark.parametrize("name", ["Total (before discount)", "Importe (antes de dto.)"])
def test_an_amount_that_may_be_before_discounts_is_not_guessed(name: str) -> None:
    rows = ["2026-01-31;C1;20.00;2.00", "2026-01-31;C1;20.00;0.00"]
    got = read(lines(*rows, header=f"date;customer;{name};Discount"))
    assert got.faults() == [("unclear_discount", 1, 2, "Discount")]


@pytest.mark.parametrize("name", ["折扣", "折扣率"])
def test_what_may_be_what_is_left_to_pay_is_not_guessed(name: str) -> None:
    assert sold(name, "90%").faults() == [("unclear_discount", 1, 2, name)]


def test_a_price_that_may_be_reduced_already_is_not_reduced_again() -> None:
    header = "date;customer;quantity;net unit price;discount %"
    got = read(lines("2026-01-31;C1;2;9.00;10", "2026-01-31;C1;2;9.00;0", header=header))
    assert got.faults() == [("unclear_discount", 1, 2, "discount %")]


def test_an_amount_of_the_file_has_its_discount_off_already() -> None:
    header = "date;customer;quantity;price;discount;total"
    assert amounts(read(lines("2026-01-31;C1;2;10.00;1.00;19.00", header=header))) == ["19"]


def test_beside_prices_of_lines_only_their_own_discounts_count() -> None:
    header = "Name;Email;Total;Discount Amount;Created at;Lineitem quantity;Lineitem name;Lineitem price;Lineitem discount"
    rows = [
        "#1;a@x.example;17.00;3.00;2026-01-31;2;Cap;10.00;1.00",
        "#1;a@x.example;;;2026-01-31;1;Bag;5.00;0.00",
    ]
    assert amounts(read(lines(*rows, header=header))) == ["19", "5"]


def test_what_cannot_be_kept_exactly_is_rejected() -> None:
    got = sold("Discount %", "33.3333", row="2026-01-31;C1;0.00001;0.00001")
    assert got.faults() == [("too_many_decimals", 1, 2, "Discount %")]


def gross(names: str, *rows: str) -> Read:
    """Read amounts before discounts."""
    return read(lines(*[f"2026-01-31;C1;{row}" for row in rows], header=f"Date;Customer;{names}"))


@pytest.mark.parametrize(
    "name", ["Gross Sales", "gross_sales", "Gross Sales (USD)", "Gross Sales EUR"]
)
def test_discounts_beside_gross_sales_are_taken_off(name: str) -> None:
    rows = ["1,010.00;-10.00", "10.00;2.50", "10.00;10%", "10.00;", "-10.00;2.50", "10.00;10"]
    assert amounts(gross(f"{name};Discounts", *rows)) == ["1000", "7.5", "9", "10", "-7.5", "0"]


def test_beside_gross_sales_a_discount_of_a_piece_or_of_more_is_not_guessed() -> None:
    got = gross("Gross Sales;Discount", "10.00;10.01", "10.00;Friends", "10.00;1.00")
    assert [(code, row) for code, row, *_ in got.faults()] == [
        ("unclear_discount", 1),
        ("unclear_discount", 2),
    ]
    assert got.column("amount") == [9]
    got = gross("Gross Sales;Qty;Unit discount", "10.00;2;1.00", "10.00;2;0")
    assert (got.faults()[0][:2], got.column("amount")) == (("unclear_discount", 1), [10])


def test_a_return_of_gross_sales_is_one_of_what_was_paid() -> None:
    rows = ["Sale;6.00;1.00", "Refund;6.00;1.00"]
    assert amounts(gross("Type;Gross Sales;Discounts", *rows)) == ["5", "-5"]


def test_net_sales_have_their_discount_off_already() -> None:
    assert amounts(gross("Gross Sales;Discounts;Net Sales", "10.00;-2.00;8.00")) == ["8"]


@pytest.mark.parametrize("name", ["Gross amount", "Gross total", "Importe bruto", "Total bruto"])
def test_what_may_be_gross_of_a_tax_is_not_guessed(name: str) -> None:
    got = gross(f"{name};Discount", "10.00;2.00", "10.00;10%", "10.00;0.00", "10.00;")
    assert [row for _, row, *_ in got.faults()] == [1, 2]
    assert got.column("amount") == [10, 10]


@pytest.mark.parametrize("name", ["Bruttoumsatz", "Amount", "Total", "Subtotal", "Sales"])
def test_other_amounts_are_not_called_gross(name: str) -> None:
    assert amounts(gross(f"{name};Discount", "10.00;2.00")) == ["10"]
