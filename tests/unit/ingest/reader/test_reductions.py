"""Lines of discounts, coupons, roundings and deposits lower what was spent: nothing came back."""

from unittest import mock

import pytest

from functions.ingest.reader.records import rows
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

HEADER = "Order ID;Date;Customer;Product;Quantity;Price"


def sold(*named: str, header: str = HEADER) -> Read:
    """Read an order of a cap and of what else is named, with quantity and price."""
    return read(
        lines(*(f"1;2026-01-31;C1;{row}" for row in ("Cap;1;10.00", *named)), header=header)
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Discount",
            "DISCOUNT 10%",
            "Order discount",
            "Staff discount",
            "Coupon",
            "Discount code",
        ),
        *("Coupon SAVE10", "Voucher 5 EUR", "Gift voucher", "Rounding", "Cash rounding", "Tip"),
        *("Discount: Blue shirt", "Loyalty points redeemed", "Bottle deposit", "Deposit return"),
        *("Descuento", "Descuento por fidelidad 10 %", "Cupón descuento", "Vale de compra"),
        *("Redondeo", "Propina", "Fianza envase", "Remise", "Bon d'achat", "Bon de réduction"),
        *("Arrondi", "Consigne", "Rabatt", "Treuerabatt", "Geschenkgutschein", "Pfandrückgabe"),
        *("Rundungsdifferenz", "Trinkgeld", "Sconto 10%", "Buono sconto", "Arrotondamento"),
        *("Desconto", "Cupom de desconto", "Arredondamento", "İndirim", "Kupon", "Yuvarlama"),
        *("割引", "クーポン割引", "端数調整", "折扣", "优惠券", "抹零"),
    ],
)
@pytest.mark.parametrize("numbers", ["1;-2.50", "-1;2.50"])
def test_what_lowers_an_order_is_no_return(name: str, numbers: str) -> None:
    got = sold(f"{name};{numbers}")
    assert got.column("kind") == ["sale", "sale"]
    assert (got.balance.amount, got.balance.returns, got.balance.rejected) == (7.5, 0, 0)


@pytest.mark.parametrize(
    "name",
    [
        *("Cap", "Coupon book", "Tip-Ex", "Tipi", "Rabatteimer", "Pfandleiher", "Depósito de agua"),
        *("Discounted cap", "Order", "Gift", "10", "", "Wallet - Coupon pocket", "Round table"),
    ],
)
def test_other_names_with_a_minus_came_back(name: str) -> None:
    assert sold(f"{name};-1;2.50").column("kind") == ["sale", "return"]


def test_without_a_minus_a_line_is_sold_whatever_it_is_called() -> None:
    assert sold("Voucher;1;2.50", "Tip;1;1.00").balance.amount == 13.5


def test_what_a_column_of_kinds_says_goes_before() -> None:
    rows_of_two = [
        "1;2026-01-31;C1;Discount;1;-2.50;Refund",
        "2;2026-01-31;C1;Discount;1;-1.00;Sale",
    ]
    got = read(lines(*rows_of_two, header=f"{HEADER};Type"))
    assert got.column("kind") == ["return", "sale"]


def test_the_kind_of_a_line_tells_one_too() -> None:
    header = "Order ID;Date;Customer;Product;Quantity;Price;Line Type"
    rows_of_one = [f"1;2026-01-31;C1;{row}" for row in ("Cap;1;10.00;Product", ";1;-2.50;Discount")]
    assert read(lines(*rows_of_one, header=header)).column("kind") == ["sale", "sale"]


def test_both_speeds_tell_the_same() -> None:
    content = lines(
        *(f"1;2026-01-31;C1;{row}" for row in ("Cap;1;10.00", '"Discount ""X1""";1;-1.00')),
        "2;2026-02-01;C1;Cap;-1;10.00",
        header=HEADER,
    )
    with mock.patch.object(rows, "parse_fast", return_value=None):
        careful = read(content)
    assert careful.table.equals(read(content).table)
    assert careful.column("kind") == ["sale", "sale", "return"]
