"""Files for the reader, and what came of reading them."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.texts import LANGUAGES, say
from functions.ingest.balance import Balance
from functions.ingest.reader import (
    Batch,
    FormatProfile,
    RejectedRow,
    Understanding,
    UnreadableFileError,
    open_file,
)

STORED_AT = datetime(2026, 5, 3, 12)
NO_PROFILE = FormatProfile()
REAL_FILES = Path(__file__).resolve().parents[4] / "../shared/data"

HEADER = "invoice,date,customer,quantity,price"
ROW = "1001,2026-01-31 10:00,C7,2,9.50"


@dataclass(frozen=True)
class Read:
    """All that a reading gave."""

    understanding: Understanding
    tables: list[Any]
    rejected: list[RejectedRow]
    left_out: list[RejectedRow]
    balance: Balance
    batches: list[Batch]

    @property
    def table(self) -> Any:
        return pa.concat_tables(self.tables)

    def column(self, name: str) -> list[Any]:
        return self.table[name].to_pylist()

    def faults(self) -> list[tuple[str, int, int, str | None]]:
        return [(r.code, r.row, r.line, r.column) for r in self.rejected]


def read(
    content: bytes | str | Path,
    *,
    profile: FormatProfile = NO_PROFILE,
    stored_at: datetime = STORED_AT,
) -> Read:
    """Read a file to its end; whatever is raised, the scratch folder is left empty."""
    with tempfile.TemporaryDirectory() as folder:
        path = content if isinstance(content, Path) else Path(folder) / "upload.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        try:
            with open_file(path, stored_at=stored_at, profile=profile, scratch=scratch) as reading:
                batches = list(reading.batches())
                rejected = [row for batch in batches for row in batch.rejected]
                left_out = [row for batch in batches for row in batch.left_out]
                understanding = reading.understanding
        finally:
            assert not list(scratch.iterdir())
    balance = sum((batch.balance for batch in batches), Balance())
    tables = [batch.accepted for batch in batches]
    return Read(understanding, tables, rejected, left_out, balance, batches)


def refusal(content: bytes | str) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as refused:
        read(content)
    for language in LANGUAGES:
        assert say(refused.value.code, refused.value.params, language=language)
    return refused.value


def lines(*rows: str, header: str = HEADER) -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


def many(row: str, *, times: int, odd: Sequence[str] = ()) -> str:
    """Return a file of one row many times, and `odd` rows at its end."""
    return lines(*[row] * times, *odd)
