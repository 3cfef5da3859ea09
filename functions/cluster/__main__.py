"""Wire cluster to the real world and run it."""

import importlib
import threading
from collections.abc import Sequence

from common import failpoints, logs
from common.events import Event
from common.ledger import Claim, Policy
from common.mongo import Mongo
from common.postgres import Postgres
from common.runtime import Failure, Function, Runtime
from common.settings import Settings
from functions.cluster.handler import handle
from functions.cluster.repository import FrameRepository, SegmentationRepository


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="cluster")
    failpoints.arm(settings.failpoint)
    runtime = build(settings)
    # scikit-learn takes a second to load: begun beside the first wait for a message, so that the
    # function is ready at once and its first run does not pay for it.
    threading.Thread(target=_load_scikit_learn, name="warm-up", daemon=True).start()
    runtime.run()


def _load_scikit_learn() -> None:
    for module in ("sklearn.cluster", "sklearn.metrics", "sklearn.tree"):
        importlib.import_module(module)


def build(settings: Settings) -> Runtime:
    """Return the function with its real servers; nothing is opened yet."""
    app = Postgres(settings.postgres_app_url)
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    segmentations = SegmentationRepository(app)
    frames = FrameRepository(mongo)

    def handle_event(event: Event, claim: Claim) -> Sequence[Event]:
        return handle(event, claim=claim, frames=frames, segmentations=segmentations)

    def failed(_event: Event, _claim: Claim, _failure: Failure) -> Sequence[Event]:
        return []  # nobody waits for this one run: the next nudge looks at the client again

    function = Function(
        name="cluster",
        handle=handle_event,
        failed=failed,
        policy=Policy.LATEST,
        probes=(mongo.check,),
    )
    return Runtime.connect(function, settings, app=app)


if __name__ == "__main__":
    main()
