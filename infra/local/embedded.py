"""The embedded default: every server out of a Python wheel, the queues in memory.

SeaweedFS tells each change once, and a restart loses what was queued: reconcile, which looks at a
small bucket often, announces it again.
"""

import os
from collections.abc import Sequence

from infra.local.home import HOST, Ports, Secrets
from infra.local.mongo import MongoServer
from infra.local.object_store_keys import BUCKET, ObjectStoreKeys
from infra.local.postgres import PostgresServer
from infra.local.queues import QueueServer
from infra.local.redis import RedisServer
from infra.local.seaweedfs import SERVICE_KEY, SeaweedServer
from infra.local.server import Server
from infra.local.stack import Report, Stack

# What a crash loses is found soon. Whoever has set another pace keeps it.
_PACE = {"DATACORE_RECONCILE_EVERY_S": "60", "DATACORE_RECONCILE_MIN_AGE_S": "30"}


class EmbeddedStack(Stack):
    """SeaweedFS, moto's queues, PostgreSQL, MongoDB, Redis."""

    name = "embedded"

    @staticmethod
    def install(report: Report) -> None:
        """Do nothing: packages bring it all."""

    def _lanes(self) -> Sequence[Sequence[Server]]:
        own = self.home, self._ports, self._secrets
        store = SeaweedServer(*own)
        self._at_end.callback(store.remove_sockets)
        self._postgres = PostgresServer(*own)
        self._mongo = MongoServer(*own)
        self._redis = RedisServer(*own)
        queues = QueueServer(*own, self.environment())
        return [[self._postgres], [self._mongo], [store], [queues], [self._redis]]

    @staticmethod
    def keys_of(ports: Ports, secrets: Secrets) -> ObjectStoreKeys:
        """Return what makes keys of clients, for servers that another process runs."""
        return ObjectStoreKeys(
            url=f"http://{HOST}:{ports.s3}", operator_secret=secrets.s3_operator, bucket=BUCKET
        )

    def environment(self, function: str = "") -> dict[str, str]:  # noqa: ARG002 - one key for all
        """Return the variables by which `common.settings` finds these servers."""
        return {
            **self._environment(),
            "AWS_ACCESS_KEY_ID": SERVICE_KEY,
            "AWS_SECRET_ACCESS_KEY": self._secrets.s3_service,
            "AWS_ENDPOINT_URL_SQS": f"http://{HOST}:{self._ports.sqs}",
            **{name: os.environ.get(name, value) for name, value in _PACE.items()},
        }
