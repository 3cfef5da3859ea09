"""What the stack asks of a server: prepare its folder, run, be ready, hold what is expected."""

from collections.abc import Callable
from typing import Protocol

from infra.local.process import Command


class Server(Protocol):
    """One embedded server. Every method can be called again at any start."""

    @property
    def name(self) -> str:
        """Name that people see, also of its log."""

    def prepare(self, run: Callable[[Command], None]) -> None:
        """Write what it needs on disk before it starts; `run` runs a command to its good end."""

    def command(self) -> Command:
        """Return what to run."""

    def is_ready(self) -> bool:
        """Say whether it answers."""

    def bootstrap(self) -> None:
        """Make sure that it holds what every start expects."""
