"""What is no list of purchases is refused for what it is, with what to export instead."""

import pytest

from common.texts import LANGUAGES, say
from functions.ingest.reader import UnreadableFileError
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

OTHER_LISTS = {
    "no_customer": [
        "invoice,date,product,quantity,price\n1,2026-01-31,Shirt,1,5.00\n2,2026-01-31,Cap,1,4.00\n",
        "Factura;Fecha;Producto;Importe\n1;31/01/2026;Camisa;5,00\n2;31/01/2026;Gorra;4,00\n",
    ],
    "no_date": ["customer,order id,amount\nC1,1,5.00\nC2,2,4.00\n"],
    "no_money": ["customer,date,order id\nC1,2026-01-31,1\nC2,2026-01-31,2\n"],
    "aggregated": [
        "customer id,recency,frequency,monetary\nC1,3,12,410.50\nC2,40,2,35.00\n",
        "email,total spent,orders count,last order date\na@b.example,120.00,4,2026-01-31\nc@d.example,9.00,1,2025-02-01\n",
        "Cliente;Nº de pedidos;Total gastado;Fecha última compra\nAna;4;120,00;31/01/2026\nEva;1;9,00;01/02/2025\n",
        "date,customers,sales\n2026-01-31,120,980.50\n2026-02-01,98,700.25\n",
        "Fecha;Tienda;Nº tickets;Clientes;Ventas\n31/01/2026;Sol;130;120;980,50\n01/02/2026;Sol;99;98;700,25\n",
        "Datum;Anzahl Kunden;Umsatz\n31.01.2026;120;980,50\n01.02.2026;98;700,25\n",
        "customer,month,amount\nC1,2026-01,120.00\nC2,2026-01,9.00\n",
        "Cliente;Año;Mes;Importe\nC1;2026;1;120,50\nC2;2026;1;9,10\n",
    ],
    "pivot_table": [
        "customer,Jan,Feb,Mar,Total\nC1,5.00,4.00,3.00,12.00\nC2,1.00,0.00,2.00,3.00\n",
        "Cliente;2026-01;2026-02;2026-03\nC1;5,00;4,00;3,00\nC2;1,00;0,00;2,00\n",
        "Cliente;Ene 2026;Feb 2026;Mar 2026;Abr 2026\nC1;5,00;4,00;3,00;1,00\nC2;1,00;0,00;2,00;1,00\n",
        "product,Q1,Q2,Q3,Q4\nShirt,5,4,3,1\nCap,1,0,2,1\n",
    ],
    "basket_matrix": [
        "basket,milk,bread,butter,beer,eggs\n1,1,0,1,0,0\n2,0,1,1,0,1\n3,1,1,0,0,0\n",
        "id,milk,bread,butter,beer\n1,True,False,True,False\n2,False,True,True,False\n",
        "customer,date,Item 1,Item 2,Item 3\nC1,2026-01-31,milk,bread,\nC2,2026-01-31,beer,,\n",
    ],
    "customer_list": [
        "customer_id,customer_city,customer_state\nc1,Lima,LI\nc2,Cusco,CU\n",
        "CustomerID,Gender,Age,Annual Income (k$),Spending Score (1-100)\n1,Male,19,15,39\n2,Male,21,15,81\n",
        "email,first name,last name,city,country\na@b.example,Ana,Paz,Lima,PE\nc@d.example,Eva,Gil,Cusco,PE\n",
        "DNI;Nombre;Apellidos;Dirección;Ciudad;Fecha alta\n1X;Ana;Paz;Sol 1;Lima;31/01/2026\n2Y;Eva;Gil;Sol 2;Lima;01/02/2026\n",
    ],
    "product_list": [
        "product_id,product_name_lenght,product_weight_g\np1,5,100\np2,7,250\n",
        "sku,product name,price\nA1,Shirt,5.00\nA2,Cap,4.00\n",
        "Referencia;Descripción;PVP;Familia\nA1;Camisa;5,00;Ropa\nA2;Gorra;4,00;Ropa\n",
    ],
    "stock_list": [
        "sku,product name,stock on hand,reorder level\nA1,Shirt,5,2\nA2,Cap,4,2\n",
        "Referencia;Descripción;Existencias;Precio\nA1;Camisa;5;5,00\nA2;Gorra;4;4,00\n",
        "Artikelnummer;Bezeichnung;Lagerbestand\nA1;Hemd;5\nA2;Kappe;4\n",
    ],
}


@pytest.mark.parametrize(
    ("code", "content"), [(code, each) for code, several in OTHER_LISTS.items() for each in several]
)
def test_another_list_is_refused_for_what_it_is(code: str, content: str) -> None:
    with pytest.raises(UnreadableFileError) as refused:
        read(content)
    assert refused.value.code == code
    header = content.splitlines()[0].replace(";", ",").split(",")
    assert refused.value.params["found"] == header
    for language in LANGUAGES:
        said = say(code, refused.value.params, language=language)
        assert header[0] in said
        assert "Export" in said  # both languages begin so what to do instead


@pytest.mark.parametrize(
    "header",
    [
        "order id,date,customer,amount,total spent,orders count",
        "order id,date,customer,amount,stock,warehouse",
        "order id,date,customer,amount,city,country,age",
        "order id,date,customer,amount,jan,feb,mar",
        "order id,date,customer,amount,gift,express,new,vip,item 1,item 2",
    ],
)
def test_purchases_with_more_columns_are_still_purchases(header: str) -> None:
    further = ",1" * (header.count(",") - 3)
    rows = [f"{i},2026-01-31,C{i},5.00{further}" for i in range(3)]
    assert read(lines(*rows, header=header)).balance.accepted == 3
