"""A file ends as rows that balance, as a question, or as a refusal that says why."""

import gzip
import json
import random
from datetime import date, datetime
from decimal import Decimal
from unittest import mock

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import frame
from common.texts import LANGUAGES, catalogue, say
from functions.ingest.reader import (
    FormatProfile,
    OpenQuestionError,
    UnreadableFileError,
)
from functions.ingest.reader.records import blocks, spill
from functions.ingest.reader.refusal import Fault, Question, Refusal
from tests.unit.ingest.reader.files import HEADER, ROW, lines, many, read, refusal

pytestmark = pytest.mark.unit


# --- what is accepted -----------------------------------------------------------------------


def test_rows_become_typed_columns_in_the_shape_of_a_frame() -> None:
    got = read(lines(ROW, '"C1002",2026-02-01,,-1,"3.25"'))
    assert got.table.schema == frame.CANONICAL
    assert got.column("customer_id") == ["C7", None]
    assert got.column("ordered_at") == [datetime(2026, 1, 31, 10), datetime(2026, 2, 1)]
    assert got.column("amount") == [Decimal(19), Decimal("-3.25")]
    assert got.column("kind") == ["sale", "return"]
    assert got.column("row") == [1, 2]
    assert got.column("line") == [2, 3]
    assert got.balance.first_day == date(2026, 1, 31)
    assert (got.balance.anonymous, got.balance.returns) == (1, 1)
    assert got.balance.amount == Decimal("15.75")


def test_ids_stay_text_and_further_columns_stay_as_they_are() -> None:
    header = "invoice,date,customer,amount,SKU,note,note,"
    got = read(lines("007123,2026-01-01,NA,1,1E5, x ,null,y", header=header))
    assert got.column("order_id") == ["007123"]
    assert got.column("customer_id") == ["NA"]
    assert got.column("product_id") == ["1E5"]
    further = {n: got.column(n) for n in got.table.column_names if n.startswith(frame.OTHER)}
    assert further == {"other.note": [" x "], "other.note (2)": ["null"], "other.column 8": ["y"]}


def test_a_given_amount_is_not_replaced_by_price_times_quantity() -> None:
    header = "invoice,date,customer,quantity,price,amount"
    got = read(lines("1,2026-01-01,C1,2,5.00,9.00", "2,2026-01-01,C1,,,7.1", header=header))
    assert got.column("amount") == [Decimal(9), Decimal("7.1")]
    assert got.column("quantity") == [Decimal(2), None]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\ufeff\ufeff"])
def test_the_dialect_is_found(delimiter: str, line_end: str, mark: str) -> None:
    content = mark + lines(ROW, ROW).replace(",", delimiter).replace("\n", line_end)
    got = read(content)
    assert got.balance.accepted == 2
    assert got.understanding.delimiter == delimiter
    assert got.column("line") == [2, 3]


def test_semicolons_beside_decimal_commas_are_found() -> None:
    got = read(lines("13/02/2024;Ana, hija;12,50", "01/02/2024;Eva;3,00",
                     header="Fecha;Cliente;Importe"))  # fmt: skip
    assert got.column("customer_id") == ["Ana, hija", "Eva"]
    assert got.balance.amount == Decimal("15.5")
    assert (got.understanding.date_order, got.understanding.decimal_mark) == ("dmy", ",")


def test_a_sep_line_names_the_delimiter_and_is_furniture() -> None:
    got = read("sep=|\r\n" + lines(ROW).replace(",", "|"))
    assert (got.understanding.delimiter, got.column("line")) == ("|", [3])


def test_text_that_is_not_utf_8_is_windows_1252() -> None:
    header = "factura,fecha,cliente,importe"
    got = read(lines("1,2026-01-01,Núñez €,5", header=header).encode("cp1252"))
    assert got.column("customer_id") == ["Núñez €"]
    assert got.understanding.encoding == "cp1252"


def test_blank_lines_and_a_header_printed_again_are_counted_apart() -> None:
    got = read(lines(ROW, "", HEADER, " ", ",,,,", ROW, "") + "\n")
    b = got.balance
    assert (b.rows_in, b.accepted, b.rejected, b.blank, b.repeated) == (8, 2, 0, 5, 1)
    assert got.column("row") == [1, 6]


def test_a_header_alone_is_one_empty_batch() -> None:
    got = read(HEADER)
    assert got.table.num_rows == got.balance.rows_in == 0
    assert got.balance.bytes == len(HEADER)


def test_rows_are_the_same_wherever_the_batches_are_cut() -> None:
    content = many(ROW, times=25)
    whole = read(content)
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", 10):
        by_number = read(content)
    with mock.patch.object(blocks, "BLOCK_BYTES", 64):
        by_size = read(content)
    assert [t.num_rows for t in whole.tables] == [25]
    assert [t.num_rows for t in by_number.tables] == [9, 9, 7]
    assert len(by_size.tables) > 3
    for cut in (by_number, by_size):
        assert (cut.table, cut.balance) == (whole.table, whole.balance)


# --- conventions ----------------------------------------------------------------------------


def dated(*texts: str) -> str:
    return lines(*(f"{i},{text},C1,1,5.00" for i, text in enumerate(texts)))


def test_one_day_above_twelve_settles_the_order_of_the_whole_column() -> None:
    got = read(dated("03/04/2024", "04/13/2024"))
    assert got.column("ordered_at")[0] == datetime(2024, 3, 4)
    assert got.understanding.date_order_settled_by == "column"


def test_the_profile_settles_what_the_column_leaves_open() -> None:
    got = read(dated("03/04/2024"), profile=FormatProfile(told={"date_order": "dmy"}.get))
    assert got.column("ordered_at") == [datetime(2024, 4, 3)]
    assert got.understanding.date_order_settled_by == "profile"


def test_an_open_date_order_is_asked_with_two_readings() -> None:
    with pytest.raises(OpenQuestionError) as asked:
        read(dated("05/05/2024", "03/04/2024"))
    assert asked.value.code == "date_order"
    assert asked.value.params == {
        "column": "date",
        "value": "03/04/2024",
        "dmy": "2024-04-03",
        "mdy": "2024-03-04",
    }
    assert "Apr 3, 2024" in say(asked.value.code, asked.value.params)


def test_nothing_is_asked_where_both_readings_agree() -> None:
    got = read(dated("05/05/2024", "2024-03-04"))
    assert got.column("ordered_at") == [datetime(2024, 5, 5), datetime(2024, 3, 4)]


def test_dates_of_both_orders_are_refused() -> None:
    error = refusal(dated("13/01/2024", "01/14/2024"))
    assert error.code == "mixed_date_order"
    assert error.params["first_example"] == "13/01/2024"


def priced(*texts: str) -> str:
    return "fecha;cliente;cantidad;precio\n" + "".join(f"2024-01-01;C1;{t}\n" for t in texts)


def test_an_open_decimal_mark_is_settled_by_another_column_then_profile_then_asked() -> None:
    assert read(priced("1.000;2,5")).balance.quantity == 1000
    profile = FormatProfile(told={"decimal_mark": "."}.get)
    assert read(priced("1.000;2"), profile=profile).balance.quantity == 1
    with pytest.raises(OpenQuestionError) as asked:
        read(priced("1.000;2"))
    assert asked.value.code == "decimal_mark"
    assert asked.value.params["point"] == "1.0"
    assert asked.value.params["comma"] == "1000.0"


def test_numbers_with_both_marks_are_refused() -> None:
    assert refusal(priced("1;2,50", "1;2.50")).code == "mixed_decimal_mark"


# --- what is rejected -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("1,2026-01-31,C7,2", "missing_cell", None),
        ("1,2026-01-31,C7,2,9.50,x", "extra_cell", None),
        ('1,2026-01-31,"C"7,2,9.50', "text_after_quote", "customer"),
        ('1,2026-01-31,C7,2,9.50,"x"y', "extra_cell", None),
        ("1,2026-01-31,C\x007,2,9.50", "nul_byte", "customer"),
        ("1\x1a,2026-01-31,C7,2,9.50", "control_char", "invoice"),
        ("1,2026-01-31,C\u00857,2,9.50", "control_char", "customer"),
        ("1,2026-01-31," + "C" * 65_537 + ",2,9.50", "cell_too_long", "customer"),
        ("1,,C7,2,9.50", "empty_cell", "date"),
        ("1,2026-01-31,C7, ,9.50", "empty_cell", "quantity"),
        ("TOTAL,TOTAL,,2,9.50", "bad_date", "date"),
        ("1,2026-05-05,C7,2,9.50", "future_date", "date"),
        ("1,2026-01-31,C7,two,9.50", "bad_number", "quantity"),
        ("1,2026-01-31,C7,2,nan", "not_finite", "price"),
        ("1,2026-01-31,C7,2,1234567890123", "number_too_large", "price"),
        ("1,2026-01-31,C7,2000000,900000000", "number_too_large", None),
        ("1,2026-01-31,C7,2,0.1234567", "too_many_decimals", "price"),
    ],
)
def test_one_bad_row_is_rejected_where_it_stands(row: str, code: str, column: str | None) -> None:
    before = lines(ROW, ROW)
    got = read(before + row + "\n" + ROW)
    assert got.faults() == [(code, 3, 4, column)]
    rejected = got.rejected[0]
    assert rejected.raw == row
    assert (rejected.byte_offset, rejected.byte_length) == (len(before), len(row.encode()))
    assert got.column("row") == [1, 2, 4]
    for language in LANGUAGES:
        assert say(code, rejected.params, language=language)


def test_nobody_sees_a_nul_in_a_name_or_in_a_title() -> None:
    table = lines(ROW, header=HEADER.replace("date", "da\0te"))
    got = read("Sales\0 of May\n\n" + table + "\nThe end\0\n")
    assert got.balance.accepted == 1
    assert "\\u0000" not in json.dumps(got.understanding.as_dict())


def test_a_row_of_tomorrow_is_not_yet_of_the_future() -> None:
    assert read(lines(ROW, "1,2026-05-04 12:00,C7,2,9.50")).balance.rejected == 0


TABLE = [f"{i},2026-01-{1 + i % 28:02} 10:00,C{i % 7},{1 + i % 3},{i}.25" for i in range(60)]
FAULTS = {
    "missing_cell": lambda cells: cells[:-1],
    "extra_cell": lambda cells: [*cells, "x"],
    "text_after_quote": lambda cells: [cells[0], cells[1], f'"{cells[2]}"x', *cells[3:]],
    "nul_byte": lambda cells: [*cells[:2], "\0", *cells[3:]],
    "bad_date": lambda cells: [cells[0], "TOTAL", *cells[2:]],
    "impossible_date": lambda cells: [cells[0], "2026-02-30", *cells[2:]],
    "other_date_form": lambda cells: [cells[0], "46052", *cells[2:]],
    "bad_number": lambda cells: [*cells[:4], "1O"],
    "empty_cell": lambda cells: [*cells[:3], "", cells[4]],
}


@settings(max_examples=80)
@given(
    place=st.integers(0, len(TABLE) - 1),
    code=st.sampled_from(sorted(FAULTS)),
    block_bytes=st.sampled_from([16, 100, 1 << 20]),
)
def test_one_fault_anywhere_is_reported_there_and_all_other_rows_are_accepted(
    place: int, code: str, block_bytes: int
) -> None:
    bad = list(TABLE)
    bad[place] = ",".join(FAULTS[code](TABLE[place].split(",")))
    with mock.patch.object(blocks, "BLOCK_BYTES", block_bytes):
        got = read(lines(*bad))
    assert [(r.code, r.row, r.line, r.raw) for r in got.rejected] == [
        (code, place + 1, place + 2, bad[place])
    ]
    assert got.column("row") == [i + 1 for i in range(len(TABLE)) if i != place]


@pytest.mark.parametrize(("rows", "tables"), [(200, 1), (202, 2), (500, 2), (520, 3), (1000, 5)])
def test_a_file_is_cut_into_blocks_that_are_alike(rows: int, tables: int) -> None:
    row = ROW + "\n"
    with mock.patch.object(blocks, "BLOCK_BYTES", 201 * len(row)):
        got = read(many(ROW, times=rows))
    sizes = [table.num_rows for table in got.tables]
    assert (len(sizes), sum(sizes)) == (tables, rows)
    assert max(sizes) - min(sizes) <= 5 * tables  # some bytes more are read, for the last line


@pytest.mark.parametrize(
    "numbers",
    [
        [("80995", "2.08"), ("1", "38970.00")],  # fit in 64 bits, their largest would not
        [("-90000", "900.01"), ("90000", "900.01"), ("1", "1")],  # do not
    ],
)
def test_a_product_is_exact_however_large_it_is(numbers: list[tuple[str, str]]) -> None:
    got = read(lines(*(f"1,2026-01-31,C7,{pieces},{price}" for pieces, price in numbers)))
    assert got.column("amount") == [Decimal(pieces) * Decimal(price) for pieces, price in numbers]


def test_permuted_rows_keep_the_totals() -> None:
    shuffled = random.Random(3).sample(TABLE, len(TABLE))
    assert read(lines(*shuffled)).balance == read(lines(*TABLE)).balance


def test_a_hundred_rejected_rows_are_data_and_one_more_refuses_the_file() -> None:
    bad = "1,2026-01-31,C7,two,9.50"
    assert read(many(ROW, times=900, odd=[bad] * 100)).balance.rejected == 100
    error = refusal(many(ROW, times=900, odd=[bad] * 101))
    assert error.code == "too_many_rejected"
    assert error.params["reasons"] == [{"code": "bad_number", "rows": 101}]
    assert (error.params["rejected"], error.params["rows"]) == (101, 1001)


def test_a_file_without_one_acceptable_row_is_refused() -> None:
    assert refusal(lines("1,2026-01-31,C7,two,9.50")).code == "too_many_rejected"


# --- what is refused ------------------------------------------------------------------------

UNCLOSED = lines(ROW, '1002,2026-01-31,"C7,2,9.50', ROW)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n \n", "empty"),
        (b"PK\x03\x04\x14\0\x06\0[Content_Types].xml", "looks_like_xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "looks_like_xlsx"),
        (b"PK\x03\x04\x14\0\x06\0a.csv", "compressed_damaged"),
        (gzip.compress(lines(ROW).encode(), mtime=0)[:-9], "compressed_damaged"),
        (gzip.compress(gzip.compress(lines(ROW).encode(), mtime=0), mtime=0), "compressed"),
        (b"%PDF-1.7\n", "looks_like_pdf"),
        (b"\n <!DOCTYPE html><html><body>Sign in, please</body></html>", "looks_like_html"),
        (random.Random(1).randbytes(100), "binary"),
        (lines(ROW).encode("utf-32"), "encoding"),
        (lines("1,2026-01-01,Núñez Ñandú,1,2", ROW).encode() + b"\xff\n", "encoding_byte"),
        (b"just some words\nand more\n", "no_table"),
        (b",,,\n1,2,3,4\n", "no_header"),
        (b"1001,2026-01-31,C7,2,9.50\n", "no_header"),
        ((",".join(f"c{i}" for i in range(513)) + "\n").encode(), "too_many_columns"),
        ((HEADER + "," + "x" * 257 + "\n").encode(), "header_too_long"),
        (lines(ROW + ",x", ROW + ",x").encode(), "header_mismatch"),
        (lines(ROW, "x" * (1 << 20) + ",").encode(), "line_too_long"),
        (("x" * 5_000_000).encode(), "line_too_long"),
        (UNCLOSED.encode(), "unterminated_quote"),
        (b"fecha,producto,total\n", "no_customer"),
        (b"cliente,producto,total\n", "no_date"),
        (b"fecha,cliente,precio\n", "no_money"),
        (b"fecha,cliente,importe,Cliente\n", "duplicate_column"),
    ],
)
def test_a_file_that_holds_no_purchases_is_refused_with_the_reason(
    content: bytes, code: str
) -> None:
    assert refusal(content).code == code


def test_an_unterminated_quote_is_reported_where_it_opens() -> None:
    assert refusal(UNCLOSED).params == {"line": 3, "byte": UNCLOSED.index('"')}


def test_a_quote_that_swallowed_the_lines_below_it_is_reported_where_it_opens() -> None:
    content = lines('1,2026-01-31,"C7,2,9.50', ROW, '1,2026-01-31,"C7",2,9.50', ROW)
    assert refusal(content).params == {"line": 2, "byte": content.index('"')}


@pytest.mark.parametrize("plain", [0, 20_000], ids=["at once", "after a megabyte of ASCII"])
def test_a_wrong_byte_is_located(plain: int) -> None:
    content = lines("1,2026-01-01,Núñez Ñandú,1,2", *[f"{ROW}{' ' * 40}"] * plain).encode()
    error = refusal(content + b"1,2026-01-01,\xe9,1,2\n")
    found = {"encoding": "UTF-8", "line": 3 + plain, "byte": len(content) + 13, "value": "0xe9"}
    assert error.params == found


# --- damage ---------------------------------------------------------------------------------


def outcome(content: bytes) -> None:
    """Read anything: only our errors, and a balance that closes."""
    try:
        got = read(content)
    except (UnreadableFileError, OpenQuestionError):
        return
    got.balance.verify(stored_rows=got.table.num_rows, stored_amount=got.balance.amount)
    got.balance.verify_bytes(len(content))


def test_a_file_cut_anywhere_ends_in_rows_or_a_reason() -> None:
    content = lines('1,2026-01-31,"Núñez, ""Eva""",2,9.50', ROW, ROW).encode()
    for size in range(len(content)):
        outcome(content[:size])


def test_a_flipped_bit_in_the_header_ends_in_rows_or_a_reason() -> None:
    content = bytearray(lines(ROW, ROW).encode())
    for place in range(len(HEADER) + 1):
        for bit in range(8):
            content[place] ^= 1 << bit
            outcome(bytes(content))
            content[place] ^= 1 << bit


@settings(max_examples=200)
@given(content=st.binary(max_size=300))
def test_any_bytes_end_in_rows_or_a_reason(content: bytes) -> None:
    outcome(content)
    outcome(HEADER.encode() + b"\n" + ROW.encode() + b"\n" + content)


# --- sentences ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*Refusal, *Question, *Fault])
def test_every_code_has_its_sentence(code: str) -> None:
    assert set(catalogue()[code]) == set(LANGUAGES)


def test_all_batches_have_one_schema() -> None:
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", 2):
        got = read(lines(*TABLE[:5]))
    assert all(table.schema == got.tables[0].schema for table in got.tables)
    assert pa.concat_tables(got.tables).num_rows == 5


def test_the_same_rows_give_the_same_chunks_whatever_was_read_before_them() -> None:
    content = lines(*TABLE, "bad", *TABLE, '1,2026-01-31,"",2,9.50')

    def chunks() -> list[str]:
        return [c.sha256 for table in read(content).tables for c in frame.encode(table)]

    with mock.patch.object(blocks, "BLOCK_BYTES", 997):
        cut = chunks()
        assert len(cut) > 3
        with mock.patch.object(spill, "_KEPT_BYTES", 0):
            assert chunks() == cut
