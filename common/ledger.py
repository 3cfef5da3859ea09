"""The runtime's memory in PostgreSQL: journal, claims, outbox and parked messages.

A claim is the right to do one piece of work: a row with a lease and a fencing number. Times are
the database's, so workers' clocks do not matter. What a handler changed, the end of its claim and
the events that follow are one transaction (`finish`).
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from sqlalchemy import Connection, Row, TextClause, text

from common.events import Event, client_of, subject_of
from common.exceptions import LostClaimError, TransientError
from common.failpoints import failpoint
from common.messages import Message, to_message
from common.postgres import Postgres, later, prepared

Write = Callable[[Connection], Iterable[Event]]

REPLAY_ID = "replay:"  # how the ids of replayed events begin


class Policy(Enum):
    """When a claim that was finished may be taken again."""

    ONCE = "once"  # never: finished work stays finished
    LATEST = "latest"  # at once: each message asks to look again, and one look at a time is enough


@dataclass(kw_only=True)
class Claim:
    """The right to do one piece of work, while nobody has taken it over."""

    work_key: str
    client: str | None
    fence: int
    starts: int  # since the last outcome; more than one means that a worker died
    transient_tries: int
    bug_tries: int
    failing_s: float  # seconds since the first failure in a row
    staged: list[Write] = field(default_factory=list)

    def stage(self, write: Write) -> None:
        """Have `write` run in the transaction that finishes this claim.

        It gets the connection, with the client set, and returns further events to publish.
        """
        self.staged.append(write)


@dataclass(frozen=True, kw_only=True, slots=True)
class NotClaimed:
    """Why there is nothing to do: it is done, or another worker has it until `free_in_s`."""

    work_key: str
    is_done: bool
    is_same_message: bool  # which that worker has: it died, or the broker thinks so
    free_in_s: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """An event on its way out."""

    id: str
    queue: str
    body: bytes


_SENT = "UPDATE outbox SET sent_at = now() WHERE id = ANY(CAST(:sent AS text[]))"

_JOURNAL = """
    INSERT INTO journal (event_id, function, kinds, raw)
    SELECT CAST(:event_id AS text), CAST(:function AS text), CAST(:kinds AS text[]),
           CAST(:raw AS bytea) {source}
    ON CONFLICT (event_id) DO UPDATE SET seen_count = journal.seen_count + 1
"""

_CLAIM = """
    INSERT INTO claims (work_key, function, client_id, event_id, status, owner, lease_until)
    VALUES (:work_key, :function, :client, :event_id, 'leased', :owner,
            now() + :lease * interval '1 second')
    ON CONFLICT (work_key) DO UPDATE SET
        status = 'leased', fence = claims.fence + 1, starts = claims.starts + 1,
        event_id = excluded.event_id, owner = excluded.owner, lease_until = excluded.lease_until,
        next_try = NULL, finished_at = NULL
    WHERE claims.status = 'leased' AND claims.lease_until < now()
       OR claims.status = 'waiting' AND claims.next_try <= now()
       OR :again AND claims.status <> 'leased'
    RETURNING fence, starts, transient_tries, bug_tries,
              coalesce(extract(epoch FROM now() - first_failed), 0) AS failing_s
"""

_ARRIVE_AND_CLAIM = prepared(
    f"WITH sent AS ({_SENT}), arrived AS ({_JOURNAL.format(source='')}) {_CLAIM}"
)
_ONLY_CLAIM = prepared(f"WITH sent AS ({_SENT}) {_CLAIM}")
_CLAIM_AND_ARRIVE = prepared(f"""
    WITH sent AS ({_SENT}), taken AS ({_CLAIM}),
         arrived AS ({_JOURNAL.format(source="FROM taken")})
    SELECT * FROM taken
""")  # noqa: S608 - constants only

_WHY_NOT = text("""
    SELECT status IN ('done', 'refused', 'parked') AS is_done,
           event_id = :event_id AS is_same_message,
           extract(epoch FROM coalesce(next_try, lease_until) - now()) AS free_in_s
    FROM claims WHERE work_key = :work_key
""")

_RENEW = text("""
    UPDATE claims SET lease_until = now() + :lease * interval '1 second'
    WHERE work_key = :work_key AND fence = :fence AND owner = :owner AND status = 'leased'
    RETURNING lease_until
""")

_FINISH = prepared("""
    UPDATE claims SET
        status = :status, finished_at = now(), starts = 0, transient_tries = 0, bug_tries = 0,
        first_failed = NULL, last_error = :error
    WHERE work_key = :work_key AND fence = :fence AND owner = :owner AND status = 'leased'
""")

_POSTPONE = text("""
    UPDATE claims SET
        status = 'waiting', next_try = now() + :delay * interval '1 second', starts = 0,
        transient_tries = transient_tries + :transient, bug_tries = bug_tries + :bug,
        first_failed = coalesce(first_failed, now()), last_error = :error
    WHERE work_key = :work_key AND fence = :fence AND owner = :owner AND status = 'leased'
""")

_RELEASE = text("""
    UPDATE claims SET status = 'waiting', next_try = now(), starts = greatest(starts - 1, 0)
    WHERE work_key = :work_key AND fence = :fence AND owner = :owner AND status = 'leased'
""")

_SEND = prepared("""
    INSERT INTO outbox (id, work_key, queue, body) VALUES (:id, :work_key, :queue, :body)
""")

_PENDING = text("""
    SELECT id, queue, body FROM outbox WHERE work_key = :work_key AND sent_at IS NULL ORDER BY seq
""")

# An event that is its own work follows from no message, so no worker is about to publish it.
_OVERDUE = text("""
    SELECT id, queue, body FROM outbox
    WHERE sent_at IS NULL AND (work_key = id OR created_at < now() - :age * interval '1 second')
    ORDER BY seq LIMIT 100 FOR UPDATE SKIP LOCKED
""")

# Events of ours that were published but that no worker has seen, and work that was begun but is
# overdue: a queue that lost its messages shows so.
_LOST = text("""
    SELECT id, queue, body FROM outbox
    WHERE sent_at < now() - :age * interval '1 second'
      AND NOT EXISTS (SELECT 1 FROM journal WHERE event_id = outbox.id)
      -- A parked message that is replayed keeps the id of its fact; its open claim watches over it.
      AND NOT starts_with(id, 'parked:')
    UNION ALL
    SELECT event_id, claims.function, raw FROM claims JOIN journal USING (event_id)
    WHERE coalesce(next_try, lease_until) < now() - :age * interval '1 second'
      AND status IN ('leased', 'waiting')
    LIMIT 1000
""")

_WRITE_DOWN_SENT = text(_SENT)

_PARK = text("""
    INSERT INTO parked (id, function, work_key, client_id, reason, error, tries, body, first_failed)
    VALUES (:id, :function, :work_key, :client, :reason, :error, :tries, :body,
            now() - :failing_s * interval '1 second')
    ON CONFLICT (id) DO UPDATE SET
        reason = excluded.reason, error = excluded.error, tries = excluded.tries, parked_at = now()
""")

# What was decided about a message stays: if it fails again it is parked as another one.
_PARKED_BEFORE = text("""
    SELECT count(*) FROM parked
    WHERE function = :function AND body = :body AND work_key IS NOT DISTINCT FROM :work_key
      AND resolved_at IS NOT NULL
""")


class Ledger:
    """Journal, claims, outbox and parked messages, for the workers of one function."""

    def __init__(
        self, *, runtime: Postgres, app: Postgres, function: str, owner: str, lease_s: float
    ) -> None:
        self._runtime = runtime
        self._app = app
        self._function = function
        self._owner = owner
        self._lease_s = lease_s
        self._published: list[str] = []  # outbox rows that are not yet written down as sent

    def claim(self, event: Event, policy: Policy, message: Message) -> Claim | NotClaimed:
        """Journal the message, and take the work that its event asks for unless it is done.

        The journal never decides: a second arrival raises its count and goes on to the claim.
        """
        client = client_of(event)
        work_key = f"{self._function}:{subject_of(event)}"
        request = {
            "work_key": work_key,
            "function": self._function,
            "client": client,
            "event_id": message.event_id,
            "owner": self._owner,
            "lease": self._lease_s,
            "again": policy is Policy.LATEST,
            "sent": self._published,
            "kinds": [type(each).__name__ for each in message.events],
            "raw": message.raw,
        }
        # A claim need not wait for the disk: should the server crash and forget it, the message was
        # not yet acked and comes again. What it leads to is durable.
        taken = self._runtime.execute(_claiming(event, message), request, is_durable=False)
        self._published = []
        if taken:
            return _claimed(taken[0], request)
        return _not_claimed(self._runtime.execute(_WHY_NOT, request)[0], request)

    def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when another worker has taken the work over."""
        return bool(self._runtime.execute(_RENEW, {**self._held(claim), "lease": self._lease_s}))

    def finish(
        self,
        claim: Claim,
        events: Sequence[Event],
        *,
        status: str = "done",
        error: str | None = None,
    ) -> list[Outgoing]:
        """Commit staged writes, the end of the claim and the events to publish, all or nothing.

        Raises:
            LostClaimError: Another worker has taken the work over; nothing was changed.
        """
        return self._commit(claim, events, _FINISH, {"status": status, "error": error})

    def postpone(
        self, claim: Claim, events: Sequence[Event], *, delay_s: float, error: str, is_bug: bool
    ) -> list[Outgoing]:
        """Write down a failed try, and when the next one may start.

        Raises:
            LostClaimError: Another worker has taken the work over; nothing was changed.
        """
        tries = {"transient": int(not is_bug), "bug": int(is_bug)}
        return self._commit(claim, events, _POSTPONE, {"delay": delay_s, "error": error, **tries})

    def park(
        self, claim: Claim, events: Sequence[Event], *, reason: str, error: str, body: bytes
    ) -> list[Outgoing]:
        """Give up: keep the message for a person to look at, and end the claim.

        Raises:
            LostClaimError: Another worker has taken the work over; nothing was changed.
        """
        row = {
            "work_key": claim.work_key,
            "client": claim.client,
            "reason": reason,
            "error": error,
            "tries": claim.transient_tries + claim.bug_tries + claim.starts,
            "failing_s": claim.failing_s,
        }
        claim.stage(lambda connection: self._park(connection, row, body))
        return self.finish(claim, events, status="parked", error=error)

    def park_unreadable(self, body: bytes, error: str) -> None:
        """Keep a message that says nothing we understand."""
        row = {
            "work_key": None,
            "client": None,
            "reason": "unreadable",
            "error": error,
            "tries": 1,
            "failing_s": 0.0,
        }
        with self._runtime.transaction() as connection:
            self._park(connection, row, body)

    def park_given_up(self, body: bytes, *, function: str) -> None:
        """Keep a message of `function` that its broker gave up on before anybody claimed it."""
        row = {
            "work_key": None,
            "client": None,
            "reason": "delivery_limit",
            "error": "the broker delivered it too often without an answer",
            "tries": 1,
            "failing_s": 0.0,
        }
        with self._runtime.transaction() as connection:
            self._park(connection, row, body, function=function)

    def release(self, claim: Claim) -> None:
        """Give the work back untouched: a graceful stop counts as nothing."""
        self._runtime.execute(_RELEASE, self._held(claim))

    def pending(self, work_key: str) -> list[Outgoing]:
        """Return what this work still has to publish."""
        rows = self._runtime.execute(_PENDING, {"work_key": work_key})
        return [Outgoing(id=r.id, queue=r.queue, body=bytes(r.body)) for r in rows]

    def sent(self, outgoing: Sequence[Outgoing]) -> None:
        """Remember that these events were published; the next transaction writes it down.

        Who dies before that has them published again: their claims are done.
        """
        self._published.extend(out.id for out in outgoing)

    def flush(self) -> None:
        """Write down now what was published."""
        if self._published:
            self._runtime.execute(_WRITE_DOWN_SENT, {"sent": self._published}, is_durable=False)
            self._published = []

    def relay(self, publish: Callable[[str, bytes], None], *, older_than_s: float) -> int:
        """Publish what a worker that died left in the outbox, and what no worker put there.

        Two relays take disjoint rows.
        """
        with self._runtime.transaction() as connection:
            rows = connection.execute(_OVERDUE, {"age": older_than_s}).all()
            for row in rows:
                publish(row.queue, bytes(row.body))
            if rows:
                connection.execute(_WRITE_DOWN_SENT, {"sent": [row.id for row in rows]})
        return len(rows)

    def lost(self, *, older_than_s: float) -> list[Outgoing]:
        """Return messages that a queue must have lost; sending one twice does no harm."""
        rows = self._runtime.execute(_LOST, {"age": older_than_s})
        return [Outgoing(id=r.id, queue=r.queue, body=bytes(r.body)) for r in rows]

    def close(self) -> None:
        """Close the ledger's own connections."""
        with suppress(TransientError):
            self.flush()
        self._runtime.close()

    def _commit(
        self, claim: Claim, events: Sequence[Event], end: TextClause, params: Mapping[str, object]
    ) -> list[Outgoing]:
        database = self._runtime if claim.client is None else self._app
        with database.transaction(claim.client) as connection:
            # First of all: a worker that lost its claim must not even lock anybody's rows.
            ended = connection.execute(end, {**self._held(claim), **params})
            if not ended.rowcount:
                raise LostClaimError(claim.work_key)
            following = list(events)
            for write in claim.staged:
                following.extend(write(connection))
            # A nudge said twice is one nudge.
            outgoing = [self._outgoing(event) for event in dict.fromkeys(following)]
            for out in outgoing:
                later(connection, _SEND, {"work_key": claim.work_key, **asdict(out)})
            failpoint("pg_before_commit")
        failpoint("pg_after_commit")
        return outgoing

    def _held(self, claim: Claim) -> dict[str, object]:
        # By fence and owner: a server that crashed may forget the last claim, and count on from before.
        return {"work_key": claim.work_key, "fence": claim.fence, "owner": self._owner}

    def _outgoing(self, event: Event) -> Outgoing:
        event_id = str(uuid.uuid4())
        body = to_message(event, event_id=event_id, source=self._function)
        return Outgoing(id=event_id, queue=event.queue, body=body)

    def _park(
        self,
        connection: Connection,
        row: Mapping[str, object],
        body: bytes,
        *,
        function: str | None = None,
    ) -> list[Event]:
        function = function or self._function
        values = {**row, "function": function, "body": body}
        before = connection.execute(_PARKED_BEFORE, values).scalar_one()
        name = f"{function}:{row['work_key']}:{before or ''}".encode() + body
        parked_id = hashlib.sha256(name).hexdigest()[:16]
        connection.execute(_PARK, values | {"id": parked_id})
        return []


def _claiming(event: Event, message: Message) -> TextClause:
    if message.event_id.startswith(REPLAY_ID):
        # No new fact, but work that a queue may lose again: `lost` finds it there.
        return _CLAIM_AND_ARRIVE
    return _ARRIVE_AND_CLAIM if event is message.events[0] else _ONLY_CLAIM


def _claimed(row: Row[Any], request: Mapping[str, Any]) -> Claim:
    return Claim(
        work_key=request["work_key"],
        client=request["client"],
        fence=row.fence,
        starts=row.starts,
        transient_tries=row.transient_tries,
        bug_tries=row.bug_tries,
        failing_s=float(row.failing_s),
    )


def _not_claimed(why: Row[Any], request: Mapping[str, Any]) -> NotClaimed:
    return NotClaimed(
        work_key=request["work_key"],
        is_done=why.is_done,
        is_same_message=why.is_same_message,
        free_in_s=max(0.0, float(why.free_in_s)),
    )
