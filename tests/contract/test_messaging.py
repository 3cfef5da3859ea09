"""What every transport must do, the fake one included."""

import uuid

import pytest

from common.messaging import Delivery, Transport
from common.messaging.sqs import SqsTransport
from common.settings import Settings
from tests.fakes import MemoryTransport

pytestmark = pytest.mark.contract

_WAIT_S = 5.0


class Clock:
    """Lets the visibility of messages pass: by moving the fake's clock, or by waiting."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def pass_time(self, seconds: float) -> None:
        if isinstance(self._transport, MemoryTransport):
            self._transport.now += seconds


@pytest.fixture(params=["memory", "sqs"])
def transport(request: pytest.FixtureRequest) -> Transport:
    if request.param == "memory":
        return MemoryTransport(visibility_s=2)
    settings: Settings = request.getfixturevalue("settings")
    prefix = f"contract-{uuid.uuid4()}-"
    return SqsTransport(settings.model_copy(update={"queue_prefix": prefix, "lease_s": 2.0}))


@pytest.fixture
def queue(transport: Transport) -> str:
    transport.declare(["work", "other"])
    return "work"


def receive(transport: Transport, queue: str, *, after_s: float = 0) -> Delivery | None:
    Clock(transport).pass_time(after_s)
    return transport.receive(queue, wait_s=_WAIT_S if after_s else 1)


def test_a_message_arrives_as_it_was_sent(transport: Transport, queue: str):
    body = '{"key": "ñ 🛒 \\u0000 +%2F"}'.encode()
    transport.publish(queue, body)
    delivery = receive(transport, queue)
    assert delivery is not None
    assert delivery.body == body


def test_an_empty_queue_gives_nothing(transport: Transport, queue: str):
    assert receive(transport, queue) is None


def test_queues_are_apart_and_declaring_again_keeps_messages(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    transport.declare(["work", "other"])
    assert receive(transport, "other") is None
    assert receive(transport, queue) is not None


def test_an_acked_message_never_comes_again(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    delivery = receive(transport, queue)
    assert delivery is not None
    delivery.ack()
    assert receive(transport, queue, after_s=3) is None


def test_a_message_in_work_is_shown_to_nobody_else(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    assert receive(transport, queue) is not None
    assert receive(transport, queue) is None


def test_a_message_whose_worker_died_comes_again(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    assert receive(transport, queue) is not None
    assert receive(transport, queue, after_s=3) is not None


def test_a_postponed_message_comes_after_its_wait(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    first = receive(transport, queue)
    assert first is not None
    first.postpone(2)
    assert transport.receive(queue, wait_s=0) is None
    assert receive(transport, queue, after_s=3) is not None


def test_a_message_handed_back_comes_at_once(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    first = receive(transport, queue)
    assert first is not None
    first.postpone(0)
    assert receive(transport, queue) is not None


def test_a_kept_message_stays_with_its_worker(transport: Transport, queue: str):
    transport.publish(queue, b"{}")
    delivery = receive(transport, queue)
    assert delivery is not None
    delivery.keep(60)
    assert receive(transport, queue, after_s=3) is None
