"""Two hands: a thread works on items while the next ones are made and the last result is taken."""

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2  # items that are worked on, or wait for it: memory must not grow with the file
_TURN_SECONDS = 0.0002


def take_short_turns() -> None:
    """Have the threads of this process hand the interpreter over sooner than after 5 ms.

    One that tells of rejected rows, in Python, kept the other from its next call of Arrow so long.
    """
    sys.setswitchinterval(_TURN_SECONDS)


def worked_ahead(
    items: Iterable[Item], work: Callable[[Item], Result], *, many: bool
) -> Generator[Result]:
    """Yield the result of `work` on each item, in order; close it to end the thread.

    Items are made by who takes the results. What is raised where one is made or worked on, is raised
    where its result would have been taken. Without `many` there is no thread, which takes longer to
    begin than most files to read.
    """
    if not many:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as worker:
        begun = _begun(items, work, worker)
        working = deque(islice(begun, _AHEAD))
        while working:
            working.extend(islice(begun, 1))
            yield working.popleft().result()


def _begun(
    items: Iterable[Item], work: Callable[[Item], Result], worker: ThreadPoolExecutor
) -> Iterator[Future[Result]]:
    try:
        for item in items:
            yield worker.submit(work, item)
    except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
        failed: Future[Result] = Future()
        failed.set_exception(error)
        yield failed
