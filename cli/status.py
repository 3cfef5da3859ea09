"""`datacore status`: which servers answer, what became of each upload, what there is to know."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.connection import Connection, Place
from cli.options import HOME, ApiUrl, AsJson, Client, Home, Lang, Language, Token, place
from cli.outcome import Exit, ending

_SHOWN_UPLOADS = 20
_SHOWN_NOTICES = 10


def status(  # noqa: PLR0913, PLR0917 - each is an option
    client: Client = None,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="For monitors: 4 if a server is down or a file waits."),
    ] = False,
) -> None:
    """Show whether the servers answer, the newest uploads, and notices.

    Exit codes: 0 shown · 3 no such client · 4 with --exit-code: a server is down, or an upload
    waits for a person · 5 the server cannot be reached.
    """
    with ending(lang.value):
        found = look(place(home, api_url, token), client, language=lang.value)
        if as_json:
            typer.echo(json.dumps({"version": 1, **found}, indent=2))
        else:
            _show(found, language=lang.value)
        raise typer.Exit(_attention(found) if exit_code else Exit.DONE)


def look(where: Place, client: str | None, *, language: str) -> dict[str, Any]:
    """Return health, and of each client its newest uploads and notices.

    Raises:
        CommandError: The API cannot be reached, or there is no such client.
    """
    from cli.api import readiness

    known = [where.connection(client)] if client else list(where.connections().values())
    health = readiness(where.address())
    servers = health.body.get("servers", {})
    held_back = health.body.get("held_back", [])
    return {
        "state": _health(health.status, servers),
        "servers": servers,
        "held_back": held_back,
        "clients": [_look_at(connection, language) for connection in known],
    }


def _look_at(connection: Connection, language: str) -> dict[str, Any]:
    from cli.api import Api

    api = Api(connection, language=language)
    return {
        "client": connection.client,
        "waits_for_person": api.waits_for_person(),
        "uploads": api.uploads(limit=_SHOWN_UPLOADS),
        "notices": api.notices()[:_SHOWN_NOTICES],
    }


def _health(status_code: int, servers: Mapping[str, str]) -> str:
    """Return one word for health: degraded means that a person is needed."""
    if status_code != 200:
        return "degraded"
    return "healthy" if all(state == "up" for state in servers.values()) else "warning"


def _attention(found: dict[str, Any]) -> Exit:
    waiting = any(client["waits_for_person"] for client in found["clients"])
    waiting = waiting or bool(found["held_back"])
    return Exit.PARTLY if waiting or found["state"] != "healthy" else Exit.DONE


def _show(found: dict[str, Any], *, language: str) -> None:
    from rich.console import Console

    from cli import render

    console = Console(highlight=False)
    write = render.Writer(language=language)
    console.print(render.health(found["state"], found["servers"], write))
    if found["held_back"]:
        console.print(f" {write.say('reconcile_holds_back')}", style="bold yellow")
    for client in found["clients"]:
        console.print(render.client_status(client, write, width=console.width))
