"""What people see of the API's answers: segments, uploads, notices. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from common.texts import day, moment, money, number, say, visible

Json = Mapping[str, Any]

VIEWS = ("rfm", "habits")
_NOTHING = "-"
_WIDEST = 110  # a longer line is tiring to read
_TIMES_FROM = 100  # narrower, the day has to do beside an upload
_HEADS = ("segment", "customers", "revenue", "recency", "orders", "spend")
_BAR_AFTER = 1  # the bar stands beside this figure, the share of revenue
_GAP = 2
_LONGEST_BAR = 20
_SHORTEST_BAR = 6
_SHORTEST_NAME = 12
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
        """Write a mean with one decimal."""
        from babel.numbers import format_decimal

        if value is None:
            return _NOTHING
        return format_decimal(value, format="#,##0.0", locale=self.language)

    def days(self, value: float | None) -> str:
        """Write a number of days."""
        return _NOTHING if value is None else number(round(value), self.language)

    def share(self, value: float) -> str:
        """Write a share of one with one decimal, so that shares line up."""
        from babel.numbers import format_percent

        return format_percent(value, format="#,##0.0 %", locale=self.language)

    def money(self, value: str | None) -> str:
        """Write an amount."""
        return _NOTHING if value is None else money(value, self.language, self.currency)

    def seconds(self, value: float) -> str:
        """Write a duration."""
        from babel.numbers import format_decimal

        return format_decimal(value, format="#,##0.00 s", locale=self.language)

    def moment(self, value: str) -> str:
        """Write a time, as the clock on this machine's wall shows it."""
        return moment(datetime.fromisoformat(value).astimezone(), self.language)

    def day(self, value: str) -> str:
        """Write the day of a time, on this machine's calendar."""
        return day(datetime.fromisoformat(value).astimezone().date(), self.language)


# --- the report ---------------------------------------------------------------------------------


def report(body: Json, write: Writer, *, width: int) -> RenderableType:
    """Return a ready report: totals, then the segments of each view with a sentence each."""
    views = {view: [s for s in body["segments"] if s["view"] == view] for view in VIEWS}
    layout = _layout(views.values(), write, width=width)
    return Group(
        _headline(body, write),
        *(_view(view, segments, write, layout) for view, segments in views.items()),
        Padding(Text(body["habits"]["sentence"], style="italic"), (0, 1)),
        Padding(Text(write.say("cli_report_legend"), style="dim"), (1, 1, 0, 1)),
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
    lines = [Text(title, style="bold"), Text(figures)]
    if Decimal(totals["anonymous_revenue"]):
        anonymous = write.money(totals["anonymous_revenue"])
        lines.append(Text(write.say("cli_report_anonymous", anonymous=anonymous), style="dim"))
    return Padding(Group(*lines), (0, 1))


def _layout(views: Iterable[Sequence[Json]], write: Writer, *, width: int) -> "_Layout":
    """Return one layout for all views, so that their columns stand below each other."""
    lines = [_heads(write)]
    for segments in views:
        lines += [*(_figures(segment, write) for segment in segments), _sums(segments, write)]
    return _Layout.fitting(lines, width=min(width, _WIDEST))


def _view(view: str, segments: Sequence[Json], write: Writer, layout: "_Layout") -> RenderableType:
    """Return one view: a line of figures per segment, its sentence below across the whole width."""
    largest = max((segment["share_of_revenue"] for segment in segments), default=0.0)
    parts: list[RenderableType] = [
        Text(f"\n {write.say(f'cli_view_{view}')}", style="bold cyan"),
        layout.line(_heads(write), style="dim"),
        layout.rule(),
    ]
    for segment in segments:
        share = segment["share_of_revenue"] / largest if largest > 0 else 0.0
        parts += [
            layout.line(_figures(segment, write), share=share),
            Padding(Text(segment["sentence"], style="dim"), (0, 0, 0, 3)),
        ]
    return Group(*parts, layout.rule(), layout.line(_sums(segments, write), style="bold"))


def _heads(write: Writer) -> list[str]:
    return [write.say(f"cli_head_{name}") for name in _HEADS]


def _figures(segment: Json, write: Writer) -> list[str]:
    return [
        segment["name"],
        write.number(segment["customers"]),
        write.share(segment["share_of_revenue"]),
        write.days(segment["recency_days"]),
        write.average(segment["orders_per_customer"]),
        write.money(segment["spend_per_customer"]),
    ]


def _sums(segments: Sequence[Json], write: Writer) -> list[str]:
    customers = sum(segment["customers"] for segment in segments)
    share = sum(segment["share_of_revenue"] for segment in segments)
    all_of_them = write.say("cli_all_segments")
    return [all_of_them, write.number(customers), write.share(share), "", "", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layout:
    """Widths of the columns: names to the left, figures to the right, a bar beside the share."""

    widths: tuple[int, ...]
    bar: int  # cells; none where the figures need the room

    @classmethod
    def fitting(cls, lines: Sequence[Sequence[str]], *, width: int) -> Self:
        """Return the layout in which these lines are at most `width` long."""
        names, *figures = (max(map(len, column)) for column in zip(*lines, strict=True))
        names = max(names, _SHORTEST_NAME)
        room = width - 1 - sum(figures) - _GAP * len(figures)
        bar = min(_LONGEST_BAR, room - names - _GAP)
        return cls(
            widths=(max(min(names, room), _SHORTEST_NAME), *figures),
            bar=bar if bar >= _SHORTEST_BAR else 0,
        )

    def line(self, cells: Sequence[str], *, share: float = 0.0, style: str = "") -> Text:
        """Return one line; `share` of the bar is filled."""
        name, *figures = cells
        line = Text(" ")
        line.append(_fitted(name, self.widths[0]), style=style or "bold")
        for index, (cell, width) in enumerate(zip(figures, self.widths[1:], strict=True)):
            line.append(" " * _GAP + cell.rjust(width), style=style)
            if index == _BAR_AFTER and self.bar:
                line.append(" " * _GAP + _bar(share, self.bar), style="cyan")
        return line

    def rule(self) -> Text:
        """Return a line across."""
        bar = self.bar + _GAP if self.bar else 0
        width = sum(self.widths) + _GAP * (len(self.widths) - 1) + bar
        return Text(" " + "\u2500" * width, style="dim")


def _fitted(name: str, width: int) -> str:
    return name.ljust(width) if len(name) <= width else name[: width - 1] + "…"


def _bar(share: float, cells: int) -> str:
    """Draw a share of `cells`, an eighth of a cell fine."""
    whole, rest = divmod(round(8 * cells * max(share, 0.0)), 8)
    return ("█" * whole + _EIGHTHS[rest].strip()).ljust(cells)


# --- the demo -----------------------------------------------------------------------------------


def shipments(uploads: Sequence[tuple[str, Json]], write: Writer) -> RenderableType:
    """Return what became of each file: how it came, how it balances, how long reading took."""
    counts = _counts([body["balance"] or {} for _, body in uploads])
    table = _table(show_footer=True)
    files = write.say("cli_files", files=len(uploads))
    table.add_column(write.say("cli_head_file"), Text(files, style="bold"), no_wrap=True)
    table.add_column(write.say("cli_head_way"), no_wrap=True)
    for name, figures in counts.items():
        total = Text(write.number(sum(figure or 0 for figure in figures)), style="bold")
        table.add_column(write.say(f"cli_head_{name}"), total, justify="right", no_wrap=True)
    table.add_column(write.say("cli_head_read"), justify="right", no_wrap=True)
    for (way, body), *figures in zip(uploads, *counts.values(), strict=True):
        table.add_row(
            Text(visible(body["filename"]), style="bold"),
            write.say(f"demo_way_{way}"),
            *(_NOTHING if figure is None else write.number(figure) for figure in figures),
            write.seconds(_seconds_between(body["seen_at"], body["settled_at"])),
        )
    return table


def _counts(balances: Sequence[Json]) -> dict[str, list[int | None]]:
    """Return the terms of the file balances; what no file has is left out.

    A file that was there already has none.
    """
    names = ("rows_in", "accepted", "rejected", "left_out", "blank", "repeated")
    counts = {name: [balance.get(name) for balance in balances] for name in names}
    always = ("rows_in", "accepted", "rejected")
    return {name: figures for name, figures in counts.items() if name in always or any(figures)}


def rejected_rows(upload: Json, write: Writer, *, shown: int) -> RenderableType:
    """Return the first rejected rows of an upload, each with its reason."""
    lines = [Text.assemble((visible(upload["filename"]), "bold"), "  ", upload["sentence"])]
    for row in upload["rejected"][:shown]:
        lines.append(Text(f"  {row['sentence']}"))
        lines.append(
            Text(f"    {visible(row['raw'])}", style="dim", no_wrap=True, overflow="ellipsis")
        )
    if upload["rejected_total"] > shown:
        lines.append(Text(write.say("cli_more_rows", rows=upload["rejected_total"] - shown)))
    return Padding(Group(*lines), (0, 1, 1, 1))


def _table(*, width: int | None = None, show_footer: bool = False) -> Table:
    """Return an empty table with a line below its head, two blanks between columns."""
    return Table(
        box=box.SIMPLE_HEAD,
        width=width,
        padding=(0, 1, 0, 0),
        header_style="dim",
        border_style="dim",
        show_footer=show_footer,
    )


def _seconds_between(first: str, last: str) -> float:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


def again(sentences: Sequence[tuple[str, str]], write: Writer) -> RenderableType:
    """Return what was said to a file that was sent twice, by which way."""
    grid = Table.grid(padding=(0, 2))
    for way, sentence in sentences:
        grid.add_row(Text("=", style="cyan"), Text(way, style="bold"), Text(sentence))
    title = Text(write.say("demo_again_title"), style="bold cyan")
    return Padding(Group(title, grid), (1, 1))


def times(seconds: Mapping[str, float], total: float, write: Writer) -> RenderableType:
    """Return how long each stage took, and all of it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(min_width=24)
    grid.add_column(justify="right")
    for code, taken in seconds.items():
        grid.add_row(write.say(code), write.seconds(taken))
    together = (write.say("demo_times_total"), write.seconds(total))
    grid.add_row(*(Text(cell, style="bold") for cell in together))
    title = Text(write.say("demo_times_title"), style="bold cyan")
    return Padding(Group(title, grid, "", Text(write.say("demo_next"))), (0, 1))


# --- uploads ------------------------------------------------------------------------------------


def outcome(body: Json, write: Writer) -> RenderableType:
    """Return what became of one file: its sentence, and how it balances."""
    sign, style = _MARKS.get(body["state"], ("·", "dim"))
    grid = Table.grid(padding=(0, 1))
    sentence = Text.assemble((visible(body["filename"]), "bold"), "  ", body["sentence"])
    grid.add_row(Text(sign, style=style), sentence)
    for line in _balance_lines(body.get("balance"), write):
        grid.add_row("", Text(line, style="dim"))
    return grid


def _balance_lines(balance: Json | None, write: Writer) -> list[str]:
    if balance is None:
        return []
    parts = ("accepted", "rejected", "left_out", "blank", "repeated")
    counts = {name: balance[name] for name in parts}
    lines = [write.say("cli_balance", rows=balance["rows_in"], **counts)]
    if balance["first_day"]:
        money = {"quantity": balance["quantity"], "amount": balance["amount"]}
        days = {"first": balance["first_day"], "last": balance["last_day"]}
        lines.append(write.say("cli_balance_money", **money, **days))
    return lines


def uploads(bodies: Sequence[Json], write: Writer, *, width: int) -> RenderableType:
    """Return uploads as a table, each with its state in words."""
    when = write.moment if width >= _TIMES_FROM else write.day
    widest = min(width, _WIDEST)
    table = _table(width=widest)
    table.add_column("", width=1)
    # A name may have a thousand characters: what became of the file needs its room.
    table.add_column(write.say("cli_head_file"), max_width=widest // 3, overflow="fold")
    table.add_column(write.say("cli_head_branch"), max_width=widest // 6, no_wrap=True)
    table.add_column(write.say("cli_head_state"), ratio=1)
    table.add_column(write.say("cli_head_when"), no_wrap=True, justify="right")
    for body in bodies:
        sign, style = _MARKS.get(body["state"], ("·", "dim"))
        table.add_row(
            Text(sign, style=style),
            Text(visible(body["filename"]), style="bold"),
            Text(visible(body["branch"])),
            Text(body["sentence"]),  # not as markup: it may name a file, or a column
            Text(when(body["stored_at"]), style="dim"),
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
        grid.add_row(write.moment(body["created_at"]), Text(body["sentence"]))
    return Padding(grid, (0, 1))
