"""The embedded queues hold what they are given, however much waits."""

import pytest

from common.messaging.sqs import SqsTransport
from common.settings import Settings

pytestmark = pytest.mark.integration


def test_each_of_many_waiting_messages_comes_once_and_then_none(settings: Settings) -> None:
    transport = SqsTransport(settings)
    sent = {f'{{"n":{number}}}'.encode() for number in range(60)}
    for body in sent:
        transport.publish("trial", body)

    received = []
    while delivery := transport.receive("trial", wait_s=1):
        received.append(delivery.body)
        if len(received) % 2:
            delivery.ack()  # the others stay in flight, before those that wait

    assert sorted(received) == sorted(sent)


def test_a_message_that_is_handed_back_comes_again(settings: Settings) -> None:
    transport = SqsTransport(settings)
    transport.publish("handed-back", b'{"n":1}')
    first = transport.receive("handed-back", wait_s=5)
    assert first

    first.postpone(0)

    second = transport.receive("handed-back", wait_s=5)
    assert second
    assert second.body == first.body
    second.ack()
