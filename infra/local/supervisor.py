"""Starts a child again when it dies without having been told to."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from infra.local.failures import LocalError
from infra.local.process import Child

_LOOK_EVERY_S = 0.2
_LONGEST_WAIT_S = 30.0
# Who ran this long was well: its next death is again the first.
_WELL_AFTER_S = 60.0


@dataclass
class _Watched:
    child: Child
    started_at: float
    wait_s: float  # before its next start
    start_at: float | None = None  # when to start it again; None while it runs


class Supervisor:
    """Watches children; `report` is told a code of `common.texts` and its parameters."""

    def __init__(
        self,
        report: Callable[[str, dict[str, object]], None],
        *,
        first_wait_s: float = 1.0,
    ) -> None:
        self._report = report
        self._first_wait_s = first_wait_s
        self._watched: list[_Watched] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def watch(self, children: Sequence[Child]) -> None:
        """Watch `children`, too; they are running."""
        now = time.monotonic()
        self._watched = [
            *self._watched,
            *(_Watched(child, now, self._first_wait_s) for child in children),
        ]

    def stop(self) -> None:
        """Stop watching: from now on a child may end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(_LOOK_EVERY_S):
            for watched in self._watched:
                self._look_at(watched, time.monotonic())

    def _look_at(self, watched: _Watched, now: float) -> None:
        if watched.child.was_told_to_stop:
            return
        if watched.start_at is not None:
            if now >= watched.start_at:
                self._restart(watched, now)
        elif watched.child.exit_code is not None:
            self._plan_restart(watched, now)

    def _plan_restart(self, watched: _Watched, now: float) -> None:
        if now - watched.started_at > _WELL_AFTER_S:
            watched.wait_s = self._first_wait_s
        watched.start_at = now + watched.wait_s
        self._report(
            "child_restarts",
            {
                "server": watched.child.name,
                "code": watched.child.exit_code,
                "seconds": watched.wait_s,
                "log": watched.child.command.log,
            },
        )
        watched.wait_s = min(2 * watched.wait_s, _LONGEST_WAIT_S)

    @staticmethod
    def _restart(watched: _Watched, now: float) -> None:
        watched.start_at, watched.started_at = None, now
        # It cannot be started now: its next look finds it ended, and plans again.
        with suppress(LocalError):
            watched.child.start()
