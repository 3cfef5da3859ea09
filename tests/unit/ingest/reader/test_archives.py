"""Files that come packed."""

import gzip
import io
import zipfile
from contextlib import suppress

import pytest

from functions.ingest.reader import UnreadableFileError
from functions.ingest.reader.text import unpacking
from tests.unit.ingest.reader.files import ROW, lines, read

pytestmark = pytest.mark.unit


def zipped(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return out.getvalue()


def test_a_csv_inside_an_archive_is_read() -> None:
    table = lines(ROW, ROW)
    packed = gzip.compress(table[:40].encode()) + gzip.compress(table[40:].encode())
    for content in (packed, zipped(sales=table)):
        got = read(content)
        assert (got.balance.accepted, got.balance.bytes) == (2, len(table))


@pytest.mark.parametrize("padding", [1, 1 << 16, (1 << 16) + 1, 1 << 18])
def test_members_are_read_whatever_fills_the_blocks_between_them(padding: int) -> None:
    table = lines(ROW, ROW)
    packed = gzip.compress(table[:40].encode()) + bytes(padding)
    got = read(packed + gzip.compress(table[40:].encode()) + bytes(padding))
    assert (got.balance.accepted, got.balance.bytes) == (2, len(table))


def code_of(content: bytes) -> str:
    with pytest.raises(UnreadableFileError) as refused:
        read(content)
    return refused.value.code


def test_an_archive_of_many_files_is_refused() -> None:
    assert code_of(zipped(a=ROW, b=ROW)) == "compressed_many"


def test_an_archive_that_lost_any_of_its_bytes_is_damaged() -> None:
    whole = zipped(sales=lines(ROW))
    for lost in range(4, len(whole)):
        assert code_of(whole[:4] + whole[lost + 1 :]).startswith("compressed")


def test_an_archive_with_a_bit_turned_over_is_read_or_damaged() -> None:
    whole = zipped(ñ=lines(ROW))
    for place in range(4, len(whole)):
        for bit in range(8):
            turned = bytearray(whole)
            turned[place] ^= 1 << bit
            with suppress(UnreadableFileError):  # anything else is a bug
                read(bytes(turned))


def test_an_archive_unpacks_to_so_much_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    table = lines(*[ROW] * 99)
    packed = gzip.compress(table.encode())
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", len(table))
    assert read(packed).balance.accepted == 99
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", len(table) - 1)
    assert code_of(packed) == "unpacked_too_large"


def test_a_bomb_is_refused_by_its_ratio() -> None:
    assert code_of(gzip.compress(bytes(200 << 20), 9)) == "unpacked_too_large"
