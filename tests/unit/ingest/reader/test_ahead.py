"""Items made by a thread, one ahead of who takes them."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from functions.ingest.reader.ahead import ahead


@pytest.mark.parametrize("number", range(6))
def test_all_items_come_in_order(number: int) -> None:
    assert list(ahead(iter(range(number)))) == list(range(number))


@pytest.mark.parametrize("good", range(5))
def test_what_is_raised_comes_after_the_items_before_it(good: int) -> None:
    def items() -> Iterator[int]:
        yield from range(good)
        raise ValueError("broken")

    taken: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(ahead(items()))
    # The first two are made before any is given.
    assert taken == list(range(good if good > 1 else 0))


def test_no_thread_begins_for_one_item() -> None:
    assert set(ahead(_makers(1))) == {threading.current_thread()}
    assert len(set(ahead(_makers(3)))) == 2


def test_closing_ends_the_thread_where_it_is() -> None:
    before = threading.active_count()
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    with closing(ahead(items())) as numbers:
        assert [next(numbers), next(numbers), next(numbers)] == [0, 1, 2]
    assert threading.active_count() == before
    assert len(made) <= 5


def _makers(number: int) -> Iterator[threading.Thread]:
    for _ in range(number):
        yield threading.current_thread()
