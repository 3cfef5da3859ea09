"""The door to the object store's administration: bucket, rule, users, and what each may do.

MinIO and its successors only. At work nobody comes through here: functions and clients use
`common.object_storage` and S3 tools, with the keys that are made here.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException
from minio.notificationconfig import NotificationConfig, QueueConfig
from minio.versioningconfig import VersioningConfig
from urllib3.exceptions import HTTPError

from common.exceptions import TransientError

# Not `ObjectCreated:*`: to MinIO, tags that were put on an object created it.
EVENTS = (
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
)
_ALREADY_SO = "PolicyChangeAlreadyApplied"

Policy = Mapping[str, Any]


class StoreAdminError(Exception):
    """The store refused what its administrator asked for."""


class StoreAdmin:
    """One bucket, and who may come to it."""

    def __init__(self, *, url: str, access_key: str, secret_key: str, bucket: str) -> None:
        address = urlsplit(url)
        credentials = StaticProvider(access_key, secret_key)
        is_secure = address.scheme == "https"
        # Its own would wait for five minutes, five times.
        pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=2, read=20), retries=urllib3.Retry(1)
        )
        self._bucket = bucket
        self._s3 = Minio(
            endpoint=address.netloc, credentials=credentials, secure=is_secure, http_client=pool
        )
        self._admin = MinioAdmin(
            endpoint=address.netloc, credentials=credentials, secure=is_secure, http_client=pool
        )

    def keep_versions(self) -> None:
        """Make sure that the bucket is there and keeps versions.

        Raises:
            TransientError: The store cannot be reached.
            StoreAdminError: It refuses.
        """
        with _asking_store():
            if not self._s3.bucket_exists(bucket_name=self._bucket):
                self._s3.make_bucket(bucket_name=self._bucket)
            self._s3.set_bucket_versioning(
                bucket_name=self._bucket, config=VersioningConfig(ENABLED)
            )

    def announce_to(self, arn: str) -> None:
        """Have objects that came or went announced to the target `arn`, and to no other.

        Raises:
            TransientError: The store cannot be reached.
            StoreAdminError: It was started without this target.
        """
        rule = QueueConfig(queue=arn, events=list(EVENTS))
        with _asking_store():
            self._s3.set_bucket_notification(
                bucket_name=self._bucket, config=NotificationConfig(queue_config_list=[rule])
            )

    def add_client(self, client: str) -> tuple[str, str]:
        """Make a new key of `client`, and return it with its secret. Earlier keys stay valid.

        Raises:
            TransientError: The store cannot be reached.
            StoreAdminError: It refuses.
        """
        access_key, secret_key = f"{client}.{secrets.token_hex(4)}", secrets.token_hex(20)
        self.set_user(
            access_key,
            secret_key,
            policy_name=f"client.{client}",
            policy=client_policy(self._bucket, client),
        )
        return access_key, secret_key

    def set_user(
        self, access_key: str, secret_key: str, *, policy_name: str, policy: Policy
    ) -> None:
        """Make a user, or bring one to this secret, with exactly the rights of `policy`.

        Raises:
            TransientError: The store cannot be reached.
            StoreAdminError: It refuses.
        """
        with _asking_store():
            self._admin.policy_add(policy_name=policy_name, policy=dict(policy))
            self._admin.user_add(access_key=access_key, secret_key=secret_key)
            try:
                self._admin.attach_policy(policies=[policy_name], user=access_key)
            except MinioAdminException as error:
                if _ALREADY_SO not in str(error):
                    raise


def client_policy(bucket: str, client: str) -> Policy:
    """Return a client's rights: its own prefix. A delete retracts a file, and destroys no version.

    Whoever may put an object may also give up putting it: parts of a file that was not finished.
    Some tools ask where the bucket is before they do anything.
    """
    return _policy(
        _allow(
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
            f"{bucket}/{client}/*",
        ),
        _allow(["s3:GetBucketLocation"], bucket),
        {
            **_allow(["s3:ListBucket"], bucket),
            "Condition": {"StringLike": {"s3:prefix": [f"{client}/*"]}},
        },
        # To MinIO, who may delete an object may delete its versions, unless told not to.
        {**_allow(["s3:DeleteObjectVersion"], f"{bucket}/*"), "Effect": "Deny"},
    )


def function_policies(bucket: str) -> Mapping[str, Policy]:
    """Return the rights of each function that comes to the store; the others have no key."""
    look = ["s3:GetBucketVersioning", "s3:ListBucketVersions"]
    return {
        "ingest": _policy(
            _allow(look, bucket), _allow(["s3:GetObject", "s3:GetObjectVersion"], f"{bucket}/*")
        ),
        # Without the right to list, what is not there is forbidden instead of missing.
        "reconcile": _policy(
            _allow([*look, "s3:ListBucket"], bucket),
            _allow(["s3:GetObject", "s3:PutObject"], f"{bucket}/.datacore/store-id"),
        ),
        # It reads nothing: what it signs is used by browsers, which put files.
        "report_api": _policy(
            _allow(["s3:GetBucketVersioning"], bucket), _allow(["s3:PutObject"], f"{bucket}/*")
        ),
    }


def operator_policy() -> Policy:
    """Return the rights of who opens accounts: to make users and policies, and nothing in a bucket."""
    actions = ["admin:CreateUser", "admin:CreatePolicy", "admin:AttachUserOrGroupPolicy"]
    return _policy({"Effect": "Allow", "Action": actions})


def _policy(*statements: Mapping[str, object]) -> Policy:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _allow(actions: Sequence[str], resource: str) -> dict[str, object]:
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [f"arn:aws:s3:::{resource}"],
    }


@contextmanager
def _asking_store() -> Iterator[None]:
    try:
        yield
    except (MinioException, MinioAdminException) as error:
        raise StoreAdminError(str(error)) from error
    except (HTTPError, OSError) as error:
        raise TransientError(f"object store: {error}") from error
