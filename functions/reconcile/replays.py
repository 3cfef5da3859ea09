"""Drive replay runs: publish what people asked to have again, as slowly as live traffic needs.

Before each page the queue is looked at: while more than `MOST_WAITING` messages wait there, the
run waits too. A driver that stops or dies leaves the run to the next one, which goes on at its
last page; a page that is published twice meets the same claims.
"""

from collections.abc import Callable
from dataclasses import dataclass

from common.messaging import Transport
from common.replay import Page, ReplayRuns, Run

MOST_WAITING = 500  # messages in the queue, above which live traffic goes first
_LONGEST_PAGE = 100
_LOOK_AGAIN_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Driver:
    """Publishes one run at a time. `wait` returns True when the process has to stop."""

    runs: ReplayRuns
    transport: Transport
    owner: str
    wait: Callable[[float], bool]
    most_waiting: int = MOST_WAITING

    def drive_next(self) -> bool:
        """Take a run that nobody drives and bring it to its end; False when there is none.

        Raises:
            TransientError: A server cannot be reached; the run goes on when its lease has ended.
        """
        run = self.runs.take(owner=self.owner)
        if run is None:
            return False
        while (going_on := self._step(run)) is not None:
            run = going_on
        return True

    def _step(self, run: Run) -> Run | None:
        """Publish the next page; None when the run has ended, was cancelled, or is left."""
        if self.transport.waiting(run.wish.function) > self.most_waiting:
            return self._pause(self.runs.advance(run, None, owner=self.owner), _LOOK_AGAIN_S)
        page = self.runs.page(run, size=_page_size(run))
        if page is None:
            self.runs.end(run, owner=self.owner)
            return None
        self._publish(page)
        pause_s = len(page.bodies) / run.wish.rate if run.wish.rate else 0.0
        return self._pause(self.runs.advance(run, page, owner=self.owner), pause_s)

    def _publish(self, page: Page) -> None:
        for body in page.bodies:
            self.transport.publish(page.queue, body)

    def _pause(self, run: Run | None, seconds: float) -> Run | None:
        if run is not None and self.wait(seconds):
            self.runs.release(run, owner=self.owner)
            return None
        return run


def _page_size(run: Run) -> int:
    """Return at most a second's worth, so that a cancelled run stops within a second."""
    return (
        _LONGEST_PAGE if run.wish.rate is None else max(1, min(_LONGEST_PAGE, int(run.wish.rate)))
    )
