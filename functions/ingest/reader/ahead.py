"""Two hands: the next item is made while the one before is worked on."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Generator[Item]:
    """Yield items that a thread makes, one ahead of who takes them; close it to end the thread.

    What is raised when an item is made, is raised where it would have been taken; the first two are
    made at once, before any is given.
    """
    first = next(items, None)
    second = next(items, None)
    if first is not None:
        yield first
    if second is None:
        return  # most files are one block, and would only wait for a thread to begin
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as maker:
        item: Item | None = second
        while item is not None:
            upcoming = maker.submit(next, items, None)
            yield item
            item = upcoming.result()
