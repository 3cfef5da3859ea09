"""What an upload's content is in the ledger, and which other contents it is the same as.

All runs in the transaction that ends a claim, under the client's row.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, text

from common.postgres import copy_rows, later, prepared
from functions.ingest import overlaps
from functions.ingest.upload import Dataset, Upload

# The first upload that brought the same bytes, if it was another one and they count.
ELSEWHERE = """
    SELECT other.id FROM uploads AS other JOIN uploads AS mine USING (client_id)
    WHERE client_id = :client AND mine.id = :id AND other.sha256 = :sha256 AND other.id <> mine.id
      AND other.state IN ('stored', 'duplicate')
      -- Read again, the upload that the dataset belongs to is no duplicate of those that name it.
      AND (mine.sha256 IS DISTINCT FROM :sha256 OR mine.state NOT IN ('stored', 'duplicate')
           OR (other.stored_at, other.version_id) < (mine.stored_at, mine.version_id))
    ORDER BY other.stored_at, other.version_id LIMIT 1
"""
_CURRENT_ELSEWHERE = prepared(ELSEWHERE)

_LIKENESSES = prepared(f"""
    SELECT ({ELSEWHERE}) AS same_bytes,
           ARRAY(SELECT sha256 FROM datasets
                 WHERE client_id = :client AND rows_sha256 = :rows AND sha256 <> :sha256) AS same_rows,
           {overlaps.OTHER_FILE} AS other_file,
           EXISTS (SELECT FROM uploads WHERE client_id = :client AND id = :id
                   AND state IN ('stored', 'duplicate')) AS is_counted,
           EXISTS (SELECT FROM uploads WHERE client_id = :client AND branch_id = :branch
                   AND state = 'needs_answer') AS has_waiting,
           EXISTS (SELECT FROM datasets WHERE client_id = :client AND branch_id = :branch
                   AND 'profile' IN (understanding->>'date_order_settled_by',
                                     understanding->>'decimal_mark_settled_by')) AS has_told
""")  # noqa: S608 - constants only

_SAME_ROWS = text("""
    SELECT upload_id FROM current_datasets
    WHERE client_id = :client AND branch = :branch AND rows_sha256 = :rows AND sha256 <> :sha256
      AND (stored_at, version_id, sha256) < (:stored_at, :version, :sha256)
""")

_PUT_DATASET = prepared("""
    WITH lines_before AS (
        DELETE FROM rejected_lines WHERE client_id = :client AND sha256 = :sha256),
    repairs_before AS (DELETE FROM repairs WHERE client_id = :client AND sha256 = :sha256)
    INSERT INTO datasets (
        client_id, sha256, frame_id, rejected_frame_id, branch_id, first_upload_id, rows_in,
        accepted, rejected, blank, repeated, quantity, amount, anonymous, returns, first_day,
        last_day, size, understanding, rows_sha256, left_out, has_order_ids)
    VALUES (
        :client, :sha256, :frame_id, :rejected_frame_id, :branch, :upload, :rows_in,
        :accepted, :rejected, :blank, :repeated, :quantity, :amount, :anonymous, :returns,
        :first_day, :last_day, :size, CAST(:understanding AS jsonb), :rows, :left_out, :has_order_ids)
    ON CONFLICT (client_id, sha256) DO UPDATE SET
        frame_id = excluded.frame_id, rejected_frame_id = excluded.rejected_frame_id,
        branch_id = excluded.branch_id, first_upload_id = excluded.first_upload_id,
        rows_in = excluded.rows_in, accepted = excluded.accepted, rejected = excluded.rejected,
        blank = excluded.blank, repeated = excluded.repeated, quantity = excluded.quantity,
        amount = excluded.amount, anonymous = excluded.anonymous, returns = excluded.returns,
        first_day = excluded.first_day, last_day = excluded.last_day, size = excluded.size,
        understanding = excluded.understanding, rows_sha256 = excluded.rows_sha256,
        left_out = excluded.left_out, has_order_ids = excluded.has_order_ids
""")

_REJECTED_COLUMNS = ("client_id", "sha256", "line", "data_row", "of_upload", "of_line")
_REPAIR_COLUMNS = ("client_id", "sha256", "data_row", "upload_id", "line", "quantity", "amount")

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

_DESCRIBE = text("""
    SELECT u.filename, u.stored_at, coalesce(b.timezone, 'UTC') AS timezone
    FROM uploads u LEFT JOIN branches b ON b.client_id = u.client_id AND b.id = u.branch_id
    WHERE u.client_id = :client AND u.id = :id
""")


def first_of_bytes(connection: Connection, upload: Upload, sha256: str) -> str | None:
    """Return the upload that brought these bytes first, if another than this one did."""
    names = upload.names(sha256)
    found: str | None = connection.execute(_CURRENT_ELSEWHERE, names).scalar_one_or_none()
    return found


def likenesses(connection: Connection, upload: Upload, dataset: Dataset) -> Row[Any]:
    """Return which contents are like this one, and whether the branch waits for what it shows."""
    names = _names_of_rows(upload, dataset) | overlaps.names_of(upload, dataset)
    return connection.execute(_LIKENESSES, names).one()


def first_of_rows(connection: Connection, upload: Upload, dataset: Dataset) -> str | None:
    """Return the upload that brought the same rows in another file before, within the branch."""
    names = _names_of_rows(upload, dataset)
    found: str | None = connection.execute(_SAME_ROWS, names).scalar_one_or_none()
    return found


def put(connection: Connection, upload: Upload, dataset: Dataset) -> None:
    """Write down the content, which of its rows were rejected, and which mend another file's."""
    later(connection, _PUT_DATASET, _row(upload, dataset))
    name = (upload.place.client, dataset.sha256)
    lines = [(*name, *each) for each in dataset.frame.rejected]
    repairs = [
        (*name, r.row, r.upload, r.line, r.quantity, r.amount) for r in dataset.frame.repairs
    ]
    if lines:
        copy_rows(connection, "rejected_lines", _REJECTED_COLUMNS, lines)
    if repairs:
        copy_rows(connection, "repairs", _REPAIR_COLUMNS, repairs)


def move(connection: Connection, upload: Upload, sha256: str) -> None:
    """Have the content belong to this upload and its branch."""
    connection.execute(_MOVE_DATASET, upload.names(sha256))


def set_outcome(  # noqa: PLR0913 - one row's values
    connection: Connection,
    upload: Upload,
    outcome: str,
    sha256: str,
    *,
    first: str | None = None,
    reason: str | None = None,
    params: Mapping[str, object] | None = None,
) -> None:
    """Write down what became of reading an upload; `first` is whose duplicate it is."""
    if first is not None:
        params = _describe(connection, upload.place.client, first)
    later(
        connection,
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


def make_later_duplicates(
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


def _describe(connection: Connection, client: str, upload: str) -> dict[str, object]:
    row = connection.execute(_DESCRIBE, {"client": client, "id": upload}).one()
    # Sentences name its day, which is that of the branch's clock.
    when = row.stored_at.astimezone(ZoneInfo(row.timezone))
    return {"filename": row.filename, "when": when.isoformat()}


def _row(upload: Upload, dataset: Dataset) -> dict[str, object]:
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
        "has_order_ids": dataset.frame.has_order_ids,
        "understanding": json.dumps(dataset.understanding.as_dict()),
    }


def _names_of_rows(upload: Upload, dataset: Dataset) -> dict[str, object]:
    return upload.names(dataset.sha256) | {
        "rows": dataset.frame.rows_sha256,
        "stored_at": upload.stored.stored_at,
        "version": upload.stored.ref.version_id,
    }
