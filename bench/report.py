"""From the PUT's answer to the report, against a bare script that does the same maths.

The script reads the local file with pandas, makes the same frame and calls the same clustering: no
store, no queue, no database, nothing exact, nothing kept.
"""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from statistics import median

import pandas as pd
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import text

from bench.table import Row
from bench.world import File, World, timed
from common import frame
from functions.cluster.lines import Dataset, partial
from functions.cluster.segmentation import segment

RUNS = 3
_POLL_S = 0.02
_DEADLINE_S = 120.0


def measure(world: World, file: File) -> list[Row]:
    """Time both in turn, with the functions running as they do in production."""
    scripts: list[float] = []
    owns: list[float] = []
    bare_script(file)  # loads scikit-learn, as the function has done before its first message
    with functions(world):
        from_put_to_report(world, file)
        for _ in range(RUNS):
            scripts.append(timed(lambda: bare_script(file)))
            owns.append(from_put_to_report(world, file))
    return [
        Row(
            what=f"PUT returned → report available, {file.title}",
            against="bare script, same maths",
            own_s=median(owns),
            other_s=median(scripts),
            aim="at most 4",
        )
    ]


@contextmanager
def functions(world: World) -> Iterator[None]:
    """Run ingest and cluster as processes."""
    world.stack.start_functions(("ingest", "cluster"))
    try:
        yield
    finally:
        world.stack.stop_functions()


def from_put_to_report(world: World, file: File) -> float:
    """Upload for a new client; return the seconds from the answer until the report is there."""
    client = world.new_client()
    world.s3().put_object(
        Bucket=world.settings.bucket,
        Key=f"{client}/centro/file.csv",
        Body=io.BytesIO(file.path.read_bytes()),
    )
    started = time.perf_counter()
    while time.perf_counter() - started < _DEADLINE_S:
        with world.app.transaction(client) as connection:
            if connection.execute(text("SELECT segmentation_id FROM clients")).scalar_one():
                return time.perf_counter() - started
        time.sleep(_POLL_S)
    raise TimeoutError("no report")


def bare_script(file: File) -> None:
    """Read, reduce, cluster."""
    exact = {"Quantity": "str", "UnitPrice": "str"}
    rows = pd.read_csv(file.path, encoding=file.encoding, dtype=exact)
    quantity = pa.array(rows["Quantity"], pa.string()).cast(frame.QUANTITY)
    price = pa.array(rows["UnitPrice"], pa.string()).cast(frame.PRICE)
    amount = pa.compute.multiply(quantity, price).cast(frame.AMOUNT)
    order = pa.array(rows["InvoiceNo"].astype("str"))
    returned = pa.compute.or_(
        pa.compute.starts_with(order, "C"), pa.compute.less(quantity, Decimal(0))
    )
    size = len(rows)
    columns = {
        "row": pa.array(range(1, size + 1)),
        "line": pa.array(range(2, size + 2)),
        "customer_id": pa.array(rows["CustomerID"].astype("Int64").astype("string")),
        "ordered_at": pa.array(
            pd.to_datetime(rows["InvoiceDate"], format="%m/%d/%Y %H:%M").astype("datetime64[us]")
        ),
        "order_id": order,
        "branch": pa.nulls(size, pa.string()),
        "product_id": pa.array(rows["StockCode"].astype("str")),
        "product": pa.array(rows["Description"].astype("string")),
        "quantity": quantity,
        "unit_price": price,
        "amount": amount,
        "currency": pa.nulls(size, pa.string()),
        "kind": pa.compute.if_else(returned, frame.RETURN, frame.SALE),
    }
    table = pa.table(columns).cast(frame.CANONICAL)
    dataset = Dataset(
        sha256="0",
        frame_id="0",
        branch="centro",
        rank=0,
        accepted_rows=size,
        accepted_amount=pa.compute.sum(amount).as_py(),
    )
    segment([partial(table, dataset=dataset)], datasets=[dataset])
