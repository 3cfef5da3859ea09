"""What tests share: the embedded servers, started once, and a client nobody else uses."""

import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import hypothesis
import pytest
from sqlalchemy import text

from common import logs
from common.postgres import Postgres
from common.settings import Settings
from infra.local.embedded import EmbeddedStack
from infra.local.failures import LocalError
from infra.local.home import PORTS_VARIABLE
from infra.local.local import LocalStack
from infra.local.stack import Stack
from tests.broker import Broker, running_broker

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# Tests that stop servers and start them again find their ports free, whatever runs beside them.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
os.environ[PORTS_VARIABLE] = f"{12_000 + 2_000 * _WORKER}-{13_999 + 2_000 * _WORKER}"


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    """Show errors only, as plain text."""
    logs.configure(Settings(log_format="console", log_level="ERROR"), function="test")


MISSING = {"server_missing", "package_missing", "minio_missing"}


@contextmanager
def running_stack(stack: Stack) -> Iterator[None]:
    """Run servers; without their programs skip, but fail where CI is set."""
    try:
        stack.start()
    except LocalError as error:
        if error.code in MISSING and not os.environ.get("CI"):
            pytest.skip(str(error))
        raise
    try:
        yield
    finally:
        stack.stop()


@contextmanager
def embedded_stack(home: Path) -> Iterator[EmbeddedStack]:
    """Run the embedded servers of `home`."""
    stack = EmbeddedStack(home)
    with running_stack(stack):
        yield stack


@contextmanager
def local_servers(home: Path) -> Iterator[LocalStack]:
    """Run the local servers of `home`."""
    stack = LocalStack(home)
    with running_stack(stack):
        yield stack


def settings_for(stack: Stack, function: str = "") -> Settings:
    """Return the settings that a function of this stack would read."""
    with mock.patch.dict(os.environ, stack.environment(function)):
        return Settings()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """The embedded servers, without functions."""
    with embedded_stack(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The local servers, without functions."""
    with local_servers(tmp_path_factory.mktemp("local")) as running:
        yield running


@pytest.fixture(scope="session")
def settings(stack: EmbeddedStack) -> Settings:
    """Settings that name the embedded servers."""
    return settings_for(stack)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A RabbitMQ node; without its program skip, but fail where CI is set."""
    with ExitStack() as open_broker:
        try:
            running = open_broker.enter_context(running_broker(tmp_path_factory.mktemp("broker")))
        except LocalError as error:
            if error.code in MISSING and not os.environ.get("CI"):
                pytest.skip(str(error))
            raise
        yield running


@pytest.fixture
def vhost(broker: Broker) -> str:
    """A virtual host that no other test uses."""
    return broker.new_vhost()


@pytest.fixture
def client_id() -> str:
    """A client that no other test uses, so that all may share the servers."""
    return f"t-{secrets.token_hex(6)}"


@pytest.fixture
def app(settings: Settings) -> Iterator[Postgres]:
    """The door that functions use for client tables."""
    postgres = Postgres(settings.postgres_app_url)
    yield postgres
    postgres.close()


@pytest.fixture
def client(app: Postgres, client_id: str) -> str:
    """A client with three branches and an owner."""
    return create_client(app, client_id)


def create_client(app: Postgres, name: str) -> str:
    """Write a client with three branches and an owner; return its id."""
    with app.transaction(name) as connection:
        connection.execute(
            text("INSERT INTO clients (id, name) VALUES (:client, 'Client')"), {"client": name}
        )
        for branch in ("centro", "norte", "sur"):
            connection.execute(
                text("INSERT INTO branches (client_id, id, name) VALUES (:client, :id, :id)"),
                {"client": name, "id": branch},
            )
        connection.execute(
            text(
                "INSERT INTO users (client_id, id, name, role) VALUES (:client, 'o', 'O', 'owner')"
            ),
            {"client": name},
        )
    return name
