"""Tables whose columns have no names: read where nothing else is possible, else one question."""

from decimal import Decimal

import pytest

from common.texts import LANGUAGES, say
from functions.ingest.reader import FormatProfile, OpenQuestionError
from tests.unit.ingest.reader.files import Read, read, refusal

pytestmark = pytest.mark.unit

SURE = (
    "ana@mail.example,2026-01-31,tea,9.50\n"
    "bea@mail.example,2026-02-01,soap,4.25\n"
    "ana@mail.example,2026-02-02,tea,1.00\n"
)
CODES = "1001,2026-01-31,C7,2,9.50\n1002,2026-02-01,C8,1,4.25\n1003,2026-02-02,C7,3,1.00\n"
ANSWER = {"customer_id": "column_3", "ordered_at": "column_2", "amount": "column_5"}


def asked(content: str, profile: FormatProfile | None = None) -> OpenQuestionError:
    with pytest.raises(OpenQuestionError) as question:
        read(content, profile=profile or FormatProfile())
    assert question.value.code == "unnamed_columns"
    for language in LANGUAGES:
        assert say(question.value.code, question.value.params, language=language)
    return question.value


def answered(content: str, answer: dict[str, str]) -> Read:
    return read(content, profile=FormatProfile(version=1, columns=answer))


def test_where_nothing_else_is_possible_it_is_read_and_said() -> None:
    got = read(SURE)
    found = got.understanding
    assert found.header == ("column_1", "column_2", "column_3", "column_4")
    assert found.header_line is None
    assert found.mapping == {
        "customer_id": "column_1",
        "ordered_at": "column_2",
        "amount": "column_4",
    }
    assert set(found.mapping_settled_by.values()) == {"values"}
    assert set(found.mapping_confidence.values()) == {0.85}
    assert got.column("other.column_3") == ["tea", "soap", "tea"]


def test_the_first_row_counts_and_stands_on_line_one() -> None:
    got = read(SURE)
    assert (got.balance.rows_in, got.balance.accepted) == (3, 3)
    assert (got.column("row"), got.column("line")) == ([1, 2, 3], [1, 2, 3])
    assert got.column("customer_id")[0] == "ana@mail.example"


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_bad_first_row_is_rejected_at_its_place(bom: bytes) -> None:
    rows = SURE.replace("2026-01-31", "2026-02-31", 1) + SURE
    got = read(bom + rows.encode())
    (wrong,) = got.rejected
    assert (wrong.code, wrong.row, wrong.line) == ("impossible_date", 1, 1)
    content = bom + rows.encode()
    place = slice(wrong.place.byte_offset, wrong.place.byte_offset + wrong.place.byte_length)
    assert content[place] == b"2026-02-31"


def test_a_first_row_that_is_cut_short_is_a_row() -> None:
    got = read("ana@mail.example,2026-01-31\n" + SURE)
    assert got.faults() == [("missing_cell", 1, 1, None)]
    assert got.balance.accepted == 3


def test_price_times_quantity_tells_the_amount() -> None:
    rows = [("a", 2, "9.50", "19.00"), ("b", 3, "4.25", "12.75"), ("a", 4, "1.00", "4.00")]
    lines = [f"{who}@mail.example,2026-01-31,{q},{p},{t}\n" for who, q, p, t in rows]
    got = read("".join([*lines, "b@mail.example,2026-02-01,5,1.50,7.50\n"]))
    assert got.understanding.mapping == {
        "customer_id": "column_1",
        "ordered_at": "column_2",
        "quantity": "column_3",
        "unit_price": "column_4",
        "amount": "column_5",
    }
    assert got.balance.amount == Decimal("43.25")


@pytest.mark.parametrize(
    ("what", "content"),
    [
        ("codes that could be orders'", CODES),
        ("pieces beside a price", SURE.replace(",tea,", ",2,").replace(",soap,", ",3,")),
        ("two amounts", SURE.replace(",tea,", ",2.50,").replace(",soap,", ",3.10,")),
        ("two dates", SURE.replace(",tea,", ",2026-03-01,").replace(",soap,", ",2026-03-02,")),
        ("addresses that never come back", SURE.replace("ana@", "eva@", 1)),
        ("names of people", SURE.replace("@mail.example", " diaz")),
    ],
)
def test_whatever_leaves_a_doubt_is_asked(what: str, content: str) -> None:
    params = asked(content).params
    assert len(params["columns"]) == len(params["candidates"]), what
    for answer in params["answers"]:
        got = answered(content, answer)
        assert (got.balance.rows_in, got.understanding.mapping) == (3, answer)


def test_the_question_names_all_columns_with_values_but_nobody() -> None:
    params = asked(CODES.replace("C7", "Ana Diaz").replace("C8", "Eva")).params
    assert params["candidates"] == [
        "column_1 (1001; 1002)",
        "column_2 (2026-01-31; 2026-02-01)",
        "column_3 (xxx xxxx; xxx)",
        "column_4 (2; 1)",
        "column_5 (9.50; 4.25)",
    ]


def test_the_first_answer_is_the_likeliest() -> None:
    assert asked(CODES).params["answers"][0] == ANSWER


def test_an_answer_is_used_for_the_next_file_too() -> None:
    got = answered(CODES.replace("2026-0", "2025-0"), ANSWER)
    assert set(got.understanding.mapping_settled_by.values()) == {"profile"}
    assert got.column("customer_id") == ["C7", "C8", "C7"]


def test_an_answer_that_the_values_speak_against_is_not_used() -> None:
    moved = "".join(f"x,{line}\n" for line in CODES.splitlines())
    asked(moved, FormatProfile(version=1, columns=ANSWER))


def test_half_an_answer_is_none() -> None:
    asked(CODES, FormatProfile(version=1, columns={"customer_id": "column_3"}))


def test_a_price_and_its_quantity_are_an_amount() -> None:
    told = {**ANSWER, "unit_price": "column_5", "quantity": "column_4"}
    del told["amount"]
    assert answered(CODES, told).balance.amount == Decimal("26.25")


def test_mended_rows_of_such_a_file_are_read_by_the_same_answer() -> None:
    header = "_upload,_line,_error,column_1,column_2,column_3,column_4,column_5\n"
    got = answered(f"{header}u,7,why,1001,2026-01-31,C7,2,9.50\n", ANSWER)
    assert (got.balance.accepted, got.column("other._line")) == (1, ["7"])


def test_a_table_that_can_be_no_purchases_is_refused() -> None:
    assert refusal("tea,3\nsoap,4\n").code == "no_header"
    assert refusal("2026-01-31,tea\n2026-02-01,soap\n").code == "no_header"


def test_a_header_whose_names_are_dates_is_still_a_header() -> None:
    content = "customer,2026-01-31,2026-02-28\n101,3.00,1.00\n102,4.00,2.00\n"
    assert refusal(content).params["found"] == ["customer", "2026-01-31", "2026-02-28"]
