"""Replay: have what the ledger knows go through the same path again.

Events are made from the ledger's uploads, not from the journal: that may be purged, and this says
the same. Whoever asks, an operator or a client for its own uploads, writes a run; reconcile drives
it page by page (`ReplayRuns.take`, `page`, `advance`), so that a run survives who asked for it.

Unforced, finished work stays finished: its claim answers with what is still to be published.
Forced, an upload's generation is raised, and the same bytes are read again with the conventions
they were read with.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Connection, Row, text

from common import events
from common.events import DatasetsChanged, Event, ObjectCreated, ObjectRef, subject_of
from common.ledger import REPLAY_ID
from common.messages import to_message
from common.postgres import Postgres

SOURCE = "replay"
LEASE_S = 60.0

# Superseded and removed uploads are left out: nothing follows from them any more.
STATES = ("announced", "reading", "needs_answer", "parked", "stored", "duplicate", "rejected")

_FACTS: Mapping[str, type[events.UploadEvent]] = {
    "stored": events.UploadStored,
    "duplicate": events.UploadDuplicated,
    "rejected": events.UploadRejected,
    "needs_answer": events.UploadNeedsAnswer,
    "parked": events.UploadParked,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is to be replayed."""

    function: str = "ingest"  # ingest | cluster | notify
    client: str | None = None  # None: every client
    prefix: str = ""  # of keys, below the client
    states: tuple[str, ...] = STATES
    since: datetime | None = None  # first seen from here on
    until: datetime | None = None  # first seen before
    is_forced: bool = False
    rate: float | None = None  # messages a second at most


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What a wish would publish: how many messages, and the keys of the first."""

    total: int
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A wish that is being fulfilled, or was."""

    id: str
    requested_by: str
    wish: Wish
    total: int
    published: int
    cursor: str
    state: str  # running | cancelled | done
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take a row of `replay_runs`."""
        plain = {name: row[name] for name in cls.__slots__ if name != "wish"}
        wished = {name: row[name] for name in Wish.__slots__ if name not in {"client", "states"}}
        wish = Wish(client=row["client_id"], states=tuple(row["states"]), **wished)
        return cls(wish=wish, **plain)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The next messages of a run, and where the page after them starts."""

    queue: str
    bodies: tuple[bytes, ...]
    cursor: str


_MATCHING = """
    FROM uploads
    WHERE client_id = :client AND state = ANY(:states)
      AND starts_with(key, :client || '/' || :prefix)
      AND (CAST(:since AS timestamptz) IS NULL OR seen_at >= :since)
      AND (CAST(:until AS timestamptz) IS NULL OR seen_at < :until)
"""

_COUNT = text(f"SELECT count(*) {_MATCHING}")

_KEYS = text(f"SELECT key {_MATCHING} ORDER BY seen_at DESC, id LIMIT :limit")

_UPLOADS = text(f"""
    SELECT id, bucket, key, version_id, size, uploaded_by, state, generation {_MATCHING}
      AND id > :after ORDER BY id LIMIT :limit
""")

# In the order of Python's own comparison, whatever the database's language sorts by.
_CLIENTS = text('SELECT id FROM clients ORDER BY id COLLATE "C"')

_START = text("""
    INSERT INTO replay_runs (id, client_id, requested_by, function, prefix, states, since, until,
                             is_forced, rate, total)
    VALUES (:id, :client, :by, :function, :prefix, :states, :since,
            least(CAST(:until AS timestamptz), now()), :is_forced, :rate, :total)
    RETURNING *
""")

_FIND = text("SELECT * FROM replay_runs WHERE id = :id")

_CANCEL = text("""
    UPDATE replay_runs SET state = 'cancelled', ended_at = now()
    WHERE id = :id AND state = 'running'
""")

_TAKE = text("""
    UPDATE replay_runs SET owner = :owner, lease_until = now() + :lease * interval '1 second'
    WHERE id = (
        SELECT id FROM replay_runs
        WHERE state = 'running' AND (lease_until IS NULL OR lease_until < now())
        ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *
""")

_ADVANCE = text("""
    UPDATE replay_runs SET
        cursor = :cursor, published = published + :published,
        lease_until = now() + :lease * interval '1 second'
    WHERE id = :id AND owner = :owner AND state = 'running'
""")

_END = text("""
    UPDATE replay_runs SET state = 'done', ended_at = now()
    WHERE id = :id AND owner = :owner AND state = 'running'
""")

_RELEASE = text("""
    UPDATE replay_runs SET lease_until = NULL WHERE id = :id AND owner = :owner
""")

# A fact of notify has no generation; whoever was told of it is found by the notice itself.
_REOPEN = text("""
    UPDATE claims SET status = 'waiting', next_try = now(), finished_at = NULL
    WHERE work_key = ANY(:work_keys) AND status IN ('done', 'refused')
""")


class ReplayRuns:
    """Runs of all clients for an operator and for reconcile; of one client for its people."""

    def __init__(self, *, app: Postgres, runtime: Postgres | None = None) -> None:
        """Take both doors, or only the app's: then every wish has to name its client."""
        self._app = app
        self._runtime = runtime

    # --- for who asks -----------------------------------------------------------------------

    def preview(self, wish: Wish, *, examples: int = 5) -> Preview:
        """Return what would be published now, without doing it."""
        total, keys = 0, list[str]()
        for client in self._clients(wish):
            with self._app.transaction(client) as connection:
                values = _matching(wish, client)
                found = connection.execute(_COUNT, values).scalar_one()
                wanted = values | {"limit": examples - len(keys)}
                keys += connection.execute(_KEYS, wanted).scalars()
            total += min(found, 1) if wish.function == "cluster" else found
        return Preview(total=total, examples=tuple(keys))

    def start(self, wish: Wish, *, by: str) -> Run:
        """Write the wish down for reconcile to drive."""
        total = self.preview(wish, examples=0).total
        row = {
            "id": uuid.uuid4().hex[:12],
            "client": wish.client,
            "by": by,
            "function": wish.function,
            "prefix": wish.prefix,
            "states": list(wish.states),
            "since": wish.since,
            "until": wish.until,
            "is_forced": wish.is_forced,
            "rate": wish.rate,
            "total": total,
        }
        with self._looking(wish.client) as connection:
            return Run.from_row(dict(connection.execute(_START, row).mappings().one()))

    def find(self, run_id: str, *, client: str | None = None) -> Run | None:
        """Return a run, or None where there is no such, or it is another client's."""
        with self._looking(client) as connection:
            row = connection.execute(_FIND, {"id": run_id}).mappings().one_or_none()
        return None if row is None else Run.from_row(dict(row))

    def cancel(self, run_id: str, *, client: str | None = None) -> Run | None:
        """End a run before its time, and return it; one that has ended stays as it is."""
        with self._looking(client) as connection:
            connection.execute(_CANCEL, {"id": run_id})
        return self.find(run_id, client=client)

    # --- for who drives ---------------------------------------------------------------------

    def take(self, *, owner: str) -> Run | None:
        """Return a run that nobody drives, for `owner` to drive while it advances it."""
        values = {"owner": owner, "lease": LEASE_S}
        with self._looking(None) as connection:
            row = connection.execute(_TAKE, values).mappings().one_or_none()
        return None if row is None else Run.from_row(dict(row))

    def page(self, run: Run, *, size: int) -> Page | None:
        """Return the next messages, or None where the run has come to its end."""
        at, _, after = run.cursor.partition("/")
        for client in self._clients(run.wish):
            is_nudged = client == at and run.wish.function == "cluster"  # one nudge a client
            if client < at or is_nudged:
                continue
            made = self._made(run, client, after if client == at else "", size)
            if made is not None:
                return made
        return None

    def advance(self, run: Run, page: Page | None, *, owner: str) -> Run | None:
        """Write down that `page` was published, or only that `owner` lives.

        Returns None where the run was cancelled, or another has taken it over.
        """
        values = {
            "id": run.id,
            "owner": owner,
            "lease": LEASE_S,
            "cursor": run.cursor if page is None else page.cursor,
            "published": 0 if page is None else len(page.bodies),
        }
        with self._looking(None) as connection:
            if not connection.execute(_ADVANCE, values).rowcount:
                return None
        return self.find(run.id)

    def end(self, run: Run, *, owner: str) -> None:
        """Write down that all is published."""
        with self._looking(None) as connection:
            connection.execute(_END, {"id": run.id, "owner": owner})

    def release(self, run: Run, *, owner: str) -> None:
        """Leave the run to the next driver."""
        with self._looking(None) as connection:
            connection.execute(_RELEASE, {"id": run.id, "owner": owner})

    def _made(self, run: Run, client: str, after: str, size: int) -> Page | None:
        wish = run.wish
        limit = 1 if wish.function == "cluster" else size
        with self._app.transaction(client) as connection:
            wanted = _matching(wish, client) | {"after": after, "limit": limit}
            rows = connection.execute(_UPLOADS, wanted).all()
            if not rows:
                return None
            following = [e for row in rows for e in _events(wish, client, row)]
            if wish.is_forced and wish.function == "notify":
                keys = [f"notify:{subject_of(event)}" for event in following]
                connection.execute(_REOPEN, {"work_keys": keys})
        return Page(
            queue=wish.function,
            bodies=tuple(_message(run, event) for event in following),
            cursor=f"{client}/{rows[-1].id}",
        )

    def _clients(self, wish: Wish) -> Sequence[str]:
        if wish.client is not None:
            return [wish.client]
        with self._looking(None) as connection:
            return list(connection.execute(_CLIENTS).scalars())

    @contextmanager
    def _looking(self, client: str | None) -> Iterator[Connection]:
        if self._runtime is None:
            assert client is not None, "without the runtime's door only a client's are seen"
            with self._app.transaction(client) as connection:
                yield connection
        else:
            with self._runtime.transaction() as connection:
                yield connection


def _matching(wish: Wish, client: str) -> dict[str, object]:
    return {
        "client": client,
        "prefix": wish.prefix,
        "states": list(wish.states),
        "since": wish.since,
        "until": wish.until,
    }


def _events(wish: Wish, client: str, row: Row[Any]) -> Iterator[Event]:
    match wish.function:
        case "cluster":
            yield DatasetsChanged(client=client)
        case "notify":
            if fact := _FACTS.get(row.state):
                yield fact(client=client, upload=row.id)
        case _:
            yield ObjectCreated(
                object=ObjectRef(bucket=row.bucket, key=row.key, version_id=row.version_id),
                size=row.size,
                principal=row.uploaded_by,
                source=SOURCE,
                generation=row.generation + wish.is_forced,
            )


def _message(run: Run, event: Event) -> bytes:
    # The same wish for the same work has the same id, whatever a driver that died had published.
    # Forced, the work is another one if the upload was read again meanwhile: its generation is higher.
    name = f"{run.id}:{subject_of(event)}"
    event_id = f"{REPLAY_ID}{uuid.uuid5(uuid.NAMESPACE_URL, name)}"
    return to_message(event, event_id=event_id, source=SOURCE)
