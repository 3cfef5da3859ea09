"""Two hands: a thread works on items while others are made, worked on, and their results taken."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from threading import Lock
from typing import Generic, NoReturn, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 2  # items that are worked on, or wait for it: memory must not grow with the file


def worked_ahead(
    items: Iterable[Item], work: Callable[[Item], Result], *, many: bool
) -> Generator[Result]:
    """Yield the result of `work` on each item, in order; close it to end the thread.

    Items are made by who takes the results; instead of waiting for one, it works on the next itself.
    What is raised where an item is made or worked on, is raised where its result would have been
    taken. Without `many` there is no thread, which takes longer to begin than most files to read.
    """
    if not many:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as worker:
        begun = _begun(items, work, worker)
        jobs = deque(islice(begun, _AHEAD))
        while jobs:
            jobs.extend(islice(begun, 1))
            _help(jobs)
            yield jobs.popleft().result()


class _Job(Generic[Result]):
    """Something that is done once, by whoever comes first."""

    def __init__(self, do: Callable[[], Result]) -> None:
        self._do = do
        self._is_taken = Lock()
        self._done: Future[Result] = Future()

    def run(self) -> None:
        """Do it, if nobody has begun."""
        if self._is_taken.acquire(blocking=False):
            try:
                self._done.set_result(self._do())
            except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
                self._done.set_exception(error)

    def is_done(self) -> bool:
        """Say whether there is a result."""
        return self._done.done()

    def result(self) -> Result:
        """Return what came of it, when it is done; or raise what was raised."""
        return self._done.result()


def _begun(
    items: Iterable[Item], work: Callable[[Item], Result], worker: ThreadPoolExecutor
) -> Iterator[_Job[Result]]:
    """Yield a job for each item; the last one fails if no more could be made."""
    try:
        for item in items:
            job = _Job(partial(work, item))
            worker.submit(job.run)
            yield job
    except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
        failed: _Job[Result] = _Job(partial(_fail, error))
        yield failed


def _fail(error: Exception) -> NoReturn:
    raise error


def _help(jobs: Sequence[_Job[Result]]) -> None:
    """Do what nobody has begun, until the first of the jobs is done or nothing is left."""
    for job in jobs:
        if jobs[0].is_done():
            return
        job.run()
