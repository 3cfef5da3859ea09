"""Purchase files of any size, written piece by piece, and the memory that a command takes."""

import itertools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"order_id,date,customer,product_code,product,quantity,unit_price,country\n"
_ROWS_A_PIECE = 40_000
_BAD_EACH = 101  # so that they are no more than 1 %, which a whole file may have
_COUNTRIES = ("Spain", "France", "Portugal", "Germany", "Italy", "United Kingdom")
# A cell that is no date, a day that does not exist, too few cells, too many, text after a quote.
_SPOILS = (
    lambda order, _, rest: (order, b"soon", rest),
    lambda order, _, rest: (order, b"2024-02-31", rest),
    lambda order, date, _: (order, date),
    lambda order, date, rest: (order, date, rest, b"more"),
    lambda order, date, rest: (b'"%b"x' % order, date, rest),
)

# Runs a command, and says last how much memory it took: a process's own peak includes what its
# parent had when it was started, so a small one has to stand between.
_LAUNCHER = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def write_sales(path: Path, size: int, *, with_bad_rows: bool = False) -> int:
    """Write sales until there are `size` bytes, every 101st row bad if wanted; return the rows."""
    rows = 0
    with path.open("wb") as file:
        file.write(HEADER)
        while file.tell() < size:
            piece = _sales(rows)
            file.write(_spoil(piece) if with_bad_rows else piece)
            rows += _ROWS_A_PIECE
    return rows


def _sales(first: int) -> bytes:
    """Return rows as a till writes them: four an order, a minute apart, products named by code."""
    chance = np.random.default_rng(first)
    numbers = np.arange(first, first + _ROWS_A_PIECE)
    orders = numbers // 4
    products = chance.integers(0, 4000, _ROWS_A_PIECE)
    moments = np.datetime64("2024-01-01T08:00") + (orders % 500_000).astype("timedelta64[m]")
    columns = (
        pa.array(orders + 536_000),
        pc.strftime(pa.array(moments.astype("datetime64[s]")), "%Y-%m-%d %H:%M"),
        pa.array(12_000 + (orders * 7919) % 9000),
        pa.array([f"{21_000 + p}{'ABC'[p % 3]}" for p in products.tolist()]),
        pa.array([_product(p) for p in products.tolist()]),
        pa.array(chance.integers(1, 25, _ROWS_A_PIECE)),
        pa.array([f"{p % 37}.{p % 100:02}" for p in products.tolist()]),
        pa.array(_COUNTRIES).take(pa.array(orders % len(_COUNTRIES))),
    )
    lines = pc.binary_join_element_wise(*(c.cast(pa.string()) for c in columns), ",")
    return "\n".join([*lines.to_pylist(), ""]).encode()


def _product(code: int) -> str:
    """Name a product; one in eight has a comma in its name, and so quotes around it."""
    name = f"HANGING LANTERN NO {code} WITH HEARTS"
    return f'"RED, {name}"' if code % 8 == 0 else name


def _spoil(piece: bytes) -> bytes:
    lines = piece.splitlines()
    for i, spoil in zip(range(0, len(lines), _BAD_EACH), itertools.cycle(_SPOILS), strict=False):
        lines[i] = b",".join(spoil(*lines[i].split(b",", 2)))
    return b"\n".join(lines) + b"\n"


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended, and the most memory that it took."""

    code: int
    out: bytes
    peak_bytes: int


def run_measured(*command: str) -> Run:
    """Run Python with these arguments."""
    run = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, sys.executable, *command],
        capture_output=True,
        check=False,
    )
    return Run(run.returncode, run.stdout, 1024 * int(run.stderr.splitlines()[-1]))
