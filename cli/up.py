"""`datacore up`: the whole system on this machine, until Ctrl-C."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from cli.options import HOME, Home, Lang, Language, Servers, Stack
from cli.outcome import ending

if TYPE_CHECKING:
    from infra.local.stack import Stack as Running


def up(home: Home = HOME, stack: Stack = Servers.EMBEDDED, lang: Lang = Language.EN) -> None:
    """Run servers and functions on this machine until Ctrl-C; a second Ctrl-C stops at once.

    All data are in one folder: start again on it, and everything is still there.

    Exit codes: 0 stopped as asked · 1 something did not start.
    """
    with ending(lang.value):
        from cli.running import Progress, running_system

        progress = Progress(lang.value)
        system = running_system(home, servers=stack.value, progress=progress)
        with suppress(KeyboardInterrupt), system as running:
            _open_first_account(running, language=lang.value)
            for line in addresses(running, language=lang.value):
                typer.echo(line)
            while True:
                signal.pause()


def _open_first_account(stack: "Running", *, language: str) -> None:
    """Have a client from the first start on, so that there is somebody to upload as."""
    from cli.clients import create_client
    from functions.report_api.schemas import NewClient

    if not stack.home.known_clients():
        branches = {"centro": "Centro", "norte": "Norte", "playa": "Playa"}
        wanted = NewClient(id="demo", name="Demo", branches=branches, language=language)
        create_client(stack.home.path, wanted)


def addresses(stack: "Running", *, language: str) -> Iterator[str]:
    """Yield what people and programs need to know to come in, a line each."""
    from common.texts import say

    def line(code: str, value: str) -> str:
        return f"{say(code, language=language):<16} {value}"

    yield line("up_page", stack.api_url)
    yield line("up_api", stack.api_url)
    yield line("up_store", stack.s3_url)
    for client, keys in stack.home.known_clients().items():
        yield ""
        yield line("up_client", client)
        yield line("up_sign_in", f"{stack.api_url}/sign-in?token={keys['token']}")
        yield from (line(f"up_{name}", keys[name]) for name in _shown(keys))


def _shown(keys: Mapping[str, str]) -> list[str]:
    return [name for name in ("token", "access_key", "secret_key") if name in keys]
