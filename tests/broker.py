"""A RabbitMQ of the tests: virtual hosts of their own, and ways to hurt it."""

import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from common.messaging.rabbitmq import RabbitTransport
from common.settings import Settings
from infra.local.home import Home
from infra.local.process import Child
from infra.local.rabbitmq import RabbitServer

READY_WITHIN_S = 90.0


class Broker:
    """A running node."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.server = RabbitServer(home, home.ports(), home.secrets())
        self.server.prepare(lambda command: None)
        self.child = Child(self.server.command())

    def start(self) -> None:
        self.child = Child(self.server.command())
        self.child.start()
        self.child.wait_until(self.server.is_ready, within_s=READY_WITHIN_S)

    def new_vhost(self) -> str:
        """Make a virtual host with everything that the functions' one has."""
        name = f"t-{secrets.token_hex(6)}"
        file = self.home.path / f"{name}.json"
        file.write_text(json.dumps(self.server.definitions(name)))
        self.server.control("import_definitions", str(file))
        return name

    def settings(self, vhost: str, **query: object) -> Settings:
        """Return settings whose queues are those of `vhost`."""
        url = self.server.url.rpartition("/")[0] + f"/{vhost}"
        words = "&".join(f"{name}={value}" for name, value in query.items())
        return Settings(amqp_url=SecretStr(f"{url}?{words}"))


@contextmanager
def running_broker(path: Path) -> Iterator[Broker]:
    broker = Broker(Home(path))
    try:
        broker.start()
        yield broker
    finally:
        broker.child.stop()


def cut(transport: RabbitTransport) -> None:
    """Break the line by which messages come, as when the worker dies or a cable does."""
    session = transport._consuming.current
    if session is not None:
        session._connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)
