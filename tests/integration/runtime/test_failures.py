"""Each kind of end that a failed try can have."""

import pytest

from common.events import DatasetsChanged
from common.exceptions import PermanentError, TransientError
from common.messaging.rabbitmq import RabbitTransport
from common.runtime import (
    MOST_BUG_TRIES,
    MOST_STARTS,
    FailureKind,
)
from common.settings import Settings
from tests.broker import Broker
from tests.integration.runtime.world import World, rename, stored
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


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
    # No relay: it would bring to ingest what other tests have left in the outbox.
    runtime._relay = lambda: None

    def is_done() -> bool:
        runtime.step()
        return [c.status for c in world.claims() if c.client_id == client] == ["done"]

    wait_until(is_done, within_s=60)
    assert world.handled == [event, event]
    assert [f.retry_in_s for f in world.failures] == [5.0]
    assert transport.receive("ingest", wait_s=1) is None
    assert transport.waiting("cluster") == 1
    runtime.close()
    world.app.close()


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
