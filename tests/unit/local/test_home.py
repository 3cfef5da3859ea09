"""The home keeps secrets and addresses."""

import dataclasses
import json
import socket
from pathlib import Path

import pytest

from infra.local.failures import LocalError
from infra.local.home import PORTS_VARIABLE, Home, is_free

pytestmark = pytest.mark.unit


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_secrets_differ_from_each_other_and_stay(home: Home) -> None:
    with home.locked():
        first = home.secrets()
        second = home.secrets()

    assert first == second
    values = dataclasses.astuple(first)
    assert len(set(values)) == len(values)


def test_a_secret_that_an_earlier_version_did_not_know_is_added(home: Home) -> None:
    with home.locked():
        before = home.secrets()
        file = home.path / "secrets.json"
        kept = json.loads(file.read_text())
        del kept["rabbitmq_cookie"]
        file.write_text(json.dumps({**kept, "unknown": "kept"}))

        after = home.secrets()

    assert dataclasses.replace(after, rabbitmq_cookie=before.rabbitmq_cookie) == before
    assert json.loads(file.read_text())["unknown"] == "kept"


def test_only_the_owner_reads_what_is_written(home: Home) -> None:
    with home.locked():
        home.secrets()
        home.ports()
        home.remember_addresses(api_url="http://a", s3_url="http://s")
        home.log("trial")

    files = [path for path in home.path.rglob("*") if path.is_file() and path.name != "lock"]
    assert len(files) == 4
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_ports_stay_and_do_not_collide(home: Home) -> None:
    with home.locked():
        first = home.ports()
        second = home.ports()

    assert first == second
    ports = dataclasses.astuple(first)
    assert len(set(ports)) == len(ports)


def test_ports_are_of_the_range_that_was_given(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PORTS_VARIABLE, "21500-21599")
    with home.locked():
        assert {port // 100 for port in dataclasses.astuple(home.ports())} == {215}


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_second_process_is_refused_and_told_who_is_there(home: Home) -> None:
    with home.locked(), pytest.raises(LocalError, match=r"in use by process [0-9]+"), home.locked():
        pass


def test_remembered_clients_survive_new_addresses(home: Home) -> None:
    with home.locked():
        home.remember_client("acme", token="t", access_key="a", secret_key="s")
        home.remember_client("bolt", token="u", access_key="b", secret_key="c")
        home.remember_addresses(api_url="http://a", s3_url="http://s")

    assert home.known_clients()["acme"] == {"token": "t", "access_key": "a", "secret_key": "s"}
    assert sorted(home.known_clients()) == ["acme", "bolt"]


def test_the_log_of_the_run_before_is_kept(home: Home) -> None:
    home.log("trial").write_text("first run")

    assert home.log("trial").read_text() == ""
    assert (home.path / "logs" / "trial.log.1").read_text() == "first run"
