"""What people see of the API's answers: segments, uploads, notices. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from common.texts import day, moment, money, number, percent, say

Json = Mapping[str, Any]

VIEWS = ("rfm", "habits")
_NOTHING = "-"
_BAR_CELLS = 14
_WIDEST = 116  # a longer line is tiring to read
_BAR_FROM = 100  # narrower, the sentences need the room
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_MARKS = {
    "stored": ("✓", "green"),
    "duplicate": ("=", "cyan"),
    "rejected": ("✗", "red"),
    "failed": ("✗", "red"),
    "parked": ("✗", "red"),
    "needs_answer": ("?", "yellow"),
    "superseded": ("-", "dim"),
    "removed": ("-", "dim"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Writer:
    """Writes numbers, money and sentences for one reader."""

    language: str
    currency: str | None = None

    def say(self, code: str, **params: object) -> str:
        """Return a sentence of the command line."""
        return say(code, {"currency": self.currency, **params}, language=self.language)

    def number(self, value: object) -> str:
        """Write a count."""
        return number(value, self.language)

    def average(self, value: float | None) -> str:
        """Write a mean or a median with one decimal at most."""
        return _NOTHING if value is None else number(round(value, 1), self.language)

    def share(self, value: float) -> str:
        """Write a share of one."""
        return percent(round(value, 3), self.language)

    def money(self, value: str | None) -> str:
        """Write an amount."""
        return _NOTHING if value is None else money(value, self.language, self.currency)

    def moment(self, value: str) -> str:
        """Write a time."""
        return moment(value, self.language)


# --- the report ---------------------------------------------------------------------------------


def report(body: Json, write: Writer, *, width: int) -> RenderableType:
    """Return a ready report: totals, then the segments of each view with a sentence each."""
    return Group(
        _headline(body, write),
        *(_view(view, body, write, width=width) for view in VIEWS),
        Padding(Text(body["habits"]["sentence"], style="italic"), (0, 1)),
    )


def _headline(body: Json, write: Writer) -> RenderableType:
    totals = body["totals"]
    as_of = day(body["as_of"], write.language) if body["as_of"] else _NOTHING
    title = write.say("cli_report_title", client=body["client"], as_of=as_of)
    figures = write.say(
        "cli_report_totals",
        customers=totals["customers"],
        orders=totals["orders"],
        revenue=totals["revenue"],
    )
    return Padding(Group(Text(title, style="bold"), Text(figures)), (0, 1))


def _view(view: str, body: Json, write: Writer, *, width: int) -> RenderableType:
    segments = [segment for segment in body["segments"] if segment["view"] == view]
    with_bars = width >= _BAR_FROM
    table = Table(
        box=box.SIMPLE_HEAD,
        title=write.say(f"cli_view_{view}"),
        title_justify="left",
        title_style="bold cyan",
        width=min(width, _WIDEST),
        show_footer=True,
        pad_edge=True,
        border_style="dim",
        header_style="dim",
    )
    _add_columns(table, segments, write, with_bars=with_bars)
    largest = max((segment["share_of_revenue"] for segment in segments), default=0.0)
    for segment in segments:
        table.add_row(*_cells(segment, write, largest=largest if with_bars else None))
    return Padding(table, (1, 0, 0, 0))


def _add_columns(table: Table, segments: Sequence[Json], write: Writer, *, with_bars: bool) -> None:
    customers = sum(segment["customers"] for segment in segments)
    foot = Text(write.say("cli_all_segments"), style="bold")
    table.add_column(write.say("cli_head_segment"), foot, ratio=1)
    for head, total in (
        ("cli_head_customers", write.number(customers)),
        ("cli_head_revenue", write.share(sum(s["share_of_revenue"] for s in segments))),
    ):
        figure = Text(total, style="bold")
        table.add_column(write.say(head), figure, justify="right", no_wrap=True)
    if with_bars:
        table.add_column("", width=_BAR_CELLS)
    for head in ("cli_head_recency", "cli_head_orders", "cli_head_spend"):
        table.add_column(write.say(head), justify="right", no_wrap=True)


def _cells(segment: Json, write: Writer, *, largest: float | None) -> list[RenderableType]:
    name = Group(Text(segment["name"], style="bold"), Text(segment["sentence"], style="dim"), "")
    share = segment["share_of_revenue"]
    bar = [] if largest is None else [Text(_bar(share, largest), style="cyan")]
    return [
        name,
        write.number(segment["customers"]),
        write.share(share),
        *bar,
        write.average(segment["recency_days"]),
        write.average(segment["orders_per_customer"]),
        write.money(segment["spend_per_customer"]),
    ]


def _bar(share: float, largest: float) -> str:
    """Draw `share` against the largest one, an eighth of a cell fine."""
    eighths = round(8 * _BAR_CELLS * max(share, 0.0) / largest) if largest > 0 else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


# --- uploads ------------------------------------------------------------------------------------


def outcome(body: Json, write: Writer) -> RenderableType:
    """Return what became of one file: its sentence, and how it balances."""
    sign, style = _MARKS.get(body["state"], ("·", "dim"))
    lines = [
        Text.assemble((sign, style), " ", (body["filename"], "bold"), "  ", body["sentence"]),
        *(Text(f"  {line}", style="dim") for line in _balance_lines(body.get("balance"), write)),
    ]
    return Group(*lines)


def _balance_lines(balance: Json | None, write: Writer) -> list[str]:
    if balance is None:
        return []
    counts = {name: balance[name] for name in ("accepted", "rejected", "blank", "repeated")}
    lines = [write.say("cli_balance", rows=balance["rows_in"], **counts)]
    if balance["first_day"]:
        money = {"quantity": balance["quantity"], "amount": balance["amount"]}
        days = {"first": balance["first_day"], "last": balance["last_day"]}
        lines.append(write.say("cli_balance_money", **money, **days))
    return lines


def uploads(bodies: Sequence[Json], write: Writer, *, width: int) -> RenderableType:
    """Return uploads as a table, each with its state in words."""
    table = Table(box=box.SIMPLE_HEAD, width=min(width, _WIDEST), header_style="dim")
    table.add_column("", width=1)
    table.add_column(write.say("cli_head_file"), overflow="fold")
    table.add_column(write.say("cli_head_branch"), no_wrap=True)
    table.add_column(write.say("cli_head_state"), ratio=1)
    table.add_column(write.say("cli_head_when"), no_wrap=True, justify="right")
    for body in bodies:
        sign, style = _MARKS.get(body["state"], ("·", "dim"))
        table.add_row(
            Text(sign, style=style),
            Text(body["filename"], style="bold"),
            body["branch"],
            body["sentence"],
            Text(write.moment(body["stored_at"]), style="dim"),
        )
    return table


def health(state: str, servers: Mapping[str, str], write: Writer) -> RenderableType:
    """Return one word for health with what it means, and each server."""
    down = [name for name, answer in servers.items() if answer != "up"]
    style = {"healthy": "green", "warning": "yellow", "degraded": "red"}[state]
    line = Text()
    for name, answer in servers.items():
        sign, colour = ("✓", "green") if answer == "up" else ("✗", "red")
        line.append_text(Text.assemble((sign, colour), f" {name}   "))
    sentence = write.say(f"cli_{state}", services=down)
    return Padding(Group(Text(sentence, style=f"bold {style}"), line), (0, 1))


def client_status(found: Json, write: Writer, *, width: int) -> RenderableType:
    """Return a client's uploads and notices."""
    heading = Text(write.say("cli_uploads", client=found["client"]), style="bold cyan")
    if not found["uploads"]:
        nothing = Text(write.say("cli_nothing_uploaded", client=found["client"]))
        return Padding(Group("", heading, nothing), (0, 1))
    parts: list[RenderableType] = [
        Padding(heading, (1, 1, 0, 1)),
        uploads(found["uploads"], write, width=width),
    ]
    if found["notices"]:
        told = Text(write.say("cli_notices"), style="bold cyan")
        parts += [Padding(told, (0, 1)), notices(found["notices"], write)]
    return Group(*parts)


def notices(bodies: Sequence[Json], write: Writer) -> RenderableType:
    """Return what the user was told, newest first."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(ratio=1)
    for body in bodies:
        grid.add_row(write.moment(body["created_at"]), body["sentence"])
    return Padding(grid, (0, 1))
