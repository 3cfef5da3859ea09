"""Header names: which of ours a name stands for, exactly or nearly, by `synonyms`.

Names are compared after folding: no case, accents, punctuation or filler words, so that
"N° de factura", "Nº Factura" and "n_factura" are one name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache

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
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Shorter names than this are one slip away from too many others.
_SHORTEST_SIMILAR = 5
_LETTERS_A_SLIP = 5  # one slip is allowed for so many letters


def words(name: str) -> list[str]:
    """Return what is compared of a header name, in its order."""
    name = _CAMEL.sub(" ", _BRACKETS.sub(" ", name) or name)
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    parts = re.split(r"[\W_]+", plain.translate(_PLAIN))
    return [part for part in parts if part and part not in _FILLERS]


def fold(name: str) -> str:
    """Return what is compared of a header name, in any order of its words."""
    # "Pedido Fecha" is "Fecha de pedido"; what is one word in all languages stays as it is.
    return "".join(sorted(words(name)))


def _ranked() -> dict[str, tuple[str, int]]:
    """Return for each folded name its column and how telling it is; 0 is best."""
    names: dict[str, tuple[str, int]] = {}
    for column, synonyms in SYNONYMS.items():
        for rank, name in enumerate(synonyms):
            names.setdefault(fold(name), (column, rank))
    names.pop("", None)  # a column without a name is none of ours
    return names


_NAMES = _ranked()


def known(name: str) -> tuple[str, int] | None:
    """Return which of ours a header name stands for and its rank, if it is one that we know."""
    return _NAMES.get(fold(name))


def recognise(name: str) -> str | None:
    """Return which of ours a header name stands for, if it is one that we know."""
    found = known(name)
    return found[0] if found else None


@cache
def _spelled() -> dict[str, str]:
    """Return for each synonym as it is written together its column."""
    spelled: dict[str, str] = {}
    for column, synonyms in SYNONYMS.items():
        for name in synonyms:
            spelled.setdefault("".join(words(name)), column)
    return spelled


@lru_cache(maxsize=4096)
def similar(name: str) -> tuple[str, float] | None:
    """Return which of ours a name stands for if it was mistyped, and how alike it is, up to 1."""
    # Loaded here: most files have only names that are known.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    spelled = "".join(words(name))
    if len(spelled) < _SHORTEST_SIMILAR or not spelled.isascii():
        return None
    match = process.extractOne(
        spelled,
        # A slip in the first letter makes another word: "rentas" are no "ventas".
        [other for other in _spelled() if other[:1] == spelled[0]],
        scorer=OSA.distance,
        score_cutoff=len(spelled) // _LETTERS_A_SLIP,
    )
    return None if match is None else (_spelled()[match[0]], 1 - match[1] / len(spelled))


def within(name: str) -> str | None:
    """Return which of ours the longest known name of two words or more within a name stands for."""
    parts = words(name)
    for size in range(len(parts) - 1, 1, -1):
        for start in range(len(parts) - size + 1):
            if found := _NAMES.get("".join(sorted(parts[start : start + size]))):
                return found[0]
    return None


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
