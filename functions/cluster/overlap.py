"""Overlapping files: of each order, or of each day, the lines of the newest dataset count.

An order is known by (branch, order id, local day). Where several datasets hold one, the lines of
the newest count and the others are replaced. The exception is an order cut in two by a file
boundary: it ends one file and begins the other, and the two share nothing else. Its parts are
joined, over as many files as it was cut into.

Nothing matches lines without an order id. Where somebody said that files of a branch replace older
ones, they do so day by day: if one of two files has no order ids at all, on the days of the newer
one the older does not count. Otherwise both do.

A file that holds one order alone both begins and ends with it, so it is taken for a part of that
order, never for its correction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pandas as pd

from functions.cluster.lines import EXACT, Codes, Dataset, Lines, Mask, exact_sums, packed


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """What a dataset adds to a segmentation: accepted = counted + replaced, rows and money."""

    sha256: str
    branch: str
    accepted_rows: int
    counted_rows: int
    replaced_rows: int
    accepted_amount: Decimal
    counted_amount: Decimal
    replaced_amount: Decimal


def counted(lines: Lines, *, datasets: Sequence[Dataset]) -> Mask:
    """Say of each line whether it counts; the others are replaced by newer datasets.

    A mended row stands where the row that it mends would.
    """
    table = lines.table
    counts: Mask = table["file"].to_numpy() >= 0
    if table["file"].nunique() < 2:
        return counts
    counts &= ~_of_replaced_days(table, counts, datasets)
    matched = np.flatnonzero(counts & (table["order_id"].to_numpy() >= 0))
    pieces, piece_of_line = _pieces(table, matched)
    counts[matched] = _kept(pieces)[piece_of_line]
    return counts


def _of_replaced_days(table: pd.DataFrame, counts: Mask, datasets: Sequence[Dataset]) -> Mask:
    """Say of which lines the day is replaced by a newer file."""
    replacing = [each.rank for each in datasets if each.replaces]
    if not replacing:
        return np.zeros(len(table), np.bool_)
    file = table["file"].to_numpy()
    has_ids = np.isin(file, file[table["order_id"].to_numpy() >= 0])
    day = packed(table["branch"], table["day"])
    replaces = counts & np.isin(file, replacing)
    newest = _newest(day, file, replaces)
    newest_without = _newest(day, file, replaces & ~has_ids)
    replaced: Mask = file < np.where(has_ids, newest_without, newest)
    return replaced & counts


def _newest(day: Codes, file: Codes, mask: Mask) -> Codes:
    """Return for each line the newest file under `mask` with its day; -1: there is none."""
    newest = np.full(day.max(initial=-1) + 1, -1)
    np.maximum.at(newest, day[mask], file[mask])
    return newest[day]


def contributions(
    lines: Lines, counts: Mask, *, datasets: Sequence[Dataset]
) -> tuple[Contribution, ...]:
    """Return what each dataset adds, oldest first.

    Raises:
        ValueError: A dataset's lines are not those that the ledger accepted.
    """
    key = lines.table["dataset"].to_numpy() * 2 + counts
    keys, amounts = exact_sums(key, lines.table["amount"])
    money = dict(zip(keys.tolist(), amounts.to_pylist(), strict=True))
    rows = dict(zip(*(part.tolist() for part in np.unique(key, return_counts=True)), strict=True))
    found = tuple(
        _contribution(each, rows=rows, money=money)
        for each in sorted(datasets, key=lambda each: each.rank)
    )
    _verify(found)
    return found


def _contribution(
    dataset: Dataset, *, rows: dict[int, int], money: dict[int, Decimal]
) -> Contribution:
    replaced, kept = 2 * dataset.rank, 2 * dataset.rank + 1
    return Contribution(
        sha256=dataset.sha256,
        branch=dataset.branch,
        accepted_rows=dataset.accepted_rows,
        counted_rows=rows.get(kept, 0),
        replaced_rows=rows.get(replaced, 0),
        accepted_amount=dataset.accepted_amount,
        counted_amount=money.get(kept, Decimal(0)),
        replaced_amount=money.get(replaced, Decimal(0)),
    )


def _verify(found: Sequence[Contribution]) -> None:
    for each in found:
        rows = each.counted_rows + each.replaced_rows
        amount = EXACT.add(each.counted_amount, each.replaced_amount)
        if rows != each.accepted_rows or amount != each.accepted_amount:
            raise ValueError(
                f"dataset {each.sha256}: {rows} rows worth {amount} are not the accepted "
                f"{each.accepted_rows} worth {each.accepted_amount}"
            )


def _pieces(table: pd.DataFrame, matched: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the orders of each dataset, and the number of its piece for each matched line."""
    dataset = table["file"].to_numpy()
    order = table["order"].to_numpy()[matched]
    row = table["row"].to_numpy()
    piece_of_line = packed(order, dataset[matched])
    # A file begins with its first accepted row, whether or not that row has an order id.
    edges = pd.Series(row).groupby(dataset).agg(["min", "max"])
    pieces = (
        pd.DataFrame({"order": order, "dataset": dataset[matched], "row": row[matched]})
        .groupby(piece_of_line)
        .agg(order=("order", "first"), dataset=("dataset", "first"),
             first=("row", "min"), last=("row", "max"))
    )  # fmt: skip
    pieces["begins"] = pieces["first"].to_numpy() == edges["min"].loc[pieces["dataset"]].to_numpy()
    pieces["ends"] = pieces["last"].to_numpy() == edges["max"].loc[pieces["dataset"]].to_numpy()
    return pieces, piece_of_line


def _kept(pieces: pd.DataFrame) -> Mask:
    """Say of each piece whether it counts: the newest of its order, and what is joined to it."""
    by_order = pieces.groupby("order")
    kept: Mask = (pieces["dataset"] == by_order["dataset"].transform("max")).to_numpy(copy=True)
    edges = by_order[["begins", "ends"]].transform("any").all(axis=1)
    shared = by_order["dataset"].transform("size") > 1
    if not (edges & shared).any():
        return kept
    orders_of = pieces[shared].groupby("dataset")["order"].agg(set).to_dict()
    for _, parts in pieces[edges & shared].groupby("order"):
        kept[_joined(parts, orders_of)] = True
    return kept


def _joined(parts: pd.DataFrame, orders_of: dict[int, set[int]]) -> list[int]:
    """Return the pieces of one order that count: from the newest on, all that fit together."""
    chosen: list[tuple[int, int, bool, bool]] = []
    newest_first = parts.sort_values("dataset", ascending=False)
    columns = ("dataset", "begins", "ends")
    for part in zip(newest_first.index, *(newest_first[name] for name in columns), strict=True):
        _, dataset, begins, ends = part
        if all(
            ((ends and other_begins) or (begins and other_ends))
            and len(orders_of[dataset] & orders_of[other]) == 1
            for _, other, other_begins, other_ends in chosen
        ):
            chosen.append(part)
    return [part[0] for part in chosen]
