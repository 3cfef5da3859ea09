"""Work that several workers come for."""

import threading

import pytest

from common.events import DatasetsChanged
from common.exceptions import TransientError
from common.ledger import Policy
from tests.fakes import MemoryTransport
from tests.integration.runtime.world import World, rename, stored

pytestmark = pytest.mark.integration


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
