"""Many small files on the local servers: the runtime against a bare consumer and against Celery.

All three take the same messages, MinIO's own, out of RabbitMQ, with two processes each:

bare     downloads, hashes, parses with pandas, writes one chunk and commits one transaction, acks.
         It knows no versions, claims, balances or events that follow.
Celery   does our job, claims and outbox included, but is fed, acked and retried by Celery
         (acks_late, one message at a time).

Each round gives every contender a share in turn, so that a slower moment of the machine meets all.
A share is timed from its first file to its last, by PostgreSQL's clock: how long a process takes
to start is measured elsewhere.
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from pydantic import SecretStr
from sqlalchemy import TextClause, create_engine, text

from bench.table import Row
from common.messaging.rabbitmq import RabbitTransport
from common.postgres import Postgres
from common.settings import Settings
from infra.local.home import Ports
from infra.local.local import LocalStack
from infra.local.rabbitmq import RabbitServer
from tests.conftest import create_client

PROCESSES = 2
ROUNDS = 4
_LINES = 110  # of about 46 bytes: 5 KB
_DEADLINE_S = 3600.0
_POLL_S = 0.2
_PROJECT = Path(__file__).parents[1]
_SCRIPTS = Path(sys.executable).parent

_CLAIMED = text("""
    SELECT count(*) AS done, extract(epoch FROM max(finished_at) - min(finished_at)) AS seconds
    FROM claims WHERE client_id = :client AND function = 'ingest' AND status = 'done'
      AND finished_at > :since
""")
_COUNTED = text("""
    SELECT count(*) AS done, extract(epoch FROM max(done_at) - min(done_at)) AS seconds
    FROM bench_files WHERE client_id = :client AND done_at > :since
""")


def measure(count: int) -> list[Row]:
    """Return how long `count` files take, beside both others and MinIO's own pace."""
    with (
        tempfile.TemporaryDirectory() as home,
        LocalStack(Path(home)) as stack,
        closing(World(stack)) as world,
    ):
        seconds = _race(world, count)
    what = f"ingest of {count:,} files of 5 KB, {PROCESSES} processes"
    others = {
        "bare": ("bare pika consumer, one transaction each", "at most 2.5"),
        "celery": ("Celery (acks_late, RabbitMQ), same job", "below 1"),
        "store": ("MinIO announcing them", "for comparison"),
    }
    return [
        Row(what=what, against=against, own_s=seconds["ours"], other_s=seconds[name], aim=aim)
        for name, (against, aim) in others.items()
    ]


def _race(world: "World", count: int) -> dict[str, float]:
    ours, announcing_s = world.upload(count)
    theirs, _ = world.upload(count)
    contenders = {
        "ours": Contender(world, ours, world.runtime, _CLAIMED),
        "bare": Contender(world, ours, world.bare, _COUNTED),
        "celery": Contender(world, theirs, world.celery, _CLAIMED),
    }
    for number in range(ROUNDS):
        for contender in contenders.values():
            contender.take_share(number)
    return {"store": announcing_s, **{name: c.seconds for name, c in contenders.items()}}


@dataclass(frozen=True, kw_only=True, slots=True)
class Files:
    """Uploaded files of one client, and what the store announced of them."""

    client: str
    messages: tuple[bytes, ...]


@dataclass
class Contender:
    """One way to take the files, and the seconds that it has taken."""

    world: "World"
    files: Files
    start: Callable[[Sequence[bytes]], list["subprocess.Popen[bytes]"]]
    done: TextClause
    seconds: float = 0.0

    def take_share(self, number: int) -> None:
        """Handle one share with fresh processes."""
        share = self.files.messages[number::ROUNDS]
        since = self.world.now()
        with _running(self.start(share)):
            self.seconds += self.world.wait_for(self.done, self.files.client, since, len(share))


class World:
    """The servers, and what each contender needs of them."""

    def __init__(self, stack: LocalStack) -> None:
        with mock.patch.dict(os.environ, stack.environment("ingest")):
            self.settings = Settings()
        self._stack = stack
        self._broker = RabbitServer(
            stack.home, Ports(**stack.home.kept_ports()), stack.home.secrets()
        )
        self._app = Postgres(self.settings.postgres_app_url)
        self._runtime = Postgres(self.settings.postgres_runtime_url)
        self._transport = RabbitTransport(self.settings)
        self._make_table()

    def _make_table(self) -> None:
        engine = create_engine(self._stack.owner_url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "CREATE TABLE bench_files (client_id text, sha256 text, rows bigint,"
                    " done_at timestamptz DEFAULT clock_timestamp(),"
                    " PRIMARY KEY (client_id, sha256))"
                )
            )
            connection.execute(text("GRANT ALL ON bench_files TO datacore_runtime"))
        engine.dispose()

    def upload(self, count: int) -> tuple[Files, float]:
        """Put files of a new client; return them, and how long the store took to announce them."""
        client = create_client(self._app, f"b-{secrets.token_hex(4)}")
        access_key, secret_key = self._stack.object_store_keys().add_client(client)
        with tempfile.TemporaryDirectory() as folder:
            _write_files(Path(folder), count, salt=client)
            started = time.perf_counter()
            subprocess.run(
                [
                    *(_SCRIPTS / "s5cmd", "--log", "error", "--endpoint-url", self._stack.s3_url),
                    *("cp", f"{folder}/", f"s3://{self.settings.bucket}/{client}/centro/"),
                ],
                env={
                    **os.environ,
                    "AWS_ACCESS_KEY_ID": access_key,
                    "AWS_SECRET_ACCESS_KEY": secret_key,
                    "AWS_REGION": self.settings.aws_region,
                },
                check=True,
            )
            self._wait(lambda: self._transport.waiting("ingest") >= count)
        return Files(client=client, messages=tuple(self._take(count))), (
            time.perf_counter() - started
        )

    def _take(self, count: int) -> Iterator[bytes]:
        for _ in range(count):
            delivery = self._transport.receive("ingest", wait_s=10)
            assert delivery is not None
            yield delivery.body
            delivery.ack()
        self._transport.pause()

    # --- contenders -------------------------------------------------------------------------

    def runtime(self, share: Sequence[bytes]) -> list["subprocess.Popen[bytes]"]:
        """Start our function on a full queue."""
        url = self._vhost()
        self._fill(url, share)
        command = [sys.executable, "-m", "functions.ingest"]
        return _start(command, {"DATACORE_AMQP_URL": url, **self._environment()})

    def bare(self, share: Sequence[bytes]) -> list["subprocess.Popen[bytes]"]:
        """Start the bare consumer on a full queue."""
        url = self._vhost()
        self._fill(url, share)
        command = [sys.executable, "-m", "bench.bare_consumer"]
        return _start(command, {"DATACORE_AMQP_URL": url, **self._environment()})

    def celery(self, share: Sequence[bytes]) -> list["subprocess.Popen[bytes]"]:
        """Start Celery's worker, with its own processes, on a full queue."""
        environment = {
            "DATACORE_AMQP_URL": self._vhost(),  # for the events that follow
            "BENCH_CELERY_BROKER": self._celery_vhost(),
            **self._environment(),
        }
        with mock.patch.dict(os.environ, environment):
            from bench import celery_worker

            celery_worker.fill(environment["BENCH_CELERY_BROKER"], share)
        words = ("--app", "bench.celery_worker", "worker", "--loglevel", "error")
        options = ("--concurrency", str(PROCESSES), "--prefetch-multiplier", "1")
        return _start([str(_SCRIPTS / "celery"), *words, *options], environment, processes=1)

    def _environment(self) -> dict[str, str]:
        environment = self._stack.environment("ingest")
        del environment["DATACORE_AMQP_URL"]
        return {**environment, "DATACORE_LOG_LEVEL": "ERROR"}

    def _vhost(self) -> str:
        """Make a virtual host with our topology; return its URL."""
        name = f"bench-{secrets.token_hex(4)}"
        file = self._stack.home.path / f"{name}.json"
        file.write_text(json.dumps(self._broker.definitions(name)))
        self._broker.control("import_definitions", str(file))
        return self._broker.url.rpartition("/")[0] + f"/{name}"

    def _celery_vhost(self) -> str:
        """Make a virtual host in which Celery may name things as it likes; return its URL."""
        name, password = f"celery-{secrets.token_hex(4)}", secrets.token_hex(16)
        self._broker.control("add_vhost", name)
        self._broker.control("add_user", name, password)
        self._broker.control("set_permissions", "--vhost", name, name, ".*", ".*", ".*")
        address = self._broker.url.rpartition("@")[2].partition("/")[0]
        return f"amqp://{name}:{password}@{address}/{name}"

    @staticmethod
    def _fill(url: str, share: Sequence[bytes]) -> None:
        with closing(RabbitTransport(Settings(amqp_url=SecretStr(url)))) as transport:
            for body in share:
                transport.publish("ingest", body)

    # --- what came of it --------------------------------------------------------------------

    def now(self) -> Any:
        """Return the database's time."""
        with self._runtime.transaction() as connection:
            return connection.execute(text("SELECT clock_timestamp()")).scalar_one()

    def wait_for(self, done: TextClause, client: str, since: Any, count: int) -> float:
        """Return the seconds from the first file of a share to its last."""

        def look() -> float | None:
            with self._runtime.transaction() as connection:
                row = connection.execute(done, {"client": client, "since": since}).one()
            return float(row.seconds) if row.done >= count else None

        return self._wait(look)

    @staticmethod
    def _wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + _DEADLINE_S
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise TimeoutError("not in time")
            time.sleep(_POLL_S)
        return answer

    def close(self) -> None:
        """Give up the connections."""
        self._transport.close()
        self._app.close()
        self._runtime.close()


def _write_files(folder: Path, count: int, *, salt: str) -> None:
    for number in range(count):
        lines = (
            f"{salt}-{number}-{line},2026-04-{line % 28 + 1:02},c{line * 7 % 53},tea,{line % 3 + 1},3.50\n"
            for line in range(_LINES)
        )
        file = folder / f"{number:05}.csv"
        file.write_text("order_id,date,customer,product,quantity,unit_price\n" + "".join(lines))


def _start(
    command: Sequence[str], environment: Mapping[str, str], *, processes: int = PROCESSES
) -> list["subprocess.Popen[bytes]"]:
    return [
        subprocess.Popen(command, cwd=_PROJECT, env={**os.environ, **environment})
        for _ in range(processes)
    ]


@contextmanager
def _running(processes: Sequence["subprocess.Popen[bytes]"]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)
