"""Customers that are nobody: what tills write into the customer of sales without one.

Read as customers they would be one who buys more than all others. Only whole cells say it, and only
with words that no person and no company is called by, and numbers that tax offices gave out for it.
"""

from typing import Any
from unicodedata import combining, normalize

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

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
    ゲスト; 非会員; 一般客; 会員外; 一見客; 現金客; 匿名; 散客; 零售客户; 普通顾客; 非会员; 游客
"""
_LOOKED_AT_ROWS = 1 << 11  # of a block: who buys as much as that is among them


def _spellings(text: str) -> set[str]:
    """Return a text in the cases that it is written in, also without accents and hyphens."""
    plain = "".join(c for c in normalize("NFKD", text) if not combining(c))
    texts = {text, plain, text.replace("-", " ")}
    return {
        case for each in texts for case in (each, each.upper(), each.title(), each.capitalize())
    }


_TEXTS = frozenset().union(*map(_spellings, map(str.strip, _NOBODY.split(";"))))


def are_nobody(customers: Any) -> NDArray[np.bool_]:
    """Say which customers, as trimmed texts, are none."""
    return np.asarray(pc.is_in(customers, value_set=pa.array(_TEXTS)), np.bool_)


class Nobody:
    """Watches the first pass for such customers."""

    def __init__(self, customers: int) -> None:
        self._customers = customers
        self.is_there = False

    def add(self, columns: tuple[Any, ...]) -> None:
        """Look at a block."""
        if not self.is_there:
            first = pc.unique(columns[self._customers][:_LOOKED_AT_ROWS])
            self.is_there = not _TEXTS.isdisjoint(map(str.strip, first.to_pylist()))
