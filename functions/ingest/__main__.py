"""Wire ingest to the real world and run it."""

from collections.abc import Sequence
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
from functions.ingest.handler import handle, record_failure
from functions.ingest.repository import FrameRepository, UploadRepository


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="ingest")
    failpoints.arm(settings.failpoint)
    build(settings).run()


def build(settings: Settings) -> Runtime:
    """Return the function with its real servers; nothing is opened yet."""
    app = Postgres(settings.postgres_app_url)
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    storage = ObjectStorage(settings)
    uploads = UploadRepository(app)
    frames = FrameRepository(mongo)

    def handle_event(event: Event, claim: Claim) -> Sequence[Event]:
        with TemporaryDirectory(prefix="datacore-", dir=settings.spool_dir) as scratch:
            return handle(
                event,
                claim=claim,
                storage=storage,
                frames=frames,
                uploads=uploads,
                scratch=Path(scratch),
            )

    def failed(event: Event, claim: Claim, failure: Failure) -> Sequence[Event]:
        return record_failure(event, claim=claim, failure=failure, uploads=uploads)

    function = Function(
        name="ingest",
        handle=handle_event,
        failed=failed,
        probes=(mongo.check, storage.check),
    )
    return Runtime.connect(function, settings, app=app)


if __name__ == "__main__":
    main()
