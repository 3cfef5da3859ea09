"""Keeps what a worker holds while it works on it."""

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from common.logs import get_logger

log = get_logger()


class LeaseKeeper:
    """Has a lease renewed, before a third of it is over and every third from then on, by one thread.

    The thread outlives the work: most work is done long before its lease has to be renewed, and
    would otherwise wait for a thread of its own to begin and to end.
    """

    def __init__(self, lease_s: float) -> None:
        self._look_every_s = lease_s / 6
        self._renew: Callable[[], bool] | None = None
        self._renewing = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, renew: Callable[[], bool]) -> Iterator[None]:
        """Have `renew` called while the block runs, until it returns False; never after the block."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="lease", daemon=True)
            self._thread.start()
        # In a copy of our context: what it logs names the same message.
        self._renew = partial(contextvars.copy_context().run, renew)
        try:
            yield
        finally:
            with self._renewing:
                self._renew = None

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        seen: Callable[[], bool] | None = None
        looks = 0
        while not self._closed.wait(self._look_every_s):
            with self._renewing:
                looks = looks + 1 if self._renew is seen else 0
                seen = self._renew
                if seen is not None and looks % 2 and not _goes_on(seen):
                    self._renew = None


def _goes_on(renew: Callable[[], bool]) -> bool:
    """Renew once; an error ends this try alone: there is no other thread for all work that follows."""
    try:
        return renew()
    except Exception:
        log.exception("lease_not_renewed")
        return True
