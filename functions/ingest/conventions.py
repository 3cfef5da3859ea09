"""What the ledger knows of how a branch's files are read, in PostgreSQL.

What people decided is looked up for each file; what the branch's other files show only for one that
leaves something open. Most do not, and a branch may have ten thousand of them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

from common.events import Event, ObjectCreated, ObjectRef
from functions.ingest.profiles import Decision, Period, period_of, told
from functions.ingest.reader import FormatProfile

_DECISIONS = text("""
    SELECT version, since, settings, upload_id FROM branch_profiles
    WHERE client_id = :client AND branch_id = :branch
""")

_VALUES = {"date_order": ["dmy", "mdy", "ymd"], "decimal_mark": [".", ","]}

# Which values current datasets of the branch show, of those stored in a stretch of time. From the
# few that show one to their uploads, never the other way round: OFFSET 0 keeps it so.
_SHOWN = {
    setting: text(f"""
        SELECT value FROM unnest(CAST(:values AS text[])) AS value WHERE EXISTS (
            SELECT FROM datasets d
            WHERE d.client_id = :client AND d.shows_{setting} = value AND EXISTS (
                SELECT FROM uploads u WHERE u.client_id = d.client_id AND u.sha256 = d.sha256
                    AND u.branch_id = :branch AND u.state IN ('stored', 'duplicate')
                    AND u.stored_at >= :first AND u.stored_at < :last OFFSET 0))
    """)  # noqa: S608 - the column is one of the two named here
    for setting in _VALUES
}

_WAITING = text("""
    SELECT bucket, key, version_id, generation FROM uploads
    WHERE client_id = :client AND branch_id = :branch AND state = 'needs_answer'
      AND reason IN ('date_order', 'year_order', 'decimal_mark')
    ORDER BY stored_at, id
""")

# Current uploads stored later that something else than their own column told how to be read.
_TOLD = text("""
    SELECT u.id, u.bucket, u.key, u.version_id, u.generation, u.stored_at, d.understanding
    FROM datasets d JOIN uploads u ON u.client_id = d.client_id AND u.sha256 = d.sha256
    WHERE d.client_id = :client AND d.branch_id = :branch
      AND 'profile' IN (d.understanding->>'date_order_settled_by',
                        d.understanding->>'decimal_mark_settled_by')
      AND u.branch_id = :branch AND u.state IN ('stored', 'duplicate')
      AND u.stored_at > :stored_at
    ORDER BY u.stored_at, u.id
""")

# It no longer counts, as if it had not been read: what it was read by does not hold.
_FORGET = text("""
    UPDATE uploads SET state = 'announced', outcome = NULL, reason = NULL, params = '{}',
        settled_at = NULL
    WHERE client_id = :client AND id = :id
""")

# The setting that answers a question; others are answered by a column's name.
_ANSWERS = {
    "date_order": "date_order",
    "year_order": "date_order",
    "decimal_mark": "decimal_mark",
}

_COLUMN = "columns."  # how settings begin that name the header of a column of ours


Asking = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A file of a branch, as far as its conventions depend on it."""

    client: str
    branch: str
    upload_id: str
    stored_at: datetime


def decisions_of(connection: Connection, file: File) -> list[Decision]:
    """Return what people decided about the branch's files."""
    names = {"client": file.client, "branch": file.branch}
    return [Decision(**row._asdict()) for row in connection.execute(_DECISIONS, names)]


def profile_of(file: File, decisions: Sequence[Decision], asking: Asking) -> FormatProfile:
    """Return how files of the branch are read at the file's store time.

    What the branch's files show is asked later, on a connection that `asking` opens then.
    """

    def period(setting: str) -> Period:
        return period_of(decisions, setting, stored_at=file.stored_at, upload_id=file.upload_id)

    periods = {setting: period(setting) for setting in _VALUES}
    columns = {
        setting.removeprefix(_COLUMN): period(setting)
        for setting in sorted({name for each in decisions for name in each.settings})
        if setting.startswith(_COLUMN)
    }

    @cache
    def convention(setting: str) -> str | None:
        """Return what was decided, or what the files show that were stored before, or after."""
        it = periods[setting]
        with asking() as asked:
            before = _shown(asked, file, setting, it.since, file.stored_at)
            return told(it, before, lambda: _shown(asked, file, setting, file.stored_at, it.until))

    return FormatProfile(
        version=max(each.version for each in (*periods.values(), *columns.values())),
        told=convention,
        columns={n: name for n, each in columns.items() if (name := told(each, set(), set))},
    )


def as_read_before(understanding: Mapping[str, Any]) -> FormatProfile:
    """Return what has a file read again as it was read."""
    by = understanding.get("mapping_settled_by", {})  # an older reader did not say
    return FormatProfile(
        version=understanding["profile_version"],
        told=understanding.get,
        columns={n: c for n, c in understanding["mapping"].items() if by.get(n) == "profile"},
    )


def wake_waiting(connection: Connection, client: str, branch: str) -> list[Event]:
    """Have waiting uploads of the branch read again: its files now show what was asked."""
    return list(map(read_again, connection.execute(_WAITING, {"client": client, "branch": branch})))


def is_as_told(connection: Connection, file: File, understanding: Mapping[str, Any]) -> bool:
    """Say whether what told how the file was to be read still says so."""
    decisions = decisions_of(connection, file)
    profile = profile_of(file, decisions, lambda: nullcontext(connection))
    return all(
        understanding[f"{setting}_settled_by"] != "profile"
        or profile.told(setting) == understanding[setting]
        for setting in _VALUES
    )


def is_still_open(
    connection: Connection, file: File, question: str, profile: FormatProfile
) -> bool:
    """Say whether nothing answers a question that did not when the file was read by `profile`."""
    now = profile_of(file, decisions_of(connection, file), lambda: nullcontext(connection))
    setting = _ANSWERS.get(question)
    return (now.version, now.columns) == (profile.version, profile.columns) and (
        setting is None or now.told(setting) == profile.told(setting)
    )


def overtake(connection: Connection, file: File, shown: Mapping[str, str]) -> list[Event]:
    """Have files read anew that were stored after this one, and told otherwise than it shows.

    `shown` is what the file shows, by setting. It was read late: had it been there when they were,
    they would have been read as it shows, or asked about.
    """
    names = {"client": file.client, "branch": file.branch, "stored_at": file.stored_at}
    later = [
        row
        for row in connection.execute(_TOLD, names)
        if any(row.understanding[setting] not in {None, value} for setting, value in shown.items())
    ]
    overtaken = [
        row
        for row in later
        if not is_as_told(
            connection,
            replace(file, upload_id=row.id, stored_at=row.stored_at),
            row.understanding,
        )
    ]
    for row in overtaken:
        connection.execute(_FORGET, {"client": file.client, "id": row.id})
    return list(map(read_again, overtaken))


def read_again(row: Any) -> Event:
    """Return what has an upload read again."""
    return ObjectCreated(
        object=ObjectRef(bucket=row.bucket, key=row.key, version_id=row.version_id),
        source="replay",
        generation=row.generation + 1,
    )


def _shown(
    connection: Connection,
    file: File,
    setting: str,
    first: datetime | None,
    last: datetime | None,
) -> set[str]:
    """Return what files of the branch show that were stored in a stretch of time."""
    names = {"client": file.client, "branch": file.branch, "values": _VALUES[setting]}
    bounds = {"first": first or "-infinity", "last": last or "infinity"}
    return set(connection.execute(_SHOWN[setting], names | bounds).scalars())
