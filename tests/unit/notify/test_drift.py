"""What a branch does otherwise from one file to the next."""

import pytest

from common.texts import LANGUAGES, say
from functions.notify.drift import changes

pytestmark = pytest.mark.unit

FILE = {
    "header": ["Fecha", "Cliente", "Importe"],
    "mapping": {"ordered_at": "Fecha", "customer_id": "Cliente", "amount": "Importe"},
    "delimiter": ";",
    "date_order": "dmy",
    "decimal_mark": ",",
    "encoding": "utf-8",
}


def told(**after: object) -> list[str]:
    return [say(each["code"], each["params"]) for each in changes(FILE, {**FILE, **after})]


def mapping(**columns: str | None) -> dict[str, str]:
    return {name: column for name, column in {**FILE["mapping"], **columns}.items() if column}


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ({"mapping": mapping(amount="Total")}, "It renamed Importe to Total."),
        ({"mapping": mapping(amount=None)}, "It no longer has the column Importe."),
        ({"mapping": mapping(order_id="Ticket")}, "It has the column Ticket now."),
        ({"delimiter": "\t"}, 'It separates cells by "⇥" instead of ";".'),
        ({"date_order": "mdy"}, "It writes dates as m/d/y instead of d/m/y."),
        ({"decimal_mark": "."}, 'It writes decimals with "." instead of ",".'),
    ],
)
def test_a_change_is_told_in_words(after: dict, sentence: str):
    assert told(**after) == [sentence]


@pytest.mark.parametrize(
    "after",
    [
        {},
        {"encoding": "cp1252"},
        {"date_order": None, "decimal_mark": None},
        {"header": ["_upload", "_line", "_error", "Total"], "mapping": mapping(amount="Total")},
    ],
    ids=["nothing", "an encoding", "what the file leaves open", "mended rows"],
)
def test_what_says_nothing_about_the_branch_is_not_told(after: dict):
    assert told(**after) == []


def test_several_changes_are_one_notice_in_each_language():
    found = changes(FILE, {**FILE, "delimiter": ",", "mapping": mapping(amount="Total")})
    params = {"filename": "a.csv", "when": "2026-05-03T10:00:00+00:00", "branch": "Centro"}
    said = {
        language: say("notice_drift", {**params, "changes": found}, language=language)
        for language in LANGUAGES
    }
    assert said["en"] == (
        "Since a.csv of May 3, 2026, Centro writes its files otherwise."
        ' It renamed Importe to Total. It separates cells by "," instead of ";".'
    )
    assert "Cambió el nombre de Importe a Total." in said["es"]
