"""The queue server and the announcer, one process: see `infra.local.announcer`."""

import sys
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.process import Command

# The store proves with it that it is the one that tells.
TOKEN_VARIABLE = "DATACORE_ANNOUNCER_TOKEN"  # noqa: S105 - the name of a variable
_PROJECT = Path(__file__).resolve().parents[2]


class QueueServer:
    """Queues in memory: after a restart, reconcile announces again what was not done."""

    name = "queues"

    def __init__(
        self, home: Home, ports: Ports, secrets: Secrets, environment: Mapping[str, str]
    ) -> None:
        self._home = home
        self._port = ports.announcer
        self._environment = {**environment, TOKEN_VARIABLE: secrets.announcer}

    def prepare(self, run: Callable[[Command], None]) -> None:
        """Do nothing: it keeps nothing on disk."""

    def command(self) -> Command:
        """Return how to run it."""
        return Command(
            name=self.name,
            argv=(sys.executable, "-m", "infra.local.announcer", str(self._port)),
            cwd=_PROJECT,
            log=self._home.log(self.name),
            environment=self._environment,
        )

    def is_ready(self) -> bool:
        """Say whether the queues are declared and changes are taken."""
        return answers(f"http://{HOST}:{self._port}/livez")

    def bootstrap(self) -> None:
        """Do nothing: the process declares its queues itself, whenever it starts."""


def answers(url: str) -> bool:
    """Say whether `url` answers 200."""
    no_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with no_proxy.open(url, timeout=2):
            return True
    except OSError:
        return False
