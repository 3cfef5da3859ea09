"""`datacore parked`: messages that were given up on: look at them, replay them, discard them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import HOME, AsJson, Home, Lang, Language
from cli.outcome import CommandError, Exit, ending
from common.texts import moment, say, visible, visible_lines

if TYPE_CHECKING:
    from cli.operator import Ledger
    from common.parked import ParkedMessage

_MOST = 10_000  # at once; a second call takes the rest
_NOTHING = "-"

app = typer.Typer(
    name="parked",
    help="Look at messages that were given up on; replay or discard them.",
    no_args_is_help=True,
)

ByClient = Annotated[str | None, typer.Option("--client", "-c", help="Only this client's.")]
ByFunction = Annotated[str | None, typer.Option("--function", help="Only this function's.")]
ByReason = Annotated[
    str | None,
    typer.Option(
        "--reason",
        help="Only with this reason: unreadable, dependency, bug, worker_died, delivery_limit.",
    ),
]
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...")]
All = Annotated[bool, typer.Option("--all", help="Without a filter: everything that is open.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would happen.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def show_list(  # noqa: PLR0913, PLR0917 - each is an option
    client: ByClient = None,
    function: ByFunction = None,
    reason: ByReason = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Also what was decided about.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=_MOST)] = 50,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """List what was given up on, the newest first.

    Exit codes: 0 shown · 5 the ledger cannot be reached.
    """
    with ending(lang.value):
        from cli.operator import ledger
        from common.parked import Filter

        wanted = Filter(client=client, function=function, reason=reason, with_resolved=resolved)
        with ledger(home) as books:
            found = books.parked.list(wanted, limit=limit)
        if as_json:
            _write({"parked": [as_document(m, lang.value) for m in found]})
        else:
            _list(found, lang.value)


@app.command()
def show(
    parked_id: Annotated[str, typer.Argument(metavar="ID")],
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Show one message: cause, traceback, tries, times, body, and what was decided.

    Exit codes: 0 shown · 3 no such message · 5 the ledger cannot be reached.
    """
    with ending(lang.value):
        from cli.operator import ledger

        with ledger(home) as books:
            message = _find(books, parked_id)
        if as_json:
            body = message.body.decode(errors="replace")
            _write({**as_document(message, lang.value), "error": message.error, "body": body})
        else:
            typer.echo("\n".join(_told(message, lang.value)))


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - each is an option
    ids: Ids = None,
    client: ByClient = None,
    function: ByFunction = None,
    reason: ByReason = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Have messages handled again, with all their tries; one that fails again shows again.

    Exit codes: 0 done, or decided before · 1 you said no · 2 wrong use · 3 no such message ·
    5 the ledger cannot be reached.
    """
    chosen = (ids, {"client": client, "function": function, "reason": reason}, everything)
    _decide("replay", chosen, home, lang.value, (dry_run, yes, as_json))


@app.command()
def discard(  # noqa: PLR0913, PLR0917 - each is an option
    ids: Ids = None,
    client: ByClient = None,
    function: ByFunction = None,
    reason: ByReason = None,
    everything: All = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    home: Home = HOME,
    lang: Lang = Language.EN,
    as_json: AsJson = False,
) -> None:
    """Give messages up for good; their uploads are rejected, and the owners told.

    Exit codes: 0 done, or decided before · 1 you said no · 2 wrong use · 3 no such message ·
    5 the ledger cannot be reached.
    """
    chosen = (ids, {"client": client, "function": function, "reason": reason}, everything)
    _decide("discard", chosen, home, lang.value, (dry_run, yes, as_json))


def _decide(
    what: str,
    chosen: tuple[list[str] | None, dict[str, str | None], bool],
    home: Any,
    language: str,
    manner: tuple[bool, bool, bool],
) -> None:
    dry_run, yes, as_json = manner
    ids, filters, everything = chosen
    with ending(language):
        from cli.operator import confirm, ledger

        if not (ids or everything or any(filters.values())):
            raise CommandError(Exit.WRONG_USE, "parked_which", {})
        with ledger(home) as books:
            found = _chosen(books, ids, filters)
            if not as_json:
                _list(found, language, err=not dry_run)
            if found and not dry_run:
                confirm(yes=yes, language=language)
            decide = books.parked.replay if what == "replay" else books.parked.discard
            changed = {m.id: decide(m, by=books.operator) for m in found if not dry_run}
            after = [_find(books, m.id) for m in found]
        if as_json:
            _write({
                "parked": [
                    {**as_document(m, language), "changed": changed.get(m.id, False)} for m in after
                ]
            })
        elif changed:
            _tell(after, changed, language)


def _chosen(
    books: "Ledger", ids: list[str] | None, filters: dict[str, str | None]
) -> list["ParkedMessage"]:
    from common.parked import Filter

    if ids:
        return [_find(books, parked_id) for parked_id in dict.fromkeys(ids)]
    return books.parked.list(Filter(**filters), limit=_MOST)  # type: ignore[arg-type]  # all are text


def _find(books: "Ledger", parked_id: str) -> "ParkedMessage":
    message = books.parked.find(parked_id)
    if message is None:
        raise CommandError(Exit.NOT_FOUND, "parked_unknown", {"id": parked_id})
    return message


def as_document(message: "ParkedMessage", language: str) -> dict[str, Any]:
    """Return a message as JSON, without its body and traceback."""
    return {
        "id": message.id,
        "function": message.function,
        "client": message.client,
        "work": message.work_key,
        "reason": message.reason,
        "cause": say(f"parked_reason_{message.reason}", language=language),
        "tries": message.tries,
        "first_failed": message.first_failed and message.first_failed.isoformat(),
        "parked_at": message.parked_at.isoformat(),
        "resolution": message.resolution,
        "resolved_at": message.resolved_at and message.resolved_at.isoformat(),
        "resolved_by": message.resolved_by,
    }


def _write(content: dict[str, Any]) -> None:
    typer.echo(json.dumps({"version": 1, **content}, ensure_ascii=False, indent=2))


def _list(found: Sequence["ParkedMessage"], language: str, *, err: bool = False) -> None:
    if not found:
        typer.echo(say("parked_none", language=language), err=err)
    for message in found:
        params = as_document(message, language) | {
            "client": message.client or _NOTHING,
            "when": message.parked_at.astimezone(),
        }
        typer.echo(say("parked_line", params, language=language), err=err)


def _told(message: "ParkedMessage", language: str) -> list[str]:
    first = message.first_failed
    params = as_document(message, language) | {
        "client": message.client or _NOTHING,
        "when": message.parked_at.astimezone(),
        "first": moment(first.astimezone(), language) if first else _NOTHING,
    }
    lines = [
        visible(f"{message.id}  {message.function}  {message.client or _NOTHING}"),
        visible(message.work_key or _NOTHING),
        str(params["cause"]),
        say("parked_head", params, language=language),
    ]
    if message.resolved_at is not None:
        decided = params | {"when": message.resolved_at.astimezone(), "who": message.resolved_by}
        lines.append(say("parked_resolved", decided, language=language))
    body = message.body.decode(errors="replace")
    return [*lines, "", visible_lines(message.error.rstrip()), "", visible_lines(body)]


def _tell(after: Sequence["ParkedMessage"], changed: dict[str, bool], language: str) -> None:
    for message in after:
        is_new = changed[message.id]
        code = f"parked_{message.resolution}" if is_new else f"parked_was_{message.resolution}"
        when = message.resolved_at.astimezone() if message.resolved_at else None
        params = {"who": message.resolved_by, "when": when}
        typer.echo(f"{message.id}  {say(code, params, language=language)}")
    done = sum(changed.values())
    typer.echo(
        say("parked_count", {"done": done, "before": len(changed) - done}, language=language)
    )
