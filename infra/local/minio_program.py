"""The programs of MinIO, server and client: what the machine has, else built once and kept.

Nobody offers them ready made any more. Go comes as a wheel, and fetches the sources by its own
means. `python -m infra.local.minio_program` builds both before they are needed; only tests need the
client.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.texts import say
from infra.local.failures import LocalError
from infra.local.programs import program_in_scripts


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """A program as its Go module builds it."""

    name: str
    module: str
    version: str  # of a commit; MinIO's releases are no Go versions
    known_as: tuple[str, ...]  # under which the machine may have it
    says: str = ""  # when asked for its version; empty: nothing else has its names

    @property
    def kept(self) -> Path:
        """Where it is once it was built."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "datacore" / f"{self.name}-{self.version}"


SERVER = Program(
    name="minio",
    module="github.com/minio/minio",
    version="v0.0.0-20260212201848-7aac2a2c5b7c",  # the last one
    known_as=("minio", "silo"),  # silo goes on where MinIO stopped, with the same settings
)
CLIENT = Program(
    name="mc",
    module="github.com/minio/mc",
    version="v0.0.0-20250313080218-cf909e1063a9",
    known_as=("mcli", "mc"),
    says="MinIO",  # most machines' `mc` is Midnight Commander
)
# What only a debugger would read is left out.
_AS_BUILT = ("-v", "-gcflags=all=-dwarf=false", "-ldflags=-s -w")
_SAY_EVERY_S = 15.0
_LINES_SHOWN = 15

Report = Callable[[str, dict[str, object]], None]


def find_program(wanted: Program = SERVER) -> str:
    """Return the path of a program.

    Raises:
        LocalError: There is none yet.
    """
    for name in wanted.known_as:
        if (program := shutil.which(name)) and _is(program, wanted):
            return program
    if not wanted.kept.exists():
        raise LocalError("minio_missing", {"program": wanted.name})
    return str(wanted.kept)


def _is(program: str, wanted: Program) -> bool:
    if not wanted.says:
        return True
    try:
        asked = subprocess.run((program, "--version"), capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return wanted.says.encode() in asked.stdout


def get_program(report: Report, wanted: Program = SERVER) -> None:
    """Make sure that there is a program: build it, if need be, once for ever.

    `report` is told how far it is: a code of `common.texts` and its parameters.

    Raises:
        LocalError: It cannot be built.
    """
    try:
        find_program(wanted)
    except LocalError:
        _build(wanted, report)


def _build(wanted: Program, report: Report) -> None:
    target = wanted.kept
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it gets there whole or not at all.
    with tempfile.TemporaryDirectory(prefix=f"{wanted.name}-", dir=target.parent) as folder:
        work = Path(folder)
        report("minio_builds", {"program": wanted.name, "folder": target.parent})
        _install(wanted, work, report)
        (work / wanted.name).replace(target)
    report("minio_built", {"program": wanted.name, "file": target})


def _install(wanted: Program, work: Path, report: Report) -> None:
    started = time.monotonic()
    with (work / "log").open("w+") as log:
        process = subprocess.Popen(
            (program_in_scripts("go"), "install", *_AS_BUILT, f"{wanted.module}@{wanted.version}"),
            env=_environment(work),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            while not _ended(process):
                seconds = time.monotonic() - started
                _say_how_far(wanted, work / "log", seconds, report)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with the compilers that it started
            process.wait()
    if process.returncode:
        lines = (work / "log").read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
        raise LocalError("minio_not_built", {"program": wanted.name, "lines": "\n".join(lines)})


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_SAY_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _say_how_far(wanted: Program, log: Path, seconds: float, report: Report) -> None:
    """Tell whether it still loads sources, or how many packages are compiled."""
    lines = log.read_text(errors="replace").splitlines()
    compiled = sum(1 for line in lines if not line.startswith("go: "))
    code = "minio_compiles" if compiled else "minio_loads"
    report(code, {"program": wanted.name, "seconds": round(seconds), "packages": compiled})


def _tell(code: str, params: dict[str, object]) -> None:
    sys.stderr.write(say(code, params) + "\n")


def _environment(work: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "GOBIN": str(work),
        "GOTOOLCHAIN": "local",  # the one of the wheel, no other is fetched
        "CGO_ENABLED": "0",  # no C compiler has to be there
        # Compilers end before their memory has to be tidied up, which takes a fifth of their time.
        "GOGC": "off",
        "GOMEMLIMIT": "1GiB",  # of each; past it they tidy up
    }


if __name__ == "__main__":
    try:
        for each in (SERVER, CLIENT):
            get_program(_tell, each)
    except LocalError as error:
        sys.exit(str(error))
