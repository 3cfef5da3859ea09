"""Files that the clients of the chaos suite send."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tests.integration.pipeline import csv

APRIL = csv(*(f"{n},2026-04-{n % 28 + 1:02},c{n % 7},tea,{n % 3 + 1},3.50" for n in range(200)))
MAY = csv(*(f"m{n},2026-05-{n % 28 + 1:02},c{n % 9},jam,1,{n % 5 + 1}.25" for n in range(200)))


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    key: str
    body: bytes

    @property
    def revenue(self) -> Decimal:
        cells = [line.split(",") for line in self.body.decode().splitlines()[1:]]
        return sum((int(cell[4]) * Decimal(cell[5]) for cell in cells), Decimal(0))


# A file, its copy, another in two versions, and one that cannot be read.
COPY = "norte/april-again.csv"
MIXED = (
    File(key="centro/april.csv", body=APRIL),
    File(key=COPY, body=APRIL),
    File(key="centro/may.csv", body=APRIL[:-1] + b"\n" + MAY[50:]),
    File(key="centro/may.csv", body=MAY),
    File(key="sur/bad.csv", body=b"date,total\n2026-04-01,1\n"),
)


BROKEN = csv(
    *(f"{n},2026-04-{n % 28 + 1:02},c{n % 7},tea,{n % 3 + 1},3.50" for n in range(40)),
    *("1,2026-04-02,c1,jam,1,ten", "2,2026-04-03,c2,jam,1,ten", "90,soon,c9,jam,1,2.50"),
)
BAD_LINES = (42, 43, 44)


def mended(upload: str, *rows: tuple[int, str]) -> bytes:
    """Return a file that mends lines of an upload: each with its line and its cells."""
    header, *cells = csv(*(row for _, row in rows)).decode().splitlines()
    named = zip(rows, cells, strict=True)
    lines = [f"_upload,_line,_error,{header}"]
    lines += [f"{upload},{line},was wrong,{row}" for (line, _), row in named]
    return "".join(f"{line}\n" for line in lines).encode()


def many(count: int) -> list[File]:
    """Return files of a few rows each; every tenth is a new version of an earlier one."""
    return [File(key=_key(n - 5 if n % 10 == 9 else n), body=_body(n)) for n in range(count)]


def _key(number: int) -> str:
    return f"{('centro', 'norte', 'sur')[number % 3]}/{number}.csv"


def _body(number: int) -> bytes:
    day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}"
    price = f"{number % 50 + 1}.{number % 100:02}"
    return csv(
        *(
            f"{number}-{row},{day},c{number * 7 % 97},tea,{row + 1},{price}"
            for row in range(number % 4 + 1)
        )
    )


def newest(sent: Sequence[File]) -> Iterator[File]:
    """Yield the last version of each key."""
    yield from {file.key: file for file in sent}.values()
