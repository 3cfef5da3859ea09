"""A title above the names of the columns that says what the rows below are."""

from decimal import Decimal

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import Read, read

pytestmark = pytest.mark.unit

HEADER = "Date,Receipt,Customer,Total"
SALES = ["2026-01-31,1,C1,5.50", "2026-01-31,2,C2,4.50"]
BACK = ["2026-02-01,3,C1,5.50"]


def table(*lines: str) -> Read:
    return read("".join(f"{line}\n" for line in lines))


def amounts(got: Read) -> list[Decimal]:
    assert got.rejected == []
    return got.column("amount")


@pytest.mark.parametrize(
    "title",
    [
        *("Refunds", "Returns", "RETURNS", "Sales returns", "Credit notes", "Devoluciones"),
        *("Informe de devoluciones", "Abonos", "Retouren", "Gutschriften", "Retours", "Avoirs"),
        *(
            "Remboursements",
            "Resi",
            "Rimborsi",
            "Devoluções",
            "İadeler",
            "返品",
            "退货",
            "Refunds,,,",
            "Devoluciones enero 2026",
            "Returns January 2026",
        ),
    ],
)
def test_rows_below_such_a_title_are_returns(title: str) -> None:
    got = table(HEADER, *SALES, "", title, HEADER, *BACK)
    assert amounts(got) == [Decimal("5.5"), Decimal("4.5"), Decimal("-5.5")]
    assert got.column("kind") == ["sale", "sale", "return"]
    assert [(row.code, row.line) for row in got.left_out] == [("heading", 5)]
    balance = got.balance
    assert (balance.rows_in, balance.accepted, balance.blank, balance.repeated) == (6, 3, 1, 1)


def test_a_return_with_a_minus_of_its_own_keeps_it() -> None:
    got = table(HEADER, *SALES, "Refunds", HEADER, "2026-02-01,3,C1,-5.50")
    assert amounts(got)[-1] == Decimal("-5.5")


@pytest.mark.parametrize("end", ["Sales", "Ventas", "Informe de ventas", "Sales May"])
def test_the_next_title_ends_a_section(end: str) -> None:
    got = table("Sales", HEADER, *SALES, "Refunds", HEADER, *BACK, end, HEADER, *BACK)
    assert amounts(got)[2:] == [Decimal("-5.5"), Decimal("5.5")]


def test_a_title_that_says_nothing_ends_a_section_and_stays_a_row_at_fault() -> None:
    got = table(HEADER, *SALES, "Refunds", HEADER, *BACK, "Online", HEADER, *BACK)
    assert got.column("amount")[2:] == [Decimal("-5.5"), Decimal("5.5")]
    assert got.faults() == [("missing_cell", 6, 7, None)]


def test_names_printed_again_on_the_next_page_change_nothing() -> None:
    page = ["", "Shop Anna", "", HEADER]
    got = table("Shop Anna", HEADER, *SALES, "Refunds", HEADER, *BACK, HEADER, *BACK, *page, *BACK)
    assert got.column("kind") == ["sale", "sale", "return", "return", "return"]


def test_the_title_above_the_table_holds_too() -> None:
    got = table("Refunds", HEADER, *BACK, "", "Sales", HEADER, *SALES)
    assert amounts(got) == [Decimal("-5.5"), Decimal("5.5"), Decimal("4.5")]
    assert table("Devoluciones", "Tienda 7", HEADER, *BACK).column("kind") == ["return"]
    assert table("Sales and returns", HEADER, *BACK).column("kind") == ["sale"]


def test_what_a_title_says_is_cancelled_is_left_out() -> None:
    got = table(HEADER, *SALES, "Cancelled orders", HEADER, *BACK, *BACK)
    assert [(row.code, row.line) for row in got.left_out] == [
        ("heading", 4),
        ("cancelled", 6),
        ("cancelled", 7),
    ]
    assert amounts(got) == [Decimal("5.5"), Decimal("4.5")]


@pytest.mark.parametrize("block_bytes", [32, 64, 100])
def test_a_section_may_begin_in_any_block(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", block_bytes)
    got = table(HEADER, *SALES, "", "Refunds", "", HEADER, *BACK * 3, "", "Sales", HEADER, *SALES)
    assert len(got.batches) > 2
    assert got.column("kind") == [*["sale"] * 2, *["return"] * 3, *["sale"] * 2]
    assert got.rejected == []


def test_a_product_called_returns_is_sold() -> None:
    got = read(f"{HEADER},Product\n2026-01-31,1,C1,5.50,Returns\n")
    assert got.column("kind") == ["sale"]
