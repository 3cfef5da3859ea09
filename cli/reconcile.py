"""`datacore reconcile`: compare the bucket with the ledger once, and announce what is missing."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.options import HOME, AsJson, Home, Lang, Language
from cli.outcome import CommandError, Exit, ending
from common.texts import say


def reconcile(
    home: Home = HOME,
    full: Annotated[bool, typer.Option("--full", help="The whole bucket, from its start.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="What is missing was meant to go; takes --full.")
    ] = False,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Announce what the bucket holds and the ledger does not know, and the other way round.

    The servers of HOME if they run, else those that the environment names.

    Exit codes: 0 done · 2 wrong use · 4 removals are held back, or the look did not reach the
    end · 5 a server cannot be reached.
    """
    with ending(lang.value):
        if yes and not full:
            raise CommandError(Exit.WRONG_USE, "reconcile_yes_needs_full", {})
        from cli.reconciling import look_once

        outcome = look_once(home, is_whole=full, is_dry=dry_run, is_confirmed=yes)
        found = asdict(outcome)
        if as_json:
            typer.echo(json.dumps({"version": 1, **found}, ensure_ascii=False, indent=2))
        else:
            _show(found, is_dry=dry_run, language=lang.value)
        is_open = outcome.held_back or outcome.gave_way or (full and not outcome.is_whole)
        raise typer.Exit(Exit.PARTLY if is_open else Exit.DONE)


def _show(found: Mapping[str, Any], *, is_dry: bool, language: str) -> None:
    typer.echo(say("reconcile_would" if is_dry else "reconcile_done", found, language=language))
    if not is_dry:
        typer.echo(say("reconcile_messages", found, language=language))
    if found["gave_way"]:
        typer.echo(say("reconcile_gave_way", language=language))
    if held_back := found["held_back"]:
        typer.echo(say(held_back["code"], held_back["params"], language=language), err=True)
