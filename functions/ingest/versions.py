"""What becomes of the uploads of one key, given what the store holds of it now.

Pure, and independent of the order in which versions were announced or read: the newer version is
the one with the later store time, then version id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.events import StoredObject
from common.versions import is_alive, order

_COUNTS = {"stored", "duplicate"}  # outcomes that make an older version superseded


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyUpload:
    """One upload of a key, as the ledger has it."""

    upload_id: str
    version_id: str
    state: str
    outcome: str | None  # stored, duplicate, rejected; None: not read yet, or waiting for an answer


def settle(uploads: Sequence[KeyUpload], history: Sequence[StoredObject]) -> Mapping[str, str]:
    """Return the state of each upload of the key, by upload id.

    Removed versions are `removed`. Of the others that were read into a dataset the newest keeps
    its outcome and older ones are `superseded`; so a newer version that was rejected, or waits for
    an answer, leaves the older one current.
    """
    age = {v.ref.version_id: order(v) for v in history}
    alive = [u for u in uploads if is_alive(u.version_id, history)]
    states = {u.upload_id: "removed" for u in uploads} | {u.upload_id: _own(u) for u in alive}
    counting = sorted((u for u in alive if u.outcome in _COUNTS), key=lambda u: age[u.version_id])
    return states | {older.upload_id: "superseded" for older in counting[:-1]}


def _own(upload: KeyUpload) -> str:
    if upload.outcome:
        return upload.outcome
    # Deleted before it was read, and back again: it has yet to be read.
    return "announced" if upload.state == "removed" else upload.state
