"""Orders as well-known programs export them: what only their layout tells."""

import pytest

from functions.ingest.reader import OpenQuestionError, UnreadableFileError
from tests.unit.ingest.reader.files import Read, lines, read

pytestmark = pytest.mark.unit

# WooCommerce's orders, what is of the whole order on each of its lines.
ORDERS = (
    "Order Number,Order Status,Order Date,Email (Billing),Cart Discount Amount,"
    "Order Subtotal Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,"
    "SKU,Item #,Item Name,{bought},Coupon Code,Discount Amount"
)


def ordered(bought: str, *rows: str) -> Read:
    """Read lines of orders with these columns of what was bought."""
    return read(lines(*rows, header=ORDERS.format(bought=bought)))


def amounts(got: Read) -> list[str]:
    return [f"{amount.normalize():f}" for amount in got.column("amount")]


@pytest.mark.parametrize("cost", ["Item Cost", "Item Cost (inc. tax)"])
def test_lines_of_woocommerce_are_what_was_paid_for_them(cost: str) -> None:
    got = ordered(
        f"Quantity (- Refund),{cost}",
        "7,Completed,2026-01-31 10:00,a@x.example,2,25,4,0,27,T1,1,Tea,1,9.20,X,2",
        "7,Completed,2026-01-31 10:00,a@x.example,2,25,4,0,27,C1,2,Cup,2,6.90,X,2",
        "8,Completed,2026-01-31 11:00,b@x.example,0,20,4,10,24,T1,1,Tea,1,10.00,,",
        "9,Cancelled,2026-01-31 12:00,a@x.example,0,10,4,0,14,T1,1,Tea,1,10.00,,",
    )
    assert amounts(got) == ["9.2", "13.8", "10"]
    assert [row.code for row in got.left_out] == ["cancelled"]
    assert got.balance.rejected == 0
    assert got.column("product_id") == ["T1", "C1", "T1"]


def test_of_two_quantities_and_totals_those_without_refunds_count() -> None:
    got = ordered(
        "Quantity,Quantity (- Refund),Item Cost,Order Line Total,Order Line Total (- Refund)",
        "7,Completed,2026-01-31 10:00,a@x.example,0,30,4,10,34,T1,1,Tea,3,2,10.00,30.00,20.00,,",
    )
    assert (amounts(got), got.column("quantity")) == (["20"], [2])
    assert "refunded" not in got.understanding.mapping


def test_elsewhere_what_an_item_cost_is_no_price() -> None:
    header = "date,customer,quantity,Item Cost,price"
    got = read(lines("2026-01-31,C1,2,3.00,5.00", header=header))
    assert amounts(got) == ["10"]


def test_of_two_totals_that_say_the_same_the_first_counts() -> None:
    header = "ID,Purchase Date,Customer Email,Grand Total (Base),Grand Total (Purchased)"
    rows = ["1,2026-01-31,a@x.example,29.00,29.00", "2,2026-02-01,b@x.example,9.50,{}"]
    got = read(lines(*rows, header=header).format("9.50"))
    assert got.understanding.mapping["amount"] == "Grand Total (Base)"
    with pytest.raises(OpenQuestionError, match="money_column"):
        read(lines(*rows, header=header).format("8.10"))


def test_of_paypals_activity_the_gross_counts_and_what_went_to_the_bank_does_not() -> None:
    header = "Date,Time,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID"
    got = read(
        lines(
            "01/31/2026,10:05:00,Ann,Express Checkout Payment,Completed,EUR,29.00,-1.20,27.80,a@x.example,T1",
            "01/31/2026,11:05:00,Ann,Payment Refund,Completed,EUR,-9.00,0.00,-9.00,a@x.example,T2",
            "02/13/2026,11:05:00,,General Withdrawal,Completed,EUR,-20.00,0.00,-20.00,,T3",
            header=header,
        )
    )
    assert (amounts(got), got.column("kind")) == (["29", "-9"], ["sale", "return"])
    assert got.balance.left_out == 1


def test_a_reference_without_products_is_that_of_the_order() -> None:
    row = "1;XKBNZ;J. Doe;€29.00;Payment accepted;31/01/2026 10:00:00"
    got = read(lines(row, header="ID;Reference;Customer;Total;Status;Date"))
    assert (got.column("order_id"), got.column("product_id")) == (["XKBNZ"], [None])
    got = read(
        lines(row, header="ID;Reference;Customer;Total;Quantity;Date").replace(
            "Payment accepted", "1"
        )
    )
    assert got.column("product_id") == ["XKBNZ"]


def test_an_order_of_prestashop_has_its_own_day_and_number() -> None:
    header = "id_order;reference;id_customer;total_paid;invoice_date;date_add"
    rows = ["101;XKBNZ;12;29.95;2026-01-03 10:31:00;2026-01-03 10:30:11"]
    rows += ["102;ABQWE;13;18.45;0000-00-00 00:00:00;2026-01-05 09:00:01"]
    got = read(lines(*rows, header=header))
    assert [day.day for day in got.column("ordered_at")] == [3, 5]
    assert (got.column("order_id"), got.column("product_id")) == (["101", "102"], [None, None])


def test_a_payment_of_stripe_is_known_by_its_id() -> None:
    header = "id,Created (UTC),Amount,Amount Refunded,Currency,Captured,Customer ID,Invoice ID"
    rows = [f"ch_{i},2026-01-31 10:0{i}:00,9.90,0.00,eur,true,cus_7,{i or ''}" for i in range(3)]
    assert read(lines(*rows, header=header)).column("order_id") == ["ch_0", "ch_1", "ch_2"]


def test_who_sold_is_no_customer_of_sumup() -> None:
    header = "Email,Date,Transaction ID,Quantity,Description,Price (Gross),Price (Net)"
    rows = ["eva@shop.example,2026-01-31,T1,1,Tea,5.00,4.50"]
    with pytest.raises(UnreadableFileError, match="no_customer"):
        read(lines(*rows, header=header))


# --- the day of an order in its first line alone --------------------------------------------

LINES = "Order ID,Email,Created at,Lineitem quantity,Lineitem name,Lineitem price"


def test_lines_without_a_day_are_of_that_of_their_order_where_all_are_so() -> None:
    orders = [
        [f"{n},c{n}@x.example,2026-01-0{n},1,Tea,10.00", f"{n},c{n}@x.example,,2,Cup,7.50"]
        for n in range(1, 4)
    ]
    rows = [row for order in orders for row in order]
    got = read(lines(*rows, header=LINES))
    assert [day.day for day in got.column("ordered_at")] == [1, 1, 2, 2, 3, 3]
    assert got.balance.rejected == 0
    damaged = [
        *rows,
        "4,c4@x.example,2026-01-04,1,Tea,10.00",
        "4,c4@x.example,2026-01-04,1,Pin,1.00",
    ]
    got = read(lines(*damaged, header=LINES))
    assert [row.code for row in got.rejected] == ["empty_cell"] * 3
    assert read(lines(*rows[:4], header=LINES)).balance.rejected == 2
