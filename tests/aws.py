"""Services that speak AWS's protocols, opened as `infra.aws` opens them: with localstack-client."""

from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config
from localstack_client.session import Session

from common.settings import Settings


def aws_client(
    service: str, url: str, *, access_key: str = "test", secret_key: str = "test"
) -> Any:
    """Return boto3's client of a service at `url`."""
    session = Session(
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        localstack_host=urlsplit(url).netloc,
    )
    return session.client(
        service, config=Config(signature_version="s3v4", s3={"addressing_style": "path"})
    )


def store_of(settings: Settings) -> Any:
    """Return a client of the settings' object store, with their key."""
    return aws_client(
        "s3",
        settings.s3_endpoint_url,
        access_key=settings.aws_access_key_id,
        secret_key=settings.aws_secret_access_key.get_secret_value(),
    )
