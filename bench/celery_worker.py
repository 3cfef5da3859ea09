"""Our ingest as a Celery task: late acks, one message at a time, Celery's own retries."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

from celery import Celery

from common.runtime import Runtime
from common.settings import Settings

_open = ExitStack()  # as long as the process lives
app = Celery("bench", broker=os.environ.get("BENCH_CELERY_BROKER"))
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


@dataclass
class CeleryDelivery:
    """A message that Celery acks when the task returns, and sends again when it says so."""

    body: bytes
    again_in_s: float | None = None

    def ack(self) -> None:
        """Do nothing: the task will have returned."""

    def postpone(self, seconds: float) -> None:
        """Have the task run again: Celery is told by the thread that runs it."""
        self.again_in_s = seconds

    def keep(self, seconds: float) -> None:
        """Do nothing: Celery asks for no sign of life."""


@app.task(bind=True, name="ingest", max_retries=None)
def ingest(self: Any, body: str) -> None:
    """Handle one notification of the store."""
    delivery = CeleryDelivery(body.encode())
    _runtime().handle_batch([delivery])
    if delivery.again_in_s is not None:
        raise self.retry(countdown=delivery.again_in_s)


@cache
def _runtime() -> Runtime:
    from functions.ingest.__main__ import connected

    return _open.enter_context(connected(Settings()))


def fill(broker: str, share: Sequence[bytes]) -> None:
    """Queue a share."""
    with Celery("filler", broker=broker) as filler, filler.producer_or_acquire() as producer:
        for body in share:
            filler.send_task("ingest", args=[body.decode()], producer=producer)
