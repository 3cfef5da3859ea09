"""The `datacore` command. Each command is a module of its own, and loads what it needs when called."""

import typer

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

app = typer.Typer(
    name="datacore",
    help="Purchase files in, customer segments out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
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


def main() -> None:
    """Run the command line."""
    app(prog_name="datacore")


if __name__ == "__main__":
    main()
