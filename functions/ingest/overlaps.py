"""Files of a branch with the same days in them, where order ids do not tell which sales are the same.

A person is asked once: does a newer file replace the days of older ones, or do all count? The
answer is one of the branch's decisions; clustering goes by it.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, text

from common.events import Event
from functions.ingest.conventions import decisions_of, read_again
from functions.ingest.profiles import period_of, told
from functions.ingest.upload import Dataset, Upload

SETTING = "overlap"  # replaces | adds

# Whoever answers holds the branch: either the answer is seen here, or this question there.
_HOLD_BRANCH = text("""
    SELECT FROM branches WHERE client_id = :client AND id = :branch FOR SHARE
""")

# Not of the key itself, which the file replaces, nor of mended rows, which have their own places.
_OTHER = """
    SELECT json_build_object('filename', u.filename, 'first',
                             greatest(d.first_day, CAST(:first_day AS date)),
                             'last', least(d.last_day, CAST(:last_day AS date)))
    FROM datasets d JOIN uploads u ON u.client_id = d.client_id AND u.sha256 = d.sha256
    WHERE d.client_id = :client AND d.branch_id = :branch AND {which}
      AND d.last_day >= CAST(:first_day AS date) AND d.first_day <= CAST(:last_day AS date)
      AND d.sha256 <> :sha256 AND d.rows_sha256 IS DISTINCT FROM CAST(:rows AS text)
      AND u.branch_id = :branch AND u.state IN ('stored', 'duplicate')
      AND (u.bucket, u.key) <> (:bucket, :key)
      AND NOT EXISTS (SELECT FROM repairs r WHERE r.client_id = d.client_id AND r.sha256 = d.sha256)
    ORDER BY d.last_day DESC LIMIT 1
"""
# One of two such files has no order ids. Few files of a branch that has them are without.
OTHER_FILE = f"""
    CASE WHEN CAST(:has_order_ids AS boolean) THEN ({_OTHER.format(which="NOT d.has_order_ids")})
         ELSE ({_OTHER.format(which="true")}) END
"""

# That ask about one of these uploads of their branch.
_ASKING = text("""
    SELECT asking.bucket, asking.key, asking.version_id, asking.generation
    FROM uploads asking JOIN uploads gone
      ON gone.client_id = asking.client_id AND gone.branch_id = asking.branch_id
     AND gone.filename = asking.params->>'filename'
    WHERE asking.client_id = :client AND gone.id = ANY(:gone)
      AND asking.state = 'needs_answer' AND asking.reason = 'overlapping_days'
    ORDER BY asking.stored_at, asking.id
""")


def names_of(upload: Upload, dataset: Dataset) -> dict[str, object]:
    """Return the parameters of `OTHER_FILE`; mended rows have no days of their own."""
    balance, is_own = dataset.frame.balance, not dataset.frame.repairs
    return {
        "first_day": balance.first_day if is_own else None,
        "last_day": balance.last_day if is_own else None,
        "has_order_ids": dataset.frame.has_order_ids,
        "bucket": upload.stored.ref.bucket,
        "key": upload.stored.ref.key,
    }


def open_question(
    connection: Connection, upload: Upload, found: Row[Any]
) -> Mapping[str, object] | None:
    """Return what to ask about the other file that was found; None: nothing, or it was answered.

    What counts already is not asked about when it is read again.
    """
    if found.other_file is None or found.is_counted:
        return None
    file = upload.file
    connection.execute(_HOLD_BRANCH, {"client": file.client, "branch": file.branch})
    period = period_of(
        decisions_of(connection, file),
        SETTING,
        stored_at=file.stored_at,
        upload_id=file.upload_id,
    )
    other: dict[str, object] = found.other_file
    return None if told(period, set(), set) else other


def wake_asking(connection: Connection, client: str, gone: Collection[str]) -> list[Event]:
    """Have uploads read again that ask about one which is gone: it no longer counts."""
    names = {"client": client, "gone": list(gone)}
    return list(map(read_again, connection.execute(_ASKING, names)))
