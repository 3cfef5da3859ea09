"""A function against a real PostgreSQL."""

from collections.abc import Iterator

import pytest

from common.settings import Settings
from tests.integration.runtime.world import World


@pytest.fixture
def world(settings: Settings, client: str) -> Iterator[World]:
    world = World(settings, client)
    yield world
    world.app.close()
    world.database.close()
