"""The whole system while a command runs: servers, functions, and an end that Ctrl-C asks for."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import typer

from cli.outcome import CommandError, Exit
from common.texts import say
from infra.local.failures import LocalError
from infra.local.stack import Report, Stack
from infra.local.stacks import STACKS

_AGAIN_S = 0.05


class Progress:
    """Tells each step on stderr, with the seconds since the start."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._started_at = time.monotonic()

    def __call__(self, code: str, params: dict[str, object]) -> None:
        """Tell one step."""
        seconds = time.monotonic() - self._started_at
        typer.echo(f"{seconds:6.1f} s  {say(code, params, language=self._language)}", err=True)


@contextmanager
def running_system(home: Path, *, servers: str, progress: Report) -> Iterator[Stack]:
    """Run servers and functions; the first Ctrl-C (or SIGTERM) stops cleanly, the second at once.

    Inside, the first one arrives as KeyboardInterrupt, and the stack says from then on that it was
    asked to end: what goes on all the same has swallowed it. `progress` is told each step: a code of
    `common.texts` and its parameters.

    Raises:
        CommandError: Something does not start.
    """
    progress("up_starts", {"home": home.absolute()})
    stack = STACKS[servers](home, progress)
    _stop_on_signal(stack, progress)
    try:
        stack.install(progress)
        with _telling_the_end(progress), stack:
            stack.start_functions()
            stack.wait_for_api()
            stack.home.remember_addresses(api_url=stack.api_url, s3_url=stack.s3_url)
            progress("up_ready", {})
            try:
                yield stack
            finally:
                progress("up_stops", {})
    except LocalError as error:
        raise CommandError(Exit.FAILED, error.code, error.params) from error


@contextmanager
def _telling_the_end(progress: Report) -> Iterator[None]:
    try:
        yield
    finally:
        progress("up_stopped", {})


def _stop_on_signal(stack: Stack, progress: Report) -> None:
    asked = False

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            progress("up_stops_at_once", {})
            stack.kill()
        else:
            asked = stack.is_asked_to_end = True
            raise KeyboardInterrupt

    def on_dropped(dropped: "sys.UnraisableHookArgs") -> None:
        # What is raised while Python tidies up reaches nobody: a first one that came just then
        # comes again, when that is over.
        nonlocal asked
        if dropped.exc_type is not KeyboardInterrupt:
            sys.__unraisablehook__(dropped)
            return
        asked = False
        main = threading.main_thread().ident
        threading.Timer(_AGAIN_S, signal.pthread_kill, [main, signal.SIGINT]).start()

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    sys.unraisablehook = on_dropped
