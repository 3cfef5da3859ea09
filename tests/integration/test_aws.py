"""AWS, as moto plays it: from the set-up to a report, through the handlers that Lambda calls."""

import uuid
from collections.abc import Callable, Iterator

import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import text

import functions.cluster.__main__ as cluster
import functions.ingest.__main__ as ingest
from common.aws_lambda import batch_handler
from common.messaging.sqs import SqsTransport
from common.object_storage import ObjectStorage
from common.postgres import Postgres
from common.settings import Settings
from infra.aws import set_up
from tests.aws import aws_client
from tests.integration.pipeline import csv

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50", "2,2026-04-02,bea,tea,1,3.50")


class Aws:
    """S3, SQS and the event source mappings between queues and functions."""

    def __init__(self, settings: Settings) -> None:
        self.s3 = aws_client("s3", settings.s3_endpoint_url)
        self.sqs = aws_client("sqs", settings.sqs_endpoint_url)
        self.settings = settings
        self.functions = {}
        for name, connected in (("ingest", ingest.connected), ("cluster", cluster.connected)):
            self.functions[name] = batch_handler(name, connected)

    def url(self, function: str) -> str:
        return self.sqs.get_queue_url(QueueName=self.settings.queue_prefix + function)["QueueUrl"]

    def put(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.settings.bucket, Key=key, Body=body)

    def send(self, function: str, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url(function), MessageBody=body)

    def receive(self, function: str) -> list[dict]:
        """Return a batch as SQS hands it to Lambda."""
        answer = self.sqs.receive_message(QueueUrl=self.url(function), MaxNumberOfMessages=10)
        return [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "eventSource": "aws:sqs",
            }
            for message in answer.get("Messages", [])
        ]

    def call(self, function: str) -> tuple[list[dict], list[str]]:
        """Invoke the function as Lambda does; return the batch, and what it left in the queue."""
        batch = self.receive(function)
        answer = self.functions[function]({"Records": batch}, None)
        left = [item["itemIdentifier"] for item in answer["batchItemFailures"]]
        for message in batch:
            if message["messageId"] not in left:
                self.sqs.delete_message(
                    QueueUrl=self.url(function), ReceiptHandle=message["receiptHandle"]
                )
        return batch, left

    def settle(self) -> None:
        for _ in range(20):
            if not sum(len(self.call(name)[0]) for name in ("ingest", "cluster")):
                return
        raise AssertionError("the queues never became empty")


@pytest.fixture
def aws(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    mine = settings.model_copy(
        update={
            "s3_endpoint_url": f"http://{host}:{port}",
            "sqs_endpoint_url": f"http://{host}:{port}",
            "aws_access_key_id": "test",
            "bucket": f"uploads-{uuid.uuid4()}",
            "queue_prefix": f"aws-{uuid.uuid4()}-",
        }
    )
    monkeypatch.setattr("common.aws_lambda.Settings", lambda: mine)
    set_up(mine)
    yield Aws(mine)
    server.stop()


@pytest.fixture
def rows(app: Postgres, client: str) -> Callable[[str], list]:
    def ask(statement: str) -> list:
        with app.transaction(client) as connection:
            return connection.execute(text(statement)).all()

    return ask


def test_a_file_put_into_the_bucket_becomes_a_report(aws: Aws, client: str, rows):
    aws.put(f"{client}/centro/ventas abril.CSV", APRIL)
    aws.settle()
    (upload,) = rows("SELECT key, state FROM uploads")
    assert upload == (f"{client}/centro/ventas abril.CSV", "stored")
    assert rows("SELECT segmentation_id FROM clients")[0].segmentation_id


def test_setting_up_again_changes_nothing(aws: Aws, client: str, rows):
    set_up(aws.settings)
    aws.put(f"{client}/centro/a.csv", APRIL)
    aws.settle()
    assert [row.state for row in rows("SELECT state FROM uploads")] == ["stored"]


def test_of_a_batch_only_what_must_come_again_is_reported(aws: Aws, client: str, rows):
    aws.call("ingest")  # the test events of the set-up
    aws.put(f"{client}/centro/a.csv", APRIL)
    aws.settle()
    # Another worker has the second: its lease is still running.
    aws.put(f"{client}/centro/b.csv", APRIL)
    aws.put(f"{client}/centro/c.csv", APRIL)
    batch = aws.receive("ingest")
    busy = next(m for m in batch if "b.csv" in m["body"])
    aws.functions["ingest"]({"Records": [busy]}, None)
    with Postgres(aws.settings.postgres_runtime_url).transaction() as connection:
        connection.execute(
            text(
                "UPDATE claims SET status = 'leased', lease_until = now() + interval '1 minute'"
                " WHERE client_id = :client AND work_key LIKE '%b.csv@%'"
            ),
            {"client": client},
        )
    batch += [{"messageId": "unreadable", "receiptHandle": "none", "body": "no JSON"}]
    answer = aws.functions["ingest"]({"Records": batch}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": busy["messageId"]}]}


def test_a_batch_delivered_again_changes_nothing(aws: Aws, client: str, rows):
    aws.put(f"{client}/centro/a.csv", APRIL)
    batch = aws.receive("ingest")
    for _ in range(2):
        assert aws.functions["ingest"]({"Records": batch}, None) == {"batchItemFailures": []}
    aws.settle()
    assert len(rows("SELECT id FROM uploads")) == 1
    assert rows("SELECT data_version FROM clients")[0].data_version == 1


def test_the_test_event_of_the_store_is_dropped(aws: Aws):
    aws.settle()
    aws.send("ingest", '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}')
    batch, left = aws.call("ingest")
    assert len(batch) == 1
    assert left == []


def test_while_a_server_is_away_the_whole_batch_stays(aws: Aws, client: str):
    away = aws.settings.model_copy(
        update={
            "postgres_runtime_url": type(aws.settings.postgres_runtime_url)(
                "postgresql+psycopg2://nobody@127.0.0.1:1/none"
            )
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.aws_lambda.Settings", lambda: away)
        aws.put(f"{client}/centro/a.csv", APRIL)
        batch = aws.receive("ingest")
        answer = batch_handler("ingest", ingest.connected)({"Records": batch}, None)
    left = {item["itemIdentifier"] for item in answer["batchItemFailures"]}
    assert left == {message["messageId"] for message in batch}


def test_a_bucket_without_versions_stops_the_first_batch(aws: Aws, client: str, rows):
    aws.s3.put_bucket_versioning(
        Bucket=aws.settings.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    aws.put(f"{client}/centro/a.csv", APRIL)
    with pytest.raises(RuntimeError, match="versioning"):
        aws.functions["ingest"]({"Records": aws.receive("ingest")}, None)
    assert rows("SELECT id FROM uploads") == []


def test_temporary_keys_are_used_with_their_token(monkeypatch: pytest.MonkeyPatch):
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for name in names:
        monkeypatch.setenv(name, name.lower())
    settings = Settings()
    for client in (SqsTransport(settings)._client, ObjectStorage(settings)._client):
        keys = client._request_signer._credentials
        assert (keys.access_key, keys.secret_key, keys.token) == tuple(map(str.lower, names))
