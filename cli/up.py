"""`datacore up`: the whole system on this machine, until Ctrl-C."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from cli.options import HOME, Home, Lang, Language
from cli.outcome import ending

if TYPE_CHECKING:
    from infra.local.embedded import EmbeddedStack


def up(home: Home = HOME, lang: Lang = Language.EN) -> None:
    """Run servers and functions on this machine until Ctrl-C; a second Ctrl-C stops at once.

    All data are in one folder: start again on it, and everything is still there.

    Exit codes: 0 stopped as asked · 1 something did not start.
    """
    with ending(lang.value):
        from cli.running import Progress, running_system

        progress = Progress(lang.value)
        with suppress(KeyboardInterrupt), running_system(home, progress=progress) as stack:
            for line in addresses(stack, language=lang.value):
                typer.echo(line)
            while True:
                signal.pause()


def addresses(stack: "EmbeddedStack", *, language: str) -> Iterator[str]:
    """Yield what people and programs need to know to come in, a line each."""
    from common.texts import say

    def line(code: str, value: str) -> str:
        return f"{say(code, language=language):<16} {value}"

    yield line("up_page", stack.api_url)
    yield line("up_api", stack.api_url)
    yield line("up_store", stack.s3_url)
    if not (clients := stack.home.known_clients()):
        yield say("up_no_client", language=language)
    for client, keys in clients.items():
        yield ""
        yield line("up_client", client)
        yield from (line(f"up_{name}", keys[name]) for name in _shown(keys))


def _shown(keys: Mapping[str, str]) -> list[str]:
    return [name for name in ("token", "access_key", "secret_key") if name in keys]
