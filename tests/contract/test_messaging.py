"""What every transport must do, the fake one included."""

import uuid
from collections.abc import Iterator

import pytest

from common.messaging import Delivery, Transport
from common.messaging.rabbitmq import RabbitTransport
from common.messaging.sqs import SqsTransport
from common.settings import Settings
from tests.broker import Broker, cut
from tests.fakes import MemoryTransport
from tests.waiting import wait_until

pytestmark = pytest.mark.contract

QUEUE, OTHER = "ingest", "cluster"
VISIBILITY_S = 2.0
# The shortest delay of RabbitMQ is 5 s.
WAIT_S = 10.0


@pytest.fixture(params=["memory", "sqs", "rabbitmq"])
def transport(request: pytest.FixtureRequest) -> Iterator[Transport]:
    made = {"memory": on_memory, "sqs": on_sqs, "rabbitmq": on_rabbitmq}[request.param](request)
    made.declare([QUEUE, OTHER])
    yield made
    made.close()


def on_memory(_request: pytest.FixtureRequest) -> Transport:
    return MemoryTransport(visibility_s=VISIBILITY_S)


def on_sqs(request: pytest.FixtureRequest) -> Transport:
    settings: Settings = request.getfixturevalue("settings")
    own = {"queue_prefix": f"contract-{uuid.uuid4()}-", "lease_s": VISIBILITY_S}
    return SqsTransport(settings.model_copy(update=own))


def on_rabbitmq(request: pytest.FixtureRequest) -> Transport:
    broker: Broker = request.getfixturevalue("broker")
    return RabbitTransport(broker.settings(request.getfixturevalue("vhost")))


def pass_time(transport: Transport, seconds: float) -> None:
    """Let time pass for messages: the fake's clock is moved, real servers are waited for."""
    if isinstance(transport, MemoryTransport):
        transport.now += seconds


def worker_dies(transport: Transport) -> None:
    """Leave what was received as a dead worker would: nobody settles it."""
    pass_time(transport, VISIBILITY_S)
    if isinstance(transport, RabbitTransport):
        cut(transport)
        wait_until(lambda: transport._consuming.current is None)


def receive(transport: Transport, queue: str = QUEUE) -> Delivery:
    delivery = transport.receive(queue, wait_s=WAIT_S)
    assert delivery is not None
    return delivery


def has_nothing(transport: Transport, queue: str = QUEUE, *, wait_s: float = 1) -> bool:
    pass_time(transport, wait_s)
    return transport.receive(queue, wait_s=wait_s) is None


def test_a_message_arrives_as_it_was_sent(transport: Transport):
    body = '{"key": "ñ 🛒 \\u0000 +%2F"}'.encode()
    transport.publish(QUEUE, body)
    assert receive(transport).body == body


def test_an_empty_queue_gives_nothing(transport: Transport):
    assert has_nothing(transport)


def test_queues_are_apart_and_declaring_again_keeps_messages(transport: Transport):
    transport.publish(QUEUE, b"{}")
    transport.declare([QUEUE, OTHER])
    assert has_nothing(transport, OTHER)
    receive(transport)


def test_one_transport_receives_from_several_queues(transport: Transport):
    for queue in (QUEUE, OTHER, QUEUE):
        transport.publish(queue, f'"{queue}"'.encode())
    for queue in (QUEUE, OTHER, QUEUE):
        delivery = receive(transport, queue)
        assert delivery.body == f'"{queue}"'.encode()
        delivery.ack()


def test_an_acked_message_never_comes_again(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport).ack()
    worker_dies(transport)
    assert has_nothing(transport, wait_s=3)


def test_a_message_in_work_is_shown_to_nobody_else(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport)
    assert transport.receive(QUEUE, wait_s=1) is None


def test_a_message_whose_workers_die_comes_again_each_time(transport: Transport):
    transport.publish(QUEUE, b"{}")
    for _ in range(4):
        receive(transport)
        worker_dies(transport)
    receive(transport).ack()
    assert has_nothing(transport)


def test_a_postponed_message_comes_after_its_wait(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport).postpone(5)
    assert has_nothing(transport, wait_s=3)
    pass_time(transport, 2)
    receive(transport)


def test_a_message_handed_back_comes_at_once(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport).postpone(0)
    assert transport.receive(QUEUE, wait_s=2) is not None


def test_a_kept_message_stays_with_its_worker(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport).keep(60)
    assert has_nothing(transport, wait_s=3)


def test_what_a_paused_worker_held_comes_again_and_only_once(transport: Transport):
    transport.publish(QUEUE, b"{}")
    receive(transport)
    transport.pause()
    pass_time(transport, VISIBILITY_S)
    receive(transport).ack()
    assert has_nothing(transport)


def test_waiting_messages_are_counted_without_those_in_work(transport: Transport):
    assert transport.waiting(QUEUE) == 0
    for _ in range(3):
        transport.publish(QUEUE, b"{}")
    wait_until(lambda: transport.waiting(QUEUE) == 3)
    receive(transport)
    wait_until(lambda: transport.waiting(QUEUE) == 2)
