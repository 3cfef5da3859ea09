"""`datacore demo`: the whole way once, from files in a bucket to a segment report."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Lang, Language


class Shown(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """Systems that can be shown."""

    EMBEDDED = "embedded"
    LOCAL = "local"
    COMPOSE = "compose"


def demo(
    csv: Annotated[
        Path | None,
        typer.Option("--csv", exists=True, dir_okay=False, help="Show it with a file of yours."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Folder for the data; a temporary one if not given."),
    ] = None,
    stack: Annotated[
        Shown,
        typer.Option(
            "--stack",
            envvar="DATACORE_STACK",
            help="Servers that are started for it; those of `compose` run already.",
        ),
    ] = Shown.EMBEDDED,
    lang: Lang = Language.EN,
) -> None:
    """Show it all: files in by three ways, segments out, nothing left running.

    Exit codes: 0 shown · 1 something failed; what, and where its log is, is said ·
    4 your file waits for an answer.
    """
    from cli.showcase import play

    play(csv, home=home, servers=stack.value, language=lang.value)
