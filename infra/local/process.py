"""One child process: started, watched until it is ready, stopped so that nothing stays behind.

Every child is tied to us: the kernel kills it when we die, even by SIGKILL (`setpriv --pdeathsig`).
It runs in a process group of its own, so that Ctrl-C in a terminal reaches us alone and we decide
who stops first.
"""

import os
import pwd
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.failures import LocalError

_LOG_LINES_SHOWN = 15
_POLL_S = 0.03
# Linux ties a child to the *thread* that started it: it would die with any short-lived thread.
# This one lives as long as we do.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run, and how it is stopped."""

    name: str
    argv: tuple[str, ...]
    cwd: Path
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)  # beside the inherited one
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 10.0
    # Started by root, it runs as `nobody`: PostgreSQL refuses to be root.
    refuses_root: bool = False


class Child:
    """A running command. Safe to stop or kill from another thread."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = False
        # A signal handler kills, and may have interrupted who holds the lock in the same thread.
        self._lock = threading.RLock()

    @property
    def name(self) -> str:
        """Name of the command, as in its log's file name."""
        return self.command.name

    @property
    def pid(self) -> int | None:
        """Process id, once started."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """How it ended (minus the signal's number if killed), or None while it runs."""
        return self._process.poll() if self._process else None

    @property
    def was_told_to_stop(self) -> bool:
        """Whether its end is wanted."""
        return self._ended

    def start(self) -> None:
        """Start it, or start it again.

        Raises:
            LocalError: It was told to stop, or its program cannot be run.
        """
        with self._lock:
            if self._ended:
                raise LocalError("server_stopped", {"server": self.name})
            try:
                self._process = _spawner.submit(_spawn, self.command).result()
            except OSError as error:
                raise LocalError(
                    "server_not_started",
                    {"server": self.name, "reason": str(error), "log": self.command.log},
                ) from error

    def wait_until(self, ready: Callable[[], bool], *, within_s: float) -> None:
        """Return as soon as `ready()` is true.

        Raises:
            LocalError: It died, or was not ready in time; the log's last lines are in the text.
        """
        deadline = time.monotonic() + within_s
        while not ready():
            if self.exit_code is not None:
                raise self._failure("server_died", {"code": self.exit_code})
            if time.monotonic() > deadline:
                raise self._failure("server_not_ready", {"seconds": within_s})
            time.sleep(_POLL_S)

    def wait_for_success(self, *, within_s: float) -> None:
        """Return when it has ended well.

        Raises:
            LocalError: It ended badly, or not in time.
        """
        self.wait_until(lambda: self.exit_code == 0, within_s=within_s)

    def ask_to_stop(self) -> None:
        """Send its stop signal; it will not be started again."""
        with self._lock:
            self._ended = True
            self._signal(self.command.stop_signal)

    def stop(self) -> None:
        """Stop it; kill it, and all that it started, if it takes too long."""
        self.ask_to_stop()
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self.command.stop_within_s)
        self.kill()
        self.wait_for_end()

    def kill(self) -> None:
        """Kill it and its process group; waits for nothing, as a signal handler must not."""
        with self._lock:
            self._ended = True
            if self._process:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)

    def wait_for_end(self) -> None:
        """Return when it has ended, if it was ever started."""
        if self._process:
            self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        # Popen.send_signal looks first whether the process has ended: its id may be another's.
        if self._process:
            self._process.send_signal(number)

    def _failure(self, code: str, params: Mapping[str, object]) -> LocalError:
        log = self.command.log
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return LocalError(
            code, {"server": self.name, "log": log, "lines": "\n".join(lines), **params}
        )


def stop_all(children: Sequence[Child]) -> None:
    """Stop children side by side."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    with command.log.open("ab") as log:
        return subprocess.Popen(
            (*_tie(refuses_root=command.refuses_root), *command.argv),
            cwd=command.cwd,
            env={**inherited_environment(), **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def _tie(*, refuses_root: bool) -> tuple[str, ...]:
    """Return the launcher that ties a child to us, and takes root's identity from it.

    As `nobody` it keeps one of root's powers, to pass folders that only root may enter: neither
    a system user has to be made nor the mode of any folder changed.
    """
    tie = ("setpriv", "--pdeathsig", "KILL")
    if not (refuses_root and os.geteuid() == 0):
        return (*tie, "--")
    nobody = pwd.getpwnam("nobody")
    return (
        *tie,
        *("--reuid", str(nobody.pw_uid), "--regid", str(nobody.pw_gid), "--clear-groups"),
        *("--inh-caps", "-all,+dac_override", "--ambient-caps", "-all,+dac_override"),
        "--",
    )


def inherited_environment() -> dict[str, str]:
    """Return our environment without what would lead a child to other servers than ours."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "MINIO_", "PG"))}
    # No proxy stands between processes of one machine.
    return {**ours, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
