"""The bytes that are read: the file's own, or those of a copy in UTF-8 with the way back."""

import codecs
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from functions.ingest.reader.text.alphabets import SINGLE_BYTE
from functions.ingest.reader.text.encoding import UTF_8, decode

_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A file that is read, and where its bytes stand in the file as it was uploaded."""

    path: Path
    encoding: str  # of the bytes at `path`
    copied_from: str | None = None  # encoding of the original; None: this is the original
    here: NDArray[np.int64]  # some positions in this file, ascending from 0
    there: NDArray[np.int64]  # the same in the original

    @property
    def size(self) -> int:
        """Count the bytes that are read."""
        return self.path.stat().st_size

    def origin(self, position: int) -> int:
        """Return where a character's first byte stands in the file as it was uploaded."""
        if self.copied_from is None:
            return position
        mark = int(np.searchsorted(self.here, position, side="right")) - 1
        with self.path.open("rb") as file:
            file.seek(int(self.here[mark]))
            between = file.read(position - int(self.here[mark])).decode()
        return int(self.there[mark]) + _bytes_of(between, self.copied_from)

    def original_length(self, data: bytes) -> int:
        """Return how many bytes these of whole characters are in the file as it was uploaded."""
        if self.copied_from is None:
            return len(data)
        return _bytes_of(data.decode(), self.copied_from)


def _bytes_of(text: str, encoding: str) -> int:
    return len(text) if encoding in SINGLE_BYTE else len(text.encode(encoding))


def original(path: Path, encoding: str) -> Text:
    """Read the file itself."""
    start = np.zeros(1, np.int64)
    return Text(path=path, encoding=encoding, here=start, there=start)


def copy(path: Path, encoding: str, folder: Path) -> Text:
    """Write the file's text as UTF-8; its bytes were found to be right."""
    target = folder / "text.csv"
    here, there = [0], [0]
    read = written = 0
    decoder = None if encoding in SINGLE_BYTE else codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source, target.open("wb") as out:
        while piece := source.read(_PIECE_BYTES):
            text = decoder.decode(piece) if decoder else decode(piece, encoding)
            read += len(piece)
            written += out.write(text.encode())
            here.append(written)
            there.append(read - (len(decoder.getstate()[0]) if decoder else 0))
    return Text(
        path=target,
        encoding=UTF_8,
        copied_from=encoding,
        here=np.array(here, np.int64),
        there=np.array(there, np.int64),
    )
