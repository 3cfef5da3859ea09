"""How a file is to be read, by decisions and by other files, in the store's time order."""

from datetime import UTC, datetime

import pytest

from functions.ingest.profiles import Decision, period_of, told

pytestmark = pytest.mark.unit

MARCH, APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5, 6))


def decided(
    value: str | None, since: datetime | None = None, *, version: int = 1, upload: str | None = None
) -> Decision:
    settings = {"date_order": value}
    return Decision(version=version, since=since, settings=settings, upload_id=upload)


def read(
    at: datetime,
    *decisions: Decision,
    before: set[str] = frozenset(),
    after: set[str] = frozenset(),
    upload: str = "u",
) -> str | None:
    period = period_of(decisions, "date_order", stored_at=at, upload_id=upload)
    return told(period, before, lambda: after)


@pytest.mark.parametrize(
    ("before", "after", "value"),
    [
        (set(), set(), None),
        ({"dmy"}, set(), "dmy"),
        ({"dmy"}, {"mdy"}, "dmy"),
        (set(), {"mdy"}, "mdy"),
        ({"dmy", "mdy"}, {"dmy"}, None),
        (set(), {"dmy", "mdy"}, None),
    ],
)
def test_files_before_it_answer_then_files_after_it_and_only_if_they_agree(
    before: set[str], after: set[str], value: str | None
):
    assert read(APRIL, before=before, after=after) == value


def test_a_decision_holds_from_its_time_until_the_next_one():
    decisions = [decided("dmy", MARCH), decided("mdy", MAY, version=2)]
    assert [read(at, *decisions) for at in (MARCH, APRIL, MAY, JUNE)] == [
        "dmy",
        "dmy",
        "mdy",
        "mdy",
    ]


def test_the_order_in_which_decisions_were_made_does_not_matter():
    decisions = [decided("mdy", MAY), decided("dmy", MARCH, version=2)]
    assert [read(at, *decisions) for at in (APRIL, JUNE)] == ["dmy", "mdy"]


def test_of_two_decisions_from_the_same_time_the_newer_version_holds():
    decisions = [decided("mdy", MAY), decided("dmy", MAY, version=2)]
    assert read(JUNE, *decisions) == "dmy"


def test_before_the_first_decision_files_answer_and_where_there_are_none_the_decision_does():
    assert read(MARCH, decided("dmy", MAY), before={"mdy"}) == "mdy"
    assert read(MARCH, decided("dmy", MAY), after={"mdy"}) == "mdy"
    assert read(MARCH, decided("dmy", MAY)) == "dmy"


def test_a_file_that_contradicts_the_decision_has_the_next_one_asked_again():
    assert read(JUNE, decided("dmy", MAY), before={"mdy"}) is None
    assert read(JUNE, decided("dmy", MAY), before={"dmy"}) == "dmy"


def test_the_answer_about_a_file_holds_for_it_whatever_others_show():
    answer = decided("dmy", MAY, upload="u")
    assert read(MAY, answer, before={"mdy"}, after={"mdy"}) == "dmy"
    assert read(MAY, answer, before={"mdy"}, upload="another") is None


def test_a_decision_that_is_taken_back_leaves_it_to_the_files():
    decisions = [decided("dmy", MARCH), decided(None, MAY, version=2)]
    assert read(JUNE, *decisions) is None
    assert read(JUNE, *decisions, before={"mdy"}) == "mdy"


def test_a_decision_for_all_files_holds_before_any_that_names_a_time():
    decisions = [decided("dmy"), decided("mdy", MAY, version=2)]
    assert [read(at, *decisions) for at in (MARCH, JUNE)] == ["dmy", "mdy"]


def test_the_version_that_decided_is_known():
    period = period_of(
        [decided("dmy", MAY, version=7)], "date_order", stored_at=JUNE, upload_id="u"
    )
    assert period.version == 7
    period = period_of(
        [decided("dmy", MAY, version=7)], "decimal_mark", stored_at=JUNE, upload_id="u"
    )
    assert period.version == 0
