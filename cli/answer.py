"""`datacore answer`: what a file leaves open, and the answer to it."""

import json
from typing import Annotated, Any

import typer

from cli.options import HOME, ApiUrl, AsJson, Client, Home, Lang, Language, Token, place
from cli.outcome import CommandError, Exit, ending


def answer(  # noqa: PLR0913, PLR0917 - each is an option
    file: Annotated[str, typer.Argument(metavar="FILE", help="Name of the file, or upload's id.")],
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", min=1, help="Which answer is right.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OURS=THEIRS", help="Instead of a number: which column of the file is which."
        ),
    ] = None,
    client: Client = None,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show what is asked of a file with all answers, or give one of them.

    The file is read again then, and so are others of its branch that wait for the same; the answer
    is remembered.

    Exit codes: 0 answered · 2 no such answer · 3 no such file · 4 it still waits for one ·
    5 the server cannot be reached.
    """
    with ending(lang.value):
        from cli.api import Api

        api = Api(place(home, api_url, token).connection(client), language=lang.value)
        upload = api.find(file)
        answers = (upload["question"] or {}).get("answers", [])
        if column:
            told = api.answer(upload["id"], {"columns": dict(map(_pair, column))})
            typer.echo(json.dumps({"version": 1, **told}) if as_json else ", ".join(column))
            return
        if number is None:
            _show(upload, answers, as_json=as_json)
            raise typer.Exit(Exit.PARTLY if answers else Exit.DONE)
        if number > len(answers):
            raise CommandError(Exit.WRONG_USE, "no_question", {})
        told = api.answer(upload["id"], answers[number - 1]["answer"])
        typer.echo(json.dumps({"version": 1, **told}) if as_json else answers[number - 1]["label"])


def _pair(text: str) -> tuple[str, str]:
    ours, _, theirs = text.partition("=")
    return ours, theirs


def _show(upload: dict[str, Any], answers: list[dict[str, Any]], *, as_json: bool) -> None:
    from common.texts import visible

    if as_json:
        typer.echo(json.dumps({"version": 1, "upload": upload["id"], "answers": answers}, indent=2))
        return
    typer.echo(f"{visible(upload['filename'])}  {upload['sentence']}")
    for number, each in enumerate(answers, start=1):
        typer.echo(f"  {number}  {each['label']}")
