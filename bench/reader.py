"""The reader against its floor, and its memory: `python -m bench.reader [FILE]`.

Both hash the file, split it into cells, convert them, and write the rows as zstd chunks to disk; no
server is asked. The floor knows the file's encoding, looks at it once, and takes Arrow's guesses
for types: no position of any row, no reason for a bad one, no exact money. Ours is what ingest
does but for the servers: two passes, positions, exact decimals, rejected rows with their text, the
hash of the rows, and the money in the chunks read again. Each runs in processes of its own, by turns:
in one they would hand each other memory, and one would pay for what the other gets.
"""

import gc
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.csv as pacsv

from bench.floor import plain_chunks
from bench.table import Row, markdown
from common import frame
from functions.ingest.frames import FrameRepository
from functions.ingest.reader import FormatProfile, open_file
from tests.large_files import run_measured, write_sales

TURNS, RUNS = 4, 5  # of each; the first run of a turn warms up
_PROJECT = Path(__file__).parents[1]
_RETAIL = "../shared/data/online_retail/online_retail_excel_latin1.csv"
_COMPARED_BYTES = 50_000_000
_MEGABYTES = (50, 250, 1000)


def main() -> None:
    """Measure, and print the tables."""
    if len(sys.argv) > 2:  # in a process of its own
        print(json.dumps(_runs(*sys.argv[1:])))
        return
    default = _PROJECT / _RETAIL
    path = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else default
    print(markdown(measure(path)))
    print(memory())


def measure(retail: Path) -> list[Row]:
    """Compare on a real file and on made-up ones, clean and with 1 % of bad rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean, bad = folder / "clean.csv", folder / "bad.csv"
        write_sales(clean, _COMPARED_BYTES)
        write_sales(bad, _COMPARED_BYTES, with_bad_rows=True)
        return [
            *_compare(retail, "latin-1", "Online Retail", "at most 1.5"),
            *_compare(clean, "utf-8", "clean", "at most 1.5"),
            *_compare(bad, "utf-8", "1 % bad rows", "at most 2"),
        ]


def _compare(path: Path, encoding: str, title: str, aim: str) -> list[Row]:
    """Return the medians of interleaved turns."""
    runs: dict[str, list[list[float]]] = {"ours": [], "floor": []}
    for _ in range(TURNS):
        for who, taken in runs.items():
            told = subprocess.run(
                [sys.executable, "-m", "bench.reader", who, str(path), encoding, str(RUNS)],
                cwd=_PROJECT,
                check=True,
                stdout=subprocess.PIPE,
            )
            taken.extend(json.loads(told.stdout))
    what = f"reading and chunks to disk, {path.stat().st_size / 1e6:.1f} MB, {title}"
    against = "floor: sha256 + Arrow parse + zstd chunks to disk"
    return [
        Row(
            what=f"{what}: {unit}",
            against=against,
            own_s=median(taken[i] for taken in runs["ours"]),
            other_s=median(taken[i] for taken in runs["floor"]),
            aim=aim,
        )
        for i, unit in enumerate(("wall", "CPU of all threads"))
    ]


def _runs(who: str, path: str, encoding: str, runs: str) -> list[tuple[float, float]]:
    """Return what each run takes but for the first."""
    work = {"ours": ours, "floor": floor}[who]
    with tempfile.TemporaryDirectory() as folder:
        spent = [_spent(lambda: work(Path(path), encoding, Path(folder))) for _ in range(int(runs))]
        return spent[1:]


def _spent(function: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds on the wall's clock and those of all threads."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - cpu


@dataclass(frozen=True)
class _Disk:
    """Takes chunks as MongoDB does."""

    folder: Path

    def put_chunks(self, _: str, chunks: Sequence[frame.Chunk]) -> None:
        for chunk in chunks:
            (self.folder / chunk.sha256).write_bytes(chunk.content)

    def put_manifest(self, _: str, chunks: Sequence[frame.Chunk]) -> str:
        return hashlib.sha256("".join(chunk.sha256 for chunk in chunks).encode()).hexdigest()


def ours(path: Path, _: str, folder: Path) -> None:
    """Read the whole file as ingest does, which finds out its encoding."""
    with path.open("rb") as content:
        hashlib.file_digest(content, "sha256")
    disk: Any = _Disk(folder)
    with open_file(
        path, stored_at=datetime(2026, 1, 1, tzinfo=UTC), profile=FormatProfile(), scratch=folder
    ) as reading:
        FrameRepository(disk).store("bench", reading.batches(), size=path.stat().st_size)


def floor(path: Path, encoding: str, folder: Path) -> None:
    """Do what cannot be left out."""
    with path.open("rb") as content:
        hashlib.file_digest(content, "sha256")
    table = pacsv.read_csv(
        path,
        read_options=pacsv.ReadOptions(encoding=encoding),
        parse_options=pacsv.ParseOptions(invalid_row_handler=lambda _: "skip"),
    )
    _Disk(folder).put_chunks("", list(plain_chunks(table)))


def memory() -> str:
    """Return as a table how much memory a process takes that reads a file of each size."""
    lines = ["| reading and chunks to disk | rows | peak RSS, MB | aim |", "|---|---:|---:|---|"]
    with tempfile.TemporaryDirectory() as name:
        for megabytes in _MEGABYTES:
            path = Path(name) / "sales.csv"
            rows = write_sales(path, megabytes * 1_000_000)
            run = run_measured("-m", "bench.reader", "ours", str(path), "", "1")
            if run.code:
                raise RuntimeError(f"reading {megabytes} MB ended with {run.code}")
            peak = f"{run.peak_bytes / 1e6:.0f}"
            lines.append(f"| {megabytes} MB | {rows:,} | {peak} | at most 512, flat |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
