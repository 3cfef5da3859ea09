"""How a branch's files are read, as far as people decided it, and questions that wait for them.

A decision is one more version of the branch's profile. Whoever waits in the branch for an answer is
read again, and segments are computed anew where other lines may count: the message goes into the
outbox in the same transaction, and any worker sends it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from common.events import ObjectCreated, ObjectRef, subject_of
from common.postgres import Postgres
from functions.report_api.outbox import cluster_again, send

_SOURCE = "answer"
_OVERLAP = "overlap"  # the setting by which clustering goes

# Taken before the branch's, as everywhere.
_LOCK_CLIENT = text("SELECT FROM clients WHERE id = :client FOR NO KEY UPDATE")

_LOCK_BRANCH = text("""
    SELECT id FROM branches WHERE client_id = :client AND id = :branch FOR UPDATE
""")

_VERSIONS = text("""
    SELECT version, since, settings, upload_id AS upload, decided_by, decided_at
    FROM branch_profiles WHERE client_id = :client AND branch_id = :branch ORDER BY version
""")

_DECIDE = text("""
    INSERT INTO branch_profiles
        (client_id, branch_id, version, since, settings, upload_id, decided_by)
    VALUES (:client, :branch, :version, :since, CAST(:settings AS jsonb), :upload, :by)
""")

# They are on their way again at once: nobody is asked twice.
_WAITING = text("""
    UPDATE uploads SET state = 'announced', reason = NULL, params = '{}'
    WHERE client_id = :client AND branch_id = :branch AND state = 'needs_answer'
    RETURNING bucket, key, version_id, size, generation
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One decision about a branch's files."""

    version: int
    since: datetime | None  # store time; None: for all files
    settings: Mapping[str, Any]  # only what was decided
    upload: str | None  # whose question it answers
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody decides about a branch's files."""

    branch: str
    since: datetime | None
    settings: Mapping[str, Any]
    upload: str | None = None

    def is_as(self, version: Version) -> bool:
        """Say whether it was decided before."""
        same = (version.since, version.upload, dict(version.settings))
        return same == (self.since, self.upload, dict(self.settings))


class Profiles:
    """Decisions of one client each. All raise TransientError while PostgreSQL is away."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def versions(self, client: str, branch: str) -> list[Version] | None:
        """Return what was decided, the oldest first; None where the client has no such branch."""
        names = {"client": client, "branch": branch}
        with self._postgres.transaction(client) as connection:
            return _versions(connection, names)

    def decide(self, client: str, wish: Wish, *, by: str) -> bool:
        """Keep a decision, and have uploads read again that wait for one; False: no such branch.

        Deciding the same again is no new version.
        """
        names = {"client": client, "branch": wish.branch}
        with self._postgres.transaction(client) as connection:
            if _OVERLAP in wish.settings:
                connection.execute(_LOCK_CLIENT, names)
            known = _versions(connection, names)
            if known is None:
                return False
            if not known or not wish.is_as(known[-1]):
                row = {
                    "version": len(known) + 1,
                    "since": wish.since,
                    "settings": json.dumps(dict(wish.settings)),
                    "upload": wish.upload,
                    "by": by,
                }
                connection.execute(_DECIDE, names | row)
                if _OVERLAP in wish.settings:
                    cluster_again(connection, client, source=_SOURCE)
            _wake(connection, names)
        return True


def _versions(connection: Connection, names: Mapping[str, object]) -> list[Version] | None:
    if connection.execute(_LOCK_BRANCH, names).one_or_none() is None:
        return None
    return [Version(**row) for row in connection.execute(_VERSIONS, names).mappings()]


def _wake(connection: Connection, names: Mapping[str, object]) -> None:
    for row in connection.execute(_WAITING, names).all():
        event = ObjectCreated(
            object=ObjectRef(bucket=row.bucket, key=row.key, version_id=row.version_id),
            size=row.size,
            source=_SOURCE,
            generation=row.generation + 1,
        )
        send(connection, event, source=_SOURCE, name=subject_of(event))
