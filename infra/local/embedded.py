"""The embedded default: every server as a plain child process, all data in one folder.

    with EmbeddedStack(Path(".datacore")) as stack:   # servers up, schema new, bucket there
        stack.start_functions()

Servers start side by side and stop after the functions. A second start on the same folder finds
everything as it was, except the queues: those live in memory.
"""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from common.settings import Settings
from infra.local.failures import LocalError
from infra.local.home import HOST, Home
from infra.local.mongo import MongoServer
from infra.local.object_store_keys import REGION, ObjectStoreKeys
from infra.local.postgres import PostgresServer
from infra.local.process import Child, Command, stop_all
from infra.local.queues import QueueServer, answers
from infra.local.redis import RedisServer
from infra.local.seaweedfs import BUCKET, SERVICE_KEY, SeaweedServer
from infra.local.server import Server
from infra.local.supervisor import Supervisor

FUNCTIONS = ("ingest", "cluster", "notify", "reconcile", "report_api")
_READY_WITHIN_S = 60.0
_DRAIN_MARGIN_S = 5.0  # beyond the drain itself, for a function to leave
# The store tells a change once and the queues live in memory: what a crash loses is found soon, by
# listing a small bucket often. Whoever has set another pace keeps it.
_PACE = {"DATACORE_RECONCILE_EVERY_S": "60", "DATACORE_RECONCILE_MIN_AGE_S": "30"}
_PROJECT = Path(__file__).resolve().parents[2]

Report = Callable[[str, dict[str, object]], None]


def _say_nothing(_code: str, _params: dict[str, object]) -> None:
    pass


class EmbeddedStack:
    """The servers of one home, and the functions that run against them.

    `report` is told what happens: a code of `common.texts` and its parameters.
    """

    def __init__(self, home: Path, report: Report = _say_nothing) -> None:
        self.home = Home(home)
        self._report = report
        self._lock = ExitStack()
        self._supervisor = Supervisor(report)
        self._servers: list[Child] = []
        self._functions: list[Child] = []
        self._killed = False

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

    def start(self) -> None:
        """Start all servers, and return when each is ready and holds what it must.

        Raises:
            LocalError: The home is in use, or a server does not start; nothing is left running.
        """
        self._lock.enter_context(self.home.locked())
        try:
            self._configure()
            self._bring_up()
        except BaseException:
            self.kill()
            self._lock.close()
            raise
        self._supervisor.watch(self._servers)
        self._supervisor.start()

    def _configure(self) -> None:
        self._secrets = self.home.secrets()
        self._ports = self.home.ports()
        self._store = SeaweedServer(self.home, self._ports, self._secrets)
        self._postgres = PostgresServer(self.home, self._ports, self._secrets)
        self._mongo = MongoServer(self.home, self._ports, self._secrets)
        self._redis = RedisServer(self.home, self._ports, self._secrets)
        self._queues = QueueServer(self.home, self._ports, self._secrets, self.environment())

    def _bring_up(self) -> None:
        servers: Sequence[Server] = (
            self._postgres,
            self._mongo,
            self._store,
            self._queues,
            self._redis,
        )
        with ThreadPoolExecutor(len(servers)) as threads:
            started = {threads.submit(self._bring_up_one, server): server for server in servers}
            try:
                for future in as_completed(started):
                    future.result()
                    self._report("server_ready", {"server": started[future].name})
            except BaseException:
                self.kill()  # the others give up as soon as their process is gone
                raise

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
        environment = self.environment()
        for name in names:
            command = Command(
                name=name,
                argv=(sys.executable, "-m", f"functions.{name}"),
                cwd=_PROJECT,
                log=self.home.log(name),
                environment=environment,
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
        self._store.remove_sockets()
        self._lock.close()

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
        return self._store.url

    @property
    def owner_url(self) -> str:
        """PostgreSQL URL of the schema's owner: for migrations and tests, for no function."""
        return self._postgres.url("datacore_owner", self._secrets.postgres_owner)

    def object_store_keys(self) -> ObjectStoreKeys:
        """Return what makes keys of clients."""
        return ObjectStoreKeys(
            url=self.s3_url, operator_secret=self._secrets.s3_operator, bucket=BUCKET
        )

    def environment(self) -> dict[str, str]:
        """Return the variables by which `common.settings` finds these servers."""
        secrets, postgres = self._secrets, self._postgres
        return {
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ACCESS_KEY_ID": SERVICE_KEY,
            "AWS_SECRET_ACCESS_KEY": secrets.s3_service,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_SQS": f"http://{HOST}:{self._ports.sqs}",
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
            "DATACORE_COOKIE_KEY": secrets.cookie,
            **{name: os.environ.get(name, value) for name, value in _PACE.items()},
        }
