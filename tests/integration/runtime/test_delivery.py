"""What a message leads to, however often it comes: one commit, and the events that follow."""

import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from common.events import DatasetsChanged, ObjectCreated, ObjectRef
from common.exceptions import TransientError
from common.ledger import Ledger
from common.messages import to_message
from tests.integration.runtime.world import World, rename, stored

pytestmark = pytest.mark.integration


def test_writes_the_end_of_the_claim_and_events_are_one_commit(world: World):
    def act(_event, claim):
        claim.stage(rename("renamed"))
        return [DatasetsChanged(client=world.client)]

    world.act = act
    world.put(stored(world))
    world.runtime().step()
    assert world.name_of_client() == "renamed"
    assert [c.status for c in world.claims()] == ["done"]
    assert len(world.told()) == 1
    assert world.transport.held(world.name) == []


def test_the_second_delivery_changes_nothing(world: World):
    event = stored(world)
    world.put(event)
    world.put(event)
    runtime = world.runtime()
    runtime.step()
    runtime.step()
    assert len(world.handled) == 1
    assert world.transport.held(world.name) == []


@dataclass
class Noted:
    """An observer that remembers."""

    waits: list[float] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def taken(self, waited_s: float) -> None:
        self.waits.append(waited_s)

    def handled(self, outcome: str, seconds: float | None = None) -> None:
        self.outcomes.append(outcome)

    def relayed(self, events: int) -> None:
        pass


def test_an_upload_is_told_to_have_waited_since_the_store_took_it(world: World):
    def created(name: str, **more: Any) -> ObjectCreated:
        key = f"{world.client}/centro/{name}.csv"
        ref = ObjectRef(bucket="uploads", key=key, version_id=name, etag=None)
        return ObjectCreated(object=ref, source="test", **more)

    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    waited = created("waited", event_time=an_hour_ago)
    forced = created("forced", event_time=an_hour_ago, generation=1)
    events = [waited, waited, forced, created("untold")]
    runtime = world.runtime()
    runtime._observer = noted = Noted()
    for event in events:
        world.put(event)
        runtime.step()
    assert noted.outcomes == ["done", "left_alone", "done", "done"]
    (wait_s,) = noted.waits
    assert wait_s >= 3600


def test_the_journal_counts_arrivals(world: World):
    body = world.put(stored(world))
    world.transport.publish(world.name, body)
    runtime = world.runtime()
    runtime.step()
    runtime.step()
    (row,) = world.rows("SELECT * FROM journal WHERE function = :function")
    assert row.seen_count == 2
    assert bytes(row.raw) == body


def test_a_nudge_said_twice_is_one_nudge(world: World):
    nudge = DatasetsChanged(client=world.client)

    def act(_event, claim):
        claim.stage(lambda _connection: [nudge])
        return [nudge]

    world.act = act
    world.put(stored(world))
    world.runtime().step()
    assert len(world.told()) == 1


def test_what_was_committed_but_not_published_goes_out_with_the_next_delivery(world: World):
    world.act = lambda _event, _claim: [DatasetsChanged(client=world.client)]
    world.put(stored(world))
    real_publish = world.transport.publish

    def no_publish(queue: str, body: bytes) -> None:
        raise TransientError("broker away")

    world.transport.publish = no_publish
    world.runtime().step()
    assert [c.status for c in world.claims()] == ["done"]
    assert world.told() == []
    assert world.transport.pauses == 1  # it consumes no more until its servers answer

    world.transport.publish = real_publish
    world.transport.now += world.transport.visibility_s
    world.runtime().step()
    assert len(world.told()) == 1
    assert len(world.handled) == 1


@pytest.fixture
def signals() -> Iterator[None]:
    """Give back what listens to the signals that a running worker takes."""
    listening = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, listener in listening.items():
        signal.signal(number, listener)


@pytest.mark.usefixtures("signals")
def test_the_next_message_begins_while_the_one_before_is_being_settled(world: World):
    second_began = threading.Event()
    publish = world.transport.publish

    def slow_publish(queue: str, body: bytes) -> None:
        assert second_began.wait(10)
        publish(queue, body)

    def act(_event, _claim):
        if len(world.handled) == 2:
            assert len(world.transport.held(world.name)) == 2  # none is settled yet
            second_began.set()
            runtime.stop()
        return [DatasetsChanged(client=world.client)]

    runtime = world.runtime()
    world.act = act
    world.put(stored(world))
    world.put(stored(world))
    world.transport.publish = slow_publish
    runtime.run()

    assert len(world.told()) == 2
    assert world.transport.held(world.name) == []


def test_the_relay_publishes_what_a_dead_worker_left(world: World):
    world.act = lambda _event, _claim: [DatasetsChanged(client=world.client)]
    runtime = world.runtime()
    runtime.step()  # relays what other tests left, while it can
    world.put(stored(world))
    world.transport.refuses = TransientError("broker away")
    runtime.step()
    world.transport.refuses = None
    world.change(
        "UPDATE outbox SET created_at = now() - interval '1 minute' "
        "WHERE work_key LIKE :function || ':%'"
    )
    world.transport.queues[world.name].clear()
    for _ in range(100):  # each brings a hundred; what other tests left is older
        world.runtime().step()
        if world.told():
            break
    assert len(world.told()) == 1


def test_the_relay_publishes_at_once_what_no_worker_put_into_the_outbox(world: World):
    answer, nudge = (f"answer:{world.name}", f"{world.name}:nudge")
    body = to_message(DatasetsChanged(client=world.client), event_id=answer, source="answer")
    with world.database.transaction() as connection:
        for work_key in (answer, nudge):  # the other's worker is about to publish it
            connection.execute(
                text(
                    "INSERT INTO outbox (id, work_key, queue, body)"
                    " VALUES (:id, :work_key, 'cluster', :body)"
                ),
                {"id": work_key.removesuffix(":nudge"), "work_key": work_key, "body": body},
            )
    for _ in range(100):  # each brings a hundred; what other tests left is older
        world.runtime().step()
        if world.told():
            break
    assert world.told() == [body]
    assert [row.sent_at for row in world.outbox()] == [None]


def test_published_events_are_written_down_with_the_next_message(world: World):
    world.act = lambda _event, _claim: [DatasetsChanged(client=world.client)]
    runtime = world.runtime()
    world.put(stored(world))
    runtime.step()
    assert [row.sent_at for row in world.outbox()] == [None]
    runtime.step()  # there is none
    assert None not in [row.sent_at for row in world.outbox()]


def test_messages_that_a_queue_lost_are_found(world: World):
    world.act = lambda _event, _claim: [DatasetsChanged(client=world.client)]
    world.put(stored(world))
    runtime = world.runtime()
    for _ in range(2):  # with the second, for which there is no message, it knows what was sent
        runtime.step()
    world.transport.queues.clear()
    ledger = Ledger(
        runtime=world.database, app=world.app, function="reconcile", owner="r", lease_s=60
    )
    assert [o for o in ledger.lost(older_than_s=60) if world.client.encode() in o.body] == []
    (lost,) = [o for o in ledger.lost(older_than_s=0) if world.client.encode() in o.body]
    assert lost.queue == "cluster"
