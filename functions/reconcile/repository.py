"""What reconcile asks the ledger, and the little that it keeps there."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import text

from common.postgres import Postgres
from functions.reconcile.comparison import KnownKey, KnownUpload, MissingKey
from functions.reconcile.silence import REMEMBERED_UPLOADS

_BATCH = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """Where the list of a bucket goes on, and when it was last seen whole."""

    store_id: str | None = None  # what marked it when it was first seen; None: never looked at
    after_key: str = ""  # '' at the start of a round
    highest_key: str = ""
    whole_age_s: float | None = None  # since the last round ended; None: none has

    def moved(self, *, after_key: str, highest_key: str) -> "Cursor":
        """Return the cursor after a page."""
        return replace(self, after_key=after_key, highest_key=highest_key)


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchUploads:
    """The newest uploads of a branch."""

    client: str
    branch: str
    last_upload: str
    stored_at: Sequence[datetime]  # the newest first


_CLOCK = text("SELECT clock_timestamp()")

# Held by the connection: it goes with its process, and a restart need not wait.
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('reconcile:' || :bucket, 0))")

_KNOW = text("""
    INSERT INTO reconcile_cursor (bucket) VALUES (:bucket) ON CONFLICT (bucket) DO NOTHING
""")

_CURSOR = text("""
    SELECT store_id, after_key, highest_key, extract(epoch FROM now() - finished_at) AS whole_age_s
    FROM reconcile_cursor WHERE bucket = :bucket
""")

_SAVE = text("""
    UPDATE reconcile_cursor SET
        after_key = :after, highest_key = :highest,
        finished_at = CASE WHEN :is_last THEN now() ELSE finished_at END
    WHERE bucket = :bucket
""")

_REMEMBER = text("UPDATE reconcile_cursor SET store_id = :store_id WHERE bucket = :bucket")

_HOLD_BACK = text("""
    UPDATE reconcile_cursor SET
        held_back = CAST(:said AS jsonb),
        held_back_at = CASE WHEN CAST(:said AS jsonb) IS NULL THEN NULL
                            ELSE coalesce(held_back_at, now()) END
    WHERE bucket = :bucket
""")

_MISSING = text("""
    INSERT INTO missing_keys (bucket, key, client_id, looked_at)
    VALUES (:bucket, :key, :client, :looked_at) ON CONFLICT DO NOTHING
""")

_MISSING_COUNTS = text("""
    SELECT client_id, count(*) AS keys FROM missing_keys WHERE bucket = :bucket GROUP BY client_id
""")

_MISSING_KEYS = text("""
    SELECT client_id AS client, key, looked_at FROM missing_keys
    WHERE bucket = :bucket AND key > :after ORDER BY key LIMIT :batch
""")

_FORGET_MISSING = text("DELETE FROM missing_keys WHERE bucket = :bucket")

_UPLOADS = text("""
    SELECT key, version_id, state, seen_at, looked_at
    FROM uploads LEFT JOIN object_keys USING (client_id, bucket, key)
    WHERE client_id = :client AND bucket = :bucket AND key = ANY(:keys)
""")

_STRAYS = text("""
    SELECT key, version_id FROM stray_objects WHERE bucket = :bucket AND key = ANY(:keys)
""")

_LIVE_BETWEEN = text("""
    SELECT DISTINCT key COLLATE "C" AS key FROM uploads
    WHERE client_id = :client AND bucket = :bucket AND state NOT IN ('removed', 'superseded')
      AND key COLLATE "C" > :low AND (CAST(:high AS text) IS NULL OR key COLLATE "C" <= :high)
      AND seen_at < :before
    ORDER BY 1 LIMIT :batch
""")

_LIVE_KEYS = text("""
    SELECT count(DISTINCT key) FROM uploads
    WHERE client_id = :client AND bucket = :bucket AND state NOT IN ('removed', 'superseded')
""")

_CLIENTS = text("SELECT id FROM clients ORDER BY id")

_LAGGING = text("SELECT id FROM clients WHERE data_version > segmented_version ORDER BY id")

_BRANCHES = text("""
    SELECT branches.id AS branch, last.id AS last_upload, last.stored_at
    FROM branches CROSS JOIN LATERAL (
        SELECT id, stored_at FROM uploads
        WHERE uploads.client_id = branches.client_id AND uploads.branch_id = branches.id
        ORDER BY stored_at DESC, id LIMIT :remembered
    ) AS last
    WHERE branches.client_id = :client
    ORDER BY branches.id, last.stored_at DESC, last.id
""")


_TOLD = text("""
    SELECT DISTINCT about FROM notices
    WHERE client_id = :client AND code = 'notice_branch_silent'
""")


class Repository:
    """Reads as the app for one client at a time, and as the runtime for all; writes as the latter."""

    def __init__(self, *, app: Postgres, runtime: Postgres, bucket: str) -> None:
        self._app = app
        self._runtime = runtime
        self._bucket = {"bucket": bucket}

    def clock(self) -> datetime:
        """Return the database's time."""
        with self._runtime.transaction() as connection:
            moment: datetime = connection.execute(_CLOCK).scalar_one()
        return moment

    # --- the cursor -------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep other reconciles from this bucket; yields False while another looks at it."""
        with self._runtime.transaction() as connection:
            yield bool(connection.execute(_ALONE, self._bucket).scalar_one())

    def cursor(self) -> Cursor:
        """Return where to go on."""
        with self._runtime.transaction() as connection:
            connection.execute(_KNOW, self._bucket)
            row = connection.execute(_CURSOR, self._bucket).one()
        age_s = None if row.whole_age_s is None else float(row.whole_age_s)
        return Cursor(**{**row._asdict(), "whole_age_s": age_s})

    def save(self, cursor: Cursor, *, is_last: bool) -> None:
        """Keep where to go on."""
        after = {"after": cursor.after_key, "highest": cursor.highest_key, "is_last": is_last}
        with self._runtime.transaction() as connection:
            connection.execute(_SAVE, self._bucket | after)

    def remember(self, store_id: str) -> None:
        """Know the bucket by this mark from now on."""
        with self._runtime.transaction() as connection:
            connection.execute(_REMEMBER, self._bucket | {"store_id": store_id})

    def hold_back(self, said: Mapping[str, Any] | None) -> None:
        """Tell the operator why nothing is removed: a code and its parameters; None: all is well."""
        words = None if said is None else json.dumps(said)
        with self._runtime.transaction() as connection:
            connection.execute(_HOLD_BACK, self._bucket | {"said": words})

    # --- keys that are missing --------------------------------------------------------------

    def keep_missing(self, missing: Sequence[MissingKey]) -> None:
        """Keep keys for the end of the round, when it is known how many they are."""
        rows: list[dict[str, object]] = [
            {**self._bucket, "key": key.key, "client": key.client, "looked_at": key.looked_at}
            for key in missing
        ]
        if rows:
            with self._runtime.transaction() as connection:
                connection.execute(_MISSING, rows)

    def missing_counts(self) -> Mapping[str, int]:
        """Return the number of missing keys by client."""
        with self._runtime.transaction() as connection:
            rows = connection.execute(_MISSING_COUNTS, self._bucket).all()
        return {row.client_id: row.keys for row in rows}

    def missing_keys(self) -> Iterator[MissingKey]:
        """Yield the missing keys, some at a time."""
        after = ""
        while True:
            params = self._bucket | {"after": after, "batch": _BATCH}
            with self._runtime.transaction() as connection:
                rows = connection.execute(_MISSING_KEYS, params).all()
            if not rows:
                return
            yield from (MissingKey(**row._asdict()) for row in rows)
            after = rows[-1].key

    def forget_missing(self) -> None:
        """Begin a round: what is missing is found anew."""
        with self._runtime.transaction() as connection:
            connection.execute(_FORGET_MISSING, self._bucket)

    # --- clients, one at a time -------------------------------------------------------------

    def known(self, keys: Sequence[str]) -> Mapping[str, KnownKey]:
        """Return what the ledger knows of each of these keys."""
        by_prefix: dict[str, list[str]] = defaultdict(list)
        for key in keys:
            by_prefix[key.partition("/")[0]].append(key)
        rows = [row for prefix, mine in by_prefix.items() for row in self._uploads(prefix, mine)]
        with self._runtime.transaction() as connection:
            strays = connection.execute(_STRAYS, self._bucket | {"keys": list(keys)}).all()
        known = {key: KnownKey() for key in keys}
        for row in strays:
            known[row.key] = replace(
                known[row.key], strays=known[row.key].strays | {row.version_id}
            )
        for row in rows:
            upload = KnownUpload(version_id=row.version_id, state=row.state, seen_at=row.seen_at)
            uploads = (*known[row.key].uploads, upload)
            known[row.key] = replace(known[row.key], looked_at=row.looked_at, uploads=uploads)
        return known

    def _uploads(self, client: str, keys: Sequence[str]) -> Sequence[Any]:
        params = self._bucket | {"client": client, "keys": keys}
        with self._app.transaction(client) as connection:
            return connection.execute(_UPLOADS, params).all()

    def live_between(self, low: str, high: str | None, *, before: datetime) -> Iterator[str]:
        """Yield keys with a live upload above `low` up to `high`, in the order of their bytes."""
        for client in self._clients():
            # All keys of a client lie between these two: '0' is what follows '/'.
            first, last = f"{client}/", f"{client}0"
            if last <= low or (high is not None and first > high):
                continue
            yield from self._live_of(client, low, high, before)

    def _live_of(self, client: str, low: str, high: str | None, before: datetime) -> Iterator[str]:
        while True:
            params = {"client": client, "low": low, "high": high, "before": before, "batch": _BATCH}
            with self._app.transaction(client) as connection:
                keys = list(connection.execute(_LIVE_BETWEEN, self._bucket | params).scalars())
            yield from keys
            if len(keys) < _BATCH:
                return
            low = keys[-1]

    def live_counts(self) -> Mapping[str, int]:
        """Return the number of live keys by client."""
        counts = {}
        for client in self._clients():
            with self._app.transaction(client) as connection:
                counts[client] = connection.execute(
                    _LIVE_KEYS, self._bucket | {"client": client}
                ).scalar_one()
        return counts

    def lagging_clients(self) -> list[str]:
        """Return the clients whose data changed after their current segmentation."""
        with self._runtime.transaction() as connection:
            return list(connection.execute(_LAGGING).scalars())

    def branches(self) -> Iterator[BranchUploads]:
        """Yield each branch that has sent something, with the store times of its newest uploads."""
        for client in self._clients():
            params = {"client": client, "remembered": REMEMBERED_UPLOADS}
            with self._app.transaction(client) as connection:
                rows = connection.execute(_BRANCHES, params).all()
            by_branch: dict[str, list[Any]] = defaultdict(list)
            for row in rows:
                by_branch[row.branch].append(row)
            for branch, newest in by_branch.items():
                yield BranchUploads(
                    client=client,
                    branch=branch,
                    last_upload=newest[0].last_upload,
                    stored_at=[row.stored_at for row in newest],
                )

    def told_silences(self, client: str) -> frozenset[str]:
        """Return what the client's users were already told of silent branches."""
        with self._app.transaction(client) as connection:
            return frozenset(connection.execute(_TOLD, {"client": client}).scalars())

    def _clients(self) -> list[str]:
        with self._runtime.transaction() as connection:
            return list(connection.execute(_CLIENTS).scalars())
