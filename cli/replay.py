"""`datacore replay`: have uploads go through the same path again."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import HOME, AsJson, Home, Lang, Language
from cli.outcome import CommandError, Exit, ending
from common.texts import say

if TYPE_CHECKING:
    from cli.operator import Ledger
    from common.replay import Run, Wish

_LOOK_AGAIN_S = 0.5
_STALLED_S = 30.0


class Function(str, Enum):  # noqa: UP042 - Typer shows the values of this kind of enum
    """Functions that are woken by messages."""

    INGEST = "ingest"
    CLUSTER = "cluster"
    NOTIFY = "notify"


class State(str, Enum):  # noqa: UP042
    """States of an upload from which something follows."""

    ANNOUNCED = "announced"
    READING = "reading"
    NEEDS_ANSWER = "needs_answer"
    PARKED = "parked"
    STORED = "stored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


def replay(  # noqa: PLR0913, PLR0917 - each is an option
    since: Annotated[str | None, typer.Option("--from", help="First seen from here on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="First seen before.")] = None,
    client: Annotated[str | None, typer.Option("--client", "-c", help="Only this client.")] = None,
    prefix: Annotated[str, typer.Option(help="Start of the key, below the client.")] = "",
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Upload's state. May be repeated.")
    ] = None,
    function: Annotated[Function, typer.Option(help="Who is woken.")] = Function.INGEST,
    force: Annotated[
        bool, typer.Option("--force", help="Do finished work again, the same way.")
    ] = False,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Messages a second at most.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Without a filter: all.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be replayed.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    cancel: Annotated[
        str | None, typer.Option("--cancel", metavar="ID", help="End a replay that is under way.")
    ] = None,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Have uploads go through the same path again; nothing is counted or told twice.

    Finished work is left alone, unless --force reads it again. Live traffic goes first. Works on
    the servers that the DATACORE_POSTGRES_... variables name, else on those of --home.

    Exit codes: 0 done · 1 cancelled, or you said no · 2 wrong use · 3 no such replay ·
    5 the ledger cannot be reached · 130 interrupted, and so cancelled.
    """
    with ending(lang.value):
        from cli.operator import confirm, ledger, moment
        from common.replay import STATES, Wish

        wish = Wish(
            function=function.value,
            client=client,
            prefix=prefix,
            states=tuple(s.value for s in state) if state else STATES,
            since=moment(since),
            until=moment(until),
            is_forced=force,
            rate=rate,
        )
        if cancel is None and not (everything or any((since, until, client, prefix, state))):
            raise CommandError(Exit.WRONG_USE, "replay_which", {})
        with ledger(home) as books:
            if cancel is not None:
                _show(_cancelled(books, cancel), as_json=as_json, language=lang.value)
                return
            if _is_over(books, wish, dry_run=dry_run, as_json=as_json, language=lang.value):
                return
            confirm(yes=yes, language=lang.value)
            run = _follow(books, books.runs.start(wish, by=books.operator), language=lang.value)
            _show(run, as_json=as_json, language=lang.value)
            raise typer.Exit(Exit.DONE if run.state == "done" else Exit.FAILED)


def _cancelled(books: "Ledger", run_id: str) -> "Run":
    run = books.runs.cancel(run_id)
    if run is None:
        raise CommandError(Exit.NOT_FOUND, "replay_unknown", {"id": run_id})
    return run


def _is_over(books: "Ledger", wish: "Wish", *, dry_run: bool, as_json: bool, language: str) -> bool:
    """Show what would be replayed; say whether that was all there is to do."""
    seen = books.runs.preview(wish)
    is_over = dry_run or not seen.total
    if as_json and is_over:
        document = {"version": 1, "total": seen.total, "examples": list(seen.examples)}
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return True
    params = {"total": seen.total, "function": wish.function, "examples": seen.examples}
    code = "replay_would" if seen.total else "replay_nothing"
    typer.echo(say(code, params, language=language), err=not is_over)
    return is_over


def _follow(books: "Ledger", run: "Run", *, language: str) -> "Run":
    """Show how far the run is until it ends; Ctrl-C cancels it."""
    try:
        typer.echo(say("replay_started", {"id": run.id}, language=language), err=True)
        with _progress(run, language) as show:
            for now in _steps(books, run, language):
                show(now)
                run = now
    except KeyboardInterrupt:
        books.runs.cancel(run.id)
        raise
    return run


def _steps(books: "Ledger", run: "Run", language: str) -> Iterator["Run"]:
    """Yield the run whenever it has moved, until it has ended."""
    stalled_at = time.monotonic() + _STALLED_S
    while run.state == "running":
        time.sleep(_LOOK_AGAIN_S)
        now = books.runs.find(run.id) or run
        if (now.published, now.state) != (run.published, run.state):
            stalled_at = time.monotonic() + _STALLED_S
            yield now
        elif time.monotonic() > stalled_at:
            stalled_at = float("inf")  # said once
            typer.echo(say("replay_stalls", {"id": run.id}, language=language), err=True)
        run = now


@contextmanager
def _progress(run: "Run", language: str) -> Iterator[Any]:
    """Yield what shows a run: a bar on a terminal, elsewhere a line for each step."""
    if not sys.stderr.isatty():
        yield lambda run: typer.echo(_words(run, language), err=True)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    with Progress(
        BarColumn(), MofNCompleteColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=run.total)
        yield lambda run: bar.update(task, completed=run.published)


def _words(run: "Run", language: str) -> str:
    params = {"published": run.published, "total": run.total}
    return say("replay_progress", params, language=language)


def _show(run: "Run", *, as_json: bool, language: str) -> None:
    params = {"published": run.published, "total": run.total}
    if as_json:
        document = {"version": 1, "id": run.id, "state": run.state, **params}
        typer.echo(json.dumps(document, indent=2))
    else:
        typer.echo(say(f"replay_state_{run.state}", params, language=language))
