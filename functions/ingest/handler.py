"""Ingest: turn one upload into one stored dataset.

Trigger    ObjectCreated | ObjectRemoved
Reads      the object, and its key's versions unless the event told all (object store); known
           uploads and datasets, what was decided for the branch and the client's policy (PostgreSQL)
Writes     frame, rejected rows (MongoDB); upload, dataset, balance, rejected lines, and the lines
           that the file mends, or what is asked about the days it shares with another (PostgreSQL)
Publishes  UploadStored | UploadDuplicated | UploadRejected | UploadNeedsAnswer | UploadParked,
           DatasetsChanged; ObjectCreated for versions that were announced without their id, for
           waiting uploads whose question this one answers, or that ask about one which no longer
           counts, and for later ones that were read otherwise than this one shows; the event
           itself under the key that the store knows, where its notification spelled it otherwise

Delivered twice: the second claim finds the work done. After a crash half way the same bytes give
the same chunks again, and nobody sees them before the one transaction at the end.
"""

import errno
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from common.events import Event, ObjectCreated, ObjectRef, ObjectRemoved, StoredObject
from common.exceptions import PermanentError, TransientError
from common.failpoints import failpoint
from common.ledger import Claim
from common.object_storage import Download, ObjectGoneError, ObjectStorage
from common.runtime import Failure, FailureKind
from common.versions import is_alive
from functions.ingest.frames import FrameRepository
from functions.ingest.reader import OpenQuestionError, open_file
from functions.ingest.repository import Known, UploadRepository
from functions.ingest.upload import Dataset, History, Place, Upload

_DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT}


def handle(
    event: Event,
    *,
    claim: Claim,
    storage: ObjectStorage,
    frames: FrameRepository,
    uploads: UploadRepository,
    scratch: Path,
) -> Sequence[Event]:
    """Bring the ledger to what the store says of the object, and return the events to publish.

    What people are told follows from the commit's own look at the ledger, so those events are
    staged with the writes.

    Raises:
        PermanentError: The branch is unknown, or not said, or the file holds no table of purchases.
        TransientError: A server cannot be reached, the object changed meanwhile, or the disk for
            temporary files is full.
    """
    if not isinstance(event, ObjectCreated | ObjectRemoved):
        raise TypeError(f"ingest does not handle {type(event).__name__}")
    ingest = partial(
        _ingest, claim=claim, storage=storage, frames=frames, uploads=uploads, scratch=scratch
    )
    if isinstance(event, ObjectCreated) and (told := event.told):
        first = uploads.begin_first(claim, told, event)
        if first is not None:
            # The list would only repeat it. Should it no longer be so, the next try asks for it.
            ingest(first, None)
            return []
    place = uploads.place(event.object)
    if place is None:
        uploads.mark_stray(claim, event.object)
        return []
    return _follow_list(event, place, ingest, claim=claim, storage=storage, uploads=uploads)


def _follow_list(
    event: ObjectCreated | ObjectRemoved,
    place: Place,
    ingest: Callable[[Upload, History], None],
    *,
    claim: Claim,
    storage: ObjectStorage,
    uploads: UploadRepository,
) -> Sequence[Event]:
    """Do what the store's list of the key's versions asks for, and return what to publish."""
    history = storage.history(event.object.key)
    if not history and event.other_key and storage.history(event.other_key):
        return [_under_other_key(event, event.other_key)]
    match event:
        case ObjectRemoved():
            uploads.settle_key(claim, place, history)
        case ObjectCreated(object=ObjectRef(version_id=None)):
            return [_announce(version, event) for version in history if not version.is_removal]
        case ObjectCreated() if not is_alive(event.object.version_id, history):
            gone = _find(event.object, history) or _as_announced(event, place.looked_at)
            uploads.mark_gone(claim, place, history, gone)
        case ObjectCreated():
            stored = _find(event.object, history)
            assert stored is not None, "alive, so it is in the list"
            ingest(uploads.begin(claim, place, stored, event), history)
    return []


def _ingest(  # noqa: PLR0913 - handle's own arguments, passed on
    upload: Upload,
    history: History,
    *,
    claim: Claim,
    storage: ObjectStorage,
    frames: FrameRepository,
    uploads: UploadRepository,
    scratch: Path,
) -> None:
    """Read the version that was begun, unless the client has uploaded the same bytes before.

    A file that can be read in two ways is no failure: a person is asked.
    """
    place = upload.place
    if not place.branch:
        raise PermanentError("no_branch")
    if not place.branch_is_known:
        raise PermanentError("unknown_branch", {"branch": place.branch})
    try:
        with storage.download(upload.stored, scratch=scratch) as file:
            failpoint("downloaded")
            known = uploads.known(upload, file.sha256)
            if known.is_current_elsewhere:
                uploads.mark_duplicate(claim, upload, history, file.sha256)
                return
            try:
                dataset = _read(upload, file, frames, known)
            except OpenQuestionError as question:
                uploads.mark_question(claim, upload, question, known.profile)
                return
    except ObjectGoneError as error:
        raise TransientError("the object was removed while it was read") from error
    except OSError as error:
        # Of the copy, or of what the reader puts beside it: there is room again once others end.
        if error.errno in _DISK_IS_FULL:
            raise TransientError(f"no room for temporary files: {error}") from error
        raise
    uploads.mark_stored(claim, upload, history, dataset)


def _read(upload: Upload, file: Download, frames: FrameRepository, known: Known) -> Dataset:
    """Write the file's rows where nobody sees them yet, and return what they are."""
    place = upload.place
    with open_file(
        file.path,
        stored_at=_wall_time(upload.stored.stored_at, place),
        profile=known.profile,
        scratch=file.path.parent,
    ) as reading:
        batches = reading.batches(all_or_nothing=place.takes_all_or_nothing)
        frame = frames.store(place.client, batches, size=file.size)
        return Dataset(
            sha256=file.sha256,
            was_read=known.was_read,
            frame=frame,
            understanding=reading.understanding,
        )


def record_failure(
    event: Event, *, claim: Claim, failure: Failure, uploads: UploadRepository
) -> Sequence[Event]:
    """Write a failed try on the upload, and return what its owner has to be told."""
    if not isinstance(event, ObjectCreated) or event.object.version_id is None:
        return []
    if failure.kind is FailureKind.POSTPONED:
        uploads.mark_waiting(claim, event.object, retry_in_s=failure.retry_in_s)
    elif failure.kind is FailureKind.PARKED:
        _park(event, claim, uploads)
    elif isinstance(failure.error, PermanentError):
        uploads.mark_rejected(claim, event.object, failure.error)
    return []


def _park(event: ObjectCreated, claim: Claim, uploads: UploadRepository) -> None:
    """Show the upload as given up on, also if no worker lived long enough to begin it."""
    place = uploads.place(event.object)
    if place is not None:
        uploads.mark_parked(claim, _as_announced(event, place.looked_at))


def _find(ref: ObjectRef, history: Sequence[StoredObject]) -> StoredObject | None:
    return next(
        (v for v in history if v.ref.version_id == ref.version_id and not v.is_removal), None
    )


def _under_other_key(event: ObjectCreated | ObjectRemoved, key: str) -> Event:
    return replace(event, object=replace(event.object, key=key), other_key=None)


def _announce(version: StoredObject, event: ObjectCreated) -> ObjectCreated:
    return ObjectCreated(
        object=version.ref,
        size=version.size,
        principal=event.principal,
        source=event.source,
        generation=event.generation,
    )


def _as_announced(event: ObjectCreated, looked_at: datetime) -> StoredObject:
    """Describe a version that is gone by what its notification said."""
    return StoredObject(
        ref=event.object, size=event.size or 0, stored_at=event.event_time or looked_at
    )


def _wall_time(when: datetime, place: Place) -> datetime:
    """Return an instant as the branch's clock on the wall shows it."""
    return when.astimezone(ZoneInfo(place.timezone))
