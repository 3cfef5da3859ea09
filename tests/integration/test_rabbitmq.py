"""RabbitMQ as the functions use it: topology, losses, outages, and what is left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pika
import pytest
from pydantic import SecretStr

from common.exceptions import TransientError
from common.messaging import connect, topology
from common.messaging.rabbitmq import RabbitTransport
from common.settings import Settings
from tests.broker import Broker, cut
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

FUNCTIONS = ("ingest", "cluster", "notify")


@dataclass
class World:
    broker: Broker
    vhost: str

    def __post_init__(self) -> None:
        self.settings = self.broker.settings(self.vhost)
        self.transport = RabbitTransport(self.settings)

    def channel(self, user: str = "functions") -> pika.adapters.blocking_connection.BlockingChannel:
        """Return a channel beside the transport's, as the store or a careless hand has one."""
        url = self.broker.server.url if user == "functions" else self.broker.server.store_url
        parameters = pika.URLParameters(url.rpartition("/")[0] + f"/{self.vhost}")
        self.connection = pika.BlockingConnection(parameters)
        return self.connection.channel()

    def store_publishes(self, body: bytes) -> None:
        """Publish as MinIO does: it declares its exchange each time, and waits for a confirm."""
        channel = self.channel("store")
        channel.exchange_declare("s3.events", "topic", durable=True)
        channel.confirm_delivery()
        channel.basic_publish("s3.events", "objects", body)
        self.connection.close()

    def body_from(self, queue: str, *, within_s: float = 10.0) -> bytes:
        delivery = self.transport.receive(queue, wait_s=within_s)
        assert delivery is not None
        delivery.ack()
        return delivery.body

    def unbind(self) -> None:
        self.channel().queue_unbind("ingest", "s3.events", "objects")
        self.connection.close()


@pytest.fixture
def world(broker: Broker, vhost: str) -> Iterator[World]:
    world = World(broker, vhost)
    yield world
    world.transport.close()


def test_the_settings_choose_rabbitmq(world: World):
    assert isinstance(connect(world.settings), RabbitTransport)


# --- topology -----------------------------------------------------------------------------------


def test_what_the_store_publishes_reaches_ingest(world: World):
    world.store_publishes(b'{"Records": []}')
    assert world.body_from("ingest") == b'{"Records": []}'


def test_without_its_binding_an_event_of_the_store_is_kept_and_can_be_moved_back(world: World):
    world.unbind()
    world.store_publishes(b'{"Records": [1]}')
    wait_until(lambda: world.transport.waiting("s3.unrouted") == 1)

    world.transport.publish("ingest", world.body_from("s3.unrouted"))

    assert world.body_from("ingest") == b'{"Records": [1]}'


def test_declaring_mends_bindings_and_queues_that_were_deleted(world: World):
    world.unbind()
    world.channel().queue_delete("app.retry.5s")
    world.connection.close()

    world.transport.declare(FUNCTIONS)

    world.store_publishes(b"{}")
    delivery = world.transport.receive("ingest", wait_s=10)
    assert delivery is not None
    delivery.postpone(5)
    assert world.body_from("ingest") == b"{}"


def test_what_was_loaded_at_the_start_is_what_functions_declare(world: World):
    """Other arguments would be refused."""
    for _ in range(2):
        world.transport.declare(FUNCTIONS)


def test_a_delayed_message_returns_to_the_queue_it_came_from(world: World):
    for queue in ("cluster", "notify"):
        world.transport.publish(queue, queue.encode())
        delivery = world.transport.receive(queue, wait_s=10)
        assert delivery is not None
        delivery.postpone(29)  # the longest delay that is not longer: 5 s
    assert world.body_from("notify") == b"notify"
    assert world.body_from("cluster") == b"cluster"


def test_a_message_that_kills_every_worker_is_parked_and_nothing_beside_it(world: World):
    world.transport.publish("cluster", b"poison")
    world.transport.publish("cluster", b"innocent")
    deliveries = 0
    while world.transport.waiting("parked") == 0:
        try:
            delivery = world.transport.receive("cluster", wait_s=5)
        except TransientError:
            continue
        assert delivery is not None
        if delivery.body == b"innocent":
            delivery.ack()
            continue
        deliveries += 1
        assert deliveries <= 30
        cut(world.transport)
        wait_until(lambda: world.transport._consuming.current is None)

    assert deliveries == topology._DELIVERY_LIMIT + 1
    assert world.body_from("parked") == b"poison"
    assert world.transport.waiting("parked") == 0


def test_an_outage_costs_a_message_none_of_its_deliveries(world: World):
    world.transport.publish("ingest", b"{}")
    assert world.transport.receive("ingest", wait_s=10) is not None

    world.transport.pause()

    wait_until(lambda: world.transport.waiting("ingest") == 1)
    method, properties, _ = world.channel().basic_get("ingest")
    assert not method.redelivered
    assert properties.headers.get("x-delivery-count", 0) == 0
    world.connection.close()


def test_a_message_for_a_queue_that_does_not_exist_is_refused(world: World):
    with pytest.raises(TransientError, match="Unroutable"):
        world.transport.publish("nobody", b"{}")
    world.transport.publish("ingest", b"{}")


def test_the_store_may_publish_and_nothing_else(world: World):
    for forbidden in (
        lambda channel: channel.basic_get("ingest"),
        lambda channel: channel.exchange_declare("app.work", "direct", durable=True),
        lambda channel: channel.queue_delete("ingest"),
    ):
        channel = world.channel("store")
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="403"):
            forbidden(channel)
        world.connection.close()


# --- connections --------------------------------------------------------------------------------


def test_a_handler_longer_than_two_heartbeats_keeps_its_message(broker: Broker, vhost: str):
    transport = RabbitTransport(broker.settings(vhost, heartbeat=1))
    transport.publish("ingest", b"{}")
    delivery = transport.receive("ingest", wait_s=10)
    assert delivery is not None
    session = transport._consuming.current

    done = threading.Event()
    threading.Timer(4.0, done.set).start()
    assert done.wait(10)  # the handler works, and nobody calls the transport

    assert transport._consuming.current is session
    delivery.ack()
    transport.publish("cluster", b"{}")  # this connection was kept as well
    assert transport.receive("ingest", wait_s=1) is None
    transport.close()


def test_an_ack_after_the_connection_was_lost_changes_nothing(world: World):
    world.transport.publish("ingest", b"{}")
    stale = world.transport.receive("ingest", wait_s=10)
    assert stale is not None
    world.broker.server.control("close_all_connections", "--vhost", world.vhost, "test")
    wait_until(lambda: world.transport._consuming.current is None)

    stale.ack()
    again = world.transport.receive("ingest", wait_s=10)
    assert again is not None
    stale.ack()
    stale.postpone(5)
    stale.postpone(0)
    cut(world.transport)
    wait_until(lambda: world.transport._consuming.current is None)

    assert world.body_from("ingest") == b"{}"
    assert world.transport.receive("ingest", wait_s=1) is None


def test_a_worker_that_is_closed_hands_back_what_it_has_not_settled(world: World):
    world.transport.publish("ingest", b"1")
    first = world.transport.receive("ingest", wait_s=10)
    assert first is not None
    world.transport.publish("ingest", b"2")
    first.ack()
    session = world.transport._consuming.current
    assert session is not None
    wait_until(session.unsettled)  # fetched, and nobody has asked for it

    world.transport.close()

    other = World(world.broker, world.vhost)
    assert other.body_from("ingest", within_s=2) == b"2"
    other.transport.close()


def test_a_worker_fetches_ahead_only_when_it_has_done_a_message(world: World):
    """One that kills its worker takes nothing with it from a worker that has just begun."""
    for body in (b"1", b"2", b"3", b"4"):
        world.transport.publish("ingest", body)
    first = world.transport.receive("ingest", wait_s=10)
    assert first is not None
    assert world.transport.receive("ingest", wait_s=0.5) is None

    first.ack()

    for _ in range(2):
        assert world.transport.receive("ingest", wait_s=10) is not None


def test_what_waits_behind_a_long_message_is_given_to_others(world: World):
    for body in (b"short", b"long", b"waits"):
        world.transport.publish("ingest", body)
    assert world.body_from("ingest") == b"short"
    long = world.transport.receive("ingest", wait_s=10)
    assert long is not None
    other = World(world.broker, world.vhost)

    assert other.body_from("ingest") == b"waits"

    world.transport.publish("ingest", b"later")
    assert other.body_from("ingest") == b"later"
    long.ack()
    world.transport.publish("ingest", b"last")
    other.transport.close()
    assert world.body_from("ingest") == b"last"


def test_a_deleted_queue_is_an_outage_until_it_is_declared_again(world: World):
    assert world.transport.receive("ingest", wait_s=0.1) is None
    world.channel().queue_delete("ingest")
    world.connection.close()

    wait_until(lambda: is_away(world.transport, "ingest"))
    world.transport.declare(FUNCTIONS)
    world.transport.publish("ingest", b"{}")
    assert wait_until(lambda: received(world.transport, "ingest")) == b"{}"


def is_away(transport: RabbitTransport, queue: str) -> bool:
    try:
        transport.receive(queue, wait_s=0.1)
    except TransientError:
        return True
    return False


def received(transport: RabbitTransport, queue: str) -> bytes | None:
    try:
        delivery = transport.receive(queue, wait_s=1)
    except TransientError:
        return None
    if delivery is None:
        return None
    delivery.ack()
    return delivery.body


def test_a_restarted_broker_is_found_again_with_every_message(world: World):
    world.transport.publish("ingest", b"in work")
    assert world.transport.receive("ingest", wait_s=10) is not None
    world.transport.publish("cluster", b"waiting")
    world.broker.child.kill()
    world.broker.child.wait_for_end()
    with pytest.raises(TransientError):
        world.transport.publish("ingest", b"lost in time")
    world.transport.pause()

    world.broker.start()

    assert wait_until(lambda: received(world.transport, "ingest")) == b"in work"
    assert wait_until(lambda: received(world.transport, "cluster")) == b"waiting"


def test_a_wrong_password_is_not_tried_again_at_once(world: World):
    url = world.settings.amqp_url.get_secret_value().replace("functions:", "functions:x")
    transport = RabbitTransport(Settings(amqp_url=SecretStr(url)))
    with pytest.raises(TransientError, match="ACCESS_REFUSED"):
        transport.declare(FUNCTIONS)
    before = time.monotonic()
    with pytest.raises(TransientError, match=r"again in ([789]|1\d)\."):
        transport.declare(FUNCTIONS)
    assert time.monotonic() - before < 1


# --- the process --------------------------------------------------------------------------------

RUN = """
import sys, time
from pathlib import Path
from tests.broker import running_broker
with running_broker(Path(sys.argv[1])) as broker:
    print("ready", flush=True)
    sys.stdin.read()
"""


def processes_of(folder: Path) -> list[str]:
    """Return programs that run with `folder` as their home: environments are inherited."""
    wanted = f"HOME={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "comm").read_text().strip())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("how", [signal.SIGKILL, None])
def test_nothing_outlives_who_started_it(
    broker: Broker, tmp_path: Path, how: signal.Signals | None
):
    """`broker` skips where the program is missing."""
    with subprocess.Popen(
        (sys.executable, "-c", RUN, str(tmp_path)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "HOME": "/"},
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"ready\n"
        running = processes_of(tmp_path / "rabbitmq")
        assert any(name.startswith("beam") for name in running), running
        assert "epmd" in running
        if how is None:
            starter.communicate()
        else:
            starter.send_signal(how)
    wait_until(lambda: processes_of(tmp_path / "rabbitmq") == [])
