"""`datacore doctor`: does this machine have what the embedded servers need?"""

import os
import sys
from typing import Annotated

import typer

from infra.local import DOCTOR


def doctor(
    for_tests: Annotated[
        bool, typer.Option("--tests", help="Look for what the tests need, too.")
    ] = False,
) -> None:
    """Name what the machine lacks, with the one line that installs it.

    Exit codes: 0 all there · 1 something is missing.
    """
    # A shell script, because it must also run before there is a Python environment.
    words = ["sh", str(DOCTOR), *(["--tests"] if for_tests else [])]
    os.execvpe("sh", words, {**os.environ, "PYTHON": sys.executable})  # noqa: S606, S607, TID251 - it is handed on
