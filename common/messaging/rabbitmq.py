"""Messages over RabbitMQ.

There are two connections (`amqp`): a broker that is short of memory or disk stops reading from those
that publish, and must still hear our acks. The wait of a postponed message lives in a delay queue,
see `topology`.
"""

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import partial

import pika
from pika.adapters.blocking_connection import BlockingChannel

from common.exceptions import TransientError
from common.logs import get_logger
from common.messaging import topology
from common.messaging.amqp import Link, Message, Session, reaching_rabbitmq
from common.settings import Settings

log = get_logger()


class RabbitTransport:
    """The queues of one virtual host, named as the functions they wake."""

    def __init__(self, settings: Settings) -> None:
        # pika tells of one lost connection many times; we say it once, as a TransientError.
        logging.getLogger("pika").setLevel(logging.CRITICAL)
        url = settings.amqp_url.get_secret_value()
        self._publishing = Link(url, "publish", BlockingChannel.confirm_delivery)
        self._consuming = Link(url, "consume", partial(BlockingChannel.basic_qos, prefetch_count=1))

    def declare(self, queues: Sequence[str]) -> None:
        """Make sure that the queues exist, and every way that leads to them."""
        self._publishing.call(partial(_declare, topology.topology(queues)))

    def publish(self, queue: str, body: bytes) -> None:
        """Return when the broker holds the message in its queue."""
        self._publishing.call(partial(_publish, topology.WORK, queue, body))

    def receive(self, queue: str, *, wait_s: float) -> "RabbitDelivery | None":
        """Return the next message, or None after `wait_s`; the first call begins to consume."""
        session = self._consuming.session()
        with self._consuming.reaching():
            message = session.next_message(queue, wait_s)
        return RabbitDelivery(session, message, self._delay) if message else None

    def pause(self) -> None:
        """Stop consuming; what this worker holds comes again after the shortest delay.

        It is not nacked: up to RabbitMQ 4.2 that counts against the delivery limit, and a database
        that is often away would park what is well. If the broker does not take it, the end of the
        connection hands it back.
        """
        session = self._consuming.current
        if session is None:
            return
        try:
            with reaching_rabbitmq():
                session.stop_consuming()
            for message in session.unsettled():
                RabbitDelivery(session, message, self._delay).postpone(min(topology.DELAYS))
        except TransientError as error:
            log.warning("not_handed_back", error=str(error))
            session.close()

    def waiting(self, queue: str) -> int:
        """Return how many messages wait in the queue, without those in work."""
        return self._publishing.call(partial(_count, queue))

    def close(self) -> None:
        """Hand back what was fetched and not settled, then give up the connections."""
        session = self._consuming.current
        if session is not None:
            try:
                with reaching_rabbitmq():
                    session.hand_back()
            except TransientError as error:
                log.warning("not_handed_back", error=str(error))
        self._consuming.close()
        self._publishing.close()

    def _delay(self, queue: str, body: bytes, seconds: float) -> None:
        self._publishing.call(partial(_publish, topology.delay_for(seconds), queue, body))


class RabbitDelivery:
    """One received message. When its connection is lost it becomes another's, and settles nothing."""

    def __init__(
        self,
        session: "Session",
        message: Message,
        delay: Callable[[str, bytes, float], None],
    ) -> None:
        self.body = message.body
        self._session = session
        self._message = message
        self._delay = delay

    def ack(self) -> None:
        """Let the broker forget the message."""
        with reaching_rabbitmq():
            self._session.settle(self._message, BlockingChannel.basic_ack)

    def postpone(self, seconds: float) -> None:
        """Send the message through a delay, then ack it; a crash in between doubles it."""
        if seconds <= 0:
            with reaching_rabbitmq():
                self._session.settle(self._message, BlockingChannel.basic_nack)
        elif not self._session.has_ended:
            self._delay(self._message.queue, self.body, seconds)
            self.ack()

    def keep(self, seconds: float) -> None:
        """Do nothing: the message is ours for as long as its connection answers heartbeats.

        Only the broker's `consumer_timeout`, 30 minutes, ends that. The message then comes again
        beside the running work, finds it claimed, and waits.
        """


# --- what is said on a channel, by the thread that owns it --------------------------------------


def _declare(wanted: topology.Topology, channel: BlockingChannel) -> None:
    for exchange in wanted.exchanges:
        channel.exchange_declare(exchange.name, exchange.kind, durable=True)
    for queue_ in wanted.queues:
        channel.queue_declare(queue_.name, durable=True, arguments=dict(queue_.arguments))
    for binding in wanted.bindings:
        channel.queue_bind(binding.queue, binding.exchange, binding.key)


def _publish(exchange: str, key: str, body: bytes, channel: BlockingChannel) -> None:
    channel.basic_publish(
        exchange,
        key,
        body,
        pika.BasicProperties(
            content_type="application/json",
            delivery_mode=pika.DeliveryMode.Persistent.value,
            # The same message published again keeps its id.
            message_id=hashlib.sha256(body).hexdigest(),
        ),
        # What finds no queue is refused; without this it would be confirmed, and gone.
        mandatory=True,
    )


def _count(name: str, channel: BlockingChannel) -> int:
    count: int = channel.queue_declare(name, passive=True).method.message_count
    return count
