"""The door to MongoDB: frames, and rejected rows, as immutable chunks under a manifest.

A chunk is named by its content, `_id = {client, sha256}`, and inserted if absent; a manifest lists
the chunks of a frame that has several, in order, and comes last. Most frames are one chunk, and
named after it: each write waits for the disk, and small files are many. What no row in PostgreSQL
names is invisible, so a crash half way leaves nothing that anyone reads, and doing it again writes
the same chunks.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.errors import BulkWriteError, ConnectionFailure, OperationFailure

from common.exceptions import TransientError
from common.failpoints import failpoint

# Frames need pyarrow, which takes longer to load than all else here: it loads with the first frame.
if TYPE_CHECKING:
    import pyarrow as pa

    from common import frame

_DUPLICATE_KEY = 11000
_TOO_LARGE = 10334  # a document that no server will ever take
_WITHOUT_MANIFEST = ("0", "1")  # chunks


class MissingChunkError(RuntimeError):
    """A manifest names a chunk that is not there or not what its name says."""


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
        """Insert the chunks that are not there yet.

        Raises:
            TransientError: The server cannot be reached, or no majority has them on disk.
        """
        now = datetime.now(UTC)
        documents = [
            {"_id": {"client": client, "sha256": c.sha256}, "content": c.content, "seen_at": now}
            for c in chunks
        ]
        with _reaching_mongo():
            try:
                self._chunks.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not _were_there(error):
                    raise
        failpoint("mongo_batch_k")

    def put_manifest(self, client: str, chunks: "Sequence[frame.Chunk]") -> str:
        """Bind chunks that are there into a frame, in this order; return the frame's id."""
        hashes = [chunk.sha256 for chunk in chunks]
        frame_id = _frame_id(hashes)
        if len(hashes) > 1:
            document = {"chunks": hashes, "seen_at": datetime.now(UTC)}
            with _reaching_mongo():
                self._manifests.update_one(
                    {"_id": {"client": client, "frame_id": frame_id}},
                    {"$setOnInsert": document},
                    upsert=True,
                )
        failpoint("mongo_done")
        return frame_id

    def read(
        self, client: str, frame_id: str, columns: Sequence[str] | None = None
    ) -> "Iterator[pa.Table]":
        """Yield a frame's rows, a chunk at a time, in order.

        Raises:
            MissingChunkError: A chunk or the list of them is gone, or its bytes are not those of
                its name.
        """
        from common import frame

        for sha256 in self._hashes(client, frame_id):
            with _reaching_mongo():
                found = self._chunks.find_one({"_id": {"client": client, "sha256": sha256}})
            if found is None or hashlib.sha256(found["content"]).hexdigest() != sha256:
                raise MissingChunkError(f"chunk {sha256} of frame {frame_id}")
            yield frame.decode(found["content"], columns)

    def _hashes(self, client: str, frame_id: str) -> Sequence[str]:
        count, _, name = frame_id.partition("-")
        if count in _WITHOUT_MANIFEST:
            return [name] * int(count)
        with _reaching_mongo():
            found = self._manifests.find_one({"_id": {"client": client, "frame_id": frame_id}})
        if found is None:
            raise MissingChunkError(f"no manifest {frame_id}")
        hashes: list[str] = found["chunks"]
        return hashes

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


def _were_there(error: BulkWriteError) -> bool:
    """Say whether nothing else is wrong than that some are there already, with a majority."""
    told = error.details
    is_known = all(each["code"] == _DUPLICATE_KEY for each in told["writeErrors"])
    return is_known and not told["writeConcernErrors"]


def _frame_id(hashes: Sequence[str]) -> str:
    """Return how many chunks a frame has and what names them: the only one itself, or a hash of all."""
    name = "".join(hashes)
    if str(len(hashes)) not in _WITHOUT_MANIFEST:
        name = hashlib.sha256(name.encode()).hexdigest()
    return f"{len(hashes)}-{name}"


@contextmanager
def _reaching_mongo() -> Iterator[None]:
    try:
        yield
    # What the server refuses is its state, or who may do what; all else is wrong in our own calls.
    except (ConnectionFailure, OperationFailure) as error:
        if isinstance(error, OperationFailure) and error.code == _TOO_LARGE:
            raise
        raise TransientError(f"MongoDB: {error}") from error
