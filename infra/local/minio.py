"""MinIO as the S3 server: one versioned bucket, its changes announced over RabbitMQ.

It puts each change into a file before it answers the upload, and sends the files in order: what
happens while the broker is down is announced later.
"""

from collections.abc import Callable, Mapping

from common.messaging import topology
from common.store_admin import StoreAdmin, function_policies
from infra import store
from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.minio_program import find_program
from infra.local.object_store_keys import BUCKET, OPERATOR
from infra.local.process import Command
from infra.local.queues import answers

_TARGET = "DC"
_ARN = f"arn:minio:sqs::{_TARGET}:amqp"


class MinioServer:
    """MinIO on a port of its own; `broker_url` is where it announces."""

    name = "minio"

    def __init__(self, home: Home, ports: Ports, secrets: Secrets, *, broker_url: str) -> None:
        self._home = home
        self._ports = ports
        self._secrets = secrets
        self._broker_url = broker_url

    @property
    def url(self) -> str:
        """Endpoint for S3 clients."""
        return f"http://{HOST}:{self._ports.s3}"

    def prepare(self, run: Callable[[Command], None]) -> None:  # noqa: ARG002 - nothing to run
        """Make its folder: nobody else may look into it."""
        self._home.folder("minio")

    def command(self) -> Command:
        """Return how to run it: loopback only, calling nobody outside."""
        return Command(
            name=self.name,
            argv=(
                *(find_program(), "server", "--address", f"{HOST}:{self._ports.s3}"),
                str(self._home.folder("minio/data")),
            ),
            cwd=self._home.folder("minio"),
            log=self._home.log(self.name),
            environment={**self._environment(), **self._announcing()},
            stop_within_s=15.0,
        )

    def _environment(self) -> Mapping[str, str]:
        page = (f"http://{HOST}:{self._ports.api}", f"http://localhost:{self._ports.api}")
        return {
            "HOME": str(self._home.folder("minio")),
            "MINIO_ROOT_USER": OPERATOR,
            "MINIO_ROOT_PASSWORD": self._secrets.s3_operator,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
            "MINIO_CI_CD": "1",  # without it, MinIO refuses a folder on the system's disk
            "MINIO_API_CORS_ALLOW_ORIGIN": ",".join(page),
            "MINIO_API_STALE_UPLOADS_EXPIRY": "24h",  # parts of a file that nobody finished
            # An upload is answered when its announcement is on disk, not while it is in memory.
            "MINIO_API_SYNC_EVENTS": "on",
        }

    def _announcing(self) -> Mapping[str, str]:
        """Return the target of its announcements; what is true must be spelled `on`."""
        options = {
            "ENABLE": "on",
            "URL": self._broker_url,
            "EXCHANGE": topology.EVENTS,
            "EXCHANGE_TYPE": "topic",
            "ROUTING_KEY": topology.EVENTS_KEY,
            "DURABLE": "on",  # the exchange: another answer than the topology's blocks everything
            "DELIVERY_MODE": "2",  # messages survive a restart of the broker
            # Without, a file goes when it was sent, whether or not it came.
            "PUBLISHING_CONFIRMS": "on",
            "QUEUE_DIR": str(self._home.folder("minio/events")),
            "QUEUE_LIMIT": "1000000",
        }
        return {f"MINIO_NOTIFY_AMQP_{name}_{_TARGET}": value for name, value in options.items()}

    def is_ready(self) -> bool:
        """Say whether it announces: its port is open, and other checks green, a moment sooner."""
        return answers(f"{self.url}/minio/health/cluster")

    def bootstrap(self) -> None:
        """Make sure that the bucket is there, keeps versions, is announced, and has its users."""
        secrets = {function: self.key_of(function)[1] for function in function_policies(BUCKET)}
        store.prepare(self.admin(), BUCKET, target=_ARN, secrets=secrets)

    def admin(self) -> StoreAdmin:
        """Return what makes users of it."""
        return StoreAdmin(
            url=self.url, access_key=OPERATOR, secret_key=self._secrets.s3_operator, bucket=BUCKET
        )

    def key_of(self, function: str) -> tuple[str, str]:
        """Return a function's own key; empty where it has no business with the store."""
        if function not in function_policies(BUCKET):
            return "", ""
        return store.key_of(function), getattr(self._secrets, f"s3_{function}")
