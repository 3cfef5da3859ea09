"""Ingest and cluster in this process, on the real servers, driven a message at a time."""

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import text

import functions.cluster.__main__ as cluster
import functions.ingest.__main__ as ingest
from common.events import Event, ObjectCreated, ObjectRef, ObjectRemoved
from common.messages import to_message
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.runtime import Runtime
from common.settings import Settings
from tests.aws import store_of
from tests.fakes import MemoryTransport

HEADER = "order_id,date,customer,product,quantity,unit_price\n"


def csv(*rows: str) -> bytes:
    """Return a small purchase file; a row is `order,date,customer,product,quantity,price`."""
    return (HEADER + "".join(row + "\n" for row in rows)).encode()


class ClientView:
    """What a client puts into the store, and what it can see of what came of it."""

    def __init__(self, settings: Settings, client: str, *, tells_all: bool = False) -> None:
        self.settings = settings
        self.client = client
        self.tells_all = tells_all  # the store's notifications, as MinIO's do
        self.app = Postgres(settings.postgres_app_url)
        self.s3 = store_of(settings)

    def close(self) -> None:
        self.app.close()
        self.s3.close()

    # --- the store --------------------------------------------------------------------------

    def put(self, key: str, body: bytes) -> ObjectCreated:
        """Put an object under the client's prefix; return what a store would announce."""
        answer = self.s3.put_object(
            Bucket=self.settings.bucket, Key=f"{self.client}/{key}", Body=io.BytesIO(body)
        )
        ref = self.ref(key, answer["VersionId"], answer["ETag"].strip('"'))
        event = ObjectCreated(object=ref, size=len(body), source="aws:s3")
        if not self.tells_all:
            return event
        return replace(event, source="minio:s3", sequencer=f"{self._time_of(ref):016X}")

    def _time_of(self, ref: ObjectRef) -> int:
        """Return the store's time of a version, in nanoseconds."""
        with closing(ObjectStorage(self.settings)) as storage:
            (stored,) = [v for v in storage.history(ref.key) if v.ref == ref]
        return round(stored.stored_at.timestamp() * 1_000_000) * 1000

    def delete(self, key: str, version_id: str | None = None) -> ObjectRemoved:
        """Delete a key, or erase one of its versions."""
        which = {"VersionId": version_id} if version_id else {}
        answer = self.s3.delete_object(
            Bucket=self.settings.bucket, Key=f"{self.client}/{key}", **which
        )
        return ObjectRemoved(
            object=self.ref(key, answer["VersionId"]),
            is_erased=version_id is not None,
            source="aws:s3",
        )

    def ref(self, key: str, version_id: str | None, etag: str | None = None) -> ObjectRef:
        return ObjectRef(
            bucket=self.settings.bucket,
            key=f"{self.client}/{key}",
            version_id=version_id,
            etag=etag,
        )

    # --- what came of it --------------------------------------------------------------------

    def rows(self, statement: str, **params: object) -> Sequence[Any]:
        with self.app.transaction(self.client) as connection:
            return connection.execute(text(statement), params).all()

    def states(self) -> dict[str, list[str]]:
        """Return the states of each key's uploads, the oldest version first."""
        rows = self.rows("SELECT key, state FROM uploads ORDER BY key, stored_at, version_id DESC")
        states: dict[str, list[str]] = {}
        for row in rows:
            states.setdefault(row.key.partition("/")[2], []).append(row.state)
        return states

    def upload(self, key: str) -> Any:
        """Return the newest upload of a key."""
        rows = self.rows(
            "SELECT * FROM uploads WHERE key = :key ORDER BY stored_at DESC",
            key=f"{self.client}/{key}",
        )
        return rows[0]

    def report(self) -> dict[str, Any] | None:
        """Return the current segmentation: totals, segments and assignments."""
        current = self.rows(
            "SELECT s.summary, s.as_of FROM segmentations s"
            " JOIN clients c ON c.segmentation_id = s.id"
        )
        if not current:
            return None
        where = "WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
        segments = self.rows(
            f"SELECT view, segment_id, position, customers, revenue, body FROM segments {where}"
            " ORDER BY view, position"
        )
        assignments = self.rows(
            "SELECT customer_id, rfm_segment, habit_segment, orders, spend, recency_days, habits"
            f" FROM assignments {where} ORDER BY customer_id"
        )
        return {
            "as_of": current[0].as_of,
            "summary": current[0].summary,
            "segments": [tuple(row) for row in segments],
            "assignments": [tuple(row) for row in assignments],
        }

    def revenue(self) -> Decimal:
        report = self.report()
        return Decimal(0) if report is None else Decimal(report["summary"]["totals"]["revenue"])


class Pipeline(ClientView):
    """A client, and the functions that handle what it sends."""

    def __init__(self, settings: Settings, client: str, *, tells_all: bool = False) -> None:
        super().__init__(settings, client, tells_all=tells_all)
        self.transport = MemoryTransport()
        self._open = ExitStack()
        self._ingest = self._on_memory(ingest.connected(settings))
        self._cluster = self._on_memory(cluster.connected(settings))

    def _on_memory(self, connected: AbstractContextManager[Runtime]) -> Runtime:
        runtime = self._open.enter_context(connected)
        runtime._transport.close()
        runtime._transport = self.transport
        runtime._pace = replace(runtime._pace, relay_after_s=3600)
        return runtime

    # --- messages ---------------------------------------------------------------------------

    def announce(self, *events: Event) -> None:
        for number, event in enumerate(events):
            body = to_message(event, event_id=f"{id(event)}-{number}", source="test")
            self.transport.publish(event.queue, body)

    def settle(self, *events: Event) -> None:
        """Announce `events`, and run until no queue holds anything that a function takes."""
        self.announce(*events)
        for _ in range(1000):
            if not self._step():
                return
        raise AssertionError("the queues never became empty")

    def _step(self) -> bool:
        waiting = [q for q in ("ingest", "cluster") if self.transport.held(q)]
        for queue in waiting:
            runtime = self._ingest if queue == "ingest" else self._cluster
            runtime._relay = lambda: None
            self.transport.now += 1
            runtime.step()
            self.transport.now += 60
        if not waiting:
            return False
        with self.app.transaction(self.client) as connection:
            connection.execute(text("UPDATE claims SET next_try = now() WHERE status = 'waiting'"))
        return True

    def close(self) -> None:
        self._open.close()
        super().close()


def running(settings: Settings, client: str, *, tells_all: bool = False) -> Iterator[Pipeline]:
    pipeline = Pipeline(settings, client, tells_all=tells_all)
    yield pipeline
    pipeline.close()
