"""Which programs are taken for MinIO's, without building any."""

from pathlib import Path

import pytest

from infra.local.failures import LocalError
from infra.local.minio_program import CLIENT, SERVER, find_program

pytestmark = pytest.mark.unit


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no program and an empty cache; return where its programs are."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return programs


def add(folder: Path, name: str, said: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("name", ["mc", "mcli"])
def test_a_client_that_says_it_is_minio_s_is_taken(machine: Path, name: str) -> None:
    program = add(machine, name, "mc version RELEASE.2025-08-13\nCopyright (c) MinIO, Inc.")

    assert find_program(CLIENT) == program


def test_midnight_commander_is_not_taken_for_the_client(machine: Path, tmp_path: Path) -> None:
    add(machine, "mc", "GNU Midnight Commander 4.8.29")

    with pytest.raises(LocalError, match="mc is not there yet"):
        find_program(CLIENT)
    built = add(tmp_path / "cache/datacore", CLIENT.kept.name, "")
    assert find_program(CLIENT) == built


def test_a_program_that_does_not_run_is_not_taken(machine: Path) -> None:
    (machine / "mc").write_bytes(b"\x7fELF of another machine")
    (machine / "mc").chmod(0o755)

    with pytest.raises(LocalError):
        find_program(CLIENT)


def test_a_server_is_known_by_its_name(machine: Path) -> None:
    program = add(machine, "silo", "")

    assert find_program(SERVER) == program
