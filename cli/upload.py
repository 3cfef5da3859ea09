"""`datacore upload`: send files, follow them to their final state, say what became of them."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import HOME, ApiUrl, AsJson, Client, Home, Lang, Language, Token, place
from cli.outcome import combined, ending


def upload(  # noqa: PLR0913, PLR0917 - each is an option
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True),
    ],
    branch: Annotated[str, typer.Option("--branch", "-b", help="Branch whose export it is.")],
    client: Client = None,
    watch: Annotated[
        bool, typer.Option("--watch/--no-watch", help="Follow each file to its final state.")
    ] = True,
    timeout: Annotated[float, typer.Option(help="Seconds to follow at most.")] = 600.0,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Send purchase files, and say what became of each.

    Each is followed to its final state, and how it balances is shown. A file that is there
    already is not sent again; it is told when and as which file it came.

    Exit codes: 0 stored, or already there · 1 not taken in · 2 wrong use · 3 no such client ·
    4 waits for an answer, or files ended differently · 5 a server cannot be reached.
    """
    with ending(lang.value):
        from cli.transfer import deliver

        connection = place(home, api_url, token).connection(client)
        outcomes = deliver(
            files,
            branch=branch,
            connection=connection,
            language=lang.value,
            follow_s=timeout if watch else 0.0,
        )
        if as_json:
            document = {"version": 1, "uploads": [outcome.as_json() for outcome in outcomes]}
            typer.echo(json.dumps(document, indent=2))
        else:
            _show([outcome.as_json() for outcome in outcomes], language=lang.value)
        raise typer.Exit(combined([outcome.exit_code for outcome in outcomes]))


def _show(outcomes: list[dict[str, Any]], *, language: str) -> None:
    from rich.console import Console

    from cli import render

    console = Console(highlight=False)
    write = render.Writer(language=language)
    for outcome in outcomes:
        console.print(render.outcome(outcome, write))
