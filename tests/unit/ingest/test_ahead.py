"""Work that a thread does on the next items while the last one's result is looked at."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from functions.ingest.ahead import worked_ahead

both = pytest.mark.parametrize("many", [False, True])


def double(number: int) -> int:
    return 2 * number


@both
@pytest.mark.parametrize("number", range(6))
def test_all_results_come_in_order(number: int, many: bool) -> None:
    wanted = [2 * i for i in range(number)]
    assert list(worked_ahead(range(number), double, many=many)) == wanted


@both
@pytest.mark.parametrize("good", range(5))
def test_what_is_raised_where_items_are_made_comes_after_the_results_before(
    good: int, many: bool
) -> None:
    def items() -> Iterator[int]:
        yield from range(good)
        raise ValueError("broken")

    taken: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(worked_ahead(items(), double, many=many))
    assert taken == [2 * i for i in range(good)]


@both
@pytest.mark.parametrize("good", range(5))
def test_what_is_raised_at_work_comes_after_the_results_before(good: int, many: bool) -> None:
    def work(number: int) -> int:
        if number == good:
            raise ValueError("broken")
        return number

    taken: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(worked_ahead(range(10), work, many=many))
    assert taken == list(range(good))


def test_many_are_made_by_who_takes_the_results() -> None:
    makers: list[threading.Thread] = []

    def items() -> Iterator[int]:
        for number in range(5):
            makers.append(threading.current_thread())
            yield number

    list(worked_ahead(items(), double, many=True))
    assert set(makers) == {threading.current_thread()}


def test_another_thread_works_while_items_are_made() -> None:
    begun = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        assert begun.wait(10)  # nobody but another thread can have begun
        yield 2

    def work(number: int) -> int:
        begun.set()
        return double(number)

    assert list(worked_ahead(items(), work, many=True)) == [2, 4]


def test_who_takes_the_results_works_instead_of_waiting() -> None:
    second_is_done = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            assert second_is_done.wait(10)  # by this thread it would never be
        if number == 2:
            second_is_done.set()
        return double(number)

    assert list(worked_ahead([1, 2, 3], work, many=True)) == [2, 4, 6]


def test_everything_is_worked_on_once() -> None:
    worked = Counter[int]()
    list(worked_ahead(range(500), lambda number: worked.update([number]), many=True))
    assert worked == Counter(range(500))


def test_few_need_no_thread() -> None:
    workers = worked_ahead(range(5), lambda _: threading.current_thread(), many=False)
    assert set(workers) == {threading.current_thread()}


def test_no_more_are_made_than_two_ahead_and_closing_ends_the_thread() -> None:
    before = threading.active_count()
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    with closing(worked_ahead(items(), double, many=True)) as results:
        assert [next(results), next(results), next(results)] == [0, 2, 4]
        assert len(made) == 5
    assert threading.active_count() == before
    assert len(made) == 5
