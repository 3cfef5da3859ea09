"""What the uploads of a key are, given what the store holds of it, and whether other data counts.

All runs in the transaction that ends a claim, and takes the client's row first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from common import events
from common.events import DatasetsChanged, Event, StoredObject
from common.postgres import ConflictError, later, prepared
from functions.ingest.overlaps import wake_asking
from functions.ingest.upload import History, Place
from functions.ingest.versions import KeyUpload, settle

Write = Callable[[Connection], list[Event]]

# The client's row first: changes of one client happen one after the other.
_LOCK_AND_LOOK = prepared("""
    WITH client AS (SELECT id FROM clients WHERE id = :client FOR NO KEY UPDATE)
    INSERT INTO object_keys (client_id, bucket, key, looked_at)
    SELECT client.id, :bucket, :key, CAST(:looked_at AS timestamptz) FROM client
    ON CONFLICT (client_id, bucket, key) DO UPDATE SET looked_at = excluded.looked_at
    WHERE object_keys.looked_at < excluded.looked_at
       OR object_keys.looked_at IS NULL AND excluded.looked_at IS NOT NULL
""")

# A statement of its own: one that waits for a lock sees what was there before it waited.
_CONTENTS = prepared("""
    SELECT sha256 FROM uploads
    WHERE client_id = :client AND bucket = :bucket AND key = :key AND sha256 IS NOT NULL
""")

_OF_KEY = prepared("""
    SELECT id, version_id, state, outcome FROM uploads
    WHERE client_id = :client AND bucket = :bucket AND key = :key
""")

# What of these contents counts, and which uploads of the key are there for repairs to mend.
_CURRENT = text("""
    SELECT sha256, upload_id, branch, frame_id, rejected_frame_id FROM current_datasets
    WHERE client_id = :client AND sha256 = ANY(:contents)
    UNION ALL
    SELECT DISTINCT u.sha256, u.id, '', '', '' FROM uploads u
    JOIN repairs r ON r.client_id = u.client_id AND r.upload_id = u.id
    WHERE u.client_id = :client AND u.bucket = :bucket AND u.key = :key
      AND u.state IN ('stored', 'duplicate', 'superseded')
""")


class _Current(NamedTuple):
    sha256: str
    upload_id: str
    branch: str
    frame_id: str
    rejected_frame_id: str


_SET_STATE = prepared("""
    UPDATE uploads SET state = :state, settled_at = coalesce(settled_at, now())
    WHERE client_id = :client AND id = :id
""")

_RAISE_VERSION = prepared("""
    UPDATE clients SET data_version = data_version + 1 WHERE id = :client
    RETURNING data_version > segmented_version + 1 AS lagged_before
""")


def settling(
    place: Place,
    history: History,
    *,
    sha256: str | None = None,
    was_read: bool = False,
    change: Write | None = None,
) -> Write:
    """Return a write that makes `change`, settles the key, and nudges if other data counts now.

    Uploads that ask about one which no longer counts are read again.

    `sha256` is the content that `change` is about; it `was_read` if there was a dataset of it when
    the file was hashed. If one came since, and counts, `change` raises ConflictError.
    """
    key = {"client": place.client, "bucket": place.object.bucket, "key": place.object.key}
    looked_at = None if history is None else place.looked_at

    def write(connection: Connection) -> list[Event]:
        if not connection.execute(_LOCK_AND_LOOK, key | {"looked_at": looked_at}).rowcount:
            raise ConflictError("the key was looked at again meanwhile")
        of_key = [] if history is None else connection.execute(_CONTENTS, key).scalars().all()
        contents = {*of_key, *([sha256] if sha256 else [])}
        # Most files are new, under a new key: nothing of them can count.
        is_new = not (of_key or was_read)
        before = set() if is_new else _current(connection, key, contents)
        following = change(connection) if change is not None else []
        if history is not None:
            _apply_states(connection, key, history)
        # And once they are stored they do.
        is_added = is_new and any(isinstance(e, events.UploadStored) for e in following)
        after = before if is_added else _current(connection, key, contents)
        if is_added or after != before:
            following += nudge(connection, place.client)
        if gone := {each.upload_id for each in before - after}:
            following += wake_asking(connection, place.client, gone)
        return following

    return write


def nudge(connection: Connection, client: str) -> list[Event]:
    """Raise the version of the client's data, and return what tells of it.

    Who lagged before was nudged for that; the look that follows, or the one that is under way, sees
    this change too, or nudges again.
    """
    raised = connection.execute(_RAISE_VERSION, {"client": client}).one()
    return [] if raised.lagged_before else [DatasetsChanged(client=client)]


def _current(
    connection: Connection, key: Mapping[str, object], contents: Collection[str]
) -> set[_Current]:
    names = {**key, "contents": list(contents)}
    return {_Current(*row) for row in connection.execute(_CURRENT, names)}


def _apply_states(
    connection: Connection, key: Mapping[str, object], history: Sequence[StoredObject]
) -> None:
    uploads = [
        KeyUpload(
            upload_id=row.id,
            version_id=row.version_id,
            state=row.state,
            outcome=row.outcome,
        )
        for row in connection.execute(_OF_KEY, key)
    ]
    states = settle(uploads, history)
    for upload in uploads:
        if states[upload.upload_id] != upload.state:
            later(
                connection,
                _SET_STATE,
                {
                    "client": key["client"],
                    "id": upload.upload_id,
                    "state": states[upload.upload_id],
                },
            )
