"""The total of a whole file in its first row, or in its last one with a date like any other."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common.mending import is_of_mended_rows
from functions.ingest.balance import Balance
from functions.ingest.reader.lines.totals import mentions_total
from functions.ingest.reader.records.spill import Stretch

Mask = NDArray[np.bool_]
_NAMES = ("customer_id", "order_id", "product", "product_id")
_MONEY = ("amount", "unit_price")
_LEAST_ROWS = 3  # that are summed up: a sale to nobody may be as much as two others by chance


def may_be_total(columns: Sequence[Any], mapping: Mapping[str, int], row: int) -> bool:
    """Say whether a row has money, and names nobody and nothing unless a total."""

    def text(name: str) -> str:
        said: str = columns[mapping[name]][row].as_py()
        return said.strip()

    names = filter(None, (text(name) for name in _NAMES if name in mapping))
    if not all(map(mentions_total, names)):
        return False
    return any(text(name) for name in _MONEY if name in mapping)


class FirstRow:
    """Watches the first pass for a first row that may be the total of all others."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int]) -> None:
        self._mapping = mapping
        self._is_seen = is_of_mended_rows(header)  # others are where those rows came from
        self.may_be_total = False

    def add(self, columns: Sequence[Any]) -> None:
        """Look at a block."""
        if not self._is_seen and len(columns[0]):
            self._is_seen, self.may_be_total = True, may_be_total(columns, self._mapping, 0)


def find_last(
    stretch: Stretch, mapping: Mapping[str, int], amounts: Any, accepted: Mask, above: Balance
) -> Mask:
    """Say whether the last accepted row of the last stretch of a file is the total of all others.

    `above` is the balance of the rows before these.
    """
    found = np.zeros_like(accepted)
    rows = np.flatnonzero(accepted)
    if rows.size and may_be_total(stretch.columns, mapping, int(rows[-1])):
        amount = amounts[int(rows[-1])].as_py()
        others = above.amount + pc.sum(amounts.filter(pa.array(accepted))).as_py() - amount
        found[rows[-1]] = is_total(amount, others, above.accepted + len(rows) - 1)
    return found


def is_total(amount: Decimal | None, sum_of_others: Decimal, rows: int) -> bool:
    """Say whether an amount is the sum of so many others."""
    return rows >= _LEAST_ROWS and amount == sum_of_others
