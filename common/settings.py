"""One typed Settings; the only reader of the environment.

Names that every S3 tool knows keep their AWS spelling; all others start with DATACORE_.
"""

from pathlib import Path

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _aws(name: str) -> AliasChoices:
    return AliasChoices(name, name.lower())


class Settings(BaseSettings):
    """What a function needs to know about the world, read once at start."""

    model_config = SettingsConfigDict(
        env_prefix="DATACORE_", frozen=True, extra="ignore", populate_by_name=True
    )

    # Object storage. The public URL is the one that browsers reach: the host is part of a
    # presigned URL's signature, so links are signed for it and never rewritten.
    s3_endpoint_url: str | None = Field(None, validation_alias=_aws("AWS_ENDPOINT_URL_S3"))
    s3_public_url: str | None = None
    aws_access_key_id: str = Field("", validation_alias=_aws("AWS_ACCESS_KEY_ID"))
    aws_secret_access_key: SecretStr = Field(
        SecretStr(""), validation_alias=_aws("AWS_SECRET_ACCESS_KEY")
    )
    # Belongs to temporary keys, such as Lambda's; without it AWS does not know them.
    aws_session_token: SecretStr = Field(SecretStr(""), validation_alias=_aws("AWS_SESSION_TOKEN"))
    aws_region: str = Field("us-east-1", validation_alias=_aws("AWS_REGION"))
    bucket: str = "uploads"

    # Queues: RabbitMQ where its URL is given (the path is the virtual host), else SQS.
    amqp_url: SecretStr = SecretStr("")
    sqs_endpoint_url: str | None = Field(None, validation_alias=_aws("AWS_ENDPOINT_URL_SQS"))
    queue_prefix: str = "datacore-"

    # PostgreSQL, one URL per role: client tables, and journal/claims/outbox/parked. The owner's
    # is only given to migrations.
    postgres_app_url: SecretStr = SecretStr("")
    postgres_runtime_url: SecretStr = SecretStr("")
    postgres_owner_url: SecretStr = SecretStr("")

    mongo_url: SecretStr = SecretStr("")
    mongo_database: str = "datacore"
    redis_url: SecretStr = SecretStr("")

    # Seconds. A claim is renewed every third of its lease; a worker that died is replaced when
    # the lease ends, so a shorter lease recovers sooner and costs more writes.
    lease_s: float = 60.0
    # Seconds after which another worker's unpublished outbox rows are published by this one.
    relay_after_s: float = 10.0
    # Seconds a stopping worker may take to finish its running message.
    drain_s: float = 25.0
    # Seconds between two looks at the bucket, and after which it must have been seen whole. An
    # object younger than `reconcile_min_age_s` is left to its own event.
    reconcile_every_s: float = 300.0
    reconcile_whole_every_s: float = 24 * 3600.0
    reconcile_min_age_s: float = 120.0
    # Pages of 1000 versions in one look, and the length of ingest's queue at which a look stops:
    # live traffic wins.
    reconcile_pages: int = 50
    reconcile_queue_limit: int = 1000
    # Seconds after which a published event that no worker has seen counts as lost by the queue.
    lost_after_s: float = 900.0

    spool_dir: Path | None = None  # temporary files; the system's folder if not given
    max_upload_bytes: int = 2_000_000_000

    api_host: str = "127.0.0.1"
    api_port: int = 8080
    api_public_url: str = "http://127.0.0.1:8080"
    # Whether the sign-in cookie is only sent over HTTPS; off for a plain localhost.
    cookie_secure: bool = False

    # Where this function tells its /metrics; 0 is off. Never the public API's port.
    metrics_port: int = 0
    metrics_host: str = "127.0.0.1"

    # `json` for machines, `console` for people.
    log_format: str = "json"
    log_level: str = "INFO"

    # Tests only: `<point>:<action>@<nth>`, see common.failpoints.
    failpoint: str = ""


class Administration(BaseSettings):
    """What set-up and the operator's commands need beside; no function is given any of it."""

    model_config = SettingsConfigDict(env_prefix="DATACORE_ADMIN_", frozen=True, extra="ignore")

    s3_access_key: str = ""
    s3_secret_key: SecretStr = SecretStr("")
    s3_target: str = ""  # ARN of what the store was started with to announce to
    s3_secrets: dict[str, SecretStr] = {}  # JSON: of each function's user, and the operator's

    mongo_url: SecretStr = SecretStr("")
    mongo_member: str = ""  # host and port under which clients reach the set's only member
    mongo_password: SecretStr = SecretStr("")  # of the functions' user

    rabbitmq_store_password: SecretStr = SecretStr("")
    rabbitmq_functions_password: SecretStr = SecretStr("")
