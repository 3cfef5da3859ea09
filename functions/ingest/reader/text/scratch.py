"""Room on disk, which most files do not need."""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path


def made_when_needed(stack: ExitStack, scratch: Path) -> Callable[[], Path]:
    """Return what gives a folder in `scratch`, the same each time; it goes with the stack."""

    @cache
    def folder() -> Path:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reader-", dir=scratch)))

    return folder
