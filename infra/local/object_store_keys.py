"""Keys of clients in the object store: each reaches its own prefix and nothing else."""

import json
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config

BUCKET = "uploads"
OPERATOR = "operator"  # access key of the one who may do everything
REGION = "us-east-1"


class ObjectStoreKeys:
    """Makes keys while the store runs; the store itself keeps them."""

    def __init__(self, *, url: str, operator_secret: str, bucket: str) -> None:
        self._iam = _client("iam", url, OPERATOR, operator_secret)
        self._bucket = bucket

    def add_client(self, client: str) -> tuple[str, str]:
        """Make a new key of `client`, and return it with its secret. Earlier keys stay valid.

        Raises:
            botocore.exceptions.BotoCoreError: The store cannot be reached.
        """
        # A client that is there already gets one more key.
        with suppress(self._iam.exceptions.EntityAlreadyExistsException):
            self._iam.create_user(UserName=client)
        self._iam.put_user_policy(
            UserName=client,
            PolicyName="own-prefix",
            PolicyDocument=json.dumps(self._policy(client)),
        )
        key = self._iam.create_access_key(UserName=client)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _policy(self, client: str) -> dict[str, Any]:
        """Return the client's rights: a delete retracts a file, and destroys no version of it."""
        bucket = f"arn:aws:s3:::{self._bucket}"
        return {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                    "Resource": [f"{bucket}/{client}/*"],
                },
                {
                    "Effect": "Allow",
                    "Action": ["s3:ListBucket"],
                    "Resource": [bucket],
                    "Condition": {"StringLike": {"s3:prefix": [f"{client}/*"]}},
                },
            ],
        }


def s3_client(url: str, access_key: str, secret_key: str) -> Any:
    """Return an S3 client that gives up soon: the server is on this machine."""
    return _client("s3", url, access_key, secret_key)


def _client(service: str, url: str, access_key: str, secret_key: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            s3={"addressing_style": "path"},
            proxies={},
            connect_timeout=2,
            read_timeout=20,
            retries={"max_attempts": 1},
        ),
    )
