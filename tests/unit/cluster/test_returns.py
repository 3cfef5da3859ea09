from decimal import Decimal

import pytest

from tests.unit.cluster.factories import customer, segmented, table

pytestmark = pytest.mark.unit


def line(day: int, quantity: float | None, *, price: int = 10, **other: object) -> dict:
    amount = price if quantity is None else quantity * price
    return {
        "ordered_at": f"2025-03-{day:02d} 10:00",
        "quantity": quantity,
        "amount": amount,
        "order_id": f"day {day}",
    } | other


def anna(*lines: dict) -> dict:
    return customer(segmented(table(lines)), "anna").to_dict()


def test_a_return_lowers_spend_and_leaves_recency_alone() -> None:
    found = anna(line(1, 3), line(20, -1))
    assert found["spend"] == 20
    assert found["orders"] == 1
    assert found["recency_days"] == 19
    assert str(found["last_day"]) == "2025-03-01"


def test_an_order_returned_in_full_is_no_purchase() -> None:
    found = anna(line(1, 3), line(5, 2), line(9, -2))
    assert found["orders"] == 1
    assert str(found["last_day"]) == "2025-03-01"


def test_an_order_of_which_something_was_kept_is_a_purchase() -> None:
    found = anna(line(1, 3), line(5, 2), line(5, 1, product="milk"), line(9, -2))
    assert found["orders"] == 2


def test_a_return_goes_to_the_latest_earlier_lines_one_after_the_other() -> None:
    found = anna(line(1, 3), line(2, 1), line(3, 2), line(9, -4))
    assert found["orders"] == 1
    assert found["spend"] == 20
    assert str(found["last_day"]) == "2025-03-01"


def test_partial_returns_add_up_to_a_full_one() -> None:
    found = anna(line(1, 1, product="milk"), line(2, 2.5), line(3, -1), line(4, -1.5))
    assert found["orders"] == 1
    assert str(found["last_day"]) == "2025-03-01"


def test_a_return_never_reaches_a_later_purchase() -> None:
    found = anna(line(1, -1), line(2, 1))
    assert found["orders"] == 1
    assert found["spend"] == 0


def test_a_return_never_reaches_another_customer_or_product() -> None:
    found = anna(
        line(1, 1), line(1, 1, customer_id="ben"), line(2, -1, customer_id="ben"),
        line(3, -1, product="milk"),
    )  # fmt: skip
    assert found["orders"] == 1


def test_without_product_or_quantity_a_return_lowers_spend_only() -> None:
    nameless = anna(line(1, 1, product=None), line(2, -1, product=None))
    unmeasured = anna(line(1, None), line(2, None, price=-10))
    assert (nameless["orders"], nameless["spend"]) == (1, 0)
    assert (unmeasured["orders"], unmeasured["spend"]) == (1, 0)


def test_a_discount_on_the_receipt_gives_nothing_back() -> None:
    found = anna(line(1, 2), line(1, 2, price=-1))
    assert found["orders"] == 1
    assert found["spend"] == 18


def test_a_return_printed_as_a_positive_amount_lowers_spend() -> None:
    lines = table([line(1, 2), line(3, 1)]).to_pylist()
    lines[1]["kind"] = "return"
    content = table([]).from_pylist(lines, schema=table([]).schema)
    result = segmented(content)
    assert customer(result, "anna")["spend"] == 10
    assert result.totals.revenue == 10
    assert result.totals.returns_amount == 10
    assert result.contributions[0].counted_amount == Decimal(30)


def test_returns_only_means_no_purchase() -> None:
    found = anna(line(1, -1))
    assert found["rfm"] == "no_purchase"
    assert found["spend"] == -10
