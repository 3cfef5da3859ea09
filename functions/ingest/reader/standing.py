"""What an export itself says of its rows: voided, a draft, refunded, shipping, a total, a return.

Such rows are no purchases, so they are counted apart. Only columns that are there to say it are
asked: the status of an order or a line, a mark, the time of a cancellation, the kind of a line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from functions.ingest.reader.calendar_names import MONTHS
from functions.ingest.reader.columns import fold, words
from functions.ingest.reader.orders import Orders
from functions.ingest.reader.refusal import LEFT_OUT, Fault
from functions.ingest.reader.spill import Stretch
from functions.ingest.reader.totals import lines_of_totals

Mask = NDArray[np.bool_]
LeftOut = tuple[Fault, Mask, int]  # why, which rows, index of the column saying so


def _folded(text: str) -> frozenset[str]:
    return frozenset(fold(part) for part in text.split(";"))


_STATUS = _folded("""
    status; order status; financial status; payment status; transaction status; sale status;
    invoice status; sales status; estado;
    estado pedido; estado orden; estado venta; estado pago; estado factura; situacion; statut;
    statut commande; statut paiement; etat; etat commande; bestellstatus; auftragsstatus;
    zahlungsstatus; rechnungsstatus; stato; stato ordine; stato pagamento; situacao;
    status pedido; status venda; durum; siparis durumu; odeme durumu; ステータス;
    order payment state; payment state; transaction state; estatus; estado sat; estado cfdi; 注文ステータス; 会計ステータス; 取引ステータス; 状態; 取消区分; 订单状态; 状态; 交易状态; 单据状态
""")
_KIND = _folded("""
    event type; type; transaction type; document type; sale type; order type; tipo;
    receipt type; ticket type; bill type; invoice type; tipo ticket; tipo recibo; tipo factura;
    tipo documento; tipo movimiento; tipo operacion; tipo venta; tipo comprobante; typ; bontyp;
    type ticket; type vente; tipo scontrino;
    type document; type operation; belegart; vorgangsart; tipo operazione; tipo operacao;
    islem tipi; fis tipi; belge tipi; 取引区分; 売上区分; 伝票区分; 取引種別; 类型; 交易类型;
    单据类型; kind; nature; belegtyp; dokumentart; dokumenttyp; rechnungsart;
    auftragsart; umsatzart; transaktionsart; transaktionstyp; normal iade; txn type
""")
_KIND_BESIDE_FOLIO = _folded("concepto")  # of a document; elsewhere it is what was bought
# Names of other columns that say one of both, too: a telling word, and what it is of.
_STATUS_WORDS = frozenset({"status", "estado", "estatus", "statut", "etat", "stato", "durumu"})
_KIND_WORDS = frozenset({"type", "tipo", "typ", "kind", "nature", "turu", "tipi", "art"})
_OF_WHAT = frozenset([
    *("order", "orders", "sale", "sales", "invoice", "transaction", "trans", "document", "doc"),
    *("docto", "receipt", "ticket", "bill", "payment", "record", "voucher", "pedido", "venta"),
    *("factura", "documento", "movimiento", "operacion", "comprobante", "pago", "commande"),
    *("vente", "facture", "paiement", "piece", "operation", "auftrag", "rechnung", "beleg"),
    *("ordine", "vendita", "fattura", "pagamento", "nota", "venda", "fatura", "siparis", "satis"),
    *("fis", "evrak", "belge", "islem", "odeme"),
])
_LINE_KIND = _folded("""
    line status; lineitem status; line type; item type; lineitem type; line item type; itemization type; tipo linea;
    row type; record type; tipo registro; tipo fila; type enregistrement; satzart; tipo record;
    tipo registo; kayit tipi; type ligne; positionsart; zeilenart; tipo riga; tipo linha; satir tipi
""")
_LINE_NAME = _folded("lineitem name; line item name; lineitem title; line item title")
_FLAG = _folded("""
    voided; void; is void; deleted; is deleted; eliminado; eliminada; borrado; supprime; geloscht;
    eliminato; excluido; silindi; is voided; cancelled; canceled; is cancelled; is canceled; anulado;
    anulada; cancelado; cancelada; annule; annulee; storniert; storno; annullato; iptal
""")
_REFUNDED_FLAG = _folded("""
    refunded; is refunded; reembolsado; reembolsada; rembourse; erstattet; rimborsato
""")
_RETURNED_FLAG = _folded("""
    returned; devuelto; devuelta; devolucion; retourne; retourniert;
    retoure; restituito; devolvido; iade
""")
_IS_RETURN = _folded("""
    is returned; is return; is refund; return flag; refund flag; es devolucion; es reembolso;
    is credit note; es nota credito
""")
_SIDE = _folded("""
    dr cr; debit credit; d c; debit credit indicator; soll haben; soll haben kennzeichen;
    soll haben kz; s h; debe haber; tipo debe haber; dare avere; debit credit sens; borc alacak;
    貸借; 借贷
""")
# What came back may be part of a row, or its parcel alone.
_PARCEL_STATUS = _folded("""
    fulfillment status; fulfilment status; delivery status; shipping status; shipment status;
    estado envio; estado entrega; status entrega; status envio; statut livraison; statut expedition;
    lieferstatus; versandstatus; stato spedizione; stato consegna; kargo durumu; teslimat durumu;
    配送ステータス; 发货状态; 物流状态
""")
_MOMENT_BACK = _folded("""
    refunded at; refunded on; refund date; date refunded; returned at; returned on; date returned;
    fecha reembolso; fecha devolucion; data reembolso; data devolucao; date remboursement;
    date retour; erstattungsdatum; rucksendedatum; data rimborso; data reso; iade tarihi; 返金日;
    返品日; 退款时间
""")
_PIECES_BACK = _folded("""
    returned; returned qty; returned quantity; return qty; return quantity; refunded qty;
    refunded quantity; qty canceled; qty cancelled; cantidad devuelta; cant devuelta;
    unidades devueltas; uds devueltas; devueltos; devueltas; cantidad reembolsada;
    cantidad anulada; quantidade devolvida; qtd devolvida; qtde devolvida; quantite retournee;
    qte retournee; quantite remboursee; retournierte menge; retourmenge; stornierte menge;
    quantita resa; qta resa; quantita rimborsata; iade miktari; iade adedi; 返品数; 返品数量;
    退货数量; 退款数量
""")
_MOMENT = _folded("""
    cancelled at; canceled at; cancelled on; canceled on; cancelled date; canceled date;
    cancellation date; voided at; void date; fecha anulacion; fecha cancelacion; date annulation;
    stornodatum; data annullamento; data cancelamento; iptal tarihi
""")

_PAYMENTS = _folded("""
    payment; tender; pago; cobro; paiement; reglement; zahlung; pagamento; odeme; 支払; 支付;
    payments; payment received; pagos; cobros; zahlungseingang; zahlungen; incasso; recebimento;
    tahsilat; 入金; 收款; incoming payment; auftragsbestatigung; order confirmation;
    confirmation commande; conferma ordine; mahnung; zahlungserinnerung; payment reminder;
    lieferschein; delivery note; bon livraison; ddt
""")
# Money that moves between a shop and its till, bank or market place.
_MONEY_MOVED = _folded("""
    payout; payouts; withdrawal; general withdrawal; bank withdrawal; stripe fee; processing fee;
    service fee; fba inventory fee; general currency conversion; cash in; cash out; pay in; pay out;
    paid in; paid out; no sale; entrada efectivo; salida efectivo; retiro efectivo; auszahlung;
    bareinlage; barentnahme
""")
_SAID = {
    Fault.VOIDED: _folded("voided; void; anulado; anulada; nulo; nula; annullato; annullata"),
    Fault.CANCELLED: _folded("""
        cancelled; canceled; cancelado; cancelada; annule; annulee; storniert; stornierte;
        cancelados; canceladas; anulados; anuladas; annules; annulees; annullati; cancelamentos;
        cancelaciones; anulaciones; cancellations; annulations; stornierungen;
        cancellato; iptal; iptal edildi; キャンセル; キャンセル済み; 取消; 已取消; wc cancelled;
        trash; wc trash; deleted; eliminado; eliminada; geloscht; failed; payment failed; wc failed;
        fallido; fallida; echoue; echouee; fehlgeschlagen; fallito; falhou; basarisiz; declined;
        denied; rejected; rechazado; rechazada; refuse; refusee; abgelehnt; rifiutato; recusado;
        reddedildi; 失敗; 失败; failure; blocked; incomplete; payment error; error pago;
        erreur paiement; errore pagamento; paiement refuse; pago rechazado; pago fallido;
        pagamento rifiutato; pagamento recusado; zahlung fehlgeschlagen; odeme basarisiz;
        iptal edilmis; キャンセル完了; 取消し; 取消済み; 会計取消; 取引取消; 已关闭; 交易关闭; expired; expirado; expirada; abandoned; abandonado; abandonada;
        abandonne; abandonnee; abgebrochen; abbandonato
    """),
    Fault.DRAFT: _folded("""
        draft; drafts; quotes; presupuestos; angebote; preventivi; orcamentos; quotations; estimates;
        cotizaciones; teklifler; checkout draft; wc checkout draft; borrador; brouillon; entwurf; bozza; rascunho; taslak; quote; presupuesto; devis;
        angebot; preventivo; orcamento; 下書き; 草稿; quotation; estimate; proforma; pro forma;
        cotizacion; teklif; 見積; authorization; authorisation; uncaptured; requires capture;
        requires payment method; requires confirmation; requires action
    """),
    Fault.REFUNDED: _folded("""
        refunded; fully refunded; wc refunded; reembolsado; reembolsada; rembourse; remboursee; erstattet; ruckerstattet;
        rimborsato; iade edildi; iade edilmis; 返金済み; 返金完了; 退款成功; 已退款; reversed; chargeback; estornado; estornada
    """),
    Fault.SHIPPING: _folded("""
        shipping; shipping line; shipping cost; shipping fee; delivery fee; delivery charge;
        envio; gastos envio; coste envio; costo envio; transporte; frais port; frais livraison;
        livraison; versand; versandkosten; spedizione; spese spedizione; frete; kargo;
        kargo ucreti; 送料; 配送料; 运费
    """),
    Fault.SUBTOTAL: _folded("total; subtotal") | _PAYMENTS,
}
_RETURN = _folded("""
    return; returned; refund; refund line; credit note; devolucion; devuelto; devuelta; reembolso;
    nota credito; abono; retour; retourne; retournee; remboursement; avoir; retoure; ruckgabe;
    gutschrift; reso; restituito; rimborso; nota credito; devolucao; devolvido; iade; 返品; 返金;
    退货; 退款; credit memo; rectificativa; rechnungskorrektur; estorno; cancellation; reversal; anulacion; cancelacion; annulation; storno; stornierung;
    storno buchung; annullamento; cancelamento;
    returns; refunds; credit notes; devoluciones; reembolsos; notas credito; abonos; retours;
    remboursements; avoirs; retouren; ruckgaben; gutschriften; erstattung; erstattungen; stornos;
    resi; rimborsi; note credito; devolucoes; reembolso; iadeler;
    sales credit; sales credit note; egreso; out refund; iade faturasi; 赤伝;
    退货单; 退款单; 销售退货;
    返品済み; 返品完了; 已退货
""")
# What may stand beside such a word: "Order cancelled by customer", "Nota de crédito B".
_BESIDE = _folded("""
    order; pedido; orden; commande; bestellung; auftrag; ordine; siparis; sale; sales; venta; vente;
    verkauf; invoice; factura; facture; fattura; rechnung; fatura; transaction; transaccion; by; por;
    par; vom; durch; customer; client; cliente; kunde; kunden; buyer; comprador; seller; vendedor;
    merchant; admin; system; a; b; c; e; m; x; report; list; informe; listado; bericht; liste;
    rapport; ventes; ventas; verkaufe; vendita; vendite; vendas; satis; satislar; bestellungen;
    orders; pedidos; ordenes; commandes; ordini; siparisler; 売上; 销售;
    r; ar; perakende; toptan; faturasi; fisi; electronica; electronico
""")
_YES = _folded("true; t; yes; y; 1; x; si; s; oui; o; ja; j; vero; sim; evet; e; はい; 是")
_WORDS_FOR_YES = _YES - {"1"}  # in a column `Returned` a number may be one of pieces
_FULL = _folded("full; fully; total; totalmente")
_PART = _folded(
    "partial; partially; parcial; parcialmente; partiel; partielle; teilweise; parziale"
)
_PARCEL = Fault.SHIPPING
_OF_LINES = (Fault.SHIPPING, Fault.SUBTOTAL)
_RETURNED = len(LEFT_OUT)
_MEANINGS = {
    **dict.fromkeys(_RETURN, _RETURNED),
    **{word: LEFT_OUT.index(fault) for fault, words in _SAID.items() for word in words},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Title:
    """A line above the names of the columns, and what it says of the rows below."""

    row: int  # where it stands, from 1; 0: above the table
    first: int  # of the rows that it speaks of, which end with the next title
    says: int  # a place in `LEFT_OUT`, `_RETURNED`, or -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """The columns, as indices into the header, and the titles that say what becomes of a row."""

    status: tuple[int, ...] = ()
    kind: tuple[int, ...] = ()
    line_kind: tuple[int, ...] = ()
    line_name: tuple[int, ...] = ()
    flag: tuple[int, ...] = ()
    refunded: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    moment: tuple[int, ...] = ()
    side: tuple[int, ...] = ()  # debit or credit
    is_return: tuple[int, ...] = ()
    parcel_status: tuple[int, ...] = ()
    moment_back: tuple[int, ...] = ()
    pieces_back: tuple[int, ...] = ()
    titles: tuple[Title, ...] = ()
    sums: Mapping[int, frozenset[str]] = field(default_factory=dict)  # of the kinds, see `kinds`
    back: Mapping[int, frozenset[str]] = field(default_factory=dict)


def find_signs(header: Sequence[str]) -> Signs:
    """Find the columns by their names."""
    folded = [fold(name) for name in header]
    kinds = _KIND | _KIND_BESIDE_FOLIO if "folio" in folded else _KIND

    def places(names: frozenset[str]) -> tuple[int, ...]:
        return tuple(i for i, name in enumerate(folded) if name in names)

    def says(telling: frozenset[str], names: frozenset[str]) -> tuple[int, ...]:
        parts = map(_telling_part, header)
        return tuple(i for i, part in enumerate(parts) if part in telling or folded[i] in names)

    return Signs(
        status=says(_STATUS_WORDS, _STATUS),
        kind=says(_KIND_WORDS, kinds),
        line_kind=places(_LINE_KIND),
        line_name=places(_LINE_NAME),
        flag=places(_FLAG),
        refunded=places(_REFUNDED_FLAG),
        returned=places(_RETURNED_FLAG),
        moment=places(_MOMENT),
        side=places(_SIDE),
        is_return=places(_IS_RETURN),
        parcel_status=places(_PARCEL_STATUS),
        moment_back=places(_MOMENT_BACK),
        pieces_back=places(_PIECES_BACK),
    )


@lru_cache(maxsize=4096)
def _telling_part(name: str) -> str:
    """Return what a name says beside what of a sale it is of: "Order Payment State"."""
    parts = words(name)
    rest = [part for part in parts if part not in _OF_WHAT]
    return rest[0] if len(rest) == 1 < len(parts) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is said of the rows of a stretch."""

    left_out: tuple[LeftOut, ...]
    returned: Mask


def judge(
    stretch: Stretch, signs: Signs, orders: Orders, order_ids: Any, mapping: Mapping[str, int]
) -> Standing:
    """Say which rows of a stretch are left out, the first reason first, and which are returns.

    `order_ids` are those of the rows, none if the file has no column for them.
    """
    returned = np.zeros(len(stretch), np.bool_)
    left_out: list[LeftOut] = []
    if signs.titles:
        titled = _titled(stretch, signs.titles)
        returned |= titled == _RETURNED
        left_out += _of_meanings(titled, 0)

    def filled(index: int) -> Any:
        column = pc.utf8_trim_whitespace(stretch.text(index))
        return column if order_ids is None else orders.fill(column, index, order_ids)

    for index in (*signs.status, *signs.kind, *signs.line_kind):
        # What a line is, is not said for the lines below it.
        said = _words(stretch.text(index) if index in signs.line_kind else filled(index))
        returned |= said == _RETURNED
        left_out += _of_meanings(said, index)
    for index, codes in signs.back.items():
        if codes:
            returned |= np.asarray(pc.is_in(filled(index), value_set=pa.array(sorted(codes))))
    for index in signs.returned:
        returned |= _matches(filled(index), _WORDS_FOR_YES)
    left_out += _lines(stretch, signs)
    left_out += _marks(signs, filled)
    for index in signs.is_return:
        returned |= _matches(filled(index), _YES)
    left_out += [
        (fault, rows & ~returned, index)
        for fault, rows, index in _perhaps_back(stretch, signs, mapping)
    ]
    left_out += [(Fault.SUBTOTAL, *line) for line in lines_of_totals(stretch, mapping)]
    return Standing(left_out=tuple(left_out), returned=returned)


def _titled(stretch: Stretch, titles: Sequence[Title]) -> NDArray[np.int64]:
    """Return for each row what the title above it says."""
    rows = np.arange(stretch.first_row, stretch.first_row + len(stretch))
    says = np.array([-1, *(title.says for title in titles)], np.int64)
    said: NDArray[np.int64] = says[np.searchsorted([t.first for t in titles], rows, side="right")]
    return said


def _of_meanings(said: NDArray[np.int64], index: int) -> list[LeftOut]:
    """Return what the words of a column say; lines that are no pieces are told elsewhere."""
    return [(each, said == i, index) for i, each in enumerate(LEFT_OUT) if each not in _OF_LINES]


def _lines(stretch: Stretch, signs: Signs) -> Iterator[LeftOut]:
    """Yield what lines are by their kind, side or name."""
    for index in (*signs.line_kind, *signs.line_name):
        # An order "Shipping" is under way; a line "Shipping" is what that costs.
        yield _PARCEL, _words(stretch.text(index)) == LEFT_OUT.index(_PARCEL), index
    for index, sums in signs.sums.items():
        if sums:
            is_among = pc.is_in(stretch.text(index), value_set=pa.array(sorted(sums)))
            fault = Fault.DEBIT_OR_CREDIT if index in signs.side else Fault.SUBTOTAL
            yield fault, np.asarray(is_among, np.bool_), index


def _marks(signs: Signs, filled: Callable[[int], Any]) -> Iterator[LeftOut]:
    """Yield what marks, and times of a cancellation, say."""
    for index in signs.flag:
        texts = filled(index)
        yield Fault.CANCELLED, _matches(texts, _YES) | _has(texts, "[0-9][-/.][0-9]"), index
    for index in signs.refunded:
        yield Fault.REFUNDED, _matches(filled(index), _WORDS_FOR_YES | _FULL), index
    for index in signs.moment:
        yield Fault.CANCELLED, _has(filled(index), "[0-9]{2}"), index


def _perhaps_back(stretch: Stretch, signs: Signs, mapping: Mapping[str, int]) -> Iterator[LeftOut]:
    """Yield rows of which something came back, while nothing says what was paid back for it."""
    for index in signs.parcel_status:
        yield Fault.UNCLEAR_REFUND, are_returns(stretch.text(index)), index
    for index in signs.refunded:
        if mapping.get("refunded", index) == index:
            yield Fault.UNCLEAR_REFUND, _matches(stretch.text(index), _PART), index
    for index in signs.moment_back if "refunded" not in mapping else ():
        yield Fault.UNCLEAR_REFUND, _has(stretch.text(index), "[0-9]{2}"), index
    for index in signs.pieces_back if "amount" not in mapping else ():  # which may be without them
        yield Fault.UNCLEAR_REFUND, _has(stretch.text(index), "[1-9]"), index


def _has(column: Any, pattern: str) -> Mask:
    return np.asarray(pc.match_substring_regex(column, pattern), np.bool_)


def _words(column: Any) -> NDArray[np.int64]:
    """Return for each cell what its words say: a place in `LEFT_OUT`, `_RETURNED`, or -1."""
    return _per_distinct(column, _meaning)


def _meaning(text: str) -> int:
    if (said := _MEANINGS.get(fold(text))) is not None:
        return said
    return _MEANINGS.get(_telling(text), -1)


def _telling(text: str) -> str:
    """Return a text without what may stand beside a telling word."""
    return "".join(sorted(word for word in words(text) if word not in _BESIDE))


def are_returns(column: Any) -> Mask:
    """Say of which rows a column of words says that they are returns."""
    are_back: Mask = _words(column) == _RETURNED
    return are_back


def is_sum(text: str) -> bool:
    """Say whether a kind of rows is called a total or a payment."""
    return _meaning(text) == LEFT_OUT.index(Fault.SUBTOTAL)


def is_payment(text: str) -> bool:
    """Say whether a kind of rows is called a payment."""
    return fold(text) in _PAYMENTS or _telling(text) in _PAYMENTS


def is_money_moved(text: str) -> bool:
    """Say whether a kind of rows is money that was brought to the till, the bank or a service."""
    return fold(text) in _MONEY_MOVED


def is_of_sales(text: str) -> bool:
    """Say whether a text speaks of sales, orders or invoices, and of nothing else."""
    return bool(words(text)) and not _telling(text)


def meaning(title: str) -> int | None:
    """Return what a title says of all rows below it; `Sales` says nothing, others are no titles.

    Which month they are of may stand beside it.
    """
    title = " ".join(word for word in words(title) if not word.isdigit() and word not in MONTHS)
    said = _meaning(title)
    is_of_rows = said == _RETURNED or (said >= 0 and LEFT_OUT[said] not in _OF_LINES)
    return said if is_of_rows or (said < 0 and is_of_sales(title)) else None


def _matches(column: Any, wanted: frozenset[str]) -> Mask:
    return np.equal(_per_distinct(column, lambda text: int(fold(text) in wanted)), 1)


def _per_distinct(column: Any, function: Callable[[str], int]) -> NDArray[np.int64]:
    encoded = column.dictionary_encode()
    values = [function(text) for text in encoded.dictionary.to_pylist()]
    return np.take(np.array([*values, -1], np.int64), np.asarray(encoded.indices))
