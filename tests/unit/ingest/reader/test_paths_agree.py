"""The vectorised path finds what the careful one finds, in records and in cells."""

import io
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest.reader import careful, rows
from functions.ingest.reader.careful import (
    BACKSLASH,
    DOUBLE,
    NONE,
    SINGLE,
    Record,
    Style,
    Unfinished,
    read_records,
)
from functions.ingest.reader.dialect import Dialect
from functions.ingest.reader.refusal import UnreadableFileError
from functions.ingest.reader.rows import Block, parse_carefully, parse_fast, read_blocks

pytestmark = pytest.mark.unit

COMMAS = Style(delimiter=b",")
PIECES = [
    *(b"a", b"b1", b",", b",", b'"', b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b";", b"\0"),
    *(b'"x"', b'"y,z"', b'"p\nq"', b"\xc3\xa9", b"\xef\xbb\xbf", b"1\n2", b",\n"),
]
contents = st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)
block_sizes = st.sampled_from([1, 2, 3, 5, 8, 13, 1000])


def dialect(width: int) -> Dialect:
    header = tuple("abcd"[:width])
    return Dialect(encoding="utf-8", style=COMMAS, header=header, body_offset=0, body_line=1)


def blocks_of(content: bytes, *, block_bytes: int, quotes_at_once: int = 4) -> list[Block]:
    with (
        mock.patch.object(rows, "BLOCK_BYTES", block_bytes),
        mock.patch.object(rows, "_QUOTES_AT_ONCE", quotes_at_once),
    ):
        return list(read_blocks(io.BytesIO(content), dialect(2)))


def lines_above(content: bytes) -> int:
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")


@settings(max_examples=400, deadline=None)
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


@settings(max_examples=400, deadline=None)
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


@settings(max_examples=200, deadline=None)
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


@settings(max_examples=300, deadline=None)
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
    simple = careful._read_simple(data, 0, style=style, final=final)
    if simple is not None:
        assert simple == careful._read_cells(data, 0, style=style, final=final)
