from io import StringIO

import pytest
from rich.console import Console

from cli.board import Board, Mark

pytestmark = pytest.mark.unit


def board_on(*, is_terminal: bool) -> tuple[Board, StringIO]:
    screen = StringIO()
    console = Console(file=screen, force_terminal=is_terminal, width=80, color_system=None)
    return Board(console=console), screen


def test_elsewhere_than_on_a_terminal_each_step_is_one_line():
    board, screen = board_on(is_terminal=False)

    with board:
        row = board.row("ventas.csv")
        board.change(row, "sending")
        board.change(row, "sending")
        board.advance(row, 10, total=100)
        board.change(row, "stored", Mark.DONE)

    sending, stored = screen.getvalue().splitlines()
    assert sending == "· ventas.csv  sending"
    assert stored.startswith("✓ ventas.csv  stored  0.")


def test_a_terminal_shows_the_last_state_of_each_row():
    board, screen = board_on(is_terminal=True)

    with board:
        row = board.row("ventas.csv")
        board.change(row, "sending")
        board.advance(row, 10, total=100)
        board.change(row, "not taken in", Mark.FAILED)

    last = [line for line in screen.getvalue().splitlines() if "ventas.csv" in line][-1]
    assert "✗" in last
    assert "not taken in" in last


def test_time_stops_with_the_first_end():
    board, _ = board_on(is_terminal=False)
    row = board.row("ventas.csv")
    board.change(row, "stored", Mark.DONE)
    took = row.seconds

    board.change(row, "stored", Mark.DONE)

    assert row.seconds == took


def test_who_waits_has_no_time_yet():
    board, _ = board_on(is_terminal=False)

    assert board.row("ventas.csv").seconds is None
