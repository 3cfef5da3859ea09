"""The command as a person runs it. Nothing of ours is imported here."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "cli"]


def datacore(*words: str, within_s: float = 240, **environment: str) -> subprocess.CompletedProcess:
    """Run `datacore` to its end, with a plain environment, at 100 columns."""
    with subprocess.Popen(
        [*COMMAND, *words],
        cwd=PROJECT,
        env=plain_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert left_of(process.pid) == {}
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def plain_environment(**more: str) -> dict[str, str]:
    """Return what a fresh shell has, and `more`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "COLUMNS": "100", "LANG": "C.UTF-8", **more}


def left_of(session: int) -> dict[int, str]:
    """Return the processes of a session whose leader has ended, with their command lines."""
    left: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            left[int(folder.name)] = words
    return left


def wait_for(condition: Callable[[], Any], within_s: float = 60) -> Any:
    """Return the first true answer of `condition`."""
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)
    return answer
