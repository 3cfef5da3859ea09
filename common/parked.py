"""Parked messages, as a person deals with them: looked at, replayed, discarded, never forgotten.

One transaction reopens the claim, shows the upload as moving again, and puts the message into the
outbox, from where any worker's relay publishes it. So neither the command line nor the API needs
a broker, and nothing is half done.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Self

from sqlalchemy import Connection, text

from common.events import UploadRejected
from common.messages import to_message
from common.postgres import Postgres

SOURCE = "parked"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedMessage:
    """A message that was given up on, and what became of it since."""

    id: str
    function: str
    work_key: str | None  # None: the message could not be read
    client: str | None
    reason: str
    error: str  # with the traceback of a bug
    tries: int
    first_failed: datetime | None
    parked_at: datetime
    resolved_at: datetime | None
    resolution: str | None  # replayed | discarded
    resolved_by: str | None
    body: bytes

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the columns that are named as the fields."""
        return cls(**{**row, "body": bytes(row["body"])})


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which parked messages are meant; what is not said does not matter."""

    client: str | None = None
    function: str | None = None
    reason: str | None = None
    with_resolved: bool = False


class Resolution(Enum):
    """What a person decided about a parked message."""

    REPLAYED = "replayed"
    DISCARDED = "discarded"


_COLUMNS = """
    SELECT id, function, work_key, client_id AS client, reason, error, tries, first_failed,
           parked_at, resolved_at, resolution, resolved_by, body
    FROM parked
"""

_LIST = text(f"""{_COLUMNS}
    WHERE (CAST(:client AS text) IS NULL OR client_id = :client)
      AND (CAST(:function AS text) IS NULL OR function = :function)
      AND (CAST(:reason AS text) IS NULL OR reason = :reason)
      AND (:with_resolved OR resolved_at IS NULL)
    ORDER BY parked_at DESC, id LIMIT :limit
""")

_FIND = text(f"{_COLUMNS} WHERE id = :id")

# Of two people who decide at once the first one does.
_RESOLVE = text("""
    UPDATE parked SET resolved_at = now(), resolution = :resolution, resolved_by = :by
    WHERE id = :id AND resolved_at IS NULL
""")

_REOPEN = text("""
    UPDATE claims SET status = 'waiting', next_try = now(), finished_at = NULL
    WHERE work_key = :work_key AND status = 'parked'
""")

_SEND = text("""
    INSERT INTO outbox (id, work_key, queue, body) VALUES (:id, :work_key, :queue, :body)
""")

# The claim that works on an upload has a name made of the upload's own columns.
_OF_WORK = """
    client_id = :client AND state = 'parked'
    AND 'ingest:ObjectCreated:' || bucket || '/' || key || '@' || version_id || '#' || generation
        = :work_key
"""

_ANNOUNCE_AGAIN = text(f"""
    UPDATE uploads SET state = 'announced', reason = NULL, params = '{{}}' WHERE {_OF_WORK}
""")  # noqa: S608 - constants only

_GIVE_UP = text(f"""
    UPDATE uploads SET state = 'rejected', outcome = 'rejected', reason = 'discarded',
        params = '{{}}', settled_at = now()
    WHERE {_OF_WORK} RETURNING id
""")  # noqa: S608 - constants only


class ParkedMessages:
    """All parked messages for an operator; those of one client for its people."""

    def __init__(self, *, app: Postgres, runtime: Postgres | None = None) -> None:
        """Take both doors, or only the app's: then every call has to name its client."""
        self._app = app
        self._runtime = runtime

    def list(self, wanted: Filter, *, limit: int) -> list[ParkedMessage]:
        """Return the newest that match."""
        values = {
            "client": wanted.client,
            "function": wanted.function,
            "reason": wanted.reason,
            "with_resolved": wanted.with_resolved,
            "limit": limit,
        }
        with self._looking(wanted.client) as connection:
            rows = connection.execute(_LIST, values).mappings()
            return [ParkedMessage.from_row(dict(row)) for row in rows]

    def find(self, parked_id: str, *, client: str | None = None) -> ParkedMessage | None:
        """Return one, or None where there is no such, or it is another client's."""
        with self._looking(client) as connection:
            row = connection.execute(_FIND, {"id": parked_id}).mappings().one_or_none()
            return None if row is None else ParkedMessage.from_row(dict(row))

    def replay(self, message: ParkedMessage, *, by: str) -> bool:
        """Have the message handled again; False when somebody has decided about it before."""
        with self._changing(message.client) as connection:
            if not _resolve(connection, message, Resolution.REPLAYED, by):
                return False
            work = {"work_key": message.work_key, "client": message.client}
            connection.execute(_REOPEN, work)
            if message.client is not None:
                connection.execute(_ANNOUNCE_AGAIN, work)
            _send(connection, message, message.function, message.body)
        return True

    def discard(self, message: ParkedMessage, *, by: str) -> bool:
        """Give the message up for good; False when somebody has decided about it before.

        Its upload is rejected, and the owner is told.
        """
        with self._changing(message.client) as connection:
            if not _resolve(connection, message, Resolution.DISCARDED, by):
                return False
            if message.client is None:
                return True
            work = {"work_key": message.work_key, "client": message.client}
            for upload in connection.execute(_GIVE_UP, work).scalars():
                event = UploadRejected(client=message.client, upload=upload)
                event_id = str(uuid.uuid4())
                body = to_message(event, event_id=event_id, source=SOURCE)
                _send(connection, message, event.queue, body, event_id=event_id)
        return True

    @contextmanager
    def _looking(self, client: str | None) -> Iterator[Connection]:
        if self._runtime is None:
            assert client is not None, "without the runtime's door only a client's are seen"
            with self._app.transaction(client) as connection:
                yield connection
        else:
            with self._runtime.transaction() as connection:
                yield connection

    @contextmanager
    def _changing(self, client: str | None) -> Iterator[Connection]:
        if client is not None:
            with self._app.transaction(client) as connection:
                yield connection
        else:
            assert self._runtime is not None, "what belongs to no client is the operator's"
            with self._runtime.transaction() as connection:
                yield connection


def _resolve(
    connection: Connection, message: ParkedMessage, resolution: Resolution, by: str
) -> bool:
    values = {"id": message.id, "resolution": resolution.value, "by": by}
    return bool(connection.execute(_RESOLVE, values).rowcount)


def _send(
    connection: Connection,
    message: ParkedMessage,
    queue: str,
    body: bytes,
    *,
    event_id: str | None = None,
) -> None:
    row = {
        "id": event_id or f"{SOURCE}:{message.id}",
        "work_key": message.work_key or f"{SOURCE}:{message.id}",
        "queue": queue,
        "body": body,
    }
    connection.execute(_SEND, row)
