"""Which kind of file this is, and how its bytes become text.

Order of evidence: magic bytes, byte order mark, strict UTF-8 over the whole file; what is left is
read as windows-1252 the way web browsers do, a superset of Latin-1 in which no byte is an error.
A replacement character is never made up.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from functions.ingest.reader.refusal import Refusal, UnreadableFileError

BOM = codecs.BOM_UTF8
HEAD_BYTES = 1 << 20
_PIECE_BYTES = 1 << 22

UTF_8 = "utf-8"
CP1252 = "cp1252"

# https://encoding.spec.whatwg.org/#windows-1252: the five bytes that Python leaves undefined are
# control characters there, so the rows that hold them are rejected and no others.
_WINDOWS_1252 = "".join(
    bytes([i]).decode("cp1252") if i not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else chr(i)
    for i in range(256)
)

_MAGIC = (
    (b"\xd0\xcf\x11\xe0", Refusal.XLSX),  # workbooks from before .xlsx
    (b"\x1f\x8b", Refusal.COMPRESSED),
    (b"BZh", Refusal.COMPRESSED),
    (b"\xfd7zXZ\x00", Refusal.COMPRESSED),
    (b"\x28\xb5\x2f\xfd", Refusal.COMPRESSED),
    (b"7z\xbc\xaf", Refusal.COMPRESSED),
    (b"Rar!", Refusal.COMPRESSED),
    (b"%PDF-", Refusal.PDF),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<script", b"<?xml", b"<!--")
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def refuse_other_kinds(head: bytes) -> None:
    """Refuse what only its name makes a CSV, by the file's first bytes.

    Raises:
        UnreadableFileError: A workbook, archive, PDF, web page, UTF-16 text, or no text at all.
    """
    if not head.strip(BOM + b" \t\r\n"):
        raise UnreadableFileError(Refusal.EMPTY)
    if head.startswith(b"PK\x03\x04"):
        is_workbook = b"[Content_Types].xml" in head or b"xl/" in head
        raise UnreadableFileError(Refusal.XLSX if is_workbook else Refusal.COMPRESSED)
    for magic, refusal in _MAGIC:
        if head.startswith(magic):
            raise UnreadableFileError(refusal)
    if head[:512].removeprefix(BOM).lstrip().lower().startswith(_MARKUP):
        raise UnreadableFileError(Refusal.HTML)
    if name := _wide_encoding(head):
        raise UnreadableFileError(Refusal.ENCODING, {"found": name})
    if _is_binary(head):
        raise UnreadableFileError(Refusal.BINARY)


def _wide_encoding(head: bytes) -> str | None:
    for mark, name in _WIDE_MARKS:
        if head.startswith(mark):
            return name
    # Latin text in UTF-16 without a mark: every other byte is NUL.
    sides = np.frombuffer(head[: len(head) // 2 * 2], np.uint8).reshape(-1, 2) == 0
    shares = sides.mean(axis=0) if len(sides) else np.zeros(2)
    return "UTF-16" if shares.max() > 0.4 and shares.min() < 0.1 else None


def _is_binary(head: bytes) -> bool:
    octets = np.frombuffer(head, np.uint8)
    controls = (octets < 32) & ~np.isin(octets, (9, 10, 12, 13))
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return bool(controls.mean() > 0.01)
    # A till that lost power leaves rows of NULs: bad rows in a good file.
    return bool(controls.mean() > 0.3)


def detect(file: BinaryIO) -> str:
    """Return the encoding of the whole file, `utf-8` or `cp1252`.

    Raises:
        UnreadableFileError: UTF-8 with wrong bytes in it; the first one is named.
    """
    wrong_at = _first_wrong_byte(file)
    if wrong_at is None:
        return UTF_8
    if _is_mostly_utf_8(file):
        raise UnreadableFileError(Refusal.ENCODING_BYTE, _describe_byte(file, wrong_at))
    return CP1252


def _first_wrong_byte(file: BinaryIO) -> int | None:
    """Return the position of the first byte that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    for piece in _pieces(file):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return position - pending + error.start
        position += len(piece)
    pending = len(decoder.getstate()[0])
    return position - pending if pending else None


def _is_mostly_utf_8(file: BinaryIO) -> bool:
    """Say whether a file that is not all UTF-8 was meant to be.

    In single-byte text two letters in a row hardly ever form a valid UTF-8 sequence, so what is
    valid and not ASCII outweighs the wrong bytes only in UTF-8 that was damaged.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    wrong = valid = 0
    for number, piece in enumerate(_pieces(file)):
        if number == 0 and piece.startswith(BOM):
            return True
        text = decoder.decode(piece)
        replaced = text.count("\ufffd")
        ascii_only = len(piece) - int(np.count_nonzero(np.frombuffer(piece, np.uint8) & 0x80))
        wrong += replaced
        valid += len(text) - ascii_only - replaced
    return valid > wrong


def _describe_byte(file: BinaryIO, position: int) -> dict[str, object]:
    file.seek(0)
    lines = 1
    left = position
    for piece in _pieces(file):
        before = piece[:left]
        lines += before.count(b"\n")
        left -= len(before)
        if left <= 0 and len(before) < len(piece):
            return {"line": lines, "byte": position, "value": f"0x{piece[len(before)]:02x}"}
    raise IndexError(position)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece


def decode(data: bytes, encoding: str) -> str:
    """Return bytes of the file as text."""
    if encoding == CP1252 and not data.isascii():
        return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0]
    return data.decode()


def to_utf_8(data: bytes, encoding: str) -> bytes:
    """Return bytes of the file as UTF-8, which Arrow reads."""
    if encoding == UTF_8 or data.isascii():
        return data
    return decode(data, encoding).encode()
