"""What else a shop exports than purchases, told by its columns: each is refused with its reason.

Nothing here is guessed: a file that has all that purchases need is read as purchases.
"""

import re
from collections.abc import Mapping, Sequence

from functions.ingest.reader.columns.samples import Sample
from functions.ingest.reader.refusal import Refusal, UnreadableFileError, excerpt
from functions.ingest.reader.values.looks import is_date
from functions.ingest.reader.words.header_names import fold, words


def _names(text: str) -> frozenset[str]:
    return frozenset(fold(name) for name in text.split(";"))


_TOTALS_OF_A_CUSTOMER = _names("""
    recency; frequency; monetary; rfm; rfm score; r score; f score; m score; ltv; clv; aov;
    lifetime value; customer lifetime value; total spent; total spend; amount spent; lifetime spend;
    orders count; order count; number of orders; total orders; orders; num orders; no orders;
    purchase count; number purchases; total purchases; visits; number visits; total visits;
    average order value; avg order value; average ticket; avg ticket; average basket;
    last order; last order date; last purchase; last purchase date; first order; first order date;
    first purchase; first purchase date; last visit; days since last purchase; tenure;
    total gastado; gasto total; gasto medio; numero pedidos; n pedidos; total pedidos; pedidos;
    numero compras; n compras; total compras; compras; visitas; numero visitas; ticket medio;
    ticket promedio; ultima compra; fecha ultima compra; ultimo pedido; fecha ultimo pedido;
    primera compra; fecha primera compra; recencia; frecuencia; valor cliente;
    nombre commandes; panier moyen; dernier achat; derniere commande; premier achat;
    anzahl bestellungen; letzte bestellung; letzter kauf; durchschnittlicher bestellwert;
    numero ordini; ultimo acquisto; ultimo ordine; scontrino medio; ultima compra; total compras;
    son siparis tarihi; toplam siparis; siparis sayisi; 購入回数; 最終購入日; 累計金額
""")
_NUMBERS_OF_PEOPLE = _names("""
    customers; number customers; customer count; no customers; unique customers; buyers; visitors;
    footfall; transactions; number transactions; transaction count; tickets; number tickets;
    receipts; clientes; numero clientes; n clientes; no clientes; compradores; visitantes;
    transacciones; numero transacciones; operaciones; numero tickets; n tickets; clients;
    nombre clients; nb clients; visiteurs; nombre tickets; kunden; anzahl kunden; besucher;
    anzahl belege; clienti; numero clienti; scontrini; numero scontrini; n scontrini;
    musteri sayisi; fis sayisi; 客数; 来店客数; 客户数
""")
_PERIODS = _names("""
    month; year; year month; period; quarter; week; semester; fiscal year; fiscal month;
    mes; ano; anio; periodo; trimestre; semana; mois; annee; periode; semaine; monat; jahr; quartal;
    woche; zeitraum; mese; anno; settimana; ay; yil; donem; hafta; 月; 年; 年月
""")
_ABOUT_A_PERSON = _names("""
    gender; sex; age; birthday; birth date; date of birth; dob; first name; last name; surname;
    address; address 1; city; zip; zip code; zip code prefix; postal code; postcode; country; state; province;
    annual income; income; marital status; profession; occupation; education; accepts marketing;
    tags; language; registered at; signup date; member since; customer since; newsletter;
    sexo; genero; edad; fecha nacimiento; cumpleanos; nombre; apellido; apellidos; direccion;
    ciudad; cp; codigo postal; pais; provincia; fecha alta; fecha registro; estado civil;
    acepta publicidad; sexe; age; date naissance; prenom; nom; adresse; ville; pays; geschlecht;
    alter; geburtsdatum; vorname; nachname; strasse; ort; plz; land; sesso; eta; data nascita; nome;
    cognome; indirizzo; citta; cap; idade; data nascimento; endereco; cidade; cep; cinsiyet; yas;
    dogum tarihi; ad; soyad; adres; sehir; 性別; 年齢; 生年月日; 住所; 郵便番号
""")
_PERSONS = frozenset([
    "customer",
    "client",
    "cliente",
    "kunde",
    "kunden",
    "member",
    "socio",
    "billing",
    "musteri",
])
_ABOUT_STOCK = _names("""
    stock; in stock; stock level; stock quantity; stock on hand; on hand; on hand quantity;
    quantity on hand; qty on hand; available; available quantity; inventory; inventory quantity;
    inventory level; reorder level; reorder point; min stock; max stock; warehouse; committed;
    incoming; existencias; existencia; stock actual; stock minimo; stock maximo; stock disponible;
    disponible; inventario; almacen; punto pedido; entrepot; stock reel; bestand; lagerbestand;
    lager; mindestbestand; giacenza; scorta; scorta minima; magazzino; estoque; estoque minimo;
    stok; stok miktari; mevcut; depo; 在庫; 在庫数; 倉庫; 库存; 仓库
""")
_MONTH = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|ene|abr|ago|dic|fev|avr|mai|juin|juil|aou|"
    r"mrz|okt|dez|gen|mag|giu|lug|set|ott|out)[a-z]{0,9}(?:\d{2}|\d{4})?|(?:19|20)\d{2}|"
    r"(?:19|20)\d{2}(?:q|t|w|s|m)?\d{1,2}|(?:q|t|w|kw|sem)\d{1,2}(?:\d{2}|\d{4})?|\d{1,2}(?:19|20)\d{2}"
)
_ITEM = re.compile(
    r"(?:item|items|product|producto|articulo|produit|artikel|article|prodotto|urun)\d+"
)
_FLAGS = frozenset([
    "0",
    "1",
    "true",
    "false",
    "t",
    "f",
    "yes",
    "no",
    "y",
    "n",
    "x",
    "si",
    "sí",
    "✓",
])
_LEAST_PERIODS, _LEAST_ITEMS = 3, 4


def refuse_other_lists(
    header: Sequence[str], samples: Sequence[Sample], columns: Mapping[str, int]
) -> None:
    """Refuse a file that is a list of something else than purchases.

    Raises:
        UnreadableFileError: It is, and what it lacks shows it.
    """
    if _has_all(columns):
        return
    if refusal := _kind(header, samples, columns):
        raise UnreadableFileError(refusal, {"found": [excerpt(name) for name in header]})


def _has_all(columns: Mapping[str, int]) -> bool:
    has_money = "amount" in columns or {"unit_price", "quantity"} <= columns.keys()
    return has_money and {"customer_id", "ordered_at"} <= columns.keys()


def _kind(
    header: Sequence[str], samples: Sequence[Sample], columns: Mapping[str, int]
) -> Refusal | None:
    # "customer_city" is a city.
    folded = [fold(name) for name in header]
    folded += ["".join(sorted(rest)) for name in header if (rest := _without_person(name))]

    def count(names: frozenset[str]) -> int:
        return sum(name in names for name in folded)

    has_product = bool({"product", "product_id"} & columns.keys())
    found = {
        Refusal.PIVOT_TABLE: sum(_is_period(name) for name in header) >= _LEAST_PERIODS,
        Refusal.BASKET_MATRIX: _is_basket_matrix(header, samples, columns),
        Refusal.AGGREGATED: count(_TOTALS_OF_A_CUSTOMER) >= 2
        or ("customer_id" not in columns and count(_NUMBERS_OF_PEOPLE) > 0)
        or ("ordered_at" not in columns and count(_PERIODS) > 0 and _has_money(columns)),
        Refusal.STOCK_LIST: has_product and count(_ABOUT_STOCK) > 0,
        Refusal.CUSTOMER_LIST: "order_id" not in columns
        and not _has_money(columns)
        and ("customer_id" in columns or count(_ABOUT_A_PERSON) > 2)
        and count(_ABOUT_A_PERSON) >= 2,
        Refusal.PRODUCT_LIST: has_product
        and not {"customer_id", "ordered_at", "order_id"} & columns.keys(),
    }
    return next((refusal for refusal, is_it in found.items() if is_it), None)


def _without_person(name: str) -> list[str]:
    """Return the words of a name that begins with whom it is about, without that."""
    first, *rest = words(name) or [""]
    return rest if first in _PERSONS else []


def _has_money(columns: Mapping[str, int]) -> bool:
    return bool({"amount", "unit_price"} & columns.keys())


def _is_period(name: str) -> bool:
    return is_date(name) or _MONTH.fullmatch("".join(words(name))) is not None


def _is_basket_matrix(
    header: Sequence[str], samples: Sequence[Sample], columns: Mapping[str, int]
) -> bool:
    """Say whether a row is a basket, with a column for each product, or for the first, second ..."""
    if sum(_ITEM.fullmatch("".join(words(name))) is not None for name in header) >= 2:
        return True
    others = [s for i, s in enumerate(samples) if i not in columns.values() and not s.is_empty]
    flags = sum(all(cell.casefold() in _FLAGS for cell in s.cells) for s in others)
    return flags >= _LEAST_ITEMS and 2 * flags > len(others)
