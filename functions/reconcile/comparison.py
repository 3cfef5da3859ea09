"""What the ledger missed, given what the store lists of a key; and when too much is missing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.events import Event, ObjectCreated, ObjectRef, ObjectRemoved, StoredObject
from common.versions import is_alive, order

SOURCE = "reconcile"
EVERYBODY = "*"
MOST_MISSING = 0.2  # share of live keys; more look like a store that is not itself
_NOT_LIVE = {"removed", "superseded"}


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownUpload:
    """One upload of a key, as the ledger has it."""

    version_id: str
    state: str
    seen_at: datetime  # by the ledger, first


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownKey:
    """What the ledger knows of a key."""

    looked_at: datetime | None = None  # when the store was last asked for it
    uploads: Sequence[KnownUpload] = ()
    strays: frozenset[str] = field(default_factory=frozenset)  # version ids


@dataclass(frozen=True, kw_only=True, slots=True)
class MissingKey:
    """A key with a live upload that the store does not list."""

    client: str
    key: str
    looked_at: datetime | None


def missed(versions: Sequence[StoredObject], known: KnownKey) -> Iterator[Event]:
    """Yield what has to be announced of one key's versions; all of one key."""
    recorded = {upload.version_id for upload in known.uploads} | known.strays
    for version in versions:
        if not version.is_removal and version.ref.version_id not in recorded:
            yield ObjectCreated(
                object=version.ref,
                size=version.size,
                event_time=version.stored_at,
                source=SOURCE,
            )
    listed = {version.ref.version_id for version in versions if not version.is_removal}
    seen = [upload for upload in known.uploads if upload.version_id in listed]
    alive = {upload.version_id for upload in seen if is_alive(upload.version_id, versions)}
    if any(u.state not in _NOT_LIVE and u.version_id not in alive for u in seen):
        newest = max((v for v in versions if v.is_removal), key=order)
        yield ObjectRemoved(object=newest.ref, event_time=newest.stored_at, source=SOURCE)
    if any(u.state == "removed" and u.version_id in alive for u in seen):
        # The delete was taken back. Its marker is gone, so nothing in the store names this.
        ref = versions[0].ref
        yield look_again(ref.key, bucket=ref.bucket, looked_at=known.looked_at)


def is_missing(versions: Sequence[StoredObject], known: KnownKey, *, before: datetime) -> bool:
    """Say whether the ledger held something of this key as live that the store no longer has.

    What the ledger has known since `before` or later may have come after the store was asked.
    """
    listed = {version.ref.version_id for version in versions}
    return any(
        upload.seen_at < before
        and upload.state not in _NOT_LIVE
        and upload.version_id not in listed
        for upload in known.uploads
    )


def look_again(key: str, *, bucket: str, looked_at: datetime | None) -> ObjectRemoved:
    """Return what has a key brought to what the store says of it.

    It is named after the last look, so that it is one piece of work until that look was taken.
    """
    return ObjectRemoved(
        object=ObjectRef(bucket=bucket, key=key),
        is_erased=True,
        sequencer=looked_at.isoformat() if looked_at else None,
        source=SOURCE,
    )


def too_many(missing: Mapping[str, int], live: Mapping[str, int]) -> str | None:
    """Return the client, or EVERYBODY, that would lose too many of its live keys."""
    if sum(missing.values()) > MOST_MISSING * sum(live.values()):
        return EVERYBODY
    for client, count in sorted(missing.items()):
        if count > MOST_MISSING * live.get(client, 0):
            return client
    return None
