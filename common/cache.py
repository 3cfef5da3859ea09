"""The door to Redis: bodies under names that contain everything they depend on.

So nothing is ever invalidated, and a Redis that is down, slow or empty only costs time. After a
failure it is left alone for a few seconds: each request must not pay for it again.
"""

import json
from collections.abc import Callable
from typing import Any, cast

import redis
from pydantic import SecretStr

_EXPIRES_S = 7 * 24 * 3600
_TIMEOUT_S = 0.25
_REST_S = 5.0


class Cache:
    """JSON values of one client each; `clock` counts seconds and never goes back."""

    def __init__(self, url: SecretStr, *, clock: Callable[[], float]) -> None:
        self._redis = redis.Redis.from_url(
            url.get_secret_value(),
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=None,
        )
        self._clock = clock
        self._rests_until = 0.0

    def get(self, client: str, name: str) -> Any | None:
        """Return the value, or None when it is not there or Redis cannot say."""
        stored = self._try(lambda: self._redis.get(_key(client, name)))
        if stored is None:
            return None
        try:
            value = json.loads(cast("bytes", stored))
            # A name that was mixed up must never show another client's report.
            return value["body"] if value["client"] == client else None
        except (ValueError, TypeError, KeyError):
            return None  # not ours: as good as nothing

    def put(self, client: str, name: str, body: Any) -> None:
        """Keep the value, if Redis can."""
        value = json.dumps({"client": client, "body": body})
        self._try(lambda: self._redis.set(_key(client, name), value, ex=_EXPIRES_S))

    def is_up(self) -> bool:
        """Say whether Redis answers."""
        return self._try(self._redis.ping) is not None

    def close(self) -> None:
        """Close all connections."""
        self._redis.close()

    def _try(self, call: Callable[[], Any]) -> Any | None:
        if self._clock() < self._rests_until:
            return None
        try:
            return call()
        except (redis.RedisError, OSError):
            self._rests_until = self._clock() + _REST_S
            return None


def _key(client: str, name: str) -> str:
    return f"v1:{client}:{name}"
