"""Clients: account, key of the object store, and where both are kept.

Works beside a running `datacore up`, in the same process or another: addresses and secrets are
those of the home. Where the environment names a deployment's database, as in the operator's
container, they are the environment's, and nothing is kept.
"""

import dataclasses
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from cli.outcome import CommandError, Exit
from common.exceptions import TransientError
from common.settings import Administration, Settings
from functions.report_api.schemas import NewClient
from infra.local.home import Home, Ports


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientKeys:
    """What a client needs: a token for API and page, a key for S3 tools."""

    token: str = field(repr=False)
    access_key: str
    secret_key: str = field(repr=False)


def create_client(path: Path, wanted: NewClient) -> ClientKeys:
    """Make sure that the client exists as it is wanted, and return its keys.

    A client that the home knows keeps its keys, and gets no others.

    Raises:
        CommandError: The servers of this home, or of this deployment, do not run.
    """
    settings = Settings()
    if settings.postgres_app_url.get_secret_value():
        return _create_in_deployment(settings, wanted)
    home = Home(path)
    known = home.known_clients().get(wanted.id, {})
    try:
        token = _save_account(_database_of(home), wanted, token=known.get("token"))
    except TransientError as error:
        raise _not_running(home) from error
    if known:
        return ClientKeys(**known)
    access_key, secret_key = _store_key(home, wanted.id)
    keys = ClientKeys(token=token, access_key=access_key, secret_key=secret_key)
    home.remember_client(wanted.id, **dataclasses.asdict(keys))
    return keys


def _create_in_deployment(settings: Settings, wanted: NewClient) -> ClientKeys:
    from common.store_admin import StoreAdmin

    known = Administration()
    admin = StoreAdmin(
        url=settings.s3_endpoint_url or "",
        access_key=known.s3_access_key,
        secret_key=known.s3_secret_key.get_secret_value(),
        bucket=settings.bucket,
    )
    try:
        token = _save_account(settings.postgres_app_url, wanted)
        access_key, secret_key = admin.add_client(wanted.id)
    except TransientError as error:
        raise CommandError(Exit.UNREACHABLE, "cli_server_away", {"reason": str(error)}) from error
    return ClientKeys(token=token, access_key=access_key, secret_key=secret_key)


def _database_of(home: Home) -> SecretStr:
    from infra.local.postgres import PostgresServer

    ports = _ports(home)  # first: where no servers ever ran there is no folder for secrets
    secrets = home.secrets()
    server = PostgresServer(home, ports, secrets)
    return SecretStr(server.url("datacore_app", secrets.postgres_app))


def _save_account(database: SecretStr, wanted: NewClient, *, token: str | None = None) -> str:
    """Return the token that is known already, or a new one of the client's owner.

    Raises:
        TransientError: The database cannot be reached.
    """
    from common.postgres import Postgres
    from functions.report_api import accounts

    with closing(Postgres(database)) as postgres:
        accounts.save_client(postgres, wanted)
        return token or accounts.create_user(
            postgres,
            client=wanted.id,
            user=accounts.OWNER,
            name=wanted.name,
            role="owner",
            language=wanted.language,
        )


def _store_key(home: Home, client: str) -> tuple[str, str]:
    from infra.local.stacks import STACKS

    stack = STACKS[home.stack or ""]
    return stack.keys_of(_ports(home), home.secrets()).add_client(client)


def _ports(home: Home) -> Ports:
    kept = home.kept_ports()
    if not kept:
        raise _not_running(home)
    return Ports(**kept)


def _not_running(home: Home) -> CommandError:
    return CommandError(Exit.UNREACHABLE, "cli_not_running", {"home": home.path})
