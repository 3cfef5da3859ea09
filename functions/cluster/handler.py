"""Cluster: turn a client's current datasets into one segmentation.

Trigger    DatasetsChanged, a nudge
Reads      current datasets, whether each replaces the days of older ones, and the data version
           (PostgreSQL); their frames (MongoDB)
Writes     segmentation, segments, assignments, contributions; the client's current segmentation
Publishes  SegmentationStored; DatasetsChanged when the data moved meanwhile

Delivered twice: a segmentation is named after what it was computed from, so the second run finds
it and computes nothing. Only the newest data's result becomes current.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence

import pandas as pd

from common.events import DatasetsChanged, Event
from common.failpoints import failpoint
from common.ledger import Claim
from functions.cluster.lines import COLUMNS, partial
from functions.cluster.repository import FrameRepository, SegmentationRepository, Snapshot
from functions.cluster.segmentation import CODE_VERSION, Parameters, segment


def handle(
    event: Event,
    *,
    claim: Claim,
    frames: FrameRepository,
    segmentations: SegmentationRepository,
) -> Sequence[Event]:
    """Bring the client's report up to its data, and return the events to publish.

    Raises:
        TransientError: A server cannot be reached.
    """
    if not isinstance(event, DatasetsChanged):
        raise TypeError(f"cluster does not handle {type(event).__name__}")
    snapshot = segmentations.snapshot(event.client)
    parameters = Parameters(currency=snapshot.currency)
    name = fingerprint(snapshot, parameters)
    if not any(dataset.accepted_rows for dataset in snapshot.datasets):
        segmentations.set_current(claim, snapshot, None)
    elif segmentations.is_known(event.client, name):
        segmentations.set_current(claim, snapshot, name)
    else:
        result = segment(read(snapshot, frames), datasets=snapshot.datasets, parameters=parameters)
        failpoint("cluster_computed")
        segmentations.store(claim, snapshot, name, result)
        segmentations.set_current(claim, snapshot, name)
    return []


def read(snapshot: Snapshot, frames: FrameRepository) -> Iterator[pd.DataFrame]:
    """Yield the order lines of every current dataset, a chunk at a time."""
    for dataset in snapshot.datasets:
        for table in frames.read(snapshot.client, dataset.frame_id, COLUMNS):
            yield partial(table, dataset=dataset)


def fingerprint(snapshot: Snapshot, parameters: Parameters) -> str:
    """Name a segmentation after everything it follows from: the same data gives the same name."""
    facts = {
        "code": CODE_VERSION,
        "parameters": repr(parameters),
        "datasets": [[d.frame_id, d.sha256, d.branch, d.replaces] for d in snapshot.datasets],
        "mended": [
            [d.sha256, row, place and [place.sha256, place.row]]
            for d in snapshot.datasets
            for row, place in sorted(d.mended.items())
        ],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
