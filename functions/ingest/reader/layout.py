"""How a file is written, whatever it is about: its text, its style, what stands around the table."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from functions.ingest.reader.lines.ending import Ending
from functions.ingest.reader.records.dialect import Dialect, find_dialect
from functions.ingest.reader.records.shape import Furniture
from functions.ingest.reader.text.encoding import (
    HEAD_BYTES,
    UTF_8,
    WIDE,
    Encoding,
    detect,
    refuse_other_kinds,
)
from functions.ingest.reader.text.texts import Text, copy, original
from functions.ingest.reader.text.unpacking import is_packed, unpack


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The bytes that are read, and how they make a table."""

    text: Text
    encoding: Encoding
    dialect: Dialect


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """A layout as it is told to people and kept with a dataset."""

    encoding: str
    encoding_settled_by: str  # mark | bytes | evidence
    encoding_confidence: float
    delimiter: str
    quote: str
    escape: str  # of quotes inside cells; empty: they are doubled
    columns_by: str  # delimiter | blanks | position
    header: tuple[str, ...]
    header_line: int | None  # None: the file does not name its columns
    furniture: tuple[Furniture, ...]  # what stands around the table

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return asdict(self) | {
            "header": list(self.header),
            "furniture": [asdict(each) for each in self.furniture],
        }


def find_layout(path: Path, folder: Callable[[], Path]) -> Layout:
    """Unpack what is packed, and find out how the text is written and laid out.

    Raises:
        UnreadableFileError: It is no text, or no table.
    """
    head = _head(path)
    if is_packed(head):
        path = unpack(path, head, folder())
        head = _head(path)
    refuse_other_kinds(head)
    # A file that is not longer need not be read again.
    with BytesIO(head) if len(head) < HEAD_BYTES else path.open("rb") as file:
        encoding = detect(file, head)
    if encoding.name not in WIDE:
        dialect = find_dialect(head, encoding=encoding.name)
        if dialect.style.is_plain or encoding.name == UTF_8:
            text = original(path, encoding.name)
            return Layout(text=text, encoding=encoding, dialect=dialect)
    text = copy(path, encoding.name, folder())
    dialect = find_dialect(_head(text.path), encoding=text.encoding)
    return Layout(text=text, encoding=encoding, dialect=dialect)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def described(layout: Layout, ending: Ending) -> dict[str, Any]:
    """Return the fields of `Described`."""
    style = layout.dialect.style
    return {
        "encoding": layout.encoding.name,
        "encoding_settled_by": layout.encoding.settled_by,
        "encoding_confidence": layout.encoding.confidence,
        "delimiter": style.delimiter.decode(),
        "quote": style.quote.decode(),
        "escape": style.escape.decode(),
        "columns_by": "position" if style.cuts else "blanks" if style.is_padded else "delimiter",
        "header": layout.dialect.header,
        "header_line": layout.dialect.header_line,
        "furniture": layout.dialect.furniture + ending.furniture,
    }
