"""Debian's RabbitMQ as a plain process: one node, its topology loaded at every start.

Erlang's nodes find each other by a daemon, epmd, which outlives whoever started it. Ours is a
private one that only listens on loopback and dies with the node: it is tied to the node's process,
which replaces the shell that started both.
"""

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from common.exceptions import TransientError
from common.messaging import topology
from common.messaging.rabbitmq import RabbitTransport
from common.settings import Settings
from infra.local.failures import LocalError
from infra.local.home import HOST, Home, Ports, Secrets, write_json
from infra.local.process import Command, inherited_environment
from infra.local.programs import program_of_debian
from infra.rabbitmq import FUNCTION_USER, STORE_USER, definitions

_PROGRAMS = Path("/usr/lib/rabbitmq/bin")  # those in /usr/sbin change to another user
_NODE = "datacore@localhost"
_SETTINGS = f"""\
listeners.tcp.1 = {HOST}:{{port}}
load_definitions = {{definitions}}
log.file = false
log.console = true
log.console.level = warning
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 100MB
"""
_START = """\
setpriv --pdeathsig KILL epmd -address "$ERL_EPMD_ADDRESS" -port "$ERL_EPMD_PORT" &
until epmd -names > /dev/null 2>&1; do sleep 0.02; done
exec "$0"
"""


class RabbitServer:
    """rabbitmq-server on ports of its own, with one user for the store and one for functions."""

    name = "rabbitmq"

    def __init__(self, home: Home, ports: Ports, secrets: Secrets) -> None:
        self._home = home
        self._ports = ports
        self._secrets = secrets
        self._folder = home.path / "rabbitmq"

    @property
    def url(self) -> str:
        """URL by which functions reach their virtual host."""
        return self._url(FUNCTION_USER, self._secrets.rabbitmq_functions)

    @property
    def store_url(self) -> str:
        """URL by which the object store publishes what happened."""
        return self._url(STORE_USER, self._secrets.rabbitmq_store)

    def _url(self, user: str, password: str) -> str:
        return f"amqp://{user}:{password}@{HOST}:{self._ports.rabbitmq}/{topology.VHOST}"

    def prepare(self, run: Callable[[Command], None]) -> None:  # noqa: ARG002 - nothing to run
        """Write settings, definitions and the cookie by which the node knows its own tools."""
        _program("rabbitmq-server")
        self._home.folder("rabbitmq")
        write_json(self._folder / "definitions.json", self.definitions(topology.VHOST))
        (self._folder / "enabled_plugins").write_text("[].\n")
        (self._folder / "rabbitmq.conf").write_text(
            _SETTINGS.format(
                port=self._ports.rabbitmq, definitions=self._folder / "definitions.json"
            )
        )
        cookie = self._folder / ".erlang.cookie"
        cookie.touch(mode=0o600)
        cookie.write_text(self._secrets.rabbitmq_cookie)

    def definitions(self, vhost: str) -> dict[str, object]:
        """Return topology and users of a virtual host, as RabbitMQ loads them."""
        return definitions(
            store_password=self._secrets.rabbitmq_store,
            functions_password=self._secrets.rabbitmq_functions,
            vhost=vhost,
        )

    def command(self) -> Command:
        """Return how to run it, in the foreground."""
        return Command(
            name=self.name,
            argv=("sh", "-c", _START, _program("rabbitmq-server")),
            cwd=self._folder,
            log=self._home.log(self.name),
            environment=self._environment(),
            stop_within_s=20.0,
        )

    def _environment(self) -> Mapping[str, str]:
        folder = str(self._folder)
        return {
            "HOME": folder,
            "ERL_EPMD_ADDRESS": HOST,
            "ERL_EPMD_PORT": str(self._ports.rabbitmq_epmd),
            "ERL_FLAGS": "-start_epmd false",
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/rabbitmq-env.conf",  # not the machine's own
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_DIST_PORT": str(self._ports.rabbitmq_dist),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-kernel inet_dist_use_interface {{{HOST.replace('.', ',')}}}"
            ),
            # Its script then becomes the server, instead of a shell that waits for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def is_ready(self) -> bool:
        """Say whether functions can log in and find their queues."""
        transport = RabbitTransport(Settings(amqp_url=SecretStr(self.url)))
        try:
            transport.waiting(topology.PARKED)
        except TransientError:
            return False
        else:
            return True
        finally:
            transport.close()

    def bootstrap(self) -> None:
        """Do nothing: the node has loaded its definitions before it listened."""

    def control(self, *words: str) -> str:
        """Return what `rabbitmqctl` says.

        Raises:
            LocalError: It failed.
        """
        done = subprocess.run(
            (_program("rabbitmqctl"), "--quiet", *words),
            env={**inherited_environment(), **self._environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LocalError(
                "server_died",
                {
                    "server": "rabbitmqctl",
                    "code": done.returncode,
                    "lines": done.stdout + done.stderr,
                    "log": "",
                },
            )
        return done.stdout


def _program(name: str) -> str:
    return program_of_debian(str(_PROGRAMS / name))
