"""When a branch is silent."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.reconcile.silence import is_silent, usual_gap

pytestmark = pytest.mark.unit

MONDAY = datetime(2026, 5, 4, 22, tzinfo=UTC)


def days(*numbers: float) -> list[datetime]:
    return [MONDAY + timedelta(days=number) for number in numbers]


def test_three_uploads_say_nothing():
    assert usual_gap(days(0, 1, 2)) is None
    assert not is_silent(days(0, 1, 2), MONDAY + timedelta(days=900))


def test_a_weekly_branch_may_be_quiet_for_a_week():
    weekly = days(0, 7, 14, 21)
    assert not is_silent(weekly, MONDAY + timedelta(days=27))
    assert is_silent(weekly, MONDAY + timedelta(days=29))


def test_uploads_every_hour_may_still_rest_for_a_day():
    assert usual_gap(days(0, 0.05, 0.1, 0.15)) == timedelta(days=1)


def test_one_holiday_among_ten_gaps_does_not_count():
    assert usual_gap(days(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60)) == timedelta(days=1)


def test_the_order_of_uploads_does_not_matter():
    assert usual_gap(days(21, 0, 14, 7)) == usual_gap(days(0, 7, 14, 21))
