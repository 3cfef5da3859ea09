"""Which encoding a file is written in, and where its bytes are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest.reader import UnreadableFileError
from functions.ingest.reader.text.alphabets import guess
from functions.ingest.reader.text.texts import copy
from tests.unit.ingest.reader.files import ROW, Read, lines, read

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Muñoz"),
        ("cp1252", "Núñez €; 5 £; café crème brûlée; Straße; São João"),
        ("cp1250", "Łódź Wałęsa; Zażółć gęślą jaźń"),
        ("cp1250", "Dvořák; Příbram; Kőszegi Győző"),
        ("cp1251", "Иван Петров; Москва"),
        ("cp1254", "Ayşe Yılmaz; İstanbul; Şahin Güneş"),  # noqa: RUF001
        ("mac_roman", "José Núñez; Peña; café crème"),
        ("cp932", "山田太郎;2026-01-31;ハンカチ"),
        ("gb18030", "张三;2026年1月31日;客户编号"),
    ],
)
def test_an_encoding_is_told_by_what_people_would_have_typed(encoding: str, text: str) -> None:
    sample = text.encode(encoding)
    found = guess(sample)
    assert sample.decode(found.name) == text
    assert 0 < found.confidence <= 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_wide_file_is_read_and_its_rows_are_where_they_were(encoding: str) -> None:
    bad = "9,2026-02-30,Ñandú,1,2.00"
    before = lines("1,2026-01-31,Muñoz,2,9.50")
    content = (before + bad + "\n").encode(encoding)
    got = read(content)
    assert people_of(got) == ["Muñoz"]
    [rejected] = got.rejected
    placed = content[rejected.byte_offset : rejected.byte_offset + rejected.byte_length]
    plain = {"utf-16": "utf-16-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    assert placed.decode(plain) == bad
    assert got.balance.bytes == len(content)


def people_of(got: Read) -> list[str]:
    names: list[str] = got.column("customer_id")
    return names


@settings(max_examples=60)
@given(
    text=st.text(st.sampled_from("aé日本ンñ\n,\U0001f600"), max_size=40),
    encoding=st.sampled_from(["utf-16-le", "utf-16-be", "gb18030"]),
)
def test_every_character_of_a_copy_knows_where_it_came_from(
    text: str, encoding: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    path = folder / "upload.csv"
    path.write_bytes(text.encode(encoding))
    made = copy(path, encoding, folder)
    for i in range(len(text) + 1):
        place = len(text[:i].encode())
        assert made.origin(place) == len(text[:i].encode(encoding))


def test_a_wrong_byte_of_utf_16_is_located() -> None:
    content = lines(ROW).encode("utf-16-le") + b"\x00\xd8a\x00"
    with pytest.raises(UnreadableFileError) as refused:
        read(content)
    assert refused.value.code == "encoding_byte"
    assert (refused.value.params["line"], refused.value.params["byte"]) == (3, len(content) - 4)
