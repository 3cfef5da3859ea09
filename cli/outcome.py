"""How a command ends: its exit code, and on failure a sentence that says what, why and what now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum

import typer

from common.exceptions import DataCoreError
from common.texts import say


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    FAILED = 1
    WRONG_USE = 2
    NOT_FOUND = 3
    PARTLY = 4  # some of it is done, or it waits for a person
    UNREACHABLE = 5  # a server does not answer
    INTERRUPTED = 130


class CommandError(DataCoreError):
    """The command cannot go on; `code` and `params` name the sentence that says why."""

    def __init__(self, exit_code: Exit, code: str, params: Mapping[str, object]) -> None:
        super().__init__(code)
        self.exit_code = exit_code
        self.code = code
        self.params = dict(params)

    def sentence(self, language: str) -> str:
        """Say in `language` what went wrong."""
        return say(self.code, self.params, language=language)


@contextmanager
def ending(language: str) -> Iterator[None]:
    """Turn a failure inside into its sentence on stderr and its exit code."""
    try:
        yield
    except CommandError as error:
        typer.echo(error.sentence(language), err=True)
        raise typer.Exit(error.exit_code) from error
    except KeyboardInterrupt as interrupt:
        raise typer.Exit(Exit.INTERRUPTED) from interrupt


def combined(exits: list[Exit]) -> Exit:
    """Return the exit code of a command that did several things."""
    return exits[0] if len(set(exits)) == 1 else Exit.PARTLY
