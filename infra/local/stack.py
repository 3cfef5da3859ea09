"""Servers and functions as plain child processes, all data in one folder.

    with EmbeddedStack(Path(".datacore")) as stack:   # servers up, schema new, bucket there
        stack.start_functions()

Servers start side by side and stop after the functions. A second start on the same folder finds
everything as it was. Which servers they are, say `infra.local.embedded` and `infra.local.local`.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from common.settings import Settings
from infra.local.failures import LocalError
from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.mongo import MongoServer
from infra.local.object_store_keys import BUCKET, REGION
from infra.local.postgres import PostgresServer
from infra.local.process import Child, Command, stop_all
from infra.local.queues import answers
from infra.local.redis import RedisServer
from infra.local.server import Server
from infra.local.supervisor import Supervisor

FUNCTIONS = ("ingest", "cluster", "notify", "reconcile", "report_api")
_READY_WITHIN_S = 60.0
_DRAIN_MARGIN_S = 5.0  # beyond the drain itself, for a function to leave
_PROJECT = Path(__file__).resolve().parents[2]

Report = Callable[[str, dict[str, object]], None]


def _say_nothing(_code: str, _params: dict[str, object]) -> None:
    pass


class ClientKeys(Protocol):
    """Makes keys of clients while the store runs; the store itself keeps them."""

    def add_client(self, client: str) -> tuple[str, str]:
        """Make a new key of `client`, and return it with its secret. Earlier keys stay valid."""


class Stack(ABC):
    """The servers of one home, and the functions that run against them.

    `report` is told what happens: a code of `common.texts` and its parameters.
    """

    name: ClassVar[str]  # that a home remembers
    _postgres: PostgresServer
    _mongo: MongoServer
    _redis: RedisServer

    def __init__(self, home: Path, report: Report = _say_nothing) -> None:
        self.home = Home(home)
        self._report = report
        self._at_end = ExitStack()  # the lock, and what has to be done before it is given up
        self._supervisor = Supervisor(report)
        self._servers: list[Child] = []
        self._functions: list[Child] = []
        self._killed = False
        self.is_asked_to_end = False  # by who runs it

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @staticmethod
    @abstractmethod
    def install(report: Report) -> None:
        """Get what no package brings.

        Raises:
            LocalError: It cannot be had.
        """

    def start(self) -> None:
        """Start all servers, and return when each is ready and holds what it must.

        Raises:
            LocalError: The home is in use, or a server does not start; nothing is left running.
        """
        self._at_end.enter_context(self.home.locked())
        try:
            self.home.claim_for(self.name)
            self._secrets = self.home.secrets()
            self._ports = self.home.ports()
            self._bring_up(self._lanes())
        except BaseException:
            self.kill()
            for child in self._servers:
                child.wait_for_end()
            self._at_end.close()
            raise
        self._supervisor.watch(self._servers)
        self._supervisor.start()

    def attach(self) -> bool:
        """Learn where another process runs the servers of this home; False: none ever did."""
        kept = self.home.kept_ports()
        if not kept:
            return False
        self._secrets = self.home.secrets()
        self._ports = Ports(**kept)
        self._lanes()
        return True

    @abstractmethod
    def _lanes(self) -> Sequence[Sequence[Server]]:
        """Make the servers. Lanes start side by side, the servers of one after each other."""

    def _bring_up(self, lanes: Sequence[Sequence[Server]]) -> None:
        with ThreadPoolExecutor(len(lanes)) as threads:
            started = [threads.submit(self._bring_up_lane, lane) for lane in lanes]
            try:
                for future in as_completed(started):
                    future.result()
            except BaseException:
                self.kill()  # the others give up as soon as their process is gone
                raise

    def _bring_up_lane(self, lane: Sequence[Server]) -> None:
        for server in lane:
            self._bring_up_one(server)
            self._report("server_ready", {"server": server.name})

    def _bring_up_one(self, server: Server) -> None:
        server.prepare(self._run)
        child = self._start(server.command(), self._servers)
        child.wait_until(server.is_ready, within_s=_READY_WITHIN_S)
        server.bootstrap()

    def _run(self, command: Command) -> None:
        child = self._start(command, self._servers)
        try:
            child.wait_for_success(within_s=command.stop_within_s)
        finally:
            self._servers.remove(child)

    def _start(self, command: Command, among: list[Child]) -> Child:
        child = Child(command)
        among.append(child)
        if self._killed:
            raise LocalError("server_stopped", {"server": child.name})
        child.start()
        return child

    def start_functions(self, names: Sequence[str] = FUNCTIONS) -> None:
        """Start functions, each as `python -m functions.<name>`; one that dies is started again."""
        settings = Settings()
        for name in names:
            command = Command(
                name=name,
                argv=(sys.executable, "-m", f"functions.{name}"),
                cwd=_PROJECT,
                log=self.home.log(name),
                environment=self.environment(name),
                stop_within_s=settings.drain_s + _DRAIN_MARGIN_S,
            )
            self._supervisor.watch([self._start(command, self._functions)])

    def wait_for_api(self) -> None:
        """Return when the report API answers.

        Raises:
            LocalError: It does not in time.
        """
        api = next(child for child in self._functions if child.name == "report_api")
        api.wait_until(lambda: answers(f"{self.api_url}/livez"), within_s=_READY_WITHIN_S)

    def stop_functions(self) -> None:
        """Stop the functions; each finishes the message it is at."""
        stop_all(self._functions)
        self._functions.clear()

    def stop(self) -> None:
        """Stop everything: functions first, then the servers they need."""
        self._supervisor.stop()
        self.stop_functions()
        stop_all(self._servers)
        self._servers.clear()
        self._at_end.close()

    def kill(self) -> None:
        """Kill everything at once; what was promised is on disk."""
        self._killed = True
        for child in [*self._functions, *self._servers]:
            child.kill()

    def pids(self) -> dict[str, int]:
        """Return the process id of every child."""
        return {c.name: c.pid for c in [*self._servers, *self._functions] if c.pid}

    @property
    def api_url(self) -> str:
        """Address of the report API and its page."""
        return f"http://{HOST}:{self._ports.api}"

    @property
    def s3_url(self) -> str:
        """Endpoint for S3 clients."""
        return f"http://{HOST}:{self._ports.s3}"

    @property
    def owner_url(self) -> str:
        """PostgreSQL URL of the schema's owner: for migrations and tests, for no function."""
        return self._postgres.url("datacore_owner", self._secrets.postgres_owner)

    def object_store_keys(self) -> ClientKeys:
        """Return what makes keys of clients."""
        return self.keys_of(self._ports, self._secrets)

    @staticmethod
    @abstractmethod
    def keys_of(ports: Ports, secrets: Secrets) -> ClientKeys:
        """Return what makes keys of clients, for servers that another process runs."""

    @abstractmethod
    def environment(self, function: str = "") -> dict[str, str]:
        """Return the variables by which `common.settings` finds these servers.

        A function gets the object store's key that is its own, no other.
        """

    def _environment(self) -> Mapping[str, str]:
        """Return what all these servers have in common."""
        secrets, postgres = self._secrets, self._postgres
        return {
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_REGION": REGION,
            "DATACORE_BUCKET": BUCKET,
            "DATACORE_POSTGRES_APP_URL": postgres.url("datacore_app", secrets.postgres_app),
            "DATACORE_POSTGRES_RUNTIME_URL": postgres.url(
                "datacore_runtime", secrets.postgres_runtime
            ),
            "DATACORE_MONGO_URL": self._mongo.url,
            "DATACORE_REDIS_URL": self._redis.url,
            "DATACORE_SPOOL_DIR": str(self.home.folder("spool")),
            "DATACORE_API_HOST": HOST,
            "DATACORE_API_PORT": str(self._ports.api),
            "DATACORE_API_PUBLIC_URL": self.api_url,
        }
