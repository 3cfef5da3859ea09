"""What functions tell each other and what stores tell them: frozen dataclasses.

How they travel is said by `common.messages`.
"""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, cast

_NANOSECONDS = re.compile("[0-9A-F]{16}")  # since 1970


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRef:
    """One object version in the store."""

    bucket: str
    key: str  # decoded, as the store's own list shows it
    version_id: str | None = None  # None: not announced; the handler lists the key's versions
    etag: str | None = None  # without quotes


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredObject:
    """What the store says of one object version: the truth behind a notification."""

    ref: ObjectRef  # with version id and ETag
    size: int  # bytes
    stored_at: datetime  # UTC
    is_latest: bool = False
    is_removal: bool = False  # a delete marker: no bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Base of every event; `queue` names the function that is woken."""

    queue: ClassVar[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectCreated(Event):
    """A store says, or reconcile found, that an object version exists."""

    queue: ClassVar[str] = "ingest"
    object: ObjectRef
    size: int | None = None
    event_time: datetime | None = None
    sequencer: str | None = None
    principal: str | None = None  # who put it, where the store says so
    source: str  # aws:s3, minio:s3, rustfs:s3, ceph:s3, seaweedfs, reconcile, replay
    generation: int = 0  # raised to have finished work done again
    other_key: str | None = None  # the key, if this store encodes keys otherwise than we think

    @property
    def told(self) -> StoredObject | None:
        """The version as its store would list it; None where the notification says less.

        MinIO tells all of it: its sequencer is the version's time in nanoseconds, in hexadecimal.
        """
        ref = self.object
        time = _NANOSECONDS.fullmatch(self.sequencer or "")
        if self.source != "minio:s3" or time is None or self.size is None:
            return None
        # MinIO encodes slashes, too; a key without any is no client's, so it is not the other one.
        if ref.version_id is None or ref.etag is None or "/" in (self.other_key or ""):
            return None
        since = timedelta(milliseconds=int(time[0], 16) // 1_000_000)
        stored_at = datetime.fromtimestamp(0, UTC) + since
        return StoredObject(ref=ref, size=self.size, stored_at=stored_at, is_latest=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRemoved(Event):
    """A store says, or reconcile found, that a key is hidden by a delete, or a version erased."""

    queue: ClassVar[str] = "ingest"
    object: ObjectRef
    is_erased: bool = False  # this very version is gone; erasing a delete takes the delete back
    event_time: datetime | None = None
    sequencer: str | None = None
    source: str
    generation: int = 0
    other_key: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetsChanged(Event):
    """A nudge: look at this client's datasets again."""

    queue: ClassVar[str] = "cluster"
    client: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentationStored(Event):
    """A client has a new current segmentation."""

    queue: ClassVar[str] = "notify"
    client: str
    segmentation: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadEvent(Event):
    """Base of what became of an upload."""

    queue: ClassVar[str] = "notify"
    client: str
    upload: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadStored(UploadEvent):
    """The upload's dataset is stored and current."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadDuplicated(UploadEvent):
    """The same bytes had been uploaded before by this client."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadRejected(UploadEvent):
    """The file could not be read as purchases."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadNeedsAnswer(UploadEvent):
    """The file can be read in two ways; a person has to choose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadParked(UploadEvent):
    """The upload was given up on; an operator has to look."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchSilent(Event):
    """A branch has sent nothing for longer than it usually does."""

    queue: ClassVar[str] = "notify"
    client: str
    branch: str
    last_upload: str  # the next one ends the silence
    last_at: datetime
    usual_days: int  # between two uploads


def client_of(event: Event) -> str | None:
    """Return the client that an event is about; for an object, the first part of its key."""
    if isinstance(event, ObjectCreated | ObjectRemoved):
        client, slash, _ = event.object.key.partition("/")
        return client if slash and client else None
    return cast("str", getattr(event, "client", None))


def upload_id(ref: ObjectRef) -> str:
    """Name an upload after its object version, so that it is known before it is written."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"s3://{ref.bucket}/{ref.key}@{ref.version_id}"))


def upload_of(event: Event) -> str | None:
    """Return the upload that an event is about; None where its version was not announced."""
    match event:
        case ObjectCreated(object=ref) | ObjectRemoved(object=ref):
            return upload_id(ref) if ref.version_id else None
        case UploadEvent():
            return event.upload
        case _:
            return None


def subject_of(event: Event) -> str:
    """Name what the event asks to be done: two events with one subject are one piece of work."""
    match event:
        case ObjectCreated(object=ref) | ObjectRemoved(object=ref):
            kind = "ObjectErased" if getattr(event, "is_erased", False) else type(event).__name__
            # Without a version: the same bytes put again are other work, and come at another time.
            moment = event.sequencer or event.event_time or ""
            version = ref.version_id or f"{ref.etag or ''}/{moment}".strip("/")
            return f"{kind}:{ref.bucket}/{ref.key}@{version}#{event.generation}"
        case SegmentationStored():
            return f"SegmentationStored:{event.client}/{event.segmentation}"
        case UploadEvent():
            return f"{type(event).__name__}:{event.client}/{event.upload}"
        case BranchSilent():
            return f"BranchSilent:{event.client}/{event.branch}@{event.last_upload}"
        case _:
            return f"{type(event).__name__}:{client_of(event)}"


EVENTS: Mapping[str, type[Event]] = {
    cls.__name__: cls
    for cls in (
        ObjectCreated,
        ObjectRemoved,
        DatasetsChanged,
        SegmentationStored,
        UploadStored,
        UploadDuplicated,
        UploadRejected,
        UploadNeedsAnswer,
        UploadParked,
        BranchSilent,
    )
}

FUNCTIONS = ("ingest", "cluster", "notify")  # the queues, one per event-driven function
