"""Servers that are hurt, functions as processes, clients that upload, and what is left of it all."""

import itertools
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pika
from botocore.exceptions import BotoCoreError, ClientError
from pika.adapters.blocking_connection import BlockingChannel
from pydantic import SecretStr
from sqlalchemy import TextClause, text

from common.events import FUNCTIONS
from common.exceptions import TransientError
from common.messaging import topology
from common.mongo import Mongo
from common.postgres import Postgres
from common.settings import Settings
from infra.local.local import LocalStack
from infra.local.process import Child, Command
from infra.local.server import Server
from tests.chaos.files import COPY, File
from tests.conftest import create_client, settings_for
from tests.integration.pipeline import ClientView
from tests.waiting import wait_until

PROJECT = Path(__file__).parents[2]
DEADLINE_S = 120.0
READY_WITHIN_S = 90.0
SERVERS = ("minio", "rabbitmq", "postgres", "mongo", "redis")

# These take long to start. They stay for the next test, unless it wants none of them.
STAYING = ("cluster", "notify")

# Short, so that what a dead worker held is soon another's.
PACE = {"DATACORE_LEASE_S": "1", "DATACORE_RELAY_AFTER_S": "2", "DATACORE_DRAIN_S": "5"}
# Reconcile in a hurry: everything that no event announced is home within seconds.
RECONCILE = {
    "DATACORE_RECONCILE_EVERY_S": "2",
    "DATACORE_RECONCILE_WHOLE_EVERY_S": "4",
    "DATACORE_RECONCILE_MIN_AGE_S": "2",
    "DATACORE_LOST_AFTER_S": "10",
}

MOVING = frozenset({"announced", "reading"})

T = TypeVar("T")

_OPEN_ENDS = text("""
    SELECT (SELECT array_agg(work_key) FROM outbox
            WHERE strpos(convert_from(body, 'UTF8'), :client) > 0
              AND NOT EXISTS (SELECT 1 FROM journal WHERE event_id = outbox.id)) AS unseen,
           (SELECT array_agg(work_key || ' ' || status || ' ' || coalesce(last_error, '-'))
            FROM claims WHERE client_id = :client AND status IN ('leased', 'waiting')) AS open
""")  # events that no worker has seen, and work that is not at its end

# Facts about one upload are told once; what is told of its segmentation and its nudges may be more.
_TOLD_AGAIN = text("""
    SELECT event->'data'->>'upload' AS upload, event->>'type' AS what, count(*) AS times
    FROM (SELECT convert_from(body, 'UTF8')::jsonb AS event FROM outbox) AS published
    WHERE event->'data'->>'client' = :client AND event->'data' ? 'upload'
    GROUP BY 1, 2 HAVING count(*) > 1
""")

_UNBALANCED = """
    SELECT sha256 FROM datasets WHERE rows_in <> accepted + rejected + left_out + blank + repeated
    UNION ALL
    SELECT sha256 FROM contributions JOIN clients ON clients.segmentation_id = contributions.segmentation_id
    WHERE accepted_rows <> counted_rows + replaced_rows
       OR accepted_amount <> counted_amount + replaced_amount
    UNION ALL
    -- What counts is what is current, and all of it.
    SELECT coalesce(counted.sha256, live.sha256) FROM (
        SELECT sha256, accepted_rows AS rows, accepted_amount AS amount FROM contributions
        WHERE segmentation_id = (SELECT segmentation_id FROM clients)
    ) AS counted FULL JOIN (
        SELECT sha256, accepted AS rows, datasets.amount FROM datasets
        WHERE accepted > 0 AND sha256 IN (
            SELECT sha256 FROM uploads WHERE state IN ('stored', 'duplicate'))
    ) AS live USING (sha256, rows, amount)
    WHERE counted.sha256 IS NULL OR live.sha256 IS NULL
"""


_PARKED = text("SELECT work_key FROM parked WHERE client_id = :client")

_UPLOADS = """
    SELECT substr(key, length(client_id) + 2) AS key, state, reason, outcome, sha256, size
    FROM uploads ORDER BY key, stored_at
"""
_DATASETS = """
    SELECT sha256, frame_id, rejected_frame_id, branch_id, rows_in, accepted, rejected, left_out,
           blank, repeated, quantity, amount
    FROM datasets ORDER BY sha256
"""
_NOTICES = """
    SELECT u.key, n.code, count(*) AS times
    FROM notices n JOIN uploads u ON u.client_id = n.client_id AND u.id = n.upload_id
    GROUP BY u.key, n.code
"""


class FragileStack(LocalStack):
    """The local servers; one that is killed stays dead until it is started."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.crew: dict[str, Child] = {}  # functions that outlast a test, by name

    def _lanes(self) -> Sequence[Sequence[Server]]:
        lanes = super()._lanes()
        self.parts = {server.name: server for lane in lanes for server in lane}
        return lanes

    def start(self) -> None:
        """Start all servers, and let nobody but the test start one again."""
        super().start()
        self._supervisor.stop()
        self._rabbit.control("add_user", "chaos", "chaos")
        self._rabbit.control("set_permissions", "-p", topology.VHOST, "chaos", ".*", ".*", ".*")

    def stop(self) -> None:
        """Stop the functions that are still there, then the servers."""
        for worker in self.crew.values():
            _kill(worker)
        super().stop()

    def child(self, name: str) -> Child:
        """Return the process of a server."""
        return next(child for child in self._servers if child.name == name)

    def kill_server(self, name: str) -> None:
        """Kill a server as a lack of memory would, and return when it is gone."""
        child = self.child(name)
        assert child.pid is not None
        os.killpg(child.pid, signal.SIGKILL)
        child.wait_for_end()

    def start_server(self, name: str) -> None:
        """Start a killed server, and return when it answers."""
        part = self.parts[name]
        part.prepare(self._run)
        child = self.child(name)
        child.start()
        child.wait_until(part.is_ready, within_s=READY_WITHIN_S)

    def start_dead_servers(self) -> None:
        """Leave the next test what it expects."""
        for name in SERVERS:
            if self.child(name).exit_code is not None:
                self.start_server(name)

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """Yield a channel of one who may do everything with the functions' queues."""
        url = pika.URLParameters(self._rabbit.url)
        url.credentials = pika.PlainCredentials("chaos", "chaos")
        with pika.BlockingConnection(url) as connection:
            yield connection.channel()

    def purge(self) -> None:
        """Empty every queue."""
        with self.channel() as channel:
            for queue in topology.topology(FUNCTIONS).queues:
                channel.queue_purge(queue.name)


@dataclass(kw_only=True)
class Tally:
    """What a disturbed run came to."""

    attempts: int
    acknowledged: int
    lost: Sequence[str]  # uploads that the store had acknowledged and that came to nothing
    doubled: Sequence[str]  # facts that were told more than once
    unbalanced: Sequence[str]  # datasets whose sums do not close, or that do not count as they are
    parked: Sequence[str]  # work that was given up on
    recovered: int  # uploads that were not home yet when the last fault was over
    seconds: float  # from then until everything was quiet

    def __str__(self) -> str:
        return (
            f"attempts {self.attempts}, acknowledged {self.acknowledged}, lost {len(self.lost)},"
            f" doubled {len(self.doubled)}, unbalanced {len(self.unbalanced)},"
            f" parked {len(self.parked)}, recovered {self.recovered}"
            f" in {self.seconds:.1f} s"
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing but time was lost."""
        return not (self.lost or self.doubled or self.unbalanced or self.parked)


class Shop(ClientView):
    """A client that uploads, and remembers what it was promised."""

    def __init__(self, settings: Settings, client: str) -> None:
        super().__init__(settings, client)
        self.attempts: list[str] = []  # keys
        self.acknowledged: dict[str, str] = {}  # key of each version that the store confirmed

    def send(self, key: str, body: bytes) -> str:
        """Put an object once; return its version.

        Raises:
            botocore.exceptions.BotoCoreError, ClientError: The store did not say that it has it.
        """
        self.attempts.append(key)
        version = str(self.put(key, body).object.version_id)
        self.acknowledged[version] = key
        return version

    def send_all(self, files: Iterable[File]) -> None:
        """Put files one after the other, the store being well."""
        for file in files:
            self.send(file.key, file.body)

    def send_until_taken(self, key: str, body: bytes) -> str:
        """Put an object again and again until the store has it, as a person would."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                return self.send(key, body)
            except (BotoCoreError, ClientError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def settled(self) -> set[str]:
        """Return the acknowledged versions whose upload is at its end."""
        rows = self.rows("SELECT version_id, state FROM uploads")
        return {row.version_id for row in rows if row.state not in MOVING} & set(self.acknowledged)

    def is_up_to_date(self) -> bool:
        """Say whether the report shows the data as they are."""
        (row,) = self.rows("SELECT data_version, segmented_version FROM clients")
        return bool(row.data_version == row.segmented_version)


class Scene:
    """One test's functions and clients, on servers that all tests share."""

    def __init__(self, stack: FragileStack, say: Callable[[str], None]) -> None:
        self.stack = stack
        self.say = say
        self._open = ExitStack()
        self.workers: list[Child] = []  # that this test alone started
        settings = settings_for(stack, "ingest")
        self.settings = settings
        self._app = self._open.enter_context(closing(Postgres(settings.postgres_app_url)))
        self._runtime = self._open.enter_context(closing(Postgres(settings.postgres_runtime_url)))

    def close(self) -> None:
        """Kill the functions, mend the servers, and leave no message behind."""
        for worker in self.workers:
            _kill(worker)
        self.have([name for name in STAYING if name in self.stack.crew])
        self._open.close()
        self.stack.start_dead_servers()
        self.stack.purge()

    # --- functions ----------------------------------------------------------------------------

    def have(self, functions: Collection[str]) -> None:
        """Have one process of each of these functions at work, and none of another."""
        crew = self.stack.crew
        for name in [name for name in crew if name not in functions]:
            _kill(crew.pop(name))
        for name in functions:
            if name not in crew or crew[name].exit_code is not None:
                crew[name] = self._start(name)

    def start(self, function: str, *, module: str = "", **environment: str) -> Child:
        """Start a process of this test's own."""
        worker = self._start(function, module=module, **environment)
        self.workers.append(worker)
        return worker

    def _start(self, function: str, *, module: str = "", **environment: str) -> Child:
        worker = Child(
            Command(
                name=function,
                argv=(sys.executable, "-m", module or f"functions.{function}"),
                cwd=PROJECT,
                log=self.stack.home.log(f"{function}-{secrets.token_hex(3)}"),
                environment={
                    **self.stack.environment(function),
                    **PACE,
                    **RECONCILE,
                    **environment,
                },
            )
        )
        worker.start()
        return worker

    # --- messages -----------------------------------------------------------------------------

    def take(self, queue: str, count: int) -> list[bytes]:
        """Return messages that wait in a queue, the oldest first, and have it forget them."""
        with self.stack.channel() as channel:
            consumed = channel.consume(queue, auto_ack=True, inactivity_timeout=DEADLINE_S)
            bodies = [body for _, _, body in itertools.islice(consumed, count)]
            assert None not in bodies, f"fewer than {count} messages in {queue}"
            return bodies

    def put(self, queue: str, bodies: Iterable[bytes]) -> None:
        """Put messages into a queue, in this order, and return when it holds them.

        A quorum queue may lose what was on its way when the channel closed.
        """
        with self.stack.channel() as channel:
            channel.confirm_delivery()
            for body in bodies:
                channel.basic_publish(topology.WORK, queue, body)

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in a queue, without those in work."""
        with self.stack.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    def consumers(self, queue: str) -> int:
        """Return how many workers listen to a queue."""
        with self.stack.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.consumer_count)

    # --- clients ------------------------------------------------------------------------------

    def shop(self) -> Shop:
        """Open an account, with a key of its own."""
        name = _patiently(lambda: create_client(self._app, f"c-{secrets.token_hex(6)}"))
        access_key, secret_key = self.stack.object_store_keys().add_client(name)
        settings = self.settings.model_copy(
            update={
                "aws_access_key_id": access_key,
                "aws_secret_access_key": SecretStr(secret_key),
            }
        )
        return self._open.enter_context(closing(Shop(settings, name)))

    # --- until it is quiet --------------------------------------------------------------------

    def settle(self, shop: Shop, *, within_s: float = DEADLINE_S) -> Tally:
        """Wait, now that the last fault is over, until all is quiet; say what it came to.

        Raises:
            AssertionError: It did not become quiet in time.
        """
        started = time.monotonic()
        home = _patiently(shop.settled)
        try:
            wait_until(lambda: self._is_quiet(shop), within_s=within_s)
        except AssertionError as error:
            ends = self._open_ends(shop)
            raise AssertionError(f"not quiet: {self._audit(shop)}; {ends}") from error
        tally = self._audit(shop)
        tally.recovered = len(shop.acknowledged.keys() - home)
        tally.seconds = time.monotonic() - started
        self.say(str(tally))
        return tally

    def _is_quiet(self, shop: Shop) -> bool:
        try:
            return (
                len(shop.settled()) == len(shop.acknowledged)
                and shop.is_up_to_date()
                and not any(self._open_ends(shop))
            )
        except TransientError:
            return False

    def _open_ends(self, shop: Shop) -> Any:
        (ends,) = self.rows(_OPEN_ENDS, client=shop.client)
        return ends

    def _audit(self, shop: Shop) -> Tally:
        told = self.rows(_TOLD_AGAIN, client=shop.client)
        return Tally(
            attempts=len(shop.attempts),
            acknowledged=len(shop.acknowledged),
            lost=sorted(shop.acknowledged.keys() - shop.settled()),
            doubled=[f"{row.what} {row.upload} x{row.times}" for row in told],
            unbalanced=[row.sha256 for row in shop.rows(_UNBALANCED)],
            parked=[row.work_key for row in self.rows(_PARKED, client=shop.client)],
            recovered=0,
            seconds=0.0,
        )

    def left_of(self, shop: Shop) -> dict[str, Any]:
        """Return all that people can see, and all that is stored, without ids of its own."""
        # Whether a copy was read before the first of its bytes, and then told to be stored too,
        # is chance; its state is not.
        told = {(row.key.partition("/")[2], row.code, row.times) for row in shop.rows(_NOTICES)} - {
            (COPY, "notice_stored", 1)
        }
        return {
            "uploads": [tuple(row) for row in shop.rows(_UPLOADS)],
            "datasets": [tuple(row) for row in shop.rows(_DATASETS)],
            "told": told,
            "chunks": self._chunks(shop),
            "report": shop.report(),
        }

    def _chunks(self, shop: Shop) -> dict[str, int]:
        mongo = Mongo(self.settings.mongo_url, self.settings.mongo_database)
        with closing(mongo):
            found = mongo._chunks.find({"_id.client": shop.client})
            return {chunk["_id"]["sha256"]: len(chunk["content"]) for chunk in found}

    def rows(self, statement: TextClause, **params: object) -> Sequence[Any]:
        """Return what the runtime's own tables hold."""
        with self._runtime.transaction() as connection:
            return connection.execute(statement, params).all()


def _kill(worker: Child) -> None:
    worker.kill()
    worker.wait_for_end()


def _patiently(ask: Callable[[], T]) -> T:
    """Return the answer of a server that was just killed: the first line to it is a dead one."""
    while True:
        with suppress(TransientError):
            return ask()
        time.sleep(0.1)
