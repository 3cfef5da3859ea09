"""What becomes of the versions of one key."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from common.events import ObjectRef, StoredObject
from common.versions import is_alive, order, untied
from functions.ingest.versions import KeyUpload, settle

pytestmark = pytest.mark.unit

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)


def stored(version: str, minute: int, *, is_removal: bool = False) -> StoredObject:
    ref = ObjectRef(bucket="uploads", key="acme/centro/a.csv", version_id=version)
    when = NOON + timedelta(minutes=minute)
    return StoredObject(ref=ref, size=1, stored_at=when, is_removal=is_removal)


def upload(version: str, outcome: str | None, state: str | None = None) -> KeyUpload:
    return KeyUpload(
        upload_id=version,
        version_id=version,
        state=state or outcome or "reading",
        outcome=outcome,
    )


V1, V2, V3 = stored("v1", 1), stored("v2", 2), stored("v3", 3)
DELETED = stored("d", 2, is_removal=True)


@pytest.mark.parametrize(
    ("outcomes", "states"),
    [
        (["stored"], ["stored"]),
        (["stored", "stored"], ["superseded", "stored"]),
        (["stored", "duplicate"], ["superseded", "duplicate"]),
        (["stored", "rejected"], ["stored", "rejected"]),
        (["rejected", "stored"], ["rejected", "stored"]),
        (["stored", None], ["stored", "reading"]),
        (["stored", "rejected", "stored"], ["superseded", "rejected", "stored"]),
        (["stored", "stored", "rejected"], ["superseded", "stored", "rejected"]),
    ],
)
def test_the_newest_version_that_could_be_read_counts(outcomes, states):
    history = [V1, V2, V3][: len(outcomes)]
    uploads = [upload(f"v{i}", outcome) for i, outcome in enumerate(outcomes, start=1)]
    expected = {f"v{i}": state for i, state in enumerate(states, start=1)}
    for arrival in permutations(uploads):
        assert settle(arrival, history) == expected


def test_a_waiting_question_leaves_the_older_version_current():
    uploads = [upload("v1", "stored"), upload("v2", None, "needs_answer")]
    assert settle(uploads, [V1, V2]) == {"v1": "stored", "v2": "needs_answer"}


def test_a_delete_retracts_all_versions_before_it():
    uploads = [upload("v1", "superseded"), upload("v3", "stored")]
    assert settle(uploads[:1], [V1, DELETED]) == {"v1": "removed"}
    assert settle(uploads, [V1, DELETED, V3]) == {"v1": "removed", "v3": "stored"}


def test_taking_the_delete_back_brings_the_version_back():
    read = upload("v1", "stored", "removed")
    unread = upload("v2", None, "removed")
    assert settle([read], [V1]) == {"v1": "stored"}
    assert settle([unread], [V2]) == {"v2": "announced"}


def test_erasing_the_newest_version_brings_the_older_one_back():
    uploads = [upload("v1", "stored", "superseded"), upload("v2", "stored")]
    assert settle(uploads, [V1]) == {"v1": "stored", "v2": "removed"}


def test_of_two_versions_of_one_moment_the_version_id_decides():
    history = [stored("a", 1), stored("b", 1)]
    uploads = [upload("b", "stored"), upload("a", "stored")]
    assert settle(uploads, history) == {"a": "superseded", "b": "stored"}


def test_a_version_that_the_store_does_not_list_is_not_alive():
    assert is_alive("v1", [V1])
    assert not is_alive("v1", [])
    assert not is_alive("v1", [V2])
    assert not is_alive("d", [DELETED])
    assert not is_alive("v1", [DELETED, V1])
    assert is_alive("v3", [DELETED, V1, V3])


def test_versions_of_one_moment_are_in_the_order_in_which_the_store_lists_them():
    listed = [stored("a", 2), stored("m", 2), stored("z", 2, is_removal=True), stored("n", 2)]
    apart = untied([*listed, stored("zz", 1)])
    newest_first = [version.ref.version_id for version in sorted(apart, key=order)[::-1]]
    assert newest_first == ["a", "m", "z", "n", "zz"]
    assert [is_alive(version, apart) for version in ("a", "m", "n", "zz")] == [
        True,
        True,
        False,
        False,
    ]
    assert apart[-1].stored_at == NOON + timedelta(minutes=1)
