"""Totals between the rows that a word tells: `Subtotal`, `TOTAL DÍA`, `Total for order 7`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.records.rows import SOUND
from functions.ingest.reader.records.spill import Stretch, are_empty
from functions.ingest.reader.values.likely import begin_with, first_bytes, judge_likely

Mask = NDArray[np.bool_]

_TOTAL = (
    r"(?i)^\s*(?:(?:sub|grand|gran|daily|day|ara|genel|tages|zwischen|gesamt)[- ]?)?"
    r"(?:totals?|totale?s?|totaux|toplam|suma|summe|gesamt|合計|小計|合计|小计|总计)"
)
_TOTAL_ALONE = (
    _TOTAL + r"(?:[ :]*(?:general|for|of|del?|du|day|d[ií]a|jour|tag|giorno|mes|month|"
    r"ticket|pedido|factura|venta|order|invoice|receipt|sale|commande|facture|bon|rechnung|ordine|"
    r"scontrino|fattura|sipari[sş]|fi[sş]))*\P{L}*$"
)
_TOTAL_OF = _TOTAL + r"(?:\P{L}|$)"
_TOTAL_WITHIN = (
    r"(?i)(?:\b(?:sub|zwischen|gesamt|end)?(?:totals?|totale?s?|totaux|toplam|suma|summe|"
    r"gesamt|gesamtbetrag)\b|合計|小計|合计|小计|总计)"
)
_TOTAL_AT_END = _TOTAL_WITHIN + r"\P{L}*$"
_MENTIONS_TOTAL = re.compile(_TOTAL_WITHIN)
_BEGINS_WITH_TOTAL = re.compile(_TOTAL)
_WORDS = (
    *("total", "totaux", "toplam", "suma", "summe", "gesamt"),
    *("合計", "小計", "合计", "小计", "总计"),
)
_IS_OF_TOTAL = re.compile(_TOTAL + r"(?:[\W\d_]|$)")  # the same, for texts one by one
# With which bytes such a text can begin: few others have to be looked at.
_FIRST_OF_TOTAL = first_bytes(b" \t\n\v\f\rAaDdGgSsTtZz" + "合小总".encode())


def lines_of_totals(stretch: Stretch, mapping: Mapping[str, int]) -> Iterator[tuple[Mask, int]]:
    """Yield the lines of totals between the rows, by the column that says so.

    A person, or what was bought, may be called Total: only lines that name no order and no
    customer are looked at, or name a total instead.
    """
    named = [mapping[name] for name in ("customer_id", "order_id") if name in mapping]
    names = [stretch.text(index) for index in named]
    is_likely = [are_empty(texts) | begin_with(texts, _FIRST_OF_TOTAL) for texts in names]
    places = np.flatnonzero(np.all([stretch.fault == SOUND, *is_likely], axis=0))
    if not places.size:
        return
    empty = {i: np.asarray(pc.equal(stretch.text(i).take(places), "")) for i in named}
    days = stretch.text(mapping["ordered_at"]).take(places)
    undated = np.asarray(pc.equal(days, ""))
    says: dict[int, Mask] = {}
    for name in ("customer_id", "order_id", "product", "product_id"):
        if (index := mapping.get(name)) is not None:
            cells = stretch.text(index).take(places)
            says[index] = are_called_totals(cells)
            says[index] |= undated & are_of_totals(cells)
    is_free = undated | np.asarray(pc.match_substring_regex(days, r"\p{Nd}"))
    is_free &= np.all([empty[index] | says[index] for index in named], axis=0)
    for index, said in says.items():
        is_total = np.zeros(len(stretch), np.bool_)
        is_total[places] = said & is_free
        yield is_total, index


def is_of_total(text: str) -> bool:
    """Say whether a text is a word for a total, or one and more words."""
    return _IS_OF_TOTAL.match(text) is not None


def mentions_total(text: str) -> bool:
    """Say whether a text has a word for a total anywhere in it."""
    return _MENTIONS_TOTAL.search(text) is not None


def have_totals(texts: Sequence[str]) -> bool:
    """Say whether any of some texts has a word for a total."""
    together = "\n".join(texts).casefold()
    return any(word in together for word in _WORDS) and any(
        _BEGINS_WITH_TOTAL.match(text) or mentions_total(text) for text in texts
    )


def name_totals(texts: Any) -> Mask:
    """Say which texts are called by a word for a total, or end with one: `Order total 17`."""
    at_end = np.asarray(pc.match_substring_regex(texts, _TOTAL_AT_END), np.bool_)
    return at_end | are_called_totals(texts)


def are_of_totals(texts: Any) -> Mask:
    """Say which texts are a word for a total, or one and more words."""
    return _match(texts, _TOTAL_OF)


def are_called_totals(texts: Any) -> Mask:
    """Say which texts are a word for a total, and what may stand beside it."""
    return _match(texts, _TOTAL_ALONE)


def _match(texts: Any, pattern: str) -> Mask:
    return judge_likely(
        texts, _FIRST_OF_TOTAL, lambda some: pc.match_substring_regex(some, pattern)
    )
