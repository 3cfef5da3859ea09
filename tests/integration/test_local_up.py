"""`datacore up` runs everything, and ends without a trace."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import wait_until

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).resolve().parents[2]
FUNCTIONS = {"ingest", "cluster", "notify", "reconcile", "report_api"}


@contextmanager
def datacore_up(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the command, give it when it has told its addresses, and end it in any case."""
    command = [sys.executable, "-m", "cli", "up", "--home", str(home)]
    with (home.with_suffix(".said")).open("w+") as said:
        process = subprocess.Popen(
            command, cwd=PROJECT, stdout=said, stderr=said, text=True, start_new_session=True
        )
        try:
            wait_until(
                lambda: "S3 endpoint" in said_so_far(home) or process.poll() is not None,
                within_s=60,
            )
            assert process.poll() is None, said_so_far(home)
            yield process
        finally:
            process.kill()
            process.wait()


def said_so_far(home: Path) -> str:
    return home.with_suffix(".said").read_text()


def started_by(supervisor: int) -> dict[int, str]:
    """Return the command line of each process below `supervisor`."""
    found: dict[int, str] = {}
    parents = {supervisor}
    while parents:
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", ",".join(map(str, parents))],
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (line.split(maxsplit=1) for line in listed.stdout.splitlines())
        children = {int(pid): args for pid, args in lines}
        found |= children
        parents = set(children)
    return found


def running(pids: dict[int, str]) -> dict[int, str]:
    """Return those that still run as what they were; a zombie runs nothing."""
    return {
        pid: args
        for pid, args in pids.items()
        if (cmdline := Path(f"/proc/{pid}/cmdline")).exists() and cmdline.read_bytes()
    }


def test_up_runs_all_functions_keeps_others_out_and_ends_without_a_trace(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with datacore_up(home) as process:
        pids = started_by(process.pid)
        assert {a.split("functions.")[1] for a in pids.values() if "functions." in a} == FUNCTIONS

        second = subprocess.run(
            [sys.executable, "-m", "cli", "up", "--home", str(home), "--lang", "es"],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=60) == 0
    assert "Stopped" in said_so_far(home)
    assert running(pids) == {}
    assert second.returncode == 1
    assert "ya está en uso por el proceso" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with datacore_up(home) as process:
        pids = started_by(process.pid)
        stuck = next(pid for pid, args in pids.items() if "functions.cluster" in args)
        subprocess.run(["kill", "-STOP", str(stuck)], check=True)  # it would never drain
        process.send_signal(signal.SIGINT)
        wait_until(lambda: "Stopping:" in said_so_far(home))

        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=15) == 0
    assert "Stopping at once" in said_so_far(home)
    assert running(pids) == {}
