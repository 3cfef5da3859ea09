"""Users: the tokens that let people of a client in."""

from pathlib import Path

from cli.connection import Place
from cli.operator import accounts_door
from cli.outcome import CommandError, Exit
from common.exceptions import PermanentError
from common.settings import Settings
from functions.report_api import accounts
from infra.local.home import Home


def let_in(path: Path, *, client: str, user: str, role: str, language: str) -> tuple[str, str]:
    """Return a new token of the user, who has this role from now on, and a link that signs in.

    Raises:
        CommandError: There is no such client, or the database cannot be reached.
    """
    settings = Settings()
    is_deployment = bool(settings.postgres_app_url.get_secret_value())
    address = settings.api_public_url if is_deployment else Place(home=path).address()
    with accounts_door(path) as postgres:
        try:
            token = accounts.create_user(
                postgres, client=client, user=user, name=user, role=role, language=language
            )
        except PermanentError as error:
            raise CommandError(Exit.NOT_FOUND, "cli_no_client", error.params) from error
    if user == accounts.OWNER and not is_deployment:
        _keep(Home(path), client, token)
    return token, f"{address.rstrip('/')}/sign-in?token={token}"


def _keep(home: Home, client: str, token: str) -> None:
    """Have the home's other commands use the token: the one before may have been ended."""
    if known := home.known_clients().get(client):
        home.remember_client(client, **{**known, "token": token})


def let_out(path: Path, *, client: str, user: str) -> int:
    """End the user's tokens, and return how many there were.

    Raises:
        CommandError: The database cannot be reached.
    """
    with accounts_door(path) as postgres:
        return accounts.revoke_tokens(postgres, client=client, user=user)
