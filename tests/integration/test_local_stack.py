"""The embedded servers as their users see them."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from sqlalchemy import text

from common.events import ObjectCreated, ObjectRemoved
from common.messages import from_message
from common.messaging.sqs import SqsTransport
from common.postgres import Postgres
from common.settings import Settings
from infra.local.embedded import EmbeddedStack
from infra.local.failures import LocalError
from infra.local.object_store_keys import s3_client
from tests.aws import aws_client
from tests.conftest import embedded_stack
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


@pytest.fixture
def client_s3(stack: EmbeddedStack, client_id: str) -> Any:
    return s3_client(stack.s3_url, *stack.object_store_keys().add_client(client_id))


@pytest.fixture(scope="module")
def queues(settings: Settings) -> SqsTransport:
    """The queues, that of ingest without the hundreds of messages that other tests have left in it."""
    sqs = aws_client("sqs", settings.sqs_endpoint_url)
    url = sqs.get_queue_url(QueueName=f"{settings.queue_prefix}ingest")["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    return SqsTransport(settings)


def announced(transport: SqsTransport, key: str) -> ObjectCreated | ObjectRemoved:
    """Take messages until one is about `key`."""

    def next_about_key() -> ObjectCreated | ObjectRemoved | None:
        delivery = transport.receive("ingest", wait_s=1)
        if delivery is None:
            return None
        delivery.ack()
        (event,) = from_message(delivery.body).events
        assert isinstance(event, ObjectCreated | ObjectRemoved)
        return event if event.object.key == key else None

    return wait_until(next_about_key)


def test_an_upload_is_announced_with_its_version(
    queues: SqsTransport, client_s3: Any, client_id: str
) -> None:
    key = f"{client_id}/centro/ventas de mayo (1)+ñ.csv"
    version = client_s3.put_object(Bucket="uploads", Key=key, Body=b"a,b\n1,2\n")["VersionId"]

    event = announced(queues, key)

    assert isinstance(event, ObjectCreated)
    assert (event.object.version_id, event.size) == (version, 8)


def test_a_delete_is_announced_and_keeps_the_version(
    settings: Settings, queues: SqsTransport, client_s3: Any, client_id: str
) -> None:
    key = f"{client_id}/centro/a.csv"
    version = client_s3.put_object(Bucket="uploads", Key=key, Body=b"x")["VersionId"]
    announced(queues, key)

    client_s3.delete_object(Bucket="uploads", Key=key)

    assert isinstance(announced(queues, key), ObjectRemoved)
    service = s3_client(
        settings.s3_endpoint_url or "",
        settings.aws_access_key_id,
        settings.aws_secret_access_key.get_secret_value(),
    )
    kept = service.get_object(Bucket="uploads", Key=key, VersionId=version)
    assert kept["Body"].read() == b"x"


def test_a_client_reaches_its_own_prefix(client_s3: Any, client_id: str) -> None:
    key = f"{client_id}/centro/large.csv"
    upload = client_s3.create_multipart_upload(Bucket="uploads", Key=key)["UploadId"]
    part = client_s3.upload_part(
        Bucket="uploads", Key=key, UploadId=upload, PartNumber=1, Body=b"x" * 5_500_000
    )
    client_s3.complete_multipart_upload(
        Bucket="uploads",
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )

    listed = client_s3.list_objects_v2(Bucket="uploads", Prefix=f"{client_id}/")

    assert [(o["Key"], o["Size"]) for o in listed["Contents"]] == [(key, 5_500_000)]


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("put_object", {"Key": "other/centro/a.csv", "Body": b"x"}),
        ("put_object", {"Key": "{client}2/centro/a.csv", "Body": b"x"}),
        ("put_object", {"Key": "a.csv", "Body": b"x"}),
        ("get_object", {"Key": "other/centro/a.csv"}),
        ("list_objects_v2", {}),
        ("list_objects_v2", {"Prefix": "other/"}),
        ("list_objects_v2", {"Prefix": "{client}2/"}),
        ("copy_object", {"Key": "{client}/a.csv", "CopySource": "uploads/other/centro/a.csv"}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("put_bucket_policy", {"Policy": "{}"}),
    ],
)
def test_a_client_reaches_nothing_else(
    client_s3: Any, client_id: str, operation: str, parameters: dict[str, Any]
) -> None:
    filled = {
        name: value.replace("{client}", client_id) if isinstance(value, str) else value
        for name, value in parameters.items()
    }

    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(client_s3, operation)(Bucket="uploads", **filled)


def test_a_client_destroys_no_version(client_s3: Any, client_id: str) -> None:
    key = f"{client_id}/centro/a.csv"
    version = client_s3.put_object(Bucket="uploads", Key=key, Body=b"x")["VersionId"]

    with pytest.raises(ClientError, match="AccessDenied"):
        client_s3.delete_object(Bucket="uploads", Key=key, VersionId=version)


def test_a_client_makes_no_keys_of_others(stack: EmbeddedStack, client_id: str) -> None:
    key, secret = stack.object_store_keys().add_client(client_id)
    stack.object_store_keys().add_client(f"{client_id}-other")
    iam = aws_client("iam", stack.s3_url, access_key=key, secret_key=secret)

    for user in ("operator", "datacore", f"{client_id}-other"):
        with pytest.raises(ClientError):
            iam.create_access_key(UserName=user)
    with pytest.raises(ClientError):
        iam.put_user_policy(
            UserName=client_id,
            PolicyName="own-prefix",
            PolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            }),
        )


def test_a_second_key_leaves_the_first_valid(stack: EmbeddedStack, client_id: str) -> None:
    keys = stack.object_store_keys()
    for pair in [keys.add_client(client_id), keys.add_client(client_id)]:
        s3_client(stack.s3_url, *pair).put_object(
            Bucket="uploads", Key=f"{client_id}/a/b.csv", Body=b""
        )


def test_a_wrong_secret_is_refused(stack: EmbeddedStack, client_id: str) -> None:
    key, _ = stack.object_store_keys().add_client(client_id)

    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3_client(stack.s3_url, key, "wrong").list_buckets()


def test_the_service_signs_uploads_for_a_browser_on_our_page_only(
    stack: EmbeddedStack, settings: Settings
) -> None:
    def allowed_origin(origin: str) -> str | None:
        request = urllib.request.Request(
            f"{stack.s3_url}/uploads",
            method="OPTIONS",
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.headers["Access-Control-Allow-Origin"]
        except http.client.RemoteDisconnected:  # how SeaweedFS says no
            return None

    assert allowed_origin(stack.api_url) == stack.api_url
    assert allowed_origin("http://elsewhere.example") is None


def status_without_credentials(url: str, *, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(url, data=data) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_strangers_on_the_machine_are_refused(stack: EmbeddedStack) -> None:
    ports = stack.home.kept_ports()
    filer, announcer = (f"http://127.0.0.1:{ports[name]}/" for name in ("filer", "announcer"))

    assert status_without_credentials(f"{filer}buckets/") == 401
    assert status_without_credentials(announcer, data=b"{}") == 401
    with (
        MongoClient(f"mongodb://127.0.0.1:{ports['mongo']}/?directConnection=true") as mongo,
        pytest.raises(OperationFailure, match="requires authentication"),
    ):
        mongo.datacore.chunks.find_one()


def test_mongo_answers_a_write_when_a_majority_has_it_on_disk(settings: Settings) -> None:
    with MongoClient(settings.mongo_url.get_secret_value()) as mongo:
        concern = mongo.write_concern.document
        mongo.datacore.trial.insert_one({})

    assert (concern["w"], concern["j"]) == ("majority", True)


@pytest.mark.parametrize("role", ["postgres_app_url", "postgres_runtime_url"])
def test_functions_are_held_by_row_level_security(settings: Settings, role: str) -> None:
    database = Postgres(getattr(settings, role))
    try:
        database.check()
        with database.transaction() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
    finally:
        database.close()
    assert version.startswith("18.")


def test_a_home_in_use_is_refused_in_words(stack: EmbeddedStack) -> None:
    with (
        pytest.raises(LocalError, match="already in use by process"),
        embedded_stack(stack.home.path),
    ):
        pass


def test_secrets_are_their_owners_alone(stack: EmbeddedStack) -> None:
    modes = {
        path.name: oct(path.stat().st_mode & 0o777)
        for path in [stack.home.path, *stack.home.path.glob("*.*")]
    }
    assert set(modes.values()) <= {"0o600", "0o700"}, modes
