"""Exchanges, queues and bindings on RabbitMQ: what they are, and nothing that talks to a broker.

    s3.events    topic   the store publishes here    objects ----------> ingest
    app.work     direct  functions publish here      name of function -> ingest, cluster, notify
    app.retry.*  fanout  one for each delay ---------------------------> queue of the same name,
                         whose messages go on to the queue they name when their time is over
    app.dlx      fanout  given up by the broker -----------------------> parked
    s3.unrouted  fanout  from s3.events, found no queue ---------------> s3.unrouted

Queue arguments cannot change after the first declaration, so they stand here alone, and only those
that RabbitMQ 3.10 and 4.x understand alike.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

EVENTS = "s3.events"
EVENTS_KEY = "objects"
UNROUTED = "s3.unrouted"
WORK = "app.work"
GIVEN_UP = "app.dlx"
PARKED = "parked"
DELAYS = {5: "app.retry.5s", 30: "app.retry.30s", 300: "app.retry.5m", 1800: "app.retry.30m"}
VHOST = "datacore"
_WOKEN_BY_STORE = "ingest"
_DEFAULT_EXCHANGE = ""
# A net below the runtime, which counts tries in PostgreSQL: it catches what kills its worker before
# the claim. The default of 4.x, said aloud because 3.10 has none.
_DELIVERY_LIMIT = 20

Arguments = Mapping[str, str | int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """A durable quorum queue."""

    name: str
    arguments: Arguments


@dataclass(frozen=True, kw_only=True, slots=True)
class Binding:
    """The way from an exchange to a queue."""

    exchange: str
    queue: str
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """Everything that messages pass, in the order in which it can be declared."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Who may log in, and the names it may declare, write to and read from."""

    name: str
    password: str = field(repr=False)
    configure: str
    write: str
    read: str


def topology(functions: Sequence[str]) -> Topology:
    """Return what has to exist so that each of `functions` can be woken."""
    return Topology(
        exchanges=(
            Exchange(name=EVENTS, kind="topic"),
            Exchange(name=WORK, kind="direct"),
            *(Exchange(name=name, kind="fanout") for name in (UNROUTED, GIVEN_UP)),
            *(Exchange(name=name, kind="fanout") for name in DELAYS.values()),
        ),
        queues=(
            *(Queue(name=name, arguments=_quorum()) for name in (PARKED, UNROUTED)),
            *(Queue(name=name, arguments=_delay(s)) for s, name in DELAYS.items()),
            *(Queue(name=name, arguments=_work()) for name in functions),
        ),
        bindings=(
            Binding(exchange=GIVEN_UP, queue=PARKED),
            Binding(exchange=UNROUTED, queue=UNROUTED),
            *(Binding(exchange=name, queue=name) for name in DELAYS.values()),
            *(Binding(exchange=WORK, queue=name, key=name) for name in functions),
            *(
                Binding(exchange=EVENTS, queue=name, key=EVENTS_KEY)
                for name in functions
                if name == _WOKEN_BY_STORE
            ),
        ),
    )


def _quorum() -> Arguments:
    return {"x-queue-type": "quorum"}


def _work() -> Arguments:
    return {
        **_quorum(),
        "x-delivery-limit": _DELIVERY_LIMIT,
        **_dead_letters_to(GIVEN_UP),
    }


def _delay(seconds: int) -> Arguments:
    # No dead-letter routing key: a message keeps its own, which is the queue that it returns to.
    return {**_quorum(), "x-message-ttl": seconds * 1000, **_dead_letters_to(_DEFAULT_EXCHANGE)}


def _dead_letters_to(exchange: str) -> Arguments:
    # By default a message whose way is missing is dropped without a word. At-least-once keeps it,
    # and asks for this overflow.
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def delay_for(seconds: float) -> str:
    """Return the exchange of the longest delay within `seconds`, or of the shortest there is.

    So a message comes back too soon rather than late: its claim knows the time, and sends it
    through a shorter delay.
    """
    fitting = [delay for delay in DELAYS if delay <= seconds]
    return DELAYS[max(fitting, default=min(DELAYS))]


def store_user(name: str, password: str) -> User:
    """Return the store's user: it declares its exchange again with every event, nothing else."""
    ours = _any_of(EVENTS)
    return User(name=name, password=password, configure=ours, write=ours, read="^$")


def function_user(name: str, password: str, functions: Sequence[str]) -> User:
    """Return the functions' user: every name of ours, and no other."""
    every = topology(functions)
    names = sorted({e.name for e in every.exchanges} | {q.name for q in every.queues})
    ours = _any_of(*names)
    # Who declares a queue whose dead letters go to the default exchange must be allowed to write
    # there; `amq.default` is its name in permissions.
    return User(
        name=name,
        password=password,
        configure=ours,
        write=_any_of(*names, "amq.default"),
        read=ours,
    )


def _any_of(*names: str) -> str:
    # Not re.escape: it also escapes what Erlang's expressions need not have escaped.
    return "^(" + "|".join(name.replace(".", r"\.") for name in names) + ")$"


def definitions(
    functions: Sequence[str], users: Sequence[User], *, vhost: str = VHOST, salt: bytes
) -> dict[str, object]:
    """Return what RabbitMQ loads at its start (`load_definitions`): users, names and policy."""
    every = topology(functions)
    return {
        "vhosts": [{"name": vhost}],
        "users": [
            {
                "name": user.name,
                "password_hash": password_hash(user.password, salt),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
            for user in users
        ],
        "permissions": [
            {
                "user": user.name,
                "vhost": vhost,
                "configure": user.configure,
                "write": user.write,
                "read": user.read,
            }
            for user in users
        ],
        "policies": [_keep_unrouted(vhost)],
        "exchanges": [_exchange(exchange, vhost) for exchange in every.exchanges],
        "queues": [_queue(queue, vhost) for queue in every.queues],
        "bindings": [_binding(binding, vhost) for binding in every.bindings],
    }


def _keep_unrouted(vhost: str) -> dict[str, object]:
    # As an argument of the exchange it would make the store's own declaration fail.
    return {
        "vhost": vhost,
        "name": "keep-unrouted",
        "pattern": _any_of(EVENTS),
        "apply-to": "exchanges",
        "definition": {"alternate-exchange": UNROUTED},
        "priority": 0,
    }


def _exchange(exchange: Exchange, vhost: str) -> dict[str, object]:
    return {
        "name": exchange.name,
        "vhost": vhost,
        "type": exchange.kind,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": {},
    }


def _queue(queue: Queue, vhost: str) -> dict[str, object]:
    return {
        "name": queue.name,
        "vhost": vhost,
        "durable": True,
        "auto_delete": False,
        "arguments": dict(queue.arguments),
    }


def _binding(binding: Binding, vhost: str) -> dict[str, object]:
    return {
        "source": binding.exchange,
        "vhost": vhost,
        "destination": binding.queue,
        "destination_type": "queue",
        "routing_key": binding.key,
        "arguments": {},
    }


def password_hash(password: str, salt: bytes) -> str:
    """Return what RabbitMQ keeps of a password: base64 of salt, SHA-256 of salt and password."""
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
