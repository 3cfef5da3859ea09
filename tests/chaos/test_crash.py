"""A worker that is killed at the worst moments changes nothing in the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.events import to_message
from common.messaging.sqs import SqsTransport
from common.mongo import Mongo
from common.postgres import Postgres
from common.settings import Settings
from infra.local.embedded import EmbeddedStack
from tests.conftest import create_client
from tests.integration.pipeline import Pipeline, csv

pytestmark = pytest.mark.chaos

PROJECT = Path(__file__).parents[2]
DEADLINE_S = 60.0
LEASE_S = 2.0  # a dead worker's message comes back after this

APRIL = csv(*(f"{n},2026-04-{n % 28 + 1:02},c{n % 7},tea,{n % 3 + 1},3.50" for n in range(200)))
MAY = csv(*(f"m{n},2026-05-{n % 28 + 1:02},c{n % 9},jam,1,{n % 5 + 1}.25" for n in range(200)))

_OPEN_ENDS = text("""
    SELECT (SELECT count(*) FROM outbox WHERE work_key LIKE '%' || :c || '%'
            AND NOT EXISTS (SELECT 1 FROM journal WHERE event_id = outbox.id)),
           (SELECT array_agg(work_key || ' ' || status || ' ' || coalesce(last_error, '-'))
            FROM claims WHERE client_id = :c AND status IN ('leased', 'waiting'))
""")  # events that nobody has seen yet, and work that is not at its end


class Workers:
    """The functions as processes with a queue prefix of their own."""

    def __init__(self, stack: EmbeddedStack, prefix: str) -> None:
        self.environment = {
            **os.environ,
            **stack.environment(),
            "DATACORE_QUEUE_PREFIX": prefix,
            "DATACORE_LEASE_S": str(LEASE_S),
            "DATACORE_RELAY_AFTER_S": "2",
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, function: str, failpoint: str = "") -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-m", f"functions.{function}"],
            cwd=PROJECT,
            env={**self.environment, "DATACORE_FAILPOINT": failpoint},
            stderr=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(timeout=DEADLINE_S)


@contextmanager
def workers(stack: EmbeddedStack, prefix: str) -> Iterator[Workers]:
    started = Workers(stack, prefix)
    try:
        yield started
    finally:
        started.stop()


def run(
    stack: EmbeddedStack, settings: Settings, client: str, failpoint: str = ""
) -> dict[str, Any]:
    """Upload five files for a client; kill the first worker at `failpoint`; return what is left."""
    prefix = f"{client}-"
    own = settings.model_copy(update={"queue_prefix": prefix})
    pipeline = Pipeline(own, client)
    transport = SqsTransport(own)
    transport.declare(["ingest", "cluster", "notify"])
    with workers(stack, prefix) as functions:
        events = [
            pipeline.put("centro/april.csv", APRIL),
            pipeline.put("norte/april-again.csv", APRIL),
            pipeline.put("centro/may.csv", APRIL[:-1] + b"\n" + MAY[50:]),
            pipeline.put("centro/may.csv", MAY),
            pipeline.put("sur/bad.csv", b"date,total\n2026-04-01,1\n"),
        ]
        for number, event in enumerate(events):
            transport.publish("ingest", to_message(event, event_id=f"{client}{number}", source="t"))
        if failpoint:
            victim = functions.start("ingest", failpoint)
            assert victim.wait(timeout=DEADLINE_S) == -signal.SIGKILL, "it was never killed"
        for function in ("ingest", "cluster", "notify"):
            functions.start(function)
        wait_until_quiet(pipeline, settings)
    left = what_is_left(pipeline, settings)
    pipeline.close()
    transport.close()
    return left


def wait_until_quiet(pipeline: Pipeline, settings: Settings) -> None:
    """Wait until every upload is settled, the report is current and nothing is left to send."""
    runtime = Postgres(settings.postgres_runtime_url)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        states = sorted(state for key in pipeline.states().values() for state in key)
        version = pipeline.rows("SELECT data_version, segmented_version FROM clients")[0]
        with runtime.transaction() as connection:
            unseen, open_claims = connection.execute(_OPEN_ENDS, {"c": pipeline.client}).one()
        if (
            len(states) == 5
            and not {"reading", "announced"} & set(states)
            and version.data_version == version.segmented_version > 0
            and not unseen
            and not open_claims
        ):
            runtime.close()
            return
        time.sleep(0.1)
    raise AssertionError(f"not quiet: {states} {version} {unseen} {open_claims}")


def what_is_left(pipeline: Pipeline, settings: Settings) -> dict[str, Any]:
    """Return everything that people can see, and everything that is stored, without ids of its own."""
    uploads = pipeline.rows(
        "SELECT substr(key, length(client_id) + 2) AS key, state, reason, outcome, sha256, size"
        " FROM uploads ORDER BY key, stored_at"
    )
    datasets = pipeline.rows(
        "SELECT sha256, frame_id, rejected_frame_id, branch_id, rows_in, accepted, rejected,"
        " blank, repeated, quantity, amount FROM datasets ORDER BY sha256"
    )
    notices = pipeline.rows(
        "SELECT u.key, n.code, count(*) AS times FROM notices n"
        " JOIN uploads u ON u.client_id = n.client_id AND u.id = n.upload_id GROUP BY u.key, n.code"
    )
    # Read before the first copy of its bytes, it is rightly told to be stored, and then that it
    # is a duplicate; the state is the same either way.
    told = {(row.key.partition("/")[2], row.code, row.times) for row in notices}
    told -= {("norte/april-again.csv", "notice_stored", 1)}
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    chunks = {
        d["_id"]["sha256"]: len(d["content"])
        for d in mongo._chunks.find({"_id.client": pipeline.client})
    }
    mongo.close()
    return {
        "uploads": [tuple(row) for row in uploads],
        "datasets": [tuple(row) for row in datasets],
        "told": told,
        "chunks": chunks,
        "report": pipeline.report(),
    }


@pytest.fixture(scope="module")
def undisturbed(stack: EmbeddedStack, settings: Settings) -> dict[str, Any]:
    """What an undisturbed run leaves."""
    postgres = Postgres(settings.postgres_app_url)
    client = create_client(postgres, f"calm-{os.getpid()}")
    postgres.close()
    return run(stack, settings, client)


@pytest.mark.parametrize(
    "point", ["claimed", "mongo_batch_k", "pg_before_commit", "pg_after_commit", "before_ack"]
)
def test_a_kill_leaves_what_an_undisturbed_run_leaves(
    stack: EmbeddedStack,
    settings: Settings,
    client: str,
    undisturbed: dict[str, Any],
    point: str,
):
    assert run(stack, settings, client, f"{point}:kill@1") == undisturbed
