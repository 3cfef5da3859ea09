"""What is found by a look at few bytes is what a look at all of them finds."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ingest.reader.records.marks import find_marks
from functions.ingest.reader.values.likely import trimmed

pytestmark = pytest.mark.unit

LETTERS = st.sampled_from(["a", "é", " ", "\t", "\u00a0", "\u3000", "\u2009", "\x85", "7", "\x1f"])


@given(
    texts=st.lists(st.text(LETTERS, max_size=4), max_size=9),
    first=st.integers(0, 9),
    size=st.integers(0, 9),
)
def test_texts_are_trimmed_as_arrow_trims_them(texts: list[str], first: int, size: int) -> None:
    some = pa.array(texts, pa.string()).slice(min(first, len(texts)), size)
    assert trimmed(some).to_pylist() == pc.utf8_trim_whitespace(some).to_pylist()


def test_texts_without_blanks_around_them_are_not_copied() -> None:
    texts = pa.array(["a b", "", "c"])
    assert trimmed(texts) is texts


OCTETS = st.sampled_from([
    b"a",
    b'"',
    b"\n",
    b"\r",
    b"\t",
    b" ",
    b"\x0b",
    b"\x1f",
    b"\x7f",
    b"\x80",
])


@given(pieces=st.lists(OCTETS))
def test_controls_are_all_below_a_blank_but_tabs_and_line_ends(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    marks = find_marks(data, quote=b'"', final=True)
    assert marks.has_controls == (b"\x0b" in data or b"\x1f" in data)
    assert marks.is_plain == (b"\x7f" not in data and data.isascii())
    assert marks.quotes.tolist() == [i for i in range(len(data)) if data[i] == ord('"')]
    above = [data[:end].count(b'"') for end in marks.breaks.tolist()]
    assert marks.quotes_above.tolist() == above
