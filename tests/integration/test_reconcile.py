"""What no event announced is found by looking."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest
from sqlalchemy import text

import functions.notify.__main__ as notify
from common.events import (
    FUNCTIONS,
    BranchSilent,
    DatasetsChanged,
    Event,
    ObjectCreated,
    ObjectRemoved,
    client_of,
    subject_of,
)
from common.ledger import Ledger
from common.messages import from_message, to_message
from common.messaging import topology
from common.messaging.rabbitmq import RabbitTransport
from common.object_storage import STORE_ID_KEY, ObjectStorage
from common.postgres import Postgres
from common.settings import Settings
from common.texts import say
from functions.reconcile.__main__ import Look, Reconcile
from functions.reconcile.broker import Tended, tend
from functions.reconcile.comparison import look_again
from functions.reconcile.handler import handle, silent_branches
from functions.reconcile.repository import Cursor, Repository
from tests.broker import Broker
from tests.conftest import embedded_stack, settings_for
from tests.fakes import MemoryTransport
from tests.integration.pipeline import Pipeline, csv, running
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Servers of its own: a round sees every object of every client."""
    with embedded_stack(tmp_path_factory.mktemp("reconcile")) as alone:
        yield settings_for(alone)


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


def repository_of(pipeline: Pipeline, runtime: Postgres) -> Repository:
    return Repository(app=pipeline.app, runtime=runtime, bucket=pipeline.settings.bucket)


def reconcile(pipeline: Pipeline, *, min_age_s: float = 0, later_s: float = 1) -> list[Event]:
    """Return what a whole round announces of the pipeline's client, and what it misses."""
    runtime = Postgres(pipeline.settings.postgres_runtime_url)
    storage = ObjectStorage(pipeline.settings)
    repository = repository_of(pipeline, runtime)
    events: list[Event] = [DatasetsChanged(client=c) for c in repository.lagging_clients()]
    cursor = Cursor()
    is_last = False
    while not is_last:
        found = handle(
            cursor,
            storage=storage,
            repository=repository,
            now=datetime.now(UTC) + timedelta(seconds=later_s),
            min_age=timedelta(seconds=min_age_s),
        )
        events += found.events
        events += [
            look_again(key.key, bucket=pipeline.settings.bucket, looked_at=key.looked_at)
            for key in found.missing
        ]
        cursor, is_last = found.cursor, found.is_last
    runtime.close()
    storage.close()
    return [event for event in events if client_of(event) == pipeline.client]


def test_uploads_without_an_event_are_brought_home(pipeline: Pipeline):
    pipeline.put("centro/a.csv", APRIL)
    pipeline.put("centro/b.csv", csv("2,2026-04-01,ana,tea,2,3.50"))
    pipeline.put("centro/notes.txt", b"no purchase file")
    found = reconcile(pipeline)
    assert {type(event) for event in found} == {ObjectCreated}
    assert {event.object.key.rpartition("/")[2] for event in found} == {"a.csv", "b.csv"}
    pipeline.settle(*found)
    assert pipeline.states() == {"centro/a.csv": ["stored"], "centro/b.csv": ["stored"]}
    assert reconcile(pipeline) == []


def test_young_objects_are_left_to_their_own_event(pipeline: Pipeline):
    pipeline.put("centro/a.csv", APRIL)
    assert reconcile(pipeline, min_age_s=60) == []
    assert len(reconcile(pipeline, min_age_s=60, later_s=61)) == 1


def test_a_delete_without_an_event_is_brought_home(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.delete("centro/a.csv")
    found = reconcile(pipeline)
    assert [type(event) for event in found] == [ObjectRemoved]
    pipeline.settle(*found)
    assert pipeline.states() == {"centro/a.csv": ["removed"]}
    assert reconcile(pipeline) == []


def test_overwrites_without_events_are_brought_home(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.put("centro/a.csv", csv("3,2026-04-01,ana,tea,2,3.50"))
    pipeline.put("centro/a.csv", csv("4,2026-04-01,ana,tea,2,3.50"))
    pipeline.settle(*reconcile(pipeline))
    assert pipeline.states() == {"centro/a.csv": ["superseded", "superseded", "stored"]}


def test_a_client_whose_report_lags_is_nudged(pipeline: Pipeline):
    event = pipeline.put("centro/a.csv", APRIL)
    pipeline.announce(event)
    while pipeline.transport.held("ingest"):
        pipeline._ingest.step()
    pipeline.transport.queues.clear()  # the nudge is lost
    assert reconcile(pipeline) == [DatasetsChanged(client=pipeline.client)]
    pipeline.settle(*reconcile(pipeline))
    assert pipeline.report() is not None
    assert reconcile(pipeline) == []


def test_strays_are_told_of_once(pipeline: Pipeline, settings: Settings):
    stranger = Pipeline(settings, f"{pipeline.client}-nobody")
    stranger.put("centro/a.csv", APRIL)
    found = reconcile(stranger)
    assert len(found) == 1
    stranger.settle(*found)
    assert reconcile(stranger) == []
    stranger.close()


def test_without_any_event_the_end_is_the_same(pipeline: Pipeline):
    """Put, overwrite, delete, undelete and erase, and nobody tells of anything."""
    for number in range(6):
        pipeline.put(f"norte/{number}.csv", csv(f"{number},2026-04-01,ana,tea,1,{number + 1}.00"))
    pipeline.settle(*reconcile(pipeline))
    pipeline.put("norte/0.csv", csv("10,2026-04-01,ana,tea,1,100.00"))
    pipeline.delete("norte/1.csv")
    hidden = pipeline.delete("norte/2.csv")
    erased = pipeline.upload("norte/3.csv").version_id
    pipeline.delete("norte/3.csv", erased)
    pipeline.settle(*reconcile(pipeline))
    assert pipeline.states() == {
        "norte/0.csv": ["superseded", "stored"],
        "norte/1.csv": ["removed"],
        "norte/2.csv": ["removed"],
        "norte/3.csv": ["removed"],
        "norte/4.csv": ["stored"],
        "norte/5.csv": ["stored"],
    }
    assert pipeline.revenue() == 100 + 5 + 6
    pipeline.delete("norte/2.csv", hidden.object.version_id)
    pipeline.delete("norte/0.csv", pipeline.upload("norte/0.csv").version_id)
    pipeline.settle(*reconcile(pipeline))
    assert pipeline.states()["norte/2.csv"] == ["stored"]
    assert pipeline.states()["norte/0.csv"] == ["stored", "removed"]
    assert pipeline.revenue() == 1 + 3 + 5 + 6
    assert reconcile(pipeline) == []


def test_pages_that_end_anywhere_show_all(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch):
    for number in range(5):
        pipeline.put(f"norte/{number}.csv", csv(f"{number},2026-04-01,ana,tea,1,1.00"))
        pipeline.put(f"norte/{number}.csv", csv(f"{number},2026-04-01,ana,tea,1,2.00"))
    monkeypatch.setattr("common.object_storage._PAGE", 3)
    pipeline.settle(*reconcile(pipeline))
    assert sum(map(len, pipeline.states().values())) == 10
    pipeline.delete("norte/2.csv", pipeline.upload("norte/2.csv").version_id)
    assert len(reconcile(pipeline)) == 1


def test_names_that_begin_with_another_s_are_all_found(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
):
    """SeaweedFS walks folders: what the order of names and of keys puts apart is not skipped."""
    keys = [
        *(f"norte/{number}.csv" for number in range(4)),
        *("norte-b/1.csv", "norte-b/2.csv", "norte!/3.csv", "norte (1)/4.csv", "norte.csv"),
        *("sur/k.csv", "sur/k.csv-2.csv", "sur/k.csv-d/m.csv", "sur/t/1.csv", "sur/t-1/2.csv"),
        *("sur/ventas.csv.gz", "sur/ventas.zip"),
    ]
    for number, key in enumerate(keys):
        pipeline.put(key, csv(f"{number},2026-04-01,ana,tea,1,1.00"))
    for size in (1, 2, 3, 4, 5):
        monkeypatch.setattr("common.object_storage._PAGE", size)
        found = {event.object.key.partition("/")[2] for event in reconcile(pipeline)}
        assert found == set(keys), f"in pages of {size}"


def test_deletes_on_any_page_are_brought_home(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch):
    keys = [f"{folder}/{n}.csv" for folder in ("norte", "norte-b", "sur") for n in range(3)]
    events = [pipeline.put(k, csv(f"{n},2026-04-01,ana,tea,1,1.00")) for n, k in enumerate(keys)]
    pipeline.settle(*events)
    deleted = {"norte/2.csv", "norte-b/0.csv", "sur/1.csv"}
    for key in deleted:
        pipeline.delete(key)
    monkeypatch.setattr("common.object_storage._PAGE", 2)
    found = reconcile(pipeline)
    assert {type(event) for event in found} == {ObjectRemoved}
    assert {event.object.key.partition("/")[2] for event in found} >= deleted - {"norte-b/0.csv"}
    pipeline.settle(*found)
    assert reconcile(pipeline) == []


class TestTheBrakes:
    """A look of the function itself. It counts what everybody lost, so nobody else is here."""

    @pytest.fixture(scope="class")
    @classmethod
    def settings(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
        with embedded_stack(tmp_path_factory.mktemp("brakes")) as alone:
            yield settings_for(alone)

    @pytest.fixture
    def function(self, pipeline: Pipeline) -> Iterator[Reconcile]:
        function = Reconcile(pipeline.settings, transport=pipeline.transport)
        function.run_once(Look(starts_over=True, is_whole=True, is_confirmed=True))
        pipeline.settle()  # what an earlier test lost is not counted again
        yield function
        storage = ObjectStorage(pipeline.settings)
        if storage.store_id() is None:
            storage.mark(function._repository.cursor().store_id or "")
        storage.close()
        function.close()

    def stored(self, pipeline: Pipeline, count: int) -> None:
        for number in range(count):
            body = csv(f"{number},2026-04-01,ana,tea,1,{number + 1}.00")
            pipeline.settle(pipeline.put(f"norte/{number}.csv", body))

    def erase(self, pipeline: Pipeline, number: int) -> None:
        version = pipeline.upload(f"norte/{number}.csv").version_id
        pipeline.delete(f"norte/{number}.csv", version)

    def whole(self, function: Reconcile, **how: bool) -> Any:
        return function.run_once(Look(starts_over=True, takes_all=True, is_whole=True, **how))

    def removals(self, pipeline: Pipeline) -> int:
        held = [b for b in pipeline.transport.held("ingest") if pipeline.client.encode() in b]
        return len({b for b in held if b'"type": "ObjectRemoved"' in b})

    def test_one_of_five_goes_without_a_person(self, pipeline: Pipeline, function: Reconcile):
        self.stored(pipeline, 5)
        self.erase(pipeline, 0)
        assert self.whole(function).held_back is None
        assert self.removals(pipeline) == 1

    def test_two_of_five_wait_for_a_person(self, pipeline: Pipeline, function: Reconcile):
        self.stored(pipeline, 5)
        self.erase(pipeline, 0)
        self.erase(pipeline, 1)
        outcome = self.whole(function)
        assert outcome.held_back is not None
        assert outcome.held_back["code"].startswith("reconcile_too_many")
        assert self.removals(pipeline) == 0
        assert self.whole(function, is_dry=True).held_back == outcome.held_back
        assert self.whole(function, is_confirmed=True).held_back is None
        assert self.removals(pipeline) == 2

    def test_an_unmarked_bucket_removes_nothing(self, pipeline: Pipeline, function: Reconcile):
        self.stored(pipeline, 5)
        pipeline.delete("norte/0.csv")
        pipeline.s3.delete_object(Bucket=pipeline.settings.bucket, Key=STORE_ID_KEY)
        outcome = self.whole(function)
        assert outcome.held_back is not None
        assert outcome.held_back["code"] == "reconcile_store_changed"
        assert self.removals(pipeline) == 0

    def test_a_second_reconcile_leaves_the_bucket_alone(
        self, pipeline: Pipeline, function: Reconcile
    ):
        other = Reconcile(pipeline.settings, transport=pipeline.transport)
        with other._repository.alone() as is_alone:
            assert is_alone
            assert self.whole(function).is_elsewhere
        assert not self.whole(function).is_elsewhere
        other.close()


def test_what_rabbitmq_could_not_deliver_is_brought_home(broker: Broker, settings: Settings):
    ours = broker.settings(broker.new_vhost())
    transport = RabbitTransport(ours)
    transport.declare(FUNCTIONS)
    lost, given_up = (
        to_message(DatasetsChanged(client=secrets.token_hex(4)), event_id="e", source="test")
        for _ in range(2)
    )
    connection = pika.BlockingConnection(pika.URLParameters(ours.amqp_url.get_secret_value()))
    connection.channel().basic_publish(topology.UNROUTED, "", lost)
    connection.channel().basic_publish(topology.GIVEN_UP, "", given_up)
    runtime, app = Postgres(settings.postgres_runtime_url), Postgres(settings.postgres_app_url)
    ledger = Ledger(runtime=runtime, app=app, function="reconcile", owner="r", lease_s=60)
    wait_until(lambda: transport.waiting(topology.PARKED) and transport.waiting(topology.UNROUTED))

    assert tend(transport, ledger) == Tended(routed=1, parked=1)

    delivery = transport.receive("ingest", wait_s=10)
    assert delivery is not None
    assert delivery.body == lost
    with runtime.transaction() as rows:
        row = rows.execute(
            text("SELECT function, reason FROM parked WHERE body = :body"), {"body": given_up}
        ).one()
    assert (row.function, row.reason) == ("cluster", "delivery_limit")
    assert transport.waiting(topology.PARKED) == transport.waiting(topology.UNROUTED) == 0
    connection.close()
    transport.close()
    runtime.close()
    app.close()


def test_a_branch_that_stopped_sending_is_told_of_once(pipeline: Pipeline, settings: Settings):
    for number in range(4):
        body = csv(f"{number},2026-04-01,ana,tea,1,{number + 1}.00")
        pipeline.settle(pipeline.put(f"norte/{number}.csv", body))
    runtime = Postgres(settings.postgres_runtime_url)
    repository = repository_of(pipeline, runtime)

    def silent(days: float) -> list[BranchSilent]:
        now = datetime.now(UTC) + timedelta(days=days)
        found = silent_branches(repository, now)
        return [event for event in found if event.client == pipeline.client]

    assert silent(0.9) == []
    (event,) = silent(1.1)
    assert (event.branch, event.usual_days) == ("norte", 1)
    assert from_message(to_message(event, event_id="e", source="test")).events == (event,)
    with notify.connected(settings) as function:
        function._transport.close()
        function._transport = queue = MemoryTransport()
        queue.publish("notify", to_message(event, event_id=subject_of(event), source="test"))
        function.step()
    (notice,) = pipeline.rows("SELECT code, params FROM notices")
    assert "norte" in say(notice.code, notice.params, language="es")
    assert silent(1.1) == []
    pipeline.settle(pipeline.put("norte/9.csv", csv("9,2026-04-01,ana,tea,1,9.00")))
    assert silent(0.9) == []
    assert len(silent(1.1)) == 1
    runtime.close()
