"""MinIO as its clients, our functions and strangers see it: what is allowed, and all the rest."""

import json
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException

from common import messaging
from common.events import ObjectCreated, ObjectRemoved
from common.messages import from_message
from common.object_storage import ObjectStorage
from common.versions import order
from infra.local.local import LocalStack
from infra.local.object_store_keys import BUCKET, OPERATOR, s3_client
from infra.local.stack import FUNCTIONS
from tests.conftest import settings_for
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

BODY = b"a,b\n1,2\n"
WITH_A_KEY = ("ingest", "reconcile", "report_api")
RULE = {
    "QueueConfigurations": [
        {"QueueArn": "arn:minio:sqs::DC:amqp", "Events": ["s3:ObjectCreated:Put"]}
    ]
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]}],
}


@pytest.fixture
def client_key(local_stack: LocalStack, client_id: str) -> tuple[str, str]:
    return local_stack.object_store_keys().add_client(client_id)


@pytest.fixture
def client_s3(local_stack: LocalStack, client_key: tuple[str, str]) -> Any:
    return s3_client(local_stack.s3_url, *client_key)


@pytest.fixture
def own_key(client_s3: Any, client_id: str) -> str:
    key = f"{client_id}/centro/own.csv"
    client_s3.put_object(Bucket=BUCKET, Key=key, Body=BODY)
    return key


@pytest.fixture
def other_key(local_stack: LocalStack, client_id: str) -> str:
    """An object of a client whose id begins as ours does."""
    other = f"{client_id}2"
    pair = local_stack.object_store_keys().add_client(other)
    key = f"{other}/centro/secret.csv"
    s3_client(local_stack.s3_url, *pair).put_object(Bucket=BUCKET, Key=key, Body=b"secret")
    return key


def function_s3(stack: LocalStack, function: str) -> Any:
    environment = stack.environment(function)
    return s3_client(
        stack.s3_url, environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    )


def announced(stack: LocalStack, key: str) -> list[ObjectCreated | ObjectRemoved]:
    """Take messages of ingest's queue until one is about `key`."""
    transport = messaging.connect(settings_for(stack, "ingest"))
    try:

        def next_about_key() -> list[ObjectCreated | ObjectRemoved]:
            delivery = transport.receive("ingest", wait_s=1)
            if delivery is None:
                return []
            delivery.ack()
            told = from_message(delivery.body).events
            return [
                event
                for event in told
                if isinstance(event, ObjectCreated | ObjectRemoved) and event.object.key == key
            ]

        return wait_until(next_about_key)
    finally:
        transport.close()


def test_an_upload_is_announced_with_its_version_and_who_put_it(
    local_stack: LocalStack, client_s3: Any, client_key: tuple[str, str], client_id: str
) -> None:
    key = f"{client_id}/centro/ventas de mayo (1)+ñ.csv"
    version = client_s3.put_object(Bucket=BUCKET, Key=key, Body=BODY)["VersionId"]

    (event,) = announced(local_stack, key)

    assert isinstance(event, ObjectCreated)
    assert (event.object.version_id, event.size) == (version, len(BODY))
    assert event.principal == client_key[0]


def test_an_announcement_tells_a_new_version_as_the_list_does(
    local_stack: LocalStack, client_s3: Any, client_id: str
) -> None:
    key = f"{client_id}/centro/a b+ñ.csv"
    client_s3.put_object(Bucket=BUCKET, Key=key, Body=BODY)

    (event,) = announced(local_stack, key)

    with closing(ObjectStorage(settings_for(local_stack, "ingest"))) as storage:
        assert isinstance(event, ObjectCreated)
        assert [event.told] == storage.history(key)


def test_a_delete_is_announced_and_keeps_the_version(
    local_stack: LocalStack, client_s3: Any, client_id: str
) -> None:
    key = f"{client_id}/centro/a.csv"
    version = client_s3.put_object(Bucket=BUCKET, Key=key, Body=BODY)["VersionId"]
    announced(local_stack, key)

    client_s3.delete_object(Bucket=BUCKET, Key=key)

    (event,) = announced(local_stack, key)
    assert isinstance(event, ObjectRemoved)
    kept = function_s3(local_stack, "ingest").get_object(Bucket=BUCKET, Key=key, VersionId=version)
    assert kept["Body"].read() == BODY


def test_the_order_of_versions_is_the_stores_however_fast_they_came(
    local_stack: LocalStack, client_s3: Any, client_id: str
) -> None:
    storage = ObjectStorage(settings_for(local_stack, "ingest"))
    for number in range(40):  # MinIO tells milliseconds: some of these are one
        at = {"Bucket": BUCKET, "Key": f"{client_id}/centro/{number}.csv"}
        came = [
            client_s3.put_object(**at, Body=b"1")["VersionId"],
            client_s3.delete_object(**at)["VersionId"],
            client_s3.put_object(**at, Body=b"2")["VersionId"],
            client_s3.put_object(**at, Body=b"3")["VersionId"],
        ]
        history = storage.history(at["Key"])
        assert [v.ref.version_id for v in sorted(history, key=order)] == came
    storage.close()


def test_a_client_reaches_its_own_prefix_in_parts_too(client_s3: Any, client_id: str) -> None:
    key = f"{client_id}/centro/large.csv"
    upload = client_s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    part = client_s3.upload_part(
        Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=b"x" * 5_500_000
    )
    client_s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )

    listed = client_s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{client_id}/")

    assert [(o["Key"], o["Size"]) for o in listed["Contents"]] == [(key, 5_500_000)]
    assert client_s3.get_object(Bucket=BUCKET, Key=key)["ContentLength"] == 5_500_000


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("put_object", {"Key": "{other}", "Body": BODY}),
        ("put_object", {"Key": "no-client.csv", "Body": BODY}),
        ("get_object", {"Key": "{other}"}),
        ("delete_object", {"Key": "{other}"}),
        ("delete_object", {"Key": "{own}", "VersionId": "{version}"}),
        ("list_objects_v2", {}),
        ("list_objects_v2", {"Prefix": "{client}"}),
        ("list_objects_v2", {"Prefix": "{client}2/"}),
        ("list_object_versions", {"Prefix": "{client}2/"}),
        ("list_object_versions", {}),
        ("list_multipart_uploads", {"Prefix": "{client}/"}),
        ("copy_object", {"Key": "{client}/copied.csv", "CopySource": "uploads/{other}"}),
        ("copy_object", {"Key": "{client}2/copied.csv", "CopySource": "uploads/{own}"}),
        ("put_object_tagging", {"Key": "{own}", "Tagging": {"TagSet": []}}),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
        ("put_bucket_notification_configuration", {"NotificationConfiguration": RULE}),
        ("get_bucket_notification_configuration", {}),
        ("put_bucket_policy", {"Policy": json.dumps(EVERYTHING)}),
        ("delete_bucket", {}),
    ],
)
def test_a_client_reaches_nothing_else(
    client_s3: Any,
    client_id: str,
    own_key: str,
    other_key: str,
    operation: str,
    parameters: Mapping[str, Any],
) -> None:
    version = client_s3.head_object(Bucket=BUCKET, Key=own_key)["VersionId"]
    words = {"client": client_id, "own": own_key, "other": other_key, "version": version}
    filled = {
        name: value.format(**words)
        if isinstance(value, str) and name in {"Key", "CopySource", "Prefix", "VersionId"}
        else value
        for name, value in parameters.items()
    }

    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(client_s3, operation)(Bucket=BUCKET, **filled)


def test_a_client_destroys_no_version_among_many(client_s3: Any, own_key: str) -> None:
    version = client_s3.head_object(Bucket=BUCKET, Key=own_key)["VersionId"]

    answer = client_s3.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": own_key, "VersionId": version}]}
    )

    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    assert client_s3.get_object(Bucket=BUCKET, Key=own_key)["Body"].read() == BODY


def admin_as(stack: LocalStack, access_key: str, secret_key: str) -> MinioAdmin:
    return MinioAdmin(
        endpoint=stack.s3_url.removeprefix("http://"),
        credentials=StaticProvider(access_key, secret_key),
        secure=False,
    )


def test_nobody_at_work_administers_the_store(
    local_stack: LocalStack, client_key: tuple[str, str]
) -> None:
    pairs = [client_key, *(local_stack.key_of(name) for name in WITH_A_KEY)]
    for pair in pairs:
        admin = admin_as(local_stack, *pair)
        with pytest.raises(MinioAdminException, match="AccessDenied"):
            admin.policy_add(policy_name="mine", policy=EVERYTHING)
        with pytest.raises(MinioAdminException, match="AccessDenied"):
            admin.user_add(access_key="mine", secret_key="mine-mine-mine")
        with pytest.raises(MinioAdminException, match="AccessDenied"):
            admin.attach_policy(policies=["readwrite"], user=pair[0])


def test_a_second_key_leaves_the_first_valid(local_stack: LocalStack, client_id: str) -> None:
    keys = local_stack.object_store_keys()
    pairs = [keys.add_client(client_id), keys.add_client(client_id)]

    for pair in pairs:
        s3_client(local_stack.s3_url, *pair).put_object(
            Bucket=BUCKET, Key=f"{client_id}/a/b.csv", Body=b""
        )


@pytest.mark.parametrize(
    ("function", "operation", "parameters"),
    [
        ("ingest", "put_object", {"Key": "{own}", "Body": BODY}),
        ("ingest", "delete_object", {"Key": "{own}"}),
        ("reconcile", "get_object", {"Key": "{own}"}),
        ("reconcile", "put_object", {"Key": "{own}", "Body": BODY}),
        ("reconcile", "delete_object", {"Key": "{own}"}),
        ("report_api", "get_object", {"Key": "{own}"}),
        ("report_api", "list_objects_v2", {}),
        ("report_api", "list_object_versions", {}),
        ("report_api", "delete_object", {"Key": "{own}"}),
        *(
            (function, operation, parameters)
            for function in WITH_A_KEY
            for operation, parameters in (
                ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
                ("put_bucket_notification_configuration", {"NotificationConfiguration": RULE}),
                ("put_object_tagging", {"Key": "{own}", "Tagging": {"TagSet": []}}),
            )
        ),
    ],
)
def test_a_function_does_not_what_is_no_business_of_its_own(
    local_stack: LocalStack,
    own_key: str,
    function: str,
    operation: str,
    parameters: Mapping[str, Any],
) -> None:
    filled = {**parameters, **({"Key": own_key} if "Key" in parameters else {})}

    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(function_s3(local_stack, function), operation)(Bucket=BUCKET, **filled)


def test_no_function_is_given_the_operators_key(local_stack: LocalStack) -> None:
    secret = local_stack.home.secrets().s3_operator
    for function in FUNCTIONS:
        environment = local_stack.environment(function)
        assert secret not in " ".join(environment.values())
        assert environment["AWS_ACCESS_KEY_ID"] != OPERATOR
        assert bool(environment["AWS_ACCESS_KEY_ID"]) == (function in WITH_A_KEY)


# --- links that the report API signs --------------------------------------------------------


def form_for(
    stack: LocalStack, key: str, *, expires: timedelta = timedelta(minutes=15)
) -> dict[str, Any]:
    storage = ObjectStorage(settings_for(stack, "report_api"))
    try:
        return storage.presign_post(key, max_bytes=100, expires=expires, content_type="text/csv")
    finally:
        storage.close()


def send(form: Mapping[str, Any], body: bytes = BODY, **changed: str) -> tuple[int, str]:
    fields = {**form["fields"], **changed, "file": ("a.csv", body, "text/csv")}
    answer = urllib3.request("POST", form["url"], fields=fields, retries=False)
    return answer.status, answer.data.decode()


def test_a_form_puts_its_key_and_again_as_another_version(
    local_stack: LocalStack, client_id: str
) -> None:
    key = f"{client_id}/centro/form.csv"
    form = form_for(local_stack, key)

    assert [send(form)[0], send(form)[0]] == [204, 204]

    versions = function_s3(local_stack, "ingest").list_object_versions(Bucket=BUCKET, Prefix=key)
    assert len(versions["Versions"]) == 2


@pytest.mark.parametrize(
    ("body", "changed", "status", "why"),
    [
        (BODY, {"key": "other/centro/form.csv"}, 403, "AccessDenied"),
        (BODY, {"Content-Type": "text/html"}, 403, "AccessDenied"),
        (b"x" * 101, {}, 400, "EntityTooLarge"),
        (b"", {}, 400, "EntityTooSmall"),
        (BODY, {"x-amz-signature": "0" * 64}, 403, "SignatureDoesNotMatch"),
    ],
)
def test_a_form_puts_nothing_but_what_was_signed(
    local_stack: LocalStack,
    client_id: str,
    body: bytes,
    changed: dict[str, str],
    status: int,
    why: str,
) -> None:
    form = form_for(local_stack, f"{client_id}/centro/form.csv")

    answer, said = send(form, body, **changed)

    assert (answer, why in said) == (status, True), said


def test_a_form_ends(local_stack: LocalStack, client_id: str) -> None:
    form = form_for(local_stack, f"{client_id}/c/f.csv", expires=timedelta(seconds=-1))

    status, said = send(form)

    assert status == 403, said
    assert "expired" in said


def test_a_browser_may_come_from_our_page_only(local_stack: LocalStack) -> None:
    def allowed_origin(origin: str) -> str | None:
        answer = urllib3.request(
            "OPTIONS",
            f"{local_stack.s3_url}/{BUCKET}",
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        return answer.headers.get("Access-Control-Allow-Origin")

    assert allowed_origin(local_stack.api_url) == local_stack.api_url
    assert allowed_origin("http://elsewhere.example") is None


# --- the servers as a whole -----------------------------------------------------------------


def test_strangers_on_the_machine_are_refused(local_stack: LocalStack) -> None:
    assert urllib3.request("GET", f"{local_stack.s3_url}/{BUCKET}").status == 403
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3_client(local_stack.s3_url, OPERATOR, "wrong").list_buckets()


def test_every_server_listens_on_loopback_only(local_stack: LocalStack) -> None:
    ports = set(local_stack.home.kept_ports().values())
    rows = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    listening = {
        (row[1].rpartition(":")[0], int(row[1].rpartition(":")[2], 16))
        for row in rows
        if row[3] == "0A"
    }
    ours = {address for address, port in listening if port in ports}

    assert "0100007F" in ours
    assert ours <= {"0100007F", "00000000000000000000000001000000"}  # the second is IPv6's
