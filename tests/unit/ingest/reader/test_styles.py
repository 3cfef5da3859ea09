"""Candidates that are not tried could not have won."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.ingest.reader.records import styles

pytestmark = pytest.mark.unit

_PIECES = st.sampled_from([
    "tea", "12", "3.50", "2026-04-01", "08:30", " ", "  ", ", ", ",", ";", "::", "|", "\t", ":", "",
    "a b", "#1", '"', "'", "\\",
])  # fmt: skip
_LINES = st.lists(st.lists(_PIECES, max_size=7).map("".join), min_size=1, max_size=8)


@given(lines=_LINES, end=st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_is_not_tried_would_have_changed_nothing(lines: list[str], end: str) -> None:
    data = "".join(line + end for line in lines).encode()
    found = _found(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(styles, "_most_sense", lambda _style, _sample: 1.0)
        assert found == _found(data)


def test_a_colon_in_times_is_not_tried_beside_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bytes] = []
    read = styles._first_records

    def first_records(data: bytes, start: int, style: styles.Style, *, final: bool) -> object:
        tried.append(style.delimiter)
        return read(data, start, style, final=final)

    monkeypatch.setattr(styles, "_first_records", first_records)
    _found(b"".join(b"%d,2026-04-01 08:%02d,green tea,3.50\n" % (i, i) for i in range(40)))
    assert tried == [b","]


def _found(data: bytes) -> styles.Found:
    return styles.find_style(data, 0, told=None, encoding="utf-8", final=True)
