"""Which column of the file is which of ours: header names in English and Spanish, by synonym.

Names are compared after folding: no case, accents, punctuation or filler words, so that
"N° de factura", "Nº Factura" and "n_factura" are one name.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt

# For each column of ours its names, the most telling first: where a file has two of them, the
# earlier one is taken and the other stays a further column.
_SYNONYMS: Mapping[str, str] = {
    "customer_id": """
        customer unique id; customer id; customer no; customer number; customer nr; customer code;
        customer key; customer ref; customer reference id; cust id; cust no; client id; client no;
        client number; client code; buyer id; shopper id; member id; member no; member number;
        membership no; membership number; loyalty id; loyalty no; loyalty number; loyalty card;
        loyalty card number; card number loyalty; account id; account no; account number; user id;
        contact id; id customer; id client;
        id cliente; cliente id; cod cliente; codigo cliente; cliente codigo; n cliente; no cliente;
        num cliente; nro cliente; numero cliente; cliente numero; clave cliente; id socio; n socio;
        no socio; num socio; nro socio; numero socio; codigo socio; id comprador; tarjeta cliente;
        tarjeta fidelidad; tarjeta fidelizacion; n tarjeta cliente; numero tarjeta cliente;
        customer; client; cliente; buyer; comprador; shopper; member; socio; socia;
        customer email; customer e mail; client email; buyer email; email; e mail; email address;
        correo; correo cliente; correo electronico; email cliente; dni; nif; dni cliente;
        nif cliente; rut; rut cliente; rfc; rfc cliente; cuit; cuit cliente; ruc; ruc cliente;
        customer name; customer full name; client name; buyer name; billing name;
        nombre cliente; cliente nombre; nombre completo cliente; nombre comprador; razon social;
        customer phone; phone; phone number; telefono; telefono cliente; movil; celular
    """,
    "ordered_at": """
        ordered at; order datetime; order date time; order timestamp; order purchase timestamp;
        order date; date ordered; date order; purchased at; purchase datetime; purchase date;
        date purchase; purchase timestamp; sold at; sale datetime; sale date; sales date; date sale;
        transaction datetime; transaction date time; transaction date; transaction timestamp;
        transaction time; invoice datetime; invoice date; date invoice; receipt date; ticket date;
        bill date; billing date; posting date; document date; created at; created on; order created;
        creation date; paid at; payment date; processed at;
        fecha hora pedido; fecha pedido; fecha orden; fecha hora compra; fecha compra;
        fecha hora venta; fecha venta; fecha hora transaccion; fecha transaccion;
        fecha hora operacion; fecha operacion; fecha factura; fecha facturacion; fecha emision;
        fecha documento; fecha comprobante; fecha ticket; fecha recibo; fecha boleta; fecha folio;
        fecha movimiento; fecha creacion; fecha pago; fecha hora; fecha y hora; fecha;
        date time; datetime; timestamp; date; day; dia
    """,
    "order_id": """
        order id; order no; order number; order nr; order ref; order reference; order code;
        order key; id order; invoice id; invoice no; invoice number; invoice nr; invoice;
        receipt id; receipt no; receipt number; receipt; ticket id; ticket no; ticket number;
        ticket; bill id; bill no; bill number; basket id; cart id; check number; sale id; sale no;
        sale number; sales order; sales order number; transaction id; transaction no;
        transaction number; trans id; document no; document number; purchase id; purchase order;
        id pedido; pedido id; n pedido; no pedido; num pedido; nro pedido; numero pedido;
        codigo pedido; pedido; id orden; orden id; n orden; no orden; num orden; nro orden;
        numero orden; orden; id factura; n factura; no factura; num factura; nro factura;
        numero factura; factura numero; codigo factura; factura; id ticket; n ticket; no ticket;
        num ticket; nro ticket; numero ticket; id venta; venta id; n venta; no venta; num venta;
        nro venta; numero venta; codigo venta; id compra; n compra; numero compra; id transaccion;
        n transaccion; no transaccion; numero transaccion; n recibo; no recibo; numero recibo;
        recibo; n boleta; no boleta; numero boleta; boleta; n comprobante; no comprobante;
        numero comprobante; comprobante; n albaran; numero albaran; albaran; n documento;
        no documento; num documento; numero documento; documento; folio; numero folio; operacion;
        n operacion; numero operacion; order; transaction; transaccion
    """,
    "branch": """
        branch id; branch code; branch no; branch number; branch name; branch; store id; store code;
        store no; store number; store name; store; shop id; shop code; shop name; shop; outlet id;
        outlet name; outlet; location id; location name; location; point of sale;
        id sucursal; codigo sucursal; n sucursal; no sucursal; numero sucursal; nombre sucursal;
        sucursal; id tienda; codigo tienda; n tienda; no tienda; numero tienda; nombre tienda;
        tienda; id local; codigo local; nombre local; local; punto venta; establecimiento; sede
    """,
    "product_id": """
        product id; product code; product no; product number; product sku; product ref;
        product key; item id; item code; item no; item number; item sku; article id; article code;
        article no; article number; stock code; stock no; sku; sku code; lineitem sku; variant sku;
        variant id; material number; plu; gtin; ean; ean 13; upc; barcode; isbn;
        id producto; producto id; cod producto; codigo producto; n producto; no producto;
        numero producto; clave producto; referencia producto; id articulo; articulo id;
        cod articulo; codigo articulo; n articulo; no articulo; numero articulo; clave articulo;
        referencia articulo; codigo barras; cod barras; referencia; codigo item; id item; ref;
        codigo; cod; clave
    """,
    "product": """
        product name; product title; product description; product desc; item name; item title;
        item description; item desc; article name; article description; lineitem name;
        line item name; line description; stock description; description; product; item; article;
        nombre producto; producto nombre; descripcion producto; desc producto; nombre articulo;
        articulo nombre; descripcion articulo; desc articulo; descripcion; producto; articulo;
        concepto; detalle; desc
    """,
    "quantity": """
        quantity; qty; line quantity; lineitem quantity; item quantity; quantity ordered;
        quantity sold; quantity purchased; order quantity; ordered quantity; ordered qty;
        order qty; qty ordered; qty sold; sold qty; sales quantity; sales qty; sales units;
        units; units sold; units ordered; pieces; pcs; no items; number items; item count;
        items sold; number units; no units; total quantity; total units; number cds;
        cantidad; cant; cantidad vendida; cantidad pedida; cantidad comprada; cantidad articulos;
        cantidad productos; cantidad unidades; unidades; unidades vendidas; uds; ud; und; unids;
        n unidades; no unidades; num unidades; numero unidades; n articulos; no articulos;
        numero articulos; piezas; pzas; cantidad total; total unidades
    """,
    "unit_price": """
        unit price; price per unit; price unit; price each; each price; item price; lineitem price;
        line item price; product price; price per item; selling price; sale price; sales price;
        sell price; retail price; net unit price; unit sale price; unit selling price;
        unit retail; price;
        precio unitario; precio unidad; precio por unidad; precio ud; precio uni; precio unit;
        p unitario; p unit; pu; precio venta; precio venta unitario; precio articulo;
        precio producto; precio neto; pvp; valor unitario; importe unitario; precio
    """,
    "amount": """
        line total; line amount; line value; line sales; line revenue; total line; extended price;
        extended amount; extended value; item total; total line amount; net amount; net sales;
        net value; net total; sales amount; sale amount; sales value; sales; sale; revenue;
        net revenue; amount paid; paid amount; amount spent; amount; order amount; order value;
        order total; invoice amount; invoice total; purchase amount; transaction amount;
        transaction value; total amount; total sales; total sale; total revenue; total price;
        total value; total paid; total spent; total collected; gross sales; gross amount;
        gross value; gross total; grand total; total; subtotal; value; spend; dollar value; turnover;
        importe linea; total linea; monto linea; valor linea; importe neto; monto neto; venta neta;
        ventas netas; valor neto; importe venta; monto venta; valor venta; importe pagado;
        monto pagado; importe; monto; importe pedido; importe factura; monto factura;
        importe compra; monto compra; valor compra; importe total; monto total; valor total;
        precio total; total pagado; total venta; total ventas; total compra; total pedido;
        total factura; total general; total neto; venta; ventas; venta total; ventas totales;
        ingresos; ingreso; facturacion; importe bruto; monto bruto; total bruto; gasto; valor
    """,
    "currency": """
        currency; currency code; iso currency; order currency; transaction currency;
        moneda; divisa; codigo moneda; codigo divisa; cod moneda; tipo moneda
    """,
}

_FILLERS = {"de", "del", "la", "las", "el", "los", "of", "the"}
_REQUIRED = (("customer_id", Refusal.NO_CUSTOMER), ("ordered_at", Refusal.NO_DATE))
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_VALUE = re.compile(r"[-+$€£]?[0-9][0-9.,:/ -]*")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def fold(name: str) -> str:
    """Return what is compared of a header name."""
    name = _CAMEL.sub(" ", _BRACKETS.sub(" ", name) or name)
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.split(r"[^0-9a-z]+", plain)
    return "".join(word for word in words if word not in _FILLERS)


def _ranked() -> dict[str, tuple[str, int]]:
    """Return for each folded name its column and how telling it is; 0 is best."""
    names: dict[str, tuple[str, int]] = {}
    for column, synonyms in _SYNONYMS.items():
        for rank, name in enumerate(synonyms.split(";")):
            names.setdefault(fold(name.strip()), (column, rank))
    return names


_NAMES = _ranked()


def map_columns(header: Sequence[str]) -> dict[str, int]:
    """Return which of ours each needed column is, as an index into `header`.

    Raises:
        UnreadableFileError: A required column is missing, or one is there twice.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    for index, name in enumerate(header):
        if known := _NAMES.get(fold(name)):
            found.setdefault(known[0], []).append((known[1], index))
    if not found and any(_VALUE.fullmatch(name) for name in header):
        raise UnreadableFileError(Refusal.NO_HEADER, {"found": _shown(header)})
    mapping = {column: _best(places, header) for column, places in found.items()}
    if missing := _missing(mapping):
        raise UnreadableFileError(missing, {"found": _shown(header)})
    return mapping


def _best(places: Sequence[tuple[int, int]], header: Sequence[str]) -> int:
    first, *others = sorted(places)
    if others and others[0][0] == first[0]:
        raise UnreadableFileError(
            Refusal.DUPLICATE_COLUMN, {"column": excerpt(header[first[1]]), "found": _shown(header)}
        )
    return first[1]


def _missing(mapping: Mapping[str, int]) -> Refusal | None:
    for column, refusal in _REQUIRED:
        if column not in mapping:
            return refusal
    has_money = "amount" in mapping or {"unit_price", "quantity"} <= mapping.keys()
    return None if has_money else Refusal.NO_MONEY


def _shown(header: Sequence[str]) -> list[str]:
    return [excerpt(name) for name in header]


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
