"""What only RabbitMQ has: messages that found no queue, and messages that it gave up on."""

from dataclasses import dataclass

from common.events import ObjectCreated
from common.ledger import Ledger
from common.messages import UnreadableMessageError, from_message
from common.messaging import Transport
from common.messaging.topology import PARKED, UNROUTED

_MOST = 1000  # of each in one run
_WAIT_S = 1.0  # the first receive begins to consume, and that takes a moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Tended:
    """How many messages were brought home."""

    routed: int
    parked: int


def tend(transport: Transport, ledger: Ledger) -> Tended:
    """Bring messages to where somebody looks: lost notifications to ingest, given up ones to us.

    Each is acked only when it is safe in its new place; a crash in between doubles it, which
    claims and the parked row's id make harmless.

    Raises:
        TransientError: A server cannot be reached.
    """
    try:
        routed = _route(transport)
        parked = _park(transport, ledger)
    finally:
        transport.pause()  # other replicas may look after these queues, too
    return Tended(routed=routed, parked=parked)


def _route(transport: Transport) -> int:
    for count in range(_MOST):
        delivery = transport.receive(UNROUTED, wait_s=_WAIT_S)
        if delivery is None:
            return count
        transport.publish(ObjectCreated.queue, delivery.body)
        delivery.ack()
    return _MOST


def _park(transport: Transport, ledger: Ledger) -> int:
    for count in range(_MOST):
        delivery = transport.receive(PARKED, wait_s=_WAIT_S)
        if delivery is None:
            return count
        ledger.park_given_up(delivery.body, function=_function_of(delivery.body))
        delivery.ack()
    return _MOST


def _function_of(body: bytes) -> str:
    """Return who is woken by the message, so that a person can send it there again."""
    try:
        events = from_message(body).events
    except UnreadableMessageError:
        events = ()
    return events[0].queue if events else ObjectCreated.queue  # only a store's can be neither
