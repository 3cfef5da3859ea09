"""Wire cluster to the real world and run it.

pandas and scikit-learn take longer to load than all the rest. The function is ready without them;
they load beside its first wait for a message, or with that message.
"""

import importlib
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from common import failpoints, logs
from common.events import Event
from common.ledger import Claim, Policy
from common.mongo import Mongo
from common.postgres import Postgres
from common.runtime import Failure, Function, Runtime
from common.settings import Settings
from common.telemetry import Observer, serving

_HEAVY = ("functions.cluster.handler", "sklearn.cluster", "sklearn.metrics", "sklearn.tree")


def main() -> None:
    """Run until SIGTERM."""
    settings = Settings()
    logs.configure(settings, function="cluster")
    failpoints.arm(settings.failpoint)
    with (
        serving(settings, function="cluster") as observer,
        connected(settings, observer) as runtime,
    ):
        threading.Thread(target=_warm_up, args=[runtime.ready], name="warm-up", daemon=True).start()
        runtime.run()


def _warm_up(ready: threading.Event) -> None:
    ready.wait()
    for module in _HEAVY:
        importlib.import_module(module)


@contextmanager
def connected(settings: Settings, observer: Observer | None = None) -> Iterator[Runtime]:
    """Yield the function with its real servers; none is asked before the function runs."""
    with (
        closing(Postgres(settings.postgres_app_url)) as app,
        closing(Mongo(settings.mongo_url, settings.mongo_database)) as mongo,
    ):

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
        with closing(Runtime.connect(function, settings, app=app, observer=observer)) as runtime:
            yield runtime


if __name__ == "__main__":
    main()
