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


@pytest.mark.parametrize(
    "said",
    [
        *("-", "--", "N/A", "None", "[None]", "(blank)", "Unknown", "DESCONOCIDO", "Sin nombre"),
        *("-Sin cliente-", "No name", "VARIOS", "Ventas varias", "Venta al público", "00000"),
        *("Cliente general", "Clientes de paso", "1 - Cliente genérico", "0000 - CLIENTES VARIOS"),
        *("Consumidor Final (CF)", "Walk In Customer (0)", "C/F", "Diversos", "Diverse"),
        *("Diverser Kunde", "Laufkunden", "Cliente Vario", "Privato", "Comptant", "Passant"),
        *("Peşin Satış", "PEŞIN SATIŞ", "Nakit Müşteri", "诸口", "諸口"),  # noqa: RUF001
        *("一般", "一般のお客様", "フリー", "現金売上"),
    ],
)
def test_what_stands_instead_of_a_customer_is_none(said: str) -> None:
    got = read(lines("2026-01-31,C1,5.50", f"2026-01-31,{said},4.50", header=HEADER))
    assert got.column("customer_id") == ["C1", None]


@pytest.mark.parametrize("name", ["NA", "null", "Blank", "Cash", "Guest 1", "1-Ana", "Ana (CF)"])
def test_what_may_be_a_code_or_a_surname_stays(name: str) -> None:
    got = read(lines("2026-01-31,C1,5.50", f"2026-01-31,{name},4.50", header=HEADER))
    assert got.column("customer_id") == ["C1", name]


NAMED = "date,customer id,customer name,amount"


@pytest.mark.parametrize(
    ("code", "name"),
    [("0", "CLIENTE CONTADO"), ("99999", "Clientes varios"), ("CASH", "Walk-in customer")],
)
def test_the_code_of_nobody_is_nobodys(code: str, name: str) -> None:
    rows = [f"2026-01-31,{code},{name},5.50", f"2026-01-31,{code},,2.50", "2026-01-31,7,Ana,4.50"]
    assert read(lines(*rows, header=NAMED)).column("customer_id") == [None, None, "7"]


def test_a_code_that_mostly_has_a_name_is_somebodys() -> None:
    rows = ["2026-01-31,7,Ana,5.50", "2026-01-31,7,Ana,2.50", "2026-01-31,7,Walk-in,4.50"]
    got = read(lines(*rows, "2026-01-31,8,Eva,1.00", header=NAMED))
    assert got.column("customer_id") == ["7", "7", "7", "8"]


@pytest.mark.parametrize("name", ["Unknown", "-", "N/A"])
def test_a_code_without_a_name_is_somebodys(name: str) -> None:
    rows = [f"2026-01-31,7,{name},5.50", "2026-01-31,8,Ana,4.50"]
    assert read(lines(*rows, header=NAMED)).column("customer_id") == ["7", "8"]


def test_where_names_were_taken_out_codes_are_customers() -> None:
    rows = [f"2026-01-31,{code},Anonymous,5.50" for code in range(1, 9)]
    assert read(lines(*rows, header=NAMED)).balance.anonymous == 0


@pytest.mark.parametrize(("other", "customers"), [("b@", [None, None]), ("a@", ["0", "0"])])
def test_a_zero_that_several_share_is_nobody(other: str, customers: list[str | None]) -> None:
    rows = ["2026-01-31,0,a@mail.example,5.50", f"2026-01-31,0,{other}mail.example,4.50"]
    rows.append("2026-01-31,7,c@mail.example,1.00")
    got = read(lines(*rows, header="date,customer id,customer email,amount"))
    assert got.column("customer_id") == [*customers, "7"]
