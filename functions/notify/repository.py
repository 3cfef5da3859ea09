"""What notify reads and writes in PostgreSQL."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, text

from common.events import Event
from common.failpoints import failpoint
from common.ledger import Claim
from common.postgres import Postgres
from functions.notify.notice import Form, Notice, Segmentation, Upload

_UPLOAD = text("""
    SELECT u.id, u.filename, u.reason, u.params,
           coalesce(d.accepted, 0) AS accepted,
           coalesce(d.rejected, 0) AS rejected,
           coalesce(d.understanding -> 'left_out', '{}'::jsonb) AS left_out,
           first.filename AS first_filename,
           first.stored_at AS first_stored_at
    FROM uploads u
    LEFT JOIN datasets d ON d.client_id = u.client_id AND d.sha256 = u.sha256
    LEFT JOIN uploads first ON first.client_id = u.client_id AND first.id = u.first_upload_id
    WHERE u.client_id = :client AND u.id = :upload
""")

# A file and the one after it in the store's time order, each with the one before.
_FORMS = text("""
    WITH told AS (
        SELECT branch, stored_at, version_id FROM current_datasets
        WHERE client_id = :client AND upload_id = :upload),
    following AS (
        SELECT d.upload_id FROM current_datasets d, told
        WHERE d.client_id = :client AND d.branch = told.branch
          AND (d.stored_at, d.version_id) > (told.stored_at, told.version_id)
          AND NOT EXISTS (SELECT FROM repairs r
                          WHERE r.client_id = d.client_id AND r.sha256 = d.sha256)
        ORDER BY d.stored_at, d.version_id LIMIT 1)
    SELECT mine.upload_id AS upload, u.filename, b.name AS branch, mine.stored_at,
           mine.understanding, earlier.understanding AS before
    FROM current_datasets mine
    JOIN uploads u ON u.client_id = mine.client_id AND u.id = mine.upload_id
    JOIN branches b ON b.client_id = mine.client_id AND b.id = mine.branch
    CROSS JOIN LATERAL (
        SELECT d.understanding FROM current_datasets d
        WHERE d.client_id = mine.client_id AND d.branch = mine.branch
          AND (d.stored_at, d.version_id) < (mine.stored_at, mine.version_id)
          AND NOT EXISTS (SELECT FROM repairs r
                          WHERE r.client_id = d.client_id AND r.sha256 = d.sha256)
        ORDER BY d.stored_at DESC, d.version_id DESC LIMIT 1) AS earlier
    WHERE mine.client_id = :client
      AND (mine.upload_id = :upload OR mine.upload_id IN (SELECT upload_id FROM following))
    ORDER BY mine.stored_at, mine.version_id
""")

_SEGMENTATION = text("""
    SELECT as_of, coalesce((summary -> 'totals' ->> 'customers')::bigint, 0) AS customers
    FROM segmentations
    WHERE client_id = :client AND id = :segmentation
""")

# One row a user. A second delivery of the same event finds the rows there.
_TELL = text("""
    INSERT INTO notices (client_id, user_id, about, code, params, upload_id)
    SELECT client_id, id, :about, :code, CAST(:params AS jsonb), :upload
    FROM users
    WHERE client_id = :client AND role = ANY(:roles)
    ON CONFLICT (client_id, user_id, about) DO NOTHING
""")


class NoticeRepository:
    """Uploads and segmentations to tell about, and the notices that do."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def upload(self, client: str, upload: str) -> Upload:
        """Return what is known of an upload.

        Raises:
            NoResultFound: The client has no such upload.
            TransientError: PostgreSQL cannot be reached.
        """
        with self._postgres.transaction(client) as connection:
            row = connection.execute(_UPLOAD, {"client": client, "upload": upload}).one()
        return Upload(**row._asdict())

    def forms(self, client: str, upload: str) -> list[Form]:
        """Return how a file and the one after it were read, each with the one before it.

        Raises:
            TransientError: PostgreSQL cannot be reached.
        """
        with self._postgres.transaction(client) as connection:
            rows = connection.execute(_FORMS, {"client": client, "upload": upload}).all()
        return [Form(**row._asdict()) for row in rows]

    def segmentation(self, client: str, segmentation: str) -> Segmentation | None:
        """Return what is known of a segmentation; None when a newer one has taken its place.

        Raises:
            TransientError: PostgreSQL cannot be reached.
        """
        params = {"client": client, "segmentation": segmentation}
        with self._postgres.transaction(client) as connection:
            row = connection.execute(_SEGMENTATION, params).one_or_none()
        return None if row is None else Segmentation(**row._asdict())

    def tell(self, claim: Claim, notice: Notice, *, about: str) -> None:
        """Have `notice` written for each of its users when `claim` is finished."""
        params = {
            "client": claim.client,
            "about": about,
            "code": notice.code,
            "params": json.dumps(notice.params),
            "upload": notice.upload,
            "roles": list(notice.roles),
        }

        def write(connection: Connection) -> Iterable[Event]:
            connection.execute(_TELL, params)
            failpoint("notified")
            return ()

        claim.stage(write)
