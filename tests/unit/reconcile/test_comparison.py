"""What the ledger missed of a key, and when too much is missing."""

from datetime import UTC, datetime, timedelta

import pytest

from common.events import Event, ObjectCreated, ObjectRef, ObjectRemoved, StoredObject
from functions.reconcile.comparison import (
    EVERYBODY,
    KnownKey,
    KnownUpload,
    is_missing,
    missed,
    too_many,
)

pytestmark = pytest.mark.unit

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def version(name: str, minute: int, *, is_removal: bool = False) -> StoredObject:
    ref = ObjectRef(bucket="uploads", key="acme/centro/a.csv", version_id=name)
    when = NOON + timedelta(minutes=minute)
    return StoredObject(ref=ref, size=1, stored_at=when, is_removal=is_removal)


def known(*uploads: tuple[str, str], looked_at: datetime = NOON) -> KnownKey:
    rows = tuple(KnownUpload(version_id=v, state=s, seen_at=NOON) for v, s in uploads)
    return KnownKey(looked_at=looked_at, uploads=rows)


def found(versions: list[StoredObject], ledger: KnownKey) -> list[Event]:
    return list(missed(versions, ledger))


V1, V2, MARKER = version("v1", 1), version("v2", 2), version("m", 3, is_removal=True)


def test_what_the_ledger_knows_is_not_announced():
    assert found([V2, V1], known(("v1", "superseded"), ("v2", "stored"))) == []
    assert found([MARKER, V1], known(("v1", "removed"))) == []


def test_unknown_versions_are_announced():
    (event,) = found([V2, V1], known(("v1", "stored")))
    assert isinstance(event, ObjectCreated)
    assert event.object.version_id == "v2"


def test_a_stray_is_known():
    assert found([V1], KnownKey(strays=frozenset({"v1"}))) == []


def test_a_delete_is_announced_by_its_marker():
    (event,) = found([MARKER, V1], known(("v1", "stored")))
    assert isinstance(event, ObjectRemoved)
    assert (event.object.version_id, event.is_erased) == ("m", False)


def test_a_put_after_the_delete_is_alive():
    assert found([version("v4", 4), MARKER, V1], known(("v1", "removed"), ("v4", "stored"))) == []


def test_a_delete_taken_back_is_looked_at_once_for_each_look():
    first, again, later = (
        found([V1], known(("v1", "removed"), looked_at=when))
        for when in (NOON, NOON, NOON + timedelta(hours=1))
    )
    assert [type(event) for event in first] == [ObjectRemoved]
    assert first == again != later


@pytest.mark.parametrize(
    ("state", "before", "answer"),
    [
        ("stored", NOON + timedelta(seconds=1), True),
        ("stored", NOON, False),  # it may have come after the store was asked
        ("removed", NOON + timedelta(seconds=1), False),
        ("superseded", NOON + timedelta(seconds=1), False),
    ],
)
def test_what_the_store_does_not_list_is_missing(state: str, before: datetime, answer: bool):
    assert is_missing([], known(("v1", state)), before=before) is answer


def test_a_listed_version_is_not_missing():
    later = NOON + timedelta(days=1)
    assert not is_missing([V1], known(("v1", "stored")), before=later)
    assert is_missing([V1], known(("v1", "stored"), ("v2", "stored")), before=later)


@pytest.mark.parametrize(
    ("missing", "live", "who"),
    [
        ({"acme": 1}, {"acme": 5}, None),
        ({"acme": 2}, {"acme": 5, "beta": 100}, "acme"),
        ({"acme": 2}, {"acme": 5}, EVERYBODY),
        ({"acme": 20, "beta": 20}, {"acme": 100, "beta": 100}, None),
    ],
)
def test_more_than_a_fifth_is_too_many(missing: dict, live: dict, who: str | None):
    assert too_many(missing, live) == who
