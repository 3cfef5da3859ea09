"""A RabbitMQ of the tests: virtual hosts of their own, and ways to hurt it."""

import json
import secrets
import socket
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from common.messaging.rabbitmq import RabbitTransport
from common.settings import Settings
from infra.local.home import Home
from infra.local.process import Child
from infra.local.rabbitmq import RabbitServer

READY_WITHIN_S = 90.0
_HOSTS_AT_ONCE = 5  # its tool takes four times as long to start as to make one


class Broker:
    """A running node."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.server = RabbitServer(home, home.ports(), home.secrets())
        self.server.prepare(lambda command: None)
        self._unused_hosts: list[str] = []
        self.child = Child(self.server.command())

    def start(self) -> None:
        self.child = Child(self.server.command())
        self.child.start()
        self.child.wait_until(self.server.is_ready, within_s=READY_WITHIN_S)

    def new_vhost(self) -> str:
        """Return a virtual host with everything that the functions' one has, and that no other uses."""
        if not self._unused_hosts:
            self._unused_hosts = [f"t-{secrets.token_hex(6)}" for _ in range(_HOSTS_AT_ONCE)]
            every: defaultdict[str, list[object]] = defaultdict(list)
            for name in self._unused_hosts:
                for kind, entries in self.server.definitions(name).items():
                    every[kind] += cast("list[object]", entries)
            file = self.home.path / "hosts.json"
            file.write_text(json.dumps(every))
            self.server.control("import_definitions", str(file))
        return self._unused_hosts.pop()

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
