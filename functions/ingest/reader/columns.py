"""Which column of the file is which of ours: by header name, a synonym of `synonyms`.

Names are compared after folding: no case, accents, punctuation or filler words, so that
"N° de factura", "Nº Factura" and "n_factura" are one name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt
from functions.ingest.reader.synonyms import SYNONYMS

_FILLERS = frozenset([
    "de",
    "del",
    "la",
    "las",
    "el",
    "los",
    "of",
    "the",
    "do",
    "da",
    "dos",
    "du",
    "des",
    "le",
    "les",
    "d",
    "l",
    "di",
    "della",
    "dello",
])
# Letters that are one with their plain ones for whoever types names, and have no accent to drop.
_PLAIN = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe"})  # noqa: RUF001
_REQUIRED = (("customer_id", Refusal.NO_CUSTOMER), ("ordered_at", Refusal.NO_DATE))
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def fold(name: str) -> str:
    """Return what is compared of a header name."""
    name = _CAMEL.sub(" ", _BRACKETS.sub(" ", name) or name)
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.split(r"[\W_]+", plain.translate(_PLAIN))
    kept = [word for word in words if word not in _FILLERS]
    # "Pedido Fecha" is "Fecha de pedido"; what is one word in all languages stays as it is.
    return "".join(sorted(kept))


def _ranked() -> dict[str, tuple[str, int]]:
    """Return for each folded name its column and how telling it is; 0 is best."""
    names: dict[str, tuple[str, int]] = {}
    for column, synonyms in SYNONYMS.items():
        for rank, name in enumerate(synonyms):
            names.setdefault(fold(name), (column, rank))
    return names


_NAMES = _ranked()


def recognise(name: str) -> str | None:
    """Return which of ours a header name stands for, if it is one that we know."""
    known = _NAMES.get(fold(name))
    return known[0] if known else None


def map_columns(header: Sequence[str], *, has_header: bool = True) -> dict[str, int]:
    """Return which of ours each needed column is, as an index into `header`.

    Raises:
        UnreadableFileError: A required column is missing, or one is there twice.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for index, name in enumerate(header):
        if known := _NAMES.get(fold(name)):
            found.setdefault(known[0], []).append((known[1], index))
    if not has_header:
        raise UnreadableFileError(Refusal.NO_HEADER, {"columns": len(header)})
    mapping = {column: _best(places, header) for column, places in found.items()}
    if missing := _missing(mapping):
        raise UnreadableFileError(missing, {"found": _shown(header)})
    return mapping


def _best(places: Sequence[tuple[int, int]], header: Sequence[str]) -> int:
    first, *others = sorted(places)
    if others and others[0][0] == first[0]:
        raise UnreadableFileError(
            Refusal.DUPLICATE_COLUMN, {"column": excerpt(header[first[1]]), "found": _shown(header)}
        )
    return first[1]


def _missing(mapping: Mapping[str, int]) -> Refusal | None:
    for column, refusal in _REQUIRED:
        if column not in mapping:
            return refusal
    has_money = "amount" in mapping or {"unit_price", "quantity"} <= mapping.keys()
    return None if has_money else Refusal.NO_MONEY


def _shown(header: Sequence[str]) -> list[str]:
    return [excerpt(name) for name in header]


def name_others(header: Sequence[str], mapping: Mapping[str, int]) -> dict[str, int]:
    """Name the further columns, each differently, as indices into `header`."""
    ours = set(mapping.values())
    named: dict[str, int] = {}
    for index, name in enumerate(header):
        if index not in ours:
            named[_unused(name or f"column {index + 1}", named)] = index
    return named


def _unused(name: str, taken: Mapping[str, int]) -> str:
    number, wanted = 1, name
    while name in taken:
        number += 1
        name = f"{wanted} ({number})"
    return name
