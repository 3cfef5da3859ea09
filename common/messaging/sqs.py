"""Messages over SQS: AWS itself, or a server that speaks its protocol.

The wait of a postponed message lives in its visibility timeout.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from common.exceptions import TransientError
from common.settings import Settings

# Bytes are text to SQS, and it refuses control characters: our bodies are JSON, which has none.
LONGEST_WAIT_S = 12 * 3600 - 60  # SQS allows 12 hours from the first receipt


class SqsTransport:
    """Queues named `<prefix><function>` on one SQS endpoint."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.queue_prefix
        self._visibility_s = max(1, round(settings.lease_s))
        self._urls: dict[str, str] = {}
        self._client = boto3.client(
            "sqs",
            endpoint_url=settings.sqs_endpoint_url,
            region_name=settings.aws_region,
            aws_access_key_id=settings.aws_access_key_id or None,
            aws_secret_access_key=settings.aws_secret_access_key.get_secret_value() or None,
            aws_session_token=settings.aws_session_token.get_secret_value() or None,
            config=Config(retries={"max_attempts": 2}, connect_timeout=3, read_timeout=30),
        )

    def declare(self, queues: Sequence[str]) -> None:
        """Make sure that the queues exist; one that does keeps its attributes."""
        for queue in queues:
            with _reaching_sqs():
                self._urls[queue] = self._find_or_create(self._prefix + queue)

    def _find_or_create(self, name: str) -> str:
        # Asked first: on AWS a function may use its queues, not make any.
        try:
            return str(self._client.get_queue_url(QueueName=name)["QueueUrl"])
        except self._client.exceptions.QueueDoesNotExist:
            return str(self._client.create_queue(QueueName=name)["QueueUrl"])

    def publish(self, queue: str, body: bytes) -> None:
        """Return when SQS holds the message."""
        with _reaching_sqs():
            self._client.send_message(QueueUrl=self._url(queue), MessageBody=body.decode())

    def receive(self, queue: str, *, wait_s: float) -> "SqsDelivery | None":
        """Return the next message, or None after `wait_s`, which SQS counts in whole seconds."""
        with _reaching_sqs():
            answer = self._client.receive_message(
                QueueUrl=self._url(queue),
                MaxNumberOfMessages=1,
                WaitTimeSeconds=round(wait_s),
                VisibilityTimeout=self._visibility_s,
            )
        for message in answer.get("Messages", ()):
            return SqsDelivery(self._client, self._url(queue), message)
        return None

    def pause(self) -> None:
        """Do nothing: SQS delivers when it is asked, and shows again what is not settled."""

    def waiting(self, queue: str) -> int:
        """Return about how many messages can be received."""
        name = "ApproximateNumberOfMessages"
        with _reaching_sqs():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url(queue), AttributeNames=[name]
            )
        return int(answer["Attributes"][name])

    def handed(self, queue: str, record: Mapping[str, Any]) -> "BatchDelivery":
        """Return a message of `queue` that Lambda received for us."""
        return BatchDelivery(self._client, lambda: self._url(queue), record)

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            # A memory-only server forgets its queues with its messages.
            self.declare([queue])
        return self._urls[queue]


class SqsDelivery:
    """One received message, settled through its receipt handle."""

    def __init__(self, client: Any, url: str, message: dict[str, Any]) -> None:
        self.body: bytes = message["Body"].encode()
        self._client = client
        self._url = url
        self._receipt = message["ReceiptHandle"]

    def ack(self) -> None:
        """Delete the message."""
        with _reaching_sqs():
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=self._receipt)

    def postpone(self, seconds: float) -> None:
        """Let the message show again after `seconds`."""
        _hide(self._client, self._url, self._receipt, seconds)

    def keep(self, seconds: float) -> None:
        """Keep the message hidden for `seconds` more."""
        _hide(self._client, self._url, self._receipt, seconds)


class BatchDelivery:
    """One message of a batch that Lambda received; it deletes what is done after the batch."""

    def __init__(self, client: Any, url: Callable[[], str], record: Mapping[str, Any]) -> None:
        self.body: bytes = record["body"].encode()
        self.message_id: str = record["messageId"]
        self.is_done = False
        self._client = client
        self._url = url
        self._receipt = record["receiptHandle"]

    def ack(self) -> None:
        """Have Lambda delete the message."""
        self.is_done = True

    def postpone(self, seconds: float) -> None:
        """Leave the message in the queue, to show again after `seconds`."""
        _hide(self._client, self._url(), self._receipt, seconds)

    def keep(self, seconds: float) -> None:
        """Keep the message hidden for `seconds` more."""
        _hide(self._client, self._url(), self._receipt, seconds)


def _hide(client: Any, url: str, receipt: str, seconds: float) -> None:
    with _reaching_sqs():
        client.change_message_visibility(
            QueueUrl=url,
            ReceiptHandle=receipt,
            VisibilityTimeout=min(max(0, round(seconds)), LONGEST_WAIT_S),
        )


@contextmanager
def _reaching_sqs() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise TransientError(f"queue server: {error}") from error
