"""The embedded servers stop without a trace, and find everything again."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from pymongo import MongoClient
from sqlalchemy import create_engine, text

from infra.local.embedded import EmbeddedStack
from infra.local.failures import LocalError
from infra.local.home import write_json
from infra.local.object_store_keys import s3_client
from infra.local.stack import Stack
from tests.conftest import embedded_stack, settings_for
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).resolve().parents[2]
RUN_UNTIL_KILLED = """
import json, signal, sys
from pathlib import Path
from infra.local.embedded import EmbeddedStack

with EmbeddedStack(Path(sys.argv[1])) as stack:
    print(json.dumps(stack.pids()), flush=True)
    signal.pause()
"""


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # A zombie that its new parent has not yet asked for is dead, once all of its threads are: until
    # then files and ports are its own.
    return "\nState:\tZ" not in status or "\nThreads:\t1\n" not in status


def all_gone(pids: Iterable[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


def write_everywhere(stack: Stack, key: tuple[str, str]) -> None:
    settings = settings_for(stack)
    s3_client(stack.s3_url, *key).put_object(Bucket="uploads", Key="acme/a/b.csv", Body=b"kept")
    with MongoClient(settings.mongo_url.get_secret_value()) as mongo:
        mongo.datacore.trial.insert_one({"_id": "kept"})
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as cache:
        cache.set("trial", "kept")
    for statement in ("CREATE TABLE trial (v text)", "INSERT INTO trial VALUES ('kept')"):
        in_postgres(stack, statement)


def read_everywhere(stack: Stack, key: tuple[str, str]) -> list[Any]:
    settings = settings_for(stack)
    stored = s3_client(stack.s3_url, *key).get_object(Bucket="uploads", Key="acme/a/b.csv")
    with MongoClient(settings.mongo_url.get_secret_value()) as mongo:
        (document,) = mongo.datacore.trial.find()
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as cache:
        cached = cache.get("trial")
    row = in_postgres(stack, "SELECT v FROM trial")
    return [stored["Body"].read(), document["_id"], cached, row]


def in_postgres(stack: Stack, statement: str) -> Any:
    engine = create_engine(stack.owner_url)
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        answer = result.scalar_one() if result.returns_rows else None
    engine.dispose()
    return answer


def test_a_restart_keeps_data_keys_and_addresses_and_leaves_no_process(tmp_path: Path) -> None:
    with embedded_stack(tmp_path) as first:
        key = first.object_store_keys().add_client("acme")
        write_everywhere(first, key)
        pids, environment = first.pids(), first.environment()
    assert len(pids) == 5
    assert all_gone(pids.values())

    with embedded_stack(tmp_path) as second:
        assert second.environment() == environment
        assert read_everywhere(second, key) == [b"kept", "kept", b"kept", "kept"]


def test_nothing_outlives_a_killed_supervisor_and_the_data_are_there(tmp_path: Path) -> None:
    with embedded_stack(tmp_path) as before:
        key = before.object_store_keys().add_client("acme")
        write_everywhere(before, key)
    with subprocess.Popen(
        [sys.executable, "-c", RUN_UNTIL_KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
    ) as supervisor:
        assert supervisor.stdout
        pids = json.loads(supervisor.stdout.readline())
        supervisor.send_signal(signal.SIGKILL)

    wait_until(lambda: all_gone(pids.values()))

    with embedded_stack(tmp_path) as after:
        assert read_everywhere(after, key) == [b"kept", "kept", b"kept", "kept"]


@contextmanager
def occupied(port: int) -> Iterator[None]:
    with socket.create_server(("127.0.0.1", port)):
        yield


def test_a_port_that_was_taken_is_replaced_unless_others_keep_it(tmp_path: Path) -> None:
    with embedded_stack(tmp_path) as first:
        key = first.object_store_keys().add_client("acme")
        write_everywhere(first, key)
        before = first.home.kept_ports()

    with (
        occupied(before["master"]),
        occupied(before["postgres"]),
        embedded_stack(tmp_path) as second,
    ):
        after = second.home.kept_ports()
        assert {name for name in before if before[name] != after[name]} == {
            "master",
            "postgres",
        }
        assert read_everywhere(second, key) == [b"kept", "kept", b"kept", "kept"]

    for name in ("s3", "mongo", "api"):
        with (
            occupied(before[name]),
            pytest.raises(LocalError, match=f"Port {before[name]} .{name}. is used by another"),
        ):
            EmbeddedStack(tmp_path).start()


def test_lost_addresses_lose_no_data(tmp_path: Path) -> None:
    with embedded_stack(tmp_path) as first:
        key = first.object_store_keys().add_client("acme")
        write_everywhere(first, key)
    (tmp_path / "ports.json").unlink()

    with embedded_stack(tmp_path) as second:
        assert read_everywhere(second, key) == [b"kept", "kept", b"kept", "kept"]


def test_a_server_that_dies_is_reported_and_started_again(tmp_path: Path) -> None:
    reports: list[tuple[str, object]] = []
    with EmbeddedStack(tmp_path, lambda code, p: reports.append((code, p["server"]))) as stack:
        first = stack.pids()["redis"]
        os.kill(first, signal.SIGKILL)

        wait_until(lambda: stack.pids()["redis"] != first)

        url = settings_for(stack).redis_url.get_secret_value()
        with redis.Redis.from_url(url, retry=None) as cache:
            wait_until(lambda: can_ping(cache))
    assert ("child_restarts", "redis") in reports


def can_ping(cache: redis.Redis) -> bool:
    try:
        return bool(cache.ping())
    except redis.ConnectionError:
        return False


def test_a_server_that_cannot_start_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    with embedded_stack(tmp_path):
        pass
    (tmp_path / "postgres" / "postgresql.conf").write_text("max_connections = many\n")

    stack = EmbeddedStack(tmp_path)
    with pytest.raises(LocalError, match=r"(?s)postgres ended with code 1.*max_connections"):
        stack.start()

    for pid in stack.pids().values():  # not even a dead child that nobody has asked for
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    with stack.home.locked():  # nobody holds it any more
        pass


def test_damaged_ports_are_refused_in_words(tmp_path: Path) -> None:
    write_json(tmp_path / "ports.json", {})
    (tmp_path / "ports.json").write_text("{")

    with pytest.raises(LocalError, match=r"ports\.json cannot be read"):
        EmbeddedStack(tmp_path).start()
