"""`datacore read`: say how a file would be read, without a server."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.options import AsJson, Lang, Language
from cli.outcome import ending


def read(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)
    ],
    table: Annotated[
        Path | None,
        typer.Option(
            "--table",
            dir_okay=False,
            metavar="OUT.csv",
            help="Also write the table as it was read, all cells as text: UTF-8, commas, RFC 4180.",
        ),
    ] = None,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Say how a file would be read: encoding, layout, columns, conventions, balance, errors.

    Nothing is sent anywhere, and no server is needed. The written table has the file's own
    header, if it has one, and all rows but blank ones; cells are as they stand, of ragged rows
    as many as they have. It is written whenever there is a table, even if it is no list of
    purchases.

    Exit codes: 0 read · 1 refused · 2 wrong use · 4 a question is open.
    """
    with ending(lang.value):
        # Loaded here: it brings Arrow.
        from cli.reading import outcome_of, write_table

        outcome = outcome_of(file, language=lang.value)
        if table is not None and outcome.described is not None:
            write_table(file, table)
        if as_json:
            typer.echo(json.dumps(outcome.as_json(), indent=2))
        else:
            _show(outcome.as_json(), language=lang.value)
        raise typer.Exit(outcome.exit_code)


def _show(document: dict[str, object], *, language: str) -> None:
    from rich.console import Console

    from cli import understanding
    from cli.render import Writer

    console = Console(highlight=False, soft_wrap=True)
    console.print(understanding.shown(document, Writer(language=language)))
