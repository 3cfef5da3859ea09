"""Which versions of a key are in the store, and not hidden by a later delete."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from common.events import StoredObject

_TICK = timedelta(microseconds=1)


def is_alive(version_id: str | None, history: Iterable[StoredObject]) -> bool:
    """Say whether this version is in the store and no later delete hides it."""
    versions = list(history)
    mine = next((v for v in versions if v.ref.version_id == version_id and not v.is_removal), None)
    if mine is None:
        return False
    return not any(v.is_removal and order(v) > order(mine) for v in versions)


def order(version: StoredObject) -> tuple[datetime, str]:
    """Order versions of one key: the newer has the later store time, then version id."""
    return version.stored_at, version.ref.version_id or ""


def untied(listed: Sequence[StoredObject]) -> list[StoredObject]:
    """Return versions with times that differ within a key, in the order in which they were listed.

    Stores tell times in milliseconds, AWS in whole seconds, and list a key's newer version first:
    of those with one time, each is told a microsecond later than the one below it.
    """
    seen: Counter[tuple[str, datetime]] = Counter()
    apart = []
    for version in reversed(listed):
        tie = version.ref.key, version.stored_at
        apart.append(replace(version, stored_at=version.stored_at + seen[tie] * _TICK))
        seen[tie] += 1
    return apart[::-1]
