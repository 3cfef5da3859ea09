"""What was taken in can go through again: nothing is counted, changed or told twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text

import functions.notify.__main__ as notify
from common.ledger import REPLAY_ID, Claim, Ledger, Policy
from common.messages import from_message
from common.postgres import Postgres
from common.replay import ReplayRuns, Run, Wish
from common.settings import Settings
from functions.reconcile.replays import Driver
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50", "2,2026-04-02,bob,tea,1,3.50")
MAY = csv("3,2026-05-01,ana,tea,2,3.50", "x,nonsense,bob,tea,1,3.50")

FACTS = {
    "uploads": "SELECT id, state, reason, params, sha256, first_upload_id, outcome, settled_at"
    " FROM uploads ORDER BY id",
    "datasets": "SELECT * FROM datasets ORDER BY sha256",
    "client": "SELECT segmentation_id, data_version, segmented_version FROM clients",
    "segmentations": "SELECT id, as_of, summary FROM segmentations ORDER BY id",
    "contributions": "SELECT * FROM contributions ORDER BY segmentation_id, sha256",
    "notices": "SELECT * FROM notices ORDER BY id",
}


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Postgres]:
    postgres = Postgres(settings.postgres_runtime_url)
    yield postgres
    postgres.close()


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


@pytest.fixture
def runs(pipeline: Pipeline, runtime: Postgres) -> ReplayRuns:
    # A driver takes the oldest run: none shall be another test's.
    with runtime.transaction() as connection:
        connection.execute(
            text("UPDATE replay_runs SET state = 'cancelled' WHERE state = 'running'")
        )
    return ReplayRuns(app=pipeline.app, runtime=runtime)


@contextmanager
def telling(pipeline: Pipeline) -> Iterator[Any]:
    """Run notify over what is queued for it."""
    with notify.connected(pipeline.settings) as function:
        function._transport.close()
        function._transport = pipeline.transport
        function._relay = lambda: None

        def tell() -> None:
            while pipeline.transport.held("notify"):
                pipeline.transport.now += 1
                function.step()

        yield tell


def facts(pipeline: Pipeline) -> dict[str, Any]:
    found = {name: list(map(tuple, pipeline.rows(sql))) for name, sql in FACTS.items()}
    return found | {"report": pipeline.report()}


def driver(pipeline: Pipeline, runs: ReplayRuns, **changes: Any) -> Driver:
    usual = {"owner": "test", "wait": lambda _seconds: False}
    return Driver(runs=runs, transport=pipeline.transport, **{**usual, **changes})


def drive(pipeline: Pipeline, runs: ReplayRuns, wish: Wish) -> Run:
    """Start a run, bring it to its end, and handle what it published."""
    run = runs.start(wish, by="test")
    assert driver(pipeline, runs).drive_next()
    pipeline.settle()
    found = runs.find(run.id)
    assert found is not None
    return found


def stock(pipeline: Pipeline) -> None:
    """Have files of each kind: stored, with a bad row, duplicate, refused, replaced."""
    pipeline.settle(pipeline.put("centro/april.csv", csv("9,2026-03-01,ana,tea,1,1.00")))
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    pipeline.settle(pipeline.put("norte/may.csv", MAY))
    pipeline.settle(pipeline.put("norte/april again.csv", APRIL))
    pipeline.settle(pipeline.put("sur/april once more.csv", APRIL))
    pipeline.settle(pipeline.put("sur/nothing.csv", b"a,b\n1,2\n"))


@pytest.mark.parametrize("is_forced", [False, True])
def test_three_replays_change_no_byte_and_tell_nobody_twice(
    pipeline: Pipeline, runs: ReplayRuns, is_forced: bool
):
    stock(pipeline)
    with telling(pipeline) as tell:
        tell()
        before = facts(pipeline)
        assert len(before["notices"]) >= 6
        for function in ("ingest", "cluster", "notify") * 3:
            wish = Wish(client=pipeline.client, function=function, is_forced=is_forced)
            run = drive(pipeline, runs, wish)
            tell()
            assert run.state == "done"
            assert run.published == run.total == (1 if function == "cluster" else 5)
            assert facts(pipeline) == before
    generations = {row.generation for row in pipeline.rows("SELECT generation FROM uploads")}
    assert generations == ({0, 3} if is_forced else {0})


def test_a_replay_writes_down_no_new_fact_but_forced_work_that_a_queue_may_lose(
    pipeline: Pipeline, runs: ReplayRuns, runtime: Postgres
):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    ledger = Ledger(runtime=runtime, app=pipeline.app, function="test", owner="t", lease_s=60)

    def replayed() -> list[str]:
        arrivals = (
            "SELECT event_id FROM journal WHERE position(:client IN encode(raw, 'escape')) > 0"
        )
        with runtime.transaction() as connection:
            found = connection.execute(text(arrivals), {"client": pipeline.client}).scalars()
            return [event_id for event_id in found if event_id.startswith(REPLAY_ID)]

    def lost() -> list[bytes]:
        found = (message.body for message in ledger.lost(older_than_s=-60))
        return [body for body in found if pipeline.client.encode() in body and b"replay" in body]

    drive(pipeline, runs, Wish(client=pipeline.client))
    assert (replayed(), lost()) == ([], [])

    runs.start(Wish(client=pipeline.client, is_forced=True), by="test")
    driver(pipeline, runs).drive_next()
    (body,) = pipeline.transport.held("ingest")
    ingest = pipeline._ingest._ledger
    message = from_message(body)
    claim = ingest.claim(message.events[0], Policy.ONCE, message)
    assert isinstance(claim, Claim)
    pipeline.transport.queues.clear()
    assert lost() == [body]
    ingest.release(claim)
    pipeline.transport.publish("ingest", body)
    pipeline.settle()
    assert lost() == []
    assert len(replayed()) == 1


def test_a_file_is_read_again_as_it_was_read_whatever_the_branch_has_shown_since(
    pipeline: Pipeline, runs: ReplayRuns
):
    pipeline.settle(pipeline.put("centro/shows.csv", csv("1,25/03/2026,ana,tea,1,1.00")))
    pipeline.settle(pipeline.put("centro/open.csv", csv("2,03/04/2026,ana,tea,1,1.00")))
    pipeline.settle(pipeline.put("centro/other.csv", csv("3,03/25/2026,ana,tea,1,1.00")))
    before = facts(pipeline)
    assert {upload[1] for upload in before["uploads"]} == {"stored"}
    drive(pipeline, runs, Wish(client=pipeline.client, is_forced=True))
    assert facts(pipeline) == before


def test_a_file_that_mended_code_reads_otherwise_gives_a_new_report(
    pipeline: Pipeline, runs: ReplayRuns
):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    before = facts(pipeline)
    pipeline.rows("UPDATE datasets SET frame_id = 'as broken code had it' RETURNING 1")
    drive(pipeline, runs, Wish(client=pipeline.client))
    assert pipeline.rows("SELECT frame_id FROM datasets")[0].frame_id == "as broken code had it"
    drive(pipeline, runs, Wish(client=pipeline.client, is_forced=True))
    after = facts(pipeline)
    assert after["datasets"] == before["datasets"]
    ((_, version, seen),) = after["client"]
    assert version == seen == before["client"][0][1] + 1


def test_what_counts_goes_on_counting_while_it_is_read_again_and_when_that_fails(
    pipeline: Pipeline, runs: ReplayRuns, monkeypatch: pytest.MonkeyPatch
):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    before = facts(pipeline)
    seen: list[str] = []

    def broken(*_args: object, **_kwargs: object) -> None:
        seen.append(pipeline.upload("centro/april.csv").state)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("functions.ingest.handler.open_file", broken)
    drive(pipeline, runs, Wish(client=pipeline.client, is_forced=True))
    assert seen == ["stored"] * 5
    assert facts(pipeline) == before
    assert [p.reason for p in pipeline.rows("SELECT reason FROM parked")] == ["bug"]


def test_a_wish_takes_what_fits_it(pipeline: Pipeline, runs: ReplayRuns):
    stock(pipeline)
    (between,) = pipeline.rows(
        "SELECT seen_at FROM uploads WHERE key LIKE '%may.csv'",
    )

    def keys(**wish: Any) -> set[str]:
        seen = runs.preview(Wish(client=pipeline.client, **wish), examples=10)
        assert seen.total == len(seen.examples)
        return {key.partition("/")[2] for key in seen.examples}

    assert keys(prefix="norte/") == {"norte/may.csv", "norte/april again.csv"}
    assert keys(states=("rejected",)) == {"sur/nothing.csv"}
    assert keys(until=between.seen_at) == {"centro/april.csv"}
    assert "centro/april.csv" not in keys(since=between.seen_at)
    assert "norte/may.csv" in keys(since=between.seen_at)
    assert len(keys()) == 5


def test_live_traffic_goes_first(pipeline: Pipeline, runs: ReplayRuns):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    pipeline.transport.publish("ingest", b"{}")
    pipeline.transport.publish("ingest", b"{}")
    run = runs.start(Wish(client=pipeline.client), by="test")
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        assert len(pipeline.transport.held("ingest")) <= 3
        if len(waits) == 3:
            pipeline.transport.queues["ingest"].clear()
        return False

    driver(pipeline, runs, wait=wait, most_waiting=1).drive_next()
    assert waits == [1.0, 1.0, 1.0, 0.0]
    assert len(pipeline.transport.held("ingest")) == 1
    assert runs.find(run.id).state == "done"


def test_a_cancelled_run_publishes_no_further_page(pipeline: Pipeline, runs: ReplayRuns):
    stock(pipeline)
    run = runs.start(Wish(client=pipeline.client, rate=2), by="test")
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        runs.cancel(run.id)
        return False

    driver(pipeline, runs, wait=wait).drive_next()
    assert waits == [1.0]
    found = runs.find(run.id)
    assert (found.state, found.published, found.total) == ("cancelled", 2, 5)
    assert runs.cancel(run.id).ended_at == found.ended_at


def test_a_run_goes_on_where_its_driver_stopped_and_has_one_driver(
    pipeline: Pipeline, runs: ReplayRuns
):
    stock(pipeline)
    run = runs.start(Wish(client=pipeline.client, rate=2), by="test")

    def wait(_seconds: float) -> bool:
        assert not driver(pipeline, runs, owner="another").drive_next()
        return True

    assert driver(pipeline, runs, wait=wait).drive_next()
    assert runs.find(run.id).published == 2
    assert driver(pipeline, runs, owner="another").drive_next()
    assert (runs.find(run.id).state, runs.find(run.id).published) == ("done", 5)
    assert len(set(pipeline.transport.held("ingest"))) == 5


def test_one_clients_runs_are_nobody_elses(pipeline: Pipeline, runs: ReplayRuns):
    run = runs.start(Wish(client=pipeline.client), by="test")
    of_others = ReplayRuns(app=pipeline.app)
    assert of_others.find(run.id, client="somebody-else") is None
    assert of_others.cancel(run.id, client="somebody-else") is None
    assert of_others.cancel(run.id, client=pipeline.client).state == "cancelled"
