"""moto's SQS server, as fast with a thousand waiting messages as with one.

moto looks at every message of a queue five times in each call, to count them for attributes that
nobody asked for. With a thousand waiting, some tens of messages a second come through.
"""

from itertools import islice

from moto.server import ThreadedMotoServer
from moto.sqs.models import Message, Queue

_MOST_RECEIVED = 10  # in one call of SQS


def start_queue_server(host: str, port: int) -> ThreadedMotoServer:
    """Serve SQS; return when it listens."""
    _count_roughly()
    server = ThreadedMotoServer(ip_address=host, port=port, verbose=False)
    server.start()
    return server


def _count_roughly() -> None:
    for name, replacement in {
        "approximate_number_of_messages": _waiting,
        "approximate_number_of_messages_not_visible": _in_flight,
        "approximate_number_of_messages_delayed": _delayed,
        "messages": _visible,
    }.items():
        assert isinstance(getattr(Queue, name), property), name
        setattr(Queue, name, property(replacement))


def _waiting(queue: Queue) -> int:
    return len(queue._messages) - len(queue.pending_messages)  # noqa: SLF001 - see above


def _in_flight(queue: Queue) -> int:
    return len(queue.pending_messages)


def _delayed(_queue: Queue) -> int:
    return 0  # we postpone by visibility, never by delay


def _visible(queue: Queue) -> list[Message]:
    """Return messages that may be received, no more than one call can ask for."""
    waiting = queue._messages  # noqa: SLF001 - see above
    visible = (message for message in waiting if message.visible and not message.delayed)
    return list(islice(visible, _MOST_RECEIVED))
