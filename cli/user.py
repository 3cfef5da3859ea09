"""`datacore user`: let people of a client in, or out."""

import json
from enum import Enum
from typing import Annotated

import typer

from cli.options import HOME, AsJson, Home, Lang, Language
from cli.outcome import CommandError, Exit, ending
from common.texts import say

app = typer.Typer(name="user", help="Let people of a client in, or out.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which of the client's people.")]
Client = Annotated[str, typer.Option("--client", "-c", help="Client's id.")]


class Role(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """What somebody may do: all, see segments and files, or only send files."""

    OWNER = "owner"
    ANALYST = "analyst"
    UPLOADER = "uploader"


@app.command()
def add(
    name: Name,
    client: Client,
    role: Annotated[Role, typer.Option(help="An uploader sees files, no segments.")],
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Give somebody a token, and print it with the link that signs them in.

    Who has one already keeps it, and has this role from now on.

    Exit codes: 0 done · 3 no such client · 5 the database cannot be reached.
    """
    with ending(lang.value):
        from cli.users import let_in

        token, link = let_in(home, client=client, user=name, role=role.value, language=lang.value)
        shown = {"client": client, "user": name, "role": role.value, "token": token, "link": link}
        if as_json:
            typer.echo(json.dumps({"version": 1, **shown}, ensure_ascii=False, indent=2))
        else:
            for field, value in shown.items():
                typer.echo(f"{field:<12}{value}")


@app.command()
def revoke(
    name: Name,
    client: Client,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """End all tokens of somebody, and with them every sign-in.

    Exit codes: 0 ended · 3 there was none · 5 the database cannot be reached.
    """
    with ending(lang.value):
        from cli.users import let_out

        told = {"client": client, "user": name, "tokens": let_out(home, client=client, user=name)}
        if not told["tokens"]:
            raise CommandError(Exit.NOT_FOUND, "cli_no_token", told)
        if as_json:
            typer.echo(json.dumps({"version": 1, **told}, ensure_ascii=False, indent=2))
        else:
            typer.echo(say("cli_tokens_ended", told, language=lang.value))
