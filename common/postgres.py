"""The door to PostgreSQL: transactions of one client, or of the runtime's ledger."""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from psycopg2 import errorcodes
from pydantic import SecretStr
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from common.exceptions import TransientError

_SET_CLIENT = text("SELECT set_config('app.client', :client, true)")
_NO_WAIT = text("SET LOCAL synchronous_commit = off")
_WHO = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
_RACES = {errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED}


class ConflictError(TransientError):
    """Another worker wrote the same key first; who comes back finds its row."""


class Postgres:
    """Connections of one role. Nothing is opened before the first transaction."""

    def __init__(self, url: SecretStr, *, pool_size: int = 3) -> None:
        self._engine: Engine = create_engine(
            url.get_secret_value(),
            pool_size=pool_size,
            max_overflow=2,
            pool_timeout=10,
            hide_parameters=True,  # an error must not carry customers' data into a log
            # A row locked by a stuck worker is given up on; leases decide who works, not locks.
            connect_args={"options": "-c lock_timeout=15s", "connect_timeout": 5},
        )

    @contextmanager
    def transaction(
        self, client: str | None = None, *, is_durable: bool = True
    ) -> Iterator[Connection]:
        """Open a transaction that sees the rows of `client`, or no client's rows.

        One that is not durable does not wait for the disk: a crash of the server may take it back.

        Raises:
            ConflictError: A unique key was taken by another transaction.
            TransientError: The server cannot be reached, or the transaction lost a race.
        """
        with self._connected() as connection, connection.begin():
            if client is not None:
                connection.execute(_SET_CLIENT, {"client": client})
            if not is_durable:
                connection.execute(_NO_WAIT)
            yield connection

    @contextmanager
    def snapshot(self, client: str) -> Iterator[Connection]:
        """Open a read-only transaction of `client` in which every statement sees one moment."""
        with self._connected() as connection:
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with connection.begin():
                connection.execute(_SET_CLIENT, {"client": client})
                yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except IntegrityError as error:
            if _code(error) == errorcodes.UNIQUE_VIOLATION:
                raise ConflictError(str(error.orig)) from error
            raise
        except (OperationalError, InterfaceError) as error:
            raise TransientError(f"PostgreSQL: {error.orig}") from error
        except PoolTimeoutError as error:
            raise TransientError(f"PostgreSQL: {error}") from error
        except DBAPIError as error:
            if _code(error) in _RACES or error.connection_invalidated:
                raise TransientError(f"PostgreSQL: {error.orig}") from error
            raise

    def check(self) -> None:
        """Make sure that the server answers and that this role is held by row-level security.

        Raises:
            PermissionError: The role is a superuser or bypasses row-level security.
            TransientError: The server cannot be reached.
        """
        with self.transaction() as connection:
            if connection.execute(_WHO).scalar_one():
                raise PermissionError("PostgreSQL role bypasses row-level security; use datacore_*")

    def close(self) -> None:
        """Close all pooled connections."""
        self._engine.dispose()


def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Insert many rows into a client table; None becomes NULL.

    COPY does not work under row-level security, so the rows go through a temporary table.
    """
    names = ", ".join(columns)
    lines = io.StringIO("".join("\t".join(map(_copy_text, row)) + "\n" for row in rows))
    # The names are constants of our repositories, never input.
    connection.execute(
        text(
            f"CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0"  # noqa: S608
        )
    )
    cursor = connection.connection.cursor()
    cursor.copy_expert(f"COPY incoming ({names}) FROM STDIN", lines)
    connection.execute(
        text(f"INSERT INTO {table} ({names}) SELECT {names} FROM incoming")  # noqa: S608
    )
    connection.execute(text("DROP TABLE incoming"))


_COPY_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _copy_text(value: object) -> str:
    return r"\N" if value is None else str(value).translate(_COPY_ESCAPES)


def _code(error: DBAPIError) -> str | None:
    return getattr(error.orig, "pgcode", None)
