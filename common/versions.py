"""Which versions of a key are in the store, and not hidden by a later delete."""

from collections.abc import Iterable
from datetime import datetime

from common.events import StoredObject


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
