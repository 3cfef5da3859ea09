"""Wire notify to the real world and run it."""

import os
import socket

from common import failpoints, logs
from common.events import FUNCTIONS
from common.ledger import Ledger
from common.messaging.sqs import SqsTransport
from common.postgres import Postgres
from common.runtime import Function, Pace, Runtime
from common.settings import Settings
from functions.notify.handler import handle
from functions.notify.repository import NoticeRepository


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="notify")
    failpoints.arm(settings.failpoint)
    build(settings).run()


def build(settings: Settings) -> Runtime:
    """Return the function with its real servers; nothing is opened yet."""
    app = Postgres(settings.postgres_app_url)
    runtime = Postgres(settings.postgres_runtime_url)
    transport = SqsTransport(settings)
    notices = NoticeRepository(app)
    return Runtime(
        Function(
            name="notify",
            handle=lambda event, claim: handle(event, claim=claim, notices=notices),
            # Nobody is told that telling failed: the runtime parks it for the operator.
            failed=lambda _event, _claim, _failure: [],
            probes=(app.check, runtime.check, lambda: transport.declare(FUNCTIONS)),
        ),
        transport=transport,
        ledger=Ledger(
            runtime=runtime,
            app=app,
            function="notify",
            owner=f"{socket.gethostname()}:{os.getpid()}",
            lease_s=settings.lease_s,
        ),
        pace=Pace(
            lease_s=settings.lease_s,
            relay_after_s=settings.relay_after_s,
            drain_s=settings.drain_s,
        ),
    )


if __name__ == "__main__":
    main()
