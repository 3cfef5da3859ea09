"""Reconcile: announce what no event announced.

Trigger    timer; the first time right after the start
Reads      object versions (object store); known uploads, clients' versions, outbox and claims
           (PostgreSQL)
Writes     where the list goes on, and which keys are missing (PostgreSQL)
Publishes  ObjectCreated for versions that the ledger does not know; ObjectRemoved for keys that
           were deleted, undeleted or erased; DatasetsChanged for clients whose report lags their
           data; BranchSilent

Delivered twice: what it announces goes through the same claims as any event, so announcing a
thing again, or one that its own event announces as well, changes nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.events import BranchSilent, Event, StoredObject, subject_of
from common.object_storage import ObjectStorage
from common.purchase_files import is_purchase_file
from functions.reconcile.comparison import (
    KnownKey,
    MissingKey,
    is_missing,
    missed,
)
from functions.reconcile.repository import BranchUploads, Cursor, Repository
from functions.reconcile.silence import is_silent, usual_gap


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What one page of the bucket's list showed."""

    events: Sequence[Event]
    missing: Sequence[MissingKey]
    cursor: Cursor  # after this page
    is_last: bool


def handle(
    cursor: Cursor,
    *,
    storage: ObjectStorage,
    repository: Repository,
    now: datetime,
    min_age: timedelta,
) -> Found:
    """Compare the next page of the bucket with the ledger.

    A key with a version younger than `min_age` is left to its own event. What the ledger knows
    between the highest key seen and this page's, and the page does not show, is asked for by name:
    so no order of the list is relied upon, but in key order little has to be asked.

    Raises:
        TransientError: A server cannot be reached.
    """
    before = repository.clock()
    page = storage.page_of_versions(cursor.after_key)
    keys = _by_key(page.versions)
    highest = (
        None
        if page.goes_on is None
        else max([cursor.highest_key, *(version.ref.key for version in page.versions)])
    )
    known = dict(repository.known(list(keys)))
    for key in repository.live_between(cursor.highest_key, highest, before=before):
        if key not in keys:
            keys[key] = storage.history(key)
            known |= repository.known([key])
    events: list[Event] = []
    missing: list[MissingKey] = []
    for key, versions in keys.items():
        if all(version.stored_at <= now - min_age for version in versions):
            events.extend(missed(versions, known[key]))
        missing.extend(_missing(key, versions, known[key], before))
    return Found(
        events=events,
        missing=missing,
        cursor=cursor.moved(after_key=page.goes_on or "", highest_key=highest or ""),
        is_last=page.goes_on is None,
    )


def silent_branches(repository: Repository, now: datetime) -> Iterator[BranchSilent]:
    """Yield the branches that send nothing for longer than usual, of which nobody was told."""
    for branch in repository.branches():
        if is_silent(branch.stored_at, now):
            event = _silence(branch)
            if subject_of(event) not in repository.told_silences(branch.client):
                yield event


def _silence(branch: BranchUploads) -> BranchSilent:
    gap = usual_gap(branch.stored_at)
    assert gap is not None, "it is longer than that since the last one"
    return BranchSilent(
        client=branch.client,
        branch=branch.branch,
        last_upload=branch.last_upload,
        last_at=branch.stored_at[0],
        usual_days=math.ceil(gap / timedelta(days=1)),
    )


def _by_key(versions: Sequence[StoredObject]) -> dict[str, list[StoredObject]]:
    keys: dict[str, list[StoredObject]] = defaultdict(list)
    for version in versions:
        if is_purchase_file(version.ref.key):
            keys[version.ref.key].append(version)
    return keys


def _missing(
    key: str, versions: Sequence[StoredObject], known: KnownKey, before: datetime
) -> list[MissingKey]:
    if not is_missing(versions, known, before=before):
        return []
    return [MissingKey(client=key.partition("/")[0], key=key, looked_at=known.looked_at)]
