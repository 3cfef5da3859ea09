"""Which kind of file this is, and how its bytes become text.

Order of evidence: magic bytes, byte order mark, NULs on every other byte, strict UTF-8 over the
whole file; what is left is weighed by `alphabets`. A replacement character is never made up.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.refusal import Refusal, UnreadableFileError
from functions.ingest.reader.text.alphabets import CP932, GB18030, SINGLE_BYTE, guess, table

BOM = codecs.BOM_UTF8
HEAD_BYTES = 1 << 20
_PIECE_BYTES = 1 << 18  # larger ones are new memory for each, which takes longer than to read them
_SAMPLE_BYTES = 1 << 16
_SOME_BYTES = 1 << 16
_FEW = 64  # bytes for one that is not ASCII: then these are respelled one by one

UTF_8 = "utf-8"
UTF_16_LE, UTF_16_BE = "utf-16-le", "utf-16-be"
# In these a byte of one character may be that of another, a delimiter too.
WIDE = frozenset({UTF_16_LE, UTF_16_BE, CP932, GB18030})


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How a file's bytes become text, and who said so: `mark`, `bytes` or `evidence`."""

    name: str
    settled_by: str
    confidence: float = 1.0


_MAGIC = (
    (b"\xd0\xcf\x11\xe0", Refusal.XLSX),  # workbooks from before .xlsx
    (b"BZh", Refusal.COMPRESSED),
    (b"\xfd7zXZ\x00", Refusal.COMPRESSED),
    (b"\x28\xb5\x2f\xfd", Refusal.COMPRESSED),
    (b"7z\xbc\xaf", Refusal.COMPRESSED),
    (b"Rar!", Refusal.COMPRESSED),
    (b"%PDF-", Refusal.PDF),
)
_MARKUP = (b"<!doctype", b"<html", b"<head", b"<body", b"<table", b"<script", b"<?xml", b"<!--")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r"))
_LINE_END = re.compile(rb"[\r\n]")


def refuse_other_kinds(head: bytes) -> None:
    """Refuse what only its name makes a CSV, by the file's first bytes.

    Raises:
        UnreadableFileError: A workbook, archive, PDF, web page, UTF-32 text, or no text at all.
    """
    if not head.strip(BOM + b" \t\r\n"):
        raise UnreadableFileError(Refusal.EMPTY)
    for magic, refusal in _MAGIC:
        if head.startswith(magic):
            raise UnreadableFileError(refusal)
    if head[:512].removeprefix(BOM).lstrip().lower().startswith(_MARKUP):
        raise UnreadableFileError(Refusal.HTML)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise UnreadableFileError(Refusal.ENCODING, {"found": "UTF-32"})
    wide = _wide_encoding(head)
    if wide is None and _is_binary(head):
        raise UnreadableFileError(Refusal.BINARY)
    if wide and not head.decode(wide.name, "ignore").strip("\ufeff \t\r\n"):
        raise UnreadableFileError(Refusal.EMPTY)


def _wide_encoding(head: bytes) -> Encoding | None:
    for mark, name in ((codecs.BOM_UTF16_LE, UTF_16_LE), (codecs.BOM_UTF16_BE, UTF_16_BE)):
        if head.startswith(mark):
            return Encoding(name=name, settled_by="mark")
    if b"\0" not in head:
        return None
    # Text that is mostly Latin, without a mark: every other byte is NUL.
    pairs = len(head) // 2
    nuls = [head[side : 2 * pairs : 2].count(0) for side in (0, 1)]
    if max(nuls) <= 0.4 * pairs or min(nuls) >= 0.1 * pairs:
        return None
    name = UTF_16_BE if nuls[0] > nuls[1] else UTF_16_LE
    confidence = round((max(nuls) - min(nuls)) / pairs, 2)
    return Encoding(name=name, settled_by="evidence", confidence=confidence)


def _is_binary(head: bytes) -> bool:
    share = 1 - len(head.translate(None, delete=_CONTROLS)) / len(head)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return share > 0.01
    # A till that lost power leaves rows of NULs: bad rows in a good file.
    return share > 0.3


def detect(file: BinaryIO, head: bytes) -> Encoding:
    """Return the encoding of the whole file, which begins with `head`.

    Raises:
        UnreadableFileError: It has bytes that are wrong in its encoding; the first is named.
    """
    if wide := _wide_encoding(head):
        _refuse_wrong_bytes(file, wide.name)
        return wide
    if _first_wrong_byte(file, UTF_8) is None:
        return Encoding(name=UTF_8, settled_by="mark" if head.startswith(BOM) else "bytes")
    sample = _sample(file)
    if head.startswith(BOM) or _is_mostly_utf_8(sample):
        _refuse_wrong_bytes(file, UTF_8)
    found = guess(sample)
    if found.name in WIDE:
        _refuse_wrong_bytes(file, found.name)
    return Encoding(name=found.name, settled_by="evidence", confidence=found.confidence)


def _refuse_wrong_bytes(file: BinaryIO, encoding: str) -> None:
    wrong_at = _first_wrong_byte(file, encoding)
    if wrong_at is not None:
        found = _describe_byte(file, wrong_at, encoding)
        raise UnreadableFileError(Refusal.ENCODING_BYTE, {"encoding": label(encoding), **found})


def _sample(file: BinaryIO) -> bytes:
    """Return the first lines that are not plain ASCII."""
    lines: list[bytes] = []
    size = 0
    for piece in _pieces(file):
        if _is_ascii(piece):
            continue
        end = 0
        for high in np.flatnonzero(np.frombuffer(piece, np.uint8) >= 0x80).tolist():
            if high < end:
                continue
            start = max(piece.rfind(end_of, end, high) for end_of in (b"\n", b"\r"))
            first = end
            stop = _LINE_END.search(piece, high)
            end = stop.start() if stop else len(piece)
            lines.append(piece[max(start + 1, first, end - _SAMPLE_BYTES) : end])
            size += len(lines[-1])
            if size > _SAMPLE_BYTES:
                return b"\n".join(lines)
    return b"\n".join(lines)


def label(encoding: str) -> str:
    """Return an encoding's name as people know it."""
    return {CP932: "Shift_JIS", "mac_roman": "Mac Roman", "utf-8": "UTF-8"}.get(
        encoding, encoding.upper().replace("CP", "Windows-")
    )


def _first_wrong_byte(file: BinaryIO, encoding: str) -> int | None:
    """Return the position of the first byte that is wrong in `encoding`."""
    decoder = codecs.getincrementaldecoder(encoding)()
    position = 0
    for piece in _pieces(file):
        pending = len(decoder.getstate()[0])
        if not pending and encoding == UTF_8 and _is_ascii(piece):
            position += len(piece)
            continue
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            return position - pending + error.start
        position += len(piece)
    pending = len(decoder.getstate()[0])
    return position - pending if pending else None


def _is_ascii(data: bytes) -> bool:
    """Say so, some times as fast as `isascii`."""
    return not data or bool(np.frombuffer(data, np.uint8).max() < 0x80)


def _is_mostly_utf_8(sample: bytes) -> bool:
    """Say whether text that is not all UTF-8 was meant to be.

    In single-byte text two letters in a row hardly ever form a valid UTF-8 sequence, so what is
    valid and not ASCII outweighs the wrong bytes only in UTF-8 that was damaged.
    """
    text = sample.decode(errors="replace")
    wrong = text.count("\ufffd")
    in_ascii = len(sample) - int(np.count_nonzero(np.frombuffer(sample, np.uint8) & 0x80))
    return len(text) - in_ascii - wrong > wrong


def _describe_byte(file: BinaryIO, position: int, encoding: str) -> dict[str, object]:
    """Name a byte by its line and its place in the file."""
    file.seek(0)
    breaks = left = 0
    decoder = codecs.getincrementaldecoder(encoding)("ignore")
    ends_in_cr = False
    for piece in _pieces(file):
        text = decoder.decode(piece[: position - left])
        breaks += text.count("\n") + text.count("\r") - text.count("\r\n")
        breaks -= ends_in_cr and text.startswith("\n")
        ends_in_cr = text.endswith("\r")
        if position < left + len(piece):
            value = f"0x{piece[position - left]:02x}"
            return {"line": 1 + breaks, "byte": position, "value": value}
        left += len(piece)
    raise IndexError(position)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(_PIECE_BYTES):
        yield piece


def decode(data: bytes, encoding: str) -> str:
    """Return bytes of the file as text."""
    if encoding in SINGLE_BYTE and not data.isascii():
        return codecs.charmap_decode(data, "strict", table(encoding))[0]
    return data.decode()


def decode_all(cells: Iterable[bytes], encoding: str) -> list[str]:
    """Return cells of the file as text."""
    if encoding == UTF_8:
        return list(map(bytes.decode, cells))
    return [decode(cell, encoding) for cell in cells]


def to_utf_8(data: bytes, encoding: str) -> bytes:
    """Return bytes of the file as UTF-8, which Arrow reads."""
    if encoding == UTF_8 or data.isascii():
        return data
    if encoding in SINGLE_BYTE:
        high = _high(data)
        if _FEW * len(high) < len(data):
            return b"".join(_respelled(data, high.tolist(), table(encoding)))
    return decode(data, encoding).encode()


def _high(data: bytes) -> NDArray[np.int64]:
    """Return where bytes stand that are not ASCII; in most files they are in few pieces."""
    found = [np.empty(0, np.int64)]
    for first in range(0, len(data), _SOME_BYTES):
        piece = data[first : first + _SOME_BYTES]
        if not piece.isascii():
            found.append(first + np.flatnonzero(np.frombuffer(piece, np.uint8) >= 0x80))
    return np.concatenate(found)


def _respelled(data: bytes, high: Iterable[int], characters: str) -> Iterator[bytes | memoryview]:
    """Yield what is plain ASCII as it stands, and each byte that is not as UTF-8."""
    as_it_stands = memoryview(data)
    start = 0
    for place in high:
        yield as_it_stands[start:place]
        yield characters[data[place]].encode()
        start = place + 1
    yield as_it_stands[start:]
