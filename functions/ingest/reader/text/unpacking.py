"""A CSV inside `.gz` or `.zip`: unpacked beside the file, never further than is allowed."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from io import SEEK_SET, FileIO
from pathlib import Path
from typing import Any, BinaryIO

from functions.ingest.reader.refusal import Refusal, UnreadableFileError

MAX_UNPACKED_BYTES = 1 << 30
MAX_RATIO = 50
_SURE_BYTES = 1 << 20  # a small file may be as repetitive as it likes
_PIECE_BYTES = 1 << 16
_MOST_NAMES_BYTES = 1 << 22
# Of the others Python unpacks all that a piece holds, which may be a thousand times its size.
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Encrypted members are a RuntimeError, methods that Python does not know NotImplemented; names may
# be no text, or empty.
_OF_BAD_ZIPS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    IndexError,
)

_GZIP, _ZIP, _EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_NESTED = (
    _GZIP,
    _ZIP,
    _EMPTY_ZIP,
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"7z\xbc\xaf",
    b"Rar!",
)


def is_packed(head: bytes) -> bool:
    """Say by a file's first bytes whether there is another one inside it."""
    return head.startswith((_GZIP, _ZIP, _EMPTY_ZIP))


def unpack(path: Path, head: bytes, folder: Path) -> Path:
    """Return the one file inside a packed one that begins with `head`, in `folder`.

    Raises:
        UnreadableFileError: It is a workbook, damaged, holds no or many files, another archive,
            or more than may be unpacked, or is packed in a way whose pieces have no bound.
    """
    if head.startswith(_GZIP):
        with path.open("rb") as file:
            return _write(_gunzip(file), folder, packed=path.stat().st_size)
    magic = head[:_PIECE_BYTES]
    if b"[Content_Types].xml" in magic or b"xl/" in magic:
        raise UnreadableFileError(Refusal.XLSX)
    return _unzip(path, folder)


def _write(pieces: Iterator[bytes], folder: Path, *, packed: int) -> Path:
    target = folder / "unpacked.csv"
    limit = min(MAX_UNPACKED_BYTES, max(MAX_RATIO * packed, _SURE_BYTES))
    size = 0
    with target.open("wb") as out:
        for number, piece in enumerate(pieces):
            if number == 0 and piece.startswith(_NESTED):
                raise UnreadableFileError(Refusal.COMPRESSED)
            size += len(piece)
            if size > limit:
                raise UnreadableFileError(Refusal.UNPACKED_TOO_LARGE, {"limit": limit})
            out.write(piece)
    return target


def _gunzip(file: BinaryIO) -> Iterator[bytes]:
    """Yield what is in a gzip file, of all its members."""
    rest = file.read(_PIECE_BYTES)
    while rest:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            yield _inflate(member, rest)
            rest = member.unconsumed_tail or member.unused_data or file.read(_PIECE_BYTES)
            if not rest and not member.eof:
                raise UnreadableFileError(Refusal.COMPRESSED_DAMAGED)
        rest = _after_padding(file, rest)


def _after_padding(file: BinaryIO, rest: bytes) -> bytes:
    """Return what follows NULs: tapes and some tools fill the last block of a member."""
    rest = rest.lstrip(b"\0")
    while not rest and (more := file.read(_PIECE_BYTES)):
        rest = more.lstrip(b"\0")
    return rest


def _inflate(member: Any, packed: bytes) -> bytes:
    try:
        inflated: bytes = member.decompress(packed, _PIECE_BYTES)
    except zlib.error as error:
        raise UnreadableFileError(Refusal.COMPRESSED_DAMAGED) from error
    return inflated


class _Sparing(FileIO):
    """Does not read as much at once as an archive of millions of names would have it.

    Nor before its beginning, where an archive points that has lost some of its bytes.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_NAMES_BYTES:
            raise zipfile.BadZipFile("too many names")
        return super().read(size)

    def seek(self, offset: int, whence: int = SEEK_SET, /) -> int:
        if whence == SEEK_SET and offset < 0:
            raise zipfile.BadZipFile("a part is missing")
        return super().seek(offset, whence)


def _unzip(path: Path, folder: Path) -> Path:
    try:
        with (
            _Sparing(path) as file,
            zipfile.ZipFile(file) as archive,
            closing(archive.open(_only_member(archive))) as member,
        ):
            pieces = iter(lambda: member.read(_PIECE_BYTES), b"")
            # Not the packed size that the archive tells: it may tell any.
            return _write(pieces, folder, packed=path.stat().st_size)
    except _OF_BAD_ZIPS as error:
        raise UnreadableFileError(Refusal.COMPRESSED_DAMAGED) from error


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    names = archive.namelist()
    if any(name.startswith(("[Content_Types].xml", "xl/", "content.xml")) for name in names):
        raise UnreadableFileError(Refusal.XLSX)
    members = [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise UnreadableFileError(Refusal.COMPRESSED_MANY, {"files": len(members)})
    if members[0].compress_type not in _BOUNDED:
        raise UnreadableFileError(Refusal.COMPRESSED)
    return members[0]
