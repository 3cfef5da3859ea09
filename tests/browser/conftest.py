"""The page as people meet it: served over HTTP, looked at with Debian's Chromium."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from common.postgres import Postgres
from common.settings import Settings
from functions.report_api.__main__ import build
from tests.shops import Shop, open_shop, stock_shop
from tests.waiting import wait_until

_CHROMIUM = Path("/usr/bin/chromium")
_QUIET = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A browser; without one skip, but fail where CI is set."""
    if not _CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip(f"{_CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=_CHROMIUM, args=_QUIET)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def address(settings: Settings) -> Iterator[str]:
    """The page's address, served as its own main serves it."""
    # Where the object store expects the page: it takes files from no other origin.
    config = uvicorn.Config(
        build(settings), host=settings.api_host, port=settings.api_port, log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield settings.api_public_url
    server.should_exit = True
    thread.join()


@pytest.fixture
def app(settings: Settings) -> Iterator[Postgres]:
    """The door that functions use for client tables."""
    postgres = Postgres(settings.postgres_app_url)
    yield postgres
    postgres.close()


@pytest.fixture
def shop(app: Postgres, client_id: str) -> Shop:
    """A shop with a report, files and notices."""
    made = open_shop(app, client_id)
    stock_shop(app, made)
    return made


@pytest.fixture
def empty_shop(app: Postgres, client_id: str) -> Shop:
    """A shop that has sent nothing yet."""
    return open_shop(app, client_id)


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """Open a fresh browser profile with its own size, theme and language."""
    with ExitStack() as opened:

        def open_profile(**options: object) -> BrowserContext:
            profile = browser.new_context(base_url=address, **options)
            profile.set_default_timeout(15_000)
            opened.callback(profile.close)
            return profile

        yield open_profile
