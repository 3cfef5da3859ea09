"""A file balance adds up exactly, or says where it does not."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, Inexact

import pytest

from functions.ingest.balance import Balance, BalanceError

pytestmark = pytest.mark.unit

PART = Balance(
    rows_in=10,
    accepted=6,
    rejected=2,
    blank=1,
    repeated=1,
    quantity=Decimal(7),
    amount=Decimal("12.50"),
    first_day=date(2026, 1, 2),
    last_day=date(2026, 1, 9),
    anonymous=2,
    returns=1,
    bytes=400,
)


def test_parts_add_up() -> None:
    later = replace(PART, first_day=date(2026, 1, 1), last_day=date(2026, 1, 3))
    total = Balance() + PART + later
    assert (total.rows_in, total.accepted, total.bytes) == (20, 12, 800)
    assert total.amount == 25
    assert (total.first_day, total.last_day) == (date(2026, 1, 1), date(2026, 1, 9))
    total.verify(stored_rows=12, stored_amount=Decimal(25))
    total.verify_bytes(800)


def test_money_is_never_rounded() -> None:
    large = Balance(amount=Decimal("12345678901234567890.123456789012"))
    assert (large + large).amount == Decimal("24691357802469135780.246913578024")
    absurd = Balance(amount=Decimal("1e60")) + Balance()
    with pytest.raises(Inexact):
        absurd + Balance(amount=Decimal("0.1"))


@pytest.mark.parametrize(
    ("wrong", "stored_rows", "stored_amount"),
    [
        (replace(PART, rows_in=11), 6, "12.50"),
        (PART, 5, "12.50"),
        (PART, 6, "12.51"),
    ],
)
def test_what_does_not_add_up_is_a_bug(
    wrong: Balance, stored_rows: int, stored_amount: str
) -> None:
    with pytest.raises(BalanceError):
        wrong.verify(stored_rows=stored_rows, stored_amount=Decimal(stored_amount))


def test_a_lost_byte_is_a_bug() -> None:
    with pytest.raises(BalanceError):
        PART.verify_bytes(401)
