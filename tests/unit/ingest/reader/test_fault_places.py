"""One fault at a random place of a random table is reported at exactly that place."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.texts import LANGUAGES, say
from functions.ingest.reader.refusal import Fault, mask
from tests.unit.ingest.reader.files import ROW, lines, read

pytestmark = pytest.mark.unit

HEADER = ("Factura", "Fecha", "Cliente", "Nota", "Importe")
NOTES = ("plain", "Íñigo, hijo; o no", 'con "comillas"', "dos\nlíneas", "tab\tulador | y más", "")
DATE, CUSTOMER, NOTE, AMOUNT = 1, 2, 3, 4
# What is put where, and what it is called; without a column the row as a whole is at fault.
FAULTS: tuple[tuple[str, int | None, str], ...] = (
    ("bad_date", DATE, "ayer"),
    ("empty_cell", DATE, ""),
    ("future_date", DATE, "2027-01-01"),
    ("rounded_id", CUSTOMER, "3,46E+10"),
    ("bad_number", AMOUNT, "12.5O"),
    ("empty_cell", AMOUNT, ""),
    ("not_finite", AMOUNT, "nan"),
    ("control_char", CUSTOMER, "C\x1a7"),
    ("nul_byte", NOTE, "a\0b"),
    ("missing_cell", None, ""),
    ("extra_cell", None, ""),
)


@dataclass(frozen=True)
class Dialect:
    """A way to write a table."""

    delimiter: str
    line_end: str
    encoding: str
    quotes_all: bool
    above: tuple[str, ...]

    def cell(self, text: str) -> str:
        if self.quotes_all or any(c in text for c in f'{self.delimiter}"\r\n'):
            return '"' + text.replace('"', '""') + '"'
        return text

    def line(self, cells: list[str]) -> str:
        return self.delimiter.join(map(self.cell, cells)) + self.line_end

    def size(self, text: str) -> int:
        """Count the bytes of text that is not at the beginning of the file."""
        plain = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(self.encoding, self.encoding)
        return len(text.encode(plain))


DIALECTS = st.builds(
    Dialect,
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    quotes_all=st.booleans(),
    above=st.sampled_from([(), ("Informe de ventas",), ("Tienda Peña", "")]),
)


def table(size: int) -> list[list[str]]:
    return [
        [f"F-{i}", f"2026-01-{1 + i % 28:02}", f"C{i % 7}", NOTES[i % len(NOTES)], f"{i}.25"]
        for i in range(size)
    ]


@settings(max_examples=150)
@given(dialect=DIALECTS, place=st.integers(0, 39), fault=st.sampled_from(FAULTS))
def test_the_place_of_a_fault_is_exact(
    dialect: Dialect, place: int, fault: tuple[str, int | None, str]
) -> None:
    code, column, text = fault
    rows = table(40)
    if column is not None:
        rows[place][column] = text
    elif code == "missing_cell":
        rows[place].pop()
    else:
        rows[place].append("x")
    above = "".join(line + dialect.line_end for line in dialect.above)
    before = above + "".join(map(dialect.line, [list(HEADER), *rows[:place]]))
    own = dialect.line(rows[place])
    content = (before + own + "".join(map(dialect.line, rows[place + 1 :]))).encode(
        dialect.encoding
    )

    got = read(content)

    [rejected] = got.rejected
    record = rejected.error_record()
    if column is None:
        begin, shown = before, own.removesuffix(dialect.line_end)
    else:
        begin = before + "".join(dialect.cell(c) + dialect.delimiter for c in rows[place][:column])
        shown = dialect.cell(text)
    mark = len(content) - dialect.size(before + own + "".join(map(dialect.line, rows[place + 1 :])))
    assert record["code"] == code
    assert record["row"] == place + 1
    assert record["line"] == 1 + line_ends(begin)
    assert record["column_index"] == (None if column is None else column + 1)
    assert record["column"] == (None if column is None else HEADER[column])
    assert record["byte_offset"] == mark + dialect.size(begin)
    assert record["byte_length"] == dialect.size(shown)
    assert got.column("row") == [i + 1 for i in range(40) if i != place]
    for language in LANGUAGES:
        for name in (record["code"], record["expected"], record["hint"]):
            assert say(name, record["params"], language=language)


def line_ends(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n")


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_says_what_was_expected_and_what_helps(fault: Fault) -> None:
    params = {"expected": 5, "latest": "2026-05-04"}
    for language in LANGUAGES:
        assert say(f"{fault}_expected", params, language=language)
        assert say(f"{fault}_hint", params, language=language)


def test_what_may_be_about_a_person_is_shown_by_its_form_alone() -> None:
    got = read(lines(ROW, "1,2026-01-31,Ana Núñez\x07,2,9.50", "2,2026-01-31,Ana,2", "3,x,C,1,1"))
    assert [rejected.place.excerpt for rejected in got.rejected] == [
        "xxx xxxxx\\x07",
        "9,9999-99-99,xxx,9",
        "x",
    ]
    assert mask("Ana Núñez 山田 <a@b.es> ٣") == "xxx xxxxx xx <x@x.xx> 9"
