"""Words that tills write into the customer of sales without one."""

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

HEADER = "date,customer,amount"


@pytest.mark.parametrize(
    "said",
    [
        *("Walk-in", "WALK IN CUSTOMER", "Guest", "Cash sale", "Consumidor Final", "MOSTRADOR"),
        *(
            "Público en general",
            "PUBLICO EN GENERAL",
            "Cliente contado",
            "Consumidor",
            " Invitado ",
        ),
        *("Cliente balcão", "Client comptoir", "CLIENT DE PASSAGE", "Laufkunde", "Barverkauf"),
        *("XAXX010101000", "222222222222"),
        *("Cliente occasionale", "Perakende Müşteri", "PERAKENDE MUSTERI", "ゲスト", "散客"),
    ],
)
def test_a_sale_to_nobody_is_anonymous(said: str) -> None:
    got = read(lines("2026-01-31,C1,5.50", f"2026-01-31,{said},4.50", header=HEADER))
    assert got.column("customer_id") == ["C1", None]
    assert (got.balance.anonymous, got.balance.accepted) == (1, 2)


@pytest.mark.parametrize("name", ["Guest House Anna", "Anna Guest", "NULL", "0", "Cash & Carry"])
def test_what_may_be_a_name_is_one(name: str) -> None:
    got = read(lines("2026-01-31,C1,5.50", f"2026-01-31,{name},4.50", header=HEADER))
    assert got.column("customer_id") == ["C1", name]


def test_an_order_to_nobody_gives_its_lines_no_customer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MAX_BLOCK_RECORDS", 2)
    rows = ["1,2026-01-31,Walk-in,5.50", "1,,,4.50", "2,2026-01-31,C1,1.00", "2,,,2.00"]
    got = read(lines(*rows, header="order id,date,customer,amount"))
    assert got.column("customer_id") == [None, None, "C1", "C1"]
    assert got.balance.rejected == 0
