"""Wire cluster to the real world and run it.

pandas and scikit-learn take longer to load than all the rest. The function is ready without them;
they load beside its first wait for a message, or with that message.
"""

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

_HEAVY = ("functions.cluster.handler", "sklearn.cluster", "sklearn.metrics", "sklearn.tree")


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="cluster")
    failpoints.arm(settings.failpoint)
    runtime = build(settings)
    threading.Thread(target=_warm_up, args=[runtime.ready], name="warm-up", daemon=True).start()
    runtime.run()


def _warm_up(ready: threading.Event) -> None:
    ready.wait()
    for module in _HEAVY:
        importlib.import_module(module)


def build(settings: Settings) -> Runtime:
    """Return the function with its real servers; nothing is opened yet."""
    app = Postgres(settings.postgres_app_url)
    mongo = Mongo(settings.mongo_url, settings.mongo_database)

    def handle_event(event: Event, claim: Claim) -> Sequence[Event]:
        from functions.cluster.handler import handle
        from functions.cluster.repository import FrameRepository, SegmentationRepository

        return handle(
            event,
            claim=claim,
            frames=FrameRepository(mongo),
            segmentations=SegmentationRepository(app),
        )

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
