"""What no event announced is found by looking."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from common.events import DatasetsChanged, Event, ObjectCreated, ObjectRemoved, client_of
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.settings import Settings
from functions.reconcile.handler import handle
from functions.reconcile.repository import Repository
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50")


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


def reconcile(pipeline: Pipeline, *, min_age_s: float = 0, later_s: float = 1) -> list[Event]:
    """Return what reconcile announces of the pipeline's client."""
    runtime = Postgres(pipeline.settings.postgres_runtime_url)
    storage = ObjectStorage(pipeline.settings)
    events = handle(
        storage=storage,
        repository=Repository(app=pipeline.app, runtime=runtime),
        now=datetime.now(UTC) + timedelta(seconds=later_s),
        min_age=timedelta(seconds=min_age_s),
    )
    mine = [event for event in events if client_of(event) == pipeline.client]
    runtime.close()
    storage.close()
    return mine


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
