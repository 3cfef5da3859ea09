"""The reader against its floor: `python -m bench.reader [FILE]`.

The floor does nothing but what cannot be left out: hash the bytes, let Arrow split them into text,
and encode the result as the chunks of a frame.
"""

import hashlib
import io
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.csv

from bench.table import Row, markdown
from bench.world import timed
from common import frame
from functions.ingest.reader import FormatProfile, open_file

RUNS = 5
_RETAIL = "../shared/data/online_retail/online_retail_excel_latin1.csv"


def main() -> None:
    """Measure both in turn, and print their table."""
    default = Path(__file__).parents[1] / _RETAIL
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    ours, floor = measure(lambda: read(path), lambda: bare(path))
    size = path.stat().st_size / 1e6
    print(
        markdown([
            Row(
                what=f"reader, {size:.1f} MB",
                against="sha256 + Arrow parse + chunks",
                own_s=ours,
                other_s=floor,
                aim="at most 2",
            )
        ])
    )


def measure(ours: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Return the medians of interleaved runs, in seconds; a first run of each warms up."""
    seconds = [(timed(ours), timed(other)) for _ in range(RUNS + 1)][1:]
    return median(own for own, _ in seconds), median(theirs for _, theirs in seconds)


def read(path: Path) -> int:
    """Read the whole file as ingest does, and return its rows."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_file(
            path,
            stored_at=datetime(2026, 1, 1, tzinfo=UTC),
            profile=FormatProfile(),
            scratch=Path(scratch),
        ) as reading,
    ):
        return sum(batch.balance.rows_in for batch in reading.batches())


def bare(path: Path) -> int:
    """Do what cannot be left out, and return the number of chunks."""
    content = path.read_bytes()
    hashlib.sha256(content).hexdigest()
    names = content.split(b"\n", 1)[0].decode("latin-1").strip().split(",")
    table = pa.csv.read_csv(
        io.BytesIO(content),
        read_options=pa.csv.ReadOptions(encoding="latin-1"),
        convert_options=pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )
    return len(list(frame.encode(table)))


if __name__ == "__main__":
    main()
