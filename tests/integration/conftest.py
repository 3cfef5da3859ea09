"""A client of its own for each test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from common.postgres import Postgres
from common.settings import Settings

BRANCHES = ("centro", "norte", "sur")


@pytest.fixture
def app(settings: Settings) -> Iterator[Postgres]:
    """The door that functions use for client tables."""
    postgres = Postgres(settings.postgres_app_url)
    yield postgres
    postgres.close()


@pytest.fixture
def client(app: Postgres, client_id: str) -> str:
    """A client with three branches and an owner."""
    with app.transaction(client_id) as connection:
        connection.execute(
            text("INSERT INTO clients (id, name) VALUES (:client, 'Client')"), {"client": client_id}
        )
        for branch in BRANCHES:
            connection.execute(
                text("INSERT INTO branches (client_id, id, name) VALUES (:client, :id, :id)"),
                {"client": client_id, "id": branch},
            )
        connection.execute(
            text(
                "INSERT INTO users (client_id, id, name, role) VALUES (:client, 'o', 'O', 'owner')"
            ),
            {"client": client_id},
        )
    return client_id
