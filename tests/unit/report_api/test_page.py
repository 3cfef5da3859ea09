"""What the page draws: bars on one scale, sums that add up, numbers as the reader writes them."""

from decimal import Decimal

import pytest

from common.texts import catalogue
from functions.ingest.reader.words.synonyms import SYNONYMS
from functions.report_api.app import content_policy
from functions.report_api.dashboard.chart import chart_of
from functions.report_api.dashboard.pages import READ_COLUMNS
from functions.report_api.dashboard.sums import sums_of
from functions.report_api.dashboard.writer import Writer

pytestmark = pytest.mark.unit


def segment(revenue: float, customers: float, name: str = "a") -> dict:
    return {"name": name, "share_of_revenue": revenue, "share_of_customers": customers}


def test_all_bars_are_on_one_scale_that_starts_at_nothing():
    chart = chart_of([segment(0.8, 0.2), segment(0.2, 0.4), segment(-0.1, 0.0)])
    widths = [(row.revenue.width, row.customers.width) for row in chart.rows]
    assert widths == [(74.0, 18.5), (18.5, 37.0), (0, 0.0)]
    assert [row.part for row in chart.rows] == [80.0, 20.0, 0]


@pytest.mark.parametrize("segments", [[], [segment(0.0, 0.0)], [segment(-1.0, 0.0)]])
def test_a_chart_of_nothing_is_still_a_chart(segments: list):
    chart = chart_of(segments)
    assert all(row.revenue.width == row.customers.width == 0 for row in chart.rows)


def test_rows_do_not_overlap():
    chart = chart_of([segment(0.5, 0.5)] * 3)
    for above, below in zip(chart.rows, chart.rows[1:], strict=False):
        assert above.customers.y + chart.bar < below.name_y - 12
    assert chart.rows[-1].customers.y + chart.bar < chart.height


def test_sums_are_exact_and_what_is_in_no_segment_is_the_rest():
    segments = [{"customers": 2, "revenue": "0.10"}, {"customers": 1, "revenue": "0.20"}]
    sums = sums_of(segments, {"customers": 4, "revenue": "0.35"})
    assert (sums.segments.customers, sums.segments.revenue) == (3, Decimal("0.30"))
    assert (sums.rest.customers, sums.rest.revenue) == (1, Decimal("0.05"))
    assert sums.rest
    assert not sums_of(segments, {"customers": 3, "revenue": "0.30"}).rest


def test_numbers_are_written_as_the_reader_does():
    english, spanish = (Writer(language=each, currency="EUR") for each in ("en", "es"))
    assert (english.money("12345.6"), spanish.money("12345.6")) == ("€12,345.60", "12.345,60\xa0€")
    assert (english.share(0.2239), spanish.share(0.2239)) == ("22.4%", "22,4\xa0%")
    assert [english.days_ago(days) for days in (None, 0, 1, 2.5)] == [
        "\N{EN DASH}",
        "same day",
        "1 day ago",
        "2.5 days ago",
    ]


def test_amounts_without_a_currency_are_still_amounts():
    assert Writer(language="en").money("1234.5") == "1,234.50"


def test_whatever_ingest_finds_in_a_file_has_its_name_on_the_page():
    found = {*SYNONYMS, "year", "month"}
    assert set(READ_COLUMNS) == found
    assert {f"meaning_{column}" for column in found} <= catalogue().keys()


def test_the_page_may_only_send_to_itself_and_to_the_store():
    policy = content_policy("https://s3.shop.example")
    assert "default-src 'self'" in policy
    assert "form-action 'self' https://s3.shop.example" in policy
    assert "unsafe" not in policy
