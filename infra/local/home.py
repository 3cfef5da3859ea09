"""The one folder that holds everything: data, logs, secrets, addresses.

postgres/ mongo/ redis/ ...          data of each server
logs/                                one file a process; `.1` is the run before
spool/                               temporary files of the functions
secrets.json ports.json stack.json   made at the first start, kept (mode 0600)
connection.json                      what the other commands need to know (mode 0600)
lock                                 held while the servers run
"""

import dataclasses
import fcntl
import json
import os
import random
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.failures import LocalError

HOST = "127.0.0.1"
# SeaweedFS listens on a second port for each of its own, this much higher. Both lie below the range
# from which Linux takes the ports of outgoing connections: a kept port is then rarely taken.
SECOND_PORT = 10_000
_PORTS = "12000-21999"
# A home that is stopped keeps its ports, and another that starts meanwhile may choose one of them.
# Who runs several side by side, as the tests do, gives each a range of its own: `12000-13999`.
PORTS_VARIABLE = "DATACORE_LOCAL_PORTS"


def _token() -> str:
    return secrets.token_hex(20)


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """Everything that is secret, generated."""

    postgres_superuser: str = field(default_factory=_token)
    postgres_owner: str = field(default_factory=_token)
    postgres_app: str = field(default_factory=_token)
    postgres_runtime: str = field(default_factory=_token)
    mongo: str = field(default_factory=_token)
    mongo_member: str = field(default_factory=_token)  # by which members of a replica set agree
    redis: str = field(default_factory=_token)
    # The operator may do everything in the object store; the service is what the functions are.
    s3_operator: str = field(default_factory=_token)
    s3_service: str = field(default_factory=_token)
    # Where each function has a key of its own.
    s3_ingest: str = field(default_factory=_token)
    s3_reconcile: str = field(default_factory=_token)
    s3_report_api: str = field(default_factory=_token)
    s3_internal: str = field(default_factory=_token)  # signs calls between the store's own parts
    announcer: str = field(default_factory=_token)
    rabbitmq_functions: str = field(default_factory=_token)
    rabbitmq_store: str = field(default_factory=_token)
    rabbitmq_cookie: str = field(default_factory=_token)  # by which a node knows its own tools


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where each server listens, on 127.0.0.1 only."""

    # Addresses that others keep: people and their programs; a replica set its members'.
    api: int
    s3: int
    mongo: int
    # Known to our own processes only; another is chosen if one is taken at a later start.
    master: int
    filer: int
    volume: int
    admin: int
    postgres: int
    redis: int
    sqs: int
    announcer: int
    rabbitmq: int
    rabbitmq_dist: int
    rabbitmq_epmd: int


_KEPT_PORTS = ("api", "s3", "mongo")


class Home:
    """The folder of one set of servers."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def folder(self, name: str) -> Path:
        """Return a folder inside, made if it is not there; nobody else may look into it."""
        path = self.path / name
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> Path:
        """Return the log file of a process, empty; the one of the run before ends in `.1`."""
        log = self.folder("logs") / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)
        return log

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; whoever tries meanwhile is refused.

        Raises:
            LocalError: Another process holds it.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                lock.seek(0)
                params = {"home": self.path, "pid": lock.read().strip()}
                raise LocalError("home_in_use", params) from error
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def secrets(self) -> Secrets:
        """Return the kept secrets; what is missing is generated and kept."""
        file = self.path / "secrets.json"
        kept = read_json(file)
        names = {f.name for f in dataclasses.fields(Secrets)}
        complete = Secrets(**{name: kept[name] for name in names & kept.keys()})
        write_json(file, {**kept, **dataclasses.asdict(complete)})
        return complete

    def claim_for(self, stack: str) -> None:
        """Remember which servers' data are in here.

        Raises:
            LocalError: Those of others are.
        """
        if (kept := self.stack) not in {None, stack}:
            params = {"home": self.path, "kept": kept, "stack": stack}
            raise LocalError("home_of_other_stack", params)
        write_json(self.path / "stack.json", {"stack": stack})

    @property
    def stack(self) -> str | None:
        """Name of the servers whose data are in here; None before the first start."""
        # Before there were others, all homes were embedded, and did not say so.
        unsaid = "embedded" if self.kept_ports() else None
        return read_json(self.path / "stack.json").get("stack", unsaid)

    def kept_ports(self) -> Mapping[str, int]:
        """Return the ports of the last start; empty before the first one."""
        return read_json(self.path / "ports.json")

    def ports(self) -> Ports:
        """Return a free port for each server, the kept one where there is one.

        Raises:
            LocalError: A port whose address others keep is used by another program.
        """
        kept = self.kept_ports()
        free = _free_ports(excluding=set(kept.values()))
        chosen = {
            f.name: self._port(f.name, kept.get(f.name)) or next(free)
            for f in dataclasses.fields(Ports)
        }
        write_json(self.path / "ports.json", chosen)
        return Ports(**chosen)

    def _port(self, name: str, kept: int | None) -> int | None:
        if kept is None or is_free(kept):
            return kept
        if name in _KEPT_PORTS:
            params = {"server": name, "port": kept, "file": self.path / "ports.json"}
            raise LocalError("port_in_use", params)
        return None

    def remember_addresses(self, *, api_url: str, s3_url: str) -> None:
        """Write where the servers are, for the other commands to read."""
        self._remember({"api_url": api_url, "s3_url": s3_url})

    def remember_client(self, client: str, *, token: str, access_key: str, secret_key: str) -> None:
        """Write how `client` comes in, for the other commands to read."""
        keys = {"token": token, "access_key": access_key, "secret_key": secret_key}
        self._remember({"clients": {**self.known_clients(), client: keys}})

    def known_clients(self) -> Mapping[str, Mapping[str, str]]:
        """Return token and keys of each client that was remembered."""
        clients: Mapping[str, Mapping[str, str]] = self._connection().get("clients", {})
        return clients

    def _connection(self) -> dict[str, Any]:
        return read_json(self.path / "connection.json")

    def _remember(self, content: Mapping[str, object]) -> None:
        write_json(self.path / "connection.json", {**self._connection(), **content})


def _free_ports(*, excluding: set[int]) -> Iterator[int]:
    first, last = map(int, os.environ.get(PORTS_VARIABLE, _PORTS).split("-"))
    candidates = [port for port in range(first, last + 1) if port not in excluding]
    # Shuffled, so that two sets of servers that start at once seldom want the same port.
    random.SystemRandom().shuffle(candidates)
    yield from filter(is_free, candidates)


def is_free(port: int) -> bool:
    """Say whether nobody listens on `port` and the port that goes with it."""
    return _can_listen(port) and _can_listen(port + SECOND_PORT)


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        # A port whose last connections linger in TIME_WAIT is free to a server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def read_json(file: Path) -> dict[str, Any]:
    """Return the object in `file`, or an empty one when there is no such file."""
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise LocalError("file_damaged", {"file": file, "reason": str(error)}) from error
    return content


def write_json(file: Path, content: Mapping[str, object]) -> None:
    """Replace `file` as a whole; only its owner may read it."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    new.replace(file)
