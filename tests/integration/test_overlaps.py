"""Files of a branch with the same days, where no order numbers tell what is the same; real servers."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from common.events import ObjectCreated
from common.settings import Settings
from functions.report_api.access import TOKEN_COOKIE
from tests.integration.branches import Branches, running
from tests.integration.pipeline import csv

pytestmark = pytest.mark.integration


def sales(**days: int) -> bytes:
    """Return a file without order numbers: what was sold on each day of April, as d01=10."""
    rows = (f"2026-04-{day.removeprefix('d')},ana,{amount}\n" for day, amount in days.items())
    return ("date,customer,total\n" + "".join(rows)).encode()


FIRST = sales(d01=1, d02=2, d03=4)
SECOND = sales(d02=20, d03=40, d05=80)
THIRD = sales(d05=800, d06=1000)


@pytest.fixture
def branches(settings: Settings, app, client: str) -> Iterator[Branches]:
    yield from running(settings, app, client)


def state(branches: Branches, key: str) -> str:
    return branches.pipeline.upload(key).state


def test_a_file_on_the_same_days_waits_with_a_question(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    upload = branches.put("centro/second.csv", SECOND)
    shown = branches.ask("GET", f"uploads/{upload}").json()
    assert (shown["state"], shown["reason"]) == ("needs_answer", "overlapping_days")
    assert "first.csv both have sales from Apr 2, 2026 to Apr 3, 2026" in shown["sentence"]
    assert [(each["answer"], each["label"]) for each in shown["question"]["answers"]] == [
        ({"overlap": "replaces"}, "The newer file replaces those days"),
        ({"overlap": "adds"}, "Both count"),
    ]
    assert branches.pipeline.revenue() == 7


@pytest.mark.parametrize(("answer", "two", "three"), [
    ("replaces", 1 + 20 + 40 + 80, 1 + 20 + 40 + 800 + 1000),
    ("adds", 7 + 140, 7 + 140 + 1800),
])  # fmt: skip
def test_the_answer_holds_for_the_branch(branches: Branches, answer: str, two: int, three: int):
    branches.put("centro/first.csv", FIRST)
    upload = branches.put("centro/second.csv", SECOND)
    assert branches.answer(upload, date_order="dmy").status_code == 422
    assert branches.answer(upload, overlap=answer).status_code == 202
    assert state(branches, "centro/second.csv") == "stored"
    assert branches.pipeline.revenue() == two
    branches.put("centro/third.csv", THIRD)
    assert (state(branches, "centro/third.csv"), branches.pipeline.revenue()) == ("stored", three)
    branches.put("norte/first.csv", SECOND.replace(b"ana", b"bea"))
    branches.put("norte/second.csv", FIRST.replace(b"ana", b"bea"))
    assert state(branches, "norte/second.csv") == "needs_answer"


def test_what_asks_about_a_file_that_goes_is_read_again(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    upload = branches.put("centro/second.csv", SECOND)
    branches.put("centro/third.csv", THIRD)  # has a day of the second one, which does not count
    assert (state(branches, "centro/third.csv"), branches.pipeline.revenue()) == ("stored", 1807)
    branches.pipeline.settle(branches.pipeline.delete("centro/first.csv"))
    branches.relay()
    assert "third.csv both" in branches.ask("GET", f"uploads/{upload}").json()["sentence"]
    assert (state(branches, "centro/second.csv"), branches.pipeline.revenue()) == (
        "needs_answer",
        1800,
    )
    branches.pipeline.settle(branches.pipeline.delete("centro/third.csv"))
    branches.relay()
    assert (state(branches, "centro/second.csv"), branches.pipeline.revenue()) == ("stored", 140)


def test_a_corrected_file_without_the_same_days_answers_the_question_too(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    branches.put("centro/second.csv", SECOND)
    branches.put("norte/second.csv", FIRST)
    branches.put("centro/first.csv", sales(d11=1))
    branches.relay()
    assert (state(branches, "centro/second.csv"), branches.pipeline.revenue()) == ("stored", 148)


def test_a_file_that_nobody_asks_about_wakes_none(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    branches.put("centro/second.csv", SECOND)
    branches.put("centro/other.csv", sales(d20=5))
    branches.pipeline.settle(branches.pipeline.delete("centro/other.csv"))
    branches.relay()
    upload = branches.pipeline.upload("centro/second.csv")
    assert (upload.state, upload.generation) == ("needs_answer", 0)


def test_a_file_says_how_many_of_its_rows_are_replaced(branches: Branches):
    first = branches.put("centro/first.csv", FIRST)
    branches.answer(branches.put("centro/second.csv", SECOND), overlap="replaces")
    assert branches.ask("GET", f"uploads/{first}").json()["replaced_rows"] == 2
    page = branches.web.get(
        f"/files/{first}", headers={"Cookie": f"{TOKEN_COOKIE}={branches.token}"}
    )
    assert "2 of its rows do not count in the report" in page.text


def test_a_file_that_comes_late_is_older_all_the_same(branches: Branches):
    older = branches.pipeline.put("centro/first.csv", FIRST)
    branches.pipeline.settle(branches.pipeline.put("centro/second.csv", SECOND))
    branches.pipeline.settle(older)
    assert state(branches, "centro/first.csv") == "needs_answer"
    branches.answer(branches.pipeline.upload("centro/first.csv").id, overlap="replaces")
    assert branches.pipeline.revenue() == 1 + 20 + 40 + 80


def test_an_answer_given_later_answers_for_what_came_late(branches: Branches):
    oldest = branches.pipeline.put("centro/oldest.csv", sales(d03=9))
    branches.put("centro/first.csv", FIRST)
    upload = branches.put("centro/second.csv", SECOND)
    branches.answer(upload, overlap="replaces")
    branches.pipeline.settle(oldest)
    assert state(branches, "centro/oldest.csv") == "stored"
    assert branches.pipeline.revenue() == 1 + 20 + 40 + 80


def test_an_owner_decides_otherwise_and_segments_follow(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    branches.answer(branches.put("centro/second.csv", SECOND), overlap="adds")
    decided = branches.ask("PUT", "branches/centro/profile", {"overlap": "replaces"})
    branches.relay()
    assert (decided.json()["overlap"], branches.pipeline.revenue()) == ("adds", 147)
    since = branches.pipeline.upload("centro/second.csv").stored_at.isoformat()
    branches.ask("PUT", "branches/centro/profile", {"overlap": "replaces", "since": since})
    branches.relay()
    assert branches.pipeline.revenue() == 147  # what was said of a file itself goes before
    branches.put("centro/third.csv", THIRD)
    assert branches.pipeline.revenue() == 7 + 60 + 800 + 1000
    replaced = branches.pipeline.rows(
        "SELECT sum(replaced_amount) AS amount FROM contributions"
        " WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
    )
    assert replaced[0].amount == Decimal(80)


def test_one_file_without_order_numbers_is_enough(branches: Branches):
    branches.put("centro/first.csv", csv("1,2026-04-02,ana,tea,1,2", "2,2026-04-03,ana,tea,1,4"))
    branches.put("centro/with.csv", csv("3,2026-04-02,ana,tea,1,8"))
    assert state(branches, "centro/with.csv") == "stored"
    upload = branches.put("centro/second.csv", SECOND)
    assert state(branches, "centro/second.csv") == "needs_answer"
    branches.answer(upload, overlap="replaces")
    assert branches.pipeline.revenue() == 140
    branches.put("centro/again.csv", csv("9,2026-04-03,ana,tea,1,16"))
    assert branches.pipeline.revenue() == 20 + 16 + 80


def test_a_column_without_a_single_order_number_is_none(branches: Branches):
    empty = csv(",2026-04-02,ana,tea,1,2")
    branches.put("centro/first.csv", empty)
    branches.put("centro/second.csv", empty.replace(b"tea", b"pot"))
    assert state(branches, "centro/second.csv") == "needs_answer"


@pytest.mark.parametrize("body", [
    sales(d04=1, d05=2), sales(d01=1, d02=2, d03=4), FIRST.replace(b",", b";"), FIRST + b"x,y,z\n",
])  # fmt: skip
def test_nothing_is_asked_of_other_days_nor_of_the_same_rows_or_key(
    branches: Branches, body: bytes
):
    branches.put("centro/first.csv", FIRST)
    key = "centro/first.csv" if body.endswith(b"z\n") else "centro/second.csv"
    branches.put(key, body)
    assert state(branches, key) in {"stored", "duplicate"}


def test_a_file_that_counts_is_not_asked_about_when_it_is_read_again(branches: Branches):
    branches.put("centro/first.csv", FIRST)
    branches.answer(branches.put("centro/second.csv", SECOND), overlap="adds")
    branches.ask(
        "PUT", "branches/centro/profile", {"overlap": None, "since": "2100-01-01T00:00:00Z"}
    )
    row = branches.pipeline.upload("centro/first.csv")
    ref = branches.pipeline.ref("centro/first.csv", row.version_id)
    event = ObjectCreated(object=ref, source="replay", generation=row.generation + 1)
    branches.pipeline.settle(event)
    assert state(branches, "centro/first.csv") == "stored"
    assert branches.pipeline.revenue() == 147
