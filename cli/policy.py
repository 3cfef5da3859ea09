"""`datacore policy`: what becomes of files some of whose rows are bad."""

import json
from enum import Enum
from typing import Annotated

import typer

from cli.options import HOME, ApiUrl, AsJson, Client, Home, Lang, Language, Token, place
from cli.outcome import ending
from common.texts import say


class RowPolicy(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """What a client wants of files with bad rows."""

    GOOD_ROWS = "good_rows"
    ALL_OR_NOTHING = "all_or_nothing"


def policy(  # noqa: PLR0913, PLR0917 - each is an option
    wanted: Annotated[
        RowPolicy | None, typer.Argument(metavar="[POLICY]", help="good_rows or all_or_nothing.")
    ] = None,
    client: Client = None,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show or set what becomes of files with bad rows.

    good_rows takes all others and keeps the bad ones to be mended; all_or_nothing takes a file only
    as a whole. It is for files that are read from now on.

    Exit codes: 0 done · 3 no such client, or its token is no owner's · 5 the server cannot be
    reached.
    """
    with ending(lang.value):
        from cli.api import Api

        api = Api(place(home, api_url, token).connection(client), language=lang.value)
        found = api.set_row_policy(wanted.value) if wanted else api.client()
        shown = {"client": found["id"], "row_policy": found["row_policy"]}
        if as_json:
            typer.echo(json.dumps({"version": 1, **shown}, indent=2))
        else:
            typer.echo(say(f"cli_policy_{found['row_policy']}", shown, language=lang.value))
