"""The embedded servers, a client of its own for each run, and the file that is measured."""

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from botocore.config import Config
from sqlalchemy import text

from common.postgres import Postgres
from common.settings import Settings
from infra.local.embedded import EmbeddedStack


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A purchase file and how a bare script has to be told to read it."""

    path: Path
    encoding: str
    rows: int

    @property
    def title(self) -> str:
        """Size and rows, for the table."""
        return f"{self.path.stat().st_size / 1e6:.1f} MB, {self.rows:,} rows"


@dataclass(kw_only=True)
class World:
    """Running servers, and the settings that name them."""

    stack: EmbeddedStack
    settings: Settings
    app: Postgres

    @classmethod
    @contextlib.contextmanager
    def embedded(cls, home: Path) -> Iterator["World"]:
        """Start the servers in `home`, and stop them after."""
        with EmbeddedStack(home) as stack, mock.patch.dict(os.environ, stack.environment()):
            settings = Settings()
            app = Postgres(settings.postgres_app_url)
            try:
                yield cls(stack=stack, settings=settings, app=app)
            finally:
                app.close()

    def new_client(self) -> str:
        """Return a client with the branch `centro`."""
        client = f"bench-{secrets.token_hex(4)}"
        with self.app.transaction(client) as connection:
            connection.execute(
                text("INSERT INTO clients (id, name) VALUES (:c, :c)"), {"c": client}
            )
            connection.execute(
                text("INSERT INTO branches (client_id, id, name) VALUES (:c, 'centro', 'Centro')"),
                {"c": client},
            )
        return client

    def s3(self) -> Any:
        """Return an S3 client that may put anywhere."""
        return boto3.client(
            "s3",
            endpoint_url=self.settings.s3_endpoint_url,
            region_name=self.settings.aws_region,
            aws_access_key_id=self.settings.aws_access_key_id,
            aws_secret_access_key=self.settings.aws_secret_access_key.get_secret_value(),
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
        )


def timed(work: Callable[[], object]) -> float:
    """Return how long `work` takes, in seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
