"""How AWS Lambda runs a function: the same runtime, handed a batch of SQS messages at a time.

Lambda receives, and deletes what we do not report. Nothing is tried again here: a message that
must come again waits in its visibility timeout. A container that is stopped or out of time is a
worker that died, and its lease ends.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from common import failpoints, logs
from common.messaging.sqs import BatchDelivery, SqsTransport
from common.runtime import Runtime
from common.settings import Settings

Batch = Mapping[str, Any]  # `Records` as SQS hands them to Lambda
Answer = dict[str, list[dict[str, str]]]


def batch_handler(
    function: str, connected: Callable[[Settings], AbstractContextManager[Runtime]]
) -> Callable[[Batch, object], Answer]:
    """Return what Lambda calls; a container connects with its first batch and never closes."""

    @cache
    def container() -> tuple[AbstractContextManager[Runtime], Runtime, SqsTransport]:
        settings = Settings()
        logs.configure(settings, function=function)
        failpoints.arm(settings.failpoint)
        opened = connected(settings)
        return opened, opened.__enter__(), SqsTransport(settings)

    def handle(batch: Batch, _context: object) -> Answer:
        _, runtime, queues = container()
        deliveries = [queues.handed(function, record) for record in batch["Records"]]
        runtime.handle_batch(deliveries)
        return report(deliveries)

    return handle


def report(deliveries: list[BatchDelivery]) -> Answer:
    """Name the messages that Lambda must leave in the queue."""
    left = [delivery.message_id for delivery in deliveries if not delivery.is_done]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in left]}
