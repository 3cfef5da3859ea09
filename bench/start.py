"""How soon the command and each function are ready: a function that starts slowly is not serverless."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import urllib3

from bench.table import Row
from bench.world import World, timed

RUNS = 7
_PROJECT = Path(__file__).parents[1]


def measure(world: World) -> list[Row]:
    """Time each start in turn with `import pandas`."""
    ours = {
        "`datacore --help`": lambda: run(["-m", "cli", "--help"]),
        **{
            f"{name} ready for its first message": (lambda name=name: until_ready(world, name))
            for name in ("ingest", "cluster", "notify", "reconcile", "report_api")
        },
    }
    seconds: dict[str, list[float]] = {name: [] for name in ours}
    pandas: list[float] = []
    for _ in range(RUNS):
        pandas.append(timed(lambda: run(["-c", "import pandas"])))
        for name, start in ours.items():
            seconds[name].append(timed(start))
    return [
        Row(
            what=name,
            against='`python -c "import pandas"`',
            own_s=median(taken),
            other_s=median(pandas),
            aim="under 0.3 s" if "help" in name else "at most 1.5",
        )
        for name, taken in seconds.items()
    ]


def run(arguments: Sequence[str]) -> None:
    """Run Python once, to its end."""
    subprocess.run([sys.executable, *arguments], cwd=_PROJECT, check=True, capture_output=True)


def until_ready(world: World, name: str) -> None:
    """Start a function, wait until it takes work, and stop it."""
    with subprocess.Popen(
        [sys.executable, "-m", f"functions.{name}"],
        cwd=_PROJECT,
        env={**os.environ, **world.stack.environment()},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        assert process.stderr is not None
        if name == "report_api":
            _wait_for_http(f"{world.stack.api_url}/livez")
        else:
            next(line for line in process.stderr if b'"ready"' in line or b'"reconciled"' in line)
        process.kill()


def _wait_for_http(url: str) -> None:
    deadline = time.monotonic() + 60
    with urllib3.PoolManager(retries=False) as http:
        while not _answers(http, url):
            if time.monotonic() > deadline:
                raise TimeoutError(url)
            time.sleep(0.01)


def _answers(http: urllib3.PoolManager, url: str) -> bool:
    try:
        return http.request("GET", url).status == 200
    except urllib3.exceptions.HTTPError:
        return False
