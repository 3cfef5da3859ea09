"""What is too large is refused early, and what is not takes the same memory whatever its size."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from functions.ingest.reader import opening
from tests.large_files import Run, run_measured, write_sales
from tests.unit.ingest.reader.files import HEADER, ROW, read, refusal

pytestmark = pytest.mark.unit

MOST_BYTES = 512_000_000
MEGABYTE = 1_000_000


def read_file(path: Path) -> Run:
    """Run `datacore read` in a process of its own."""
    run = run_measured("-m", "cli", "read", "--json", str(path))
    assert run.peak_bytes <= MOST_BYTES
    return run


def one_cell(content: bytes) -> Iterator[bytes]:
    yield f"{HEADER}\n{ROW}\n1002,2026-01-31 10:00,".encode()
    yield from (content for _ in range(100 * MEGABYTE // len(content)))
    yield b",2,9.50\n"


def quoted_cell() -> Iterator[bytes]:
    start, *middle, end = one_cell(b"x\n" * (MEGABYTE // 2))
    yield from [start, b'"', *middle, b'"', end]


def bomb() -> Iterator[bytes]:
    yield gzip.compress(bytes(300 * MEGABYTE), 9, mtime=0)


def columns() -> Iterator[bytes]:
    yield ",".join(f"c{i}" for i in range(100_000)).encode() + b"\n"
    yield from (b"1," * 99_999 + b"1\n" for _ in range(50))


@pytest.mark.parametrize(
    ("pieces", "code"),
    [
        (partial(one_cell, b"x" * MEGABYTE), "line_too_long"),
        (partial(one_cell, b'"' * MEGABYTE), "line_too_long"),
        (quoted_cell, "unterminated_quote"),
        (bomb, "unpacked_too_large"),
        (columns, "too_many_columns"),
    ],
    ids=["a cell", "a cell of quotes", "a quoted cell", "a bomb", "columns"],
)
def test_what_has_no_end_is_refused_in_little_memory(
    tmp_path: Path, pieces: Callable[[], Iterator[bytes]], code: str
) -> None:
    path = tmp_path / "upload.csv"
    with path.open("wb") as file:
        file.writelines(pieces())
    run = read_file(path)
    assert (run.code, json.loads(run.out)["refusal"]["code"]) == (1, code)


def many_columns() -> Iterator[bytes]:
    yield HEADER.encode() + b"".join(b",c%d" % i for i in range(507)) + b"\n"
    yield from (ROW.encode() + b"," * 507 + b"\n" for _ in range(60_000))


def long_rows() -> Iterator[bytes]:
    yield HEADER.encode() + b",note\n"
    yield from (ROW.encode() + b"," + b"note %d " % i * 1000 + b"\n" for i in range(10_000))


def long_bad_rows() -> Iterator[bytes]:
    yield HEADER.encode() + b",note\n"
    yield from (ROW.encode() + b",\n" for _ in range(1000))
    yield from (ROW.encode() + b"x," + b"note" * 240_000 + b"\n" for _ in range(100))


def blank_lines() -> Iterator[bytes]:
    yield f"{HEADER}\n{ROW}\n".encode()
    yield from (b"\n" * MEGABYTE for _ in range(5))
    yield ROW.encode()


def short_rows() -> Iterator[bytes]:
    yield b"customer,date,amount\n"
    yield from (b"c%d,2026-01-31,1\n" % i * 100_000 for i in range(50))


@pytest.mark.parametrize(
    ("pieces", "accepted", "rows"),
    [
        (many_columns, 60_000, 60_000),
        (long_rows, 10_000, 10_000),
        (long_bad_rows, 1000, 1100),
        (blank_lines, 2, 5 * MEGABYTE + 2),
        (short_rows, 5 * MEGABYTE, 5 * MEGABYTE),
    ],
    ids=["columns", "long rows", "long bad rows", "blank lines", "5 million rows"],
)
def test_rows_of_any_kind_are_read_in_little_memory(
    tmp_path: Path, pieces: Callable[[], Iterator[bytes]], accepted: int, rows: int
) -> None:
    path = tmp_path / "upload.csv"
    with path.open("wb") as file:
        file.writelines(pieces())
    run = read_file(path)
    balance = json.loads(run.out)["balance"]
    assert (run.code, balance["accepted"], balance["rows_in"]) == (0, accepted, rows)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for size in (50 * MEGABYTE, 200 * MEGABYTE):
        path = tmp_path / "sales.csv"
        rows = write_sales(path, size)
        run = read_file(path)
        assert json.loads(run.out)["balance"]["accepted"] == rows
        peaks.append(run.peak_bytes)
    assert peaks[1] - peaks[0] < 64 * MEGABYTE


@pytest.mark.parametrize("most", [4, 3, 2])
def test_a_file_has_so_many_rows_and_no_more(most: int) -> None:
    table = "\n".join([HEADER, ROW, ROW, ROW])
    with mock.patch.object(opening, "MAX_ROWS", most):
        if most >= 3:
            assert read(table).balance.accepted == 3
        else:
            refused = refusal(table)
            assert (refused.code, refused.params) == ("too_many_rows", {"limit": most})


def zipped(method: int, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("sales.csv", content)
    return out.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_bounds_is_not_unpacked(method: int) -> None:
    assert refusal(zipped(method, f"{HEADER}\n{ROW}\n".encode())).code == "compressed"


def test_what_an_archive_says_of_its_size_does_not_count() -> None:
    """A packed size of two gigabytes would allow for all of this."""
    content = bytearray(zipped(zipfile.ZIP_DEFLATED, bytes(20 * MEGABYTE)))
    place = content.rfind(b"PK\x01\x02") + 20
    content[place : place + 4] = (2_000_000_000).to_bytes(4, "little")
    assert refusal(bytes(content)).code in {"unpacked_too_large", "compressed_damaged"}


def test_an_archive_of_countless_names_is_not_looked_through() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for i in range(80):
            archive.writestr(f"{i}{'x' * 60_000}", b"")
    assert refusal(out.getvalue()).code == "compressed_damaged"
