"""The door to MongoDB: frames, and rejected rows, as immutable chunks under a manifest.

A chunk is named by its content, `_id = {client, sha256}`, and inserted if absent; a manifest lists
a frame's chunks in order and comes last. What no row in PostgreSQL names is invisible, so a crash
half way leaves nothing that anyone reads, and doing it again writes the same chunks.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.errors import BulkWriteError, ConnectionFailure, PyMongoError

from common.exceptions import TransientError
from common.failpoints import failpoint

# Frames need pyarrow, which takes longer to load than all else here: it loads with the first frame.
if TYPE_CHECKING:
    import pyarrow as pa

    from common import frame

_DUPLICATE_KEY = 11000


class MissingChunkError(RuntimeError):
    """A manifest names a chunk that is not there or not what its name says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What a frame consists of."""

    frame_id: str
    rows: int
    chunks: tuple[str, ...]  # sha256 of each chunk, in row order


def _frame_id(hashes: tuple[str, ...], names: Mapping[str, object]) -> str:
    canonical = json.dumps([hashes, sorted(names.items())], default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


# Most files have no rejected rows: their frame is written nowhere.
_NO_ROWS = Manifest(frame_id=_frame_id((), {}), rows=0, chunks=())


class Mongo:
    """Chunks and manifests of all clients; every call names its client."""

    def __init__(self, url: SecretStr, database: str) -> None:
        # Connects in the background at first use; a majority that is on disk answers a write.
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            url.get_secret_value(), serverSelectionTimeoutMS=5000, appname="datacore"
        )
        self._chunks = self._client[database]["chunks"]
        self._manifests = self._client[database]["manifests"]

    def put_chunks(self, client: str, chunks: "Sequence[frame.Chunk]") -> None:
        """Insert the chunks that are not there yet."""
        now = datetime.now(UTC)
        documents = [
            {"_id": {"client": client, "sha256": c.sha256}, "content": c.content, "seen_at": now}
            for c in chunks
        ]
        with _reaching_mongo():
            try:
                self._chunks.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if any(e["code"] != _DUPLICATE_KEY for e in error.details["writeErrors"]):
                    raise
        failpoint("mongo_batch_k")

    def put_manifest(
        self, client: str, chunks: "Sequence[frame.Chunk]", **names: object
    ) -> Manifest:
        """Write the manifest of `chunks`; `names` are what else the frame's id depends on."""
        hashes = tuple(c.sha256 for c in chunks)
        manifest = Manifest(
            frame_id=_frame_id(hashes, names), rows=sum(c.rows for c in chunks), chunks=hashes
        )
        if manifest == _NO_ROWS:
            return manifest
        document = {
            "rows": manifest.rows,
            "chunks": list(hashes),
            "seen_at": datetime.now(UTC),
        }
        with _reaching_mongo():
            self._manifests.update_one(
                {"_id": {"client": client, "frame_id": manifest.frame_id}},
                {"$setOnInsert": document},
                upsert=True,
            )
        failpoint("mongo_done")
        return manifest

    def manifest(self, client: str, frame_id: str) -> Manifest:
        """Return a frame's manifest.

        Raises:
            MissingChunkError: There is none.
        """
        if frame_id == _NO_ROWS.frame_id:
            return _NO_ROWS
        with _reaching_mongo():
            found = self._manifests.find_one({"_id": {"client": client, "frame_id": frame_id}})
        if found is None:
            raise MissingChunkError(f"no manifest {frame_id}")
        return Manifest(frame_id=frame_id, rows=found["rows"], chunks=tuple(found["chunks"]))

    def read(
        self, client: str, frame_id: str, columns: Sequence[str] | None = None
    ) -> "Iterator[pa.Table]":
        """Yield a frame's rows, a chunk at a time, in order.

        Raises:
            MissingChunkError: A chunk is gone, or its bytes are not those of its name.
        """
        from common import frame

        for sha256 in self.manifest(client, frame_id).chunks:
            with _reaching_mongo():
                found = self._chunks.find_one({"_id": {"client": client, "sha256": sha256}})
            if found is None or hashlib.sha256(found["content"]).hexdigest() != sha256:
                raise MissingChunkError(f"chunk {sha256} of frame {frame_id}")
            yield frame.decode(found["content"], columns)

    def check(self) -> None:
        """Make sure that a primary answers.

        Raises:
            TransientError: None does.
        """
        with _reaching_mongo():
            answer = self._client.admin.command("hello")
        # A server that was just started answers before it takes writes.
        if not answer["isWritablePrimary"]:
            raise TransientError("MongoDB: no primary")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


@contextmanager
def _reaching_mongo() -> Iterator[None]:
    try:
        yield
    except (ConnectionFailure, PyMongoError) as error:
        raise TransientError(f"MongoDB: {error}") from error
