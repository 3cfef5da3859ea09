"""The `datacore` command. Each command is a module of its own, and loads what it needs when called."""

from typing import Annotated

import typer

from cli import __version__
from cli.answer import answer
from cli.client import client
from cli.demo import demo
from cli.doctor import doctor
from cli.parked import app as parked
from cli.policy import policy
from cli.read import read
from cli.reconcile import reconcile
from cli.rejected import rejected
from cli.replay import replay
from cli.report import report
from cli.sample_command import sample
from cli.status import status
from cli.up import up
from cli.upload import upload
from cli.user import app as user


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"datacore {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="datacore",
    help="Purchase files in, customer segments out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Else the line ends of docstrings would stay, and lines be broken once more.
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    demo,
    up,
    client,
    policy,
    upload,
    read,
    answer,
    rejected,
    status,
    report,
    reconcile,
    replay,
    sample,
    doctor,
):
    app.command()(command)
app.add_typer(parked)
app.add_typer(user)


@app.callback()
def _of_all(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Tell the version."),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    app(prog_name="datacore")


if __name__ == "__main__":
    main()
