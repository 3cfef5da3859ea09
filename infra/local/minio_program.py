"""The program of MinIO: what the machine has, else built once and kept.

Nobody offers it ready made any more. Go comes as a wheel, and fetches the sources by its own means.
`python -m infra.local.minio_program` builds it before it is needed.
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
from pathlib import Path

from common.texts import say
from infra.local.failures import LocalError
from infra.local.programs import program_in_scripts

_MODULE = "github.com/minio/minio"
_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"  # the last commit; releases are no Go versions
_NAMES = ("minio", "silo")  # silo goes on where MinIO stopped, with the same settings
_SAY_EVERY_S = 15.0
_LINES_SHOWN = 15

Report = Callable[[str, dict[str, object]], None]


def find_program() -> str:
    """Return the path of MinIO.

    Raises:
        LocalError: There is none yet.
    """
    for name in _NAMES:
        if program := shutil.which(name):
            return program
    if not _kept().exists():
        raise LocalError("minio_missing", {})
    return str(_kept())


def get_program(report: Report) -> None:
    """Make sure that there is a MinIO: build it, if need be, once for ever.

    `report` is told how far it is: a code of `common.texts` and its parameters.

    Raises:
        LocalError: It cannot be built.
    """
    try:
        find_program()
    except LocalError:
        _build(report)


def _kept() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "datacore" / f"minio-{_VERSION}"


def _build(report: Report) -> None:
    target = _kept()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it gets there whole or not at all.
    with tempfile.TemporaryDirectory(prefix="minio-", dir=target.parent) as folder:
        work = Path(folder)
        report("minio_builds", {"folder": target.parent})
        _install(work, report)
        (work / "minio").replace(target)
    report("minio_built", {"file": target})


def _install(work: Path, report: Report) -> None:
    started = time.monotonic()
    with (work / "log").open("w+") as log:
        process = subprocess.Popen(
            (program_in_scripts("go"), "install", "-v", f"{_MODULE}@{_VERSION}"),
            env=_environment(work),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        try:
            while not _ended(process):
                _say_how_far(work / "log", time.monotonic() - started, report)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with the compilers that it started
            process.wait()
    if process.returncode:
        lines = (work / "log").read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
        raise LocalError("minio_not_built", {"lines": "\n".join(lines)})


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_SAY_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _say_how_far(log: Path, seconds: float, report: Report) -> None:
    """Tell whether it still loads sources, or how many packages are compiled."""
    lines = log.read_text(errors="replace").splitlines()
    compiled = sum(1 for line in lines if not line.startswith("go: "))
    code = "minio_compiles" if compiled else "minio_loads"
    report(code, {"seconds": round(seconds), "packages": compiled})


def _tell(code: str, params: dict[str, object]) -> None:
    sys.stderr.write(say(code, params) + "\n")


def _environment(work: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "GOBIN": str(work),
        "GOTOOLCHAIN": "local",  # the one of the wheel, no other is fetched
        "CGO_ENABLED": "0",  # no C compiler has to be there
    }


if __name__ == "__main__":
    try:
        get_program(_tell)
    except LocalError as error:
        sys.exit(str(error))
