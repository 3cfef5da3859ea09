"""What a function tells of itself in numbers, as Prometheus reads them; every metric is here.

A worker counts what it did itself. What waits in the ledger is the same whoever tells it, so every
function does, and an alert about one that is dead needs not that one: take `max`, not `sum`.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.exceptions import TransientError
from common.logs import get_logger
from common.postgres import Postgres
from common.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Metric

# Whoever scrapes gives up after a few seconds, and the answer without the ledger must be there then.
_PATIENCE_S = 2.0
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_WAITED_S = (0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 24 * 3600)

log = get_logger()


class Observer(Protocol):
    """Who is told what became of messages."""

    def taken(self, waited_s: float) -> None:
        """Take note that work on an upload begins, and how long ago the store took it."""

    def handled(self, outcome: str, seconds: float | None = None) -> None:
        """Take note of one message's outcome, and how long it was worked on, if it was."""

    def relayed(self, events: int) -> None:
        """Take note of events that this worker published for one that died."""


class Nobody:
    """The observer of a function whose metrics are off."""

    def taken(self, waited_s: float) -> None:
        """Forget it."""

    def handled(self, outcome: str, seconds: float | None = None) -> None:
        """Forget it."""

    def relayed(self, events: int) -> None:
        """Forget it."""


class Counts:
    """What this worker did since it started."""

    def __init__(self, registry: "CollectorRegistry", *, function: str) -> None:
        from prometheus_client import Counter, Histogram

        self._function = function
        self._messages = Counter(
            "datacore_messages",
            "Messages by what became of them; each event of a message counts.",
            ["function", "outcome"],
            registry=registry,
        )
        self._handle = Histogram(
            "datacore_handle_seconds",
            "Time from a message's claim to its commit, whatever the outcome.",
            ["function"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._waited = Histogram(
            "datacore_upload_wait_seconds",
            "Time from the store's taking an upload to each try at it, where the store says when.",
            ["function"],
            buckets=_WAITED_S,
            registry=registry,
        )
        self._relayed = Counter(
            "datacore_relayed_events",
            "Events that this worker published for one that died before it did.",
            ["function"],
            registry=registry,
        )

    def taken(self, waited_s: float) -> None:
        """Time how long an upload waited."""
        self._waited.labels(self._function).observe(waited_s)

    def handled(self, outcome: str, seconds: float | None = None) -> None:
        """Count a message, and time it if it was worked on."""
        self._messages.labels(self._function, outcome).inc()
        if seconds is not None:
            self._handle.labels(self._function).observe(seconds)

    def relayed(self, events: int) -> None:
        """Count relayed events."""
        self._relayed.labels(self._function).inc(events)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backlog:
    """What waits in the ledger."""

    oldest_upload_s: float  # 0: none waits
    outbox_unsent: int
    replays_running: int
    parked: dict[tuple[str, str], int]  # by function and reason; resolved ones are left out


_WAITING = text("""
    SELECT
        (SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM claims
         WHERE function = 'ingest' AND status IN ('leased', 'waiting')) AS oldest_upload_s,
        (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS outbox_unsent,
        (SELECT count(*) FROM replay_runs WHERE state = 'running') AS replays_running
""")

_PARKED = text("""
    SELECT function, reason, count(*) AS messages FROM parked
    WHERE resolved_at IS NULL GROUP BY function, reason
""")


def read_backlog(postgres: Postgres) -> Backlog:
    """Return what waits now.

    Raises:
        TransientError: The ledger cannot be reached.
    """
    with postgres.transaction() as connection:
        waiting = connection.execute(_WAITING).one()
        parked = connection.execute(_PARKED).all()
    return Backlog(
        oldest_upload_s=float(waiting.oldest_upload_s),
        outbox_unsent=waiting.outbox_unsent,
        replays_running=waiting.replays_running,
        parked={(row.function, row.reason): row.messages for row in parked},
    )


class LedgerCollector:
    """Reads the ledger at each scrape, and never keeps a scrape waiting for it."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._lock = threading.Lock()
        self._reading = threading.Thread()
        self._backlog: Backlog | None = None

    def collect(self) -> Iterator["Metric"]:
        """Yield what waits; without the ledger only that it is away."""
        from prometheus_client.core import GaugeMetricFamily

        backlog = self._read()
        yield GaugeMetricFamily(
            "datacore_ledger_up",
            "Whether the ledger answered this scrape; the values below are only there if it did.",
            value=float(backlog is not None),
        )
        if backlog is None:
            return
        yield GaugeMetricFamily(
            "datacore_oldest_upload_seconds",
            "Age of the oldest upload that ingest has begun and not ended; 0 if there is none.",
            value=backlog.oldest_upload_s,
        )
        yield GaugeMetricFamily(
            "datacore_outbox_unsent",
            "Events that are committed and not yet published.",
            value=backlog.outbox_unsent,
        )
        yield GaugeMetricFamily(
            "datacore_replays_running", "Replays under way.", value=backlog.replays_running
        )
        parked = GaugeMetricFamily(
            "datacore_parked_messages",
            "Messages that were given up on, and that nobody has decided about.",
            labels=["function", "reason"],
        )
        for of_whom, messages in backlog.parked.items():
            parked.add_metric(of_whom, messages)
        yield parked

    def _read(self) -> Backlog | None:
        # A server that hangs holds one thread, not one for each scrape.
        with self._lock:
            if not self._reading.is_alive():
                self._backlog = None
                self._reading = threading.Thread(target=self._keep, name="backlog", daemon=True)
                self._reading.start()
            reading = self._reading
        reading.join(_PATIENCE_S)
        return self._backlog

    def _keep(self) -> None:
        try:
            self._backlog = read_backlog(self._postgres)
        except (TransientError, DBAPIError) as error:  # the second: before the migrations ran
            log.warning("ledger_not_read", error=str(error))


@contextmanager
def serving(settings: Settings, *, function: str) -> Iterator[Observer]:
    """Serve /metrics while the context is open, and yield who counts; off without a port."""
    if not settings.metrics_port:
        yield Nobody()
        return
    # Only here: a function that nobody scrapes starts without it.
    from prometheus_client import CollectorRegistry, start_http_server

    registry = CollectorRegistry()
    with closing(Postgres(settings.postgres_runtime_url, pool_size=1)) as postgres:
        counts = Counts(registry, function=function)
        registry.register(LedgerCollector(postgres))
        server, thread = start_http_server(
            settings.metrics_port, settings.metrics_host, registry=registry
        )
        try:
            yield counts
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
