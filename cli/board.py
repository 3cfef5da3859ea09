"""Shows what goes on, on stderr: a live table on a terminal, one line per step elsewhere."""

import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

_BAR_CELLS = 40


class Mark(Enum):
    """How a row stands: a sign and its colour, never the colour alone."""

    WAITING = ("·", "dim")
    RUNNING = ("", "cyan")
    DONE = ("✓", "green")
    WARNING = ("!", "yellow")
    FAILED = ("✗", "red")


@dataclass(kw_only=True)
class Row:
    """One thing that is going on. Changed through its board only."""

    title: str
    mark: Mark = Mark.WAITING
    state: str = ""
    done: int = 0
    total: int = 0  # 0: no bar
    started: float | None = None
    ended: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it has been going on, or took."""
        if self.started is None:
            return None
        return (self.ended or time.monotonic()) - self.started


@dataclass(kw_only=True)
class Board:
    """Rows, shown while the board is open."""

    console: Console
    rows: list[Row] = field(default_factory=list)
    _live: Live | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _spinner: Spinner = field(default_factory=lambda: Spinner("dots", style="cyan"))

    def __enter__(self) -> Self:
        if self.console.is_terminal and not self.console.is_dumb_terminal:
            self._live = Live(self, console=self.console, refresh_per_second=12)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def row(self, title: str) -> Row:
        """Add a row that waits."""
        row = Row(title=title)
        self.rows.append(row)
        return row

    def change(self, row: Row, state: str, mark: Mark = Mark.RUNNING) -> None:
        """Say what the row is at now. Said twice, it is shown once."""
        with self._lock:
            is_news = (state, mark) != (row.state, row.mark)
            row.state, row.mark = state, mark
            row.started = row.started or time.monotonic()
            if mark is not Mark.RUNNING:
                row.ended = row.ended or time.monotonic()
                row.total = 0
        if is_news and self._live is None:
            self.console.print(self._line(row), highlight=False, soft_wrap=True)

    def advance(self, row: Row, amount: int, *, total: int) -> None:
        """Move the row's bar on."""
        row.done, row.total = row.done + amount, total

    @staticmethod
    def _line(row: Row) -> Text:
        sign, style = row.mark.value
        line = Text.assemble((f"{sign or '·'} ", style), (row.title.strip(), "bold"))
        if row.state:
            line.append(f"  {row.state}")
        if row.ended and row.seconds is not None:
            line.append(f"  {row.seconds:.1f} s", style="dim")
        return line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the rows: sign, title, what it is at, how long it took."""
        table = Table.grid(padding=(0, 1), expand=False)
        table.add_column(width=1)
        table.add_column(no_wrap=True, max_width=max(20, options.max_width // 3))
        # As wide as a bar: the times do not jump when a row's state changes.
        table.add_column(min_width=_BAR_CELLS, overflow="ellipsis", no_wrap=True)
        table.add_column(justify="right", no_wrap=True, style="dim")
        for row in self.rows:
            table.add_row(*self._cells(row))
        yield table

    def _cells(self, row: Row) -> tuple[Spinner | Text, Text, ProgressBar | Text, Text]:
        sign, style = row.mark.value
        seconds = row.seconds
        return (
            self._spinner if row.mark is Mark.RUNNING else Text(sign, style=style),
            Text(row.title, style="dim" if row.mark is Mark.WAITING else ""),
            ProgressBar(total=row.total, completed=row.done, width=_BAR_CELLS)
            if row.total
            else Text(row.state, style="red" if row.mark is Mark.FAILED else ""),
            Text("" if seconds is None else f"{seconds:.1f} s"),
        )
