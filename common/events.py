"""What crosses the broker: frozen dataclasses, parsed once at the edge.

Two kinds of message arrive. Notifications of an object store differ by server and are parsed by
`parse_notification`; each becomes zero or more `ObjectCreated` / `ObjectRemoved`. Our own events
travel in an envelope whose fields are named as in CloudEvents 1.0 (`to_message`, `from_message`).

A notification is a hint: the handler asks the store for the truth. Only the first that is heard of
a key may be all there is to know (`ObjectCreated.told`).
"""

import base64
import binascii
import dataclasses
import hashlib
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast
from urllib.parse import unquote, unquote_plus

_NANOSECONDS = re.compile("[0-9A-F]{16}")  # since 1970


class UnreadableMessageError(ValueError):
    """The bytes are no message that we know; it can only be parked."""


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


# --- our own envelope -----------------------------------------------------------------------


def to_message(event: Event, *, event_id: str, source: str) -> bytes:
    """Return `event` as the body of a message.

    `event_id` names this fact once and for all: a second delivery carries the same id.
    """
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "type": type(event).__name__,
            "source": f"datacore/{source}",
            "data": dataclasses.asdict(event),
        },
        default=datetime.isoformat,
        sort_keys=True,
    ).encode()


def _from_envelope(envelope: Mapping[str, Any]) -> Event:
    try:
        cls = EVENTS[envelope["type"]]
        data = dict(envelope["data"])
        if "object" in data:
            data["object"] = ObjectRef(**data["object"])
        for moment in ("event_time", "last_at"):
            if data.get(moment):
                data[moment] = datetime.fromisoformat(data[moment])
        event = cls(**data)
        _check(event)
    except _MISSHAPEN as error:
        raise UnreadableMessageError(f"not one of our events: {_plain(error)}") from error
    return event


_MISSHAPEN = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


def _check(value: Event | ObjectRef) -> None:
    """Refuse what no database takes: a name that is no text, or holds NUL or half a character."""
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if isinstance(content, ObjectRef):
            _check(content)
        elif isinstance(content, str):
            if "\0" in content:
                raise ValueError(f"NUL in {field.name}")
            content.encode()
        elif not isinstance(content, field.type if isinstance(field.type, type) else _PLAIN):
            raise TypeError(f"{field.name} is a {type(content).__name__}")


_PLAIN = (int, datetime, type(None))


def _plain(value: object) -> str:
    return str(value).encode("unicode_escape").decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A parsed message: its events, and the id under which the journal knows it."""

    event_id: str
    events: tuple[Event, ...]
    raw: bytes


def from_message(body: bytes) -> Message:
    """Parse one message, ours or a store's notification.

    A test event and other harmless notices give no events.

    Raises:
        UnreadableMessageError: The body is no JSON object, or has an unknown shape.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableMessageError(f"not JSON: {_plain(error)}") from error
    if not isinstance(content, dict):
        raise UnreadableMessageError("not a JSON object")
    if "specversion" in content:
        event_id = _plain(content.get("id", ""))
        return Message(event_id=event_id, events=(_from_envelope(content),), raw=body)
    try:
        events = tuple(parse_notification(content))
        for event in events:
            _check(event)
    except _MISSHAPEN as error:
        raise UnreadableMessageError(
            f"notification of an unknown shape: {_plain(error)}"
        ) from error
    return Message(event_id=_notification_id(events, body), events=events, raw=body)


def _notification_id(events: tuple[Event, ...], body: bytes) -> str:
    """Name a notification after what it says, so that a second delivery has the same id.

    Stores set no message id; the same fact is told with the same bucket, key, version and
    sequencer (or time), whatever the order of fields.
    """
    if not events:
        return hashlib.sha256(body).hexdigest()
    facts = [[type(e).__name__, dataclasses.asdict(e)] for e in events]
    canonical = json.dumps(facts, default=datetime.isoformat, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


# --- notifications of object stores ---------------------------------------------------------

_KEYS_ENCODED_AS_FORM = {"aws:s3", "minio:s3", "rustfs:s3"}  # moto says aws:s3 as well
# Ceph announces the begin of a multipart upload as Post: the store's list does not show it yet.
_CREATED = {"Put", "Post", "Copy", "CompleteMultipartUpload"}
PURCHASE_ENDINGS = (".csv", ".csv.gz", ".zip")
_PARTIAL_NAMES = (".part", ".tmp", ".crdownload", ".filepart")


def parse_notification(content: Mapping[str, Any]) -> Iterator[ObjectCreated | ObjectRemoved]:
    """Yield the events of a notification.

    AWS S3, MinIO, RustFS, Ceph, versitygw and moto send S3 records, SeaweedFS its own.

    Raises:
        KeyError, TypeError, ValueError: The notification has an unknown shape.
    """
    if "Records" in content:
        for record in content["Records"] or ():
            # RustFS wraps each record for AMQP and MQTT, and sends it plain elsewhere.
            yield from _parse_s3_record(record.get("data", record))
    elif "eventSource" in content and "s3" in content:
        yield from _parse_s3_record(content)
    elif "event_type" in content and "message" in content:
        yield from _parse_seaweedfs(content)
    elif content.get("Event") != "s3:TestEvent":
        raise ValueError("neither S3 records nor a SeaweedFS filer change")


def purchase_ending(name: str) -> str | None:
    """Return which of the endings a name has that we read; None: it has none of them.

    They are compared without case: tills write `.CSV` as often as `.csv`.
    """
    return next((end for end in PURCHASE_ENDINGS if name.lower().endswith(end)), None)


def is_purchase_file(key: str) -> bool:
    """Say whether `key` names a file that is ours to read: no folder, no half-written file."""
    name = key.rsplit("/", 1)[-1]
    return (
        purchase_ending(name) is not None
        and not name.startswith("~$")
        and not name.lower().endswith(_PARTIAL_NAMES)
    )


def _parse_s3_record(record: Mapping[str, Any]) -> Iterator[ObjectCreated | ObjectRemoved]:
    source = record["eventSource"]
    who = record.get("userIdentity") or {}
    kind, _, detail = record["eventName"].removeprefix("s3:").partition(":")
    s3 = record["s3"]
    key, other_key = _keys(s3["object"]["key"], source, is_versitygw="PrincipalId" in who)
    if not is_purchase_file(key):
        return
    version = s3["object"].get("versionId") or None
    ref = ObjectRef(
        bucket=s3["bucket"]["name"],
        key=key,
        version_id=None if version == "null" else version,
        etag=(s3["object"].get("eTag") or "").strip('"') or None,
    )
    when = _time(record.get("eventTime"))
    sequencer = s3["object"].get("sequencer") or None
    if kind == "ObjectRemoved":
        yield ObjectRemoved(
            object=ref,
            is_erased=detail != "DeleteMarkerCreated",
            event_time=when,
            sequencer=sequencer,
            source=source,
            other_key=other_key,
        )
    # MinIO also announces tags and retention as ObjectCreated: they change no content.
    elif kind == "ObjectCreated" and detail in _CREATED:
        size = s3["object"].get("size")
        yield ObjectCreated(
            object=ref,
            # MinIO leaves the size of an empty object out.
            size=0 if size is None and source == "minio:s3" else _number(size),
            event_time=when,
            sequencer=sequencer,
            principal=who.get("principalId") or who.get("PrincipalId") or None,
            source=source,
            other_key=other_key,
        )


def _keys(raw: str, source: str, *, is_versitygw: bool) -> tuple[str, str | None]:
    """Return the key, and what it is if the store encodes keys otherwise than we think.

    Decoded exactly once: twice turns `a%2Fb` into a folder, never leaves `+` for a space.
    versitygw calls itself aws:s3, but tells a path as it was sent; of many deletes at once, the key.
    """
    if is_versitygw:
        key, other = unquote(raw), raw
    elif source in _KEYS_ENCODED_AS_FORM:
        key, other = unquote_plus(raw), raw
    else:
        key, other = raw, unquote_plus(raw)
    return key, None if other == key else other


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _number(value: object) -> int | None:
    return None if value is None or value == "" else int(cast("str", value))


def _parse_seaweedfs(content: Mapping[str, Any]) -> Iterator[ObjectCreated | ObjectRemoved]:
    """Read one filer change: `/buckets/<bucket>/<key>[.versions/v_<version>]`.

    An update only changes attributes (an older version is marked as no longer the latest), and
    multipart parts live under `.uploads/`: neither is an object that appeared or went.
    """
    message = content["message"]
    entry = message.get("new_entry") or message.get("old_entry")
    if not entry or entry.get("is_directory") or content["event_type"] == "update":
        return
    bucket, _, path = content["key"].removeprefix("/buckets/").partition("/")
    if path.startswith((".uploads/", ".system/")):
        return
    extended = entry.get("extended") or {}
    version = _base64_text(extended.get("Seaweed-X-Amz-Version-Id"))
    key = path.removesuffix(f".versions/v_{version}") if version else path
    if not is_purchase_file(key):
        return
    attributes = entry.get("attributes") or {}
    ref = ObjectRef(
        bucket=bucket,
        key=key,
        version_id=version,
        etag=_base64_text(extended.get("Seaweed-X-Amz-ETag")),
    )
    is_erased = content["event_type"] == "delete"
    if is_erased or "Seaweed-X-Amz-Delete-Marker" in extended:
        yield ObjectRemoved(object=ref, is_erased=is_erased, source="seaweedfs")
    else:
        size = int(attributes.get("file_size") or 0)
        yield ObjectCreated(object=ref, size=size, source="seaweedfs")


def _base64_text(value: str | None) -> str | None:
    if not value:
        return None
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError(f"not base64: {value!r}") from error
