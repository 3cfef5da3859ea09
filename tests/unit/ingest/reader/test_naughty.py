"""Naughty strings stay what they are: as customers and products, in both paths, and on the way out."""

import csv
import io
from collections.abc import Sequence
from unittest import mock

import pytest

from common.mending import read_back
from functions.ingest.reader.records import rows
from functions.report_api.export import Origin, rejected_text
from functions.report_api.schemas import Rejected
from tests.unit.ingest.reader.files import Read, read, refusal
from tests.unit.ingest.reader.naughty import CONTROLS, SEEN
from tests.unit.ingest.reader.test_raw import read_table

pytestmark = pytest.mark.unit

HEADER = ["invoice", "date", "customer", "product", "amount"]
# As customers these are none, or the one above.
CUSTOMERS = {**dict.fromkeys(("None", "N/A", "#N/A", "--")), '"': "a\tb"}
# No row of these may be mistaken for what stands below a table.
LAST = ["9", "2026-01-31", "C9", "tea", "1.50"]


def table(texts: Sequence[str], *, all_quoted: bool = True, line_end: str = "\n") -> bytes:
    """Write a file as RFC 4180 says; Python's writer leaves a lone CR without quotes."""

    def line(cells: Sequence[str]) -> str:
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells]
        written = zip(cells, quoted, strict=True)
        return ",".join(q if all_quoted or set(c) & set(',"\r\n') else c for c, q in written)

    rows = [[f"F{i}", "2026-01-31", text, text, "1.50"] for i, text in enumerate(texts)]
    return line_end.join(map(line, [HEADER, *rows, LAST, []])).encode()


def read_by(path: str, content: bytes) -> Read:
    """Read a file by one of the two paths, and make sure that it was that one."""
    fast = mock.Mock(side_effect=rows.parse_fast if path == "vectorised" else lambda *_: None)
    careful = mock.Mock(side_effect=rows.parse_carefully)
    with mock.patch.multiple(rows, parse_fast=fast, parse_carefully=careful):
        got = read(content)
    assert careful.called == (path == "careful")
    return got


@pytest.mark.parametrize("path", ["vectorised", "careful"])
@pytest.mark.parametrize("all_quoted", [True, False], ids=["all", "some"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_they_are_read_as_text(path: str, all_quoted: bool, line_end: str) -> None:
    got = read_by(path, table(SEEN, all_quoted=all_quoted, line_end=line_end))
    texts = [text.strip() for text in SEEN]
    assert got.rejected == []
    assert got.column("customer_id") == [*(CUSTOMERS.get(text, text) for text in texts), "C9"]
    assert got.column("product") == [*texts, "tea"]


@pytest.mark.parametrize("path", ["vectorised", "careful"])
def test_controls_are_rejected_where_they_stand(path: str) -> None:
    content = table([*CONTROLS, "x"])
    got = read_by(path, content)
    assert got.column("customer_id") == ["x", "C9"]
    for text, row in zip(CONTROLS, got.rejected, strict=True):
        assert row.code == ("nul_byte" if "\0" in text else "control_char")
        place = row.place
        cell = content[place.byte_offset :][: place.byte_length]
        assert (row.column, cell) == ("customer", f'"{text}"'.encode())


def test_the_table_as_text_has_every_one_of_them() -> None:
    texts = [*SEEN, *CONTROLS]
    header, found = read_table(table(texts))
    assert header == tuple(HEADER)
    assert [row[2:4] for row in found] == [*([text, text] for text in texts), LAST[2:4]]


def test_halves_of_characters_are_refused_and_never_replaced() -> None:
    half = table(["x"]).replace(b'"x"', b'"\xed\xa0\x80"')
    assert refusal(half + "ñ".encode() * 9).code == "encoding_byte"


def test_what_goes_out_is_no_formula_and_comes_back_equal() -> None:
    rejected = [
        Rejected(
            code="bad_date",
            params={"found": "soon", "column": "date", "line": 2},
            line=2,
            row=1,
            column="date",
            byte_offset=0,
            raw="",
            cells=(text, text),
        )
        for text in SEEN
    ]
    origin = Origin(upload="u", header=("customer", "product"))
    out = "".join(rejected_text(rejected, origin, language="en"))
    back = list(csv.reader(io.StringIO(out, newline="")))[1:]
    assert [[read_back(cell) for cell in row[3:]] for row in back] == [[t, t] for t in SEEN]
    for row in back:
        for cell in row[3:]:
            is_number = cell.lstrip("+-").replace(",", ".").replace(".", "", 1).isdecimal()
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\0")) or is_number, cell
