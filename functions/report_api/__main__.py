"""Wire the report API to the real world and serve it."""

import atexit
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
import uvicorn
from fastapi import FastAPI

from common import logs
from common.cache import Cache
from common.exceptions import TransientError
from common.parked import ParkedMessages
from common.postgres import Postgres
from common.replay import ReplayRuns
from common.settings import Settings
from common.telemetry import serving
from functions.report_api.accounts import authenticate
from functions.report_api.app import create_app
from functions.report_api.profiles import Profiles
from functions.report_api.repository import Repository
from functions.report_api.schemas import Rejected
from functions.report_api.world import Presigner, World

if TYPE_CHECKING:
    from common.mongo import Mongo

_CONNECTIONS = 8

log = structlog.get_logger()


def main() -> None:
    """Serve until SIGTERM; requests that are being answered are finished."""
    settings = Settings()
    logs.configure(settings, function="report_api")
    _check(settings)
    with serving(settings, function="report_api"):
        uvicorn.run(
            build(settings),
            host=settings.api_host,
            port=settings.api_port,
            # Our own log says what happened, without the query: that may hold a token.
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=round(settings.drain_s),
        )


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
            cache=Cache(settings.redis_url, clock=time.monotonic),
            presigner=partial(_presigner, settings),
            rejected_rows=partial(_rejected_rows, settings),
            all_rejected=partial(_all_rejected, settings),
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


# boto3, and pymongo with pyarrow, take longer to load than all the rest. Few requests need them.


@cache
def _presigner(settings: Settings) -> Presigner:
    from common.object_storage import ObjectStorage

    return ObjectStorage(settings)


def _rejected_rows(settings: Settings, client: str, frame_id: str) -> tuple[Rejected, ...]:
    from functions.report_api.rejected import first_rejected

    return first_rejected(_mongo(settings), client, frame_id)


def _all_rejected(settings: Settings, client: str, frame_id: str) -> Iterator[Rejected]:
    from functions.report_api.rejected import all_rejected

    return all_rejected(_mongo(settings), client, frame_id)


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
