"""The web application on real servers, and shops that call it."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from common.postgres import Postgres
from common.settings import Settings
from functions.report_api.__main__ import build
from tests.shops import Shop, open_shop, stock_shop


@pytest.fixture
def web(settings: Settings) -> Iterator[TestClient]:
    """The application as its own main builds it; nobody is signed in."""
    with TestClient(build(settings), base_url=settings.api_public_url) as client:
        yield client


@pytest.fixture
def shop(app: Postgres, client_id: str) -> Shop:
    """A shop with a report, files and notices."""
    made = open_shop(app, client_id)
    stock_shop(app, made)
    return made


@pytest.fixture
def other_shop(app: Postgres, client_id: str) -> Shop:
    """Another shop with the same upload and segment ids."""
    made = open_shop(app, f"{client_id}-other")
    stock_shop(app, made)
    return made


@pytest.fixture
def empty_shop(app: Postgres, client_id: str) -> Shop:
    """A shop that has sent nothing yet."""
    return open_shop(app, f"{client_id}-empty")


def bearer(token: str, **headers: str) -> dict[str, str]:
    """Return the headers of a request with a token."""
    return {"Authorization": f"Bearer {token}", **headers}
