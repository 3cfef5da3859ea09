"""The door to the object store: list, look at, download and presign object versions."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from common.events import ObjectRef, StoredObject
from common.exceptions import PermanentError, TransientError
from common.settings import Settings
from common.versions import untied

STORE_ID_KEY = ".datacore/store-id"
_BLOCK_BYTES = 1 << 20
_PAGE = 1000  # versions; the most that a store lists at once
_ORDER, _VERSION, _MARKER = "Order", b"Version", b"DeleteMarker"
_KIND = re.compile(rb"<(Version|DeleteMarker)[\s>]")
_GONE = {"404", "NoSuchKey", "NoSuchVersion", "NotFound", "412", "PreconditionFailed", "405"}


class ObjectGoneError(Exception):
    """The store no longer has this object version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A complete local copy of an object version."""

    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A stretch of the bucket's list."""

    versions: list[StoredObject]
    goes_on: str | None  # where the next page begins; None: this was the last


class ObjectStorage:
    """One bucket of an S3 server."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.bucket
        self._max_bytes = settings.max_upload_bytes
        self._settings = settings
        self._client = _client(settings, settings.s3_endpoint_url)

    @cached_property
    def _public(self) -> Any:
        # Links are signed for the host that browsers reach, which opens no connection. To make a
        # client takes long, and most functions never sign.
        url = self._settings.s3_public_url
        return _client(self._settings, url) if url else self._client

    def check(self) -> None:
        """Make sure that the bucket is there and keeps versions.

        Raises:
            RuntimeError: The bucket keeps no versions.
            TransientError: The store cannot be reached, or the bucket is not there yet.
        """
        with _reaching_store():
            answer = self._client.get_bucket_versioning(Bucket=self.bucket)
        if answer.get("Status") != "Enabled":
            raise RuntimeError(f"bucket {self.bucket} must have versioning enabled")

    def history(self, key: str) -> list[StoredObject]:
        """Return every version and delete marker of one key."""
        return [version for version in self.versions(key) if version.ref.key == key]

    def versions(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield every version and delete marker under `prefix`."""
        more: dict[str, str] = {}
        while True:
            with _reaching_store():
                page = self._client.list_object_versions(Bucket=self.bucket, Prefix=prefix, **more)
            yield from self._on_page(page)
            if not page["IsTruncated"]:
                return
            more = {"KeyMarker": page["NextKeyMarker"]}
            if version := page.get("NextVersionIdMarker"):
                more["VersionIdMarker"] = version

    def page_of_versions(self, after: str) -> Page:
        """Return the versions of the next keys, each key with all it has.

        `after` is where the page before goes on, or '' for the first.
        """
        if after and self._walks_folders:
            return self._page_of_keys(after)
        with _reaching_store():
            answer = self._client.list_object_versions(
                Bucket=self.bucket, KeyMarker=after, MaxKeys=_PAGE
            )
        versions = self._on_page(answer)
        if not answer["IsTruncated"]:
            return Page(versions=versions, goes_on=None)
        if self._walks_folders:
            return self._page_of_keys(after)
        # The page may have cut its last key in two.
        last = answer["NextKeyMarker"]
        whole = [version for version in versions if version.ref.key != last]
        return Page(versions=whole + self.history(last), goes_on=last)

    @cached_property
    def _walks_folders(self) -> bool:
        with _reaching_store():
            return _is_seaweedfs(self._client.get_bucket_versioning(Bucket=self.bucket))

    def _page_of_keys(self, token: str) -> Page:
        """Return the next page of a store whose list of versions cannot be relied upon.

        SeaweedFS walks folders, where `acme/` comes before `acme-b/`, and skips by the order of
        keys, where it comes after. Its list of objects goes on where it ended; it lacks keys whose
        newest version is a delete marker.
        """
        more = {"ContinuationToken": token} if token else {}
        with _reaching_store():
            answer = self._client.list_objects_v2(Bucket=self.bucket, MaxKeys=_PAGE, **more)
        keys = [found["Key"] for found in answer.get("Contents", ())]
        versions = [version for key in keys for version in self.history(key)]
        return Page(versions=versions, goes_on=answer.get("NextContinuationToken"))

    def store_id(self) -> str | None:
        """Return what marks this bucket, or None: it was emptied, or never marked."""
        try:
            with _reaching_store():
                answer = self._client.get_object(Bucket=self.bucket, Key=STORE_ID_KEY)
                content: bytes = answer["Body"].read(200)
        except ObjectGoneError:
            return None
        return content.decode(errors="replace")

    def mark(self, store_id: str) -> None:
        """Write what tells this bucket from another of the same name."""
        with _reaching_store():
            self._client.put_object(Bucket=self.bucket, Key=STORE_ID_KEY, Body=store_id.encode())

    def _on_page(self, page: Mapping[str, Any]) -> list[StoredObject]:
        lists = {
            _VERSION: iter(page.get("Versions", ())),
            _MARKER: iter(page.get("DeleteMarkers", ())),
        }
        return untied([
            self._listed(next(lists[kind]), page, is_removal=kind == _MARKER)
            for kind in page[_ORDER]
        ])

    def _listed(
        self, version: Mapping[str, Any], page: Mapping[str, Any], *, is_removal: bool
    ) -> StoredObject:
        return StoredObject(
            ref=ObjectRef(
                bucket=self.bucket,
                key=version["Key"],
                version_id=version["VersionId"],
                etag=version.get("ETag", "").strip('"') or None,
            ),
            size=version.get("Size", 0),
            stored_at=_stored_at(version["LastModified"], version["VersionId"], page),
            is_latest=version["IsLatest"],
            is_removal=is_removal,
        )

    @contextmanager
    def download(self, stored: StoredObject, *, scratch: Path) -> Iterator[Download]:
        """Copy exactly this version into `scratch` while hashing it; the copy is removed after.

        Raises:
            ObjectGoneError: The store no longer has this version.
            PermanentError: It is larger than any file that is read.
            TransientError: The store cannot be reached, or the body was cut short.
        """
        if stored.size > self._max_bytes:
            raise PermanentError("too_large", {"bytes": self._max_bytes})
        path = scratch / "object"
        try:
            yield self._fetch(stored, path)
        finally:
            path.unlink(missing_ok=True)

    def _fetch(self, stored: StoredObject, path: Path) -> Download:
        digest = hashlib.sha256()
        size = 0
        with _reaching_store(), path.open("wb") as file:
            answer = self._client.get_object(
                Bucket=stored.ref.bucket,
                Key=stored.ref.key,
                VersionId=stored.ref.version_id,
                IfMatch=f'"{stored.ref.etag}"',
            )
            for block in answer["Body"].iter_chunks(_BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                file.write(block)
        if size != stored.size:
            raise TransientError(f"body has {size} of {stored.size} bytes")
        return Download(path=path, sha256=digest.hexdigest(), size=size)

    def presign_post(
        self,
        key: str,
        *,
        max_bytes: int,
        expires: timedelta,
        content_type: str,
        then: str | None = None,
    ) -> dict[str, Any]:
        """Return `url` and `fields` with which a browser may put exactly this key, once or more.

        The store leads it on to `then`, adding to its query, or answers with nothing to look at.
        """
        fields = {"Content-Type": content_type}
        if then is not None:
            fields["success_action_redirect"] = then
        answer: dict[str, Any] = self._public.generate_presigned_post(
            self.bucket,
            key,
            Fields=fields,
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", 1, max_bytes],
            ],
            ExpiresIn=round(expires.total_seconds()),
        )
        return answer

    def presign_put(self, key: str, *, size: int, expires: timedelta, content_type: str) -> str:
        """Return a URL to put exactly this key with exactly `size` bytes."""
        url: str = self._public.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self.bucket,
                "Key": key,
                "ContentLength": size,
                "ContentType": content_type,
            },
            ExpiresIn=round(expires.total_seconds()),
        )
        return url

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()


def _client(settings: Settings, endpoint_url: str | None) -> Any:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=settings.aws_region,
        aws_access_key_id=settings.aws_access_key_id or None,
        aws_secret_access_key=settings.aws_secret_access_key.get_secret_value() or None,
        aws_session_token=settings.aws_session_token.get_secret_value() or None,
        config=Config(
            signature_version="s3v4",  # the default presigns with the old one
            s3={"addressing_style": "path"},
            connect_timeout=5,
            read_timeout=30,
            retries={"max_attempts": 3, "mode": "standard"},
            # Each look at a small file costs more in here than in the store; what we ask is ours.
            parameter_validation=False,
        ),
    )
    client.meta.events.register("before-parse.s3.ListObjectVersions", _keep_order)
    return client


def _keep_order(
    response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Keep in which order versions and markers were listed: boto3 makes two lists of them."""
    customized_response_dict[_ORDER] = _KIND.findall(response_dict["body"])


def _is_seaweedfs(answer: Mapping[str, Any]) -> bool:
    server: str = answer["ResponseMetadata"]["HTTPHeaders"].get("server", "")
    return server.startswith("SeaweedFS")


def _stored_at(
    last_modified: datetime, version_id: str | None, answer: Mapping[str, Any]
) -> datetime:
    """Return the store's time of a version, as fine as the store tells it.

    `LastModified` counts whole seconds, so two overwrites within one are not ordered by it.
    SeaweedFS writes the time into the version id: 16 hex digits of 2^63 - 1 - nanoseconds.
    """
    if _is_seaweedfs(answer) and version_id and len(version_id) == 32:
        nanoseconds = (1 << 63) - 1 - int(version_id[:16], 16)
        precise = datetime.fromtimestamp(nanoseconds // 1_000_000_000, UTC) + timedelta(
            microseconds=nanoseconds % 1_000_000_000 // 1000
        )
        if abs(precise - last_modified) < timedelta(seconds=5):
            return precise
    return last_modified.astimezone(UTC)


@contextmanager
def _reaching_store() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _GONE:
            raise ObjectGoneError(str(error)) from error
        raise TransientError(f"object store: {error}") from error
    except (BotoCoreError, HTTPError, ConnectionError, TimeoutError) as error:
        raise TransientError(f"object store: {error}") from error
