"""Header names: which of ours a name stands for, exactly or nearly, by `synonyms`.

Names are compared after folding: no case, accents, punctuation or filler words, so that
"N° de factura", "Nº Factura" and "n_factura" are one name.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from common import mending
from functions.ingest.reader.values import currencies
from functions.ingest.reader.words.synonyms import SYNONYMS

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
# What is written in Taiwan as it was, and in China shorter.
_SHORTER = str.maketrans(
    "訂單編號戶會員碼顧買賣電話機時間購銷貨條產價額總實應計幣種門稱鋪數標題寶貝際發創類狀態備註",
    "订单编号户会员码顾买卖电话机时间购销货条产价额总实应计币种门称铺数标题宝贝际发创类状态备注",
)
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_OPENING = str.maketrans("()[]", "    ")
_IN_BRACKETS = 0.5  # of a rank: a name that is known as a whole is more telling
# Amounts that are counted in these are not the ones that were paid.
_SCALE = re.compile(
    r"\b(?:cents?|centavos|c[eé]ntimos|centimes|centesimi|pence|kuru[sş]|k|[tk]eur|thousands?|miles|"
    r"milhares|milliers|tausend|tsd|migliaia|bin|millions?|millones|mio)\b|[tk]€|[千万]",
    re.IGNORECASE,
)
_SCALED = re.compile(
    r"(?i)\b(?:in|en|em) (?:thousands?|miles|milhares|milliers|tausend|migliaia|millions?|millones|"
    r"milh[oõ]es|cents?|c[eé]ntimos|centavos|centesimi)\b|\b(?:in tsd|[tk]eur|bin tl)\b|[tk]€|[千万][円元]"
)
# "Desc. %" is a share of something, "Total (21% VAT)" is all of it.
_SHARE = re.compile(r"(?:^|[^\d\s])\s*%")
_MONEY = ("amount", "unit_price", "refunded")
_LESS_REFUNDS = re.compile(r"\(\s*-\s*refunds?\s*\)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# One slip is allowed in so many letters: shorter words are one slip away from too many others.
_LETTERS_A_SLIP = 5
# Others are not needed to read a file, and "score" is no "store".
_MISTYPED = (
    "customer_id",
    "ordered_at",
    "order_id",
    "product_id",
    "product",
    "quantity",
    "unit_price",
    "amount",
)
# Words that are one slip away from ours, and mean something else: a tax, a number of people.
_OTHER_WORDS = frozenset({"imposto", "impostos", "kunden", "clienti"})
_MADE_UP = "column_"
_WHOLE = frozenset([
    *("order", "invoice", "receipt", "ticket", "basket", "pedido", "orden", "factura", "compra"),
    *("commande", "facture", "rechnungsbetrag", "bestellwert", "bestellsumme", "ordine", "fattura"),
    *("scontrino", "siparis", "fatura", "genel", "grand"),
])
_COUNTABLE = ("customer_id", "order_id", "product_id", "product")


def words(name: str) -> list[str]:
    """Return what is compared of a header name, in its order."""
    name = _CAMEL.sub(" ", _BRACKETS.sub(" ", name) or name)
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = plain.translate(_PLAIN)
    parts = re.split(r"[\W_]+", plain if plain.isascii() else plain.translate(_SHORTER))
    return [part for part in parts if part and part not in _FILLERS]


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return what is compared of a header name, in any order of its words."""
    # "Pedido Fecha" is "Fecha de pedido"; what is one word in all languages stays as it is.
    return "".join(sorted(words(name)))


def folded(names: str) -> frozenset[str]:
    """Return folded names out of a text in which semicolons stand between them."""
    return frozenset(fold(name) for name in names.split(";"))


def _ranked() -> dict[str, tuple[str, int]]:
    """Return for each folded name its column and how telling it is; 0 is best."""
    names: dict[str, tuple[str, int]] = {}
    for spell in (fold, _together):
        for column, synonyms in SYNONYMS.items():
            for rank, name in enumerate(synonyms):
                names.setdefault(spell(name), (column, rank))
    names.pop("", None)  # a column without a name is none of ours
    return names


def _together(name: str) -> str:
    """Return a name as it is typed without blanks: "orderdate"."""
    return "".join(words(name))


_NAMES = _ranked()


def known(name: str) -> tuple[str, float] | None:
    """Return which of ours a header name stands for and its rank, if it is one that we know."""
    if _SHARE.search(name):
        return None
    if "#" in name and (found := known(name.replace("#", " no "))):
        return found
    if is_less_refunds(name):  # it goes before a column with the same name and nothing off
        less = _NAMES.get(fold(name))
        return (less[0], less[1] - _IN_BRACKETS) if less else None
    opened = name.translate(_OPENING)
    if opened == name:
        return _NAMES.get(fold(name)) or _known_money(words(name))
    found = known(opened)
    if not found and (short := _NAMES.get(fold(name))):
        found = short[0], short[1] + _IN_BRACKETS
    return None if found and _is_scaled(name, found[0]) else found


def is_less_refunds(name: str) -> bool:
    """Say whether a name says that refunds are off already: "Quantity (- Refund)"."""
    return _LESS_REFUNDS.search(name) is not None


def _is_scaled(name: str, column: str) -> bool:
    """Say whether what stands in brackets says that numbers are not in whole units: "(cents)"."""
    is_counted = column in {*_MONEY, "quantity"}
    return is_counted and any(map(_SCALE.search, _BRACKETS.findall(name)))


def is_title_of_scaled(text: str) -> bool:
    """Say whether a line says that amounts are not in whole units: "Amounts in thousands"."""
    return _SCALED.search(text) is not None


def _known_money(parts: Sequence[str]) -> tuple[str, float] | None:
    """Return which amount or price a name with the code of a currency is: "Total EUR"."""
    rest = [part for part in parts if part != "in" and not currencies.is_code(part.upper())]
    found = _NAMES.get("".join(sorted(rest))) if len(rest) < len(parts) else None
    return found if found and found[0] in _MONEY else None


def recognise(name: str) -> str | None:
    """Return which of ours a header name stands for, if it is one that we know."""
    found = known(name)
    return found[0] if found else None


@cache
def _spelled() -> dict[str, tuple[str, list[str]]]:
    """Return for each synonym as it is written together its column and its words."""
    spelled: dict[str, tuple[str, list[str]]] = {}
    for column, synonyms in SYNONYMS.items():
        for name in synonyms if column in _MISTYPED else ():
            spelled.setdefault("".join(words(name)), (column, words(name)))
    return spelled


@lru_cache(maxsize=4096)
def similar(name: str) -> tuple[str, float] | None:
    """Return which of ours a name stands for if it was mistyped, and how alike it is, up to 1."""
    # Loaded here: most files have only names that are known.
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    parts = words(name)
    spelled = "".join(parts)
    if len(spelled) < _LETTERS_A_SLIP or not spelled.isascii() or _OTHER_WORDS & set(parts):
        return None
    if _SHARE.search(name):
        return None
    if _spelled().get(spelled.removesuffix("s"), ("",))[0] in _COUNTABLE:
        return None  # "customers" are a number of them
    most = len(spelled) // _LETTERS_A_SLIP
    near = process.extract_iter(spelled, list(_spelled()), scorer=OSA.distance, score_cutoff=most)
    for other, slips, _ in sorted(near, key=lambda match: match[1]):
        column, other_parts = _spelled()[other]
        if _differ_by_slips(parts, other_parts, OSA.distance):
            return None if _is_scaled(name, column) else (column, 1 - slips / len(spelled))
    return None


def _differ_by_slips(
    parts: Sequence[str], others: Sequence[str], distance: Callable[[str, str], int]
) -> bool:
    """Say whether names are word by word the same but for slips within longer words.

    A slip in a first letter, or in a short word, makes another word: "rentas" are no "ventas".
    """
    if len(parts) != len(others):
        return distance("".join(parts), "".join(others)) <= 1
    return all(
        a == b or (a[0] == b[0] and distance(a, b) <= len(a) // _LETTERS_A_SLIP)
        for a, b in zip(parts, others, strict=True)
    )


def within(name: str) -> str | None:
    """Return which of ours the longest known name of two words or more within a name stands for."""
    parts = words(name)
    for size in range(len(parts) - 1, 1, -1):
        for start in range(len(parts) - size + 1):
            if found := _NAMES.get("".join(sorted(parts[start : start + size]))):
                return found[0]
    return None


def is_of_lines(name: str) -> bool:
    """Say whether a name is that of the lines of orders: "Lineitem price"."""
    folded = fold(name)
    return "lineitem" in folded or "itemline" in folded


def is_of_orders(name: str) -> bool:
    """Say whether a name is that of whole orders: "Order total", "Importe factura"."""
    return not _WHOLE.isdisjoint(words(name))


def made_up_names(width: int) -> tuple[str, ...]:
    """Return names for the columns of a table that does not name them."""
    return tuple(f"{_MADE_UP}{number}" for number in range(1, width + 1))


def are_made_up(header: Sequence[str]) -> bool:
    """Say whether the columns of the file got their names here, also if its rows were mended."""
    own = [name for name in header if name not in mending.COLUMNS]
    return tuple(own) == made_up_names(len(own))


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
