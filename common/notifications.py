"""What object stores announce, as events: each kind of server says it in its own way.

A notification is a hint: the handler asks the store for the truth. Only the first that is heard of
a key may be all there is to know (`ObjectCreated.told`).
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote, unquote_plus

from common.events import ObjectCreated, ObjectRef, ObjectRemoved
from common.purchase_files import is_purchase_file

_KEYS_ENCODED_AS_FORM = {"aws:s3", "minio:s3", "rustfs:s3"}  # moto says aws:s3 as well
# Ceph announces the begin of a multipart upload as Post: the store's list does not show it yet.
_CREATED = {"Put", "Post", "Copy", "CompleteMultipartUpload"}


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
