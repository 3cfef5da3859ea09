"""Reconcile: announce what no event announced.

Trigger    timer; the first time right after the start
Reads      object versions (object store); known uploads, clients' versions, outbox and claims
           (PostgreSQL)
Writes     nothing
Publishes  ObjectCreated for versions that the ledger does not know; ObjectRemoved for keys that
           were deleted; DatasetsChanged for clients whose report lags their data

Delivered twice: what it announces goes through the same claims as any event, so announcing a
thing again, or one that its own event announces as well, changes nothing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby

from common.events import (
    DatasetsChanged,
    Event,
    ObjectCreated,
    ObjectRemoved,
    StoredObject,
    is_purchase_file,
)
from common.object_storage import ObjectStorage
from functions.reconcile.repository import KnownUploads, Repository

SOURCE = "reconcile"


def handle(
    *, storage: ObjectStorage, repository: Repository, now: datetime, min_age: timedelta
) -> Iterator[Event]:
    """Yield what has to be announced; objects younger than `min_age` are left to their own event.

    Raises:
        TransientError: A server cannot be reached.
    """
    settled = (
        version
        for version in storage.versions()
        if is_purchase_file(version.ref.key) and version.stored_at <= now - min_age
    )
    for prefix, versions in groupby(settled, key=_prefix):
        yield from compare(versions, repository.known_uploads(prefix))
    for client in repository.lagging_clients():
        yield DatasetsChanged(client=client)


def compare(versions: Iterable[StoredObject], known: KnownUploads) -> Iterator[Event]:
    """Yield the events that the ledger has missed of one client's versions."""
    for version in versions:
        if version.is_removal:
            if version.is_latest and version.ref.key in known.live_keys:
                yield ObjectRemoved(object=version.ref, event_time=version.stored_at, source=SOURCE)
        elif (version.ref.key, version.ref.version_id) not in known.versions:
            yield ObjectCreated(
                object=version.ref,
                size=version.size,
                event_time=version.stored_at,
                source=SOURCE,
            )


def _prefix(version: StoredObject) -> str:
    return version.ref.key.partition("/")[0]
