"""Whatever the encoding, the delimiters and the lines around it: the same table is read."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest.reader import UnreadableFileError
from functions.ingest.reader.records.careful import (
    BACKSLASH,
    DOUBLE,
    NONE,
    SINGLE,
    Record,
    Style,
    read_records,
)
from tests.unit.ingest.reader.files import HEADER, REAL_FILES, ROW, Read, lines, read, refusal

pytestmark = pytest.mark.unit

PEOPLE = ["Muñoz, Íñigo", 'Ana "la jefa"', "Peña"]
TABLE = [
    HEADER.split(","),
    *([str(i), "2026-01-31", name, "2", "9.50"] for i, name in enumerate(PEOPLE)),
]


def around(before: str, table: str, after: str = "") -> list[tuple[str, int]]:
    got = read(before + table + after)
    assert got.balance.accepted == 2
    assert got.balance.rejected == 0
    assert got.balance.amount == Decimal(38)
    return [(each.kind, each.line) for each in got.understanding.furniture]


def written(delimiter: str, quote: str = '"', escaped: str | None = None) -> str:
    escaped = quote * 2 if escaped is None else escaped
    rows = [[f"{quote}{cell.replace(quote, escaped)}{quote}" for cell in row] for row in TABLE]
    return "".join(delimiter.join(row) + "\n" for row in rows)


def people(got: Read) -> list[str]:
    assert got.balance.rejected == 0
    return got.column("customer_id")


# --- styles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "delimiter",
    [
        ",",
        ";",
        "\t",
        "|",
        ", ",
        "; ",
        " | ",
        "||",
        "::",
        "\t\t",
        "^|^",
        "~",
        ":",
        " ",
        "\\t",
        "\x1f",
    ],
)
def test_a_delimiter_is_found_however_rare(delimiter: str) -> None:
    got = read(written(delimiter))
    assert got.understanding.delimiter == delimiter
    assert people(got) == PEOPLE


@pytest.mark.parametrize(("quote", "escaped"), [("'", "''"), ('"', '\\"'), ('"', '""')])
def test_quotes_are_told_apart(quote: str, escaped: str) -> None:
    got = read(written(",", quote, escaped))
    assert people(got) == PEOPLE
    assert got.understanding.escape == ("\\" if "\\" in escaped else "")


def wrapped(line: str) -> str:
    doubled = line.replace('"', '""')
    return f'"{doubled}"'


WRAPPED = [HEADER, '1,2026-01-31,"Muñoz, Íñigo",2,9.50', '2,2026-01-31,"Ana ""la jefa""",2,9.50']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ";;\r\n"])
@pytest.mark.parametrize("plain", [(), (0,), (2,)])
def test_a_row_that_is_one_cell_is_unwrapped(plain: tuple[int, ...], end: str) -> None:
    rows = [row if i in plain else wrapped(row) for i, row in enumerate(WRAPPED)]
    got = read(
        "".join(row + (end.lstrip(";") if i in plain else end) for i, row in enumerate(rows))
    )
    assert people(got) == ["Muñoz, Íñigo", 'Ana "la jefa"']
    assert got.understanding.delimiter == ","


def test_what_is_wrong_with_an_unwrapped_row_is_placed_in_the_file() -> None:
    odd = ['3,31/31/2026,"Ana ""M""",2,9.50', '4,2026-01-31,"Ana" M,2,9.50', '5,2026-01-31,"A']
    content = "".join(wrapped(row) + "\n" for row in WRAPPED + odd)
    got = read(content)
    assert [(r.code, r.line) for r in got.rejected] == [
        *(("impossible_date", 4), ("text_after_quote", 5), ("missing_cell", 6)),
    ]
    places = [r.place for r in got.rejected]
    shown = [content.encode()[p.byte_offset :][: p.byte_length].decode() for p in places]
    assert shown == ["31/31/2026", '""Ana"" M', wrapped(odd[2])]
    assert got.rejected[0].cells == ("3", "31/31/2026", 'Ana "M"', "2", "9.50")
    assert got.rejected[1].cells == ("4", "2026-01-31", '"Ana" M', "2", "9.50")
    assert got.rejected[0].raw == wrapped(odd[0])


@pytest.mark.parametrize("quoted", ['="{}"', '"=""{}"""'])
def test_text_that_spreadsheets_are_made_to_take_for_text_is_that_text(quoted: str) -> None:
    rows = [HEADER, "0071,2026-01-31,007123,2,9.50", "0072,2026-01-31,007124,1,9.50"]
    content = "".join(",".join(map(quoted.format, row.split(","))) + "\n" for row in rows)
    got = read(content + quoted.format("=1") + "," + ROW.partition(",")[2] + "\n")
    assert got.understanding.header == tuple(HEADER.split(","))
    assert people(got) == ["007123", "007124", "C7"]
    assert got.column("order_id") == ["0071", "0072", "=1"]
    assert got.column("amount") == [19, Decimal("9.5"), 19]


def test_other_formulas_stay_what_they_are() -> None:
    got = read(lines(*(f"1,2026-01-31,{each},2,9.50" for each in ("=1+1", '="a"&"b"', '="a'))))
    assert people(got) == ["=1+1", '="a"&"b"', '="a']


cells = st.text(st.sampled_from("ab1é,;|\"'\\ \n\r\t"), max_size=6)


@settings(max_examples=300)
@given(
    table=st.lists(st.tuples(cells, cells), min_size=1, max_size=8),
    delimiter=st.sampled_from([",", ";", "||", ", ", "\t"]),
    quote=st.sampled_from([DOUBLE, SINGLE]),
    escape=st.sampled_from([NONE, BACKSLASH]),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_table_in_any_style_reads_back_equal(
    table: list[tuple[str, str]], delimiter: str, quote: bytes, escape: bytes, line_end: str
) -> None:
    q = quote.decode()

    def cell(text: str) -> str:
        if escape:
            text = text.replace("\\", "\\\\").replace(q, f"\\{q}")
        return q + (text if escape else text.replace(q, q * 2)) + q

    content = "".join(delimiter.join(map(cell, row)) + line_end for row in table).encode()
    style = Style(delimiter=delimiter.encode(), quote=quote, escape=escape)
    records = list(read_records(content, style=style, final=True))
    assert all(isinstance(r, Record) and r.spoiled is None for r in records)
    read_back = [tuple(c.decode() for c in r.cells) for r in records if isinstance(r, Record)]
    assert read_back == table


@settings(max_examples=200)
@given(table=st.lists(st.tuples(cells, cells), min_size=1, max_size=8))
def test_a_wrapped_table_reads_back_equal(table: list[tuple[str, str]]) -> None:
    rows = [",".join(map(wrapped, row)) for row in table]
    content = "".join(wrapped(row) + "\n" for row in rows).encode()
    style = Style(delimiter=b",", is_wrapped=True)
    records = list(read_records(content, style=style, final=True))
    assert [r.cells for r in records if isinstance(r, Record)] == [
        tuple(cell.encode() for cell in row) for row in table
    ]
    shown = [content[a:b].decode() for r in records if isinstance(r, Record) for a, b in r.spans]
    assert shown == [wrapped(cell).replace('"', '""') for row in table for cell in row]


def test_columns_below_each_other_are_read_with_blanks_inside_them() -> None:
    got = read(
        "fecha      cliente        importe\n"
        "13/01/2026 Ana Gomez       12.50\n"
        "14/01/2026 Eva              3.00\n"
        "15/01/2026 Bo Li          123.00\n"
    )
    assert people(got) == ["Ana Gomez", "Eva", "Bo Li"]
    assert got.understanding.columns_by == "position"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "mac_roman", "cp932", "utf-16"])
def test_columns_below_each_other_are_read_in_any_encoding(encoding: str) -> None:
    names = ["会社", "店舗 東"] if encoding == "cp932" else ["Íñigo Núñez", "Ana Peña"]
    rows = [f"1{day}/01/2026 {names[day % 2]:<14} {day:>4}.50\n" for day in range(8)]
    got = read(("fecha      cliente        importe\n" + "".join(rows)).encode(encoding))
    assert people(got) == names * 4
    assert got.understanding.columns_by == "position"
    assert str(got.balance.amount) == "32.000000000000"


def test_a_word_across_a_columns_border_is_rejected_not_cut() -> None:
    row = "13/01/2026 Ana Gomez       12.50\n13/01/2026 Eva              3.00\n"
    content = (
        "fecha      cliente        importe\n" + row * 40 + "14/01/2026 Maximiliana Lopez 3.00\n"
    )
    got = read(content)
    assert got.balance.accepted == 80
    assert [(r.code, r.line) for r in got.rejected] == [("cut_word", 82)]


BY_POSITION = "".join(
    "".join(cell.ljust(20) for cell in row.split(",")).rstrip() + "\n" for row in (HEADER, ROW, ROW)
)


@pytest.mark.parametrize(
    "title",
    [
        "SALES REGISTER OF THE SHOP IN MAIN STREET, JANUARY 2026",
        "ACME STORES          SALES REGISTER OF THE MAIN STREET SHOP",
        "Printed 2026-02-03 by Ana, the manager of 2 shops in this town",
    ],
)
@pytest.mark.parametrize("below", ["\n", "\n\n", "\n========================================\n"])
def test_a_title_goes_across_columns_that_stand_below_each_other(title: str, below: str) -> None:
    found = around(title + below, BY_POSITION)
    assert found[0] == ("preamble", 1)
    assert len(found) == 1 + ("=" in below)
    assert around("", BY_POSITION.replace("price\n", "price\n" + "-" * 62 + "\n")) == []


def test_notes_go_across_columns_that_stand_below_each_other() -> None:
    after = "\n*** END OF THE REPORT OF ALL SHOPS IN THIS TOWN, 2 ROWS IN ALL ***\n"
    assert around("", BY_POSITION, after) == [("note", 5)]


UNDERLINED = """\
invoice     sale_date               customer     quantity price
----------- ----------------------- ------------ -------- -----
       1001 2026-01-31 10:00:00.000 Ana M               2  9.50
       1002 2026-02-01 10:00:00.000 Eva M               2  9.50
"""


@pytest.mark.parametrize("after", ["", "\n2 rows selected.\n", "\n(2 rows affected)\n"])
def test_underlined_columns_are_as_wide_as_their_lines(after: str) -> None:
    found = around("", UNDERLINED, after)
    assert found == [("units", 2), ("note", 6)][: 1 + bool(after)]
    got = read(UNDERLINED + after)
    assert got.column("order_id") == ["1001", "1002"]
    assert people(got) == ["Ana M", "Eva M"]


BOX = """\
+---------+------------+----------+----------+-------+
| invoice | date       | customer | quantity | price |
+---------+------------+----------+----------+-------+
|       1 | 2026-01-31 | Ana M    |        2 |  9.50 |
+---------+------------+----------+----------+-------+
|       2 | 2026-02-01 | Eva      |        2 |  9.50 |
+---------+------------+----------+----------+-------+
"""
PSQL = """\
 invoice |    date    | customer | quantity | price
---------+------------+----------+----------+-------
       1 | 2026-01-31 | Ana M    |        2 |  9.50
       2 | 2026-02-01 | Eva      |        2 |  9.50
"""


@pytest.mark.parametrize(
    ("before", "table", "after"),
    [
        ("", BOX, ""),
        ("mysql> SELECT * FROM sales;\n", BOX, "2 rows in set (0.00 sec)\n"),
        ("", BOX.translate(str.maketrans("+-|", "┼─│")).replace("2026─01─31", "2026-01-31"), ""),
        ("", PSQL, "(2 rows)\n\n"),
        ("", PSQL.replace("-+-", "-|-"), ""),
    ],
)
def test_a_table_that_a_database_drew_is_read(before: str, table: str, after: str) -> None:
    around(before, table.replace("2026─02─01", "2026-02-01"), after)
    assert people(read(before + table.replace("2026─02─01", "2026-02-01") + after)) == [
        *("Ana M", "Eva"),
    ]


# --- shapes ---------------------------------------------------------------------------------


def test_lines_above_and_below_the_table_are_listed_and_are_no_rows() -> None:
    table = lines(ROW, ROW)
    assert around("Sales report\nMade on 3/5/2026\n\n", table) == [("preamble", 1), ("preamble", 2)]
    assert around("", table, "TOTAL,,,,38.00\n") == [("total", 4)]
    assert around("", table, "\n*** end of report ***\n") == [("note", 5)]
    assert around("", table, "\nGenerated by POS 3.1\n") == [("note", 5)]
    assert around("", table.replace("1001,2", "2").replace("invoice,", ""), "Page 2 of 2,,,\n") == [
        *(("note", 4),),
    ]


def test_other_tables_are_named_and_the_one_of_purchases_is_read() -> None:
    table = lines(ROW, ROW)
    assert around("store,city\n1,Lima\n2,Quito\n\n", table) == [("table", 1)]
    assert around("", table, "\nsku,product,stock\nA,Apple,5\nB,Pear,6\n") == [("table", 5)]


def test_a_header_of_two_lines_is_one() -> None:
    got = read(
        "Cliente;Cliente;Pedido;Pedido;Pedido\nID;Nombre;ID;Fecha;Total\n"
        "C1;Ana;7;2026-01-31;12,50\nC2;Eva;8;2026-02-01;3,00\n"
    )
    assert people(got) == ["C1", "C2"]
    assert got.column("order_id") == ["7", "8"]
    assert got.column("line") == [3, 4]


def test_units_below_the_names_are_no_row() -> None:
    got = read("fecha;cliente;importe\n(dd/mm/yyyy);;EUR\n13/01/2026;C1;12,50\n")
    assert got.balance.rows_in == 1
    assert [(f.kind, f.line) for f in got.understanding.furniture] == [("units", 2)]


@pytest.mark.parametrize(
    "again",
    [
        *("Beleg,Datum,Kunde,Menge,Einzelpreis", "Factura,Fecha,Cliente,Cantidad,Precio"),
        *("伝票番号,購入日,会員番号,数量,単価", "Posten,Datum,Kunde,Menge,Einzelpreis"),
    ],
)
def test_names_again_in_another_language_are_no_row(again: str) -> None:
    assert around("", lines(again, ROW, ROW)) == [("header", 2)]
    assert around("", lines("1,2,3,4,5", ROW, ROW)) == [("header", 2)]
    assert around("", lines(again, "#,yyyy-mm-dd,,pcs,EUR", ROW, ROW)) == [
        *(("header", 2), ("units", 3)),
    ]


def test_words_that_name_other_columns_are_a_row() -> None:
    got = read(lines("Datum,Beleg,Kunde,Preis,Menge", ROW))
    assert got.faults() == [("bad_date", 1, 2, "date")]


@pytest.mark.parametrize(("header_end", "row_end"), [("", ";"), (";", ""), (";", ";")])
def test_a_delimiter_at_the_end_of_lines_is_no_column(header_end: str, row_end: str) -> None:
    got = read(
        f"fecha;cliente;importe{header_end}\n"
        f"13/01/2026;C1;12,50{row_end}\n14/01/2026;C2;1,50{row_end}\n"
    )
    assert people(got) == ["C1", "C2"]


@pytest.mark.parametrize(
    ("tail", "code"),
    [
        ("1001,2026-01-31", "truncated_tail"),
        ("1001", "truncated_tail"),
        ("1001,2026-13-45,C1,2,5\n", "impossible_date"),
        ("\n1001,,C1,2,5\n", "empty_cell"),
    ],
)
def test_a_damaged_row_at_the_end_is_rejected_not_taken_for_a_note(tail: str, code: str) -> None:
    got = read(lines(ROW, ROW) + tail)
    assert [r.code for r in got.rejected] == [code]


def test_rows_above_the_header_are_never_skipped() -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(ROW + "\n" + lines(ROW))
    assert refused.value.code == "rows_above_header"
    assert refused.value.params == {"line": 1, "header_line": 2}


@pytest.mark.parametrize(
    "header",
    [
        "N° Carte fidélité;N° Facture client;Dépôt;Date facture;N° Produit;Quantité;Prix vente net",
        "Código do cliente;Nº do pedido;Loja;Data da venda;Cód. produto;Qtd.;Preço unitário",
        "Kunden-Nr.;Belegnummer;Filiale;Rechnungsdatum;Artikel-Nr.;Menge;Einzelpreis (€)",
        "Codice cliente;N. scontrino;Negozio;Data vendita;Codice articolo;Quantità;Prezzo unitario",
        "Müşteri No;Fiş No;Şube;Satış Tarihi;Ürün Kodu;Adet;Birim Fiyatı",  # noqa: RUF001
        "会員番号;伝票番号;店舗名;購入日;商品コード;数量;単価",
        "会员号;订单编号;门店;下单时间;商品编码;数量;单价",
    ],
)
def test_columns_are_known_in_many_languages(header: str) -> None:
    got = read(f"{header}\nC7;1001;Centro;2026-01-31;P1;2;9,50\n")
    assert got.column("customer_id") == ["C7"]
    assert (got.column("order_id"), got.column("branch")) == (["1001"], ["Centro"])
    assert got.column("product_id") == ["P1"]
    assert got.balance.amount == Decimal(19)


@pytest.mark.skipif(not REAL_FILES.exists(), reason="the folder of real files is absent")
def test_the_table_of_cdnow_is_found_between_its_blanks() -> None:
    from functions.ingest.reader.records.dialect import find_dialect

    dialect = find_dialect(
        (REAL_FILES / "cdnow/CDNOW_master.txt").read_bytes()[:9999], encoding="utf-8"
    )
    assert dialect.style.is_padded
    assert dialect.header == ("customer_id", "date", "number_of_cds", "dollar_value")


def test_dates_that_did_not_fit_into_their_cells_are_no_notes() -> None:
    got = read(lines(ROW, "1002,########,C1,1,2.00", "########,########,C1,1,2.00"))
    assert [(r.code, r.line) for r in got.rejected] == [("bad_date", 3), ("bad_date", 4)]


def test_another_table_is_told_by_its_names_without_a_blank_line() -> None:
    payments = "invoice,date,method,paid,price\n1001,2026-01-31,cash,9.50,9.50\n"
    got = read(lines(ROW, ROW) + payments)
    assert (got.balance.accepted, got.balance.rejected) == (2, 0)
    assert [(f.kind, f.line) for f in got.understanding.furniture] == [("table", 4)]


def test_the_same_names_in_another_order_begin_another_list() -> None:
    refused = refusal(lines(ROW) + "invoice,date,price,quantity,customer\n1002,2026-02-01,3,7,9\n")
    assert (refused.code, refused.params["line"]) == ("other_columns_below", 3)
