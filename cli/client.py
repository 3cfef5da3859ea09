"""`datacore client`: open an account for a client on the servers of this machine."""

import dataclasses
import json
import re
from typing import Annotated
from zoneinfo import available_timezones

import typer

from cli.options import HOME, AsJson, Home, Lang, Language
from cli.outcome import CommandError, Exit, ending

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")  # what PostgreSQL takes, of clients and branches


def client(  # noqa: PLR0913, PLR0917 - each is an option
    client_id: Annotated[str, typer.Argument(metavar="ID", help="First part of all its keys.")],
    branch: Annotated[
        list[str], typer.Option("--branch", "-b", help="Branch's id, or id=Name. May be repeated.")
    ],
    name: Annotated[str | None, typer.Option(help="How people call the client.")] = None,
    currency: Annotated[str | None, typer.Option(help="Of its report: ISO 4217, like EUR.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            help="Of the clock at these branches, like America/Mexico_City; UTC until it is said."
        ),
    ] = None,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Make a client, or change one; print its token and S3 key.

    Branches that it does not have are added. A currency or a time zone replaces the one before.
    Segments are computed anew in another currency; files that were read in another time zone keep
    their days until `datacore replay --client ID --force` reads them again.

    Exit codes: 0 done · 2 wrong use · 5 `datacore up` is not running.
    """
    with ending(lang.value):
        from cli.clients import create_client
        from functions.report_api.schemas import NewClient

        keys = create_client(
            home,
            NewClient(
                id=_checked(client_id),
                name=name or client_id,
                branches=dict(map(_branch, branch)),
                timezone=None if timezone is None else _zone(timezone),
                currency=None if currency is None else _currency(currency),
                language=lang.value,
            ),
        )
        shown = {"client": client_id, **dataclasses.asdict(keys)}
        if as_json:
            typer.echo(json.dumps({"version": 1, **shown}, indent=2))
        else:
            for field, value in shown.items():
                typer.echo(f"{field:<12}{value}")


def _branch(text: str) -> tuple[str, str]:
    branch, _, name = text.partition("=")
    return _checked(branch), name or branch


def _zone(name: str) -> str:
    """Return a time zone that every server knows by this name.

    Raises:
        CommandError: There is none.
    """
    # On Debian the list has the machine's own, too, which is another one on each.
    if name not in available_timezones() - {"localtime", "Factory"}:
        raise CommandError(Exit.WRONG_USE, "cli_wrong_timezone", {"timezone": name})
    return name


def _currency(code: str) -> str:
    """Return the currency's code as files are read to name it.

    Raises:
        CommandError: No currency has it.
    """
    from babel.numbers import is_currency

    if not is_currency(code.upper()):
        raise CommandError(Exit.WRONG_USE, "cli_wrong_currency", {"currency": code})
    return code.upper()


def _checked(name: str) -> str:
    """Return an id that can be a part of a key.

    Raises:
        CommandError: It cannot.
    """
    if not _ID.fullmatch(name):
        raise CommandError(Exit.WRONG_USE, "cli_wrong_id", {"id": name})
    return name
