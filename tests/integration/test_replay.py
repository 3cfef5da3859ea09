"""What was taken in can go through again: nothing is counted, changed or told twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import functions.notify.__main__ as notify
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
    "contributions": "SELECT * FROM contributions ORDER BY sha256",
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
    return Driver(
        runs=runs,
        transport=pipeline.transport,
        owner="test",
        **{"wait": lambda _seconds: False, **changes},
    )


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
