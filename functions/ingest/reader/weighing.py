"""Totals that only all rows tell: where some may be any, the file is gone through once more."""

from collections.abc import Callable, Iterator

import numpy as np

from functions.ingest.reader.conversion import Converted
from functions.ingest.reader.lines.grand_totals import is_total
from functions.ingest.reader.lines.total_rows import Suspects, TotalRows, Weighing

_FAR_MORE = 2  # times: not so much of what was sold so far is taken back below


def find_totals(
    convert_all: Callable[[TotalRows | None], Iterator[Converted]],
    rows: int,
    *,
    suspects: Suspects | None,
    first_may_be_total: bool,
) -> TotalRows | None:
    """Return the rows that are totals of orders, or the first one as that of all.

    `convert_all` types all rows, but for those that are known to be totals.
    """
    totals: TotalRows | None = None
    if suspects:
        weighing = Weighing(suspects, rows)
        for converted in convert_all(None):
            weighing.add(converted.accepted)
        totals = weighing.found()
    if rows and first_may_be_total and _is_first_total(convert_all(totals)):
        totals = totals or TotalRows(rows)
        totals.sums.add(np.ones(1, np.int64))
    return totals


def _is_first_total(conversions: Iterator[Converted]) -> bool:
    first = next(conversions)
    if (amount := first.amounts[0].as_py()) is None:
        return False
    total, own = first.balance, int(first.verdict.accepted[0])
    for converted in conversions:
        if abs(total.amount - own * amount) > _FAR_MORE * abs(amount):
            return False  # most often the first rows tell that it is a sale like any
        total += converted.balance
    return is_total(amount, total.amount - own * amount, total.accepted - own)
