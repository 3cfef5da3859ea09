"""What stands between two amounts of a row, by its name: a discount, a fee of the shop, a tax.

The names alone decide nothing: only where the rows show that one amount is the other one less what
stands between them do they say which of the two was paid.
"""

from collections.abc import Sequence
from functools import lru_cache

from functions.ingest.reader.words.header_names import folded, words

DISCOUNT, FEE, TAX = range(3)

_WORDS = {
    DISCOUNT: folded("""
        discount; discounts; rebate; markdown; coupon; coupons; promotion; descuento; descuentos;
        dto; dcto; dscto; desc; rebaja; bonificacion; cupon; desconto; descontos; cupom; remise;
        remises; rabais; ristourne; reduction; rabatt; rabatte; nachlass; preisnachlass; skonto;
        sconto; sconti; ribasso; indirim; iskonto; 割引; 割引額; 割引金額; 値引; 値引き; 値引額;
        値引金額; 折扣; 折扣金额; 优惠; 优惠金额
    """),
    FEE: folded("""
        fee; fees; commission; commissions; comision; comisiones; comissao; comissoes; frais;
        gebuhr; gebuhren; provision; transaktionsgebuhr; commissione; commissioni; komisyon;
        手数料; 決済手数料; 手续费; 佣金
    """),
    TAX: folded("""
        tax; taxes; vat; gst; iva; igic; impuesto; impuestos; tva; mwst; ust; mehrwertsteuer;
        umsatzsteuer; imposto; impostos; imposta; kdv; 消費税; 税額; 税额
    """),
}
# Customers pay these for the way of the goods, and the shop gets them.
_OF_CARRIAGE = folded("shipping; delivery; handling; postage; envio; livraison; port")


def find_between(header: Sequence[str], kind: int) -> list[int]:
    """Find the columns that are called a discount, a fee or a tax."""
    return [index for index, name in enumerate(header) if kind in _kinds(name)]


@lru_cache(maxsize=4096)
def _kinds(name: str) -> frozenset[int]:
    parts = words(name)
    is_known = _OF_CARRIAGE.isdisjoint(parts)
    return frozenset(k for k, known in _WORDS.items() if is_known and not known.isdisjoint(parts))
