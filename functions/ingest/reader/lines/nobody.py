"""Customers that are nobody: what tills write into the customer of sales without one.

Read as customers they would be one who buys more than all others. Only whole cells say it, and only
with words that no person and no company is called by, and numbers that tax offices gave out for it;
a code says it by such words in a column beside it, or as the zero that several customers share.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import combining, normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.words.header_names import recognise

_NOBODY = """
    walk-in; walkin; walk-in customer; walkin customer; walk-in client; guest; guest customer;
    guest user; guest checkout; cash customer; cash sale; cash sales; anonymous;
    anonymous customer; counter sale; counter customer; retail customer; default customer;
    no customer; unknown customer; unregistered customer; one-time customer; casual customer;
    consumidor final; cliente mostrador; mostrador; venta mostrador; cliente contado;
    cliente de contado; venta de contado; contado; público en general; público general;
    cliente genérico; cliente varios; clientes varios; cliente anónimo; anónimo;
    cliente ocasional; cliente de paso; cliente invitado; invitado; sin cliente;
    cliente no registrado; cliente final;
    consumidor; cliente balcão; venda balcão; consumidor não identificado; não identificado;
    cliente avulso; cliente padrão; cliente anônimo; sem cliente;
    client comptoir; comptoir; vente comptoir; client de passage; client passage; client anonyme;
    anonyme; client divers; clients divers; client comptant; client non identifié; invité;
    sans client;
    laufkunde; laufkundschaft; barverkauf; barkunde; anonym; anonymer kunde; gastkunde;
    diverse kunden; ohne kunde; thekenverkauf; standardkunde; kassenkunde;
    cliente generico; cliente banco; vendita al banco; cliente occasionale; cliente anonimo;
    anonimo; consumatore finale; cliente di passaggio; ospite; senza cliente;
    perakende müşteri; muhtelif müşteri; nihai tüketici; misafir; anonim;
    XAXX010101000; 222222222222; 9999999999999; 66666666-6; 44444401-7; 11111111111;
    ゲスト; 非会員; 一般客; 会員外; 一見客; 現金客; 匿名; 散客; 零售客户; 普通顾客; 非会员; 游客;
    一般; 一般のお客様; フリー; フリー客; 現金売上; 諸口; 诸口;
    varios; ventas varias; venta al público; ventas al público; cliente general;
    clientes de paso; clientes contado; mostrador general; diversos; cliente diversos;
    clientes diversos; venda consumidor; divers; comptant; passant;
    diverse; diverser kunde; laufkunden; cliente vario; clienti vari; peşin satış; nakit müşteri
"""  # noqa: RUF001
# Instead of a customer they say that there is none; beside the code of one, that it has no name.
_MISSING = """
    unknown; no name; desconocido; desconocida; sin nombre; desconhecido; sem nome; inconnu;
    sans nom; unbekannt; ohne name; sconosciuto; senza nome; privato; bilinmiyor; isimsiz; 不明;
    -; --; ---; –; —; n/a; #n/a; n/d; s/n; c/f; none; (blank); (en blanco); (leer); (vide);
    00; 000; 0000; 00000; 000000; 0000000; 00000000
"""  # noqa: RUF001
_LOOKED_AT_ROWS = 1 << 11  # of a block: who buys as much as that is among them
_MOST_CODES = 4  # that such words are beside: more are customers whose names were taken out
# What stands around such words: "0000 - CLIENTES VARIOS", "[None]", "Walk In Customer (0)".
_AROUND = re.compile(
    r"[-*<\[(]*\s*(?:[0-9]+(?:\s*[-–:.]\s*|\s+))?(?P<said>.*?)\s*(?:\((?:[0-9]{1,6}|[A-Z]{1,2})\))?[-*>\])]*"  # noqa: RUF001
)
_ZERO, _SEVERAL = "0", 2


def _spellings(text: str) -> set[str]:
    """Return a text in the cases that it is written in, also without accents and hyphens."""
    plain = "".join(c for c in normalize("NFKD", text) if not combining(c))
    texts = {text, plain, text.replace("-", " ")}
    return {
        case for each in texts for case in (each, each.upper(), each.title(), each.capitalize())
    }


def _in_all_cases(texts: str) -> frozenset[str]:
    return frozenset().union(*map(_spellings, map(str.strip, texts.split(";"))))


_NAMES = _in_all_cases(_NOBODY)
_TEXTS = _NAMES | _in_all_cases(_MISSING)


def are_nobody(customers: Any, as_written: frozenset[str]) -> NDArray[np.bool_]:
    """Say which customers, as trimmed texts, are none; the file writes some as `Nobody` found."""
    return np.asarray(pc.is_in(customers, value_set=pa.array(_TEXTS | as_written)), np.bool_)


def _is_among(text: str, words: frozenset[str]) -> bool:
    """Say whether a trimmed text is one of these words, also with what may stand around it."""
    if text in words:
        return True
    is_bare = not text or text[-1].isdigit() or (text[0].isalpha() and text[-1].isalpha())
    match = None if is_bare else _AROUND.fullmatch(text)
    return match is not None and match["said"] in words


class Nobody:
    """Watches the first pass for such customers, also by what other columns call them."""

    def __init__(self, header: Sequence[str], mapping: Mapping[str, int]) -> None:
        self._customers = mapping["customer_id"]
        others = set(range(len(header))) - set(mapping.values())
        self._beside = [i for i in sorted(others) if recognise(header[i]) == "customer_id"]
        self._texts: set[str] = set()
        self._codes: Counter[str] = Counter()  # those that are called so in most rows have a lead
        # What else those with the code 0 are called, by column.
        self._of_zero: dict[int, set[str]] = {index: set() for index in self._beside}

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        customers = columns[self._customers][:_LOOKED_AT_ROWS]
        texts = set(map(str.strip, pc.unique(customers).to_pylist()))
        self._texts.update(text for text in texts if _is_among(text, _TEXTS))
        for index in self._beside:
            names = columns[index][:_LOOKED_AT_ROWS]
            self._look_beside(customers, names)
            if _ZERO in texts and len(self._of_zero[index]) < _SEVERAL:
                of_zero = pc.unique(names.filter(pc.equal(customers, _ZERO)))
                self._of_zero[index].update(filter(None, of_zero.to_pylist()))

    def _look_beside(self, customers: Any, names: Any) -> None:
        """Count for each code its rows that such a word is beside, less those with a name."""
        said = [text for text in pc.unique(names).to_pylist() if _is_among(text.strip(), _NAMES)]
        if said:
            is_said = pc.is_in(names, value_set=pa.array(said))
            is_named = pc.and_not(pc.not_equal(names, ""), is_said)
            self._codes.update(map(str.strip, customers.filter(is_said).to_pylist()))
            self._codes.subtract(map(str.strip, customers.filter(is_named).to_pylist()))

    def found(self) -> frozenset[str]:
        """Return the texts of customers that are none."""
        codes = {code for code, lead in self._codes.items() if lead > 0 and "@" not in code}
        if any(len(names) >= _SEVERAL for names in self._of_zero.values()):
            codes.add(_ZERO)
        codes.discard("")
        return frozenset(self._texts | (codes if len(codes) <= _MOST_CODES else set()))
