"""The doctor names what is missing, with one line that installs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local import DOCTOR

pytestmark = pytest.mark.unit

SERVERS = {
    "postgresql": "usr/lib/postgresql/15/bin/postgres",
    "redis-server": "usr/bin/redis-server",
    "rabbitmq-server": "usr/lib/rabbitmq/bin/rabbitmq-server",
}
LIBRARIES = ("libcurl.so.4", "libldap-2.5.so.0", "libssl.so.3", "liblzma.so.5", "libgcc_s.so.1")


def machine(folder: Path, *, without: tuple[str, ...] = (), system: str = "Linux x86_64") -> Path:
    """Make a folder of programs: a machine that lacks what is in `without`."""
    folder.mkdir()
    for program in ("sh", "grep", "id"):
        (folder / program).symlink_to(shutil.which(program) or program)
    answers = {
        "make": "",
        "setpriv": "",
        "chromium": "",
        "curl": "",
        "jq": "",
        "uname": system,
        "ldconfig": "\n".join(f"{lib} (x86-64)" for lib in LIBRARIES if lib not in without),
    }
    for program in answers.keys() - set(without):
        file = folder / program
        file.write_text(f"#!/bin/sh\ncat <<'E'\n{answers[program]}\nE\n".replace("cat", "/bin/cat"))
        file.chmod(0o755)
    for package in SERVERS.keys() - set(without):
        server = folder / "root" / SERVERS[package]
        server.parent.mkdir(parents=True)
        server.touch()
    return folder


def doctor(
    programs: Path, *options: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(DOCTOR), *options],
        env={"PATH": str(programs), "PYTHON": python, "SYSTEM_ROOT": str(programs / "root")},
        capture_output=True,
        text=True,
        check=False,
    )


def apt_lines(said: str) -> list[str]:
    return [line.split("install -y ")[1] for line in said.splitlines() if "apt-get" in line]


def test_a_complete_machine_is_told_so(tmp_path: Path) -> None:
    found = doctor(machine(tmp_path / "bin"), "--tests")

    assert (found.returncode, found.stderr) == (0, "")
    assert "has what DataCore needs" in found.stdout


def test_all_that_is_missing_is_named_with_one_line_that_installs_it(tmp_path: Path) -> None:
    programs = machine(tmp_path / "bin", without=("make", "libcurl.so.4", "libldap-2.5.so.0"))

    found = doctor(programs)

    assert found.returncode == 1
    assert apt_lines(found.stderr) == ["make libcurl4 libldap-2.5-0"]
    assert found.stderr.count("missing:") == 3


def test_without_python_python_and_its_venv_are_asked_for(tmp_path: Path) -> None:
    found = doctor(machine(tmp_path / "bin"), python="python3.11")

    assert apt_lines(found.stderr) == ["python3.11 python3.11-venv"]


@pytest.mark.parametrize("program", ["chromium", "curl", "jq"])
def test_what_only_tests_use_is_missed_by_the_tests_only(tmp_path: Path, program: str) -> None:
    programs = machine(tmp_path / "bin", without=(program,))

    assert doctor(programs).returncode == 0
    assert apt_lines(doctor(programs, "--tests").stderr) == [program]


@pytest.mark.parametrize("package", SERVERS)
def test_a_server_of_production_is_missed_by_the_local_servers_only(
    tmp_path: Path, package: str
) -> None:
    programs = machine(tmp_path / "bin", without=(package,))

    assert doctor(programs).returncode == 0
    assert apt_lines(doctor(programs, "--local").stderr) == [package]
    assert apt_lines(doctor(programs, "--tests").stderr) == [package]


def test_another_kind_of_machine_is_no_matter_of_packages(tmp_path: Path) -> None:
    found = doctor(machine(tmp_path / "bin", system="Linux aarch64"))

    assert found.returncode == 1
    assert "this is Linux aarch64" in found.stderr
    assert apt_lines(found.stderr) == []


def test_a_python_that_is_too_old_is_refused(tmp_path: Path) -> None:
    programs = machine(tmp_path / "bin")
    old = programs / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)

    found = doctor(programs, python="python3.9")

    assert found.returncode == 1
    assert "Python 3.9.2, it must be 3.11 to 3.13" in found.stderr
