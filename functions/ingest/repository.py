"""What ingest reads and writes of uploads and datasets, in PostgreSQL.

Reads and `begin` are short transactions of their own. All `mark_*` are staged on the claim and run
in the one transaction that ends it; each takes the client's row first, so that the changes of one
client happen one after the other.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, text

from common import events
from common.events import (
    DatasetsChanged,
    Event,
    ObjectCreated,
    ObjectRef,
    StoredObject,
    upload_id,
)
from common.exceptions import PermanentError
from common.ledger import Claim
from common.postgres import ConflictError, Postgres, copy_rows, prepared
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
from functions.ingest.frames import StoredFrame
from functions.ingest.profiles import Decision
from functions.ingest.reader import FormatProfile, Understanding
from functions.ingest.versions import KeyUpload, settle


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the ledger knows before a file is read."""

    is_current_elsewhere: bool  # another live upload of this client holds the same bytes
    profile: FormatProfile  # how it was read before, else what was decided or shown of its branch


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """The content of an upload, read and stored."""

    sha256: str
    frame: StoredFrame
    understanding: Understanding


_PLACE = prepared("""
    SELECT branches.id IS NOT NULL AS branch_is_known, coalesce(branches.timezone, 'UTC') AS timezone,
           clients.row_policy = 'all_or_nothing' AS takes_all_or_nothing,
           clock_timestamp() AS looked_at
    FROM clients LEFT JOIN branches ON branches.client_id = clients.id AND branches.id = :branch
    WHERE clients.id = :client
""")

_STRAY = text("""
    INSERT INTO stray_objects (bucket, key, version_id, reason)
    VALUES (:bucket, :key, :version, :reason) ON CONFLICT DO NOTHING
""")

_BEGIN = prepared("""
    INSERT INTO uploads (client_id, id, branch_id, bucket, key, version_id, filename, uploaded_by,
                         size, stored_at, state, generation)
    SELECT :client, :id, :branch, :bucket, :key, :version, coalesce(link.filename, :filename),
           coalesce(link.requested_by, :principal), CAST(:size AS bigint),
           CAST(:stored_at AS timestamptz), :state, CAST(:generation AS integer)
    FROM (SELECT 1) AS one
    LEFT JOIN upload_links AS link ON link.client_id = :client AND link.key = :key
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

_ELSEWHERE = """
    SELECT other.id FROM uploads AS other JOIN uploads AS mine USING (client_id)
    WHERE client_id = :client AND mine.id = :id AND other.sha256 = :sha256 AND other.id <> mine.id
      AND other.state IN ('stored', 'duplicate')
      -- Read again, the upload that the dataset belongs to is no duplicate of those that name it.
      AND (mine.sha256 IS DISTINCT FROM :sha256 OR mine.state NOT IN ('stored', 'duplicate')
           OR (other.stored_at, other.version_id) < (mine.stored_at, mine.version_id))
    ORDER BY other.stored_at, other.version_id LIMIT 1
"""
_CURRENT_ELSEWHERE = prepared(_ELSEWHERE)

# What was read once is read again the same way, whatever the branch's files have shown since.
_KNOWN = prepared(f"""
    SELECT EXISTS ({_ELSEWHERE}) AS is_current_elsewhere, (
        SELECT understanding FROM datasets JOIN uploads USING (client_id, sha256)
        WHERE client_id = :client AND uploads.id = :id AND sha256 = :sha256
          AND uploads.state IN ('stored', 'duplicate')) AS understanding,
    EXISTS (SELECT FROM branch_profiles
            WHERE client_id = :client AND branch_id = :branch) AS has_decisions
""")  # noqa: S608 - constants only

# The client's row first: changes of one client happen one after the other.
_LOCK_AND_LOOK = prepared("""
    WITH client AS (SELECT id FROM clients WHERE id = :client FOR NO KEY UPDATE)
    INSERT INTO object_keys (client_id, bucket, key, looked_at)
    SELECT client.id, :bucket, :key, :looked_at FROM client
    ON CONFLICT (client_id, bucket, key) DO UPDATE SET looked_at = excluded.looked_at
    WHERE object_keys.looked_at <= excluded.looked_at
""")

# A statement of its own: one that waits for a lock sees what was there before it waited.
_CONTENTS = prepared("""
    SELECT ARRAY(SELECT sha256 FROM uploads
                 WHERE client_id = :client AND bucket = :bucket AND key = :key
                   AND sha256 IS NOT NULL) AS of_key,
           EXISTS (SELECT FROM datasets
                   WHERE client_id = :client AND sha256 = :sha256) AS is_known
""")

_OF_KEY = prepared("""
    SELECT id, version_id, stored_at, state, outcome, sha256 FROM uploads
    WHERE client_id = :client AND bucket = :bucket AND key = :key
""")

# What of these contents counts, and which uploads of the key are there for repairs to mend. Not
# prepared: a plan that was made while the tables were small would be kept.
_CURRENT = text("""
    SELECT sha256, upload_id, branch, frame_id, rejected_frame_id FROM current_datasets
    WHERE client_id = :client AND sha256 = ANY(:contents)
    UNION ALL
    SELECT DISTINCT u.sha256, u.id, '', '', '' FROM uploads u
    JOIN repairs r ON r.client_id = u.client_id AND r.upload_id = u.id
    WHERE u.client_id = :client AND u.bucket = :bucket AND u.key = :key
      AND u.state IN ('stored', 'duplicate', 'superseded')
""")

# The upload that brought the same rows in another file before, within the branch.
_SAME_ROWS = text("""
    SELECT upload_id FROM current_datasets
    WHERE client_id = :client AND branch = :branch AND rows_sha256 = :rows AND sha256 <> :sha256
      AND (stored_at, version_id, sha256) < (:stored_at, :version, :sha256)
""")

_LIKENESSES = prepared(f"""
    SELECT ({_ELSEWHERE}) AS same_bytes,
           ARRAY(SELECT sha256 FROM datasets
                 WHERE client_id = :client AND rows_sha256 = :rows AND sha256 <> :sha256) AS same_rows,
           EXISTS (SELECT FROM uploads WHERE client_id = :client AND branch_id = :branch
                   AND state = 'needs_answer') AS has_waiting,
           EXISTS (SELECT FROM datasets WHERE client_id = :client AND branch_id = :branch
                   AND 'profile' IN (understanding->>'date_order_settled_by',
                                     understanding->>'decimal_mark_settled_by')) AS has_told
""")  # noqa: S608 - constants only

_SET_STATE = prepared("""
    UPDATE uploads SET state = :state, settled_at = coalesce(settled_at, now())
    WHERE client_id = :client AND id = :id
""")

_SET_OUTCOME = prepared("""
    UPDATE uploads SET
        state = :outcome, outcome = :outcome, sha256 = :sha256, first_upload_id = :first,
        reason = :reason, params = CAST(:params AS jsonb),
        settled_at = CASE WHEN outcome = :outcome AND sha256 = :sha256
                          THEN coalesce(settled_at, now()) ELSE now() END
    WHERE client_id = :client AND id = :id
""")

_LATER_STORED = prepared("""
    UPDATE uploads SET
        state = CASE WHEN state = 'stored' THEN 'duplicate' ELSE state END, outcome = 'duplicate',
        first_upload_id = :id, reason = :reason, params = CAST(:params AS jsonb)
    WHERE client_id = :client AND sha256 = ANY(:contents) AND id <> :id AND outcome = 'stored'
      AND (:reason = 'already_uploaded' OR branch_id = :branch)
      AND state IN ('stored', 'duplicate') AND (stored_at, version_id) > (:stored_at, :version)
    RETURNING id
""")

_MOVE_DATASET = text("""
    UPDATE datasets SET branch_id = :branch, first_upload_id = :id
    WHERE client_id = :client AND sha256 = :sha256
""")

_DESCRIBE = text("SELECT filename, stored_at FROM uploads WHERE client_id = :client AND id = :id")

_PUT_DATASET = prepared("""
    WITH lines_before AS (
        DELETE FROM rejected_lines WHERE client_id = :client AND sha256 = :sha256),
    repairs_before AS (DELETE FROM repairs WHERE client_id = :client AND sha256 = :sha256)
    INSERT INTO datasets (
        client_id, sha256, frame_id, rejected_frame_id, branch_id, first_upload_id, rows_in,
        accepted, rejected, blank, repeated, quantity, amount, anonymous, returns, first_day,
        last_day, size, understanding, rows_sha256, left_out)
    VALUES (
        :client, :sha256, :frame_id, :rejected_frame_id, :branch, :upload, :rows_in,
        :accepted, :rejected, :blank, :repeated, :quantity, :amount, :anonymous, :returns,
        :first_day, :last_day, :size, CAST(:understanding AS jsonb), :rows, :left_out)
    ON CONFLICT (client_id, sha256) DO UPDATE SET
        frame_id = excluded.frame_id, rejected_frame_id = excluded.rejected_frame_id,
        branch_id = excluded.branch_id, first_upload_id = excluded.first_upload_id,
        rows_in = excluded.rows_in, accepted = excluded.accepted, rejected = excluded.rejected,
        blank = excluded.blank, repeated = excluded.repeated, quantity = excluded.quantity,
        amount = excluded.amount, anonymous = excluded.anonymous, returns = excluded.returns,
        first_day = excluded.first_day, last_day = excluded.last_day, size = excluded.size,
        understanding = excluded.understanding, rows_sha256 = excluded.rows_sha256,
        left_out = excluded.left_out
""")

_STILL_COUNTS = text("""
    SELECT older.stored_at FROM uploads AS older JOIN uploads AS mine USING (client_id, bucket, key)
    WHERE mine.client_id = :client AND mine.id = :id AND older.id <> mine.id
      AND older.state IN ('stored', 'duplicate')
""")

_RAISE_VERSION = prepared("""
    UPDATE clients SET data_version = data_version + 1 WHERE id = :client
    RETURNING data_version > segmented_version + 1 AS lagged_before
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

_REJECTED_COLUMNS = ("client_id", "sha256", "line", "data_row")
_REPAIR_COLUMNS = ("client_id", "sha256", "data_row", "upload_id", "line", "quantity", "amount")


class UploadRepository:
    """Uploads and datasets of all clients."""

    def __init__(self, app: Postgres) -> None:
        self._app = app

    # --- reads, and the one early write -----------------------------------------------------

    def place(self, ref: ObjectRef) -> Place | None:
        """Return where the object belongs, or None if no client has this prefix."""
        client, _, rest = ref.key.partition("/")
        branch = rest.partition("/")[0] if "/" in rest else ""
        found = self._app.execute(_PLACE, {"client": client, "branch": branch}, client=client)
        if not found:
            return None
        (row,) = found
        return Place(
            client=client,
            branch=branch,
            branch_is_known=row.branch_is_known,
            timezone=row.timezone,
            takes_all_or_nothing=row.takes_all_or_nothing,
            object=ref,
            looked_at=row.looked_at,
        )

    def begin(
        self, claim: Claim, place: Place, stored: StoredObject, event: ObjectCreated
    ) -> Upload:
        """Show the upload as being read, at once."""
        upload = Upload(upload_id=upload_id(stored.ref), place=place, stored=stored)
        row = _upload_row(place, stored, state="reading") | {
            "principal": event.principal,
            "generation": event.generation,
        }
        self._app.execute(_BEGIN, row, client=claim.client, is_durable=False)
        return upload

    def known(self, upload: Upload, sha256: str) -> Known:
        """Return what the client's other uploads tell about one with these bytes."""
        (row,) = self._app.execute(_KNOWN, _names(upload, sha256), client=upload.place.client)
        profile = (
            self._profile(_file(upload), has_decisions=row.has_decisions)
            if row.understanding is None
            else as_read_before(row.understanding)
        )
        return Known(is_current_elsewhere=row.is_current_elsewhere, profile=profile)

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
        claim.stage(_settling(place, history))

    def mark_gone(
        self, claim: Claim, place: Place, history: Sequence[StoredObject], stored: StoredObject
    ) -> None:
        """Account for an upload that was deleted before it was read."""
        row = _upload_row(place, stored, state="removed") | {"principal": None, "generation": 0}

        def change(connection: Connection) -> list[Event]:
            connection.execute(_BEGIN, row)
            return []

        claim.stage(_settling(place, history, change=change))

    def mark_duplicate(
        self, claim: Claim, upload: Upload, history: Sequence[StoredObject], sha256: str
    ) -> None:
        """Name the first upload of the same bytes, and tell.

        Of two uploads the one that came to the store earlier is the first, whichever was read
        first: then this one is stored, and the other turns out to be the duplicate.
        """
        client = upload.place.client

        def change(connection: Connection) -> list[Event]:
            first = _first(connection, upload, sha256)
            if first is None:
                raise ConflictError("the first upload of these bytes is no longer current")
            _set_outcome(
                connection, upload, "duplicate", sha256, first=first, reason="already_uploaded"
            )
            later = _make_later_duplicates(connection, upload, [sha256], reason="already_uploaded")
            if not later:
                return [events.UploadDuplicated(client=client, upload=upload.upload_id)]
            _set_outcome(connection, upload, "stored", sha256)
            connection.execute(_MOVE_DATASET, _names(upload, sha256))
            stored = events.UploadStored(client=client, upload=upload.upload_id)
            return [stored, *(events.UploadDuplicated(client=client, upload=u) for u in later)]

        claim.stage(_settling(upload.place, history, sha256=sha256, change=change))

    def mark_stored(
        self, claim: Claim, upload: Upload, history: Sequence[StoredObject], dataset: Dataset
    ) -> None:
        """Make the dataset current, tell, and wake uploads that wait for what it shows.

        Of two files of a branch with the same rows the one that came to the store earlier is the
        first, as with the same bytes.
        """
        shown = dataset.understanding.shown
        may_overtake = False

        def change(connection: Connection) -> list[Event]:
            nonlocal may_overtake
            client, rows = upload.place.client, _rows_of(upload, dataset)
            found = connection.execute(_LIKENESSES, rows).one()
            if found.same_bytes:
                raise ConflictError("another upload of the same bytes was stored meanwhile")
            may_overtake = bool(shown) and found.has_told
            _check_told(connection, upload, dataset)
            connection.execute(_PUT_DATASET, _dataset_row(upload, dataset))
            _put_rows(connection, upload, dataset)
            twins = found.same_rows
            woken = (
                wake_waiting(connection, client, upload.place.branch)
                if shown and found.has_waiting
                else []
            )
            if twins and (first := connection.execute(_SAME_ROWS, rows).scalar_one_or_none()):
                _set_outcome(
                    connection, upload, "duplicate", dataset.sha256, first=first, reason="same_rows"
                )
                return [events.UploadDuplicated(client=client, upload=upload.upload_id), *woken]
            later = _make_later_duplicates(connection, upload, twins, reason="same_rows")
            balance = dataset.frame.balance
            params = {
                "rows": balance.rows_in,
                "accepted": balance.accepted,
                "rejected": balance.rejected,
            }
            reason = None if balance.rows_in else "no_rows"
            _set_outcome(connection, upload, "stored", dataset.sha256, reason=reason, params=params)
            stored = events.UploadStored(client=client, upload=upload.upload_id)
            duplicated = [events.UploadDuplicated(client=client, upload=u) for u in later]
            return [stored, *duplicated, *woken]

        def look_at_later_ones(connection: Connection) -> list[Event]:
            return _overtake(connection, _file(upload), shown) if may_overtake else []

        claim.stage(_settling(upload.place, history, sha256=dataset.sha256, change=change))
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
            if asked.rowcount and not is_still_open(connection, _file(upload), code, profile):
                raise ConflictError("the question was answered meanwhile")
            return []

        self._mark(claim, ref, "needs_answer", code, params, tell=events.UploadNeedsAnswer)
        claim.stage(look_again)

    def mark_parked(self, claim: Claim, place: Place, announced: StoredObject) -> None:
        """Show that an operator has to look, whether or not the upload was ever begun."""
        row = _upload_row(place, announced, state="announced") | {
            "principal": None,
            "generation": 0,
        }

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
        row = {
            "client": claim.client,
            "id": upload_id(ref),
            "state": state,
            "outcome": "rejected" if state == "rejected" else None,
            "reason": reason,
            "is_settled": state == "rejected",
        }

        def write(connection: Connection) -> list[Event]:
            older = connection.execute(_STILL_COUNTS, row).scalars().first()
            said = {**params, "still_counts": older.isoformat()} if older else params
            values = row | {"params": json.dumps(said, default=str)}
            known = connection.execute(_SET_REASON, values).rowcount
            if not known or tell is None:
                return []
            return [tell(client=str(claim.client), upload=upload_id(ref))]

        claim.stage(write)


def _upload_row(place: Place, stored: StoredObject, *, state: str) -> dict[str, object]:
    return {
        "client": place.client,
        "id": upload_id(stored.ref),
        "branch": place.branch,
        "bucket": stored.ref.bucket,
        "key": stored.ref.key,
        "version": stored.ref.version_id,
        "filename": stored.ref.key.rsplit("/", 1)[-1],
        "size": stored.size,
        "stored_at": stored.stored_at,
        "state": state,
    }


def _dataset_row(upload: Upload, dataset: Dataset) -> dict[str, object]:
    balance = dataset.frame.balance
    return {
        "client": upload.place.client,
        "sha256": dataset.sha256,
        "frame_id": dataset.frame.frame_id,
        "rejected_frame_id": dataset.frame.rejected_frame_id,
        "branch": upload.place.branch,
        "upload": upload.upload_id,
        "rows_in": balance.rows_in,
        "accepted": balance.accepted,
        "rejected": balance.rejected,
        "blank": balance.blank,
        "repeated": balance.repeated,
        "quantity": balance.quantity,
        "amount": balance.amount,
        "anonymous": balance.anonymous,
        "returns": balance.returns,
        "first_day": balance.first_day,
        "last_day": balance.last_day,
        "size": dataset.frame.size,
        "rows": dataset.frame.rows_sha256,
        "left_out": balance.left_out,
        "understanding": json.dumps(dataset.understanding.as_dict()),
    }


def _put_rows(connection: Connection, upload: Upload, dataset: Dataset) -> None:
    """Write down which rows were rejected, and which mend a line of another file."""
    name = (upload.place.client, dataset.sha256)
    lines = [(*name, line, row) for line, row in dataset.frame.rejected]
    repairs = [
        (*name, r.row, r.upload, r.line, r.quantity, r.amount) for r in dataset.frame.repairs
    ]
    if lines:
        copy_rows(connection, "rejected_lines", _REJECTED_COLUMNS, lines)
    if repairs:
        copy_rows(connection, "repairs", _REPAIR_COLUMNS, repairs)


def _rows_of(upload: Upload, dataset: Dataset) -> dict[str, object]:
    return _names(upload, dataset.sha256) | {
        "rows": dataset.frame.rows_sha256,
        "stored_at": upload.stored.stored_at,
        "version": upload.stored.ref.version_id,
    }


def _file(upload: Upload) -> File:
    return File(
        client=upload.place.client,
        branch=upload.place.branch,
        upload_id=upload.upload_id,
        stored_at=upload.stored.stored_at,
    )


def _check_told(connection: Connection, upload: Upload, dataset: Dataset) -> None:
    """Look again at what told how a file was to be read, now that nobody else can change it.

    Raises:
        ConflictError: It says something else: the file is read once more.
    """
    found = dataset.understanding
    if "profile" not in {found.date_order_settled_by, found.decimal_mark_settled_by}:
        return
    known = connection.execute(_KNOWN, _names(upload, dataset.sha256)).one()
    if known.understanding is None and not is_as_told(connection, _file(upload), found.as_dict()):
        raise ConflictError("the branch's files show something else meanwhile")


def _overtake(connection: Connection, file: File, shown: Mapping[str, str]) -> list[Event]:
    """Have later files read anew that this one contradicts, and nudge: they no longer count."""
    anew = overtake(connection, file, shown)
    if anew and not connection.execute(_RAISE_VERSION, {"client": file.client}).one().lagged_before:
        anew.append(DatasetsChanged(client=file.client))
    return anew


def _first(connection: Connection, upload: Upload, sha256: str) -> str | None:
    names = _names(upload, sha256)
    found: str | None = connection.execute(_CURRENT_ELSEWHERE, names).scalar_one_or_none()
    return found


def _names(upload: Upload, sha256: str) -> dict[str, object]:
    return {
        "client": upload.place.client,
        "branch": upload.place.branch,
        "id": upload.upload_id,
        "sha256": sha256,
    }


def _set_outcome(  # noqa: PLR0913 - one row's values
    connection: Connection,
    upload: Upload,
    outcome: str,
    sha256: str,
    *,
    first: str | None = None,
    reason: str | None = None,
    params: Mapping[str, object] | None = None,
) -> None:
    if first is not None:
        params = _describe(connection, upload.place.client, first)
    connection.execute(
        _SET_OUTCOME,
        {
            "client": upload.place.client,
            "id": upload.upload_id,
            "outcome": outcome,
            "sha256": sha256,
            "first": first,
            "reason": reason,
            "params": json.dumps(params or {}, default=str),
        },
    )


def _describe(connection: Connection, client: str, upload: str) -> dict[str, object]:
    row = connection.execute(_DESCRIBE, {"client": client, "id": upload}).one()
    return {"filename": row.filename, "when": row.stored_at.isoformat()}


def _make_later_duplicates(
    connection: Connection, upload: Upload, contents: Sequence[str], *, reason: str
) -> list[str]:
    """Make stored uploads of these bytes that came to the store later name this one."""
    if not contents:
        return []
    params = _describe(connection, upload.place.client, upload.upload_id)
    row = {
        "client": upload.place.client,
        "branch": upload.place.branch,
        "id": upload.upload_id,
        "contents": list(contents),
        "reason": reason,
        "stored_at": upload.stored.stored_at,
        "version": upload.stored.ref.version_id,
        "params": json.dumps(params),
    }
    return list(connection.execute(_LATER_STORED, row).scalars())


def _settling(
    place: Place,
    history: Sequence[StoredObject],
    *,
    sha256: str | None = None,
    change: Callable[[Connection], list[Event]] | None = None,
) -> Callable[[Connection], list[Event]]:
    """Return a write that makes `change`, settles the key, and nudges if other data counts now."""
    key = {"client": place.client, "bucket": place.object.bucket, "key": place.object.key}

    def write(connection: Connection) -> list[Event]:
        if not connection.execute(_LOCK_AND_LOOK, key | {"looked_at": place.looked_at}).rowcount:
            raise ConflictError("the key was looked at again meanwhile")
        earlier = connection.execute(_CONTENTS, key | {"sha256": sha256}).one()
        contents = {*earlier.of_key, *([sha256] if sha256 else [])}
        # Most files are new, under a new key: nothing of them can count.
        is_new = not (earlier.of_key or earlier.is_known)
        before = set() if is_new else _current(connection, key, contents)
        following = change(connection) if change is not None else []
        _apply_states(connection, key, history)
        # And once they are stored they do.
        is_added = is_new and any(isinstance(e, events.UploadStored) for e in following)
        if is_added or _current(connection, key, contents) != before:
            raised = connection.execute(_RAISE_VERSION, {"client": place.client}).one()
            # Who lagged before was nudged for that; the look that follows, or the one that is
            # under way, sees this change too, or nudges again.
            if not raised.lagged_before:
                following.append(DatasetsChanged(client=place.client))
        return following

    return write


def _current(
    connection: Connection, key: Mapping[str, object], contents: Collection[str]
) -> set[tuple[str, ...]]:
    names = {**key, "contents": list(contents)}
    return {tuple(row) for row in connection.execute(_CURRENT, names)}


def _apply_states(
    connection: Connection, key: Mapping[str, object], history: Sequence[StoredObject]
) -> None:
    uploads = [
        KeyUpload(
            upload_id=row.id,
            version_id=row.version_id,
            stored_at=row.stored_at,
            state=row.state,
            outcome=row.outcome,
        )
        for row in connection.execute(_OF_KEY, key)
    ]
    states = settle(uploads, history)
    for upload in uploads:
        if states[upload.upload_id] != upload.state:
            connection.execute(
                _SET_STATE,
                {
                    "client": key["client"],
                    "id": upload.upload_id,
                    "state": states[upload.upload_id],
                },
            )
