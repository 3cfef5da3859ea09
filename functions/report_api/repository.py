"""What the report API reads and writes in PostgreSQL, always as one client.

Each statement names its client although row-level security would hide the others: two walls.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, TextClause, text

from common.postgres import Postgres
from functions.report_api.schemas import (
    Assignment,
    Branch,
    Client,
    Contribution,
    ExportedSegment,
    FirstUpload,
    Notice,
    Related,
    Segment,
    Segmentation,
    Upload,
    UploadDetail,
)

_PAGE_ROWS = 5000

_CLIENT = text("""
    SELECT id, name, currency, row_policy, data_version, segmented_version, segmentation_id AS segmentation
    FROM clients WHERE id = :client
""")

_SET_POLICY = text("UPDATE clients SET row_policy = :policy WHERE id = :client")

_BRANCHES = text("""
    SELECT id, name, timezone FROM branches WHERE client_id = :client ORDER BY name, id
""")

_IS_READING = text("""
    SELECT EXISTS (
        SELECT FROM uploads WHERE client_id = :client AND state IN ('announced', 'reading'))
""")

_SEGMENTATION = text("""
    SELECT id, as_of, summary FROM segmentations WHERE client_id = :client AND id = :segmentation
""")

_SEGMENTS = text("""
    SELECT view, segment_id, position, customers, revenue, body FROM segments
    WHERE client_id = :client AND segmentation_id = :segmentation
    ORDER BY view DESC, position, segment_id
""")

_CONTRIBUTIONS = text("""
    SELECT sha256, branch_id AS branch, accepted_rows, counted_rows, replaced_rows,
           accepted_amount, counted_amount, replaced_amount
    FROM contributions WHERE client_id = :client AND segmentation_id = :segmentation
    ORDER BY branch_id, sha256
""")

# That the line counts by now which a row was to mend that is still bad.
_BY_ANOTHER = """
    EXISTS (SELECT FROM uploads named JOIN counted c ON c.parent_sha256 = named.sha256
            WHERE named.client_id = still_bad.client_id AND named.id = still_bad.of_upload
              AND c.line = still_bad.of_line)
"""

# Of these uploads and no others: few are shown of many. The claim that works on an upload has a name
# made of the upload's own columns.
_OF_UPLOADS = """
    WITH counted AS MATERIALIZED (SELECT * FROM current_repairs WHERE client_id = :client)
    SELECT u.id, u.filename, u.key, u.branch_id AS branch, u.state, u.reason, u.params, u.size,
           u.sha256, u.stored_at, u.seen_at, u.settled_at, u.uploaded_by,
           f.id AS first_id, f.filename AS first_filename, f.stored_at AS first_stored_at,
           f.branch_id AS first_branch, coalesce(b.timezone, 'UTC') AS first_timezone,
           d.rows_in, d.accepted, d.rejected, d.left_out, d.blank,
           d.repeated, d.quantity, d.amount,
           d.first_day, d.last_day, d.understanding, d.rejected_frame_id,
           coalesce(mended.rows, 0) AS repaired_rows,
           coalesce(mended.quantity, 0) AS repaired_quantity,
           coalesce(mended.amount, 0) AS repaired_amount,
           coalesce(elsewhere.rows, 0) AS repaired_elsewhere,
           own.rows AS repairs_rows, coalesce(own.counted, 0) AS repairs_counted,
           c.transient_tries + c.bug_tries AS tries, c.next_try AS retry_at, c.last_error
    FROM ({wanted}) AS u
    LEFT JOIN uploads f ON f.client_id = u.client_id AND f.id = u.first_upload_id
    LEFT JOIN branches b ON b.client_id = f.client_id AND b.id = f.branch_id
    LEFT JOIN datasets d
           ON d.client_id = u.client_id AND d.sha256 = u.sha256 AND u.state <> 'duplicate'
    LEFT JOIN (SELECT parent_sha256, count(*) AS rows, sum(quantity) AS quantity,
                      sum(amount) AS amount FROM counted GROUP BY parent_sha256) AS mended
           ON mended.parent_sha256 = d.sha256
    LEFT JOIN (SELECT sha256, count(*) AS rows FROM rejected_lines AS still_bad
               WHERE client_id = :client AND of_upload IS NOT NULL AND {by_another}
                 AND NOT EXISTS (SELECT FROM counted c WHERE c.parent_sha256 = still_bad.sha256
                                                         AND c.line = still_bad.line)
               GROUP BY sha256) AS elsewhere
           ON elsewhere.sha256 = d.sha256
    LEFT JOIN (SELECT r.sha256, count(*) AS rows, count(counted.line) AS counted
               FROM repairs r LEFT JOIN counted USING (sha256, data_row)
               WHERE r.client_id = :client GROUP BY r.sha256) AS own
           ON own.sha256 = d.sha256
    LEFT JOIN claims c
           ON c.work_key = 'ingest:ObjectCreated:' || u.bucket || '/' || u.key
                           || '@' || u.version_id || '#' || u.generation
          AND c.client_id = u.client_id AND c.status = 'waiting'
    ORDER BY u.stored_at DESC, u.id
"""

_UPLOADS = text(
    _OF_UPLOADS.format(
        by_another=_BY_ANOTHER,
        wanted="""
            SELECT * FROM uploads
            WHERE client_id = :client
              AND (CAST(:before AS timestamptz) IS NULL
                   OR stored_at < :before OR stored_at = :before AND id > :before_id)
              AND (CAST(:states AS text[]) IS NULL OR state = ANY(:states))
            ORDER BY stored_at DESC, id LIMIT :limit
        """,
    )
)

_UPLOAD = text(
    _OF_UPLOADS.format(
        by_another=_BY_ANOTHER,
        wanted="SELECT * FROM uploads WHERE client_id = :client AND id = :upload",
    )
)

_REPAIRS = text("""
    SELECT r.upload_id AS id, u.filename, count(*) AS rows, count(c.sha256) AS counted
    FROM uploads mine
    JOIN repairs r ON r.client_id = mine.client_id AND r.sha256 = mine.sha256
    LEFT JOIN current_repairs c ON c.client_id = r.client_id AND c.sha256 = r.sha256
                               AND c.data_row = r.data_row
    LEFT JOIN uploads u ON u.client_id = r.client_id AND u.id = r.upload_id
    WHERE mine.client_id = :client AND mine.id = :upload
    GROUP BY r.upload_id, u.filename ORDER BY r.upload_id
""")

_REPAIRED_BY = text("""
    SELECT u.id, u.filename, count(*) AS rows, count(*) AS counted
    FROM uploads mine
    JOIN current_repairs c ON c.client_id = mine.client_id AND c.parent_sha256 = mine.sha256
    JOIN current_datasets d ON d.client_id = c.client_id AND d.sha256 = c.sha256
    JOIN uploads u ON u.client_id = d.client_id AND u.id = d.upload_id
    WHERE mine.client_id = :client AND mine.id = :upload
    GROUP BY u.id, u.filename, u.stored_at ORDER BY u.stored_at, u.id
""")

_REPLACED_ROWS = text("""
    SELECT coalesce(sum(c.replaced_rows), 0) FROM uploads mine
    JOIN clients ON clients.id = mine.client_id
    JOIN contributions c ON c.client_id = mine.client_id AND c.sha256 = mine.sha256
                        AND c.segmentation_id = clients.segmentation_id
    WHERE mine.client_id = :client AND mine.id = :upload
      AND mine.state IN ('stored', 'duplicate')
""")

_MENDED_LINES = text(f"""
    WITH counted AS MATERIALIZED (SELECT * FROM current_repairs WHERE client_id = :client)
    SELECT c.line FROM uploads mine JOIN counted c ON c.parent_sha256 = mine.sha256
    WHERE mine.client_id = :client AND mine.id = :upload
    UNION
    SELECT still_bad.line FROM uploads mine
    JOIN rejected_lines AS still_bad USING (client_id, sha256)
    WHERE mine.client_id = :client AND mine.id = :upload AND of_upload IS NOT NULL AND {_BY_ANOTHER}
""")  # noqa: S608 - constants only

# Current: at least one live upload names the dataset.
_FIRST_OF = text("""
    SELECT f.id AS first_id, f.filename AS first_filename, f.stored_at AS first_stored_at,
           f.branch_id AS first_branch, coalesce(b.timezone, 'UTC') AS first_timezone
    FROM datasets d
    JOIN uploads f ON f.client_id = d.client_id AND f.id = d.first_upload_id
    LEFT JOIN branches b ON b.client_id = f.client_id AND b.id = f.branch_id
    WHERE d.client_id = :client AND d.sha256 = :sha256
      AND EXISTS (SELECT FROM uploads u WHERE u.client_id = d.client_id AND u.sha256 = d.sha256
                  AND u.state IN ('stored', 'duplicate'))
""")

_INSERT_LINK = text("""
    INSERT INTO upload_links (client_id, key, branch_id, filename, requested_by)
    VALUES (:client, :key, :branch, :filename, :user)
""")

_EXPORTED = text("""
    SELECT s.segment_id, s.view, s.body ->> 'name_code' AS name_code,
           g.id AS segmentation, g.as_of
    FROM clients c
    JOIN segmentations g ON g.client_id = c.id AND g.id = c.segmentation_id
    JOIN segments s ON s.client_id = c.id AND s.segmentation_id = g.id
    WHERE c.id = :client AND s.segment_id = :segment
""")

_ASSIGNMENTS = {
    view: text(f"""
        SELECT customer_id, recency_days, orders, spend, first_day, last_day FROM assignments
        WHERE client_id = :client AND segmentation_id = :segmentation
          AND {column} = :segment AND customer_id > :after
        ORDER BY customer_id LIMIT :limit
    """)  # noqa: S608 - the column is one of the two named here
    for view, column in (("rfm", "rfm_segment"), ("habits", "habit_segment"))
}

_STILL_THERE = text("""
    SELECT EXISTS (SELECT FROM segmentations WHERE client_id = :client AND id = :segmentation)
""")

_NOTICES = text("""
    SELECT id, code, params, upload_id AS upload, created_at FROM notices
    WHERE client_id = :client AND user_id = :user ORDER BY id DESC LIMIT :limit
""")


class ExportCutShortError(RuntimeError):
    """The segmentation was removed while its customers were being listed."""


# Without the parameters, which may name a client.
_HELD_BACK = text("""
    SELECT held_back->>'code' FROM reconcile_cursor WHERE held_back IS NOT NULL ORDER BY bucket
""")


class Repository:
    """Reads and writes of one client each. All raise TransientError while PostgreSQL is away."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def held_back(self) -> list[str]:
        """Return why reconcile removes nothing, if it does not: codes, which anybody may read."""
        with self._postgres.transaction() as connection:
            return list(connection.execute(_HELD_BACK).scalars())

    def client(self, client: str) -> Client:
        """Return the client of somebody who is signed in."""
        with self._postgres.transaction(client) as connection:
            (found,) = _rows(connection, _CLIENT, {"client": client})
        return Client(**found)

    def set_row_policy(self, client: str, policy: str) -> None:
        """Decide what becomes of files with bad rows that are read from now on."""
        with self._postgres.transaction(client) as connection:
            connection.execute(_SET_POLICY, {"client": client, "policy": policy})

    def branches(self, client: str) -> tuple[Branch, ...]:
        """Return the branches by name."""
        with self._postgres.transaction(client) as connection:
            rows = _rows(connection, _BRANCHES, {"client": client})
        return tuple(Branch(**row) for row in rows)

    def is_reading(self, client: str) -> bool:
        """Say whether an upload is on its way that may still bring data."""
        with self._postgres.transaction(client) as connection:
            return bool(connection.execute(_IS_READING, {"client": client}).scalar_one())

    def segmentation(self, client: str, segmentation: str) -> Segmentation | None:
        """Return a segmentation whole, or None when it has just been replaced and removed."""
        names = {"client": client, "segmentation": segmentation}
        with self._postgres.transaction(client) as connection:
            segments = _rows(connection, _SEGMENTS, names)
            contributions = _rows(connection, _CONTRIBUTIONS, names)
            # Looked at last: where it still is, its parts were whole when they were read.
            found = _row(connection, _SEGMENTATION, names)
        if found is None:
            return None
        return Segmentation(
            **found,
            segments=tuple(Segment.from_row(row) for row in segments),
            contributions=tuple(Contribution(**row) for row in contributions),
        )

    def uploads(
        self,
        client: str,
        *,
        limit: int,
        before: tuple[datetime, str] | None = None,
        states: list[str] | None = None,
    ) -> list[Upload]:
        """Return the newest uploads, or those that come after `before` (store time, id).

        Those in one of `states`, if any is named.
        """
        stored_at, upload_id = before or (None, None)
        wanted = {"client": client, "limit": limit, "before": stored_at, "before_id": upload_id}
        wanted["states"] = states
        with self._postgres.transaction(client) as connection:
            rows = _rows(connection, _UPLOADS, wanted)
        return [Upload.from_row(row) for row in rows]

    def upload(self, client: str, upload: str) -> UploadDetail | None:
        """Return one upload, or None where the client has no such."""
        with self._postgres.transaction(client) as connection:
            names = {"client": client, "upload": upload}
            found = _row(connection, _UPLOAD, names)
            repairs = _rows(connection, _REPAIRS, names)
            repaired_by = _rows(connection, _REPAIRED_BY, names)
            replaced = int(connection.execute(_REPLACED_ROWS, names).scalar_one())
        return (
            None
            if found is None
            else UploadDetail(
                upload=Upload.from_row(found),
                understanding=found["understanding"],
                rejected_frame=found["rejected_frame_id"],
                repairs=tuple(Related(**row) for row in repairs),
                repaired_by=tuple(Related(**row) for row in repaired_by),
                replaced_rows=replaced,
            )
        )

    def mended_lines(self, client: str, upload: str) -> set[int]:
        """Return the lines of an upload's file that were mended and sent again."""
        with self._postgres.transaction(client) as connection:
            names = {"client": client, "upload": upload}
            return set(connection.execute(_MENDED_LINES, names).scalars())

    def first_of(self, client: str, sha256: str) -> FirstUpload | None:
        """Return the upload that brought these bytes first, if they are current."""
        with self._postgres.transaction(client) as connection:
            found = _row(connection, _FIRST_OF, {"client": client, "sha256": sha256})
        return None if found is None else FirstUpload.from_row(found)

    def add_link(self, client: str, *, key: str, branch: str, filename: str, user: str) -> None:
        """Remember whose file, and under which name, will arrive at `key`."""
        link = {"key": key, "branch": branch, "filename": filename, "user": user}
        with self._postgres.transaction(client) as connection:
            connection.execute(_INSERT_LINK, {"client": client, **link})

    def exported_segment(self, client: str, segment: str) -> ExportedSegment | None:
        """Return a segment of the current segmentation, or None where it has no such."""
        with self._postgres.transaction(client) as connection:
            found = _row(connection, _EXPORTED, {"client": client, "segment": segment})
        return None if found is None else ExportedSegment(**found)

    def assignments(self, client: str, segment: ExportedSegment) -> Iterator[Assignment]:
        """Yield the segment's customers by id.

        Page by page, each in its own transaction: whoever reads slowly holds no connection.

        Raises:
            ExportCutShortError: The segmentation is gone; what was yielded is not all.
        """
        after = ""
        while page := self._assignments_after(client, segment, after):
            yield from page
            after = page[-1].customer_id

    def _assignments_after(
        self, client: str, segment: ExportedSegment, after: str
    ) -> list[Assignment]:
        names = {"client": client, "segmentation": segment.segmentation}
        wanted = {"segment": segment.segment_id, "after": after, "limit": _PAGE_ROWS}
        with self._postgres.transaction(client) as connection:
            rows = _rows(connection, _ASSIGNMENTS[segment.view], {**names, **wanted})
            # Looked at last: what is there now was there while the page was read.
            if not connection.execute(_STILL_THERE, names).scalar_one():
                raise ExportCutShortError(segment.segmentation)
        return [Assignment(**row) for row in rows]

    def notices(self, client: str, user: str, *, limit: int = 50) -> list[Notice]:
        """Return what the user was told, newest first."""
        wanted = {"client": client, "user": user, "limit": limit}
        with self._postgres.transaction(client) as connection:
            rows = _rows(connection, _NOTICES, wanted)
        return [Notice(**row) for row in rows]


def _rows(
    connection: Connection, statement: TextClause, parameters: Mapping[str, object]
) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(statement, parameters).mappings()]


def _row(
    connection: Connection, statement: TextClause, parameters: Mapping[str, object]
) -> dict[str, Any] | None:
    return next(iter(_rows(connection, statement, parameters)), None)
