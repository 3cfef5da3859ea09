"""`datacore rejected`: the rows of a file that somebody has to mend, as CSV."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import HOME, ApiUrl, Client, Home, Lang, Language, Token, place
from cli.outcome import ending


class Delimiter(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """What stands between two cells."""

    COMMA = ","
    SEMICOLON = ";"


def rejected(  # noqa: PLR0913, PLR0917 - each is an option
    file: Annotated[str, typer.Argument(metavar="FILE", help="Name of the file, or upload's id.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", dir_okay=False, help="Where to write them.")
    ] = None,
    delimiter: Annotated[
        Delimiter, typer.Option(help="A semicolon, for spreadsheets with decimal commas.")
    ] = Delimiter.COMMA,
    client: Client = None,
    home: Home = HOME,
    api_url: ApiUrl = None,
    token: Token = None,
    lang: Lang = Language.EN,
) -> None:
    """Print the rows of a file that were rejected and that nobody has mended yet.

    Mend them, keep the first two columns as they are, and send the file with `datacore upload`:
    each line counts once.

    Exit codes: 0 written · 3 no such file, or nothing to mend · 5 the server cannot be reached.
    """
    with ending(lang.value):
        from cli.api import Api

        api = Api(place(home, api_url, token).connection(client), language=lang.value)
        content = api.rejected(api.find(file)["id"], delimiter=delimiter.value)
        if out is None:
            typer.echo(content.decode("utf-8-sig"), nl=False)
        else:
            out.write_bytes(content)
