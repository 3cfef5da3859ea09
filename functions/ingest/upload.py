"""What ingest works on: an upload, where it belongs, and what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from common.events import ObjectRef, StoredObject
from functions.ingest.conventions import File
from functions.ingest.frames import StoredFrame
from functions.ingest.reader import Understanding

# Every version and delete marker of a key, as the store lists them; None: it was not asked, since
# this version is the first that was heard of the key.
History = Sequence[StoredObject] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an object belongs, and when we looked at its key."""

    client: str
    branch: str
    branch_is_known: bool
    timezone: str
    takes_all_or_nothing: bool  # the client's policy for files with bad rows
    object: ObjectRef
    looked_at: datetime  # the database's clock, before the store was asked


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One upload that is being worked on."""

    upload_id: str
    place: Place
    stored: StoredObject

    @property
    def file(self) -> File:
        """What its conventions depend on."""
        return File(
            client=self.place.client,
            branch=self.place.branch,
            upload_id=self.upload_id,
            stored_at=self.stored.stored_at,
        )

    def names(self, sha256: str) -> dict[str, object]:
        """Return the parameters that name it and its content in a statement."""
        return {
            "client": self.place.client,
            "branch": self.place.branch,
            "id": self.upload_id,
            "sha256": sha256,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """The content of an upload, read and stored."""

    sha256: str
    was_read: bool  # there was a dataset of these bytes before, whether or not it counts
    frame: StoredFrame
    understanding: Understanding
