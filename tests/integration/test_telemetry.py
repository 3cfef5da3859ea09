"""What a running function tells of itself: its numbers on /metrics, and its log lines.

Servers of its own, for what waits is counted over all clients; and one worker, whose first try of
its first file fails.
"""

import json
import os
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from unittest import mock
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from common.messaging.sqs import SqsTransport
from common.parked import Filter, ParkedMessages
from common.postgres import Postgres
from infra.local.embedded import EmbeddedStack
from tests.aws import store_of
from tests.conftest import create_client, embedded_stack, settings_for
from tests.integration.pipeline import csv
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

GOOD = csv("1,2026-04-01,ana,tea,2,3.50")
NO_CUSTOMER = b"date,total\n2026-04-01,1\n"
OF_A_HANDLING = {"event_id", "client", "upload", "work", "function", "level", "timestamp"}


class Watched:
    """Running servers, and the worker that tells its numbers on `port`."""

    def __init__(self, stack: EmbeddedStack, port: int) -> None:
        self._stack = stack
        self._log = stack.home.path / "logs" / "ingest.log"
        self.port = port
        self._settings = settings_for(stack)
        self._app = Postgres(self._settings.postgres_app_url)
        self._runtime = Postgres(self._settings.postgres_runtime_url)
        create_client(self._app, "acme")

    def put(self, name: str, body: bytes) -> None:
        key = f"acme/centro/{name}"
        store_of(self._settings).put_object(Bucket=self._settings.bucket, Key=key, Body=body)

    def send(self, body: bytes) -> None:
        transport = SqsTransport(self._settings)
        transport.declare(["ingest"])
        transport.publish("ingest", body)
        transport.close()

    def change(self, statement: str) -> None:
        with self._runtime.transaction() as connection:
            connection.execute(text(statement))

    def discard_all(self) -> None:
        parked = ParkedMessages(app=self._app, runtime=self._runtime)
        for message in parked.list(Filter(), limit=10):
            parked.discard(message, by="ada")

    # --- what it tells ----------------------------------------------------------------------

    def metrics(self) -> dict[str, Metric]:
        return metrics_at(self.port)

    def start(self, function: str, port: int, **more: str) -> None:
        """Start another function, and wait until it tells its numbers on `port`."""
        told = {"DATACORE_METRICS_PORT": str(port), **more}
        with mock.patch.dict(os.environ, told):
            self._stack.start_functions([function])
        wait_until(lambda: is_up(port), within_s=30)

    def value(self, name: str) -> float:
        samples = self.metrics()[name].samples
        (value,) = (s.value for s in samples if not s.name.endswith("_created"))
        return value

    def outcomes(self) -> dict[str, float]:
        return {
            sample.labels["outcome"]: sample.value
            for sample in self.metrics()["datacore_messages"].samples
            if sample.name.endswith("_total")
        }

    def parked(self) -> dict[str, float]:
        return parked_at(self.port)

    def worked(self) -> tuple[float, float]:
        """Return how many messages were worked on, and for how long in all."""
        samples = self.metrics()["datacore_handle_seconds"].samples
        found = {sample.name.rpartition("_")[2]: sample.value for sample in samples}
        return found["count"], found["sum"]

    def said(self) -> list[dict[str, str]]:
        """Return the log lines; a failpoint says what it does in no line of its own."""
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def metrics_at(port: int) -> dict[str, Metric]:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return {family.name: family for family in families}


def parked_at(port: int) -> dict[str, float]:
    """Return the messages of ingest that are parked, by reason, as who listens at `port` tells."""
    samples = metrics_at(port)["datacore_parked_messages"].samples
    assert {sample.labels["function"] for sample in samples} <= {"ingest"}
    return {sample.labels["reason"]: sample.value for sample in samples}


def is_up(port: int) -> bool:
    with suppress(URLError):
        return bool(metrics_at(port))
    return False


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with embedded_stack(tmp_path_factory.mktemp("watched")) as stack:
        watched = Watched(stack, port=free_port())
        watched.start(
            "ingest",
            watched.port,
            DATACORE_FAILPOINT="downloaded:exec_then_raise@1",
            DATACORE_RELAY_AFTER_S="3",
        )
        yield watched


def test_the_numbers_move_as_things_happen(watched: Watched):
    """One story: what becomes of each file moves its own numbers, and no others."""
    waits = lambda: watched.value("datacore_oldest_upload_seconds")  # noqa: E731
    assert watched.value("datacore_ledger_up") == 1
    assert (waits(), watched.outcomes(), watched.parked()) == (0, {}, {})

    # A try fails for now: the upload waits, and grows older.
    watched.put("waits.csv", GOOD)
    wait_until(lambda: watched.outcomes() == {"postponed": 1})
    age_s = waits()
    assert age_s > 0
    wait_until(lambda: waits() > age_s)

    # Five workers died with it, says the ledger: it is given up on.
    watched.change("UPDATE claims SET starts = 5 WHERE status = 'waiting'")
    wait_until(lambda: watched.outcomes() == {"postponed": 1, "parked": 1})
    assert (waits(), watched.parked()) == (0, {"worker_died": 1})

    # What can be read, what cannot, and what is no message at all.
    watched.put("good.csv", GOOD)
    wait_until(lambda: watched.outcomes().get("done") == 1)
    watched.put("no-customer.csv", NO_CUSTOMER)
    wait_until(lambda: watched.outcomes().get("refused") == 1)
    worked, seconds = watched.worked()
    assert (worked, seconds > 0) == (4, True)
    watched.send(b"no JSON")
    wait_until(lambda: watched.outcomes().get("unreadable") == 1)
    assert watched.parked() == {"worker_died": 1, "unreadable": 1}
    assert watched.worked() == (worked, seconds)

    # Somebody decided: nothing is parked any more, and what was counted stays counted.
    watched.discard_all()
    assert (watched.parked(), watched.value("datacore_outbox_unsent") > 0) == ({}, True)
    wait_until(lambda: watched.value("datacore_outbox_unsent") == 0)
    assert watched.value("datacore_relayed_events") > 0
    fates = ("postponed", "parked", "done", "refused", "unreadable")
    assert watched.outcomes() == dict.fromkeys(fates, 1)
    assert watched.value("datacore_replays_running") == 0


def test_every_line_of_a_handling_names_message_client_and_upload_and_one_ends_it(
    watched: Watched,
):
    watched.put("named.csv", GOOD + b"2,2026-04-02,bea,tea,1,3.50\n")
    wait_until(lambda: [s for s in watched.said() if "named.csv" in s.get("work", "")])

    lines = [line for line in watched.said() if "event_id" in line]
    assert all(line.keys() >= OF_A_HANDLING for line in lines)
    assert {line["client"] for line in lines} == {"acme"}
    ends = Counter(line["outcome"] for line in lines if line["event"] == "handled")
    wait_until(lambda: ends == Counter({**watched.outcomes(), "unreadable": 0}))
    # What no handling said is about the process, or about a message that is none.
    others = {line["event"] for line in watched.said() if "event_id" not in line}
    assert others <= {"ready", "message_unreadable", "relayed"}


@pytest.mark.parametrize("function", ["cluster", "notify", "reconcile", "report_api"])
def test_each_function_tells_what_waits(watched: Watched, function: str):
    """So that an alarm about one that is dead needs not that one to live."""
    watched.send(b"no JSON, and nobody decides about it: " + function.encode())
    port = free_port()
    watched.start(function, port)
    wait_until(lambda: parked_at(port).get("unreadable", 0) > 0)
    wait_until(lambda: parked_at(port) == watched.parked())
    assert metrics_at(port)["datacore_ledger_up"].samples[0].value == 1
