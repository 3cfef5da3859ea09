"""What becomes of the uploads of one key, given what the store holds of it now.

Pure, and independent of the order in which versions were announced or read: the newer version is
the one with the later store time, then version id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.events import StoredObject

_COUNTS = {"stored", "duplicate"}  # outcomes that make an older version superseded


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyUpload:
    """One upload of a key, as the ledger has it."""

    upload_id: str
    version_id: str
    stored_at: datetime
    state: str
    outcome: str | None  # stored, duplicate, rejected; None: not read yet, or waiting for an answer


def is_alive(version_id: str | None, history: Iterable[StoredObject]) -> bool:
    """Say whether this version is in the store and no later delete hides it."""
    versions = list(history)
    mine = next((v for v in versions if v.ref.version_id == version_id and not v.is_removal), None)
    if mine is None:
        return False
    return not any(v.is_removal and _order(v) > _order(mine) for v in versions)


def settle(uploads: Sequence[KeyUpload], history: Sequence[StoredObject]) -> Mapping[str, str]:
    """Return the state of each upload of the key, by upload id.

    Removed versions are `removed`. Of the others that were read into a dataset the newest keeps
    its outcome and older ones are `superseded`; so a newer version that was rejected, or waits for
    an answer, leaves the older one current.
    """
    alive = [u for u in uploads if is_alive(u.version_id, history)]
    states = {u.upload_id: "removed" for u in uploads} | {u.upload_id: _own(u) for u in alive}
    counting = sorted(
        (u for u in alive if u.outcome in _COUNTS), key=lambda u: (u.stored_at, u.version_id)
    )
    return states | {older.upload_id: "superseded" for older in counting[:-1]}


def _own(upload: KeyUpload) -> str:
    if upload.outcome:
        return upload.outcome
    # Deleted before it was read, and back again: it has yet to be read.
    return "announced" if upload.state == "removed" else upload.state


def _order(version: StoredObject) -> tuple[datetime, str]:
    return version.stored_at, version.ref.version_id or ""
