"""The columns, and titles, by which an export says what becomes of its rows: by their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from functions.ingest.reader.words.header_names import fold, folded, recognise, words

_STATUS = folded("""
    status; order status; financial status; payment status; transaction status; sale status;
    invoice status; sales status; estado;
    estado pedido; estado orden; estado venta; estado pago; estado factura; situacion; statut;
    statut commande; statut paiement; etat; etat commande; bestellstatus; auftragsstatus;
    zahlungsstatus; rechnungsstatus; stato; stato ordine; stato pagamento; situacao;
    status pedido; status venda; durum; siparis durumu; odeme durumu; ステータス;
    order payment state; payment state; transaction state; estatus; estado sat; estado cfdi; 注文ステータス; 会計ステータス; 取引ステータス; 状態; 取消区分; 订单状态; 状态; 交易状态; 单据状态
""")
_KIND = folded("""
    event type; type; transaction type; document type; sale type; order type; tipo;
    receipt type; ticket type; bill type; invoice type; tipo ticket; tipo recibo; tipo factura;
    tipo documento; tipo movimiento; tipo operacion; tipo venta; tipo comprobante; typ; bontyp;
    type ticket; type vente; tipo scontrino;
    type document; type operation; belegart; vorgangsart; tipo operazione; tipo operacao;
    islem tipi; fis tipi; belge tipi; 取引区分; 売上区分; 伝票区分; 取引種別; 类型; 交易类型;
    单据类型; kind; nature; belegtyp; dokumentart; dokumenttyp; rechnungsart;
    auftragsart; umsatzart; transaktionsart; transaktionstyp; normal iade; txn type
""")
_KIND_BESIDE_FOLIO = folded("concepto")  # of a document; elsewhere it is what was bought
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
_LINE_KIND = folded("""
    line status; lineitem status; line type; item type; lineitem type; line item type; itemization type; tipo linea;
    row type; record type; tipo registro; tipo fila; type enregistrement; satzart; tipo record;
    tipo registo; kayit tipi; type ligne; positionsart; zeilenart; tipo riga; tipo linha; satir tipi
""")
_LINE_NAME = folded("lineitem name; line item name; lineitem title; line item title")
_FLAG = folded("""
    voided; void; is void; deleted; is deleted; eliminado; eliminada; borrado; supprime; geloscht;
    eliminato; excluido; silindi; is voided; cancelled; canceled; is cancelled; is canceled; anulado;
    anulada; cancelado; cancelada; annule; annulee; storniert; storno; annullato; iptal
""")
_REFUNDED_FLAG = folded("""
    refunded; is refunded; reembolsado; reembolsada; rembourse; erstattet; rimborsato
""")
_RETURNED_FLAG = folded("""
    returned; devuelto; devuelta; devolucion; retourne; retourniert;
    retoure; restituito; devolvido; iade
""")
_IS_RETURN = folded("""
    is returned; is return; is refund; return flag; refund flag; es devolucion; es reembolso;
    is credit note; es nota credito
""")
_SIDE = folded("""
    dr cr; debit credit; d c; debit credit indicator; soll haben; soll haben kennzeichen;
    soll haben kz; s h; debe haber; tipo debe haber; dare avere; debit credit sens; borc alacak;
    貸借; 借贷
""")
# What came back may be part of a row, or its parcel alone.
_PARCEL_STATUS = folded("""
    fulfillment status; fulfilment status; delivery status; shipping status; shipment status;
    estado envio; estado entrega; status entrega; status envio; statut livraison; statut expedition;
    lieferstatus; versandstatus; stato spedizione; stato consegna; kargo durumu; teslimat durumu;
    配送ステータス; 发货状态; 物流状态
""")
_MOMENT_BACK = folded("""
    refunded at; refunded on; refund date; date refunded; returned at; returned on; date returned;
    fecha reembolso; fecha devolucion; data reembolso; data devolucao; date remboursement;
    date retour; erstattungsdatum; rucksendedatum; data rimborso; data reso; iade tarihi; 返金日;
    返品日; 退款时间
""")
_PIECES_BACK = folded("""
    returned; returned qty; returned quantity; return qty; return quantity; refunded qty;
    refunded quantity; qty canceled; qty cancelled; cantidad devuelta; cant devuelta;
    unidades devueltas; uds devueltas; devueltos; devueltas; cantidad reembolsada;
    cantidad anulada; quantidade devolvida; qtd devolvida; qtde devolvida; quantite retournee;
    qte retournee; quantite remboursee; retournierte menge; retourmenge; stornierte menge;
    quantita resa; qta resa; quantita rimborsata; iade miktari; iade adedi; 返品数; 返品数量;
    退货数量; 退款数量
""")
_MOMENT = folded("""
    cancelled at; canceled at; cancelled on; canceled on; cancelled date; canceled date;
    cancellation date; voided at; void date; fecha anulacion; fecha cancelacion; date annulation;
    stornodatum; data annullamento; data cancelamento; iptal tarihi
""")


# What marks say.
YES = folded("true; t; yes; y; 1; x; si; s; oui; o; ja; j; vero; sim; evet; e; はい; 是")


@dataclass(frozen=True, kw_only=True, slots=True)
class Title:
    """A line above the names of the columns, and what it says of the rows below."""

    row: int  # where it stands, from 1; 0: above the table
    first: int  # of the rows that it speaks of, which end with the next title
    says: int  # a place in `LEFT_OUT`, `RETURNED`, or -1


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
    has_refunds: bool = False  # a column of what was paid back
    titles: tuple[Title, ...] = ()
    sums: Mapping[int, frozenset[str]] = field(default_factory=dict)  # of the kinds, see `kinds`
    back: Mapping[int, frozenset[str]] = field(default_factory=dict)  # codes of credit notes
    marks: frozenset[int] = frozenset()  # of `refunded` and `returned`, in which a 1 means yes
    came_back_once: bool = False  # orders that came back have no row of their own for it


def find_signs(header: Sequence[str]) -> Signs:
    """Find the columns by their names."""
    names_found = [fold(name) for name in header]
    kinds = _KIND | _KIND_BESIDE_FOLIO if "folio" in names_found else _KIND

    def places(names: frozenset[str]) -> tuple[int, ...]:
        return tuple(i for i, name in enumerate(names_found) if name in names)

    def says(telling: frozenset[str], names: frozenset[str]) -> tuple[int, ...]:
        parts = map(_telling_part, header)
        return tuple(
            i for i, part in enumerate(parts) if part in telling or names_found[i] in names
        )

    status, kind = says(_STATUS_WORDS, _STATUS), says(_KIND_WORDS, kinds)
    return Signs(
        status=status,
        kind=kind,
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
        has_refunds=bool(status or kind) and any(map(_is_of_refunds, header)),
    )


def _is_of_refunds(name: str) -> bool:
    return fold(name) not in _REFUNDED_FLAG and recognise(name) == "refunded"


@lru_cache(maxsize=4096)
def _telling_part(name: str) -> str:
    """Return what a name says beside what of a sale it is of: "Order Payment State"."""
    parts = words(name)
    rest = [part for part in parts if part not in _OF_WHAT]
    return rest[0] if len(rest) == 1 < len(parts) else ""
