"""Transports behind one small interface: how messages reach a function and leave it.

A transport delivers at least once, in any order. It knows queues by the names of the functions
they wake; what a message means, and how often it was tried, is not its business.
"""

from collections.abc import Sequence
from typing import Protocol

from common.settings import Settings


class Delivery(Protocol):
    """One message handed to this worker, until it is settled."""

    body: bytes

    def ack(self) -> None:
        """Settle: the message is done with."""

    def postpone(self, seconds: float) -> None:
        """Hand back: the message comes again after about `seconds`, never much later."""

    def keep(self, seconds: float) -> None:
        """Say that this worker is alive: nobody else gets the message for `seconds`."""


class Transport(Protocol):
    """A broker. Every method raises TransientError while it cannot be reached."""

    def declare(self, queues: Sequence[str]) -> None:
        """Make sure that the queues exist, and the ways that lead to them."""

    def publish(self, queue: str, body: bytes) -> None:
        """Return when the broker holds the message."""

    def receive(self, queue: str, *, wait_s: float) -> Delivery | None:
        """Return the next message, or None after `wait_s`."""

    def pause(self) -> None:
        """Stop consuming until the next `receive`; what is in work is handed back.

        It never raises: what cannot be handed back now comes again by itself.
        """

    def waiting(self, queue: str) -> int:
        """Return about how many messages wait in the queue, without those in work."""

    def close(self) -> None:
        """Give up the connections."""


def connect(settings: Settings) -> Transport:
    """Return the transport that the settings name: RabbitMQ if they do, else SQS."""
    if settings.amqp_url.get_secret_value():
        from common.messaging.rabbitmq import RabbitTransport

        return RabbitTransport(settings)
    from common.messaging.sqs import SqsTransport

    return SqsTransport(settings)
