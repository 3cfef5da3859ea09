"""Wire the report API to the real world and serve it.

The drivers of Redis, MongoDB and the object store, and what renders pages, take longer to load than
the rest. It is ready without them; they load once it listens, or with the first request that needs
one.
"""

import atexit
import importlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI

from common import logs
from common.exceptions import TransientError
from common.logs import get_logger
from common.parked import ParkedMessages
from common.postgres import Postgres
from common.replay import ReplayRuns
from common.settings import Settings
from common.telemetry import serving
from functions.report_api.accounts import authenticate
from functions.report_api.app import create_app
from functions.report_api.dashboard.pages import templates
from functions.report_api.profiles import Profiles
from functions.report_api.repository import Repository
from functions.report_api.schemas import Rejected
from functions.report_api.world import Presigner, World

if TYPE_CHECKING:
    from common.cache import Cache
    from common.mongo import Mongo

_CONNECTIONS = 8
_HEAVY = ("common.cache", "babel.dates", "babel.numbers", "common.mongo", "common.object_storage")

log = get_logger()


def main() -> None:
    """Serve until SIGTERM; requests that are being answered are finished."""
    settings = Settings()
    logs.configure(settings, function="report_api")
    _check(settings)
    with serving(settings, function="report_api"):
        config = uvicorn.Config(
            build(settings),
            host=settings.api_host,
            port=settings.api_port,
            # Our own log says what happened, without the query: that may hold a token.
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=round(settings.drain_s),
        )
        with suppress(KeyboardInterrupt):
            _Server(config).run()


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then load beside the first requests what some of them need."""
        await super().startup(sockets)
        threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()


def _warm_up() -> None:
    templates()
    for module in _HEAVY:
        importlib.import_module(module)


def _check(settings: Settings) -> None:
    """Refuse to start as a role that row-level security does not hold."""
    postgres = Postgres(settings.postgres_app_url, pool_size=1)
    try:
        postgres.check()
    except TransientError as error:
        log.warning("postgres_away", error=str(error))  # /readyz says so until it is there
    finally:
        postgres.close()


def build(settings: Settings) -> FastAPI:
    """Return the application with its real servers; nothing is opened yet."""
    postgres = Postgres(settings.postgres_app_url, pool_size=_CONNECTIONS)
    return create_app(
        World(
            authenticate=partial(authenticate, postgres),
            repository=Repository(postgres),
            profiles=Profiles(postgres),
            replays=ReplayRuns(app=postgres),
            parked=ParkedMessages(app=postgres),
            cache=partial(_cache, settings),
            presigner=partial(_presigner, settings),
            rejected_rows=partial(_rejected_rows, settings),
            check_postgres=postgres.check,
            check_mongo=partial(_check_mongo, settings),
            now=partial(datetime.now, UTC),
            max_upload_bytes=settings.max_upload_bytes,
            public_url=settings.api_public_url,
            store_origins=_store_origins(settings),
            cookie_secure=settings.cookie_secure,
        )
    )


def _store_origins(settings: Settings) -> str:
    url = settings.s3_public_url or settings.s3_endpoint_url
    if url is None:  # Amazon's own, by the names that links are signed for
        return f"https://s3.amazonaws.com https://s3.{settings.aws_region}.amazonaws.com"
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


# --- what is loaded when it is needed -----------------------------------------------------------


@cache
def _cache(settings: Settings) -> "Cache":
    from common.cache import Cache

    return Cache(settings.redis_url, clock=time.monotonic)


@cache
def _presigner(settings: Settings) -> Presigner:
    from common.object_storage import ObjectStorage

    return ObjectStorage(settings)


def _rejected_rows(settings: Settings, client: str, frame_id: str) -> Iterator[Rejected]:
    from functions.report_api.rejected import rejected_rows

    return rejected_rows(_mongo(settings), client, frame_id)


def _check_mongo(settings: Settings) -> None:
    _mongo(settings).check()


@cache
def _mongo(settings: Settings) -> "Mongo":
    from common.mongo import Mongo

    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    atexit.register(mongo.close)
    return mongo


if __name__ == "__main__":
    main()
