"""One look by reconcile, on the embedded servers of a home or on those that the environment names."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from cli.outcome import CommandError, Exit
from common import logs
from common.exceptions import TransientError
from common.settings import Settings

if TYPE_CHECKING:
    from functions.reconcile.__main__ import Outcome


def look_once(home: Path, *, is_whole: bool, is_dry: bool, is_confirmed: bool) -> "Outcome":
    """Look once at the bucket.

    Raises:
        CommandError: The servers do not run, or another reconcile looks at this bucket.
    """
    from functions.reconcile.__main__ import Look, Reconcile

    look = Look(starts_over=is_whole, is_whole=is_whole, is_dry=is_dry, is_confirmed=is_confirmed)
    settings = _settings(home)
    if not settings.postgres_runtime_url.get_secret_value():
        raise CommandError(Exit.UNREACHABLE, "cli_not_running", {"home": home})
    # To stderr, and only what went wrong: stdout belongs to the command.
    logs.configure(
        settings.model_copy(update={"log_format": "console", "log_level": "ERROR"}),
        function="reconcile",
    )
    reconcile = Reconcile(settings)
    try:
        outcome = reconcile.run_once(look)
    except TransientError as error:
        raise CommandError(Exit.UNREACHABLE, "cli_not_running", {"home": home}) from error
    finally:
        reconcile.close()
    if outcome.is_elsewhere:
        raise CommandError(Exit.FAILED, "reconcile_elsewhere", {})
    return outcome


def _settings(home: Path) -> Settings:
    from infra.local.home import Home
    from infra.local.stacks import STACKS

    if (name := Home(home).stack) is not None:
        stack = STACKS[name](home)
        if stack.attach():
            # As its functions have it.
            os.environ.update(stack.environment("reconcile"))  # noqa: TID251
    return Settings()
