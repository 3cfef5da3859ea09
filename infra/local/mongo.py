"""MongoDB out of a wheel, as a replica set of one: a standalone loses acknowledged writes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from infra.local.failures import LocalError
from infra.local.home import HOST, Home, Ports, Secrets
from infra.local.process import Command
from infra.local.programs import program_in_package

_SET = "datacore"
_USER = "datacore"
_AUTHENTICATION_FAILED = 18
_ALREADY_INITIALIZED = 23
_NOT_YET_INITIALIZED = 94
_PRIMARY_WITHIN_S = 30.0

T = TypeVar("T")


class MongoServer:
    """mongod on a port of its own, every login by password."""

    name = "mongo"

    def __init__(self, home: Home, ports: Ports, secrets: Secrets) -> None:
        self._home = home
        self._address = f"{HOST}:{ports.mongo}"
        self._port = ports.mongo
        self._secrets = secrets
        self._key_file = home.path / "mongo.key"

    @property
    def url(self) -> str:
        """URL whose writes are answered when a majority has them on disk."""
        options = "directConnection=true&w=majority&journal=true&wtimeoutMS=20000"
        return (
            f"mongodb://{_USER}:{self._secrets.mongo}@{self._address}/?authSource=admin&{options}"
        )

    def prepare(self, run: Callable[[Command], None]) -> None:  # noqa: ARG002 - nothing to run
        """Write the key by which members of the set know each other: passwords need one."""
        self._key_file.touch(mode=0o600)
        self._key_file.write_text(self._secrets.mongo_member)

    def command(self) -> Command:
        """Return how to run it: loopback only, no socket file, a small cache."""
        return Command(
            name=self.name,
            argv=(
                *(
                    program_in_package("fiftyone", "db", "bin", "mongod"),
                    "--dbpath",
                    str(self._home.folder("mongo")),
                ),
                *("--bind_ip", HOST, "--port", str(self._port), "--nounixsocket", "--quiet"),
                *("--replSet", _SET, "--keyFile", str(self._key_file)),
                *("--oplogSize", "128", "--wiredTigerCacheSizeGB", "0.25"),
                # Nobody could take over from a set of one: do not wait for it when stopping.
                *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"),
                *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            ),
            cwd=self._home.path,
            log=self._home.log(self.name),
            stop_within_s=20.0,
        )

    def is_ready(self) -> bool:
        """Say whether it answers."""
        try:
            with self._as_stranger(found_within_ms=500) as client:
                client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def bootstrap(self) -> None:
        """Make the set and its user at the first start; wait until it takes writes."""
        try:
            self._keep_address()
        except OperationFailure as error:
            if error.code != _AUTHENTICATION_FAILED:
                raise
            self._initiate()
            self._wait_for_primary()
            self._create_user()
        self._wait_for_primary()

    def _keep_address(self) -> None:
        """Tell the set where its only member listens now, if that has changed."""
        with self._as_user() as client:
            config = self._wait_for(lambda: _config_of(client))
            if config["members"][0]["host"] != self._address:
                config["members"][0]["host"] = self._address
                config["version"] += 1
                client.admin.command("replSetReconfig", config, force=True)

    def _initiate(self) -> None:
        config = {"_id": _SET, "members": [{"_id": 0, "host": self._address}]}
        with self._as_stranger() as client:
            try:
                client.admin.command("replSetInitiate", config)
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    raise

    def _create_user(self) -> None:
        # As long as there is no user, a connection from this machine may make the first one.
        with self._as_stranger() as client:
            client.admin.command(
                "createUser",
                _USER,
                pwd=self._secrets.mongo,
                roles=["readWriteAnyDatabase", "clusterAdmin"],
            )

    def _wait_for_primary(self) -> None:
        with self._as_stranger() as client:
            self._wait_for(lambda: client.admin.command("hello").get("isWritablePrimary"))

    @staticmethod
    def _wait_for(condition: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + _PRIMARY_WITHIN_S
        while not (answer := condition()):
            if time.monotonic() > deadline:
                raise LocalError("mongo_no_primary", {"seconds": _PRIMARY_WITHIN_S})
            time.sleep(0.02)
        return answer

    # A connection made before the set, or before its user, stays without them: each step its own.

    @contextmanager
    def _as_stranger(
        self, *, found_within_ms: int = 10_000
    ) -> Iterator[MongoClient[dict[str, Any]]]:
        with MongoClient[dict[str, Any]](
            f"mongodb://{self._address}/?directConnection=true",
            serverSelectionTimeoutMS=found_within_ms,
        ) as client:
            yield client

    @contextmanager
    def _as_user(self) -> Iterator[MongoClient[dict[str, Any]]]:
        with MongoClient[dict[str, Any]](self.url, serverSelectionTimeoutMS=10_000) as client:
            yield client


def _config_of(client: MongoClient[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the set's configuration, or None while the server has not loaded it."""
    try:
        config: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code == _NOT_YET_INITIALIZED:
            return None
        raise
    return config
