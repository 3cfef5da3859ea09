"""What an operator's commands share: the ledger's doors, and asking before something is done."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer
from pydantic import SecretStr

from cli.outcome import CommandError, Exit
from common.exceptions import TransientError
from common.parked import ParkedMessages
from common.postgres import Postgres
from common.replay import ReplayRuns
from common.settings import Settings
from common.texts import say
from infra.local.home import Home, Ports


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """The ledger as an operator works with it."""

    runs: ReplayRuns
    parked: ParkedMessages
    operator: str  # who decides, as the ledger remembers it


@contextmanager
def ledger(home: Path) -> Iterator[Ledger]:
    """Yield the ledger that the environment names, else that of the embedded servers of `home`.

    Raises:
        CommandError: It cannot be reached.
    """
    app_url, runtime_url = _urls(home)
    with (
        _reaching_postgres(),
        closing(Postgres(app_url)) as app,
        closing(Postgres(runtime_url)) as runtime,
    ):
        yield Ledger(
            runs=ReplayRuns(app=app, runtime=runtime),
            parked=ParkedMessages(app=app, runtime=runtime),
            operator=f"operator:{getpass.getuser()}",
        )


@contextmanager
def accounts_door(home: Path) -> Iterator[Postgres]:
    """Yield the door to the accounts of the database that `ledger` would take.

    Raises:
        CommandError: It cannot be reached.
    """
    app_url, _ = _urls(home)
    with _reaching_postgres(), closing(Postgres(app_url)) as app:
        yield app


@contextmanager
def _reaching_postgres() -> Iterator[None]:
    try:
        yield
    except TransientError as error:
        params = {"reason": str(error).strip()}
        raise CommandError(Exit.UNREACHABLE, "cli_database_away", params) from error


def _urls(home: Path) -> tuple[SecretStr, SecretStr]:
    settings = Settings()
    if settings.postgres_app_url.get_secret_value():
        return settings.postgres_app_url, settings.postgres_runtime_url
    from infra.local.postgres import PostgresServer

    embedded = Home(home)
    kept = embedded.kept_ports()
    if not kept:
        raise CommandError(Exit.UNREACHABLE, "cli_not_running", {"home": embedded.path})
    secrets = embedded.secrets()
    server = PostgresServer(embedded, Ports(**kept), secrets)
    return (
        SecretStr(server.url("datacore_app", secrets.postgres_app)),
        SecretStr(server.url("datacore_runtime", secrets.postgres_runtime)),
    )


def confirm(*, yes: bool, language: str) -> None:
    """Return if it is to be done.

    Raises:
        CommandError: Nobody is there to be asked.
        Exit: Who was asked said no.
    """
    if yes:
        return
    if not _somebody_is_here():
        raise CommandError(Exit.WRONG_USE, "cli_needs_yes", {})
    if not typer.confirm(say("cli_go_on", language=language), err=True):
        raise typer.Exit(Exit.FAILED)


def _somebody_is_here() -> bool:
    return sys.stdin.isatty()


def moment(value: str | None) -> datetime | None:
    """Return a time as people write it; without an offset it is this machine's own.

    Raises:
        CommandError: It is none.
    """
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise CommandError(Exit.WRONG_USE, "cli_not_a_time", {"value": value}) from error
