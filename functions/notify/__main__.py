"""Wire notify to the real world and run it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from common import failpoints, logs
from common.postgres import Postgres
from common.runtime import Function, Runtime
from common.settings import Settings
from common.telemetry import Observer, serving
from functions.notify.handler import handle
from functions.notify.repository import NoticeRepository


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="notify")
    failpoints.arm(settings.failpoint)
    with (
        serving(settings, function="notify") as observer,
        connected(settings, observer) as runtime,
    ):
        runtime.run()


@contextmanager
def connected(settings: Settings, observer: Observer | None = None) -> Iterator[Runtime]:
    """Yield the function with its real servers; none is asked before the function runs."""
    with closing(Postgres(settings.postgres_app_url)) as app:
        notices = NoticeRepository(app)
        function = Function(
            name="notify",
            handle=lambda event, claim: handle(event, claim=claim, notices=notices),
            # Nobody is told that telling failed: the runtime parks it for the operator.
            failed=lambda _event, _claim, _failure: [],
        )
        with closing(Runtime.connect(function, settings, app=app, observer=observer)) as runtime:
            yield runtime


if __name__ == "__main__":
    main()
