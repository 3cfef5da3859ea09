"""What cluster reads and writes: current datasets and segmentations in PostgreSQL, frames in MongoDB.

`snapshot` sees one moment. `store` and `set_current` are staged on the claim and run in the one
transaction that ends it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from common.events import DatasetsChanged, Event, SegmentationStored
from common.failpoints import failpoint
from common.ledger import Claim
from common.mongo import Mongo
from common.postgres import Postgres, copy_rows
from functions.cluster.lines import Dataset, Place
from functions.cluster.segmentation import HabitsOutcome, Phrase, Segment, Segmentation


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A client's data as of one moment."""

    client: str
    currency: str | None
    data_version: int
    datasets: tuple[Dataset, ...]  # current ones, the oldest first


_CLIENT = text("SELECT currency, data_version FROM clients WHERE id = :client")

# What was decided for the file itself goes before what held at its time; before the first decision
# that one holds.
_DATASETS = text("""
    SELECT d.sha256, d.frame_id, d.branch, d.accepted AS accepted_rows,
           d.amount AS accepted_amount, coalesce(decided.overlap = 'replaces', false) AS replaces
    FROM current_datasets d LEFT JOIN LATERAL (
        SELECT p.settings->>'overlap' AS overlap FROM branch_profiles p
        WHERE p.client_id = d.client_id AND p.branch_id = d.branch
          AND jsonb_exists(p.settings, 'overlap')
        ORDER BY coalesce(p.upload_id = d.upload_id, false) DESC,
                 coalesce(p.since, '-infinity') <= d.stored_at DESC,
                 abs(extract(epoch FROM d.stored_at - coalesce(p.since, 'epoch'))), p.version DESC
        LIMIT 1) AS decided ON true
    WHERE d.client_id = :client
    ORDER BY d.stored_at, d.version_id, d.sha256
""")

# Rows that mend a line of another dataset, and where that is now; nowhere: they do not count.
_MENDED = text("""
    SELECT r.sha256, r.data_row, c.parent_sha256, c.parent_row
    FROM repairs r JOIN current_datasets d USING (client_id, sha256)
    LEFT JOIN current_repairs c USING (client_id, sha256, data_row)
    WHERE client_id = :client ORDER BY r.sha256, r.data_row
""")

_KNOWN = text("SELECT 1 FROM segmentations WHERE client_id = :client AND id = :id")

_LOCK = text("""
    SELECT data_version, segmented_version, segmentation_id FROM clients
    WHERE id = :client FOR UPDATE
""")

_STORE = text("""
    INSERT INTO segmentations (client_id, id, as_of, data_version, summary)
    VALUES (:client, :id, :as_of, :data_version, CAST(:summary AS jsonb))
""")

_STORE_SEGMENT = text("""
    INSERT INTO segments (client_id, segmentation_id, view, segment_id, position, customers,
                          revenue, body)
    VALUES (:client, :id, :view, :segment_id, :position, :customers, :revenue,
            CAST(:body AS jsonb))
""")

_STORE_CONTRIBUTION = text("""
    INSERT INTO contributions (client_id, segmentation_id, sha256, branch_id, accepted_rows,
        counted_rows, replaced_rows, accepted_amount, counted_amount, replaced_amount)
    VALUES (:client, :id, :sha256, :branch, :accepted_rows, :counted_rows, :replaced_rows,
            :accepted_amount, :counted_amount, :replaced_amount)
""")

_SET_CURRENT = text("""
    UPDATE clients SET segmentation_id = :id, segmented_version = :data_version WHERE id = :client
""")

_ASSIGNMENT_COLUMNS = (
    "client_id",
    "segmentation_id",
    "customer_id",
    "rfm_segment",
    "habit_segment",
    "r",
    "f",
    "m",
    "recency_days",
    "orders",
    "spend",
    "first_day",
    "last_day",
    "habits",
)
_HABITS = (
    "ticket",
    "units",
    "products",
    "days_between",
    "returns_share",
    "weekend_share",
    "branches",
    "away_share",
)


class SegmentationRepository:
    """Segmentations of all clients."""

    def __init__(self, app: Postgres) -> None:
        self._app = app

    def snapshot(self, client: str) -> Snapshot:
        """Return the client's current datasets and its data version, as of one moment."""
        with self._app.snapshot(client) as connection:
            row = connection.execute(_CLIENT, {"client": client}).one()
            datasets = connection.execute(_DATASETS, {"client": client}).mappings().all()
            mended = connection.execute(_MENDED, {"client": client}).all()
        branches = {found["sha256"]: found["branch"] for found in datasets}
        places = _by_dataset(mended, branches)
        return Snapshot(
            client=client,
            currency=row.currency,
            data_version=row.data_version,
            datasets=tuple(
                Dataset(**found, rank=rank, mended=places.get(found["sha256"], {}))
                for rank, found in enumerate(datasets)
            ),
        )

    def is_known(self, client: str, name: str) -> bool:
        """Say whether this very segmentation was stored before."""
        with self._app.transaction(client) as connection:
            found = connection.execute(_KNOWN, {"client": client, "id": name}).one_or_none()
        return found is not None

    def store(self, claim: Claim, snapshot: Snapshot, name: str, result: Segmentation) -> None:
        """Keep a new segmentation with its segments, assignments and contributions."""
        ids = {"client": snapshot.client, "id": name}

        def write(connection: Connection) -> list[Event]:
            summary = {
                "totals": result.to_json()["totals"],
                "habits": _outcome_body(result.habits),
            }
            connection.execute(
                _STORE,
                ids
                | {
                    "as_of": result.as_of,
                    "data_version": snapshot.data_version,
                    "summary": json.dumps(summary),
                },
            )
            for segment in result.segments:
                connection.execute(_STORE_SEGMENT, ids | _segment_row(segment))
            for contribution in result.contributions:
                connection.execute(_STORE_CONTRIBUTION, ids | _fields(contribution))
            rows = _assignment_rows(snapshot.client, name, result.assignments)
            copy_rows(connection, "assignments", _ASSIGNMENT_COLUMNS, rows)
            failpoint("cluster_stored")
            return []

        claim.stage(write)

    def set_current(self, claim: Claim, snapshot: Snapshot, name: str | None) -> None:
        """Make a stored segmentation (or none) the client's current one, unless newer data won."""

        def write(connection: Connection) -> list[Event]:
            now = connection.execute(_LOCK, {"client": snapshot.client}).one()
            if now.segmented_version > snapshot.data_version:
                return []  # a later look has already stored what it saw
            connection.execute(
                _SET_CURRENT,
                {"client": snapshot.client, "id": name, "data_version": snapshot.data_version},
            )
            following: list[Event] = []
            if name is not None and name != now.segmentation_id:
                following.append(SegmentationStored(client=snapshot.client, segmentation=name))
            if now.data_version > snapshot.data_version:
                following.append(DatasetsChanged(client=snapshot.client))
            return following

        claim.stage(write)


def _by_dataset(
    rows: Sequence[Any], branches: Mapping[str, str]
) -> dict[str, dict[int, Place | None]]:
    found: dict[str, dict[int, Place | None]] = {}
    for row in rows:
        place = None
        if parent := row.parent_sha256:
            place = Place(sha256=parent, row=row.parent_row, branch=branches[parent])
        found.setdefault(row.sha256, {})[row.data_row] = place
    return found


def _fields(value: object) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__class__.__slots__}  # type: ignore[attr-defined]  # a slotted dataclass


def _outcome_body(outcome: HabitsOutcome) -> dict[str, Any]:
    return {
        "code": f"habits_{outcome.reason or 'stable'}",
        "params": {"clusters": outcome.clusters},
        "clusters": outcome.clusters,
        "stability": outcome.agreement,
        "silhouette": outcome.silhouette,
        "smallest_share": outcome.smallest_share,
    }


def _segment_row(segment: Segment) -> dict[str, Any]:
    body = {
        "name_code": segment.name.code,
        "sentence_code": segment.sentence.code,
        "sentence_params": _plain(segment.sentence),
        "action_code": segment.action.code,
        "rule": [{"code": part.code, "params": _plain(part)} for part in segment.rule],
        "rule_precision": segment.rule_precision,
        "rule_reach": segment.rule_reach,
        "share_of_customers": segment.share_of_customers,
        "share_of_revenue": segment.share_of_revenue,
        "orders": segment.orders,
        "average_ticket": _text(segment.average_ticket),
        "recency_days": segment.recency_days,
        "orders_per_customer": segment.orders_per_customer,
        "spend_per_customer": _text(segment.spend_per_customer),
    }
    return {
        "view": segment.view,
        "segment_id": segment.segment_id,
        "position": segment.position,
        "customers": segment.customers,
        "revenue": segment.revenue,
        "body": json.dumps(body),
    }


def _plain(phrase: Phrase) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(json.dumps(dict(phrase.params), default=str))
    return loaded


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _assignment_rows(
    client: str, name: str, assignments: pd.DataFrame
) -> Iterator[Sequence[object]]:
    columns = {column: assignments[column].tolist() for column in assignments.columns}
    for at in range(len(assignments)):
        row = {
            column: None if pd.isna(values[at]) else values[at]
            for column, values in columns.items()
        }
        habits = {habit: row[habit] for habit in _HABITS if row[habit] is not None}
        yield (
            client,
            name,
            row["customer_id"],
            row["rfm"],
            row["habits"],
            *(_whole(row[score]) for score in ("r", "f", "m", "recency_days", "orders")),
            row["spend"],
            row["first_day"],
            row["last_day"],
            json.dumps(habits, default=str),
        )


def _whole(value: Any) -> int | None:
    return None if value is None else int(value)


class FrameRepository:
    """Frames in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def read(self, client: str, frame_id: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield a frame's rows, a chunk at a time."""
        return self._mongo.read(client, frame_id, columns)
