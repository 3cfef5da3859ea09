"""Lines that lower what their order cost, and are no goods: a discount, a coupon, a rounding.

They have a minus, and nothing came back. As sales with a minus they lower what was spent and are no
piece, no order and no return. Only names that say nothing else are taken for one: a `Coupon book`
with a minus was given back.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from functions.ingest.reader.values import currencies
from functions.ingest.reader.words.header_names import fold, folded, words

Mask = NDArray[np.bool_]

_TELLING = frozenset([
    *("discount", "discounts", "rebate", "markdown", "promo", "promotion", "coupon", "coupons"),
    *("voucher", "vouchers", "saving", "savings", "multibuy", "cashback", "points", "rounding"),
    *("roundoff", "tip", "tips", "gratuity", "deposit", "deposits"),
    *("descuento", "descuentos", "dto", "dcto", "rebaja", "bonificacion", "cupon", "cupones"),
    *("vale", "promocion", "puntos", "redondeo", "propina", "deposito", "fianza", "anticipo"),
    *("desconto", "descontos", "cupom", "promocao", "pontos", "arredondamento", "gorjeta"),
    *("caucao", "remise", "remises", "rabais", "ristourne", "reduction", "arrondi", "pourboire"),
    *("consigne", "deconsigne", "acompte", "nachlass", "preisnachlass", "skonto", "rundung"),
    *("rundungsdifferenz", "rundungsausgleich", "trinkgeld", "pfand", "leergut", "pfandruckgabe"),
    *("leergutrucknahme", "anzahlung", "sconto", "sconti", "ribasso", "buono", "abbuono"),
    *("promozione", "punti", "arrotondamento", "mancia", "cauzione", "acconto", "indirim"),
    *("iskonto", "kupon", "kampanya", "puan", "yuvarlama", "bahsis", "depozito"),
])
_ENDINGS = ("rabatt", "rabatte", "gutschein", "gutscheine")  # Treuerabatt, Geschenkgutschein
_PHRASES = folded("""
    round off; price reduction; bon achat; bon reduction; hediye ceki; 割引; 値引; 値引き; クーポン;
    割引券; クーポン割引; クーポン値引; ポイント利用; ポイント値引; 端数調整; チップ; 折扣; 优惠;
    优惠券; 代金券; 积分抵扣; 抵扣; 抹零; 满减; 立减; 押金; 小费
""")
# For what, of what or how much: "Order discount", "Descuento por fidelidad 10 %".
_BESIDE = frozenset([
    *("order", "cart", "basket", "line", "item", "product", "sale", "sales", "staff", "employee"),
    *("member", "membership", "loyalty", "customer", "student", "senior", "manual", "automatic"),
    *("auto", "extra", "special", "volume", "bulk", "seasonal", "gift", "code", "amount", "value"),
    *("total", "adjustment", "redeemed", "redemption", "applied", "used", "cash", "bottle", "off"),
    *("return", "refund", "less", "for", "on", "by", "pedido", "linea", "producto", "articulo"),
    *("venta", "empleado", "socio", "cliente", "fidelidad", "fidelizacion", "codigo", "importe"),
    *("ajuste", "por", "en", "aplicado", "canjeado", "canjeados", "global", "comercial", "regalo"),
    *("promocional", "especial", "compra", "envase", "envases", "produto", "funcionario", "sobre"),
    *("commande", "ligne", "article", "fidelite", "client", "cadeau", "exceptionnelle", "sur"),
    *("bestellung", "artikel", "auf", "fur", "kunden", "mitarbeiter", "treue", "ordine", "riga"),
    *("articolo", "fedelta", "su", "siparis", "sepet", "urun", "musteri", "uye"),
])
_BEGINNING = re.compile(r"[:(]|\s[-–—]\s")  # noqa: RUF001


def are_reductions(named: Sequence[Any], among: Mask) -> Mask:
    """Say which rows under `among` are called a reduction by any of some columns."""
    found = np.zeros_like(among)
    places = np.flatnonzero(among)
    for column in named if places.size else ():
        texts = column.take(pa.array(places)).fill_null("").dictionary_encode()
        said = np.array([_is_reduction(text) for text in texts.dictionary.to_pylist()], np.bool_)
        found[places] |= said[np.asarray(texts.indices)]
    return found


@lru_cache(maxsize=4096)
def _is_reduction(name: str) -> bool:
    """Say whether a name, or what it says before of what, is that of a reduction."""
    return _says_only_that(name) or _says_only_that(_BEGINNING.split(name)[0])


def _says_only_that(name: str) -> bool:
    if fold(name) in _PHRASES:
        return True
    # Numbers and codes say how much, and which: "Coupon SAVE10 -5 EUR".
    parts = [part for part in words(name) if not re.search(r"\d", part)]
    rest = [part for part in parts if part not in _BESIDE]
    rest = [part for part in rest if not currencies.is_code(part.upper())]
    return bool(rest) and all(part in _TELLING or part.endswith(_ENDINGS) for part in rest)
