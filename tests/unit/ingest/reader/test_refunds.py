"""Refunds as a column beside the amounts: taken off where it is clear what of, else rejected."""

from unittest import mock

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import Read, lines, read, refusal

pytestmark = pytest.mark.unit

HEADER = "Order ID,Date,Customer,Product,Total,Refund Amount"


def paid(name: str, *rows: str, amount: str = "Amount") -> Read:
    """Read amounts with what was paid back of them."""
    dated = [f"2026-01-{day:02};C{day};{row}" for day, row in enumerate(rows, start=1)]
    return read(lines(*dated, header=f"Date;Customer;{amount};{name}"))


def amounts(got: Read) -> list[str]:
    return [f"{amount.normalize():f}" for amount in got.column("amount")]


def faults(got: Read) -> list[tuple[str, int]]:
    return [(code, row) for code, row, _, _ in got.faults()]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Amount Refunded",
            "Refunded Amount",
            "Refund Amount",
            "Total Refunded",
            "amountRefunded",
        ),
        *("Refund amount (EUR)", "Amount refunded EUR", "Importe reembolsado", "Importe devuelto"),
        *("Montant remboursé", "Erstatteter Betrag", "Erstattungsbetrag", "Valor reembolsado"),
        *("Importo rimborsato", "İade tutarı", "返金額", "退款金额"),  # noqa: RUF001
    ],
)
def test_what_is_left_counts_and_what_was_paid_back_in_full_is_left_out(name: str) -> None:
    got = paid(name, "10.00;2.50", "10.00;10.00", "10.00;0.00", "10.00;", "10.00;-", "10.00;No")
    assert amounts(got) == ["7.5", "10", "10", "10", "10"]
    assert [(row.code, row.row) for row in got.left_out] == [("refunded", 2)]
    assert (got.balance.rejected, got.balance.returns) == (0, 0)


def test_what_says_neither_an_amount_nor_nothing_is_rejected() -> None:
    got = paid("Amount Refunded", "10.00;2.50", "10.00;x", "10.00;see slip")
    assert faults(got) == [("bad_number", 2), ("bad_number", 3)]
    assert amounts(got) == ["7.5"]


@pytest.mark.parametrize(
    "name", ["Refund", "Refunds Total", "Returns", "Devoluciones", "İade", "返金"]
)
def test_a_column_called_no_more_than_refunds_is_one_if_it_has_cents(name: str) -> None:
    got = paid(name, "10.00;0", "10.00;-2.50", "10.00;-10.00")
    assert amounts(got) == ["10", "7.5"]
    assert [row.code for row in got.left_out] == ["refunded"]


def test_without_any_cents_nobody_knows_whether_they_are_money_or_pieces() -> None:
    assert faults(paid("Returns", "1000;0", "2000;500")) == [("unclear_refund", 2)]
    assert amounts(paid("Returns", "1000;0", "2000;500", amount="Gross Sales")) == ["1000", "1500"]
    assert amounts(paid("Refund", "1000;", "2000;TX17B")) == ["1000", "2000"]


def test_refunds_are_off_already_beside_gross_sales() -> None:
    got = read(
        lines(
            *("2026-01-31,C1,10.00,-1.00,0.00,9.00", "2026-02-01,C2,5.00,0.00,-2.00,3.00"),
            header="Day,Customer,Gross sales,Discounts,Returns,Net sales",
        )
    )
    assert amounts(got) == ["9", "3"]
    assert got.balance.rejected == 0


@pytest.mark.parametrize(
    "amount", ["Total (excl. tax)", "Total (sin IVA)", "Amount (after refund)"]
)
def test_an_amount_without_a_tax_may_not_be_less_by_a_refund(amount: str) -> None:
    got = paid("Refund amount", "10.00;0.00", "10.00;6.00", amount=amount)
    assert faults(got) == [("unclear_refund", 2)]


@pytest.mark.parametrize("name", ["Qty Returned", "Refunded Qty", "Cantidad devuelta", "Returned"])
def test_pieces_that_came_back_leave_open_what_price_times_quantity_is(name: str) -> None:
    header = f"Date,Customer,Quantity,Price,{name}"
    rows = ["2026-01-31,C1,2,5.00,1", "2026-01-31,C2,2,5.00,0", "2026-01-31,C2,2,5.00,"]
    assert faults(read(lines(*rows, header=header))) == [("unclear_refund", 1)]
    beside = lines(*(f"{row},10.00" for row in rows), header=f"{header},Total")
    assert read(beside).balance.accepted == 3


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Refunded at", "2026-02-03"),
        ("Fecha devolución", "03/02/26"),
        ("Delivery status", "returned"),
    ],
)
def test_what_came_back_leaves_open_what_was_paid_back(name: str, said: str) -> None:
    assert faults(paid(name, "10.00;", f"10.00;{said}")) == [("unclear_refund", 2)]


def test_when_a_refund_was_paid_says_nothing_more_beside_its_amount() -> None:
    got = paid("Refund amount;Refund date", "10.00;2.50;2026-02-03", "10.00;;")
    assert amounts(got) == ["7.5", "10"]
    got = paid("Status;Refund date", "10.00;Returned;2026-02-03", "10.00;Paid;")
    assert amounts(got) == ["-10", "10"]


@pytest.mark.parametrize(
    "name",
    [
        *("Refunded", "Refund", "Refunds", "Refunded at", "Refund reason", "Refund ID"),
        *("Refunded quantity", "Refundable amount", "Refund Amount (cents)", "Refunded tax"),
    ],
)
def test_what_is_no_money_that_was_paid_back_for_sure_changes_nothing(name: str) -> None:
    assert amounts(paid(name, "10.00;2", "10.00;0")) == ["10", "10"]


def test_a_minus_says_nothing_more_unless_most_have_none() -> None:
    assert amounts(paid("Refund Amount", "10.00;-2.50", "10.00;-1.00", "8.00;0")) == [
        "7.5",
        "9",
        "8",
    ]
    got = paid("Refund Amount", "10.00;2.50", "10.00;-1.00", "8.00;3.00")
    assert (amounts(got), faults(got)) == (["7.5", "5"], [("unclear_refund", 2)])


def test_more_than_was_paid_is_rejected() -> None:
    got = paid("Refund Amount", "10.00;10.01", "0.00;1.00", "8.00;3.00")
    assert faults(got) == [("refund_too_large", 1), ("refund_too_large", 2)]
    assert got.rejected[0].params["found"] == "10.01"


def test_refunds_are_written_as_their_own_column_is_or_as_the_amounts_are() -> None:
    assert amounts(paid("Refund Amount", "1.010,00;1.000", "9,00;0")) == ["10", "9"]
    assert amounts(paid("Refund Amount", "10;2,50", "9;€ 0,00")) == ["7.5", "9"]
    got = paid("Refund Amount", "€10.00;$2.50", "€9.00;", "€9.00;x 5")
    assert faults(got) == [("other_currency", 1), ("bad_number", 3)]


def test_columns_without_a_refund_settle_nothing() -> None:
    assert amounts(paid("Refund Amount", "10.00;0,00", "9.00;0.00 USD", "8.00;0 EUR")) == [
        *("10", "9", "8"),
    ]


def test_refunds_of_price_times_quantity_are_taken_off_too() -> None:
    header = "Date,Customer,Qty,Price,Discount %,Refund Amount"
    got = read(lines("2026-01-31,C1,2,5.00,10,2.00", "2026-01-31,C1,-1,5.00,0,", header=header))
    assert (amounts(got), faults(got)) == (["-5"], [("unclear_refund", 1)])
    got = read(lines("2026-01-31,C1,2,5.00,10,2.00", header=header))
    assert amounts(got) == ["7"]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_refund_of_an_order_with_several_lines_is_of_nobody_knows_which(batch_rows: int) -> None:
    rows = [
        *("1,2026-01-31,C1,Cap,5.00,1.00", "2,2026-01-31,C1,Cap,5.00,2.00"),
        *(
            "2,2026-01-31,C1,Bag,6.00,",
            "3,2026-01-31,C1,Cap,5.00,",
            "3,2026-01-31,C1,Bag,6.00,1.00",
        ),
        *("4,2026-01-31,C1,Cap,5.00,2.00", ",,,Bag,4.00,", ",2026-01-31,C5,Cap,5.00,1.00"),
    ]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header=HEADER))
    assert faults(got) == [("unclear_refund", row) for row in (2, 5, 6)]
    assert amounts(got) == ["4", "6", "5", "4", "4"]


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_rows_without_an_order_are_none_of_several_lines(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*[",2026-01-31,C1,Cap,5.00,1.00"] * 3, header=HEADER))
    assert amounts(got) == ["4", "4", "4"]


@pytest.mark.parametrize("name", ["Line Refund Amount", "Refund Amount"])
@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_each_line_may_have_its_own_refund(
    monkeypatch: pytest.MonkeyPatch, batch_rows: int, name: str
) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", batch_rows)
    rows = ["1,2026-01-31,C1,Cap,5.00,0.00", "1,2026-01-31,C1,Bag,6.00,2.00"]
    got = read(lines(*rows, header=HEADER.replace("Refund Amount", name)))
    assert amounts(got) == ["5", "4"]
    got = read(lines(*rows, "1,2026-01-31,C1,Pin,6.00,", header=HEADER))
    assert faults(got) == [("unclear_refund", 2)]


@pytest.mark.parametrize(
    "amount", ["Net amount", "Net sales", "Importe neto", "Montant HT", "小計"]
)
def test_amounts_that_may_be_what_is_left_are_not_reduced_again(amount: str) -> None:
    got = paid("Refund Amount", "10.00;2.50", "10.00;0", amount=amount)
    assert (amounts(got), faults(got)) == (["10"], [("unclear_refund", 1)])


def test_beside_returns_refunds_may_be_said_twice_and_a_return_may_say_its_own() -> None:
    rows = ["10.00;2.50", "-2.50;", "-4.00;4.00", "5.00-;5.00"]
    got = paid("Refund Amount", *rows)
    assert (amounts(got), faults(got)) == (["-2.5", "-4", "-5"], [("unclear_refund", 1)])
    header = "Date,Customer,Type,Total,Refund Amount"
    got = read(lines("2026-01-31,C,Sale,5,1", "2026-01-31,C,Refund,5,5", header=header))
    assert (amounts(got), faults(got)) == (["-5"], [("unclear_refund", 1)])


def test_mended_rows_have_nothing_around_them_that_could_tell() -> None:
    header = "_upload,_line,_error,Order ID,Date,Customer,Total,Refund Amount"
    got = read(
        lines("u1,2,,1,2026-01-31,C1,5.00,1.00", "u1,3,,2,2026-01-31,C1,5.00,", header=header)
    )
    assert faults(got) == [("unclear_refund", 1)]


def test_of_two_such_columns_nobody_knows_which() -> None:
    header = "Date,Customer,Total,Refund Amount,Refund Amount"
    assert refusal(lines("2026-01-31,C,5,1,2", header=header)).code == "duplicate_column"


# --- paid back in part -----------------------------------------------------------------------

PARTLY = [
    *(
        ("Financial Status", "partially_refunded"),
        ("Status", "Partially Refunded"),
        ("Status", "wc-partially-refunded"),
        ("Payment status", "Partial refund"),
        ("Estado", "Parcialmente reembolsado"),
        ("Estado del pedido", "Devolución parcial"),
        ("Statut", "Partiellement remboursée"),
        ("Statut", "Remboursement partiel"),
    ),
    *(
        ("Bestellstatus", "teilweise erstattet"),
        ("Zahlungsstatus", "Teilerstattung"),
        ("Stato", "Parzialmente rimborsato"),
        ("Situação", "Estorno parcial"),
        ("Durum", "Kısmen iade edildi"),  # noqa: RUF001
        ("注文ステータス", "一部返金"),
        ("订单状态", "部分退款"),
        ("Order type", "Partially refunded"),
        ("Delivery status", "Partially returned"),
    ),
]


@pytest.mark.parametrize(("name", "said"), PARTLY)
def test_an_amount_of_which_some_was_paid_back_is_rejected(name: str, said: str) -> None:
    got = paid(name, "10.00;", f"10.00;{said}", "10.00;x")
    assert faults(got) == [("unclear_refund", 2)]
    assert got.rejected[0].params["found"] == said
    assert (amounts(got), got.balance.returns) == (["10", "10"], 0)


def test_a_column_without_any_refund_says_not_how_much_was_paid_back() -> None:
    header = "Date,Customer,Amount,Refund Amount,Status"
    rows = ["2026-01-31,C1,10.00,,partially_refunded", "2026-01-31,C2,10.00,0.00,paid"]
    got = read(lines(*rows, header=header))
    assert (amounts(got), faults(got)) == (["10"], [("unclear_refund", 1)])


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_what_an_orders_first_line_says_of_a_refund_holds_for_its_lines(batch_rows: int) -> None:
    header = "Order ID,Date,Customer,Product,Total,Financial Status"
    rows = ["1,2026-01-31,C1,Cap,5.50,partially_refunded", "1,2026-01-31,C1,Bag,4.50,"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, "2,2026-01-31,C1,Cap,5.50,paid", header=header))
    assert faults(got) == [("unclear_refund", 1), ("unclear_refund", 2)]
    assert amounts(got) == ["5.5"]


@pytest.mark.parametrize(
    ("header", "row", "amount"),
    [
        ("Date,Customer,Amount,Status,Refunded Amount", "10.00,partially_refunded,2.50", "7.5"),
        # Beside gross sales those after returns are what counts.
        ("Date,Customer,Gross Sales,Status,Returns,Net Sales", "10.00,Partial refund,-2,8", "8"),
        ("Date,Customer,Amount,Event Type", "-2.50,Partial refund", "-2.5"),
        ("Date,Customer,Amount,Status", "10.00,partially_paid", "10"),
    ],
)
def test_an_amount_is_counted_where_it_is_known_what_came_back(
    header: str, row: str, amount: str
) -> None:
    assert amounts(read(lines(f"2026-01-31,C1,{row}", header=header))) == [amount]


def test_discounts_as_rows_say_no_refund_again() -> None:
    rows = ["1,2026-01-31,C1,Cap,10.00,2.50", "2,2026-01-31,C1,Bag,4.00,"]
    got = read(lines(*rows, "2,2026-01-31,C1,Discount,-1.00,", header=HEADER))
    assert (amounts(got), faults(got)) == (["7.5", "4", "-1"], [])
