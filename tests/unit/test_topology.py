"""What is asked of RabbitMQ, without one."""

import base64
import hashlib
import re

import pytest

from common.messaging import topology

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("seconds", "exchange"),
    [
        (0.5, "app.retry.5s"),
        (29.9, "app.retry.5s"),
        (30, "app.retry.30s"),
        (299, "app.retry.30s"),
        (1799, "app.retry.5m"),
        (90_000, "app.retry.30m"),
    ],
)
def test_the_delay_is_the_longest_that_is_not_longer_than_the_wait(seconds: float, exchange: str):
    assert topology.delay_for(seconds) == exchange


def test_a_delayed_message_keeps_its_own_way_back():
    delays = [q for q in topology.topology(["ingest"]).queues if q.name in topology.DELAYS.values()]
    assert len(delays) == 4
    for queue in delays:
        assert queue.arguments["x-dead-letter-exchange"] == ""
        assert "x-dead-letter-routing-key" not in queue.arguments


def test_every_binding_joins_what_exists():
    wanted = topology.topology(["ingest", "cluster"])
    for binding in wanted.bindings:
        assert binding.exchange in {e.name for e in wanted.exchanges}
        assert binding.queue in {q.name for q in wanted.queues}


def test_the_stores_exchange_has_no_arguments_and_keeps_what_found_no_queue_by_policy():
    loaded = topology.definitions(["ingest"], (), salt=b"salt")
    exchanges = {e["name"]: e for e in loaded["exchanges"]}
    (policy,) = loaded["policies"]
    assert exchanges["s3.events"]["arguments"] == {}
    assert policy["definition"] == {"alternate-exchange": "s3.unrouted"}
    assert [name for name in exchanges if re.search(policy["pattern"], name)] == ["s3.events"]


def test_users_reach_their_names_and_no_others():
    store = topology.store_user("store", "secret")
    functions = topology.function_user("functions", "secret", ["ingest"])
    assert re.search(store.write, "s3.events")
    assert not re.search(store.write, "s3xevents")
    assert not re.search(store.read, "ingest")
    assert re.search(functions.read, "ingest")
    assert not re.search(functions.read, "ingest2")
    assert "secret" not in repr(functions)


def test_a_password_is_kept_as_salt_and_hash():
    kept = base64.b64decode(topology.password_hash("secret", b"salt"))
    assert kept == b"salt" + hashlib.sha256(b"saltsecret").digest()
