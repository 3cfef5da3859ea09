"""Frames made by hand, and datasets of frames, for testing what comes after reading."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from common import frame
from functions.cluster.lines import Dataset, partial
from functions.cluster.segmentation import Parameters, Segmentation, segment

_LINE = {
    "customer_id": "anna",
    "ordered_at": "2025-03-03 10:00",
    "order_id": None,
    "branch": None,
    "product_id": None,
    "product": "tea",
    "quantity": 1,
    "unit_price": None,
    "amount": 10,
    "currency": None,
}


def table(lines: Iterable[dict]) -> pa.Table:
    """Return a frame of lines given as what differs from a plain sale."""
    rows = [_row(number, _LINE | each) for number, each in enumerate(lines, start=1)]
    return pa.Table.from_pylist(rows, schema=frame.CANONICAL)


def _row(number: int, line: dict) -> dict:
    amount = Decimal(str(line["amount"]))
    quantity = None if line["quantity"] is None else Decimal(str(line["quantity"]))
    gives_back = amount < 0 or (quantity is not None and quantity < 0)
    return {"row": number, "line": number + 1, "kind": "return" if gives_back else "sale"} | (
        line
        | {
            "ordered_at": datetime.fromisoformat(line["ordered_at"]),
            "quantity": quantity,
            "amount": amount,
        }
    )


def dataset(
    content: pa.Table,
    *,
    rank: int = 0,
    branch: str = "centro",
    name: str = "",
    replaces: bool = False,
) -> Dataset:
    """Return what the ledger would know of a frame."""
    sha256 = hashlib.sha256(f"{name}{rank}".encode()).hexdigest()
    amount = pc.sum(content["amount"]).as_py()
    return Dataset(
        sha256=sha256,
        frame_id=f"frame-{sha256[:8]}",
        branch=branch,
        rank=rank,
        replaces=replaces,
        accepted_rows=content.num_rows,
        accepted_amount=amount or Decimal(0),
    )


def segmented(
    *contents: pa.Table,
    parameters: Parameters | None = None,
    branches: Sequence[str] = (),
    replaces: Sequence[int] = (),
    rows_per_chunk: int = 100_000,
) -> Segmentation:
    """Segment frames, the oldest first, each read in chunks."""
    datasets = [
        dataset(
            each,
            rank=rank,
            branch=branches[rank] if branches else "centro",
            replaces=rank in replaces,
        )
        for rank, each in enumerate(contents)
    ]
    partials = [
        partial(content.slice(start, rows_per_chunk), dataset=each)
        for each, content in zip(datasets, contents, strict=True)
        for start in range(0, max(content.num_rows, 1), rows_per_chunk)
    ]
    return segment(partials, datasets=datasets, parameters=parameters)


def groups(result: Segmentation, view: str = "rfm") -> dict[str, str]:
    """Return the segment of each customer."""
    return dict(zip(result.assignments["customer_id"], result.assignments[view], strict=True))


def customer(result: Segmentation, customer_id: str) -> pd.Series:
    """Return one customer's assignment."""
    rows = result.assignments
    return rows[rows["customer_id"] == customer_id].iloc[0]
