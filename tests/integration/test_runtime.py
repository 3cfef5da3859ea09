"""The runtime against a real PostgreSQL: each kind of end a message can have."""

import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from common.events import DatasetsChanged, Event, ObjectCreated, ObjectRef, UploadStored
from common.exceptions import PermanentError, TransientError
from common.ledger import Claim, Ledger, Policy
from common.messages import to_message
from common.messaging.rabbitmq import RabbitTransport
from common.postgres import Postgres
from common.runtime import (
    MOST_BUG_TRIES,
    MOST_STARTS,
    Failure,
    FailureKind,
    Function,
    Pace,
    Runtime,
)
from common.settings import Settings
from tests.broker import Broker
from tests.fakes import MemoryTransport
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

DELAYS_S = (5.0, 30.0, 300.0, 1800.0)


@dataclass
class World:
    """One function of its own name, its queue, and what it was asked."""

    settings: Settings
    client: str
    transport: Any = field(default_factory=MemoryTransport)
    name: str = field(default_factory=lambda: f"function-{uuid.uuid4()}")
    act: Callable[[Event, Claim], Sequence[Event]] = lambda _event, _claim: []
    policy: Policy = Policy.ONCE
    probes: tuple[Callable[[], None], ...] = ()
    handled: list[Event] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lease_s: float = 60.0

    def __post_init__(self) -> None:
        self.app = Postgres(self.settings.postgres_app_url)
        self.database = Postgres(self.settings.postgres_runtime_url)

    def runtime(self, owner: str = "worker") -> Runtime:
        def handle(event: Event, claim: Claim) -> Sequence[Event]:
            self.handled.append(event)
            return self.act(event, claim)

        def failed(_event: Event, _claim: Claim, failure: Failure) -> Sequence[Event]:
            self.failures.append(failure)
            return []

        function = Function(
            name=self.name, handle=handle, failed=failed, policy=self.policy, probes=self.probes
        )
        ledger = Ledger(
            runtime=self.database,
            app=self.app,
            function=self.name,
            owner=owner,
            lease_s=self.lease_s,
        )
        pace = Pace(lease_s=self.lease_s, relay_after_s=10, drain_s=1, delays_s=DELAYS_S)
        return Runtime(function, transport=self.transport, ledger=ledger, pace=pace)

    def put(self, event: Event) -> bytes:
        body = to_message(event, event_id=str(uuid.uuid4()), source="test")
        self.transport.publish(self.name, body)
        return body

    def told(self) -> list[bytes]:
        """Return what waits for cluster; the relay brings what other tests left in the outbox, too."""
        return [b for b in self.transport.held("cluster") if self.client.encode() in b]

    def claims(self) -> list:
        return self.rows("SELECT * FROM claims WHERE function = :function")

    def parked(self) -> list:
        return self.rows("SELECT * FROM parked WHERE function = :function")

    def outbox(self) -> list:
        return self.rows("SELECT * FROM outbox WHERE starts_with(work_key, :function || ':')")

    def rows(self, statement: str) -> list:
        with self.database.transaction() as connection:
            return connection.execute(text(statement), {"function": self.name}).all()

    def change(self, statement: str) -> None:
        with self.database.transaction() as connection:
            connection.execute(text(statement), {"function": self.name})

    def name_of_client(self) -> str:
        with self.app.transaction(self.client) as connection:
            return connection.execute(text("SELECT name FROM clients")).scalar_one()


def rename(to: str) -> Callable[[object], list[Event]]:
    """Return a write that can be seen."""

    def write(connection) -> list[Event]:
        connection.execute(text("UPDATE clients SET name = :name"), {"name": to})
        return []

    return write


@pytest.fixture
def world(settings: Settings, client: str) -> Iterator[World]:
    world = World(settings, client)
    yield world
    world.app.close()
    world.database.close()


def stored(world: World) -> UploadStored:
    return UploadStored(client=world.client, upload=str(uuid.uuid4()))


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


def test_over_rabbitmq_a_failed_try_waits_in_the_broker_and_is_then_done(
    settings: Settings, client: str, broker: Broker, vhost: str
):
    transport = RabbitTransport(broker.settings(vhost))
    world = World(settings, client, transport=transport, name="ingest")

    def act(_event, _claim):
        if len(world.handled) == 1:
            raise TransientError("store away")
        return [DatasetsChanged(client=world.client)]

    world.act = act
    event = stored(world)
    world.put(event)
    runtime = world.runtime()

    def is_done() -> bool:
        runtime.step()
        return [c.status for c in world.claims() if c.client_id == client] == ["done"]

    wait_until(is_done, within_s=60)
    assert world.handled == [event, event]
    assert [f.retry_in_s for f in world.failures] == [5.0]
    assert transport.receive("ingest", wait_s=1) is None
    assert transport.waiting("cluster") >= 1  # the relay may add what other tests have left
    runtime.close()
    world.app.close()


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


def test_bad_input_is_recorded_and_acked(world: World):
    def act(_event, _claim):
        raise PermanentError("no_customer")

    world.act = act
    world.put(stored(world))
    world.runtime().step()
    assert [f.kind for f in world.failures] == [FailureKind.REFUSED]
    assert [(c.status, c.last_error) for c in world.claims()] == [("refused", "no_customer")]
    assert world.transport.held(world.name) == []


def test_a_failed_try_leaves_no_writes(world: World):
    def act(_event, claim):
        claim.stage(rename("half done"))
        raise TransientError("store away")

    world.act = act
    before = world.name_of_client()
    world.put(stored(world))
    world.runtime().step()
    assert world.name_of_client() == before


def test_a_dependency_is_asked_again_after_growing_waits(world: World):
    def act(_event, _claim):
        raise TransientError("store away")

    world.act = act
    world.put(stored(world))
    runtime = world.runtime()
    for _ in range(5):
        runtime.step()
        world.transport.now += 3600
        world.change("UPDATE claims SET next_try = now() WHERE function = :function")
    assert world.transport.postponed == [5.0, 30.0, 300.0, 1800.0, 1800.0]
    (claim,) = world.claims()
    assert claim.transient_tries == 5
    assert world.parked() == []


def test_what_failed_because_a_server_is_away_uses_up_no_try(world: World):
    times_away = [3]

    def answer() -> None:
        times_away[0] -= 1
        if times_away[0] >= 0:
            raise TransientError("store away")

    def act(_event, _claim):
        if times_away[0] > 0:
            raise TransientError("store away")
        return []

    world.act, world.probes = act, (answer,)
    world.put(stored(world))
    runtime = world.runtime()

    runtime.step()

    (claim,) = world.claims()
    assert (claim.status, claim.starts, claim.transient_tries) == ("waiting", 0, 0)
    assert world.failures == []
    assert world.transport.pauses == 1  # no other message is tried before the server answers
    assert times_away[0] < 0
    world.transport.now += world.transport.visibility_s
    runtime.step()
    assert [c.status for c in world.claims()] == ["done"]


def test_after_a_day_a_dependency_is_given_up_on(world: World):
    def act(_event, _claim):
        raise TransientError("store away")

    world.act = act
    world.put(stored(world))
    runtime = world.runtime()
    runtime.step()
    world.change(
        "UPDATE claims SET next_try = now(), first_failed = now() - interval '25 hours' "
        "WHERE function = :function"
    )
    world.transport.now += 3600
    runtime.step()
    assert [p.reason for p in world.parked()] == ["dependency"]
    assert world.transport.held(world.name) == []
    assert world.failures[-1].kind is FailureKind.PARKED


def test_a_bug_is_tried_five_times_and_parked_with_its_traceback(world: World):
    def act(_event, _claim):
        raise ZeroDivisionError("a bug")

    world.act = act
    body = world.put(stored(world))
    runtime = world.runtime()
    for _ in range(MOST_BUG_TRIES):
        runtime.step()
        world.transport.now += 3600
        world.change("UPDATE claims SET next_try = now() WHERE function = :function")
    assert len(world.handled) == MOST_BUG_TRIES
    (parked,) = world.parked()
    assert parked.reason == "bug"
    assert "ZeroDivisionError: a bug" in parked.error
    assert "in act" in parked.error
    assert bytes(parked.body) == body
    assert world.transport.held(world.name) == []


def test_a_message_that_kills_its_workers_is_parked(world: World):
    def act(_event, _claim):
        raise SystemExit  # dies without an outcome, as far as the ledger sees

    world.act = act
    world.put(stored(world))
    for _ in range(MOST_STARTS):
        with pytest.raises(SystemExit):
            world.runtime().step()
        world.change(
            "UPDATE claims SET lease_until = now() - interval '1 second' WHERE function = :function"
        )
        world.transport.now += world.transport.visibility_s
    world.runtime().step()
    assert len(world.handled) == MOST_STARTS
    assert [p.reason for p in world.parked()] == ["worker_died"]


def test_work_that_another_worker_holds_is_left_to_it_and_costs_no_try(world: World):
    event = stored(world)
    inner = MemoryTransport()

    def act(_event, _claim):
        second = World(world.settings, world.client, transport=inner, name=world.name)
        second.put(event)
        second.runtime("other").step()
        assert second.handled == []
        assert inner.postponed[0] > 0
        second.app.close()
        second.database.close()
        return []

    world.act = act
    world.put(event)
    world.runtime().step()
    assert [(c.status, c.starts, c.transient_tries) for c in world.claims()] == [("done", 0, 0)]


def test_a_worker_that_lost_its_claim_changes_nothing(world: World):
    def act(_event, claim):
        claim.stage(rename("stale"))
        world.change("UPDATE claims SET fence = fence + 1 WHERE function = :function")
        return [DatasetsChanged(client=world.client)]

    world.act = act
    before = world.name_of_client()
    world.put(stored(world))
    world.runtime().step()
    assert world.name_of_client() == before
    assert world.told() == []
    assert len(world.transport.held(world.name)) == 1


def test_the_lease_is_renewed_while_the_handler_works(world: World):
    world.lease_s = 0.6
    renewed = threading.Event()

    def act(_event, _claim):
        (first,) = world.claims()
        for _ in range(200):
            (now,) = world.claims()
            if now.lease_until > first.lease_until:
                renewed.set()
                return []
            threading.Event().wait(0.02)
        return []

    world.act = act
    world.put(stored(world))
    world.runtime().step()
    assert renewed.is_set()
    assert [c.status for c in world.claims()] == ["done"]


def test_a_nudge_may_be_followed_again(world: World):
    world.policy = Policy.LATEST
    nudge = DatasetsChanged(client=world.client)
    runtime = world.runtime()
    for _ in range(2):
        world.put(nudge)
        runtime.step()
    assert len(world.handled) == 2


def test_a_new_nudge_does_not_wait_for_the_next_try_of_one_that_failed(world: World):
    world.policy = Policy.LATEST
    nudge = DatasetsChanged(client=world.client)

    def act(_event, _claim):
        if len(world.handled) == 1:
            raise TransientError("store away")
        return []

    world.act = act
    runtime = world.runtime()
    for _ in range(2):
        world.put(nudge)
        runtime.step()
    assert len(world.handled) == 2
    assert [c.status for c in world.claims()] == ["done"]


def test_a_nudge_that_finds_a_run_under_way_is_acked(world: World):
    world.policy = Policy.LATEST
    nudge = DatasetsChanged(client=world.client)

    def act(_event, _claim):
        if len(world.handled) == 1:
            world.put(nudge)
            world.runtime("other").step()
        return []

    world.act = act
    world.put(nudge)
    world.runtime().step()
    assert len(world.handled) == 1
    assert world.transport.held(world.name) == []


def test_a_nudge_whose_worker_died_is_not_taken_for_a_second_one(world: World):
    world.policy = Policy.LATEST
    nudge = DatasetsChanged(client=world.client)

    def act(_event, _claim):
        # The broker saw the worker go, and gives its message to another one.
        (body,) = world.transport.held(world.name)
        world.transport.publish(world.name, body)
        world.runtime("other").step()
        return []

    world.act = act
    world.put(nudge)
    world.runtime().step()
    assert len(world.handled) == 1
    assert len(world.transport.held(world.name)) == 1, "it waits for the lease to end"


def test_published_events_are_written_down_with_the_next_message(world: World):
    world.act = lambda _event, _claim: [DatasetsChanged(client=world.client)]
    runtime = world.runtime()
    world.put(stored(world))
    runtime.step()
    assert [row.sent_at for row in world.outbox()] == [None]
    runtime.step()  # there is none
    assert None not in [row.sent_at for row in world.outbox()]


def test_what_cannot_be_read_is_parked_at_first_sight(world: World):
    world.transport.publish(world.name, b"not a message")
    world.runtime().step()
    (parked,) = world.parked()
    assert (parked.reason, bytes(parked.body)) == ("unreadable", b"not a message")
    assert world.transport.held(world.name) == []


def test_a_broken_record_of_a_failure_does_not_keep_the_message_going_round(world: World):
    def act(_event, claim):
        claim.stage(lambda _connection: 1 / 0)
        return []

    world.act = act
    world.put(stored(world))
    runtime = world.runtime()
    for _ in range(MOST_BUG_TRIES):
        runtime.step()
        world.transport.now += 3600
        world.change("UPDATE claims SET next_try = now() WHERE function = :function")
    assert [p.reason for p in world.parked()] == ["bug"]


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
