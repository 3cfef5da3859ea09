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
           coalesce(d.understanding -> 'of_orders', '{}'::jsonb) AS of_orders,
           first.filename AS first_filename,
           first.stored_at AS first_stored_at,
           coalesce(b.timezone, 'UTC') AS first_timezone
    FROM uploads u
    LEFT JOIN datasets d ON d.client_id = u.client_id AND d.sha256 = u.sha256
    LEFT JOIN uploads first ON first.client_id = u.client_id AND first.id = u.first_upload_id
    LEFT JOIN branches b ON b.client_id = first.client_id AND b.id = first.branch_id
    WHERE u.client_id = :client AND u.id = :upload
""")

# An upload that gives its dataset branch and time, and that has rows: a table without any says
# little of how the branch writes. As a subquery of its own: neighbours are walked in their order,
# and the first that fits ends the walk, however many files there are.
_COUNTS = """u.id = (SELECT d.upload_id FROM current_datasets d
                    WHERE d.client_id = u.client_id AND d.sha256 = u.sha256 AND d.accepted > 0)"""
_NEIGHBOUR = f"""
    SELECT u.* FROM uploads u
    WHERE u.client_id = each.client_id AND u.branch_id = each.branch_id
      AND u.state IN ('stored', 'duplicate') AND {_COUNTS}
      AND NOT EXISTS (SELECT FROM repairs r
                      WHERE r.client_id = u.client_id AND r.sha256 = u.sha256)"""  # noqa: S608

# A file and the one after it in the store's time order, each with the one before.
_FORMS = text(f"""
    WITH mine AS (
        SELECT u.* FROM uploads u WHERE u.client_id = :client AND u.id = :upload AND {_COUNTS}),
    following AS (
        SELECT after.* FROM mine AS each CROSS JOIN LATERAL ({_NEIGHBOUR}
              AND (u.stored_at, u.version_id) > (each.stored_at, each.version_id)
            ORDER BY u.stored_at, u.version_id LIMIT 1) AS after)
    SELECT each.id AS upload, each.filename, b.name AS branch, b.timezone, each.stored_at,
           d.understanding, earlier.understanding AS before
    FROM (TABLE mine UNION ALL TABLE following) AS each
    JOIN datasets d ON d.client_id = each.client_id AND d.sha256 = each.sha256
    JOIN branches b ON b.client_id = each.client_id AND b.id = each.branch_id
    CROSS JOIN LATERAL ({_NEIGHBOUR}
          AND (u.stored_at, u.version_id) < (each.stored_at, each.version_id)
        ORDER BY u.stored_at DESC, u.version_id DESC LIMIT 1) AS last
    JOIN datasets earlier ON earlier.client_id = last.client_id AND earlier.sha256 = last.sha256
    ORDER BY each.stored_at, each.version_id
""")  # noqa: S608 - constants only

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
