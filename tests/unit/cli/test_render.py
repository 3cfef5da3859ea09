import re
import time

import pytest
from rich.console import Console, RenderableType

from cli import render
from tests.unit.cli.reports import report, segment, totals

pytestmark = pytest.mark.unit

WRITE = render.Writer(language="en", currency="EUR")
UPLOAD = {
    "filename": "ventas.csv",
    "branch": "centro",
    "state": "stored",
    "sentence": "All 12,424 rows are in.",
    "stored_at": "2025-12-31T10:00:00+00:00",
    "seen_at": "2025-12-31T10:00:01+00:00",
    "settled_at": "2025-12-31T10:00:01.250000+00:00",
    "balance": {
        "rows_in": 12_433,
        "accepted": 12_412,
        "rejected": 12,
        "left_out": 3,
        "blank": 5,
        "repeated": 1,
        "quantity": "31004.00",
        "amount": "498787.75",
        "first_day": "2025-12-01",
        "last_day": "2025-12-31",
    },
}


def shown(what: RenderableType, width: int = 100) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def line_with(text: str, word: str) -> str:
    return next(line for line in text.splitlines() if word in line)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_report_fits_the_terminal(width, language):
    write = render.Writer(language=language, currency="EUR")

    text = shown(render.report(report(), write, width=width), width)

    assert max(map(len, text.splitlines())) <= width
    # A line that was too long would have been broken: rules are whole lines.
    assert {len(rule.strip()) for rule in re.findall(r"^ ─+ *$", text, re.MULTILINE)} == {
        len(re.search(r"─+", text).group())
    }


def test_each_segment_is_one_line_of_figures_and_a_sentence():
    text = shown(render.report(report(), WRITE, width=100))

    figures = line_with(text, "Champions ").split()
    assert figures[:4] == ["Champions", "312", "75.0", "%"]
    assert figures[-3:] == ["4", "12.3", "€1,204.50"]
    assert "Champions: bought lately" in text


def test_figures_are_written_as_the_reader_does():
    write = render.Writer(language="es", currency="EUR")

    text = shown(render.report(report(), write, width=100))

    assert "1.234.567,89" in text
    assert line_with(text, "Hibernating ").split()[1] == "1.188"


def test_the_segments_of_a_view_add_up_in_its_last_line():
    text = shown(render.report(report(), WRITE, width=100))

    sums = [line.split() for line in text.splitlines() if line.startswith(" All ")]
    assert sums == [["All", "1,500", "100.0", "%"], ["All", "1,500", "100.0", "%"]]


def test_the_largest_share_has_the_longest_bar_and_none_has_none():
    text = shown(render.report(report(), WRITE, width=100))

    lines = [line_with(text, f" {name} ") for name in ("Champions", "Hibernating", "No purchase")]
    assert [line.count("█") for line in lines] == [20, 6, 0]


def test_without_room_for_a_bar_there_is_none():
    text = shown(render.report(report(), WRITE, width=66), 66)

    assert "█" not in text
    assert "€1,204.50" in text


def test_a_long_name_is_cut_where_the_figures_need_the_room():
    long = report(segments=[segment("rfm", "N" * 70)])

    text = shown(render.report(long, WRITE, width=60), 60)

    assert "N…" in text


@pytest.mark.parametrize(("anonymous", "is_told"), [("0", False), ("0.00", False), ("12.5", True)])
def test_revenue_without_a_customer_is_told_where_there_is_some(anonymous, is_told):
    body = report(totals=totals(anonymous_revenue=anonymous))

    text = shown(render.report(body, WRITE, width=100))

    assert ("€12.50 of it came without a customer" in text) is is_told


def test_a_client_without_money_or_date_is_shown():
    empty = report(as_of=None, segments=[], totals=totals(customers=0, orders=0, revenue="0.00"))

    text = shown(render.report(empty, WRITE, width=80), 80)

    assert "0 customers" in text


def test_an_outcome_says_its_sentence_and_how_it_balances():
    text = shown(render.outcome(UPLOAD, WRITE))

    assert text.startswith("✓ ventas.csv  All 12,424 rows are in.")
    assert (
        "rows in 12,433 = accepted 12,412 + rejected 12 + left out 3 + blank 5 + repeated 1" in text
    )
    assert "€498,787.75" in text


def test_what_was_not_sent_has_no_balance():
    failed = {"filename": "x.csv", "state": "failed", "sentence": "The API does not answer."}

    assert shown(render.outcome(failed, WRITE)).strip() == "✗ x.csv  The API does not answer."


@pytest.mark.parametrize(
    ("state", "servers", "said"),
    [
        ("healthy", {"postgres": "up", "redis": "up"}, "Healthy"),
        ("warning", {"postgres": "up", "redis": "down"}, "Warning: redis"),
        ("degraded", {"postgres": "down", "redis": "up"}, "Degraded: postgres"),
    ],
)
def test_health_is_one_word_and_names_who_is_down(state, servers, said):
    assert said in shown(render.health(state, servers, WRITE))


def test_a_client_without_uploads_is_told_what_to_do():
    text = shown(
        render.client_status({"client": "acme", "uploads": [], "notices": []}, WRITE, width=80)
    )

    assert "datacore upload FILE --client acme" in text


def test_uploads_and_notices_are_shown_with_their_times():
    told = {"sentence": "New segments are ready.", "created_at": "2025-12-31T11:00:00+00:00"}
    status = {"client": "acme", "uploads": [UPLOAD], "notices": [told]}

    text = shown(render.client_status(status, WRITE, width=100))

    assert "All 12,424 rows are in." in text
    assert "New segments are ready." in text
    assert "12/31/25" in text


@pytest.mark.parametrize("width", [60, 100])
def test_a_long_name_leaves_room_for_what_became_of_the_file(width):
    named = {**UPLOAD, "filename": "n" * 255, "branch": "b" * 63}

    text = shown(render.uploads([named], WRITE, width=width), width)

    assert "12,424" in text
    assert text.count("n" * 15) > 10
    assert max(map(len, text.splitlines())) <= width


def test_names_and_sentences_are_text_and_nothing_a_terminal_obeys():
    hostile = "[/red]\x1b[2J\u202e.csv"
    told = {"sentence": f"{hostile} is in.", "created_at": "2025-12-31T11:00:00+00:00"}
    upload = {**UPLOAD, "filename": hostile, "branch": "[b]", "sentence": "[/b]"}
    status = {"client": "acme", "uploads": [upload], "notices": [told]}

    text = shown(render.client_status(status, WRITE, width=100))

    assert "[/red]␛[2J[U+202E].csv" in text
    assert {"[b]", "[/b]"} <= set(text.split())
    assert "[/red]␛[2J[U+202E].csv" in shown(render.outcome(upload, WRITE))


def test_times_are_those_of_the_clock_on_the_wall(monkeypatch):
    monkeypatch.setenv("TZ", "America/Bogota")
    time.tzset()

    assert WRITE.day("2025-12-31T02:00:00+00:00") == "Dec 30, 2025"
    assert WRITE.moment("2025-12-31T02:00:00+00:00") == "12/30/25, 9:00\u202fPM"

    monkeypatch.undo()
    time.tzset()


def test_shipments_say_how_each_file_came_and_how_long_reading_took():
    text = shown(render.shipments([("POST", UPLOAD)], WRITE), 100)

    assert "browser form" in text
    assert "0.25 s" in text


def test_shipments_leave_out_what_no_file_has():
    balance = {**UPLOAD["balance"], "repeated": 0}

    text = shown(render.shipments([("S3", {**UPLOAD, "balance": balance})], WRITE), 100)

    assert "Blank" in text
    assert "Repeated" not in text


def test_a_shipment_that_was_there_already_has_no_rows():
    known = {**UPLOAD, "balance": None}

    text = shown(render.shipments([("S3", UPLOAD), ("S3", known)], WRITE), 100)

    first, second, sums = (line for line in text.splitlines() if re.search(r"client|Files:", line))
    assert "12,412" in first
    assert re.search(r"S3 client +- +- +-", second)
    assert "12,412" in sums
