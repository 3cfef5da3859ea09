"""Wire ingest to the real world and run it.

pyarrow takes longer to load than all the rest. The function is ready without it; it loads beside
the first wait for a message, or with that message.
"""

import importlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from common import failpoints, logs
from common.events import Event
from common.ledger import Claim
from common.mongo import Mongo
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.runtime import Failure, Function, Runtime
from common.settings import Settings
from common.telemetry import Observer, serving


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="ingest")
    failpoints.arm(settings.failpoint)
    with (
        serving(settings, function="ingest") as observer,
        connected(settings, observer) as runtime,
    ):
        threading.Thread(target=_warm_up, args=[runtime.ready], name="warm-up", daemon=True).start()
        runtime.run()


def _warm_up(ready: threading.Event) -> None:
    ready.wait()
    importlib.import_module("functions.ingest.handler")
    importlib.import_module("pandas")  # which pyarrow asks for with its first array


@contextmanager
def connected(settings: Settings, observer: Observer | None = None) -> Iterator[Runtime]:
    """Yield the function with its real servers; none is asked before the function runs."""
    with (
        closing(Postgres(settings.postgres_app_url)) as app,
        closing(Mongo(settings.mongo_url, settings.mongo_database)) as mongo,
        closing(ObjectStorage(settings)) as storage,
        TemporaryDirectory(prefix="datacore-", dir=settings.spool_dir) as folder,
    ):
        scratch = Path(folder)

        def handle_event(event: Event, claim: Claim) -> Sequence[Event]:
            from functions.ingest.frames import FrameRepository
            from functions.ingest.handler import handle
            from functions.ingest.repository import UploadRepository

            # Who tidies the system's folders takes an idle worker's away.
            scratch.mkdir(exist_ok=True)
            return handle(
                event,
                claim=claim,
                storage=storage,
                frames=FrameRepository(mongo),
                uploads=UploadRepository(app),
                scratch=scratch,
            )

        def failed(event: Event, claim: Claim, failure: Failure) -> Sequence[Event]:
            from functions.ingest.handler import record_failure
            from functions.ingest.repository import UploadRepository

            return record_failure(
                event, claim=claim, failure=failure, uploads=UploadRepository(app)
            )

        function = Function(
            name="ingest",
            handle=handle_event,
            failed=failed,
            probes=(mongo.check, storage.check),
        )
        with closing(Runtime.connect(function, settings, app=app, observer=observer)) as runtime:
            yield runtime


if __name__ == "__main__":
    main()
