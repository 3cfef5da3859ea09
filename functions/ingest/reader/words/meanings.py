"""What words say of rows: voided, cancelled, a draft, refunded, shipping, a total, a return."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import dropwhile

from functions.ingest.reader.refusal import LEFT_OUT, Fault
from functions.ingest.reader.values.calendar_names import MONTHS
from functions.ingest.reader.words.header_names import fold, folded, words

_PAYMENTS = folded("""
    payment; tender; pago; cobro; paiement; reglement; zahlung; pagamento; odeme; 支払; 支付;
    payments; payment received; pagos; cobros; zahlungseingang; zahlungen; incasso; recebimento;
    tahsilat; 入金; 收款; incoming payment; auftragsbestatigung; order confirmation;
    confirmation commande; conferma ordine; mahnung; zahlungserinnerung; payment reminder;
    lieferschein; delivery note; bon livraison; ddt
""")
# Money that moves between a shop and its till, bank or market place.
_MONEY_MOVED = folded("""
    payout; payouts; withdrawal; general withdrawal; bank withdrawal; stripe fee; processing fee;
    service fee; fba inventory fee; general currency conversion; cash in; cash out; pay in; pay out;
    paid in; paid out; no sale; entrada efectivo; salida efectivo; retiro efectivo; auszahlung;
    bareinlage; barentnahme
""")
# What is invoiced later: no sales beside invoices.
_BEFORE_INVOICES = folded("""
    order; orders; sales order; customer order; pedido; pedidos; pedido venta; pedido cliente;
    orden; ordenes; orden venta; commande; commandes; bon commande; commande client; auftrag;
    auftrage; kundenauftrag; verkaufsauftrag; bestellung; bestellungen; ordine; ordini;
    ordine cliente; ordine vendita; encomenda; pedido venda; siparis; satis siparisi; 注文; 受注;
    注文書; 受注書; 订单; 销售订单;
    item fulfillment; fulfillment; delivery; delivery docket; packing slip; albaran; albaranes;
    albaran venta; albaran cliente; remito; remitos; nota entrega; guia remision; guia remessa;
    bolla; bolla consegna; documento trasporto; irsaliye; satis irsaliyesi; sevk irsaliyesi;
    warenausgang; 納品書; 出荷; 发货单; 出库单
""")
_INVOICES = frozenset([
    *("invoice", "invoices", "factura", "facturas", "facture", "factures", "rechnung"),
    *("rechnungen", "fattura", "fatture", "fatura", "faturasi", "faturas", "请求书", "发票"),
    fold("請求書"),
])
# What else a sale is written on, or called.
_SALES = frozenset([
    *("sale", "sales", "venta", "ventas", "vente", "ventes", "verkauf", "verkaufe", "vendita"),
    *("vendite", "venda", "vendas", "satis", "satislar", "売上", "销售"),
])
_TICKETS = folded("""
    ticket; tickets; tique; boleta; receipt; recibo; bon; kassenbon; kassenzettel; scontrino; fis;
    factura simplificada; nota venta; cupom fiscal; nota fiscal; レシート; 小票
""")
# These are payments beside one kind of sales alone; elsewhere they are what a till prints.
_RECEIPTS = {"recibo": "factura", "recibos": "factura", "receipt": "sales"}
# What the shop buys or spends itself; where nothing is called a sale, it is what a customer does.
_BOUGHT = folded("""
    purchase; purchases; purchase invoice; purchase order; bill; bills; bill payment; vendor bill;
    supplier invoice; expense; expenses; compra; compras; factura compra; factura proveedor; gasto;
    gastos; achat; achats; facture achat; facture fournisseur; depense; depenses; einkauf;
    einkaufe; eingangsrechnung; lieferantenrechnung; ausgabe; ausgaben; acquisto; acquisti;
    fattura acquisto; fattura passiva; spesa; spese; uscita; uscite; despesa; despesas; satinalma;
    satinalma faturasi; satin alma; satin alma faturasi; alis; alis faturasi; gider; 支出; 仕入;
    仕入れ; 采购; 采购单
""")
_INCOME = folded("""
    income; ingreso; ingresos; recette; recettes; einnahme; einnahmen; entrata; entrate; receita;
    receitas; gelir; 収入; 收入
""")
_SAID = {
    Fault.VOIDED: folded("voided; void; anulado; anulada; nulo; nula; annullato; annullata"),
    Fault.CANCELLED: folded("""
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
        abandonne; abandonnee; abgebrochen; abbandonato;
        payment expired; pago expirado; pago caducado; paiement expire; pagamento scaduto;
        error en pago
    """),
    Fault.DRAFT: folded("""
        draft; drafts; quotes; presupuestos; angebote; preventivi; orcamentos; quotations; estimates;
        cotizaciones; teklifler; checkout draft; wc checkout draft; borrador; brouillon; entwurf; bozza; rascunho; taslak; quote; presupuesto; devis;
        angebot; preventivo; orcamento; 下書き; 草稿; quotation; estimate; proforma; pro forma;
        cotizacion; teklif; 見積; authorization; authorisation; uncaptured; requires capture;
        requires payment method; requires confirmation; requires action
    """),
    Fault.REFUNDED: folded("""
        refunded; fully refunded; wc refunded; reembolsado; reembolsada; rembourse; remboursee; erstattet; ruckerstattet;
        rimborsato; iade edildi; iade edilmis; 返金済み; 返金完了; 退款成功; 已退款; reversed; chargeback; estornado; estornada;
        refund issued; refund completed; refund processed
    """),
    Fault.SHIPPING: folded("""
        shipping; shipping line; shipping cost; shipping fee; delivery fee; delivery charge;
        envio; gastos envio; coste envio; costo envio; transporte; frais port; frais livraison;
        livraison; versand; versandkosten; spedizione; spese spedizione; frete; kargo;
        kargo ucreti; 送料; 配送料; 运费
    """),
    Fault.SUBTOTAL: folded("total; subtotal") | _PAYMENTS,
}
_RETURN = folded("""
    return; returned; refund; refund line; credit note; devolucion; devuelto; devuelta; reembolso;
    nota credito; abono; retour; retourne; retournee; remboursement; avoir; retoure; ruckgabe;
    gutschrift; reso; restituito; rimborso; nota credito; devolucao; devolvido; iade; 返品; 返金;
    退货; 退款; credit memo; rectificativa; rechnungskorrektur; estorno; cancellation; reversal; anulacion; cancelacion; annulation; storno; stornierung;
    storno buchung; stornorechnung; annullamento; cancelamento;
    returns; refunds; credit notes; devoluciones; reembolsos; notas credito; abonos; retours;
    remboursements; avoirs; retouren; ruckgaben; gutschriften; erstattung; erstattungen; stornos;
    resi; rimborsi; note credito; devolucoes; reembolso; iadeler;
    sales credit; sales credit note; egreso; out refund; iade faturasi; 赤伝;
    退货单; 退款单; 销售退货;
    返品済み; 返品完了; 返品受付; 已退货; retourniert; retournierte; devolvida; restituita
""")
# What may stand beside such a word: "Order cancelled by customer", "Nota de crédito B".
_BESIDE = folded("""
    order; pedido; orden; commande; bestellung; auftrag; ordine; siparis; sale; sales; venta; vente;
    verkauf; invoice; factura; facture; fattura; rechnung; fatura; transaction; transaccion; by; por;
    par; vom; durch; customer; client; cliente; kunde; kunden; buyer; comprador; seller; vendedor;
    merchant; admin; system; a; b; c; e; m; x; report; list; informe; listado; bericht; liste;
    rapport; ventes; ventas; verkaufe; vendita; vendite; vendas; satis; satislar; bestellungen;
    orders; pedidos; ordenes; commandes; ordini; siparisler; 売上; 销售;
    r; ar; perakende; toptan; faturasi; fisi; electronica; electronico
""")
# Beside a word for a refund or a return: not all of it came back.
_PARTLY = frozenset([
    *("partial", "partially", "partly", "parcial", "parcialmente", "partiel", "partielle"),
    *("partiellement", "teilweise", "parziale", "parzialmente", "kismi", "kismen"),
])
_PARTLY_BACK = folded("""
    teilerstattung; teilerstattet; teilgutschrift; teilretoure; teilruckerstattung; 一部返金;
    一部返金済み; 一部返品; 部分返金; 部分退款; 部分退货
""")
# The state of an order, where others name what was done. More words may follow in a status.
_CAME_BACK = frozenset([
    *("returned", "devuelto", "devuelta", "retourne", "retournee", "retourniert", "retournierte"),
    *("restituito", "restituita", "reso", "devolvido", "devolvida", "iade"),
    *("返品済み", "返品完了", "返品受付", "已退货"),
])
_STATES = {
    Fault.VOIDED: ("void", "voided", "anulado", "anulada", "annullato", "annullata"),
    Fault.CANCELLED: (
        *("cancelled", "canceled", "cancelado", "cancelada", "cancelaste", "annule", "annulee"),
        *("storniert", "stornierte", "cancellato", "cancellata", "iptal"),
    ),
    Fault.REFUNDED: (
        *("refunded", "reembolsado", "reembolsada", "rembourse", "remboursee", "erstattet"),
        *("ruckerstattet", "rimborsato", "rimborsata"),
    ),
}
_STATE_AT_FIRST = re.compile(
    r"(?:注文|订单|取引|会计|交易)?(?:キャンセル|取消)(?!不可|可|なし|待|拒否|申請|依頼|希望|期限|料|中止)"
)
# Behind a state they say that it is that of something else: "Canceled Reversal"; or of a request.
_OTHERS = frozenset([
    *("reversal", "return", "refund", "request", "requests", "item", "items", "line", "lines"),
    *("product", "products", "subscription", "renewal", "shipment", "devolucion", "reembolso"),
    *("articulo", "articulos", "linea", "lineas", "suscripcion", "retour", "remboursement"),
    *("article", "articles", "abonnement", "retoure", "ruckgabe", "erstattung", "artikel"),
    *("position", "positionen", "abo", "articolo", "articoli", "reso", "rimborso", "estorno"),
    *("talebi", "talep", "istegi", "reddedildi", "edilmedi", "edilemedi", "degil", "bekliyor"),
])
_BEFORE_STATE = frozenset({"auto", "automatic", "automatically", "automaticamente", "automatisch"})
_NO = frozenset({"no", "not", "nein", "non", "nao", "false", "hayir", "0"})
_CLAUSES = re.compile(r"\s[-–—]+\s|[,;:/|().]")  # noqa: RUF001
OF_LINES = (Fault.SHIPPING, Fault.SUBTOTAL)
RETURNED = len(LEFT_OUT)
PARTLY_BACK = RETURNED + 1
CAME_BACK = PARTLY_BACK + 1  # of a status
_MEANINGS = {
    **dict.fromkeys(_RETURN, RETURNED),
    **{word: LEFT_OUT.index(fault) for fault, words in _SAID.items() for word in words},
    **dict.fromkeys(_PARTLY_BACK, PARTLY_BACK),
}
_MEANINGS_OF_STATES = {
    **dict.fromkeys(_CAME_BACK, CAME_BACK),
    **{word: LEFT_OUT.index(fault) for fault, states in _STATES.items() for word in states},
}
_BACK = (RETURNED, LEFT_OUT.index(Fault.REFUNDED))


@lru_cache(maxsize=4096)
def meaning_of(text: str) -> int:
    """Return what a text says of a row: a place in `LEFT_OUT`, `RETURNED`, `PARTLY_BACK`, or -1."""
    if (said := _MEANINGS.get(fold(text))) is not None:
        return said
    if (said := _MEANINGS.get(_telling(text))) is not None:
        return said
    return PARTLY_BACK if _is_partly_back(text) else -1


@lru_cache(maxsize=4096)
def meaning_of_status(text: str) -> int:
    """Return what a status says, as `meaning_of` does, or `CAME_BACK`.

    More words may stand behind a state, and one clause may follow another: "Closed - refunded",
    "Cancelled by customer: out of stock". What stands before it may say the opposite.
    """
    said = meaning_of(text)
    if said not in {-1, RETURNED} or not _PARTLY.isdisjoint(words(text)):
        return said
    clauses = [words(clause) for clause in _CLAUSES.split(text)]
    if any(clause and _NO.issuperset(clause) for clause in clauses):
        return said
    return next((state for clause in clauses if (state := _state(clause)) >= 0), said)


def _state(clause: Sequence[str]) -> int:
    """Return the state of an order with which a clause begins, or -1."""
    telling = dropwhile(lambda word: word in _BESIDE or word in _BEFORE_STATE, clause)
    first, behind = next(telling, ""), next(telling, "")
    if behind in _OTHERS:
        return -1
    if _STATE_AT_FIRST.match(first):
        return LEFT_OUT.index(Fault.CANCELLED)
    return _MEANINGS_OF_STATES.get(first, -1)


def _is_partly_back(text: str) -> bool:
    parts = words(text)
    rest = " ".join(part for part in parts if part not in _PARTLY)
    is_partly = len(words(rest)) < len(parts)
    return is_partly and _MEANINGS.get(_telling(rest)) in _BACK


def _telling(text: str) -> str:
    """Return a text without what may stand beside a telling word."""
    return "".join(sorted(word for word in words(text) if word not in _BESIDE))


def is_sum(text: str) -> bool:
    """Say whether a kind of rows is called a total or a payment."""
    return meaning_of(text) == LEFT_OUT.index(Fault.SUBTOTAL)


def is_payment(text: str) -> bool:
    """Say whether a kind of rows is called a payment."""
    return fold(text) in _PAYMENTS or _telling(text) in _PAYMENTS


def is_money_moved(text: str) -> bool:
    """Say whether a kind of rows is money that was brought to the till, the bank or a service."""
    return fold(text) in _MONEY_MOVED


def is_invoiced_later(text: str) -> bool:
    """Say whether a kind of rows is an order or a delivery, which are no sales beside invoices."""
    return fold(text) in _BEFORE_INVOICES


def is_invoice(text: str) -> bool:
    """Say whether a kind of rows is an invoice for a sale."""
    return is_of_sales(text) and not _INVOICES.isdisjoint(words(text))


def is_receipt_beside(text: str, kinds: Iterable[str]) -> bool:
    """Say whether a kind of rows is a receipt of what others of these kinds are for."""
    paid = _RECEIPTS.get(fold(text))
    return paid is not None and any(paid in words(kind) for kind in kinds)


def is_bought(text: str) -> bool:
    """Say whether a kind of rows is what the shop buys or spends, where others are its sales."""
    return fold(text) in _BOUGHT


def is_earned(text: str) -> bool:
    """Say whether a kind of rows is what the shop sells or takes in."""
    return fold(text) in _INCOME or (is_of_sales(text) and not is_bought(text))


def is_document(text: str) -> bool:
    """Say whether a text is what a shop calls a sale or writes it on, and nothing else."""
    is_named = is_of_sales(text) and not (_SALES | _INVOICES).isdisjoint(words(text))
    return is_named or fold(text) in _TICKETS or fold(text) in _INCOME


def is_no_sale(text: str) -> bool:
    """Say whether a text is a kind of rows that is no sale where others are: a return, a payment."""
    is_told = meaning_of(text) == RETURNED or is_payment(text) or is_money_moved(text)
    return is_told or is_bought(text) or is_invoiced_later(text)


def is_of_sales(text: str) -> bool:
    """Say whether a text speaks of sales, orders or invoices, and of nothing else."""
    return bool(words(text)) and not _telling(text)


def meaning_of_title(title: str) -> int | None:
    """Return what a title says of all rows below it; `Sales` says nothing, others are no titles.

    Which month they are of may stand beside it.
    """
    title = " ".join(word for word in words(title) if not word.isdigit() and word not in MONTHS)
    said = meaning_of(title)
    is_of_rows = said == RETURNED or (0 <= said < RETURNED and LEFT_OUT[said] not in OF_LINES)
    return said if is_of_rows or (said < 0 and is_of_sales(title)) else None
