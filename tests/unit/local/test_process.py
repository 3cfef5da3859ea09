"""A child process starts, says why it does not, and leaves nothing behind."""

import os
import signal
import threading
from pathlib import Path

import pytest

from infra.local.failures import LocalError
from infra.local.process import Child, Command, inherited_environment, stop_all
from infra.local.supervisor import Supervisor
from tests.waiting import wait_until

pytestmark = pytest.mark.unit


def command(folder: Path, *argv: str, name: str = "trial", stop_within_s: float = 10.0) -> Command:
    log = folder / f"{name}.log"
    log.touch()
    return Command(name=name, argv=argv, cwd=folder, log=log, stop_within_s=stop_within_s)


def shell(folder: Path, script: str, *, stop_within_s: float = 10.0) -> Child:
    return Child(command(folder, "sh", "-c", script, stop_within_s=stop_within_s))


def is_gone(pid: int) -> bool:
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_a_child_that_dies_shows_its_code_and_its_last_lines(tmp_path: Path) -> None:
    child = shell(tmp_path, "echo no such disk; exit 3")
    child.start()

    with pytest.raises(LocalError, match=r"(?s)trial ended with code 3.*trial.log.*no such disk"):
        child.wait_until(lambda: False, within_s=10)


def test_a_child_that_is_never_ready_is_given_up_on(tmp_path: Path) -> None:
    child = shell(tmp_path, "echo still warming; exec sleep 60")
    child.start()
    try:
        wait_until(child.command.log.read_text)
        with pytest.raises(LocalError, match=r"(?s)not ready within.*still warming"):
            child.wait_until(lambda: False, within_s=0.05)
    finally:
        child.kill()
        child.wait_for_end()


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    child = Child(command(tmp_path, "no-such-program"))
    child.start()

    with pytest.raises(LocalError, match="no-such-program"):
        child.wait_for_success(within_s=10)


def test_a_child_is_asked_to_stop_before_it_is_killed(tmp_path: Path) -> None:
    child = shell(tmp_path, "trap 'echo saved; exit 0' TERM; echo up; while :; do sleep 0.05; done")
    child.start()
    child.wait_until(lambda: child.command.log.read_bytes() == b"up\n", within_s=10)

    child.stop()

    assert child.exit_code == 0
    assert child.command.log.read_text() == "up\nsaved\n"


def test_a_stubborn_child_is_killed_with_all_it_has_started(tmp_path: Path) -> None:
    child = shell(
        tmp_path,
        "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done",
        stop_within_s=0.1,
    )
    child.start()
    grandchild = int(wait_until(lambda: child.command.log.read_text().strip()))

    child.stop()

    assert child.exit_code == -signal.SIGKILL
    wait_until(lambda: is_gone(grandchild))


def test_a_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    child = shell(tmp_path, "exec sleep 1000")
    thread = threading.Thread(target=child.start)
    thread.start()
    thread.join()
    other = shell(tmp_path, "exit 0")  # time passes: a whole process comes and goes
    other.start()
    other.wait_for_success(within_s=10)

    assert child.exit_code is None

    child.kill()
    child.wait_for_end()


def test_a_child_that_was_told_to_stop_does_not_start_again(tmp_path: Path) -> None:
    child = shell(tmp_path, "exec sleep 1000")
    child.start()
    stop_all([child])

    with pytest.raises(LocalError, match="was told to stop"):
        child.start()


def test_children_know_no_foreign_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("DATACORE_LEASE_S", "5")

    inherited = inherited_environment()

    assert not {"AWS_PROFILE", "PGHOST"} & inherited.keys()
    assert inherited["DATACORE_LEASE_S"] == "5"
    assert inherited["PATH"] == os.environ["PATH"]


def test_a_supervised_child_that_dies_is_started_again_and_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    # Well at its third start only.
    script = f"echo x >> {runs}; [ $(wc -l < {runs}) -ge 3 ] && exec sleep 1000; exit 7"
    reports: list[dict[str, object]] = []
    supervisor = Supervisor(lambda _code, params: reports.append(params), first_wait_s=0.01)
    child = shell(tmp_path, script)
    child.start()
    supervisor.watch([child])
    supervisor.start()
    try:
        wait_until(lambda: runs.exists() and runs.read_text() == "x\n" * 3)
        wait_until(lambda: child.exit_code is None)
    finally:
        supervisor.stop()
        child.kill()
        child.wait_for_end()

    assert [report["code"] for report in reports] == [7, 7]
    waits = [report["seconds"] for report in reports]
    assert waits == [0.01, 0.02]


def test_a_child_that_was_told_to_stop_is_not_missed(tmp_path: Path) -> None:
    reports: list[object] = []
    supervisor = Supervisor(lambda _code, params: reports.append(params["server"]))
    stopped = shell(tmp_path, "exec sleep 1000")
    killed = Child(command(tmp_path, "sleep", "1000", name="killed"))
    for child in (stopped, killed):
        child.start()
    supervisor.watch([stopped, killed])
    supervisor.start()
    try:
        stopped.stop()
        assert killed.pid
        os.kill(killed.pid, signal.SIGKILL)
        wait_until(lambda: reports)  # it has looked at both
    finally:
        supervisor.stop()
        killed.kill()
        killed.wait_for_end()

    assert reports == ["killed"]
