"""MongoDB of a deployment: a replica set of one, since a standalone loses acknowledged writes."""

import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

_FUNCTIONS = "datacore"
_SET = "datacore"
_PRIMARY_WITHIN_S = 30.0
_ALREADY_INITIALIZED = 23
_USER_EXISTS = 51003


def prepare(url: str, *, member: str, password: str) -> None:
    """Make a replica set of one, with a user for the functions: a standalone loses writes.

    Raises:
        PyMongoError: The server cannot be reached, or refuses.
    """
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=20_000) as client:
        config = {"_id": _SET, "members": [{"_id": 0, "host": member}]}
        _unless(_ALREADY_INITIALIZED, client, "replSetInitiate", config)
    # A connection made before there was a set stays without it.
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=20_000) as client:
        _wait_for_primary(client)
        rights = ["readWriteAnyDatabase"]
        _unless(_USER_EXISTS, client, "createUser", _FUNCTIONS, pwd=password, roles=rights)
        client.admin.command("updateUser", _FUNCTIONS, pwd=password, roles=rights)


def _unless(code: int, client: MongoClient[dict[str, Any]], *words: Any, **options: Any) -> None:
    try:
        client.admin.command(*words, **options)
    except OperationFailure as error:
        if error.code != code:
            raise


def _wait_for_primary(client: MongoClient[dict[str, Any]]) -> None:
    deadline = time.monotonic() + _PRIMARY_WITHIN_S
    while not client.admin.command("hello").get("isWritablePrimary"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no primary within {_PRIMARY_WITHIN_S:.0f} s")
        time.sleep(0.1)
