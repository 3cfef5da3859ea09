"""Accounts: clients with their branches and users, and the tokens that sign them in.

A token is `dc_<client>_<secret>`. Its client part only says behind which row-level wall to look;
the whole token's hash decides. Secrets are 256 random bits, so a plain sha256 keeps them.
"""

import hashlib
import re
import secrets

from sqlalchemy import text

from common.exceptions import PermanentError
from common.postgres import Postgres
from functions.report_api.outbox import cluster_again
from functions.report_api.schemas import NewClient, Principal

OWNER = "owner"  # the user that a client begins with
_SOURCE = "account"
_CLIENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LONGEST_TOKEN = 200

_INSERT_CLIENT = text("""
    INSERT INTO clients (id, name, currency, language) VALUES (:client, :name, :currency, :language)
    ON CONFLICT (id) DO NOTHING
""")

_SET_CURRENCY = text("""
    UPDATE clients SET currency = :currency
    WHERE id = :client AND currency IS DISTINCT FROM CAST(:currency AS text)
""")

_SAVE_BRANCH = text("""
    INSERT INTO branches (client_id, id, name, timezone)
    VALUES (:client, :branch, :name, coalesce(:timezone, 'UTC'))
    ON CONFLICT (client_id, id) DO UPDATE SET timezone = :timezone
    WHERE CAST(:timezone AS text) IS NOT NULL
""")

_SAVE_USER = text("""
    INSERT INTO users (client_id, id, name, role, language)
    SELECT id, :user, :name, :role, :language FROM clients WHERE id = :client
    ON CONFLICT (client_id, id) DO UPDATE SET role = excluded.role
""")

_INSERT_TOKEN = text("""
    INSERT INTO api_tokens (client_id, token_hash, user_id, label)
    VALUES (:client, :token_hash, :user, :label)
""")

_REVOKE = text("""
    UPDATE api_tokens SET revoked_at = now()
    WHERE client_id = :client AND user_id = :user AND revoked_at IS NULL
""")

_AUTHENTICATE = text("""
    SELECT u.client_id AS client, u.id AS "user", u.role, u.language
    FROM api_tokens t JOIN users u ON u.client_id = t.client_id AND u.id = t.user_id
    WHERE t.client_id = :client AND t.token_hash = :token_hash AND t.revoked_at IS NULL
""")


def save_client(postgres: Postgres, wanted: NewClient) -> None:
    """Make sure that the client exists with these branches, this currency and this time zone.

    Names and language stay as they were first. Another currency has its segments computed anew;
    another time zone is for files that are read from now on.

    Raises:
        sqlalchemy.exc.IntegrityError: An id is not made of lower case letters, digits and hyphens.
        TransientError: PostgreSQL cannot be reached.
    """
    names = {"client": wanted.id, "name": wanted.name, "language": wanted.language}
    with postgres.transaction(wanted.id) as connection:
        connection.execute(_INSERT_CLIENT, {**names, "currency": wanted.currency})
        # Before the branches, as everywhere.
        if wanted.currency is not None:
            change = {"client": wanted.id, "currency": wanted.currency}
            if connection.execute(_SET_CURRENCY, change).rowcount:
                cluster_again(connection, wanted.id, source=_SOURCE)
        for branch, name in wanted.branches.items():
            row = {"client": wanted.id, "branch": branch, "name": name}
            connection.execute(_SAVE_BRANCH, {**row, "timezone": wanted.timezone})


def create_user(
    postgres: Postgres, *, client: str, user: str, name: str, role: str, language: str = "en"
) -> str:
    """Make sure that the client has this user in this role, and return a new token for them.

    Raises:
        PermanentError: There is no such client.
        sqlalchemy.exc.IntegrityError: There is no such role.
        TransientError: PostgreSQL cannot be reached.
    """
    token = f"dc_{client}_{secrets.token_urlsafe(32)}"
    with postgres.transaction(client) as connection:
        saved = connection.execute(
            _SAVE_USER,
            {"client": client, "user": user, "name": name, "role": role, "language": language},
        )
        if not saved.rowcount:
            raise PermanentError("unknown_client", {"client": client})
        connection.execute(
            _INSERT_TOKEN,
            {"client": client, "token_hash": _hash(token), "user": user, "label": role},
        )
    return token


def revoke_tokens(postgres: Postgres, *, client: str, user: str) -> int:
    """End all tokens of the user, and return how many there were.

    Raises:
        TransientError: PostgreSQL cannot be reached.
    """
    with postgres.transaction(client) as connection:
        return connection.execute(_REVOKE, {"client": client, "user": user}).rowcount


def authenticate(postgres: Postgres, token: str) -> Principal | None:
    """Return whom the token signs in, or None for a token that is wrong, unknown or revoked.

    Raises:
        TransientError: PostgreSQL cannot be reached.
    """
    client = _client_of(token)
    if client is None:
        return None
    with postgres.transaction(client) as connection:
        rows = connection.execute(
            _AUTHENTICATE, {"client": client, "token_hash": _hash(token)}
        ).mappings()
        return next((Principal(**row) for row in rows), None)


def _client_of(token: str) -> str | None:
    scheme, _, rest = token.partition("_")
    client, _, secret = rest.partition("_")
    if scheme != "dc" or not secret or len(token) > _LONGEST_TOKEN:
        return None
    return client if _CLIENT_ID.fullmatch(client) else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
