"""The system on the local servers, as a stranger finds it: addresses, and what a client is given."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from infra.local.failures import LocalError
from infra.local.minio_program import CLIENT, SERVER, find_program
from tests.e2e.black_box import COMMAND, PROJECT, datacore, left_of, plain_environment, wait_for
from tests.e2e.system import Client, System

_MISSING = r"is not installed|is not there yet"


def missing(what: str) -> NoReturn:
    """Skip for want of a program, but fail where CI is set."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module", params=["embedded", "local"])
def servers(request: pytest.FixtureRequest) -> str:
    """The servers that a module runs on: first the embedded ones, then those of production."""
    if request.param == "local":
        doctor = subprocess.run(
            ["sh", "infra/local/doctor.sh", "--local"],
            cwd=PROJECT,
            env=plain_environment(PYTHON=sys.executable),
            capture_output=True,
            text=True,
            check=False,
        )
        if doctor.returncode:
            missing(doctor.stderr)
        find(SERVER)
    return request.param


def find(program: str) -> Path:
    """Return where a program of MinIO's is."""
    try:
        return find_program(program)
    except LocalError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A search path with every S3 tool: those of the wheels, MinIO's client, Debian's."""
    folder = tmp_path_factory.mktemp("programs")
    find(SERVER)
    (folder / "mc").symlink_to(find(CLIENT))
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    for program in ("aws", "rclone", "s3cmd", "s5cmd", "curl", "jq"):
        if shutil.which(program, path=path) is None:
            missing(f"{program} is not installed")
    return path


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, programs: str) -> Iterator[System]:
    """A running system with the clients `acme` and `bodega`; it must leave no process."""
    home = tmp_path_factory.mktemp("s") / "home"
    log = home.parent / "said"
    with log.open("w") as said:
        process = subprocess.Popen(
            [*COMMAND, "up", "--stack", "local", "--home", str(home)],
            cwd=PROJECT,
            env=plain_environment(),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            wait_for(lambda: process.poll() or "S3 endpoint" in log.read_text(), within_s=180)
            if process.poll() is not None and re.search(_MISSING, log.read_text()):
                missing(log.read_text())
            assert process.poll() is None, log.read_text()
            yield _with_clients(home, log.read_text(), programs)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert left_of(process.pid) == {}
        finally:
            process.kill()
            process.wait()


def _with_clients(home: Path, said: str, programs: str) -> System:
    def made(name: str) -> Client:
        words = ("client", name, "-b", "centro", "-b", "norte", "--home", str(home), "--json")
        ended = datacore(*words)
        assert ended.returncode == 0, ended.stderr
        return Client(**{k: v for k, v in json.loads(ended.stdout).items() if k != "version"})

    with ThreadPoolExecutor(2) as threads:
        acme, bodega = threads.map(made, ("acme", "bodega"))
    (api_url,) = re.findall(r"^API +(\S+)", said, re.MULTILINE)
    (s3_url,) = re.findall(r"^S3 endpoint +(\S+)", said, re.MULTILINE)
    return System(
        home=home, api_url=api_url, s3_url=s3_url, acme=acme, bodega=bodega, programs=programs
    )
