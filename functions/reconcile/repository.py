"""What reconcile asks the ledger."""

from dataclasses import dataclass

from sqlalchemy import text

from common.postgres import Postgres


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownUploads:
    """What the ledger knows of the objects under one prefix."""

    versions: frozenset[tuple[str, str]]  # key, version id
    live_keys: frozenset[str]  # keys with an upload that was not removed


_UPLOADS = text("SELECT key, version_id, state FROM uploads WHERE client_id = :client")

_STRAYS = text("SELECT key, version_id FROM stray_objects WHERE starts_with(key, :prefix)")

_LAGGING = text("SELECT id FROM clients WHERE data_version > segmented_version ORDER BY id")


class Repository:
    """Reads as the app for one client at a time, and as the runtime for all."""

    def __init__(self, *, app: Postgres, runtime: Postgres) -> None:
        self._app = app
        self._runtime = runtime

    def known_uploads(self, prefix: str) -> KnownUploads:
        """Return what is known under the first part of a key, a client's or nobody's."""
        with self._app.transaction(prefix) as connection:
            uploads = connection.execute(_UPLOADS, {"client": prefix}).all()
        with self._runtime.transaction() as connection:
            strays = connection.execute(_STRAYS, {"prefix": prefix}).all()
        return KnownUploads(
            versions=frozenset((row.key, row.version_id) for row in (*uploads, *strays)),
            live_keys=frozenset(row.key for row in uploads if row.state != "removed"),
        )

    def lagging_clients(self) -> list[str]:
        """Return the clients whose data changed after their current segmentation."""
        with self._runtime.transaction() as connection:
            return list(connection.execute(_LAGGING).scalars())
