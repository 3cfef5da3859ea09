"""Orders as well-known programs export them: what only their layout tells."""

import pytest

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
