"""What was given up on: looked at, replayed, discarded, and never forgotten."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from common.parked import Filter, ParkedMessage, ParkedMessages
from common.postgres import Postgres
from common.settings import Settings
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50")


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Postgres]:
    postgres = Postgres(settings.postgres_runtime_url)
    yield postgres
    postgres.close()


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


@pytest.fixture
def parked(pipeline: Pipeline, runtime: Postgres) -> ParkedMessages:
    return ParkedMessages(app=pipeline.app, runtime=runtime)


@contextmanager
def broken_code() -> Iterator[None]:
    """Have every file meet a bug."""

    def bug(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError("a bug")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("functions.ingest.handler.open_file", bug)
        yield


def give_up_on(
    pipeline: Pipeline, parked: ParkedMessages, key: str = "centro/a.csv", body: bytes = APRIL
) -> ParkedMessage:
    """Put a file that meets a bug, and return what is parked."""
    with broken_code():
        pipeline.settle(pipeline.put(key, body))
    return open_ones(pipeline, parked)[0]


def open_ones(pipeline: Pipeline, parked: ParkedMessages) -> list[ParkedMessage]:
    return parked.list(Filter(client=pipeline.client), limit=10)


def relay(pipeline: Pipeline, runtime: Postgres) -> int:
    """Publish what this client's rows of the outbox hold, as a worker's relay does."""
    mine = "sent_at IS NULL AND position(:client IN work_key) > 0"
    with runtime.transaction() as connection:
        values = {"client": pipeline.client}
        rows = connection.execute(
            text(f"SELECT queue, body FROM outbox WHERE {mine}"), values
        ).all()
        connection.execute(text(f"UPDATE outbox SET sent_at = now() WHERE {mine}"), values)
    for row in rows:
        pipeline.transport.publish(row.queue, bytes(row.body))
    return sum(row.queue == "ingest" for row in rows)


def test_a_parked_message_tells_what_is_to_know(pipeline: Pipeline, parked: ParkedMessages):
    message = give_up_on(pipeline, parked)
    assert (message.reason, message.tries, message.client) == ("bug", 5, pipeline.client)
    assert "ZeroDivisionError: a bug" in message.error
    assert b"a.csv" in message.body
    assert message.first_failed <= message.parked_at
    assert pipeline.states() == {"centro/a.csv": ["parked"]}


def test_once_the_code_is_mended_a_replay_brings_the_file_home(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres
):
    message = give_up_on(pipeline, parked)
    assert parked.replay(message, by="ada")
    assert pipeline.states() == {"centro/a.csv": ["announced"]}
    assert relay(pipeline, runtime) == 1
    pipeline.settle()
    assert pipeline.states() == {"centro/a.csv": ["stored"]}
    assert open_ones(pipeline, parked) == []
    kept = parked.find(message.id)
    assert (kept.resolution, kept.resolved_by, kept.error) == ("replayed", "ada", message.error)
    assert kept.resolved_at is not None


@pytest.mark.parametrize("first", ["replay", "discard"])
def test_of_two_decisions_the_first_stands(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres, first: str
):
    message = give_up_on(pipeline, parked)
    assert getattr(parked, first)(message, by="ada")
    decided = parked.find(message.id)
    states = pipeline.states()
    assert not parked.replay(message, by="bob")
    assert not parked.discard(message, by="bob")
    assert parked.find(message.id) == decided
    assert pipeline.states() == states
    assert relay(pipeline, runtime) == (1 if first == "replay" else 0)


def test_a_discarded_file_is_refused_in_words_and_its_owner_told(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres
):
    message = give_up_on(pipeline, parked)
    parked.discard(message, by="ada")
    upload = pipeline.upload("centro/a.csv")
    assert (upload.state, upload.outcome, upload.reason) == ("rejected", "rejected", "discarded")
    pipeline.transport.queues["notify"].clear()
    relay(pipeline, runtime)
    told = b"".join(pipeline.transport.held("notify"))
    assert b"UploadRejected" in told


def test_what_fails_again_shows_again_and_the_first_decision_is_kept(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres
):
    first = give_up_on(pipeline, parked)
    parked.replay(first, by="ada")
    relay(pipeline, runtime)
    with broken_code():
        pipeline.settle()
    (second,) = open_ones(pipeline, parked)
    assert second.id != first.id
    assert (second.work_key, second.body, second.tries) == (first.work_key, first.body, 5)
    assert parked.find(first.id).resolved_by == "ada"
    assert pipeline.states() == {"centro/a.csv": ["parked"]}
    parked.replay(second, by="bob")
    relay(pipeline, runtime)
    pipeline.settle()
    assert pipeline.states() == {"centro/a.csv": ["stored"]}
    everything = parked.list(Filter(client=pipeline.client, with_resolved=True), limit=10)
    assert {m.resolved_by for m in everything} == {"ada", "bob"}


def test_a_message_that_nobody_can_read_is_decided_about_too(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres
):
    bodies = [f"not a message of {pipeline.client} {n}".encode() for n in range(2)]
    for body in bodies:
        pipeline.settle()
        pipeline.transport.publish("ingest", body)
        pipeline.settle()
    mine = [m for m in parked.list(Filter(reason="unreadable"), limit=100) if m.body in bodies]
    assert {m.work_key for m in mine} == {None}
    assert parked.discard(mine[0], by="ada")
    assert parked.replay(mine[1], by="ada")
    with runtime.transaction() as connection:
        sent = connection.execute(
            text("SELECT body FROM outbox WHERE id = :id"), {"id": f"parked:{mine[1].id}"}
        ).scalar_one()
    assert bytes(sent) == mine[1].body


def test_one_clients_messages_are_nobody_elses(pipeline: Pipeline, parked: ParkedMessages):
    message = give_up_on(pipeline, parked)
    of_clients = ParkedMessages(app=pipeline.app)
    assert of_clients.find(message.id, client="somebody-else") is None
    assert of_clients.list(Filter(client="somebody-else"), limit=10) == []
    assert of_clients.find(message.id, client=pipeline.client) == message


def test_a_replayed_message_that_its_queue_loses_is_found(
    pipeline: Pipeline, parked: ParkedMessages, runtime: Postgres
):
    message = give_up_on(pipeline, parked)
    parked.replay(message, by="ada")
    relay(pipeline, runtime)
    pipeline.transport.queues.clear()
    lost = [m for m in pipeline._ingest._ledger.lost(older_than_s=-1) if m.body == message.body]
    assert [m.queue for m in lost] == ["ingest"]
    for found in lost:
        pipeline.transport.publish(found.queue, found.body)
    pipeline.settle()
    assert pipeline.states() == {"centro/a.csv": ["stored"]}
    again = pipeline._ingest._ledger.lost(older_than_s=-1)
    assert [m for m in again if m.body == message.body] == []
