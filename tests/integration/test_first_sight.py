"""A version that is the first that was heard of its key, told whole: the store is not asked more."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from common.object_storage import ObjectStorage
from common.settings import Settings
from functions.ingest import handler
from functions.ingest.repository import UploadRepository
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

FIRST = csv("1,2026-04-01,ana,tea,2,3.50")
SECOND = csv("2,2026-04-02,bea,tea,1,4.50")
KEY = "centro/a.csv"


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client, tells_all=True)


@pytest.fixture
def another(settings: Settings, client: str) -> Iterator[Pipeline]:
    """Another worker's pipeline, for the same client."""
    yield from running(settings, client, tells_all=True)


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the keys whose versions the function asks for, as it asks."""
    asked: list[str] = []
    ask = ObjectStorage.history

    def history(storage: ObjectStorage, key: str) -> Any:
        asked.append(key)
        return ask(storage, key)

    monkeypatch.setattr(ObjectStorage, "history", history)
    return asked


BEGINS, READS = (UploadRepository, "begin_first"), (handler, "open_file")


def before(monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str], do: Callable[[], None]) -> None:
    """Have `do` happen once, before the next file comes to this step."""
    whose, name = step
    take = getattr(whose, name)

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(whose, name, take)
        do()
        return take(*args, **kwargs)

    monkeypatch.setattr(whose, name, interrupted)


def test_the_store_is_not_asked_for_what_was_told(pipeline: Pipeline, lists: list[str]):
    event = pipeline.put(KEY, FIRST)
    lists.clear()
    pipeline.settle(event)
    assert pipeline.states() == {KEY: ["stored"]}
    assert lists == []


def test_it_has_the_stores_time(pipeline: Pipeline, settings: Settings):
    pipeline.settle(pipeline.put(KEY, FIRST))
    storage = ObjectStorage(settings)
    (listed,) = storage.history(f"{pipeline.client}/{KEY}")
    storage.close()
    told = pipeline.upload(KEY).stored_at
    assert 0 <= (listed.stored_at - told).total_seconds() < 0.001  # MinIO tells milliseconds


@pytest.mark.parametrize(
    "less",
    [
        {"sequencer": None},
        {"sequencer": "0055AED6DCD90281E5"},
        {"size": None},
        {"source": "aws:s3"},
    ],
    ids=lambda less: "-".join(f"{name}" for name in less),
)
def test_whoever_tells_less_is_asked(pipeline: Pipeline, lists: list[str], less: dict[str, Any]):
    event = replace(pipeline.put(KEY, FIRST), **less)
    lists.clear()
    pipeline.settle(event)
    assert pipeline.states() == {KEY: ["stored"]}
    assert lists == [event.object.key]


def test_of_a_key_that_is_known_the_store_is_asked(pipeline: Pipeline, lists: list[str]):
    pipeline.settle(pipeline.put(KEY, FIRST))
    event = pipeline.put(KEY, SECOND)
    lists.clear()
    pipeline.settle(event)
    assert pipeline.states() == {KEY: ["superseded", "stored"]}
    assert lists == [event.object.key]


@pytest.mark.parametrize("is_erased", [True, False])
def test_a_version_that_went_before_it_was_read_is_removed(pipeline: Pipeline, is_erased: bool):
    event = pipeline.put(KEY, FIRST)
    removed = pipeline.delete(KEY, event.object.version_id if is_erased else None)
    pipeline.settle(event, removed)
    assert pipeline.states() == {KEY: ["removed"]}
    assert pipeline.report() is None


@pytest.mark.parametrize("step", [BEGINS, READS], ids=["begins", "reads"])
def test_a_delete_meanwhile_counts(
    pipeline: Pipeline, another: Pipeline, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
):
    event = pipeline.put(KEY, FIRST)
    removed = pipeline.delete(KEY)
    before(monkeypatch, step, lambda: another.settle(removed))
    pipeline.settle(event)
    assert pipeline.states() == {KEY: ["removed"]}
    assert pipeline.report() is None


@pytest.mark.parametrize("step", [BEGINS, READS], ids=["begins", "reads"])
@pytest.mark.parametrize("newer_first", [True, False])
def test_two_versions_at_once_are_set_right(
    pipeline: Pipeline,
    another: Pipeline,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[Any, str],
    newer_first: bool,
):
    older, newer = pipeline.put(KEY, FIRST), pipeline.put(KEY, SECOND)
    first, second = (newer, older) if newer_first else (older, newer)
    before(monkeypatch, step, lambda: another.settle(first))
    pipeline.settle(second)
    assert pipeline.states() == {KEY: ["superseded", "stored"]}
    assert pipeline.revenue() == Decimal("4.50")
