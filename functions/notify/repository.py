"""What notify reads and writes in PostgreSQL."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, text

from common.events import Event
from common.failpoints import failpoint
from common.ledger import Claim
from common.postgres import Postgres
from functions.notify.notice import Notice, Segmentation, Upload

_UPLOAD = text("""
    SELECT u.id, u.filename, u.reason, u.params,
           coalesce(d.accepted, 0) AS accepted,
           coalesce(d.rejected, 0) AS rejected,
           first.filename AS first_filename,
           first.stored_at AS first_stored_at
    FROM uploads u
    LEFT JOIN datasets d ON d.client_id = u.client_id AND d.sha256 = u.sha256
    LEFT JOIN uploads first ON first.client_id = u.client_id AND first.id = u.first_upload_id
    WHERE u.client_id = :client AND u.id = :upload
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
