"""Hostile and damaged files: exactly what was expected, only our errors, nothing silently short."""

import pytest

from common.texts import LANGUAGES, say
from functions.ingest.reader import OpenQuestionError, UnreadableFileError
from tests.unit.ingest.reader.files import Read, read
from tests.unit.ingest.reader.hostile import hostile_files
from tests.unit.ingest.reader.outcomes import Asked, Hostile, Refused, Rows

pytestmark = pytest.mark.unit

FILES = list(hostile_files())


def test_there_are_many_and_no_two_alike() -> None:
    assert len(FILES) >= 60
    assert len({file.name for file in FILES}) == len(FILES)
    assert len({file.content for file in FILES}) == len(FILES)


def outcome(content: bytes) -> Read | UnreadableFileError | OpenQuestionError:
    """Read a file; whatever it is, the balance closes or the reason can be said."""
    try:
        got = read(content)
    except (UnreadableFileError, OpenQuestionError) as error:
        sentences = {say(error.code, error.params, language=language) for language in LANGUAGES}
        return (
            error if len(sentences) == len(LANGUAGES) else pytest.fail(f"said alike: {sentences}")
        )
    got.balance.verify(stored_rows=got.table.num_rows, stored_amount=got.balance.amount)
    assert len(got.rejected) == got.balance.rejected
    assert len(got.left_out) == got.balance.left_out
    return got


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_hostile_file_ends_as_expected(file: Hostile) -> None:
    got = outcome(file.content)
    match file.outcome:
        case Rows(accepted, wrong, left_out):
            assert isinstance(got, Read), got
            assert [(row.code, row.line) for row in got.rejected] == list(wrong)
            assert [(row.code, row.line) for row in got.left_out] == list(left_out)
            assert got.balance.accepted == accepted
        case Refused(code, line):
            assert isinstance(got, UnreadableFileError), got
            assert got.code == code
            assert line is None or got.params["line"] == line
        case Asked(code):
            assert isinstance(got, OpenQuestionError), got
            assert got.code == code


# --- damage ---------------------------------------------------------------------------------

HEADER = "Factura;Mes;Jefe;Fecha;Cliente;Nota;Importe\r\n"
LINES = [
    f'F-{i};M;J;{1 + i % 28:02}/01/2026;"Núñez, ""Eva"" {i}";"a\nb; c {i}";{i},25\r\n'
    for i in range(36)
]


def test_a_file_cut_after_any_byte_is_never_silently_short() -> None:
    content = (HEADER + "".join(LINES)).encode()
    assert 2000 < len(content) < 2400
    ends = [len(HEADER.encode()) + len("".join(LINES[:i]).encode()) for i in range(len(LINES) + 1)]
    for size in range(len(content)):
        got = outcome(content[:size])
        if isinstance(got, Read):
            whole = sum(end <= size for end in ends) - 1
            begun = whole + (size > ends[whole]) if whole >= 0 else 0
            assert got.balance.rows_in == max(begun, 0)
            assert got.balance.accepted >= max(whole, 0)
            assert got.balance.bytes == size


def test_a_flipped_bit_of_the_header_is_never_silently_short() -> None:
    content = bytearray((HEADER + "".join(LINES[:6])).encode())
    for place in range(len(HEADER)):
        for bit in range(8):
            content[place] ^= 1 << bit
            got = outcome(bytes(content))
            content[place] ^= 1 << bit
            if isinstance(got, Read):
                assert (got.balance.rows_in, got.balance.accepted) == (6, 6)
                assert got.balance.bytes == len(content)
