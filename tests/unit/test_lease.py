"""A lease is renewed while work goes on, and never after."""

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
import structlog

from common.lease import LeaseKeeper
from tests.waiting import wait_until

pytestmark = pytest.mark.unit


@pytest.fixture
def keeper() -> Iterator[LeaseKeeper]:
    keeper = LeaseKeeper(lease_s=0.06)
    yield keeper
    keeper.close()


def test_it_is_renewed_again_and_again_until_the_work_ends(keeper: LeaseKeeper) -> None:
    renewals: list[int] = []

    def renew() -> bool:
        renewals.append(1)
        return True

    with keeper.holding(renew):
        wait_until(lambda: len(renewals) > 2)
    count = len(renewals)
    others: list[int] = []
    with keeper.holding(lambda: others.append(1) or True):
        wait_until(lambda: others)  # the thread went on, and to other work
    assert len(renewals) == count


def test_what_was_lost_is_not_asked_for_again(keeper: LeaseKeeper) -> None:
    asked: list[int] = []

    def renew() -> bool:
        asked.append(1)
        return len(asked) < 2

    with keeper.holding(renew):
        wait_until(lambda: len(asked) == 2)
        threading.Event().wait(0.1)  # ten more looks
    assert len(asked) == 2


def test_it_is_renewed_within_a_third_and_every_third_from_then_on() -> None:
    keeper = LeaseKeeper(lease_s=1.2)
    begun = time.monotonic()
    renewals: list[float] = []

    def renew() -> bool:
        renewals.append(time.monotonic() - begun)
        return True

    with keeper.holding(renew):
        wait_until(lambda: len(renewals) == 3)
    keeper.close()
    assert renewals[0] < 0.6  # a third, and what a busy machine takes
    assert all(later - earlier > 0.3 for earlier, later in pairwise(renewals))


def test_an_error_ends_neither_this_work_s_renewals_nor_those_of_the_next(
    keeper: LeaseKeeper,
) -> None:
    asked: list[int] = []

    def renew() -> bool:
        asked.append(1)
        raise RuntimeError("not foreseen")

    with keeper.holding(renew):
        wait_until(lambda: len(asked) > 1)
    others: list[int] = []
    with keeper.holding(lambda: others.append(1) or True):
        wait_until(lambda: others)


def test_work_does_not_end_amid_a_renewal(keeper: LeaseKeeper) -> None:
    begun, ended = threading.Event(), threading.Event()

    def renew() -> bool:
        begun.set()
        ended.wait(0.2)
        ended.set()
        return True

    with keeper.holding(renew):
        assert begun.wait(10)
    assert ended.is_set()


def test_what_it_logs_names_the_same_message(keeper: LeaseKeeper) -> None:
    seen: list[object] = []

    def renew() -> bool:
        seen.append(structlog.contextvars.get_contextvars().get("event_id"))
        return True

    with structlog.contextvars.bound_contextvars(event_id="e1"), keeper.holding(renew):
        wait_until(lambda: seen)
    assert seen[0] == "e1"


def test_closed_without_any_work_it_has_nothing_to_end() -> None:
    LeaseKeeper(lease_s=60).close()


def test_closed_it_ends_its_thread() -> None:
    before = set(threading.enumerate())
    keeper = LeaseKeeper(lease_s=60)
    with keeper.holding(lambda: True):
        pass
    (own,) = [t for t in threading.enumerate() if t not in before and t.name == "lease"]
    keeper.close()
    assert not own.is_alive()
