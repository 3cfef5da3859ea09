"""A running system, as its users see it from outside: two addresses, and who opens accounts."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cli.clients import ClientKeys, create_client
from cli.outcome import CommandError, Exit
from functions.report_api.schemas import NewClient
from infra.local.stack import Stack

_COMPOSE_FILE = Path(__file__).parents[1] / "infra" / "docker-compose.yml"


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """Where a client comes in."""

    api_url: str
    s3_url: str
    open_account: Callable[[NewClient], ClientKeys]


def on_this_machine(stack: Stack) -> System:
    """Return the system that the servers of a home are."""
    return System(
        api_url=stack.api_url,
        s3_url=stack.s3_url,
        open_account=partial(create_client, stack.home.path),
    )


def in_containers() -> System:
    """Return the system that `docker compose up` has started.

    Raises:
        CommandError: It does not run.
    """
    return System(
        api_url=f"http://{_compose('port', 'report-api', '8080').strip()}",
        s3_url=f"http://{_compose('port', 's3', '9000').strip()}",
        open_account=_open_account,
    )


def _open_account(wanted: NewClient) -> ClientKeys:
    branches = [word for item in wanted.branches.items() for word in ("--branch", "=".join(item))]
    options = {"--currency": wanted.currency, "--timezone": wanted.timezone}
    said = [word for option, value in options.items() if value for word in (option, value)]
    keys = json.loads(
        _compose(
            *("run", "--rm", "--no-TTY", "operator", "client", wanted.id, *branches, *said),
            *("--name", wanted.name, "--lang", wanted.language, "--json"),
        )
    )
    return ClientKeys(
        token=keys["token"], access_key=keys["access_key"], secret_key=keys["secret_key"]
    )


def _compose(*words: str) -> str:
    """Return what `docker compose` says on stdout.

    Raises:
        CommandError: There is no Docker, or it says no.
    """
    command = ["docker", "compose", "--file", str(_COMPOSE_FILE), *words]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - words are ours
    except OSError as error:
        raise CommandError(Exit.UNREACHABLE, "compose_missing", {"reason": str(error)}) from error
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or ["-"]
        raise CommandError(Exit.UNREACHABLE, "compose_not_running", {"reason": reason[0]})
    return done.stdout
