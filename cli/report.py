"""`datacore report`: a client's segments as a table."""

import json
from collections.abc import Mapping
from typing import Any

import typer

from cli.options import HOME, ApiUrl, AsJson, Client, Home, Lang, Language, Token, place
from cli.outcome import Exit, ending
from common.texts import say

_EXITS = {"ready": Exit.DONE, "no_data": Exit.NOT_FOUND, "computing": Exit.PARTLY}


def report(
    client: Client = None,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show who buys: segments with customers, revenue, recency, orders, spend.

    Exit codes: 0 shown · 3 no segments yet, or no such client · 4 being computed ·
    5 the server cannot be reached.
    """
    with ending(lang.value):
        from cli.api import Api

        connection = place(home, api_url, token).connection(client)
        answer = Api(connection, language=lang.value).report()
        if as_json:
            typer.echo(json.dumps({"version": 1, **answer.body}, indent=2))
        elif answer.body["state"] == "ready":
            show(answer.body, language=lang.value)
        else:
            _say_why_not(answer.body["state"], connection.client, language=lang.value)
        if answer.is_updating:
            typer.echo(say("cli_updating", language=lang.value), err=True)
        raise typer.Exit(_EXITS[answer.body["state"]])


def show(body: Mapping[str, Any], *, language: str) -> None:
    """Print a ready report, as wide as the terminal is."""
    from rich.console import Console

    from cli import render

    console = Console(highlight=False)
    write = render.Writer(language=language, currency=body["currency"])
    console.print(render.report(body, write, width=console.width))


def _say_why_not(state: str, client: str, *, language: str) -> None:
    typer.echo(say(f"cli_{state}", {"client": client}, language=language), err=True)
