"""Reports by groups: a line with nothing but a customer or a day holds for the rows below."""

from unittest import mock

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read, refusal

pytestmark = pytest.mark.unit

BY_CUSTOMER = [
    *("Ana López,,,", ",2026-01-31,Cap,5.50", ",2026-02-01,Bag,4.50", "Total Ana López,,,10.00"),
    *(",,,", "Customer,Date,Product,Amount", "Eva Ruiz,,,", ",2026-02-01,Cap,1.00"),
]
BY_DAY = [
    *("31/01/2026,,,", ",Ana,,", ",,Cap,5.50", ",,Bag,4.50", ",Eva,,", ",,Cap,1.00"),
    *("13/02/2026,,,", ",Eva,,", ",,Cap,2.00"),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_a_line_with_a_customer_alone_holds_for_the_rows_below(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*BY_CUSTOMER, header="Customer,Date,Product,Amount"))
    assert got.column("customer_id") == ["Ana López", "Ana López", "Eva Ruiz"]
    assert got.understanding.left_out == {"subtotal": 1, "heading": 2}
    assert [(row.code, row.line) for row in got.left_out] == [
        *(("heading", 2), ("subtotal", 5), ("heading", 8)),
    ]
    balance = got.balance
    assert (balance.amount, balance.rejected, balance.blank, balance.repeated) == (11, 0, 1, 1)


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_customers_may_stand_within_days(batch_rows: int) -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*BY_DAY, header="Date,Customer,Product,Amount"))
    assert got.column("customer_id") == ["Ana", "Ana", "Eva", "Eva"]
    assert [day.day for day in got.column("ordered_at")] == [31, 31, 31, 13]
    assert (got.balance.rejected, got.understanding.left_out) == (0, {"heading": 5})


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_the_title_of_a_further_page_is_no_customer(batch_rows: int) -> None:
    page = ["Sales report,,,", "Customer,Date,Product,Amount"]
    rows = ["Ana López,,,", ",2026-01-31,Cap,5.50", "Page 2 of 2,,,", *page, ",2026-02-01,Bag,4.50"]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read("".join(f"{line}\n" for line in (*page, *rows)))
    assert got.column("customer_id") == ["Ana López"] * 2
    assert got.understanding.left_out == {"heading": 3}


@pytest.mark.parametrize(
    "title",
    ["Sales by customer city", "Sales by customer type", "Ventas por cliente y vendedor"],
)
def test_groups_that_are_not_of_customers_are_none(title: str) -> None:
    rows = ["Madrid,,", ",2026-01-31,5.50", "Bilbao,,", ",2026-02-01,4.50"]
    refused = refusal(f"{title},,\n" + lines(*rows, header=",Date,Amount"))
    assert refused.code == "no_customer"


PAGE = ["Sales report,,,", "Printed 2026-02-01,,,", "Date,Customer,Product,Amount"]


def test_titles_and_numbers_of_further_pages_are_no_rows() -> None:
    pages = [[*PAGE, "2026-01-31,Ana,Cap,5.50", f"Page {i} of 3,,,"] for i in (1, 2, 3)]
    got = read("".join(f"{line}\n" for page in pages for line in page))
    assert got.column("customer_id") == ["Ana"] * 3
    assert [(row.code, row.line) for row in got.left_out] == [
        ("heading", line) for line in (5, 6, 7, 10, 11, 12)
    ]
    assert (got.balance.rejected, got.balance.repeated) == (0, 2)
    assert [each.line for each in got.understanding.furniture] == [1, 2, 15]


def test_other_lines_of_a_single_cell_may_be_damaged_rows() -> None:
    rows = ["2026-01-31,Ana,Cap,5.50", "2026-01-31,,,", ",,Cap,", ",,,5.50", "February,,,"]
    got = read(lines(*rows, rows[0], header="Date,Customer,Product,Amount"))
    assert [row.row for row in got.rejected] == [2, 3, 4, 5]


def test_a_row_that_lacks_its_customer_or_all_else_is_below_no_heading() -> None:
    rows = ["Ana,,,", ",2026-01-31,Cap,5.50", "Eva,2026-01-31,Cap,1.00"]
    got = read(lines(*rows, header="Customer,Date,Product,Amount"))
    assert got.column("customer_id") == [None, "Eva"]
    assert got.faults() == [("empty_cell", 1, 2, "Date")]


UNNAMED = [
    *("Ana López,,,,", ",01/31/2026,Cap,1,5.50", ",02/01/2026,Bag,1,4.50"),
    *("Total for Ana López,,,2,10.00", "Eva Ruiz,,,,", ",02/13/2026,Cap,2,11.00"),
    *("Total for Eva Ruiz,,,2,11.00", "TOTAL,,,4,21.00"),
]


@pytest.mark.parametrize("batch_rows", [1, 100])
@pytest.mark.parametrize(
    "title", ["Sales by Customer Detail", "Ventas por cliente", "Ventes par client", "顧客別売上"]
)
def test_customers_may_stand_in_a_column_without_a_name_if_a_title_says_so(
    title: str, batch_rows: int
) -> None:
    above = f"Shop,,,,\n{title},,,,\nJanuary - February 2026,,,,\n,,,,\n"
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(above + lines(*UNNAMED, header=",Date,Product,Qty,Amount"))
    assert got.column("customer_id") == ["Ana López", "Ana López", "Eva Ruiz"]
    assert (got.balance.amount, got.balance.rejected) == (21, 0)
    assert got.understanding.mapping["customer_id"] == ""
    assert got.understanding.mapping_settled_by["customer_id"] == "values"


@pytest.mark.parametrize(
    "above", ["", "Sales by Product Detail,,,,\n", "Sales by Sales Rep Detail,,,,\n"]
)
def test_what_stands_in_a_column_without_a_name_is_not_guessed(above: str) -> None:
    assert refusal(above + lines(*UNNAMED, header=",Date,Product,Qty,Amount")).code == "no_customer"


def test_a_column_without_a_name_that_rows_fill_has_no_headings() -> None:
    rows = ["A1,01/31/2026,Cap,1,5.50", "A2,02/13/2026,Bag,1,4.50", "Page,,,,"]
    content = "Sales by customer,,,,\n" + lines(*rows, header=",Date,Product,Qty,Amount")
    assert refusal(content).code == "no_customer"
