"""`datacore client`: open an account for a client on the servers of this machine."""

import dataclasses
import json
import re
from typing import Annotated

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
    currency: Annotated[str | None, typer.Option(help="ISO 4217, like EUR.")] = None,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Make a client, or add branches to one; print its token and S3 key.

    Exit codes: 0 done · 2 wrong use · 5 `datacore up` is not running.
    """
    with ending(lang.value):
        from cli.clients import NewClient, create_client

        keys = create_client(
            home,
            NewClient(
                id=_checked(client_id),
                name=name or client_id,
                branches=dict(map(_branch, branch)),
                currency=currency,
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


def _checked(name: str) -> str:
    """Return an id that can be a part of a key.

    Raises:
        CommandError: It cannot.
    """
    if not _ID.fullmatch(name):
        raise CommandError(Exit.WRONG_USE, "cli_wrong_id", {"id": name})
    return name
