"""The names that shops' programs give to the columns, in nine languages.

For each column of ours its names, the most telling first: where a file has two of them, the earlier
one is taken and the other stays a further column. A bar parts the more telling names of a language
from the less telling ones, for a file may use two languages: `Kundennummer` goes before `E-Mail`,
which is English too. Names are compared folded (`columns.fold`): no case, accents, punctuation or
filler words. Numbers of cards come after the customer, and last where they may be those of a payment.
"""

from collections.abc import Mapping
from itertools import zip_longest

_ENGLISH_AND_SPANISH: Mapping[str, str] = {
    "customer_id": """
        customer unique id; customer id; customer no; customer number; customer nr; customer code;
        customer key; sold to; sold to party; buyer user id; customer ref; customer reference id; cust id; cust no; client id; client no;
        client number; client code; buyer id; shopper id; member id; member no; member number;
        membership no; membership number; account id; account no; account number;
        id customer; id client;
        id cliente; cliente id; cod cliente; codigo cliente; cliente codigo; n cliente; no cliente;
        num cliente; nro cliente; numero cliente; cliente numero; clave cliente; id socio; n socio;
        no socio; num socio; nro socio; numero socio; codigo socio; id comprador |
        customer; client; cliente; buyer; comprador; shopper; member; socio; socia; user id;
        contact id; loyalty id; loyalty no; loyalty number; loyalty card; loyalty card number;
        card number loyalty; tarjeta cliente; tarjeta fidelidad; tarjeta fidelizacion;
        n tarjeta cliente; numero tarjeta cliente |
        customer email; customer e mail; client email; buyer email; buyer username; billing email; guest email; contact email; from email address; email; e mail;
        email address; correo; correo cliente; correo electronico; email cliente |
        dni; nif; dni cliente;
        nif cliente; rut; rut cliente; rfc; rfc cliente; cuit; cuit cliente; ruc; ruc cliente |
        customer name; customer full name; client name; buyer name; billing name; bill to name; guest name;
        order lines customer; invoice partner display name; cliente proveedor; customer vendor;
        nombre cliente; cliente nombre; nombre completo cliente; nombre comprador; razon social; full name; nombre completo;
        nombre apellidos; nombre y apellidos |
        customer phone; phone; phone number; phone no; telefono; telefono cliente; movil; celular
    """,
    "ordered_at": """
        ordered at; order datetime; order date time; order timestamp; order purchase timestamp;
        order date; date ordered; date order; purchased at; purchase datetime; purchase date;
        date purchase; purchase timestamp; sold at; sale datetime; sale date; sales date; date sale;
        transaction datetime; transaction date time; transaction date; transaction timestamp;
        transaction time; invoice datetime; invoice date; date invoice; receipt date; ticket date;
        bill date; billing date; posting date; document date; order created;
        fecha hora pedido; fecha pedido; fecha orden; fecha hora compra; fecha compra;
        fecha hora venta; fecha venta; fecha hora transaccion; fecha transaccion;
        fecha hora operacion; fecha operacion; fecha factura; fecha facturacion; fecha emision;
        fecha documento; fecha comprobante; fecha ticket; fecha recibo; fecha boleta; fecha folio;
        fecha movimiento |
        fecha hora; fecha y hora; fecha; date time; datetime; timestamp; date |
        created at; created on; created utc; created date; date created; date added; entry date;
        opened; creation date; fecha creacion; paid at; payment date;
        processed at; fecha pago | day; dia
    """,
    "time": """
        time; order time; sale time; sales time; time sale;
        hora; hora pedido; hora venta; hora compra; hora ticket; hora factura
    """,
    "order_id": """
        order id; order no; order number; order nr; order ref; order reference; order code;
        order key; id order; invoice id; invoice no; invoice number; invoice nr; invoice;
        billing document;
        receipt id; receipt no; receipt number; receipt; ticket id; ticket no; ticket number;
        ticket; bill id; bill no; bill number; basket id; cart id; check number; sale id; sale no;
        sale number; sales order; sales order number; transaction id; transaction no;
        transaction number; trans id; document no; document number; purchase id; purchase order;
        id pedido; pedido id; n pedido; no pedido; num pedido; nro pedido; numero pedido;
        codigo pedido; referencia pedido; pedido; id orden; orden id; n orden; no orden; num orden; nro orden;
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
        line item name; line description; order lines product; stock description; description; product; item; article;
        nombre producto; producto nombre; descripcion producto; desc producto; nombre articulo;
        articulo nombre; descripcion articulo; desc articulo; descripcion; producto; articulo;
        concepto; detalle; desc
    """,
    "quantity": """
        quantity; qty; line quantity; order lines quantity; billed quantity; invoiced quantity; lineitem quantity; item quantity; quantity ordered;
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
        unit price; price per unit; order lines unit price; price unit; price each; each price; item price; lineitem price;
        line item price; product price; price per item; selling price; sale price; sales price;
        sell price; net unit price; unit sale price; unit selling price; unit retail; price;
        retail price;
        precio unitario; precio unidad; precio por unidad; precio ud; precio uni; precio unit;
        p unitario; p unit; pu; precio venta; precio venta unitario; precio articulo;
        precio producto; precio neto; pvp; valor unitario; importe unitario; precio
    """,
    "amount": """
        line total; order line total; order lines subtotal; order lines total; line amount; line value; line sales; line revenue; total line; extended price;
        extended amount; extended value; item total; item revenue; total line amount;
        importe linea; total linea; monto linea; valor linea |
        net amount; net sales; net value; net total; sales amount; sale amount; sales value; sales;
        revenue; net revenue; amount spent; amount;
        importe neto; monto neto; venta neta; ventas netas; valor neto; importe venta; monto venta;
        valor venta; importe; monto |
        order amount; order value; order total; order total amount; invoice amount; invoice total;
        purchase amount; transaction amount; transaction value; total amount; total sales;
        total sale; total revenue; total price; total value; total spent; total collected; final price; final total;
        gross sales; gross amount; gross value; gross total; grand total; total;
        importe pedido; importe factura; monto factura; importe compra; monto compra; valor compra;
        importe total; monto total; valor total; precio total; total venta; total ventas;
        total compra; total pedido; total factura; total general; total neto |
        amount paid; paid amount; total paid; payable; amount payable; total payable; importe pagado;
        monto pagado; total pagado; a pagar; total a pagar; importe a pagar; monto a pagar |
        sale; subtotal; value; spend; dollar value; turnover; venta; ventas; venta total;
        ventas totales; ingresos; ingreso; facturacion; importe bruto; monto bruto; total bruto;
        gasto; valor
    """,
    "refunded": """
        line refund; line refund amount; refunded line amount; item refund amount;
        item refunded amount; importe reembolsado linea |
        refunded amount; refund amount; amount refunds; return amount; returned amount; returns amount; refunded value; refund value;
        order refund amount; order refunded amount;
        importe reembolsado; monto reembolsado; valor reembolsado; importe reembolso;
        monto reembolso; importe devuelto; monto devuelto; importe devolucion; monto devolucion |
        total refunded; refunded total; refund total; total refund; total refund amount;
        total refunded amount; total reembolsado; importe total reembolsado; monto total reembolsado;
        total refunds; total reembolsos; refunds; refund; refunded; returns; reembolsos; reembolso;
        reembolsado; devoluciones; devolucion
    """,
    "currency": """
        currency; currency code; iso currency; order currency; transaction currency;
        moneda; divisa; codigo moneda; codigo divisa; cod moneda; tipo moneda
    """,
}

_PORTUGUESE: Mapping[str, str] = {
    "customer_id": """
        id cliente; codigo cliente; cod cliente; numero cliente; n cliente; cliente id; cpf;
        cpf cliente; cnpj; cpf cnpj |
        cliente; comprador; consumidor; cartao fidelidade; cartao cliente | email cliente | |
        nome cliente; nome comprador; nome completo | telefone; celular; numero cartao
    """,
    "ordered_at": """
        data hora pedido; data pedido; data compra; data venda; data hora venda; data transacao;
        data emissao; data nota; data fatura; data documento | data hora; data; emissao |
        data criacao; data pagamento
    """,
    "time": "hora; hora venda; hora pedido; hora compra",
    "order_id": """
        id pedido; codigo pedido; numero pedido; n pedido; pedido; id venda; numero venda; venda id;
        codigo venda; referencia pedido; nota fiscal; numero nota; numero nota fiscal; nf; nfe; fatura; numero fatura;
        n fatura; cupom; numero cupom; cupom fiscal; recibo; id transacao; transacao
    """,
    "branch": "loja; codigo loja; nome loja; id loja; filial; codigo filial; unidade; nome filial",
    "product_id": """
        codigo produto; cod produto; id produto; produto id; referencia; codigo item; id item;
        codigo barras; sku produto
    """,
    "product": "nome produto; descricao produto; descricao; produto; artigo; descricao item; item",
    "quantity": "quantidade; qtd; qtde; qtd vendida; quantidade vendida; unidades; pecas",
    "unit_price": "preco unitario; valor unitario; preco unit; vlr unitario; vl unitario; preco venda; preco",
    "amount": """
        valor total item; total item | valor liquido; total liquido; valor venda |
        valor pedido; valor total; vlr total; vl total; total venda; total pedido; preco total;
        montante | valor pago; valor final; valor a pagar | valor; receita; faturamento; total bruto
    """,
    "refunded": """
        valor reembolsado item | valor reembolsado; valor reembolso; montante reembolsado;
        valor estornado; valor estorno; valor devolvido |
        total reembolsado; total estornado; devolucoes; estornos; estorno
    """,
    "currency": "moeda; codigo moeda",
}

_FRENCH: Mapping[str, str] = {
    "customer_id": """
        id client; client id; n client; no client; numero client; num client; code client;
        ref client; reference client; code adherent; n adherent |
        client; acheteur; n carte fidelite; numero carte fidelite; carte fidelite |
        email client; courriel; mail client | | nom client; raison sociale; nom prenom; nom complet |
        telephone; n carte; numero carte
    """,
    "ordered_at": """
        date heure commande; date commande; date achat; date heure vente; date vente;
        date facture; date facturation; date ticket; date transaction; date document; date piece |
        date heure; horodatage | date creation; date paiement | jour
    """,
    "time": "heure; heure vente; heure commande; heure achat; heure ticket",
    "order_id": """
        id commande; n commande; no commande; numero commande; num commande; ref commande;
        reference commande; commande; n facture; no facture; numero facture; num facture;
        n facture client; facture; n ticket; numero ticket; ticket caisse; id vente; n vente;
        numero vente; n transaction; numero transaction; n piece; numero piece
    """,
    "branch": "magasin; code magasin; nom magasin; n magasin; boutique; depot; point vente; agence",
    "product_id": """
        code produit; id produit; n produit; ref produit; reference produit; code article;
        ref article; reference article; n article; reference; code barre; code barres
    """,
    "product": "nom produit; libelle produit; designation; libelle article; libelle; produit",
    "quantity": """
        quantite; qte; quantite vendue; qte vendue; quantite unitaire; quantite commandee; nombre;
        nb articles; nombre articles; unites
    """,
    "unit_price": """
        prix unitaire; prix unitaire ttc; prix unitaire ht; pu ttc; pu ht; prix vente net;
        prix vente; prix ttc; prix ht; prix
    """,
    "amount": """
        montant ligne; total ligne; total ligne ttc | montant net; montant net ht;
        montant net ttc; montant ttc; montant ht;
        montant | montant total; total ttc; total ht; total net; prix total; chiffre affaires; ca;
        ca ttc; ca ht; montant commande; montant facture; total commande; total facture |
        net a payer; a payer; montant a payer
    """,
    "refunded": """
        montant rembourse ligne | montant rembourse; montant remboursement; somme remboursee |
        total rembourse; montant total rembourse; remboursements; remboursement; rembourse; retours
    """,
    "currency": "devise; code devise; monnaie",
}

_GERMAN: Mapping[str, str] = {
    "customer_id": """
        kunden id; kundenid; kundennummer; kunden nummer; kunden nr; kundennr; kd nr; kdnr;
        debitor; debitorennummer; debitor nr; mitgliedsnummer |
        mitglied; kunde; kaufer; besteller; kundenkarte; kundenkartennummer | kunden email | |
        kundenname; auftragg; auftraggeber | telefon; kartennummer
    """,
    "ordered_at": """
        bestelldatum; auftragsdatum; kaufdatum; verkaufsdatum; rechnungsdatum; belegdatum;
        buchungsdatum; transaktionsdatum; bondatum | datum uhrzeit; zeitpunkt; zeitstempel; datum |
        erstellt am | tag
    """,
    "time": "uhrzeit; zeit; verkaufszeit; bestellzeit; belegzeit",
    "order_id": """
        bestellnummer; bestell nr; bestellnr; bestell id; bestellung; auftragsnummer; auftrags nr;
        auftragsnr; auftrag; rechnungsnummer; rechnungs nr; rechnungsnr; rechnung; belegnummer;
        beleg nr; belegnr; beleg; bonnummer; bon nr; bon; kassenbon; transaktionsnummer;
        vorgangsnummer; vorgang; auftragsreferenz; bestellreferenz
    """,
    "branch": "filiale; filialnummer; filial nr; filialname; markt; geschaft; laden; standort",
    "product_id": """
        artikelnummer; artikel nr; artikelnr; art nr; artikel id; produktnummer; produkt nr;
        produkt id; materialnummer; strichcode
    """,
    "product": """
        artikelbezeichnung; artikelname; artikel; produktname; produktbezeichnung; produkt;
        bezeichnung; beschreibung
    """,
    "quantity": "menge; anzahl; stuckzahl; stuck; stk; verkaufte menge; bestellmenge; absatz",
    "unit_price": """
        einzelpreis; stuckpreis; preis pro stuck; vk brutto; vk netto; einzelpreis brutto; einzelpreis netto; ep;
        verkaufspreis; vk preis; vk; preis netto; preis brutto; preis
    """,
    "amount": """
        positionsbetrag; zeilenbetrag; gesamtpreis |
        nettobetrag; betrag netto; umsatz netto; nettoumsatz; bruttobetrag; betrag brutto; betrag;
        umsatz; umsatz brutto; bruttoumsatz |
        gesamtbetrag; rechnungsbetrag; bestellwert; summe netto; summe brutto; summe;
        gesamt netto; gesamt brutto; gesamt; gesamtsumme | zahlbetrag; zu zahlen | wert
    """,
    "refunded": """
        | erstatteter betrag; erstattungsbetrag; betrag erstattet; ruckerstatteter betrag;
        ruckerstattungsbetrag; erstattung betrag |
        erstattete summe; erstattungen; erstattung; retouren
    """,
    "currency": "wahrung; waehrung; wahrungscode",
}

_ITALIAN: Mapping[str, str] = {
    "customer_id": """
        id cliente; codice cliente; cod cliente; numero cliente; n cliente; cliente id;
        codice fiscale |
        cliente; acquirente; tessera; numero tessera; codice tessera; carta fedelta | email cliente | | ragione sociale; nome cliente; nominativo | telefono; cellulare
    """,
    "ordered_at": """
        data ora ordine; data ordine; data acquisto; data vendita; data ora vendita; data fattura;
        data scontrino; data documento; data transazione | data ora; data |
        data creazione; data pagamento | giorno
    """,
    "time": "ora; orario; ora vendita; ora ordine; ora acquisto",
    "order_id": """
        id ordine; numero ordine; n ordine; codice ordine; ordine; numero fattura; n fattura;
        fattura; scontrino; numero scontrino; n scontrino; id vendita; numero vendita;
        numero documento; n documento; id transazione; transazione; ricevuta; numero ricevuta;
        riferimento ordine
    """,
    "branch": "negozio; codice negozio; nome negozio; punto vendita; filiale; magazzino; sede",
    "product_id": """
        codice prodotto; cod prodotto; id prodotto; codice articolo; cod articolo; id articolo;
        codice barre; riferimento; codice
    """,
    "product": "nome prodotto; descrizione prodotto; descrizione; prodotto; articolo",
    "quantity": "quantita; qta; q ta; pezzi; pz; unita; numero pezzi; quantita venduta",
    "unit_price": "prezzo unitario; prezzo unit; prezzo vendita; prezzo",
    "amount": """
        importo riga; totale riga | importo netto; totale netto; importo |
        importo totale; prezzo totale; totale; totale ordine; totale fattura; ricavo; ricavi;
        fatturato; incasso | da pagare; totale da pagare | valore
    """,
    "refunded": """
        importo rimborsato riga | importo rimborsato; importo rimborso; valore rimborsato |
        totale rimborsato; importo totale rimborsato; rimborsi; rimborso; resi
    """,
    "currency": "valuta; divisa; codice valuta",
}

_TURKISH: Mapping[str, str] = {
    "customer_id": """
        musteri id; musteri no; musteri numarasi; musteri kodu; uye no; uye id; uye numarasi;
        cari kod; cari kodu | musteri; alici; sadakat kart no |
        musteri e posta; e posta; eposta | tckn | musteri adi; musteri adi soyadi; ad soyad; adi soyadi; isim soyisim | telefon; kart no
    """,
    "ordered_at": """
        siparis tarihi; siparis tarih; satis tarihi; satin alma tarihi; islem tarihi;
        fatura tarihi; fis tarihi; duzenlenme tarihi; duzenleme tarihi | tarih saat; tarih | odeme tarihi; olusturma tarihi | gun
    """,
    "time": "saat; satis saati; siparis saati; fis saati",
    "order_id": """
        siparis no; siparis numarasi; siparis id; siparis kodu; siparis; fatura no;
        fatura numarasi; fatura; fis no; fis numarasi; satis no; satis id; islem no; belge no
    """,
    "branch": "sube; sube adi; sube kodu; magaza; magaza adi; magaza kodu; dukkan",
    "product_id": "urun kodu; urun no; urun id; stok kodu; stok no; barkod; barkod no",
    "product": "urun adi; urun ismi; urun aciklamasi; urun; stok adi; aciklama",
    "quantity": "adet; miktar; satis adedi; satis miktari; adedi; satilan adet",
    "unit_price": "birim fiyat; birim fiyati; satis fiyati; adet fiyati; fiyat; fiyati",
    "amount": """
        satir tutari; satir toplami | net tutar; tutar; tutari; satis tutari |
        toplam tutar; toplam fiyat; siparis tutari; genel toplam; toplam; ciro; brut tutar |
        odenen tutar; odenecek tutar
    """,
    "refunded": """
        satir iade tutari | iade tutari; iade edilen tutar | toplam iade tutari; iadeler; iade
    """,
    "currency": "para birimi; doviz; doviz cinsi; doviz kodu",
}

_JAPANESE: Mapping[str, str] = {
    "customer_id": """
        顧客id; 顧客番号; 顧客コード; 顧客no; 会員番号; 会員id; 会員コード; 会員no; お客様番号;
        お客様id; お客様コード; 得意先コード; 購入者id; ユーザーid |
        顧客; 会員; お客様; 購入者; 得意先 | メールアドレス | |
        顧客名; お客様名; 会員名; 購入者名; 氏名; お名前 |
        電話番号; カード番号
    """,
    "ordered_at": """
        注文日時; 注文日; 購入日時; 購入日; 売上日時; 売上日; 販売日時; 販売日; 取引日時; 取引日;
        受注日時; 受注日; 会計日時; 会計日; 伝票日付; 請求日; 来店日 | 日時; 日付; 年月日 | 決済日
    """,
    "time": "時刻; 時間; 販売時刻; 注文時刻; 取引時刻; 会計時間; 会計時刻",
    "order_id": """
        注文番号; 注文id; 注文no; 受注番号; 受注id; 伝票番号; 伝票no; レシート番号; レシートno;
        取引番号; 取引id; 売上番号; 請求書番号; 購入番号; 購入id
    """,
    "branch": "店舗コード; 店舗id; 店舗番号; 店舗名; 店舗; 店名; 支店; 支店名",
    "product_id": "商品コード; 商品id; 商品番号; 品番; janコード; jan; バーコード; アイテムコード",
    "product": "商品名; 品名; 商品; 商品名称; アイテム名; 品目",
    "quantity": "数量; 個数; 点数; 購入数; 販売数; 販売数量; 注文数",
    "unit_price": "単価; 販売単価; 税込単価; 税抜単価; 販売価格; 価格",
    "amount": """
        明細金額; 小計 | 売上金額; 販売金額; 税込金額; 税抜金額; 購入金額; 金額 |
        合計金額; 総額; 売上高; 売上; 合計; お買上金額 | 支払金額
    """,
    "refunded": "| 返金額; 返金金額; 返金済み金額; 払戻額; 払戻金額 | 返金合計; 返金",
    "currency": "通貨; 通貨コード",
}

_CHINESE: Mapping[str, str] = {
    "customer_id": """
        客户编号; 客户id; 客户代码; 顾客编号; 会员编号; 会员号; 会员id; 买家id; 用户id |
        客户; 顾客; 会员; 买家; 会员卡号 | | | 客户名称; 客户姓名; 买家昵称; 买家会员名; 姓名 | 手机号; 电话
    """,
    "ordered_at": """
        下单时间; 下单日期; 订单日期; 订单时间; 订单创建时间; 交易时间; 交易日期; 购买日期;
        销售日期 | 日期; 时间 | 付款时间
    """,
    "time": "时刻; 销售时间; 小票时间",
    "order_id": "订单号; 订单编号; 订单id; 单号; 交易号; 流水号; 小票号; 发票号; 销售单号",
    "branch": "门店; 门店编号; 门店名称; 店铺; 店铺名称; 分店",
    "product_id": "商品编号; 商品编码; 商品代码; 商品id; 货号; 条码; 商品条码; 产品编号",
    "product": "商品名称; 商品名; 商品; 宝贝标题; 产品名称; 产品; 品名",
    "quantity": "数量; 购买数量; 销售数量; 宝贝总数量; 件数",
    "unit_price": "单价; 商品单价; 售价; 价格",
    "amount": """
        | 金额; 销售金额; 销售额 | 总金额; 实付金额; 买家实际支付金额; 订单金额; 应付金额; 小计; 合计; 总价
    """,
    "refunded": "| 退款金额; 退款额; 已退款金额 | 退款总额; 退款",
    "currency": "币种; 货币",
}

_LANGUAGES = (
    _ENGLISH_AND_SPANISH,
    _PORTUGUESE,
    _FRENCH,
    _GERMAN,
    _ITALIAN,
    _TURKISH,
    _JAPANESE,
    _CHINESE,
)

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    column: tuple(
        name.strip()
        for as_telling in zip_longest(
            *(language[column].split("|") for language in _LANGUAGES), fillvalue=""
        )
        for names in as_telling
        for name in names.split(";")
        if name.strip()
    )
    for column in _ENGLISH_AND_SPANISH
}
