"""A collection of hostile files, made here, each with its exact expected outcome."""

import gzip
import io
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = "invoice,date,customer,quantity,price"
ROWS = (
    "1001,2026-01-31,C7,2,9.50",
    "1002,2026-02-01,C8,1,4.25",
    "1003,2026-02-02,C7,3,1.00",
)
SPANISH = "Factura;Fecha;Cliente;Importe"
SPANISH_ROWS = ("1;31/01/2026;Íñigo Núñez;19,00", "2;01/02/2026;Ana;4,25", "3;02/02/2026;Eva;3,00")


@dataclass(frozen=True)
class Rows:
    """The file is read: so many rows are accepted, and these lines are not."""

    accepted: int
    wrong: tuple[tuple[str, int], ...] = ()  # code and physical line
    left_out: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Refused:
    """Nothing of the file is counted."""

    code: str
    line: int | None = None  # where the reason names one


@dataclass(frozen=True)
class Asked:
    """The file waits for a person."""

    code: str


@dataclass(frozen=True)
class Hostile:
    """A file, and what must come of it."""

    name: str
    content: bytes
    outcome: Rows | Refused | Asked


def text(*lines: str, end: str = "\n") -> str:
    return "".join(line + end for line in lines)


def table(*rows: str, end: str = "\n") -> str:
    return text(HEADER, *rows, end=end)


GOOD = table(*ROWS)
SPANISH_GOOD = text(SPANISH, *SPANISH_ROWS)
ALL = Rows(3)


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
        *_meanings(),
        *_exports(),
    ):
        data = content if isinstance(content, bytes) else content.encode()
        yield Hostile(name, data, outcome)


Case = tuple[str, bytes | str, Rows | Refused | Asked]


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


def _meanings() -> list[Case]:
    def sold(*names: str) -> str:
        further = ",".join(names)
        return text(f"{HEADER},{further}", *(f"{row}{',x' * len(names)}" for row in ROWS))

    status = text(
        "order id,date,customer,amount,status",
        "1,2026-01-31,C1,5.00,paid",
        "2,2026-01-31,C2,5.00,voided",
        "3,2026-01-31,C3,5.00,draft",
        "4,2026-01-31,C4,5.00,returned",
    )
    return [
        ("names that begin like formulas", sold("=1+1", "@sum", "+x"), ALL),
        ("further columns of one name", sold("note", "note", ""), ALL),
        ("the customer twice", sold("customer"), Refused("duplicate_column")),
        ("no customer", GOOD.replace("customer", "till"), Asked("customer_column")),
        (
            "nobody at all",
            GOOD.replace("customer", "size").replace("C7", "S").replace("C8", "M"),
            Refused("no_customer"),
        ),
        (
            "no column of dates",
            GOOD.replace("date", "words").replace("2026-", "week "),
            Refused("no_date"),
        ),
        ("money under another name", GOOD.replace("price", "colour"), Asked("money_column")),
        (
            "no money",
            text(*(row.rpartition(",")[0] for row in (HEADER, *ROWS))),
            Refused("no_money"),
        ),
        ("rows left out, and a return", status, Rows(2, (), (("voided", 3), ("draft", 4)))),
        (
            "totals of customers",
            "customer,recency,frequency,monetary\nC1,3,1,5.00\n",
            Refused("aggregated"),
        ),
        ("months as columns", "customer,Jan,Feb,Mar\nC1,3.00,1.00,5.00\n", Refused("pivot_table")),
        ("baskets", "id,milk,bread,beer,eggs\n1,1,0,1,0\n2,0,1,1,1\n", Refused("basket_matrix")),
        ("customers", "customer id,gender,age\nC1,F,31\nC2,M,19\n", Refused("customer_list")),
        ("products", "sku,product,price\nA1,Shirt,5.00\nA2,Cap,4.00\n", Refused("product_list")),
        ("stock", "sku,product,in stock\nA1,Shirt,5\nA2,Cap,4\n", Refused("stock_list")),
    ]


def _exports() -> list[Case]:
    """Files as tills, shops and spreadsheets write them, that were read wrong once."""

    return [
        (
            "a number of the sale called Sale #",
            text("Sale #,Date,Customer,Total", "10231,2026-01-31,C1,5.50"),
            Rows(1),
        ),
        (
            "a quantity in kilograms among pieces, and credits",
            text("Date,Customer,Quantity,Total", "2026-01-31,C1,2 kg,5.50", "2026-01-31,C1,2,5.50")
            + text("2026-01-31,C2,1,4.50CR", "2026-01-31,C1,1,5.00 DR"),
            Rows(1, (("other_unit", 2), ("debit_or_credit", 4), ("debit_or_credit", 5))),
        ),
        (
            "years of an era, and a half of the day that none has",
            text("購入日,会員番号,金額", "令和8年1月31日 午後3時05分,1,550")
            + text(
                "平成31年4月30日,2,450", "令和8年1月31日 午後13時,3,450", "令和0年13月1日,3,450"
            ),
            Rows(2, (("bad_date", 4), ("impossible_date", 5))),
        ),
        (
            "a time on a clock that nobody knows",
            text("Date,Customer,Total", "2026-01-31 10:30 IST,1,5.50", "2026-01-31 10:30Z,1,5.50"),
            Rows(1, (("unknown_zone", 2),)),
        ),
        (
            "cents",
            text("Date,Customer,Amount (cents)", "2026-01-31,C1,550"),
            Refused("no_money"),
        ),
        (
            "two currencies in two columns",
            text("Date,Customer,Total USD,Total EUR", "2026-01-31,C1,5.50,5.00"),
            Asked("money_column"),
        ),
        (
            "a date of payment that is not always there",
            text("Date,Customer,Total,Paid at", "2026-01-31,C1,5.50,", "2026-02-01,C2,4.50,"),
            Rows(2),
        ),
        (
            "subtotals with a date",
            text("Date,Receipt,Customer,Total", "2026-01-31,1,C1,5.50", "2026-01-31,Total,,5.50")
            + text("2026-02-01,2,C1,4.50", "2026-02-01,Total,,4.50"),
            Rows(2, (), (("subtotal", 3), ("subtotal", 5))),
        ),
        (
            "a sale, its lines and its payment",
            text(
                "Date,Receipt Number,Line Type,Customer Code,Quantity,Total",
                "2026-01-31,1,Sale,C1,2,5.50",
                "2026-01-31,1,Sale Line,,2,5.50",
                "2026-01-31,1,Payment,C1,,5.50",
            ),
            Rows(1, (), (("subtotal", 2), ("subtotal", 4))),
        ),
        (
            "payments that failed",
            text("Order ID,Date,Email,Total,Status", "1,2026-01-31,a@x.de,5.50,wc-completed")
            + text("2,2026-01-31,b@x.de,5.50,wc-failed", "3,2026-01-31,b@x.de,5.50,Declined"),
            Rows(1, (), (("cancelled", 3), ("cancelled", 4))),
        ),
        (
            "merged cells of an order",
            text(
                "Order ID,Date,Customer,Product,Total", "1,2026-01-31,C1,Cap,5.50", "1,,,Bag,4.50"
            ),
            Rows(2),
        ),
        (
            "customers as headings, and their totals",
            text("Customer,Date,Receipt,Amount", "Ana López,,,", ",2026-01-31,1,5.50")
            + text("Total Ana López,,,5.50", "Eva Ruiz,,,", ",2026-02-30,2,4.50"),
            Rows(1, (("impossible_date", 6),), (("heading", 2), ("subtotal", 4), ("heading", 5))),
        ),
        (
            "customers as headings in a column without a name",
            text("Sales by Customer Detail,,,", ",Date,Num,Amount", "Ana López,,,")
            + text(",01/31/2026,1,5.50", ",02/30/2026,2,4.50", "Total for Ana López,,,10.00")
            + text("Eva Ruiz,,,", ",02/13/2026,3,4.50", "Total for Eva Ruiz,,,4.50"),
            Rows(2, (("impossible_date", 5),), (("heading", 3), ("subtotal", 6), ("heading", 7))),
        ),
        (
            "an order's lines without its number, and a damaged order's",
            text("Order Reference,Customer,Order Date,Product,Subtotal", "S1,C1,2026-01-31,Cap,5")
            + text(",,,Bag,4.50", "S2,C2", ",,,Cap,5.50", ",,,,15.00"),
            Rows(2, (("missing_cell", 4), ("empty_cell", 5), ("empty_cell", 6))),
        ),
        (
            "the total of an order on all its lines",
            text(
                "Order ID,Date,Customer,Product,Order total",
                "1,2026-01-31,C1,Cap,8.00",
                "1,2026-01-31,C1,Bag,8.00",
                "2,2026-02-01,C2,Cap,9.00",
                "2,2026-02-01,C2,Pin,9.00",
            ),
            Asked("money_column"),
        ),
        (
            "dates wider than their cells",
            text("Date,Customer,Total", "########,C1,5.50", "########,C2,4.50"),
            Refused("too_many_rejected"),
        ),
        (
            "payments below without a blank line",
            text("Date,Receipt,Customer,Total", "2026-01-31,1,C1,5.50")
            + text("Date,Receipt,Method,Total", "2026-01-31,1,cash,5.50"),
            Rows(1),
        ),
        (
            "discounts as percentages",
            text("Date,Customer,Qty,Price,Discount %", "2026-01-31,C1,2,10.00,15")
            + text("2026-02-01,C2,1,4.00,", "2026-02-02,C3,1,4.00,0.00"),
            Rows(3),
        ),
        (
            "discounts of nobody knows what",
            text("Datum;Kunde;Menge;Preis;Rabatt", "31.01.2026;C1;2;10,00;1,50")
            + text("31.01.2026;C1;2;10,00;10 %", "31.01.2026;C1;2;10,00;0,00"),
            Rows(2, (("unclear_discount", 2),)),
        ),
        (
            "gross sales without net ones",
            text("Date,Customer,Item,Gross Sales,Discounts", "2026-01-31,C1,Cap,$5.50,-$1.00")
            + text("2026-01-31,C1,Cap,$5.50,$0.00", "2026-01-31,C1,Cap,$5.50,Happy hour"),
            Rows(2, (("unclear_discount", 4),)),
        ),
        (
            "a date in three columns",
            text("Día;Mes;Año;Cliente;Importe", "31;enero;2026;C1;5,50", "30;febrero;2026;C1;5,50")
            + text("1;feb;2026;C1;5,50", ";feb;2026;C1;5,50", "2;3;2026;C2;5,50"),
            Rows(3, (("impossible_date", 3), ("empty_cell", 5))),
        ),
        (
            "refunds in part, in full and of too much",
            text("id,Created (UTC),Amount,Amount Refunded,Currency,Customer ID")
            + text("1,2026-01-31 10:30,5.50,0.00,eur,C1", "2,2026-01-31 10:31,5.50,2.00,eur,C1")
            + text("3,2026-01-31 10:32,5.50,5.50,eur,C1", "4,2026-01-31 10:33,5.50,6.00,eur,C1"),
            Rows(2, (("refund_too_large", 5),), (("refunded", 4),)),
        ),
        (
            "a refund in the first line of an order",
            text("Order ID,Date,Customer,Product,Total,Refunded Amount")
            + text("1,2026-01-31,C1,Cap,5.50,1.00", "1,2026-01-31,C1,Bag,4.50,")
            + text("2,2026-01-31,C1,Cap,5.50,1.00"),
            Rows(2, (("unclear_refund", 2),)),
        ),
        (
            "orders paid back in part, nobody knows how much",
            text("Order,Date,Customer,Product,Total,Financial Status")
            + text("1,2026-01-31,C1,Cap,5.50,partially_refunded", "1,2026-01-31,C1,Bag,4.50,")
            + text("2,2026-01-31,C1,Cap,5.50,paid"),
            Rows(1, (("unclear_refund", 2), ("unclear_refund", 3))),
        ),
        (
            "numbers that a spreadsheet has rounded",
            text("Date;Order;Customer;Total", "2026-01-31;1;3.46E+10;5.50")
            + text("2026-01-31;2;3,46E+10;5.50", "2026-01-31;8.71235E+12;C1;5.50")
            + text("2026-01-31;1E5;5E10;5.50", "2026-01-31;12E4;1e5;5.50"),
            Rows(2, (("rounded_id", 2), ("rounded_id", 3), ("rounded_id", 4))),
        ),
        (
            "times without a sign",
            text("Date,Time,Customer,Total", *["2026-01-31,930,C1,5.50"] * 8)
            + text("2026-02-01,2460,C1,5.50", "2026-02-01,,C1,5.50"),
            Rows(9, (("bad_time", 10),)),
        ),
        (
            "refunds below their title",
            text("Sales", "Date,Customer,Total", "2026-01-31,C1,5.50", "", "Refunds")
            + text("Date,Customer,Total", "2026-02-01,C1,5.50"),
            Rows(2, (), (("heading", 5),)),
        ),
        (
            "an order's lines with its date alone",
            text("Order,Date,Customer,Product,Total", "1,2026-01-31,C1,Cap,5.50")
            + text(",2026-01-31,,Bag,4.50", "2,2026-02-01,C2,Cap,5.50", ",2026-02-01,,Pin,1.00"),
            Rows(4),
        ),
        (
            "totals of days without a word",
            text("Date,Customer,Product,Total", "2026-01-31,C1,Cap,5.50", "2026-01-31,C2,Bag,4.50")
            + text("2026-01-31,,,10.00", "2026-02-01,C1,Cap,5.50", "2026-02-01,,,5.50"),
            Rows(4, (), (("subtotal", 4),)),
        ),
        (
            "totals of orders below their lines, the last with a tax",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Cap,1,5.50")
            + text("1,2026-01-31,C1,Bag,1,4.50", "1,2026-01-31,C1,,,10.00")
            + text("2,2026-01-31,C2,Cap,2,11.00", "2,2026-01-31,C2,,,11.00")
            + text("3,2026-01-31,C2,Cap,1,5.50", "3,2026-01-31,C2,,,6.66"),
            Rows(4, (("unclear_total", 8),), (("subtotal", 4), ("subtotal", 6))),
        ),
        (
            "totals of orders above their lines",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Total,2,10.00")
            + text("1,,,Cap,1,5.50", "1,,,Bag,1,4.50", "2,2026-01-31,C2,Total,2,11.00")
            + text("2,,,Cap,2,11.00"),
            Rows(3, (), (("subtotal", 2), ("subtotal", 5))),
        ),
        (
            "orders of two equal lines",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Cap,1,5.50")
            + text("1,2026-01-31,C1,Bag,1,5.50", "2,2026-01-31,C1,Cap,1,5.00")
            + text("2,2026-01-31,C1,Bag,1,2.00", "2,2026-01-31,C1,Pin,1,3.00"),
            Rows(5),
        ),
        (
            "a total of all in the first row",
            text("Date,Customer,Total", "2026-01-31,,13.25", "2026-01-31,C1,5.50")
            + text("2026-01-31,C2,4.50", "2026-02-01,C1,3.25"),
            Rows(3, (), (("subtotal", 2),)),
        ),
        (
            "a total of all in the last row, with a date",
            text("Date,Customer,Total", "2026-01-31,C1,5.50", "2026-01-31,C2,4.50")
            + text("2026-02-01,C1,3.25", "2026-02-28,,13.25"),
            Rows(3, (), (("subtotal", 5),)),
        ),
        (
            "customers in the first of their rows alone",
            text("Customer,Date,Total")
            + "".join(
                text(f"C{i},2026-01-0{i % 3 + 1},5.50", f",2026-01-2{i % 3},4.50")
                for i in range(12)
            ),
            Rows(12, tuple(("unclear_customer", 3 + 2 * i) for i in range(12))),
        ),
        (
            "invoices and their payments",
            text("Date,Document,Type,Customer,Total", "2026-01-31,1,Invoice,C1,10.00")
            + text("2026-02-05,2,Payment,C1,-10.00", "2026-02-06,3,Credit note,C1,2.00"),
            Rows(2, (), (("subtotal", 3),)),
        ),
        (
            "euros and cents",
            text("Date;Client;Montant", "31/01/2026;C1;5€50", "31/01/2026;C1;5€5"),
            Rows(1, (("bad_number", 3),)),
        ),
        (
            "a price of all pieces",
            text("order-id,order-item-id,purchase-date,buyer-email,quantity-purchased,item-price")
            + text("1,1,2026-01-31T10:30:00+00:00,a@example.com,2,11.00"),
            Rows(1),
        ),
        ("yen", text("日付,会員番号,金額", '2026/01/31,M1,"¥12,800"'), Rows(1)),
        (
            "the order of the date in its name",
            text("Date (MM/DD/YYYY),Customer,Total", "03/04/2026,C1,5.50"),
            Rows(1),
        ),
        (
            "pieces",
            text("Date,Customer,Qty,Price", "2026-01-31,C1,x2,5.50", "2026-01-31,C1,1 pcs,5.50"),
            Rows(2),
        ),
    ]
