"""What was taken off: a discount beside price and quantity, or beside sales that are called gross.

A percentage, and what names its line or its piece, are taken off. Of other discounts nothing says
what they are of, so they are never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from common import frame
from functions.ingest.reader.evidence.numbers import NumberConvention
from functions.ingest.reader.records.spill import by_distinct
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import currencies
from functions.ingest.reader.values.careful_numbers import OTHER, POINT, Written, parse, read_number
from functions.ingest.reader.words.header_names import (
    fold,
    folded,
    is_of_lines,
    is_of_orders,
    words,
)
from functions.ingest.reader.words.programs import is_less_its_discount

Mask = NDArray[np.bool_]
Wrong = tuple[Mask, Fault, int]  # which rows, why, index of the column saying so

# What a column's plain numbers are: percentages, or money of the line or of each piece; or what
# only a sign beside them can say; or what not even that says; or one that comes on top of others.
SHARE, LINE, PIECE, OPEN, UNCLEAR, FURTHER = range(6)


_NAMES = {
    OPEN: folded("""
        discount; discounts; discount amount; discount value; item discount; product discount;
        discount applied; total discount; rebate; markdown;
        descuento; descuentos; dto; dcto; desc; importe descuento; monto descuento; valor descuento;
        descuento aplicado; descuento total; rebaja; bonificacion;
        desconto; descontos; valor desconto; desconto total;
        remise; remises; montant remise; remise totale; rabais; ristourne; reduction;
        rabatt; rabatte; rabattbetrag; rabatt betrag; nachlass; preisnachlass;
        sconto; sconti; importo sconto; valore sconto; sconto totale; ribasso;
        indirim; iskonto; indirim tutari; iskonto tutari; toplam indirim;
        割引; 値引; 値引き; 割引額; 値引額; 割引金額; 値引金額
    """),
    SHARE: folded("""
        discount rate; discount percent; discount percentage; discount pct; discount perc; disc;
        porcentaje descuento; tasa descuento; descuento porcentaje; desc; porc descuento;
        percentual desconto; taxa desconto; porcentagem desconto;
        taux remise; pourcentage remise; rabattsatz; rabatt prozent; rabattprozent; prozent rabatt;
        percentuale sconto; sconto percentuale; sconto perc; perc sconto;
        indirim orani; iskonto orani; indirim yuzdesi; yuzde indirim; 割引率; 値引率
    """),
    LINE: folded("""
        line discount; lineitem discount; line item discount; line discount amount; discount line;
        descuento linea; desconto linha; remise ligne; positionsrabatt; zeilenrabatt; sconto riga;
        satir indirimi; satir iskontosu
    """),
    PIECE: folded("""
        unit discount; discount per unit; unit discount amount; descuento unitario;
        desconto unitario; remise unitaire; sconto unitario; birim indirim
    """),
    # Of ten pieces in a hundred, some write what is taken off, others what is left to pay.
    UNCLEAR: folded("折扣; 折扣率; 折扣金额; 优惠; 优惠金额; 优惠额"),
    FURTHER: folded("""
        gutscheinrabatt; aktionsrabatt; mengenrabatt; treuerabatt; kundenrabatt; warenkorbrabatt;
        gesamtrabatt; sonderrabatt; discounted price; discount price; special price;
        price after discount; offer price; precio con descuento; precio oferta; preco com desconto;
        preco promocional; prix remise; prix apres remise; rabattierter preis; aktionspreis;
        prezzo scontato; indirimli fiyat; 割引価格; クーポン割引; クーポン値引; ポイント値引; 優惠券折扣
    """),
}
# For what a discount was given, or on what: "Coupon discount", "Descuento promocional".
_FOR_WHAT = frozenset([
    *("coupon", "coupons", "promo", "promotion", "promotional", "loyalty", "voucher", "member"),
    *("membership", "staff", "employee", "customer", "order", "cart", "basket", "invoice"),
    *("seller", "shop", "store", "platform", "campaign", "volume", "manual", "additional"),
    *("extra", "special", "cash", "points", "cupon", "promocion", "promocional", "fidelidad"),
    *("pedido", "factura", "global", "comercial", "adicional", "especial", "general", "cliente"),
    *("cupom", "promocao", "fidelidade", "nota", "commande", "fidelite", "globale", "client"),
    *("exceptionnelle", "ordine", "finale", "fedelta", "kupon", "kampanya", "sepet", "genel"),
])
_ONLY_WITH_SIGN = folded("desc; disc")  # else they are descriptions, and disks
_KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
# Amounts that are before discounts by what their name means; others have them off already. Those of
# the second kind may be before discounts, or with the tax and after them.
_BEFORE = folded("gross sales")
_PERHAPS_BEFORE = folded("""
    gross amount; gross value; gross total; importe bruto; monto bruto; total bruto; brut tutar
""")
_SAYS_BEFORE = frozenset({"before", "antes", "avant", "vor", "prima"})
_BRACKETS = str.maketrans("()[]", "    ")
# Prices that may be those after the discount already.
_REDUCED_PRICES = folded("net unit price; precio neto; prix vente net; prix net; prezzo netto")
_BESIDE = frozenset({"in", "en", "em", "as"})
_ALL = Decimal(100)
_SHARE = pa.decimal128(12, 8)
_WIDE = pa.decimal256(50, 12)
_NOTHING = frozenset({""}) | folded("no; none; n/a; na; null; nan; false; non; nessuno; なし; 无")


@dataclass(frozen=True, kw_only=True, slots=True)
class Discount:
    """A column of discounts, as an index into the header, and what its numbers are."""

    index: int
    kind: int


class _Off(NamedTuple):
    """What one text takes off."""

    share: Decimal = Decimal(0)
    money: Decimal = Decimal(0)


_NONE = _Off()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reduced:
    """Amounts with the discounts of one column taken off."""

    amount: Any  # null where it would have too many decimals
    is_known: Mask  # of which rows
    is_unclear: Mask  # which rows have a discount of which nobody knows what it takes off


def find_discounts(header: Sequence[str], mapping: Mapping[str, int]) -> tuple[Discount, ...]:
    """Find the columns by their names, the clearest first; none if they are off already."""
    if "amount" in mapping:
        return _off_gross(header, mapping)
    if is_less_its_discount(header, mapping):
        return ()
    price = header[mapping["unit_price"]]
    is_reduced = fold(price) in _REDUCED_PRICES
    found = [
        Discount(index=index, kind=max(kind, UNCLEAR) if is_reduced else kind)
        for index, kind in _columns(header, mapping)
        # Beside the prices of lines others are of the whole order, and stand in its first line.
        if is_of_lines(header[index]) or not is_of_lines(price)
    ]
    return tuple(sorted(found, key=lambda each: each.kind))


def find_of_orders(header: Sequence[str], mapping: Mapping[str, int]) -> list[int]:
    """Find the columns of discounts of whole orders: called so, or beside prices of lines."""
    is_beside_lines = "amount" not in mapping and is_of_lines(header[mapping["unit_price"]])
    return [
        index
        for index, kind in _columns(header, mapping)
        if (kind == OPEN and is_beside_lines and not is_of_lines(header[index]))
        or (kind == FURTHER and is_of_orders(header[index]))
    ]


def _off_gross(header: Sequence[str], mapping: Mapping[str, int]) -> tuple[Discount, ...]:
    """Find discounts beside an amount before them: money is what its row has less."""
    name = header[mapping["amount"]]
    amount = _without_currency(name)
    says_before = not _SAYS_BEFORE.isdisjoint(words(name.translate(_BRACKETS)))
    if not says_before and amount not in _BEFORE | _PERHAPS_BEFORE:
        return ()
    known = {SHARE: SHARE, OPEN: LINE, LINE: LINE} if amount in _BEFORE else {}
    found = [
        Discount(index=index, kind=known.get(kind, max(kind, UNCLEAR)))
        for index, kind in _columns(header, mapping)
    ]
    return tuple(sorted(found, key=lambda each: each.kind))


def _columns(header: Sequence[str], mapping: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield the columns that are called discounts, and what their numbers are."""
    for index, name in enumerate(header):
        if index not in mapping.values() and (kind := _kind(name)) is not None:
            yield index, kind


@lru_cache(maxsize=4096)
def _kind(name: str) -> int | None:
    """Return what the numbers of a column with such a name are, if they are discounts."""
    folded = _without_currency(name)
    has_sign = "%" in name
    if folded in _ONLY_WITH_SIGN and not has_sign:
        return None
    if (kind := _KINDS.get(folded)) is None and _is_further(name):
        return FURTHER
    return SHARE if has_sign and kind not in {None, UNCLEAR, FURTHER} else kind


def _is_further(name: str) -> bool:
    rest = [part for part in words(name) if part not in _FOR_WHAT]
    return len(rest) < len(words(name)) and _without_currency(" ".join(rest)) in _KINDS


def _without_currency(name: str) -> str:
    """Return a name folded, without numbers and the code of a currency."""
    parts = [part for part in words(name) if not part.isdigit() and part not in _BESIDE]
    return "".join(sorted(part for part in parts if not currencies.is_code(part.upper())))


def says_none(text: str) -> bool:
    """Say whether a cell says that nothing was taken off, or paid back: `-`, `No`."""
    return not any(map(str.isdigit, text)) and fold(text) in _NOTHING


def take_off(
    amount: Any,
    quantity: Any,
    columns: Sequence[Any],
    discounts: Sequence[Discount],
    prices: NumberConvention,
) -> tuple[Any, list[Wrong]]:
    """Return amounts less their discounts, and what is wrong with rows.

    Of several columns the first that is clear counts: a share and an amount are mostly the same
    discount twice. Two shares may be one after the other, or not.
    """
    taken = np.full(len(amount), -1)
    wrong: list[Wrong] = []
    unclear: list[Wrong] = []
    for each in discounts:
        reduced = _reduce(amount, quantity, columns[each.index], each.kind, prices)
        wrong.append((reduced.is_known & (taken == each.kind), Fault.UNCLEAR_DISCOUNT, each.index))
        is_first = reduced.is_known & (taken < 0)
        is_lost = is_first & np.asarray(reduced.amount.is_null()) & np.asarray(amount.is_valid())
        wrong.append((is_lost, Fault.TOO_MANY_DECIMALS, each.index))
        of_all = wrong if each.kind == FURTHER else unclear
        of_all.append((reduced.is_unclear, Fault.UNCLEAR_DISCOUNT, each.index))
        taken[is_first] = each.kind
        amount = pc.if_else(pa.array(is_first), reduced.amount, amount)
    wrong += [(mask & (taken < 0), fault, index) for mask, fault, index in unclear]
    return amount, wrong


def _reduce(
    amount: Any, quantity: Any, column: Any, kind: int, prices: NumberConvention
) -> _Reduced:
    """Take the discounts of one column off; its money is written as the prices are."""
    encoded = by_distinct(column)
    offs = [_off(text, kind, prices) for text in encoded.dictionary.to_pylist()]
    places = np.asarray(encoded.indices)
    is_unclear = np.array([off is None for off in offs], np.bool_)[places]
    is_known = np.array([off not in {None, _NONE} for off in offs], np.bool_)[places]
    if not is_known.any():
        return _Reduced(amount=amount, is_known=is_known, is_unclear=is_unclear)
    known = [off or _NONE for off in offs]
    left = pa.array([1 - off.share for off in known], _SHARE).take(encoded.indices)
    money = pa.array([off.money for off in known], frame.PRICE).take(encoded.indices)
    if kind == PIECE:
        money = pc.multiply(money, pc.abs(quantity))
    wide = pc.subtract(pc.multiply(pc.abs(amount).cast(_WIDE), left), money.cast(_WIDE))
    is_more = is_known & np.asarray(pc.less(wide, Decimal(0)).fill_null(False))
    kept = wide.cast(frame.AMOUNT, safe=False)
    exact = pc.if_else(pc.equal(kept.cast(wide.type), wide), kept, None)
    return _Reduced(
        amount=pc.if_else(pc.less(amount, Decimal(0)), pc.negate(exact), exact),
        is_known=is_known & ~is_more,
        is_unclear=is_unclear | is_more,
    )


def _off(text: str, kind: int, prices: NumberConvention) -> _Off | None:
    """Return what a text takes off; None: nobody knows."""
    if says_none(text):
        return _NONE
    written = parse(text)
    is_code = written is None and kind == FURTHER  # of a coupon
    if is_code or (written and written.is_zero):
        return _NONE
    if written is None or kind in {UNCLEAR, FURTHER}:
        return None
    if written.is_percent or (kind == SHARE and written.currency is None):
        return _share(written)
    return _money(text, written, prices) if kind in {LINE, PIECE} else None


def _numbers(written: Written) -> set[Decimal]:
    """Return the numbers that it can be."""
    figures = [found for mark in OTHER if (found := written.under(mark))]
    return {Decimal(f"{each.whole}.{each.decimals or 0}") for each in figures}


def _share(written: Written) -> _Off | None:
    """Return a percentage: of `1.500` it is known that it is not more than all.

    In spreadsheets `0.1` is a tenth, in words less than one in a hundred.
    """
    possible = {number for number in _numbers(written) if number <= _ALL}
    if len(possible) != 1:
        return None
    [number] = possible
    share = number / _ALL
    is_sure = written.is_percent or number > 1
    return _Off(share=share) if is_sure and share == round(share, _SHARE.scale) else None


def _money(text: str, written: Written, prices: NumberConvention) -> _Off | None:
    if written.is_open and prices.value is None:
        return None
    number = read_number(
        text,
        mark=prices.value or (POINT if written.under(POINT) else OTHER[POINT]),
        scale=frame.PRICE.scale,
        groupings=prices.groupings,
        currency=prices.currency or written.currency,
    )
    return _Off(money=abs(number)) if isinstance(number, Decimal) else None
