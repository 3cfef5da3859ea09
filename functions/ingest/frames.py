"""Where ingest puts rows: accepted and rejected ones, as chunks in MongoDB.

Nobody sees them before a dataset in PostgreSQL names them; the same rows give the same chunks.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic_core import to_json

from common import frame
from common.exceptions import PermanentError
from common.mongo import Mongo
from functions.ingest.ahead import worked_ahead
from functions.ingest.balance import Balance
from functions.ingest.content import RowsHash
from functions.ingest.reader import Batch, RejectedRow
from functions.ingest.repairs import RejectedLine, Repair, rejected_line, repairs_of

_MANY_BYTES = 1_000_000  # of an uploaded file, which may be compressed, with more than one batch
_MOST_REPAIRS = 200_000  # in one file; as many rows may be rejected of the longest file
_DIGITS = 60  # a file's money is a sum of numbers of 38 digits: no digit may be rounded away


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFrame:
    """What was written to MongoDB, and what its rows add up to."""

    frame_id: str
    rejected_frame_id: str
    rows_sha256: str | None  # of the rows apart from how they are written; None: there are none
    rejected: tuple[RejectedLine, ...]
    repairs: tuple[Repair, ...]
    has_order_ids: bool  # some accepted row has one
    balance: Balance
    size: int


class FrameRepository:
    """Frames and rejected rows as chunks in MongoDB."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    def store(self, client: str, batches: Iterable[Batch], *, size: int) -> StoredFrame:
        """Write accepted and rejected rows; return what they are called and add up to.

        While some batches are told of, compressed and written, the next are read.

        Raises:
            PermanentError: More rows say that they mend a line than any file may have bad ones.
            BalanceError: What was stored is not what was read; nothing becomes visible.
        """
        rows_hash = RowsHash()
        written: list[_Written] = []
        many, write = size > _MANY_BYTES, partial(self._write, client)
        with closing(worked_ahead(batches, write, many=many)) as each_written:
            for batch, as_written in each_written:
                rows_hash.add(batch)
                written.append(as_written)
                del batch  # else it is there until the next one is made
        balance = sum((each.balance for each in written), Balance())
        accepted = [chunk for each in written for chunk in each.accepted]
        rejected = [chunk for each in written for chunk in each.rejected]
        balance.verify(
            stored_rows=sum(chunk.rows for chunk in accepted),
            stored_amount=_exact_sum(*(each.amount for each in written)),
        )
        return StoredFrame(
            frame_id=self._mongo.put_manifest(client, accepted),
            rejected_frame_id=self._mongo.put_manifest(client, rejected),
            rows_sha256=rows_hash.digest(),
            rejected=tuple(place for each in written for place in each.places),
            repairs=_all_repairs(written),
            has_order_ids=any(each.has_order_ids for each in written),
            balance=balance,
            size=size,
        )

    def _write(self, client: str, batch: Batch) -> tuple[Batch, "_Written"]:
        good = list(frame.encode(batch.accepted)) if batch.accepted.num_rows else []
        bad = list(frame.encode(_rejected_table(batch.set_aside))) if batch.set_aside else []
        if good or bad:
            self._mongo.put_chunks(client, good + bad)
        return batch, _Written(
            balance=batch.balance,
            accepted=tuple(map(_named, good)),
            rejected=tuple(map(_named, bad)),
            places=tuple(map(rejected_line, batch.rejected)),
            repairs=tuple(repairs_of(batch.accepted)),
            has_order_ids=batch.accepted["order_id"].null_count < batch.accepted.num_rows,
            # Summed over what the chunks' own bytes say: a lost or doubled row shows here.
            amount=_exact_sum(*map(_amount, good)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written:
    """A batch as it was stored."""

    balance: Balance
    accepted: tuple[frame.Chunk, ...]
    rejected: tuple[frame.Chunk, ...]
    places: tuple[RejectedLine, ...]
    repairs: tuple[Repair, ...]
    has_order_ids: bool
    amount: Decimal


def _all_repairs(written: Sequence[_Written]) -> tuple[Repair, ...]:
    found = tuple(repair for each in written for repair in each.repairs)
    if len(found) > _MOST_REPAIRS:
        raise PermanentError("too_many_repairs", {"rows": len(found), "limit": _MOST_REPAIRS})
    return found


def _named(chunk: frame.Chunk) -> frame.Chunk:
    """Forget a stored chunk's bytes: memory must not grow with the file."""
    return frame.Chunk(sha256=chunk.sha256, rows=chunk.rows, content=b"")


def _exact_sum(*amounts: Decimal) -> Decimal:
    with localcontext(prec=_DIGITS):
        return sum(amounts, Decimal(0))


def _amount(chunk: frame.Chunk) -> Decimal:
    total = pc.sum(frame.decode(chunk.content, ["amount"])["amount"]).as_py()
    return total if total is not None else Decimal(0)


def _rejected_table(rows: Sequence[RejectedRow]) -> pa.Table:
    columns: dict[str, Sequence[Any]] = dict(
        zip(RejectedRow._fields, zip(*rows, strict=True), strict=True)
    )
    columns["is_left_out"] = [row.is_left_out for row in rows]
    columns["params"] = [to_json(row.params, fallback=str).decode() for row in rows]
    return pa.table({name: columns[name] for name in frame.REJECTED.names}, schema=frame.REJECTED)
