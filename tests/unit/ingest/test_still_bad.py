"""A row of a file of mended rows that is still bad says which line of which upload it was to mend."""

import pytest

from functions.ingest.repairs import rejected_line
from tests.unit.ingest.reader.files import HEADER, ROW, lines, read

MENDED = f"_upload,_line,_error,{HEADER}"
GOOD = f"u1,2,,{ROW}"


def told(row: str, *, header: str = MENDED, good: str = GOOD) -> tuple[object, ...]:
    """Return the place of the bad row in the third line, and what it was to mend."""
    (rejected,) = read(lines(good, row, header=header)).rejected
    place = rejected_line(rejected)
    assert place[:2] == (3, 2)
    return place[2:]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("u1,7,Line 7,1,soon,C7,2,9.50", ("u1", 7)),
        (" u1 , 7 ,Line 7,1,soon,C7,2,9.50", ("u1", 7)),
        ("u1,7,Line 7,1,2026-01-31,C7", ("u1", 7)),  # cells are missing behind
        ('u1,7,"Line" 7,1,2026-01-31,C7,2,9.50', ("u1", 7)),
        ("u1,7", ("u1", 7)),
        ("u1,07,Line 7,1,soon,C7,2,9.50", (None, None)),
        ("u1,-1,Line 7,1,soon,C7,2,9.50", (None, None)),
        ("u1,,Line 7,1,soon,C7,2,9.50", (None, None)),
        (",7,Line 7,1,soon,C7,2,9.50", (None, None)),
        ("u\x001,7,Line 7,1,2026-01-31,C7,2,9.50", (None, None)),
        (f"{'u' * 65},7,Line 7,1,soon,C7,2,9.50", (None, None)),
        ("u1", (None, None)),
    ],
)
def test_what_it_names_is_kept_if_it_can_be_one(row: str, named: tuple[object, ...]) -> None:
    assert told(row) == named


def test_the_columns_may_stand_anywhere() -> None:
    found = told("1,soon,C7,2,9.50,7,u1", header=f"{HEADER},_line,_upload", good=f"{ROW},2,u1")
    assert found == ("u1", 7)


def test_a_row_of_any_other_file_was_to_mend_nothing() -> None:
    assert told("1,soon,C7,2,9.50", header=HEADER, good=ROW) == (None, None)
