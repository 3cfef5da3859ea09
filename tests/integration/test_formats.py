"""Questions that a file leaves open, answered by people and by the branch's files; real servers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest

from common.events import ObjectCreated
from common.settings import Settings
from functions.ingest import handler
from tests.integration.branches import Branches, running
from tests.integration.pipeline import Pipeline, csv

pytestmark = pytest.mark.integration

UNCLEAR = csv("1,03/04/2026,ana,tea,1,1.5", "2,05/04/2026,bea,tea,1,1.5")
UNCLEAR_TOO = csv("5,06/04/2026,ana,tea,1,2.5", "6,07/04/2026,bea,tea,1,2.5")
DAY_FIRST = csv("3,25/04/2026,ana,tea,1,2.5", "4,01/04/2026,bea,tea,1,2.5")
MONTH_FIRST = csv("3,04/25/2026,ana,tea,1,2.5", "4,04/01/2026,bea,tea,1,2.5")
MARKS = b"date;customer;total\n2026-04-03;ana;1,500\n2026-04-04;bea;2,250\n"


@pytest.fixture
def branches(settings: Settings, app, client: str) -> Iterator[Branches]:
    yield from running(settings, app, client)


def state(branches: Branches, key: str) -> str:
    return branches.pipeline.upload(key).state


@pytest.mark.parametrize(("order", "first_day"), [("dmy", "2026-04-03"), ("mdy", "2026-03-04")])
def test_an_answered_file_is_read_as_it_was_answered(
    branches: Branches, order: str, first_day: str
):
    upload = branches.put("centro/a.csv", UNCLEAR)
    assert state(branches, "centro/a.csv") == "needs_answer"
    told = branches.answer(upload, date_order=order)
    assert told.status_code == 202
    assert state(branches, "centro/a.csv") == "stored"
    shown = branches.ask("GET", f"uploads/{upload}").json()
    assert shown["balance"]["first_day"] == first_day
    assert shown["understanding"]["date_order_settled_by"] == "profile"
    assert shown["understanding"]["profile_version"] == 1


def test_answered_twice_it_is_answered_once(branches: Branches):
    upload = branches.put("centro/a.csv", UNCLEAR)
    first = branches.ask("POST", f"uploads/{upload}/mapping", {"date_order": "dmy"})
    second = branches.ask("POST", f"uploads/{upload}/mapping", {"date_order": "mdy"})
    branches.relay()
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["code"] == "no_question"
    assert branches.understood("centro/a.csv")["date_order"] == "dmy"
    profile = branches.ask("GET", "branches/centro/profile").json()
    assert [version["date_order"] for version in profile["versions"]] == ["dmy"]
    assert profile["versions"][0]["upload"] == upload


def test_one_answer_is_for_all_that_wait_in_the_branch_and_for_what_comes(branches: Branches):
    branches.put("centro/a.csv", UNCLEAR)
    second = branches.put("centro/b.csv", UNCLEAR_TOO)
    branches.put("norte/a.csv", UNCLEAR_TOO.replace(b"tea", b"soap"))
    branches.answer(second, date_order="mdy")
    assert [state(branches, key) for key in ("centro/a.csv", "centro/b.csv", "norte/a.csv")] == [
        "stored",
        "stored",
        "needs_answer",
    ]
    branches.put("centro/c.csv", UNCLEAR_TOO.replace(b"tea", b"soap"))
    assert branches.understood("centro/c.csv")["date_order"] == "mdy"


def test_an_answer_holds_though_another_file_shows_otherwise(branches: Branches):
    branches.put("centro/shows.csv", DAY_FIRST)
    branches.put("centro/shows_too.csv", MONTH_FIRST.replace(b"tea", b"soap"))
    upload = branches.put("centro/a.csv", UNCLEAR)
    assert state(branches, "centro/a.csv") == "needs_answer"
    branches.put("centro/later.csv", DAY_FIRST.replace(b"tea", b"milk"))
    branches.answer(upload, date_order="mdy")
    assert branches.understood("centro/a.csv")["date_order"] == "mdy"


def test_a_file_that_contradicts_the_answer_has_the_next_one_asked(branches: Branches):
    upload = branches.put("centro/a.csv", UNCLEAR)
    branches.answer(upload, date_order="mdy")
    branches.put("centro/shows.csv", DAY_FIRST)
    branches.put("centro/b.csv", UNCLEAR_TOO)
    assert state(branches, "centro/b.csv") == "needs_answer"


def test_what_came_before_a_change_is_read_as_before(branches: Branches):
    unclear = branches.pipeline.put("centro/a.csv", UNCLEAR)
    shows = branches.pipeline.put("centro/old.csv", DAY_FIRST)
    between = branches.pipeline.put("centro/b.csv", UNCLEAR_TOO)
    changed = branches.pipeline.put("centro/new.csv", MONTH_FIRST.replace(b"tea", b"soap"))
    branches.pipeline.settle(changed, shows, between, unclear)
    assert branches.understood("centro/b.csv")["date_order"] == "dmy"
    # Nothing came before it, and what came after it does not agree.
    assert state(branches, "centro/a.csv") == "needs_answer"


def test_a_file_that_comes_late_has_those_read_anew_that_it_contradicts(branches: Branches):
    late = branches.pipeline.put("centro/late.csv", MONTH_FIRST)
    shows = branches.pipeline.put("centro/shows.csv", DAY_FIRST.replace(b"tea", b"milk"))
    after = branches.pipeline.put("centro/after.csv", UNCLEAR)
    branches.pipeline.settle(shows, after)
    assert branches.understood("centro/after.csv")["date_order"] == "dmy"
    assert branches.pipeline.revenue() == Decimal(8)
    branches.pipeline.settle(late)
    # As if all had come in their order: the two before it do not agree.
    assert state(branches, "centro/after.csv") == "needs_answer"
    assert branches.pipeline.revenue() == Decimal(5)  # the late one holds orders of the other
    branches.answer(branches.pipeline.upload("centro/after.csv").id, date_order="mdy")
    assert branches.understood("centro/after.csv")["date_order"] == "mdy"


def test_read_by_what_came_later_a_file_is_read_by_what_came_before_instead(branches: Branches):
    late = branches.pipeline.put("centro/late.csv", MONTH_FIRST)
    unclear = branches.pipeline.put("centro/a.csv", UNCLEAR)
    shows = branches.pipeline.put("centro/shows.csv", DAY_FIRST.replace(b"tea", b"milk"))
    branches.pipeline.settle(unclear, shows)
    assert branches.understood("centro/a.csv")["date_order"] == "dmy"
    branches.pipeline.settle(late)
    assert branches.understood("centro/a.csv")["date_order"] == "mdy"


def test_a_file_that_comes_late_is_seen_by_one_that_is_being_read(
    branches: Branches, settings: Settings
):
    late = branches.pipeline.put("centro/late.csv", MONTH_FIRST)
    branches.put("centro/shows.csv", DAY_FIRST.replace(b"tea", b"milk"))
    after = branches.pipeline.put("centro/after.csv", UNCLEAR)
    [other] = others = [Pipeline(settings, branches.pipeline.client)]
    read = handler._read

    def read_while_another_comes(*args: Any) -> Any:
        dataset = read(*args)
        if others:
            others.pop().settle(late)
        return dataset

    with mock.patch.object(handler, "_read", read_while_another_comes):
        branches.pipeline.settle(after)
    other.close()
    assert state(branches, "centro/late.csv") == "stored"
    assert state(branches, "centro/after.csv") == "needs_answer"


@pytest.mark.parametrize("by_whom", ["a file", "a person"])
def test_what_is_answered_while_the_file_is_read_is_not_asked(
    branches: Branches, settings: Settings, by_whom: str
):
    unclear = branches.pipeline.put("centro/unclear.csv", UNCLEAR)
    shows = branches.pipeline.put("centro/shows.csv", DAY_FIRST)
    other = Pipeline(settings, branches.pipeline.client)
    answers = {
        "a file": lambda: other.settle(shows),
        "a person": lambda: branches.ask("PUT", "branches/centro/profile", {"date_order": "dmy"}),
    }
    answering = [answers[by_whom]]
    read = handler._read

    def read_while_it_is_answered(*args: Any) -> Any:
        try:
            return read(*args)
        finally:
            if answering:
                answering.pop()()

    with mock.patch.object(handler, "_read", read_while_it_is_answered):
        branches.pipeline.settle(unclear)
    other.close()
    assert branches.understood("centro/unclear.csv")["date_order"] == "dmy"
    assert b"UploadNeedsAnswer" not in b"".join(branches.pipeline.transport.held("notify"))


def test_an_answer_is_not_overtaken_by_a_file_that_comes_late(branches: Branches):
    late = branches.pipeline.put("centro/late.csv", MONTH_FIRST)
    upload = branches.put("centro/a.csv", UNCLEAR)
    branches.answer(upload, date_order="dmy")
    branches.pipeline.settle(late)
    assert state(branches, "centro/a.csv") == "stored"
    assert branches.understood("centro/a.csv")["date_order"] == "dmy"


def test_a_decimal_mark_is_answered_too(branches: Branches):
    upload = branches.put("centro/a.csv", MARKS)
    assert branches.pipeline.upload("centro/a.csv").reason == "decimal_mark"
    wrong = branches.answer(upload, date_order="dmy")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "answer_missing")
    branches.answer(upload, decimal_mark=",")
    amount = branches.ask("GET", f"uploads/{upload}").json()["balance"]["amount"]
    assert amount == "3.75"


def test_a_profile_is_decided_from_a_time_on_and_wakes_who_waits(branches: Branches):
    branches.put("centro/a.csv", UNCLEAR)
    wish = {"date_order": "dmy", "since": "2020-01-01T00:00:00Z"}
    first = branches.ask("PUT", "branches/centro/profile", wish)
    again = branches.ask("PUT", "branches/centro/profile", wish)
    branches.relay()
    assert first.json() == again.json()
    assert (first.json()["version"], first.json()["date_order"]) == (1, "dmy")
    assert state(branches, "centro/a.csv") == "stored"
    taken_back = branches.ask("PUT", "branches/centro/profile", {"date_order": None})
    assert taken_back.json()["version"] == 2
    assert branches.ask("GET", "branches/atlantis/profile").status_code == 404
    assert branches.ask("PUT", "branches/atlantis/profile", {}).status_code == 404


def test_a_profile_changes_nothing_of_what_was_read(branches: Branches):
    upload = branches.put("centro/a.csv", UNCLEAR)
    branches.answer(upload, date_order="dmy")
    before = branches.pipeline.report()
    branches.ask("PUT", "branches/centro/profile", {"date_order": "mdy"})
    row = branches.pipeline.upload("centro/a.csv")
    ref = branches.pipeline.ref("centro/a.csv", row.version_id)
    event = ObjectCreated(object=ref, source="replay", generation=row.generation + 1)
    branches.pipeline.settle(event)
    assert branches.pipeline.report() == before
    assert branches.understood("centro/a.csv")["profile_version"] == 1


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_nobody_could_read_back_is_refused(branches: Branches, since: str):
    told = branches.ask("PUT", "branches/centro/profile", {"since": since, "date_order": "dmy"})
    assert (told.status_code, told.json()["code"]) == (422, "invalid_request")
    told = branches.ask("POST", "replays", {"from": since})
    assert (told.status_code, told.json()["code"]) == (422, "invalid_request")
    assert branches.ask("GET", "branches/centro/profile").json()["versions"] == []


def test_a_file_without_a_question_takes_no_answer(branches: Branches):
    upload = branches.put("centro/a.csv", DAY_FIRST)
    told = branches.answer(upload, date_order="dmy")
    assert (told.status_code, told.json()["state"]) == (409, "stored")
    assert branches.answer("nothing", date_order="dmy").status_code == 404
    assert branches.answer(upload, date_order="ydm").status_code == 422


@pytest.mark.parametrize(
    ("body", "label", "shown"),
    [
        (UNCLEAR, "03/04/2026 is Mar 4, 2026", ("date_order", "mdy")),
        (MARKS, "1,500 is 1.5", ("decimal_mark", ",")),
    ],
    ids=["a date", "a number"],
)
def test_the_page_shows_each_answer_and_takes_one(
    branches: Branches, body: bytes, label: str, shown: tuple[str, str]
):
    upload = branches.put("centro/a.csv", body)
    branches.web.cookies.set("datacore_token", branches.token)
    page = branches.web.get(f"/files/{upload}").text
    assert page.count(f'action="/files/{upload}/answer"') == 2
    assert f"<button>{label}</button>" in page
    here = {"Sec-Fetch-Site": "same-origin"}
    answers = branches.ask("GET", f"uploads/{upload}").json()["question"]["answers"]
    place = [each["label"] for each in answers].index(label)
    for number, status in ((2, 409), (place, 303), (place, 409)):
        answer = branches.web.post(
            f"/files/{upload}/answer",
            data={"answer": str(number)},
            headers=here,
            follow_redirects=False,
        )
        assert answer.status_code == status
    branches.relay()
    assert branches.understood("centro/a.csv")[shown[0]] == shown[1]
    assert "/answer" not in branches.web.get(f"/files/{upload}").text


# --- columns ------------------------------------------------------------------------------------

# No header name says who bought: one column's values do, but that is no more than a suggestion.
ODD = "\n".join([
    "Fecha;Socio del club;Importe",
    *(f"2026-04-{d:02d};S-{d % 4:04d};{d},50" for d in range(1, 20)),
]).encode()


def test_a_column_is_named_once_and_remembered(branches: Branches):
    upload = branches.put("centro/a.csv", ODD)
    asked = branches.pipeline.upload("centro/a.csv")
    assert (asked.state, asked.reason) == ("needs_answer", "customer_column")
    column = asked.params["columns"][0]
    wrong = branches.ask("POST", f"uploads/{upload}/mapping", {"columns": {"amount": "Importe"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "answer_missing")
    told = branches.ask("POST", f"uploads/{upload}/mapping", {"columns": {"customer_id": column}})
    branches.relay()
    assert told.json()["columns"] == {"customer_id": column}
    assert branches.understood("centro/a.csv")["mapping"]["customer_id"] == column
    branches.put("centro/b.csv", ODD.replace(b"2026-04", b"2026-05"))
    assert branches.understood("centro/b.csv")["mapping_settled_by"]["customer_id"] == "profile"
    assert branches.understood("centro/b.csv")["profile_version"] == 1
    profile = branches.ask("GET", "branches/centro/profile").json()
    assert profile["columns"] == {"customer_id": column}


# --- years of two digits ------------------------------------------------------------------------

EITHER_END = csv("1,19-01-05,ana,tea,1,1.5", "2,20-02-06,bea,tea,1,1.5")
YEAR_FIRST = csv(*(f"{i},20-03-{i:02},ana,soap,1,1.5" for i in range(1, 9)))


def test_a_year_at_either_end_is_asked_and_remembered(branches: Branches):
    upload = branches.put("centro/a.csv", EITHER_END)
    asked = branches.ask("GET", f"uploads/{upload}").json()
    assert asked["reason"] == "year_order"
    assert [each["answer"]["date_order"] for each in asked["question"]["answers"]] == ["ymd", "dmy"]
    assert branches.answer(upload, date_order="ymd").status_code == 202
    balance = branches.ask("GET", f"uploads/{upload}").json()["balance"]
    assert (balance["first_day"], balance["last_day"]) == ("2019-01-05", "2020-02-06")
    branches.put("centro/b.csv", EITHER_END.replace(b"tea", b"soap"))
    assert branches.understood("centro/b.csv")["date_order"] == "ymd"


def test_a_file_that_shows_where_the_year_stands_answers_for_those_that_wait(branches: Branches):
    branches.put("centro/a.csv", EITHER_END)
    assert state(branches, "centro/a.csv") == "needs_answer"
    branches.put("centro/b.csv", YEAR_FIRST)
    assert branches.understood("centro/a.csv")["date_order"] == "ymd"


# --- no names of columns ----------------------------------------------------------------------

UNNAMED = b"1001,2026-01-31,C7,2,9.50\n1002,2026-02-01,C8,1,4.25\n1003,2026-02-02,C7,3,1.00\n"


def test_a_file_without_names_is_asked_once_and_remembered(branches: Branches):
    upload = branches.put("centro/a.csv", UNNAMED)
    asked = branches.pipeline.upload("centro/a.csv")
    assert (asked.state, asked.reason) == ("needs_answer", "unnamed_columns")
    half = {"columns": {"customer_id": "column_3", "ordered_at": "column_2"}}
    told = branches.ask("POST", f"uploads/{upload}/mapping", half)
    assert (told.status_code, told.json()["code"]) == (422, "answer_missing")
    money = {"unit_price": "column_5", "quantity": "column_4"}
    whole = {"columns": {**half["columns"], **money}}
    assert branches.ask("POST", f"uploads/{upload}/mapping", whole).status_code == 202
    branches.relay()
    balance = branches.ask("GET", f"uploads/{upload}").json()["balance"]
    assert (balance["rows_in"], balance["accepted"], balance["amount"]) == (3, 3, "26.25")
    branches.put("centro/b.csv", UNNAMED.replace(b"2026", b"2025"))
    assert branches.understood("centro/b.csv")["mapping"] == whole["columns"]
    assert branches.understood("centro/b.csv")["profile_version"] == 1
    branches.put("norte/c.csv", UNNAMED.replace(b"2026", b"2024"))
    assert state(branches, "norte/c.csv") == "needs_answer"


def test_the_page_shows_the_columns_and_takes_a_whole_answer(branches: Branches):
    upload = branches.put("centro/a.csv", UNNAMED)
    branches.web.cookies.set("datacore_token", branches.token)
    page = branches.web.get(f"/files/{upload}").text
    label = "Customer column_3 (C7; C8), date column_2 (2026-01-31; 2026-02-01), amount column_5 (9.50; 4.25)"
    assert f"<button>{label}</button>" in page
    answers = branches.ask("GET", f"uploads/{upload}").json()["question"]["answers"]
    branches.web.post(
        f"/files/{upload}/answer",
        data={"answer": str([each["label"] for each in answers].index(label))},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    branches.relay()
    assert branches.understood("centro/a.csv")["mapping"]["amount"] == "column_5"


@pytest.mark.parametrize(
    ("meanings", "status", "said"),
    [
        (["order_id", "ordered_at", "customer_id", "quantity", "unit_price"], 303, ""),
        (["other", "ordered_at", "other", "quantity", "unit_price"], 422, "Still to say"),
        (["customer_id", "ordered_at", "customer_id", "other", "amount"], 422, "Two columns"),
        (["customer_id", "ordered_at", "amount"], 409, ""),
        (["customer_id", "ordered_at", "amount", "other", "colour"], 422, ""),
    ],
)
def test_the_page_takes_what_each_column_holds(
    branches: Branches, meanings: list[str], status: int, said: str
):
    upload = branches.put("centro/a.csv", UNNAMED)
    branches.web.cookies.set("datacore_token", branches.token)
    answer = branches.web.post(
        f"/files/{upload}/columns",
        data={"meaning": meanings},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "text/html"},
        follow_redirects=False,
    )
    assert (answer.status_code, said in answer.text) == (status, True)
    branches.relay()
    row = branches.pipeline.upload("centro/a.csv")
    assert row.state == ("stored" if status == 303 else "needs_answer")
    if status == 303:
        mapping = branches.understood("centro/a.csv")["mapping"]
        assert mapping == {ours: f"column_{i}" for i, ours in enumerate(meanings, 1)}


# --- what is no answer ------------------------------------------------------------------------

WHOLE = {"columns": {"customer_id": "column_3", "ordered_at": "column_2", "amount": "column_5"}}


@pytest.mark.parametrize("name", ["Im\x00porte", "\ud800", "I" * 257], ids=["NUL", "half", "long"])
def test_a_name_that_no_column_has_is_refused(branches: Branches, name: str):
    wish = {"columns": {"amount": name}}
    told = branches.ask("PUT", "branches/centro/profile", wish)
    assert (told.status_code, told.json()["code"]) == (422, "invalid_request")
    upload = branches.put("centro/a.csv", ODD)
    assert branches.answer(upload, **wish).status_code == 422


@pytest.mark.parametrize(
    ("body", "answer", "more"),
    [
        (UNCLEAR, {"date_order": "dmy"}, {"decimal_mark": ","}),
        (UNCLEAR, {"date_order": "dmy"}, {"columns": {"amount": "Net"}}),
        (ODD, {"columns": {"customer_id": "Socio del club"}}, {"overlap": "adds"}),
        (UNNAMED, WHOLE, {"date_order": "dmy"}),
    ],
    ids=["a mark", "a column", "an overlap", "no column"],
)
def test_what_a_file_does_not_ask_is_for_an_owner_to_decide(
    branches: Branches, body: bytes, answer: dict, more: dict
):
    upload = branches.put("centro/a.csv", body)
    told = branches.answer(upload, **answer, **more)
    assert (told.status_code, told.json()["code"]) == (422, "answer_unasked")
    assert branches.ask("GET", "branches/centro/profile").json()["versions"] == []
    assert branches.answer(upload, **answer).status_code == 202


# --- drift --------------------------------------------------------------------------------------

APRIL = csv("1,25/04/2026,ana,tea,1,2.5")
RENAMED = csv("2,26/04/2026,ana,tea,1,2.5").replace(b"unit_price", b"Precio")


def test_a_branch_that_renames_a_column_is_told_once(branches: Branches):
    branches.put("centro/a.csv", APRIL)
    branches.put("centro/b.csv", RENAMED)
    branches.put("centro/c.csv", RENAMED.replace(b"26/04", b"27/04"))
    told = branches.drift()
    assert len(told) == 1
    assert "centro writes its files otherwise. It renamed unit_price to Precio." in told[0]
    row = branches.pipeline.upload("centro/b.csv")
    ref = branches.pipeline.ref("centro/b.csv", row.version_id)
    event = ObjectCreated(object=ref, source="replay", generation=row.generation + 1)
    branches.pipeline.settle(event)
    assert branches.drift() == told


def test_read_in_another_order_the_same_change_is_told(branches: Branches):
    events = [
        branches.pipeline.put("centro/a.csv", APRIL),
        branches.pipeline.put("centro/b.csv", RENAMED),
    ]
    branches.pipeline.settle(events[1])
    assert branches.drift() == []
    branches.pipeline.settle(events[0])
    (told,) = branches.drift()
    assert "It renamed unit_price to Precio." in told


def test_a_file_with_a_header_alone_says_nothing_of_how_a_branch_writes(branches: Branches):
    branches.put("centro/a.csv", b"Fecha;Cliente;Importe\n25/04/2026;ana;3,50\n")
    branches.put("centro/empty.csv", b"date,customer,amount\n")
    branches.put("centro/c.csv", b"Fecha;Cliente;Importe\n27/04/2026;ana;4,50\n")
    assert branches.understood("centro/empty.csv")["mapping"] != {}
    assert branches.drift() == []


def test_another_branch_and_mended_rows_are_no_change(branches: Branches):
    branches.put("centro/a.csv", APRIL)
    branches.put("norte/b.csv", RENAMED)
    branches.put("centro/mended.csv", b"_upload,_line," + RENAMED.replace(b"\n2,", b"\nx,1,2,"))
    branches.put("centro/c.csv", APRIL.replace(b"25/04", b"27/04"))
    assert branches.drift() == []
