"""What the handler asks of uploads and datasets, and has written of them, in PostgreSQL.

Reads and `begin` are short transactions of their own. All `mark_*` are staged on the claim and run
in the one transaction that ends it; each takes the client's row first, so that the changes of one
client happen one after the other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, text

from common import events
from common.events import Event, ObjectCreated, ObjectRef, StoredObject, upload_id
from common.exceptions import PermanentError
from common.ledger import Claim
from common.postgres import ConflictError, Postgres, prepared
from functions.ingest import datasets
from functions.ingest.conventions import (
    File,
    as_read_before,
    decisions_of,
    is_as_told,
    is_still_open,
    overtake,
    profile_of,
    wake_waiting,
)
from functions.ingest.keys import nudge, settling
from functions.ingest.overlaps import open_question
from functions.ingest.profiles import Decision
from functions.ingest.reader import FormatProfile, Question
from functions.ingest.upload import Dataset, History, Place, Upload


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the ledger knows before a file is read."""

    was_read: bool  # there is a dataset of these bytes, whether or not it counts
    is_current_elsewhere: bool  # another live upload of this client holds the same bytes
    profile: FormatProfile  # how it was read before, else what was decided or shown of its branch


_PLACE = """
    SELECT branches.id IS NOT NULL AS branch_is_known, coalesce(branches.timezone, 'UTC') AS timezone,
           clients.row_policy = 'all_or_nothing' AS takes_all_or_nothing,
           clock_timestamp() AS looked_at
    FROM clients LEFT JOIN branches ON branches.client_id = clients.id AND branches.id = :branch
    WHERE clients.id = :client
"""
_LOOK = prepared(_PLACE)

_STRAY = text("""
    INSERT INTO stray_objects (bucket, key, version_id, reason)
    VALUES (:bucket, :key, :version, :reason) ON CONFLICT DO NOTHING
""")

_UPLOAD = """
    INSERT INTO uploads (client_id, id, branch_id, bucket, key, version_id, filename, uploaded_by,
                         size, stored_at, state, generation)
    SELECT :client, :id, :branch, :bucket, :key, :version, coalesce(link.filename, :filename),
           coalesce(link.requested_by, :principal), CAST(:size AS bigint),
           CAST(:stored_at AS timestamptz), :state, CAST(:generation AS integer)
    FROM (SELECT 1) AS one
    LEFT JOIN upload_links AS link ON link.client_id = :client AND link.key = :key
"""

_BEGIN_FIRST = prepared(f"""
    WITH place AS ({_PLACE}), begun AS ({_UPLOAD}
        WHERE EXISTS (SELECT FROM place)
          AND NOT EXISTS (SELECT FROM object_keys
                          WHERE client_id = :client AND bucket = :bucket AND key = :key)
          AND NOT EXISTS (SELECT FROM uploads
                          WHERE client_id = :client AND bucket = :bucket AND key = :key)
        ON CONFLICT DO NOTHING RETURNING id)
    SELECT place.* FROM place, begun
""")  # noqa: S608 - constants only

_BEGIN = prepared(f"""
    {_UPLOAD}
    ON CONFLICT (client_id, id) DO UPDATE SET
        -- What counts goes on counting while it is read again.
        state = CASE WHEN uploads.state IN ('stored', 'duplicate') THEN uploads.state
                     WHEN uploads.settled_at IS NULL OR uploads.generation < excluded.generation
                     THEN excluded.state ELSE uploads.state END,
        -- What was said of the try before is no longer so.
        reason = CASE WHEN uploads.state IN ('stored', 'duplicate') THEN uploads.reason
                      WHEN uploads.settled_at IS NULL OR uploads.generation < excluded.generation
                      THEN NULL ELSE uploads.reason END,
        -- Who reads it has the time from the store's list; others only from what was announced.
        stored_at = CASE WHEN excluded.state = 'reading' THEN excluded.stored_at
                         ELSE uploads.stored_at END,
        generation = greatest(uploads.generation, excluded.generation)
""")

# What was read once is read again the same way, whatever the branch's files have shown since.
_KNOWN = prepared(f"""
    SELECT EXISTS ({datasets.ELSEWHERE}) AS is_current_elsewhere,
    EXISTS (SELECT FROM datasets WHERE client_id = :client AND sha256 = :sha256) AS was_read, (
        SELECT understanding FROM datasets JOIN uploads USING (client_id, sha256)
        WHERE client_id = :client AND uploads.id = :id AND sha256 = :sha256
          AND uploads.state IN ('stored', 'duplicate')) AS understanding,
    EXISTS (SELECT FROM branch_profiles
            WHERE client_id = :client AND branch_id = :branch) AS has_decisions
""")  # noqa: S608 - constants only

_STILL_COUNTS = text("""
    SELECT older.stored_at FROM uploads AS older JOIN uploads AS mine USING (client_id, bucket, key)
    WHERE mine.client_id = :client AND mine.id = :id AND older.id <> mine.id
      AND older.state IN ('stored', 'duplicate')
""")

_SET_REASON = text("""
    UPDATE uploads SET state = :state, outcome = :outcome, reason = :reason,
        params = CAST(:params AS jsonb),
        settled_at = CASE WHEN NOT :is_settled THEN NULL
                          WHEN outcome = :outcome THEN coalesce(settled_at, now()) ELSE now() END
    -- What counts goes on counting when reading it again fails.
    WHERE client_id = :client AND id = :id AND state NOT IN ('stored', 'duplicate')
""")

_HOLD_ASKED = text("""
    SELECT FROM uploads AS asked JOIN clients ON clients.id = asked.client_id
    JOIN branches ON branches.client_id = asked.client_id AND branches.id = asked.branch_id
    WHERE asked.client_id = :client AND asked.id = :id AND asked.state = 'needs_answer'
    FOR NO KEY UPDATE OF clients FOR SHARE OF branches
""")


class UploadRepository:
    """Uploads and datasets of all clients."""

    def __init__(self, app: Postgres) -> None:
        self._app = app

    # --- reads, and the one early write -----------------------------------------------------

    def place(self, ref: ObjectRef) -> Place | None:
        """Return where the object belongs, or None if no client has this prefix."""
        names = _names(ref)
        return _place(ref, self._app.execute(_LOOK, names, client=names["client"]))

    def begin_first(
        self, claim: Claim, stored: StoredObject, event: ObjectCreated
    ) -> Upload | None:
        """Show the first upload that is heard of under its key as being read, at once.

        None: it is not the first, or no client has this prefix. It is `place` and `begin` in one.
        """
        row = _upload_row(stored, state="reading") | _told(event)
        found = self._app.execute(_BEGIN_FIRST, row, client=claim.client, is_durable=False)
        place = _place(stored.ref, found)
        if place is None:
            return None
        return Upload(upload_id=upload_id(stored.ref), place=place, stored=stored)

    def begin(
        self, claim: Claim, place: Place, stored: StoredObject, event: ObjectCreated
    ) -> Upload:
        """Show the upload as being read, at once."""
        row = _upload_row(stored, state="reading") | _told(event)
        self._app.execute(_BEGIN, row, client=claim.client, is_durable=False)
        return Upload(upload_id=upload_id(stored.ref), place=place, stored=stored)

    def known(self, upload: Upload, sha256: str) -> Known:
        """Return what the client's other uploads tell about one with these bytes."""
        (row,) = self._app.execute(_KNOWN, upload.names(sha256), client=upload.place.client)
        profile = (
            self._profile(upload.file, has_decisions=row.has_decisions)
            if row.understanding is None
            else as_read_before(row.understanding)
        )
        return Known(
            was_read=row.was_read, is_current_elsewhere=row.is_current_elsewhere, profile=profile
        )

    def _profile(self, file: File, *, has_decisions: bool) -> FormatProfile:
        asking = partial(self._app.transaction, file.client)
        decisions: Sequence[Decision] = ()
        if has_decisions:
            with asking() as connection:
                decisions = decisions_of(connection, file)
        return profile_of(file, decisions, asking)

    # --- staged writes ----------------------------------------------------------------------

    def mark_stray(self, claim: Claim, ref: ObjectRef) -> None:
        """Tell the operator of an object that belongs to no client."""
        row = {"bucket": ref.bucket, "key": ref.key, "version": ref.version_id or ""}

        def write(connection: Connection) -> list[Event]:
            connection.execute(_STRAY, row | {"reason": "unknown_client"})
            return []

        claim.stage(write)

    def settle_key(self, claim: Claim, place: Place, history: Sequence[StoredObject]) -> None:
        """Bring the key's uploads to what the store holds of it now."""
        claim.stage(settling(place, history))

    def mark_gone(
        self, claim: Claim, place: Place, history: Sequence[StoredObject], stored: StoredObject
    ) -> None:
        """Account for an upload that was deleted before it was read."""
        row = _upload_row(stored, state="removed") | _NOT_TOLD

        def change(connection: Connection) -> list[Event]:
            connection.execute(_BEGIN, row)
            return []

        claim.stage(settling(place, history, change=change))

    def mark_duplicate(self, claim: Claim, upload: Upload, history: History, sha256: str) -> None:
        """Name the first upload of the same bytes, and tell.

        Of two uploads the one that came to the store earlier is the first, whichever was read
        first: then this one is stored, and the other turns out to be the duplicate.
        """
        client = upload.place.client

        def change(connection: Connection) -> list[Event]:
            first = datasets.first_of_bytes(connection, upload, sha256)
            if first is None:
                raise ConflictError("the first upload of these bytes is no longer current")
            datasets.set_outcome(
                connection, upload, "duplicate", sha256, first=first, reason="already_uploaded"
            )
            later = datasets.make_later_duplicates(
                connection, upload, [sha256], reason="already_uploaded"
            )
            if not later:
                return [events.UploadDuplicated(client=client, upload=upload.upload_id)]
            datasets.set_outcome(connection, upload, "stored", sha256)
            datasets.move(connection, upload, sha256)
            stored = events.UploadStored(client=client, upload=upload.upload_id)
            return [stored, *(events.UploadDuplicated(client=client, upload=u) for u in later)]

        claim.stage(settling(upload.place, history, sha256=sha256, was_read=True, change=change))

    def mark_stored(self, claim: Claim, upload: Upload, history: History, dataset: Dataset) -> None:
        """Make the dataset current, tell, and wake uploads that wait for what it shows.

        Of two files of a branch with the same rows the one that came to the store earlier is the
        first, as with the same bytes. Where another file has the same days, and nobody said what
        that means, it is asked instead.
        """
        shown = dataset.understanding.shown
        may_overtake = False

        def change(connection: Connection) -> list[Event]:
            nonlocal may_overtake
            client = upload.place.client
            found = datasets.likenesses(connection, upload, dataset)
            if found.same_bytes:
                raise ConflictError("another upload of the same bytes was stored meanwhile")
            first = datasets.first_of_rows(connection, upload, dataset) if found.same_rows else None
            if first is None and (other := open_question(connection, upload, found)):
                return _ask(connection, upload, Question.OVERLAPPING_DAYS, other)
            may_overtake = bool(shown) and found.has_told
            _check_told(connection, upload, dataset)
            datasets.put(connection, upload, dataset)
            woken = (
                wake_waiting(connection, client, upload.place.branch)
                if shown and found.has_waiting
                else []
            )
            if first is not None:
                datasets.set_outcome(
                    connection, upload, "duplicate", dataset.sha256, first=first, reason="same_rows"
                )
                return [events.UploadDuplicated(client=client, upload=upload.upload_id), *woken]
            later = datasets.make_later_duplicates(
                connection, upload, found.same_rows, reason="same_rows"
            )
            balance = dataset.frame.balance
            params = {
                "rows": balance.rows_in,
                "accepted": balance.accepted,
                "rejected": balance.rejected,
            }
            reason = None if balance.rows_in else "no_rows"
            datasets.set_outcome(
                connection, upload, "stored", dataset.sha256, reason=reason, params=params
            )
            stored = events.UploadStored(client=client, upload=upload.upload_id)
            duplicated = [events.UploadDuplicated(client=client, upload=u) for u in later]
            return [stored, *duplicated, *woken]

        def look_at_later_ones(connection: Connection) -> list[Event]:
            return _overtake(connection, upload.file, shown) if may_overtake else []

        claim.stage(
            settling(
                upload.place,
                history,
                sha256=dataset.sha256,
                was_read=dataset.was_read,
                change=change,
            )
        )
        claim.stage(look_at_later_ones)

    def mark_rejected(self, claim: Claim, ref: ObjectRef, error: PermanentError) -> None:
        """Keep why the file was refused."""
        self._mark(claim, ref, "rejected", error.code, error.params, tell=events.UploadRejected)

    def mark_question(
        self, claim: Claim, upload: Upload, question: PermanentError, profile: FormatProfile
    ) -> None:
        """Keep the question that a person has to answer, unless it was answered meanwhile.

        Who answers it, a person or another file, holds its branch or its client, and wakes what
        waits. So one of the two sees the other.
        """
        code, params, ref = question.code, question.params, upload.stored.ref

        def look_again(connection: Connection) -> list[Event]:
            asked = connection.execute(
                _HOLD_ASKED, {"client": claim.client, "id": upload.upload_id}
            )
            if asked.rowcount and not is_still_open(connection, upload.file, code, profile):
                raise ConflictError("the question was answered meanwhile")
            return []

        self._mark(claim, ref, "needs_answer", code, params, tell=events.UploadNeedsAnswer)
        claim.stage(look_again)

    def mark_parked(self, claim: Claim, announced: StoredObject) -> None:
        """Show that an operator has to look, whether or not the upload was ever begun."""
        row = _upload_row(announced, state="announced") | _NOT_TOLD

        def know(connection: Connection) -> list[Event]:
            connection.execute(_BEGIN, row)
            return []

        claim.stage(know)
        ref = announced.ref
        params = {"reference": upload_id(ref)[:8].upper()}
        self._mark(claim, ref, "parked", "gave_up", params, tell=events.UploadParked)

    def mark_waiting(self, claim: Claim, ref: ObjectRef, *, retry_in_s: float) -> None:
        """Show that another try follows, and when."""
        params = {"seconds": round(retry_in_s)}
        self._mark(claim, ref, "announced", "will_retry", params, tell=None)

    def _mark(
        self,
        claim: Claim,
        ref: ObjectRef,
        state: str,
        reason: str,
        params: Mapping[str, object],
        tell: type[events.UploadEvent] | None,
    ) -> None:
        names = {"client": str(claim.client), "id": upload_id(ref)}

        def write(connection: Connection) -> list[Event]:
            known = _set_reason(connection, names, state, reason, params)
            if not known or tell is None:
                return []
            return [tell(client=names["client"], upload=names["id"])]

        claim.stage(write)


def _ask(
    connection: Connection, upload: Upload, code: str, params: Mapping[str, object]
) -> list[Event]:
    names = {"client": upload.place.client, "id": upload.upload_id}
    _set_reason(connection, names, "needs_answer", code, params)
    return [events.UploadNeedsAnswer(client=names["client"], upload=names["id"])]


def _set_reason(
    connection: Connection,
    names: Mapping[str, str],
    state: str,
    reason: str,
    params: Mapping[str, object],
) -> bool:
    """Write down why an upload is not stored; False: there is none, or it counts."""
    older = connection.execute(_STILL_COUNTS, names).scalars().first()
    still_counts = {"still_counts": older.astimezone(UTC).isoformat()} if older else {}
    row = {
        **names,
        "state": state,
        "outcome": "rejected" if state == "rejected" else None,
        "reason": reason,
        "is_settled": state == "rejected",
        "params": json.dumps({**params, **still_counts}, default=str),
    }
    return bool(connection.execute(_SET_REASON, row).rowcount)


def _names(ref: ObjectRef) -> dict[str, str]:
    """Return what the key of an object says; a branch is the folder below the client's."""
    client, _, rest = ref.key.partition("/")
    branch = rest.partition("/")[0] if "/" in rest else ""
    return {"client": client, "branch": branch}


def _place(ref: ObjectRef, found: Sequence[Row[Any]]) -> Place | None:
    names = _names(ref)
    places = (
        Place(client=names["client"], branch=names["branch"], object=ref, **row._asdict())
        for row in found
    )
    return next(places, None)


def _upload_row(stored: StoredObject, *, state: str) -> dict[str, object]:
    return {
        **_names(stored.ref),
        "id": upload_id(stored.ref),
        "bucket": stored.ref.bucket,
        "key": stored.ref.key,
        "version": stored.ref.version_id,
        "filename": stored.ref.key.rsplit("/", 1)[-1],
        "size": stored.size,
        "stored_at": stored.stored_at,
        "state": state,
    }


_NOT_TOLD: dict[str, object] = {"principal": None, "generation": 0}


def _told(event: ObjectCreated) -> dict[str, object]:
    return {"principal": event.principal, "generation": event.generation}


def _check_told(connection: Connection, upload: Upload, dataset: Dataset) -> None:
    """Look again at what told how a file was to be read, now that nobody else can change it.

    Raises:
        ConflictError: It says something else: the file is read once more.
    """
    found = dataset.understanding
    if "profile" not in {found.date_order_settled_by, found.decimal_mark_settled_by}:
        return
    known = connection.execute(_KNOWN, upload.names(dataset.sha256)).one()
    if known.understanding is None and not is_as_told(connection, upload.file, found.as_dict()):
        raise ConflictError("the branch's files show something else meanwhile")


def _overtake(connection: Connection, file: File, shown: Mapping[str, str]) -> list[Event]:
    """Have later files read anew that this one contradicts, and nudge: they no longer count."""
    anew = overtake(connection, file, shown)
    return [*anew, *nudge(connection, file.client)] if anew else []
