"""The vectorised path finds what the careful one finds, in records, cells, numbers and dates."""

import io
import itertools
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from unittest import mock
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import frame
from functions.ingest.reader.evidence.dates import DateEvidence
from functions.ingest.reader.evidence.numbers import NumberEvidence
from functions.ingest.reader.records import blocks, careful
from functions.ingest.reader.records.blocks import Block, read_blocks
from functions.ingest.reader.records.careful import (
    BACKSLASH,
    DOUBLE,
    NONE,
    SINGLE,
    Record,
    Style,
    Unfinished,
    read_records,
)
from functions.ingest.reader.records.dialect import Dialect
from functions.ingest.reader.records.rows import parse_carefully, parse_fast
from functions.ingest.reader.records.spill import by_distinct
from functions.ingest.reader.refusal import UnreadableFileError
from functions.ingest.reader.rejection import plain_cells
from functions.ingest.reader.text.alphabets import SINGLE_BYTE
from functions.ingest.reader.text.encoding import decode, to_utf_8
from functions.ingest.reader.values import dates, numbers
from functions.ingest.reader.values.careful_dates import (
    COMPACT,
    EXCEL_1900,
    EXCEL_1904,
    INSTANT,
    MILLISECONDS,
    ORDERS,
    SECONDS,
    WALL,
    read_date,
)
from functions.ingest.reader.values.careful_numbers import read_number

pytestmark = pytest.mark.unit

COMMAS = Style(delimiter=b",")
PIECES = [
    *(b"a", b"b1", b"---", b",", b",", b'"', b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b";", b"\0"),
    *(
        b'"x"',
        b'="x"',
        b'"=""y"""',
        b'"y,z"',
        b'"p\nq"',
        b"\xc3\xa9",
        b"\xef\xbb\xbf",
        b"1\n2",
        b",\n",
    ),
]
contents = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
block_sizes = st.sampled_from([1, 2, 3, 5, 8, 13, 1000])


def dialect(width: int) -> Dialect:
    header = tuple("abcd"[:width])
    return Dialect(encoding="utf-8", style=COMMAS, header=header, body_offset=0, body_line=1)


def blocks_of(content: bytes, *, block_bytes: int) -> list[Block]:
    with (
        mock.patch.object(blocks, "BLOCK_BYTES", block_bytes),
        mock.patch.object(blocks, "SHORT_LINE_BYTES", 4),
        mock.patch.object(blocks, "MAX_BLOCK_RECORDS", 3),
    ):
        return list(read_blocks(io.BytesIO(content), dialect(2)))


def lines_above(content: bytes) -> int:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")


@given(
    data=st.lists(st.sampled_from([b"a" * 99, *(bytes([i]) for i in range(256))])).map(b"".join),
    encoding=st.sampled_from(SINGLE_BYTE),
)
def test_rare_letters_become_the_same_utf_8_one_by_one(data: bytes, encoding: str) -> None:
    assert to_utf_8(data, encoding) == decode(data, encoding).encode()


@settings(max_examples=400)
@given(content=contents, style=st.sampled_from([COMMAS, Style(delimiter=b";", quote=SINGLE)]))
def test_the_standard_library_finds_the_same_cells_or_a_fault(content: bytes, style: Style) -> None:
    """Of whole records, which is what rejected rows are."""
    if style.quote == SINGLE:
        content = content.replace(DOUBLE, SINGLE).replace(b",", b";")
    for record in read_records(content, style=style, final=True):
        if isinstance(record, Unfinished):
            return
        raw = content[record.start : record.end].rstrip(b"\r\n")
        own = None if record.all_spoiled else tuple(map(bytes.decode, record.cells))
        assert plain_cells(decode(raw, "utf-8"), style) == own


@settings(max_examples=400)
@given(content=contents, block_bytes=block_sizes)
def test_both_paths_find_the_same_records_whatever_the_blocks(
    content: bytes, block_bytes: int
) -> None:
    records = list(read_records(content, style=COMMAS, final=True))
    last = records[-1] if records else None
    if isinstance(last, Unfinished):
        assert last.opening is not None
        with pytest.raises(UnreadableFileError) as refused:
            blocks_of(content, block_bytes=block_bytes)
        line = 1 + lines_above(content[: last.opening])
        assert refused.value.code == "unterminated_quote"
        assert refused.value.params == {"line": line, "byte": last.opening}
        return
    found = [
        (b.offset + int(b.edges[i]), b.offset + int(b.edges[i + 1]), b.spoiled.get(i), b.lines[i])
        for b in blocks_of(content, block_bytes=block_bytes)
        for i in range(b.rows)
    ]
    wanted = [
        (r.start, r.end, r.spoiled, 1 + lines_above(content[: r.start]))
        for r in records
        if isinstance(r, Record)
    ]
    assert found == wanted


@settings(max_examples=400)
@given(content=contents, block_bytes=block_sizes, width=st.sampled_from([2, 3]))
def test_both_paths_split_records_into_the_same_cells(
    content: bytes, block_bytes: int, width: int
) -> None:
    try:
        blocks = blocks_of(content, block_bytes=block_bytes)
    except UnreadableFileError:
        return
    for block in blocks:
        fast, careful = parse_fast(block, dialect(width)), parse_carefully(block, dialect(width))
        if fast is None:  # Arrow saw it differently, so the careful path is taken
            continue
        assert fast.fault.tolist() == careful.fault.tolist()
        assert fast.detail.tolist() == careful.detail.tolist()
        assert [c.to_pylist() for c in fast.columns] == [c.to_pylist() for c in careful.columns]


cells = st.text(st.sampled_from('ab1é,;" \n\r\t'), max_size=8)


@settings(max_examples=200)
@given(
    table=st.lists(st.tuples(cells, cells), min_size=1, max_size=12),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    block_bytes=block_sizes,
)
def test_a_quoted_table_reads_back_equal(
    table: list[tuple[str, str]], line_end: str, block_bytes: int
) -> None:
    doubled = [[cell.replace('"', '""') for cell in row] for row in table]
    content = "".join(",".join(f'"{cell}"' for cell in row) + line_end for row in doubled)
    seen: list[tuple[str, ...]] = []
    for block in blocks_of(content.encode(), block_bytes=block_bytes):
        parsed = parse_fast(block, dialect(2))
        assert parsed is not None
        seen += zip(*(column.to_pylist() for column in parsed.columns), strict=True)
    assert seen == table


def test_well_formed_records_take_the_fast_path() -> None:
    content = b'a,"b ""c"", d"\r\n5" pipe,"two\nlines"\r\n'
    [block] = blocks_of(content, block_bytes=1000)
    parsed = parse_fast(block, dialect(2))
    assert parsed is not None
    assert [c.to_pylist() for c in parsed.columns] == [
        ["a", '5" pipe'],
        ['b "c", d', "two\nlines"],
    ]


@settings(max_examples=300)
@given(
    data=st.lists(
        st.sampled_from([*PIECES, b"'", b"\\", b"|", b"||"]), min_size=1, max_size=12
    ).map(b"".join),
    delimiter=st.sampled_from([b",", b"||", b", "]),
    quote=st.sampled_from([DOUBLE, SINGLE, NONE]),
    escape=st.sampled_from([NONE, BACKSLASH]),
    final=st.booleans(),
)
def test_a_record_without_quotes_is_read_at_once_as_it_is_cell_by_cell(
    data: bytes, delimiter: bytes, quote: bytes, escape: bytes, final: bool
) -> None:
    style = Style(delimiter=delimiter, quote=quote, escape=escape)
    end = careful._end_of_line(data, 0)
    simple = careful._read_simple(data, 0, end, style=style, final=final)
    if simple is not None:
        assert told(simple) == told(careful._read_cells(data, 0, end, style=style, final=final))


# --- numbers --------------------------------------------------------------------------------

number_texts = st.one_of(
    st.text(st.sampled_from("0123456789.,-+ $e'()%\u20ac\u00a0\u2019\u0663"), max_size=12),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.from_regex(
        r"(EUR ?|\u20ac)?[+-]?[0-9]{1,3}([.,' \u202f][0-9]{3}){0,4}([.,][0-9]{1,7})?( ?(\u20ac|eur))?",
        fullmatch=True,
    ),
).map(str.strip)


@settings(max_examples=600)
@given(
    text=number_texts.filter(bool),
    mark=st.sampled_from([".", ","]),
    currency=st.sampled_from([None, "EUR", "$", "kr"]),
    groupings=st.frozensets(st.sampled_from(["", ",", ".", "'"])),
)
@example(text="1234567890123", mark=".", currency=None, groupings=frozenset())
@example(text="-0", mark=".", currency=None, groupings=frozenset())
@example(text="\u20ac5\u20ac", mark=".", currency="EUR", groupings=frozenset())
@example(text="EUREUR5", mark=".", currency="EUR", groupings=frozenset())
@example(text="kr.50", mark=".", currency="kr", groupings=frozenset())
@example(text="1,234 567.5", mark=".", currency=None, groupings=frozenset())
def test_both_paths_read_the_same_number(
    text: str, mark: str, currency: str | None, groupings: frozenset[str]
) -> None:
    values, faults = numbers.convert(
        pa.array([text]), mark=mark, kind=frame.PRICE, groupings=groupings, currency=currency
    )
    careful = read_number(text, mark=mark, scale=6, groupings=groupings, currency=currency)
    value = values[0].as_py()
    if isinstance(careful, Decimal):
        assert (value, faults[0]) == (careful, 0)
    else:
        assert (value, numbers.FAULTS[faults[0] - 1]) == (None, careful)


@settings(max_examples=300)
@given(text=number_texts, digits=st.text("123456789", min_size=1))
def test_a_number_shows_what_others_of_its_shape_show(text: str, digits: str) -> None:
    shown = [NumberEvidence(), NumberEvidence()]
    given_digits = itertools.cycle(digits)
    other = "".join(next(given_digits) if c in "123456789" else c for c in text)
    for evidence, value in zip(shown, (text, other), strict=True):
        evidence.add(by_distinct(pa.array([value, value])))
    one, two = shown
    assert one.marks.rows == two.marks.rows
    assert one.groupings == two.groupings
    assert one.currencies.rows == two.currencies.rows


# --- dates ----------------------------------------------------------------------------------

FORMS = [WALL, INSTANT, COMPACT, EXCEL_1900, EXCEL_1904, SECONDS, MILLISECONDS]
ZONES = [UTC, ZoneInfo("Europe/Madrid"), ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kathmandu")]
date_texts = st.one_of(
    st.text(st.sampled_from("0123456789-/. :TZamp+,\u0663\u5e74"), max_size=20),
    st.from_regex(
        r"([0-9]{4}|[0-3]?[0-9])[-/. ][0-3]?[0-9][-/. ]([0-9]{4}|[0-3]?[0-9])"
        r"([T ][0-2]?[0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,8})?)?( ?[AaPp][Mm])?"
        r"( ?(Z|[+-][01][0-9]:?[0-6][0-9]))?)?",
        fullmatch=True,
    ),
    st.from_regex(r"[0-9]{5}|[0-9]{8,10}|[0-9]{12,14}|[0-9]{5,13}[.,][0-9]{1,9}", fullmatch=True),
    st.datetimes(datetime(1969, 1, 1), datetime(2030, 1, 1)).map(datetime.isoformat),
).map(str.strip)


@settings(max_examples=800)
@given(
    text=date_texts,
    order=st.sampled_from([None, *ORDERS]),
    form=st.sampled_from(FORMS),
    zone=st.sampled_from(ZONES),
)
@example(text="9999-12-31T23:59:59-14:00", order=None, form=INSTANT, zone=UTC)
@example(text="2026-03-29T01:00:00Z", order=None, form=INSTANT, zone=ZONES[1])
@example(text="1/2/26 12:00 AM", order="mdy", form=WALL, zone=UTC)
@example(text="99999", order=None, form=EXCEL_1904, zone=UTC)
@example(text="1769853600", order=None, form=SECONDS, zone=ZONES[2])
def test_both_paths_read_the_same_date(
    text: str, order: str | None, form: str, zone: tzinfo
) -> None:
    moments, faults = dates.convert(pa.array([text]), order=order, form=form, zone=zone)
    careful = read_date(text, order=order, form=form, zone=zone)
    if isinstance(careful, datetime):
        assert (moments[0].item(), faults[0]) == (careful, 0)
    else:
        assert dates.FAULTS[faults[0] - 1] is careful


@settings(max_examples=300)
@given(text=date_texts)
def test_both_paths_see_the_same_evidence_of_a_date(text: str) -> None:
    vectorised, careful = (DateEvidence(datetime(2026, 5, 3)) for _ in range(2))
    vectorised.add(by_distinct(pa.array([text])))
    # Blanks that no pattern knows: every text is looked at alone.
    careful.add(by_distinct(pa.array([text.replace(" ", "\u2009") + "\u200f"])))
    assert vectorised.forms.rows == careful.forms.rows
    for order in ("dmy", "mdy", "open"):
        assert vectorised.orders.rows.get(order) == careful.orders.rows.get(order)


def told(record: Record | Unfinished) -> object:
    """Return all that a record says, whichever way it was read."""
    if isinstance(record, Unfinished):
        return record
    return record.start, record.end, record.cells, record.spans, record.spoiled
