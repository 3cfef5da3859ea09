"""Discounts and refunds of whole orders, beside prices of lines: each line bears its part."""

from decimal import Decimal
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ingest.reader.lines.of_orders import less
from functions.ingest.reader.records import blocks, spill
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

# As Shopify exports orders; what is said of an order stands in its first line.
HEADER = (
    "Name;Email;Subtotal;Discount Amount;Refunded Amount;Created at;"
    "Lineitem quantity;Lineitem name;Lineitem price"
)


def order(number: int, said: str, *bought: str) -> list[str]:
    """Return the lines of an order; `said` are its subtotal, discount and refund."""
    all_said = [said, *[";;"] * (len(bought) - 1)]
    return [
        f"#{number};c{number}@x.example;{each};2026-01-{number:02};{line}"
        for each, line in zip(all_said, bought, strict=True)
    ]


def amounts(got: Read) -> list[str]:
    return [f"{amount.normalize():f}" for amount in got.column("amount")]


@pytest.mark.parametrize(
    ("said", "left", "told"),
    [
        ("24.00;1.00;0.00", ["19.2", "4.8"], "shared_out"),
        ("0.00;25.00;", ["0", "0"], "shared_out"),
        ("25.00;0.00;10.00", ["12", "3"], "shared_out"),
        ("20.00;5.00;10.00", ["8", "2"], "shared_out"),
        ("25.00;4.90;0.00", ["20", "5"], None),  # of the shipping
        ("21.00;1.00;0.00", ["20", "5"], "counted_in_full"),  # of nobody knows what
        (";1.00;", ["20", "5"], "counted_in_full"),
        ("?;1.00;soon", ["20", "5"], "counted_in_full"),
        ("25.00;;-10.00", ["12", "3"], "shared_out"),
    ],
)
def test_what_was_taken_off_an_order_is_borne_by_its_lines_and_told(
    said: str, left: list[str], told: str | None
) -> None:
    rows = order(1, said, "2;Cap;10.00", "1;Bag;5.00")
    got = read(lines(*rows, *order(2, "9.00;0.00;0.00", "1;Pin;9.00"), header=HEADER))
    assert amounts(got) == [*left, "9"]
    assert (got.balance.rejected, got.balance.returns) == (0, 0)
    assert got.understanding.of_orders == ({told: 1} if told else {})


def test_parts_are_whole_cents_and_add_up() -> None:
    rows = order(1, "29.00;1.00;", *["1;Cap;10.00"] * 3)
    assert amounts(read(lines(*rows, header=HEADER))) == ["9.66", "9.67", "9.67"]
    rows = order(1, "29.995;0.005;", *["1;Cap;10.00"] * 3)
    assert sum(read(lines(*rows, header=HEADER)).column("amount")) == Decimal("29.995")


def test_a_discount_of_the_order_may_contain_those_of_its_lines() -> None:
    header = f"{HEADER};Lineitem discount"
    rows = order(1, "19.00;6.00;0.00", "2;Cap;10.00;1.00", "1;Bag;5.00;0.00")
    assert amounts(read(lines(*rows, header=header))) == ["15.04", "3.96"]
    rows = order(1, "24.00;1.00;0.00", "2;Cap;10.00;1.00", "1;Bag;5.00;0.00")
    assert amounts(read(lines(*rows, header=header))) == ["19", "5"]


@pytest.mark.parametrize("refund", ["25.00", "29.90"])  # with the shipping, too
def test_an_order_that_was_paid_back_in_full_is_left_out(refund: str) -> None:
    rows = order(1, f"25.00;0.00;{refund}", "2;Cap;10.00", "1;Bag;5.00")
    got = read(lines(*rows, *order(2, "9.00;0.00;0.00", "1;Pin;9.00"), header=HEADER))
    assert amounts(got) == ["9"]
    assert [(row.code, row.row, row.column) for row in got.left_out] == [
        ("refunded", 1, "Refunded Amount"),
        ("refunded", 2, "Refunded Amount"),
    ]


def test_refunds_need_no_subtotal() -> None:
    header = "Name;Email;Refunded Amount;Created at;Lineitem quantity;Lineitem name;Lineitem price"
    got = read(lines("#1;a@x.example;3.00;2026-01-31;2;Cap;10.00", header=header))
    assert (amounts(got), "refunded" in got.understanding.mapping) == (["17"], False)


def test_nothing_is_shared_among_lines_of_which_one_is_damaged_or_came_back() -> None:
    damaged = order(1, "24.00;1.00;", "2;Cap;10.00", "one;Bag;5.00")
    back = order(2, "14.00;1.00;", "2;Cap;10.00", "-1;Bag;5.00")
    got = read(lines(*damaged, *back, header=HEADER))
    assert (amounts(got), got.balance.rejected) == (["20", "20", "-5"], 1)
    assert got.understanding.of_orders == {"counted_in_full": 2}


def test_nobody_bears_what_is_of_another_order() -> None:
    """Tills begin to count again, and some write a sign where there is no order."""
    again = [row.replace("#1", "#7") for row in order(1, "10.00;;3.00", "1;Cap;10.00")]
    again += [row.replace("#2", "#7") for row in order(2, "5.00;;", "1;Bag;5.00")]
    assert amounts(read(lines(*again, header=HEADER))) == ["7", "5"]
    none = [row.replace("#7", "-") for row in again]
    assert amounts(read(lines(*none, header=HEADER))) == ["10", "5"]


def test_what_all_lines_say_is_of_the_order_and_what_they_say_otherwise_of_nobody_knows() -> None:
    again = [
        f"#1;a@x.example;24.00;1.00;;2026-01-31;{bought};5.00" for bought in ("4;Cap", "1;Bag")
    ]
    other = [again[0].replace("#1", "#2"), again[1].replace("#1", "#2").replace("1.00", "2.00")]
    got = read(lines(*again, *other, header=HEADER))
    assert amounts(got) == ["19.2", "4.8", "20", "5"]
    assert got.understanding.of_orders == {"shared_out": 1, "counted_in_full": 1}


@pytest.mark.parametrize(
    "header",
    [
        "Order ID;Date;Customer;Item;Line Total;Order Discount;Order Total",
        "Order ID;Date;Customer;Item;Line Total;Order Discount;Subtotal",
        "Pedido;Fecha;Cliente;Producto;Importe línea;Descuento pedido;Total pedido",
    ],
)
def test_beside_amounts_of_lines_a_discount_of_the_order_is_told_by_its_total(header: str) -> None:
    row = "{};2026-01-31;C{};{};{}".format
    got = read(
        lines(
            *(row(1, 1, "Cap;20.00", "1.00;24.00"), row(1, 1, "Bag;5.00", "1.00;24.00")),
            *(row(2, 2, "Cap;20.00", "1.00;24.00"), row(2, 2, "Bag;5.00", ";")),
            row(3, 3, "Cap;20.00", "1.00;20.00"),  # off already
            row(4, 4, "Cap;20.00", "1.00;23.90"),  # with shipping: of nobody knows what
            header=header,
        )
    )
    assert amounts(got) == ["19.2", "4.8", "19.2", "4.8", "20", "20"]
    assert got.balance.rejected == 0


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 4, 100])
def test_an_order_is_seen_whole_wherever_the_file_is_cut(batch_rows: int) -> None:
    rows = [
        *order(1, "24.00;1.00;", "2;Cap;10.00", "1;Bag;5.00"),
        *order(2, "29.00;1.00;", *["1;Cap;10.00"] * 3),
        *order(3, "9.00;0.00;", "1;Pin;9.00"),
        *order(4, "25.00;0.00;30.00", "2;Cap;10.00", "1;Bag;5.00"),
    ]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=HEADER))
    assert amounts(got) == ["19.2", "4.8", "9.66", "9.67", "9.67", "9"]
    assert got.column("row") == [1, 2, 3, 4, 5, 6]
    assert got.column("line") == [2, 3, 4, 5, 6, 7]
    assert [row.row for row in got.left_out] == [7, 8]


def test_an_order_of_more_lines_than_are_read_at_once_loses_none_of_them() -> None:
    rows = [*order(1, "45.00;5.00;", *["1;Cap;10.00"] * 5), *order(2, "9;;", "1;Pin;9.00")]
    with (
        mock.patch.object(blocks, "MAX_BLOCK_RECORDS", 2),
        mock.patch.object(spill, "MAX_BLOCK_RECORDS", 2),
    ):
        got = read(lines(*rows, header=HEADER))
    assert got.column("row") == [1, 2, 3, 4, 5, 6]


@given(
    st.lists(st.integers(0, 10**30), min_size=1, max_size=40),
    st.integers(0, 10**6),
    st.integers(0, 12),
)
def test_parts_of_anything_add_up_and_are_no_more_than_what_bears_them(
    own: list[int], millionths: int, zeros: int
) -> None:
    off = sum(own) * millionths // 10**6 // 10**zeros * 10**zeros
    left = less(own, off)
    assert all(0 <= after <= before for after, before in zip(left, own, strict=True))
    assert sum(own) - sum(left) == off
