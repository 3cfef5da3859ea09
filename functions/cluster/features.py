"""Features: what each customer did, from exact sums and counts.

A purchase is an order of which something was kept. Spend is net of returns; recency, days and
everything said about orders look at purchases alone. Money stays exact decimal; ratios are
computed from exact sums, so they do not depend on any order of rows.

`of_customers` works on any set of whole customers: `bucketed` splits customers by a stable hash
so that one bucket at a time is enough memory.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from common import frame
from functions.cluster.lines import MILLIONTHS, Lines, Mask, exact_sums, packed
from functions.cluster.returns import returned_in_full

_BUCKET_LINES = 2_000_000
_EPOCH = date(1970, 1, 1)
_SATURDAY = 5


def as_date(day: int) -> date:
    """Return the date that is `day` days after 1 January 1970."""
    return _EPOCH + timedelta(days=day)


def bucketed(lines: Lines, *, buckets: int | None = None) -> Iterator[Lines]:
    """Yield the lines of known customers, each customer's all in one bucket."""
    customer = lines.table["customer"].to_numpy()
    count = buckets or 1 + len(customer) // _BUCKET_LINES
    ids = lines.customer_ids.to_numpy(zero_copy_only=False).astype(object)
    # The bucket of a customer depends on nothing but the id: -1, the anonymous, is in none.
    bucket = np.append(pd.util.hash_array(ids) % count, count)[customer]
    yield from (lines.where(bucket == each) for each in range(count))


def of_all_customers(lines: Lines, *, as_of: int, buckets: int | None = None) -> pd.DataFrame:
    """Return `of_customers` of every known customer, in ascending order of customer number."""
    found = [of_customers(each, as_of=as_of) for each in bucketed(lines, buckets=buckets)]
    return pd.concat(found).sort_index()


def effect(table: pd.DataFrame) -> pa.Array:
    """Return what each line adds to spend: some tills write returns as positive amounts."""
    amount = pa.array(table["amount"], type=frame.AMOUNT)
    is_return = pa.array(table["is_return"].to_numpy())
    return pc.if_else(is_return, pc.negate(pc.abs(amount)), amount)


def of_customers(lines: Lines, *, as_of: int) -> pd.DataFrame:
    """Return one row per customer, indexed by customer number.

    Columns: customer_id, spend, gross, returned (exact decimals), first_day, last_day (days since
    1970), orders, purchase_days, branches, orders_away (from the branch they use most),
    weekend_orders, units and products (per order), recency_days. All but the first four are 0 without a purchase.
    """
    table = lines.table
    kept = _kept_sales(table, returned_in_full(table))
    customers = _money(table, kept)
    of_orders = _of_orders(_orders(table[kept]))
    of_orders = of_orders.reindex(customers.index, fill_value=0)
    customers = customers.join(of_orders)
    bought = customers["orders"].to_numpy() > 0
    customers["recency_days"] = np.where(bought, as_of - customers["last_day"], 0)
    ids = lines.customer_ids.take(pa.array(customers.index.to_numpy()))
    customers.insert(0, "customer_id", pd.arrays.ArrowExtensionArray(ids))
    return customers


def _kept_sales(table: pd.DataFrame, returned: Mask) -> Mask:
    # A negative sale is a discount: it lowers spend but does not make an order.
    negative = pc.less(pa.array(table["amount"]), pa.scalar(0)).to_numpy(zero_copy_only=False)
    kept: Mask = ~table["is_return"].to_numpy() & ~returned & ~negative
    return kept


def _money(table: pd.DataFrame, kept: Mask) -> pd.DataFrame:
    """Return spend, gross and returned of each customer, exact."""
    amount = effect(table)
    is_return = pa.array(table["is_return"].to_numpy())
    nothing = pa.scalar(0, type=amount.type)
    columns = {
        "spend": amount,
        "gross": pc.if_else(pa.array(kept), amount, nothing),
        "returned": pc.if_else(is_return, pc.negate(amount), nothing),
    }
    key = table["customer"].to_numpy()
    sums = {name: exact_sums(key, column) for name, column in columns.items()}
    index = sums["spend"][0]
    return pd.DataFrame(
        {name: pd.arrays.ArrowExtensionArray(each[1]) for name, each in sums.items()}, index=index
    )


def _orders(kept: pd.DataFrame) -> pd.DataFrame:
    """Return the purchases of each customer: one row per customer and order."""
    purchase = packed(kept["customer"], kept["order"])
    product = packed(purchase, kept["product"])
    lines = kept[["customer", "day", "branch", "quantity"]].assign(
        is_new=~pd.Series(product, index=kept.index).duplicated()
    )
    return lines.groupby(purchase).agg(
        customer=("customer", "first"), day=("day", "first"), branch=("branch", "first"),
        units=("quantity", "sum"), products=("is_new", "sum"),
    )  # fmt: skip


def _of_orders(orders: pd.DataFrame) -> pd.DataFrame:
    """Return what the purchases of each customer say, by customer number."""
    customer = orders["customer"].to_numpy()
    weekday = (orders["day"] + 3) % 7  # 1 January 1970 was a Thursday
    orders = orders.assign(
        weekend=weekday >= _SATURDAY,
        new_day=~orders.duplicated(["customer", "day"]),
        new_branch=~orders.duplicated(["customer", "branch"]),
    )
    in_branch = orders.groupby(["customer", "branch"]).size()
    found = orders.groupby(customer).agg(
        first_day=("day", "min"), last_day=("day", "max"), orders=("day", "size"),
        purchase_days=("new_day", "sum"), branches=("new_branch", "sum"),
        weekend_orders=("weekend", "sum"), units=("units", "sum"), products=("products", "sum"),
    )  # fmt: skip
    found["orders_away"] = found["orders"] - in_branch.groupby(level="customer").max()
    found["units"] = found["units"] / (MILLIONTHS * found["orders"])
    found["products"] = found["products"] / found["orders"]
    return found
