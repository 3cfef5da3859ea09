"""The door to PostgreSQL: transactions of one client, or of the runtime's ledger.

Small files are many, and each takes a few small transactions. So a transaction begins in the same
message as its first statement, one of a single statement is one message altogether, a write whose
answer nobody needs may go with what follows (`later`), and a statement that is `prepared` is parsed
once and seldom planned.
"""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg2
from psycopg2 import errorcodes
from pydantic import SecretStr
from sqlalchemy import (
    Connection,
    Dialect,
    Engine,
    ExceptionContext,
    Row,
    TextClause,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from common.exceptions import TransientError

_BEGIN = "BEGIN"
_BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SET_CLIENT = "SELECT set_config('app.client', %(client_of_transaction)s, true)"
_NO_WAIT = "SET LOCAL synchronous_commit = off"
_PLAN_ANEW = "DISCARD PLANS"
_PREPARE_ANEW = "DEALLOCATE ALL"
# What a connection remembers.
_OPENING, _WAITING, _PREPARED, _USED = "opening", "waiting", "prepared", "used"
_PARAMETER = re.compile(r"%\((\w+)\)s")
_WHO = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
_RACES = {errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED}


class ConflictError(TransientError):
    """Another worker wrote the same key first; who comes back finds its row."""


def prepared(sql: str) -> TextClause:
    """Return a statement that each connection has its server parse once, and seldom plan.

    The type of every parameter must follow from where it stands, or from a CAST.
    """
    return text(sql).execution_options(prepared=True)


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
            isolation_level="AUTOCOMMIT",  # the driver's own BEGIN would be a message of its own
        )
        event.listen(self._engine, "before_cursor_execute", _as_sent, retval=True)
        event.listen(self._engine, "handle_error", _forget_prepared)

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
        with self._opened([_BEGIN, *_settings(client, is_durable)], client) as connection:
            yield connection

    def execute(
        self,
        statement: TextClause,
        parameters: Mapping[str, object],
        *,
        client: str | None = None,
        is_durable: bool = True,
    ) -> Sequence[Row[Any]]:
        """Run one statement as a transaction of its own, and return its rows.

        What goes to the server in one message is one transaction, without BEGIN and COMMIT.

        Raises:
            ConflictError: A unique key was taken by another transaction.
            TransientError: The server cannot be reached, or the transaction lost a race.
        """
        with self._connected() as connection:
            _open_with(connection, _settings(client, is_durable), client)
            result = connection.execute(statement, parameters)
            return result.all() if result.returns_rows else ()

    @contextmanager
    def snapshot(self, client: str) -> Iterator[Connection]:
        """Open a read-only transaction of `client` in which every statement sees one moment."""
        with self._opened([_BEGIN_SNAPSHOT, _SET_CLIENT], client) as connection:
            yield connection

    @contextmanager
    def _opened(self, opening: list[str], client: str | None) -> Iterator[Connection]:
        with self._connected() as connection:
            _open_with(connection, opening, client)
            try:
                yield connection
                _end(connection, "COMMIT")
            except BaseException:
                with suppress(
                    SQLAlchemyError
                ):  # the connection is gone, and its transaction with it
                    _end(connection, "ROLLBACK")
                raise

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
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:  # of a COPY
            raise TransientError(f"PostgreSQL: {error}") from error
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
        ((bypasses,),) = self.execute(_WHO, {})
        if bypasses:
            raise PermissionError("PostgreSQL role bypasses row-level security; use datacore_*")

    def close(self) -> None:
        """Close all pooled connections."""
        self._engine.dispose()


def _settings(client: str | None, is_durable: bool) -> list[str]:
    """Return what is set for one transaction."""
    return [*([] if is_durable else [_NO_WAIT]), *([] if client is None else [_SET_CLIENT])]


def _open_with(connection: Connection, opening: Sequence[str], client: str | None) -> None:
    """Have this said before the next statement, in the same message.

    Until PostgreSQL has statistics, a plan is as good as tables were large when it was made. So each
    connection has them made anew whenever it has been used twice as often.
    """
    used = connection.info[_USED] = connection.info.get(_USED, 0) + 1
    if used.bit_count() == 1:
        opening = [*opening, _PLAN_ANEW]  # after BEGIN: it would be too late for a snapshot
    connection.info[_OPENING] = (opening, {"client_of_transaction": client})


def later(connection: Connection, write: TextClause, parameters: Mapping[str, object]) -> None:
    """Have a write go to the server together with the transaction's next statement, or its end.

    What is wrong with it is raised there.
    """
    sql = _compiled(write, connection.dialect)
    is_prepared = write.get_execution_options().get("prepared", False)
    connection.info.setdefault(_WAITING, []).append((sql, parameters, is_prepared))


@cache
def _compiled(statement: TextClause, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def _end(connection: Connection, word: str) -> None:
    """End the transaction, unless no statement has begun it."""
    if word == "ROLLBACK":
        connection.info.pop(_WAITING, None)
    if connection.info.get(_WAITING) or connection.info.pop(_OPENING, None) is None:
        connection.exec_driver_sql(word)


def _as_sent(
    connection: Connection,
    _cursor: Any,
    statement: str,
    parameters: Any,
    context: Any,
    executemany: bool,
) -> tuple[str, Any]:
    """Return what goes to the server in a statement's stead.

    All in one message, by the call that SQLAlchemy watches: an error of another one would reach
    nobody as the failure that it is.
    """
    before: list[str] = []
    if context.execution_options.get("prepared"):
        statement = _execution(connection, statement, before)
    opening, given = connection.info.pop(_OPENING, ((), {}))
    waiting = []
    for number, (sql, values, is_prepared) in enumerate(connection.info.pop(_WAITING, ())):
        write = _execution(connection, sql, before) if is_prepared else sql
        waiting.append(_PARAMETER.sub(rf"%(\1_of_{number})s", write))
        given |= {f"{name}_of_{number}": value for name, value in values.items()}
    before += [*opening, *waiting]
    if not before:
        return statement, parameters
    if executemany:
        connection.exec_driver_sql("; ".join(before), given)
        return statement, parameters
    return "; ".join([*before, statement]), parameters | given


def _execution(connection: Connection, statement: str, before: list[str]) -> str:
    """Return what executes a statement that is prepared, once `before` has been said."""
    if _PREPARED not in connection.info:
        connection.info[_PREPARED] = {}
        before.append(_PREPARE_ANEW)
    known = connection.info[_PREPARED]
    if statement not in known:
        preparation, known[statement] = _preparation(statement, f"statement_{len(known)}")
        before.append(preparation)
    execution: str = known[statement]
    return execution


def _forget_prepared(failure: ExceptionContext) -> None:
    """Have a connection's statements prepared anew after a failure.

    Of a message that failed nobody knows whether the server came to what was to be prepared in it;
    and a connection is used for as long as its worker lives.
    """
    connection = failure.connection
    if connection is not None and not connection.invalidated:  # else it remembers nothing
        connection.info.pop(_PREPARED, None)


def _preparation(statement: str, name: str) -> tuple[str, str]:
    """Return what prepares a statement, and what executes it."""
    names = list(dict.fromkeys(_PARAMETER.findall(statement)))
    numbered = _PARAMETER.sub(lambda found: f"${1 + names.index(found[1])}", statement)
    given = ", ".join(f"%({each})s" for each in names)
    return (
        f"PREPARE {name} AS {numbered}",
        f"EXECUTE {name} ({given})" if names else f"EXECUTE {name}",
    )


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
