"""The local servers: those of production, as plain processes, for tests, benchmarks and chaos."""

from collections.abc import Sequence

from common.store_admin import StoreAdmin
from infra.local import postgres, redis
from infra.local.home import HOST, Ports, Secrets
from infra.local.minio import MinioServer
from infra.local.minio_program import get_program
from infra.local.mongo import MongoServer
from infra.local.object_store_keys import BUCKET, OPERATOR
from infra.local.postgres import PostgresServer
from infra.local.rabbitmq import RabbitServer
from infra.local.redis import RedisServer
from infra.local.server import Server
from infra.local.stack import Report, Stack


class LocalStack(Stack):
    """MinIO, RabbitMQ, PostgreSQL, MongoDB, Redis."""

    name = "local"

    @staticmethod
    def install(report: Report) -> None:
        """Build MinIO, if this machine has none."""
        get_program(report)

    def _lanes(self) -> Sequence[Sequence[Server]]:
        own = self.home, self._ports, self._secrets
        self._postgres = PostgresServer(*own, build=postgres.DEBIAN)
        self._mongo = MongoServer(*own)
        self._redis = RedisServer(*own, program=redis.in_debian)
        self._rabbit = RabbitServer(*own)
        self._store = MinioServer(*own, broker_url=self._rabbit.store_url)
        # What the store announces before there is a queue is lost.
        return [[self._postgres], [self._mongo], [self._redis], [self._rabbit, self._store]]

    @staticmethod
    def keys_of(ports: Ports, secrets: Secrets) -> StoreAdmin:
        """Return what makes keys of clients, for servers that another process runs."""
        return StoreAdmin(
            url=f"http://{HOST}:{ports.s3}",
            access_key=OPERATOR,
            secret_key=secrets.s3_operator,
            bucket=BUCKET,
        )

    def key_of(self, function: str) -> tuple[str, str]:
        """Return a function's own key of the object store; empty where it needs none."""
        return self._store.key_of(function)

    def environment(self, function: str = "") -> dict[str, str]:
        """Return the variables by which `common.settings` finds these servers."""
        access_key, secret_key = self.key_of(function)
        return {
            **self._environment(),
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "DATACORE_AMQP_URL": self._rabbit.url,
        }
