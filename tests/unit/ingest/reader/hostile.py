"""A collection of hostile files, made here, each with its exact expected outcome."""

import gzip
import io
import random
import zipfile
from collections.abc import Iterator

from tests.unit.ingest.reader import hostile_exports
from tests.unit.ingest.reader.outcomes import (
    ALL,
    GOOD,
    HEADER,
    ROWS,
    SPANISH_GOOD,
    Asked,
    Case,
    Hostile,
    Refused,
    Rows,
    table,
    text,
)


def hostile_files() -> Iterator[Hostile]:
    """Yield the collection."""
    for name, content, outcome in (
        *_encodings(),
        *_dialects(),
        *_shapes(),
        *_rows_at_fault(),
        *_conventions(),
        *_kinds_of_file(),
        *_limits(),
        *hostile_exports.cases(),
    ):
        data = content if isinstance(content, bytes) else content.encode()
        yield Hostile(name, data, outcome)


def _encodings() -> list[Case]:
    damaged = SPANISH_GOOD.encode() + b"4;03/02/2026;\xe9;1,00\n"
    return [
        ("a mark of UTF-8", "\ufeff" + GOOD, ALL),
        ("the mark twice", "\ufeff\ufeff" + GOOD, ALL),
        ("UTF-16, little end first", SPANISH_GOOD.encode("utf-16"), ALL),
        ("UTF-16, big end first", b"\xfe\xff" + SPANISH_GOOD.encode("utf-16-be"), ALL),
        ("UTF-16 without a mark", SPANISH_GOOD.encode("utf-16-le"), ALL),
        ("Windows-1252", SPANISH_GOOD.encode("cp1252"), ALL),
        ("Mac Roman", SPANISH_GOOD.encode("mac_roman"), ALL),
        ("Windows-1251", table("1,2026-01-31,Иван Петров,1,2.00").encode("cp1251"), Rows(1)),
        (
            "Shift_JIS",
            text("会員番号,購入日,金額", "山田太郎,2026-01-31,1.50").encode("cp932"),
            Rows(1),
        ),
        (
            "GB18030",
            text("会员编号,订单日期,金额", "张三,2026-01-31,1.50").encode("gb18030"),
            Rows(1),
        ),
        ("UTF-32", GOOD.encode("utf-32"), Refused("encoding")),
        ("a wrong byte in UTF-8", damaged, Refused("encoding_byte", 5)),
        (
            "half a character at the end",
            SPANISH_GOOD.encode() + b"\xc3",
            Refused("encoding_byte", 5),
        ),
        (
            "half a surrogate",
            GOOD.encode("utf-16-le") + b"\x00\xd8a\x00",
            Refused("encoding_byte", 5),
        ),
        (
            "a byte that Windows-1252 lacks",
            SPANISH_GOOD.encode("cp1252") + b"4;03/02/2026;A\x81;1,00\n",
            Rows(3, (("control_char", 5),)),
        ),
    ]


def _dialects() -> list[Case]:
    quoted = '1004,2026-02-03,"Ana, ""la jefa""",1,2.00'
    backslashed = '1004,2026-02-03,"Ana \\"la jefa\\"",1,2.00'
    wide = [row.split(",") for row in (HEADER, *ROWS)]
    return [
        ("semicolons", SPANISH_GOOD, ALL),
        ("tabs", GOOD.replace(",", "\t"), ALL),
        ("bars", GOOD.replace(",", "|"), ALL),
        ("a comma and a blank", GOOD.replace(",", ", "), ALL),
        ("two bars", GOOD.replace(",", "||"), ALL),
        ("a line that names the delimiter", "sep=;\r\n" + SPANISH_GOOD, ALL),
        ("doubled quotes", table(*ROWS, quoted), Rows(4)),
        ("quotes after backslashes", table(*ROWS, backslashed), Rows(4)),
        ("single quotes", GOOD.replace("C7", "'C, 7'").replace("C8", "'C, 8'"), ALL),
        ("a quote inside a plain cell", table(*ROWS, '1004,2026-02-03,5" pipe,1,2.00'), Rows(4)),
        (
            "text after a quote",
            table(*ROWS, '1004,2026-02-03,"Ana"x,1,2.00', *ROWS),
            Rows(6, (("text_after_quote", 5),)),
        ),
        (
            "a quote that is never closed",
            table(*ROWS, '1004,2026-02-03,"Ana,1,2.00', *ROWS),
            Refused("unterminated_quote", 5),
        ),
        (
            "lines inside a cell, then a fault",
            table('1,2026-01-31,"a\nb\r\nc",1,2.00', "2,x,C,1,2.00", *ROWS),
            Rows(4, (("bad_date", 5),)),
        ),
        ("CR alone", table(*ROWS, end="\r"), ALL),
        ("CRLF", table(*ROWS, end="\r\n"), ALL),
        (
            "all line ends mixed",
            f"{HEADER}\r\n{ROWS[0]}\r{ROWS[1]}\nx,x,x,1,1\r\n{ROWS[2]}",
            Rows(3, (("bad_date", 4),)),
        ),
        ("no final line end", GOOD.rstrip("\n"), ALL),
        ("a delimiter at the end of all lines", GOOD.replace("\n", ",\n"), ALL),
        ("a delimiter at the end of the data", HEADER + "\n" + text(*(r + "," for r in ROWS)), ALL),
        (
            "numbers that spreadsheets are made to take for text",
            table(
                *ROWS, '="1004",2026-02-03,="007",="1",="2.00"', '="5",2026-02-30,="7",="1",="2"'
            ),
            Rows(4, (("impossible_date", 6),)),
        ),
        (
            "each line in quotes, as one cell",
            text(*('"' + row.replace('"', '""') + '"' for row in (HEADER, *ROWS, quoted))),
            Rows(4),
        ),
        (
            "a table by position",
            text(*("".join(c.ljust(14) for c in r).rstrip() for r in wide)),
            ALL,
        ),
        (
            "a table by position below a title across its columns",
            "SALES REGISTER OF THE SHOP IN MAIN STREET, JANUARY 2026\n"
            + text(*("".join(c.ljust(14) for c in r).rstrip() for r in wide)),
            ALL,
        ),
        (
            "rules drawn around rows",
            text("+-----+-----+", *(f"| {r.replace(',', ' | ')} |" for r in (HEADER, *ROWS)))
            .replace("price |\n", "price |\n+====+====+\n")
            .replace("4.25 |\n", "4.25 |\n+----+----+\n| 1 | 2 |\n"),
            Rows(3, (("missing_cell", 7),)),
        ),
    ]


def _shapes() -> list[Case]:
    return [
        ("titles above", "Ventas de la tienda\nGenerado el 3 de mayo\n\n" + SPANISH_GOOD, ALL),
        ("blank lines around", "\n\n" + table(ROWS[0], "", ROWS[1], "", "", ROWS[2]) + "\n", ALL),
        (
            "two lines of header",
            ",,,Line,Line\n" + "invoice,date,customer,quantity,price\n" + text(*ROWS),
            ALL,
        ),
        ("units below the header", text(HEADER, "#,yyyy-mm-dd,,pcs,EUR", *ROWS), ALL),
        ("names in two languages", table("Beleg,Datum,Kunde,Menge,Preis", *ROWS), ALL),
        ("the header again", table(*ROWS[:2], HEADER, ROWS[2]), ALL),
        ("totals and an end", GOOD + "\nTOTAL,,,6,26.25\n*** end of report ***\n", ALL),
        ("footnotes", GOOD + "\n(1) Prices include tax\nPrinted by the till\n", ALL),
        (
            "another table below",
            GOOD + "\nproduct,stock level\nShirt,5\nCap,4\n",
            ALL,
        ),
        (
            "more purchases below, under other columns",
            GOOD + "date,invoice,customer,price,quantity\n2026-02-03,1004,C9,4.00,2\n",
            Rows(3, (("bad_date", 5), ("bad_date", 6))),
        ),
        (
            "more purchases below, in another order",
            GOOD + "\ncustomer,date,amount\nC9,2026-02-03,4.00\n",
            Refused("other_columns_below", 6),
        ),
        (
            "more purchases directly below, in another order",
            GOOD + "invoice,date,quantity,price,customer\n1004,2026-02-03,1,4.00,C9\n",
            Refused("other_columns_below", 5),
        ),
        (
            "more purchases above, under other columns",
            text("Date,Customer,Amount", "2026-01-31,C1,5.50", "") + text(HEADER, *ROWS),
            Refused("other_columns_below", 4),
        ),
        (
            "more purchases above, in another language and with a column less",
            text("Date,Customer,Total", "2026-01-31,C1,10.00", "")
            + text("Datum,Kunde,Betrag,Menge", "2026-02-01,C2,5.00,1"),
            Refused("other_columns_below", 4),
        ),
        (
            "two months beside each other",
            text("Date,Customer,Amount,,Fecha,Cliente,Importe")
            + text(*["2026-01-31,C1,5.50,,2026-02-01,C2,4.50"] * 3),
            Refused("duplicate_column"),
        ),
        (
            "amounts in thousands",
            text("Amounts in thousands of EUR,,", "Date,Customer,Amount", "2026-01-31,C1,5.50"),
            Asked("money_column"),
        ),
        ("a total that looks like a row", table(*ROWS, "TOTAL,,,6,26.25"), ALL),
        ("rows above their names", text(*ROWS, HEADER, *ROWS), Refused("rows_above_header", 1)),
        ("no names", text(*ROWS), Asked("unnamed_columns")),
        (
            "no names and no money",
            text("1,2026-01-31,tea", "2,2026-02-01,tea"),
            Refused("no_header"),
        ),
        ("a header alone", HEADER, Rows(0)),
        (
            "all rows wider than the header",
            table(*(row + ",x" for row in ROWS)),
            Refused("header_mismatch"),
        ),
        ("nothing", b"", Refused("empty")),
        ("a mark and blank lines", b"\xef\xbb\xbf\r\n \n", Refused("empty")),
        ("prose", "Dear customer,\nplease find attached the file.\n", Refused("no_table")),
    ]


def _rows_at_fault() -> list[Case]:
    def one(row: str, code: str) -> tuple[str, Rows]:
        return table(*ROWS[:2], row, ROWS[2]), Rows(3, ((code, 4),))

    return [
        ("a cell too few", *one("1,2026-01-31,C7,2", "missing_cell")),
        ("a cell too many", *one("1,2026-01-31,C7,2,9.50,x", "extra_cell")),
        ("cut short", GOOD + "1004,2026-02-03,C", Rows(3, (("truncated_tail", 5),))),
        ("a row of NULs", *one("\0" * 25, "missing_cell")),
        ("a NUL", *one("1,2026-01-31,C\x007,2,9.50", "nul_byte")),
        ("Ctrl-Z at the end", GOOD + "\x1a", Rows(3, (("truncated_tail", 5),))),
        ("an escape sequence", *one("1,2026-01-31,\x1b[31mC7,2,9.50", "control_char")),
        ("no date", *one("1,,C7,2,9.50", "empty_cell")),
        ("a word for a date", *one("1,yesterday,C7,2,9.50", "bad_date")),
        ("a date of the future", *one("1,2036-02-03,C7,2,9.50", "future_date")),
        ("the letter O", *one("1,2026-01-31,C7,2,9.5O", "bad_number")),
        ("not a number", *one("1,2026-01-31,C7,2,nan", "not_finite")),
        ("infinity", *one("1,2026-01-31,C7,2,inf", "not_finite")),
        ("1e400", *one("1,2026-01-31,C7,2,1e400", "not_finite")),
        ("13 digits of money", *one("1,2026-01-31,C7,2,1234567890123", "number_too_large")),
        ("64 KB and one byte", *one("1,2026-01-31," + "C" * 65_537 + ",2,9.50", "cell_too_long")),
        ("only wrong rows", table("1,x,C,1,1", "2,y,C,1,1"), Refused("too_many_rejected")),
        (
            "101 wrong rows of 500",
            table(*ROWS[:1] * 399, *["1,x,C,1,1"] * 101),
            Refused("too_many_rejected"),
        ),
    ]


def _conventions() -> list[Case]:
    def dated(*days: str) -> str:
        return text("date,customer,amount", *(f"{day},C1,5.50" for day in days))

    def paid(*amounts: str) -> str:
        return text("date;customer;amount", *(f"2026-01-31;C1;{amount}" for amount in amounts))

    return [
        ("days that only fit one order", dated("03/04/2026", "13/04/2026"), Rows(2)),
        ("days that fit both orders", dated("03/04/2026", "05/04/2026"), Asked("date_order")),
        ("days of both orders", dated("13/04/2026", "04/13/2026"), Refused("mixed_date_order")),
        ("amounts that fit both marks", paid("1.234", "5.678"), Asked("decimal_mark")),
        ("amounts of both marks", paid("1,50", "1.50"), Refused("mixed_decimal_mark")),
        ("thousands and decimals", paid("1.234,50", "12,00"), Rows(2)),
    ]


def _kinds_of_file() -> list[Case]:
    packed = gzip.compress(GOOD.encode(), mtime=0)
    return [
        ("a workbook", b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", Refused("looks_like_xlsx")),
        (
            "an old workbook",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
            Refused("looks_like_xlsx"),
        ),
        (
            "a page to sign in",
            b"\n <!DOCTYPE html><html><body>Sign in</body></html>",
            Refused("looks_like_html"),
        ),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3\n", Refused("looks_like_pdf")),
        ("noise", random.Random(7).randbytes(400), Refused("binary")),
        ("a gzip file", packed, ALL),
        ("half a gzip file", packed[:-9], Refused("compressed_damaged")),
        ("gzip in gzip", gzip.compress(packed, mtime=0), Refused("compressed")),
        ("a bomb", gzip.compress(bytes(60 << 20), mtime=0), Refused("unpacked_too_large")),
        ("a zip file", _zipped("a.csv"), ALL),
        ("two files in a zip file", _zipped("a.csv", "b.csv"), Refused("compressed_many")),
        ("a zip file of nothing", _zipped(), Refused("compressed_many")),
    ]


def _zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), GOOD)
    return target.getvalue()


def _limits() -> list[Case]:
    columns = ",".join(f"c{i}" for i in range(508))
    return [
        ("513 columns", f"{HEADER},{columns}\n", Refused("too_many_columns")),
        (
            "100,000 columns",
            ",".join(f"c{i}" for i in range(100_000)) + "\n",
            Refused("too_many_columns"),
        ),
        ("a name of 257 letters", f"{HEADER},{'x' * 257}\n", Refused("header_too_long")),
        (
            "a line of two megabytes",
            table(*ROWS, "1004,2026-02-03," + "C" * (2 << 20) + ",1,2.00"),
            Refused("line_too_long", 5),
        ),
    ]
