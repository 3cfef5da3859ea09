"""The table as text: whatever the dialect, what was written is read."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest.reader import open_table
from tests.unit.ingest.reader.files import lines

pytestmark = pytest.mark.unit

HEADER = ["invoice", "date", "customer", "note", "amount"]
CELL = st.text(st.sampled_from("aZ9é,;|\t\"' \n€=-"), max_size=10)
ROW = st.tuples(CELL, st.sampled_from(["9.50", "-1", "1,200.00", ""]))


def read_table(content: bytes) -> tuple[tuple[str, ...] | None, list[list[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(content)
        with open_table(path, scratch=Path(folder)) as table:
            header, rows = table.header, [list(row) for row in table.rows()]
        assert list(Path(folder).iterdir()) == [path]
    return header, rows


@settings(max_examples=150)
@given(
    cells=st.lists(ROW, min_size=12, max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_a_table_in_any_dialect_reads_back_equal(
    cells: list[tuple[str, str]], delimiter: str, quoting: int, line_end: str, encoding: str
) -> None:
    rows = [
        [f"F-{i}", f"2026-01-{1 + i % 28:02}", f"C{i % 5}", note, amount]
        for i, (note, amount) in enumerate(cells)
    ]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerows([HEADER, *rows])
    assert read_table(text.getvalue().encode(encoding)) == (tuple(HEADER), rows)


def test_rows_are_what_they_are_and_blank_ones_are_none() -> None:
    content = lines(
        "1,2026-01-31,C1,x,5",
        "",
        ",,,,",
        "2,bad",
        *["3,2026-01-31,C1,x,5,6"],
        header=",".join(HEADER),
    )
    _, rows = read_table((content + ",".join(HEADER) + "\nTOTAL,,,,10\n").encode())
    assert rows == [
        ["1", "2026-01-31", "C1", "x", "5"],
        ["2", "bad"],
        ["3", "2026-01-31", "C1", "x", "5", "6"],
    ]
