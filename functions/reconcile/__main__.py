"""Wire reconcile to the real world, and run it again and again."""

import os
import signal
import socket
import threading
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from common import logs, messaging
from common.events import FUNCTIONS, DatasetsChanged, Event, ObjectRemoved, subject_of
from common.exceptions import TransientError
from common.ledger import Ledger
from common.logs import get_logger
from common.messages import to_message
from common.messaging import Transport
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.replay import ReplayRuns
from common.settings import Settings
from common.telemetry import serving
from functions.reconcile.broker import tend
from functions.reconcile.comparison import EVERYBODY, SOURCE, look_again, too_many
from functions.reconcile.handler import Found, handle, silent_branches
from functions.reconcile.replays import Driver
from functions.reconcile.repository import Cursor, Repository

log = get_logger()
_RETRY_S = 5.0
_LOOK_FOR_RUNS_S = 1.0
_PROBE_S = 2.0  # between two questions whether the store still answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How to look at the bucket."""

    starts_over: bool = False  # from the first key, instead of where the last look ended
    takes_all: bool = False  # also what is young: its event died with the servers
    is_whole: bool = False  # without a budget of pages
    is_dry: bool = False  # change and announce nothing
    is_confirmed: bool = False  # a person says that what is missing was meant to go


@dataclass(kw_only=True)
class Outcome:
    """What a look came to."""

    pages: int = 0
    created: int = 0  # announced versions
    removed: int = 0  # announced deletes, undeletes and erased keys
    missing: int = 0  # keys of which the ledger holds more than the bucket
    silent: int = 0  # branches
    sent_again: int = 0  # messages that a queue lost
    routed: int = 0  # messages that had found no queue
    parked: int = 0  # messages that the broker gave up on
    is_whole: bool = False  # the end of the bucket was reached
    gave_way: bool = False  # to live traffic
    is_elsewhere: bool = False  # another reconcile looks at this bucket
    held_back: Mapping[str, Any] | None = field(default=None)  # code and parameters


def main() -> None:
    """Run until SIGTERM: once right after the start, then every `reconcile_every_s`.

    After a start, ours or the store's, and once a day, looks follow each other until the whole
    bucket was seen: a store announces nothing of what it took while it could not.
    """
    settings = Settings()
    logs.configure(settings, function=SOURCE)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    threading.Thread(
        target=drive_replays, args=[settings, stopping], name="replays", daemon=True
    ).start()
    with serving(settings, function=SOURCE):
        _run_until(stopping, settings)


def _run_until(stopping: threading.Event, settings: Settings) -> None:
    reconcile = Reconcile(settings)
    look = _AFTER_A_START
    while not stopping.is_set():
        try:
            outcome = reconcile.run_once(look)
            is_owed = look.takes_all or reconcile.is_whole_look_due()
            if outcome.is_whole:
                look, is_owed = Look(), False
            elif not outcome.is_elsewhere:
                look = Look(takes_all=look.takes_all)
            reconcile.wait(stopping, _RETRY_S if is_owed else settings.reconcile_every_s)
        except TransientError as error:
            log.warning("waiting_for_servers", error=str(error))
            look = _AFTER_A_START
            stopping.wait(_RETRY_S)


_AFTER_A_START = Look(starts_over=True, takes_all=True)


def drive_replays(settings: Settings, stopping: threading.Event) -> None:
    """Publish what people asked to have again, until `stopping`."""
    runs = ReplayRuns(
        app=Postgres(settings.postgres_app_url), runtime=Postgres(settings.postgres_runtime_url)
    )
    driver = Driver(
        runs=runs,
        transport=messaging.connect(settings),
        owner=f"{socket.gethostname()}:{os.getpid()}",
        wait=stopping.wait,
    )
    while not stopping.is_set():
        try:
            if not driver.drive_next():
                stopping.wait(_LOOK_FOR_RUNS_S)
        except TransientError as error:
            log.warning("waiting_for_servers", error=str(error))
            stopping.wait(_RETRY_S)


class Reconcile:
    """Compares the bucket with the ledger, and the outbox with the journal."""

    def __init__(self, settings: Settings, *, transport: Transport | None = None) -> None:
        app = Postgres(settings.postgres_app_url)
        runtime = Postgres(settings.postgres_runtime_url)
        self._databases = (app, runtime)
        self._settings = settings
        self._repository = Repository(app=app, runtime=runtime, bucket=settings.bucket)
        self._ledger = Ledger(
            runtime=runtime, app=app, function=SOURCE, owner=SOURCE, lease_s=settings.lease_s
        )
        self._storage = ObjectStorage(settings)
        self._transport = transport or messaging.connect(settings)

    def run_once(self, look: Look) -> Outcome:
        """Look once, unless another reconcile does, and announce what is missing.

        Raises:
            TransientError: A server cannot be reached.
        """
        self._storage.check()
        self._transport.declare(FUNCTIONS)
        outcome = Outcome()
        with self._repository.alone() as is_alone:
            if not is_alone:
                return Outcome(is_elsewhere=True)
            self._look(look, outcome)
        if not look.is_dry:
            self._tend_messages(look, outcome)
        log.info("reconciled", **{k: v for k, v in vars(outcome).items() if v})
        return outcome

    def is_whole_look_due(self) -> bool:
        """Say whether the bucket has not been seen whole for too long."""
        age_s = self._repository.cursor().whole_age_s
        return age_s is None or age_s > self._settings.reconcile_whole_every_s

    def wait(self, stopping: threading.Event, seconds: float) -> None:
        """Wait, and ask the store meanwhile: one that restarted must be looked at right after.

        Raises:
            TransientError: The store does not answer.
        """
        for _ in range(max(1, round(seconds / _PROBE_S))):
            if stopping.wait(min(_PROBE_S, seconds)):
                return
            self._storage.check()

    def close(self) -> None:
        """Give up the connections."""
        self._storage.close()
        self._transport.close()
        for database in self._databases:
            database.close()

    # --- the bucket -------------------------------------------------------------------------

    def _look(self, look: Look, outcome: Outcome) -> None:
        cursor = self._repository.cursor()
        is_same_store = self._is_same_store(cursor, look)
        if look.starts_over:
            cursor = cursor.moved(after_key="", highest_key="")
        missing: Counter[str] = Counter()
        while not outcome.is_whole and not self._is_enough(look, outcome):
            if not cursor.after_key and not look.is_dry:
                self._repository.forget_missing()
            found = self._next_page(cursor, look)
            missing.update(key.client for key in found.missing)
            self._take_in(found, look, outcome, is_same_store=is_same_store)
            cursor = found.cursor
        if outcome.is_whole:
            self._end_round(look, outcome, missing, is_same_store=is_same_store)

    def _is_enough(self, look: Look, outcome: Outcome) -> bool:
        if look.is_dry:
            return not look.is_whole and outcome.pages >= self._settings.reconcile_pages
        outcome.gave_way = self._is_busy()
        if outcome.gave_way:
            return True
        return not look.is_whole and outcome.pages >= self._settings.reconcile_pages

    def _is_busy(self) -> bool:
        limit = self._settings.reconcile_queue_limit
        return any(self._transport.waiting(queue) > limit for queue in FUNCTIONS)

    def _next_page(self, cursor: Cursor, look: Look) -> Found:
        min_age_s = 0.0 if look.takes_all else self._settings.reconcile_min_age_s
        return handle(
            cursor,
            storage=self._storage,
            repository=self._repository,
            now=datetime.now(UTC),
            min_age=timedelta(seconds=min_age_s),
        )

    def _take_in(self, found: Found, look: Look, outcome: Outcome, *, is_same_store: bool) -> None:
        outcome.pages += 1
        outcome.is_whole = found.is_last
        outcome.missing += len(found.missing)
        events = [e for e in found.events if is_same_store or not _is_removal(e)]
        outcome.removed += sum(map(_is_removal, events))
        outcome.created += sum(not _is_removal(event) for event in events)
        if not look.is_dry:
            self._announce(events)
            self._repository.keep_missing(found.missing)
            self._repository.save(found.cursor, is_last=found.is_last)

    def _end_round(
        self, look: Look, outcome: Outcome, missing: Mapping[str, int], *, is_same_store: bool
    ) -> None:
        """Announce the keys that are gone, if they are no more than may go without a person."""
        if not look.is_dry:
            missing = self._repository.missing_counts()
        outcome.missing = sum(missing.values())
        live = self._repository.live_counts() if missing else {}
        outcome.held_back = _why_not(missing, live, is_same_store=is_same_store)
        if look.is_confirmed:
            outcome.held_back = None
        if outcome.held_back is None:
            outcome.removed += outcome.missing
        if look.is_dry:
            return
        if outcome.held_back is None:
            self._announce(
                look_again(key.key, bucket=self._storage.bucket, looked_at=key.looked_at)
                for key in self._repository.missing_keys()
            )
        else:
            log.error("removals_held_back", **outcome.held_back)
        self._repository.hold_back(outcome.held_back)

    def _is_same_store(self, cursor: Cursor, look: Look) -> bool:
        """Say whether the bucket is the one that the ledger knows; the first one is remembered."""
        found = self._storage.store_id()
        if found is not None and found == cursor.store_id:
            return True
        is_welcome = cursor.store_id is None or look.is_confirmed
        if is_welcome and not look.is_dry:
            if found is None:
                found = str(uuid.uuid4())
                self._storage.mark(found)
            self._repository.remember(found)
        return is_welcome

    # --- messages ---------------------------------------------------------------------------

    def _tend_messages(self, look: Look, outcome: Outcome) -> None:
        """Nudge, tell of silence, and bring home what a broker lost or gave up on."""
        now = datetime.now(UTC)
        lagging = (DatasetsChanged(client=c) for c in self._repository.lagging_clients())
        self._announce(lagging)
        outcome.silent = self._announce(silent_branches(self._repository, now))
        if self._settings.amqp_url.get_secret_value():
            tended = tend(self._transport, self._ledger)
            outcome.routed, outcome.parked = tended.routed, tended.parked
        if self._is_busy():
            return  # what a long queue has not delivered yet is not lost
        lost_after_s = 0.0 if look.takes_all else self._settings.lost_after_s
        lost = self._ledger.lost(older_than_s=lost_after_s)
        for message in lost:
            self._transport.publish(message.queue, message.body)
        self._ledger.sent(lost)
        self._ledger.flush()
        outcome.sent_again = len(lost)

    def _announce(self, events: Iterable[Event]) -> int:
        count = 0
        for event in events:
            # The same fact announced again has the same id, so the journal counts it.
            event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, subject_of(event)))
            body = to_message(event, event_id=event_id, source=SOURCE)
            self._transport.publish(event.queue, body)
            count += 1
        return count


def _is_removal(event: Event) -> bool:
    return isinstance(event, ObjectRemoved)


def _why_not(
    missing: Mapping[str, int], live: Mapping[str, int], *, is_same_store: bool
) -> Mapping[str, Any] | None:
    """Return why the missing keys must not be taken for removed: a code and its parameters."""
    if not is_same_store:
        return {"code": "reconcile_store_changed", "params": {"missing": sum(missing.values())}}
    if not missing or (who := too_many(missing, live)) is None:
        return None
    if who == EVERYBODY:
        totals = {"missing": sum(missing.values()), "live": sum(live.values())}
        return {"code": "reconcile_too_many", "params": totals}
    params = {"client": who, "missing": missing[who], "live": live[who]}
    return {"code": "reconcile_too_many_of_client", "params": params}


if __name__ == "__main__":
    main()
