"""Wire reconcile to the real world, and run it again and again."""

import os
import signal
import socket
import threading
import uuid
from datetime import UTC, datetime, timedelta

import structlog

from common import logs, messaging
from common.events import FUNCTIONS, Event, subject_of, to_message
from common.exceptions import TransientError
from common.ledger import Ledger
from common.messaging import Transport
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.replay import ReplayRuns
from common.settings import Settings
from functions.reconcile.handler import SOURCE, handle
from functions.reconcile.replays import Driver
from functions.reconcile.repository import Repository

log = structlog.get_logger()
_RETRY_S = 5.0
_LOOK_FOR_RUNS_S = 1.0


def main() -> None:
    """Run until SIGTERM: once right after the start, then every `reconcile_every_s`."""
    settings = Settings()
    logs.configure(settings, function=SOURCE)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    threading.Thread(
        target=drive_replays, args=[settings, stopping], name="replays", daemon=True
    ).start()
    reconcile = Reconcile(settings)
    is_first = True
    while not stopping.is_set():
        try:
            reconcile.run_once(is_first=is_first)
        except TransientError as error:
            log.warning("waiting_for_servers", error=str(error))
            stopping.wait(_RETRY_S)
            continue
        is_first = False
        stopping.wait(settings.reconcile_every_s)


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
    """One comparison of the bucket with the ledger, and of the outbox with the journal."""

    def __init__(self, settings: Settings) -> None:
        app = Postgres(settings.postgres_app_url)
        runtime = Postgres(settings.postgres_runtime_url)
        self._settings = settings
        self._repository = Repository(app=app, runtime=runtime)
        self._ledger = Ledger(
            runtime=runtime, app=app, function=SOURCE, owner=SOURCE, lease_s=settings.lease_s
        )
        self._storage = ObjectStorage(settings)
        self._transport: Transport = messaging.connect(settings)

    def run_once(self, *, is_first: bool) -> None:
        """Announce what is missing.

        The first time nothing is too young: what was under way when everything stopped has lost
        its event, and a queue in memory has lost its messages.

        Raises:
            TransientError: A server cannot be reached.
        """
        self._storage.check()
        self._transport.declare(FUNCTIONS)
        min_age_s = 0.0 if is_first else self._settings.reconcile_min_age_s
        events = handle(
            storage=self._storage,
            repository=self._repository,
            now=datetime.now(UTC),
            min_age=timedelta(seconds=min_age_s),
        )
        announced = sum(1 for event in events if self._announce(event))
        lost_after_s = 0.0 if is_first else self._settings.lost_after_s
        lost = self._ledger.lost(older_than_s=lost_after_s)
        for message in lost:
            self._transport.publish(message.queue, message.body)
        self._ledger.sent(lost)
        self._ledger.flush()
        log.info("reconciled", announced=announced, sent_again=len(lost))

    def _announce(self, event: Event) -> bool:
        # The same fact announced again has the same id, so the journal counts it.
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, subject_of(event)))
        self._transport.publish(event.queue, to_message(event, event_id=event_id, source=SOURCE))
        return True


if __name__ == "__main__":
    main()
