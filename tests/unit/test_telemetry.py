"""The numbers of a function whose ledger is away, and of one that nobody asks."""

import socket
import threading
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from common.postgres import Postgres
from common.settings import Settings
from common.telemetry import Counts, LedgerCollector, Nobody, serving

pytestmark = pytest.mark.unit


def collector(port: int) -> LedgerCollector:
    return LedgerCollector(Postgres(SecretStr(f"postgresql+psycopg2://u@127.0.0.1:{port}/d")))


def told(of_ledger: LedgerCollector) -> dict[str, float]:
    return {
        sample.name: sample.value for metric in of_ledger.collect() for sample in metric.samples
    }


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_without_the_ledger_the_answer_says_so_and_holds_no_stale_number():
    assert told(collector(port=1)) == {"datacore_ledger_up": 0}


def test_a_ledger_that_hangs_keeps_no_scrape_waiting_and_one_thread_only(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("common.telemetry._PATIENCE_S", 0.05)
    hanging = collector(silent_port)
    assert [told(hanging) for _ in range(3)] == [{"datacore_ledger_up": 0}] * 3
    assert [thread.name for thread in threading.enumerate()].count("backlog") == 1


def test_what_a_worker_counts_is_named_after_its_function():
    registry = CollectorRegistry()
    counts = Counts(registry, function="ingest")
    for seconds in (0.3, 70.0):
        counts.handled("done", seconds)
    counts.handled("left_alone")
    counts.taken(12.0)
    counts.relayed(4)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"datacore_{name}", {"function": "ingest", **labels})

    assert value("messages_total", outcome="done") == 2
    assert value("messages_total", outcome="left_alone") == 1
    assert (value("handle_seconds_count"), value("handle_seconds_sum")) == (2, 70.3)
    assert value("handle_seconds_bucket", le="0.25") == 0
    assert value("handle_seconds_bucket", le="0.5") == 1
    assert value("upload_wait_seconds_bucket", le="5.0") == 0
    assert value("upload_wait_seconds_bucket", le="15.0") == 1
    assert value("relayed_events_total") == 4


def test_without_a_port_nothing_is_served_and_nothing_counted():
    before = threading.active_count()
    with serving(Settings(metrics_port=0), function="ingest") as observer:
        assert isinstance(observer, Nobody)
        observer.handled("done", 0.1)
        assert threading.active_count() == before
