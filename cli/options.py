"""Options that several commands share, and the place they name together."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cli.connection import Place

Home = Annotated[
    Path,
    typer.Option(
        "--home", envvar="DATACORE_HOME", help="Folder of the servers' data.", show_default=True
    ),
]
ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        envvar="DATACORE_API_URL",
        help="Address of another server; its token is read from DATACORE_TOKEN.",
    ),
]
# A secret is never typed as an option's value: shell histories and process lists show it.
Token = Annotated[str | None, typer.Option("--token", envvar="DATACORE_TOKEN", hidden=True)]
Client = Annotated[
    str | None,
    typer.Option("--client", "-c", help="Client's id; may be left out where there is only one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


class Language(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """Languages that people are spoken to in."""

    EN = "en"
    ES = "es"


class Servers(str, Enum):  # noqa: UP042 - see Language
    """Sets of servers that can run on this machine."""

    EMBEDDED = "embedded"
    LOCAL = "local"


Stack = Annotated[
    Servers,
    typer.Option(
        "--stack",
        envvar="DATACORE_STACK",
        help="Servers out of Python packages, or those of production as plain processes.",
    ),
]
Lang = Annotated[
    Language, typer.Option("--lang", envvar="DATACORE_LANG", help="Language of what is said.")
]

HOME = Path(".datacore")


def place(home: Path, api_url: str | None, token: str | None) -> Place:
    """Return what was said about where to go."""
    return Place(home=home, api_url=api_url, token=token or None)
