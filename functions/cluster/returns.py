"""Returns: which sales were given back in full.

A return is linked to the latest earlier line of the same customer and product that has quantity
left; a return of more than that line holds goes on to the line before it. What finds no line is
unlinked. A line without a product or a quantity takes no part: such a return lowers spend and
nothing else. So does a negative amount on a positive quantity: that is a discount, no goods came
back.
"""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from common import frame
from functions.cluster.lines import Mask, packed


def returned_in_full(lines: pd.DataFrame) -> Mask:
    """Say of each line of known customers whether it is a sale given back in full."""
    returned = np.zeros(len(lines), dtype=bool)
    candidates = _of_returned_products(lines)
    # Lines of the same moment are told apart by what they say, never by where they stand.
    candidates = candidates.sort_values(
        ["item", "time", "is_return", "branch", "order_id", "quantity", "size"], kind="stable"
    )
    left = _unwind(
        candidates["item"].tolist(),
        candidates["quantity"].abs().tolist(),
        candidates["is_return"].tolist(),
    )
    returned[candidates["position"].to_numpy()] = np.array(left, dtype=np.int64) == 0
    returned &= ~lines["is_return"].to_numpy()
    return returned


def _of_returned_products(lines: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of every customer and product with a return: few, as a rule."""
    quantity, is_return = lines["quantity"].to_numpy(), lines["is_return"].to_numpy()
    linkable = (lines["product"].to_numpy() >= 0) & np.where(is_return, quantity < 0, quantity > 0)
    item = packed(lines["customer"], lines["product"])
    has_return = np.zeros(item.max(initial=-1) + 1, dtype=bool)
    has_return[item[linkable & is_return]] = True
    wanted = np.flatnonzero(linkable & has_return[item])
    columns = ["time", "is_return", "branch", "order_id", "quantity"]
    found = lines.iloc[wanted]
    size = pc.rank(pa.array(found["amount"], type=frame.AMOUNT), tiebreaker="dense").to_numpy()
    return found[columns].assign(item=item[wanted], position=wanted, size=size)


def _unwind(items: list[int], quantities: list[int], are_returns: list[bool]) -> list[int]:
    """Return what is left of each quantity, for lines sorted by item and time."""
    left = quantities.copy()
    sales: list[int] = []
    current = -1
    for line, (item, is_return) in enumerate(zip(items, are_returns, strict=True)):
        if item != current:
            sales, current = [], item
        if not is_return:
            sales.append(line)
            continue
        while left[line] and sales:
            taken = min(left[line], left[sales[-1]])
            left[line] -= taken
            left[sales[-1]] -= taken
            if not left[sales[-1]]:
                sales.pop()
    return left
