"""Exports that say more than they seem, or less: hostile files whose cells are all well written."""

from tests.unit.ingest.reader.outcomes import (
    ALL,
    GOOD,
    HEADER,
    ROWS,
    Asked,
    Case,
    Refused,
    Rows,
    text,
)


def cases() -> list[Case]:
    """Return the files and their outcomes."""
    return [*_meanings(), *_exports()]


def _meanings() -> list[Case]:
    def sold(*names: str) -> str:
        further = ",".join(names)
        return text(f"{HEADER},{further}", *(f"{row}{',x' * len(names)}" for row in ROWS))

    status = text(
        "order id,date,customer,amount,status",
        "1,2026-01-31,C1,5.00,paid",
        "2,2026-01-31,C2,5.00,voided",
        "3,2026-01-31,C3,5.00,draft",
        "4,2026-01-31,C4,5.00,returned",
        "5,2026-01-31,C5,5.00,refund",
    )
    return [
        ("names that begin like formulas", sold("=1+1", "@sum", "+x"), ALL),
        ("further columns of one name", sold("note", "note", ""), ALL),
        ("the customer twice", sold("customer"), Refused("duplicate_column")),
        ("no customer", GOOD.replace("customer", "till"), Asked("customer_column")),
        (
            "nobody at all",
            GOOD.replace("customer", "size").replace("C7", "S").replace("C8", "M"),
            Refused("no_customer"),
        ),
        (
            "no column of dates",
            GOOD.replace("date", "words").replace("2026-", "week "),
            Refused("no_date"),
        ),
        ("money under another name", GOOD.replace("price", "colour"), Asked("money_column")),
        (
            "no money",
            text(*(row.rpartition(",")[0] for row in (HEADER, *ROWS))),
            Refused("no_money"),
        ),
        (
            "rows left out, and a return",
            status,
            Rows(2, (), (("voided", 3), ("draft", 4), ("refunded", 5))),
        ),
        (
            "totals of customers",
            "customer,recency,frequency,monetary\nC1,3,1,5.00\n",
            Refused("aggregated"),
        ),
        ("months as columns", "customer,Jan,Feb,Mar\nC1,3.00,1.00,5.00\n", Refused("pivot_table")),
        ("baskets", "id,milk,bread,beer,eggs\n1,1,0,1,0\n2,0,1,1,1\n", Refused("basket_matrix")),
        ("customers", "customer id,gender,age\nC1,F,31\nC2,M,19\n", Refused("customer_list")),
        ("products", "sku,product,price\nA1,Shirt,5.00\nA2,Cap,4.00\n", Refused("product_list")),
        ("stock", "sku,product,in stock\nA1,Shirt,5\nA2,Cap,4\n", Refused("stock_list")),
    ]


def _exports() -> list[Case]:
    """Files as tills, shops and spreadsheets write them, that were read wrong once."""

    return [
        (
            "a number of the sale called Sale #",
            text("Sale #,Date,Customer,Total", "10231,2026-01-31,C1,5.50"),
            Rows(1),
        ),
        (
            "a quantity in kilograms among pieces, and credits",
            text("Date,Customer,Quantity,Total", "2026-01-31,C1,2 kg,5.50", "2026-01-31,C1,2,5.50")
            + text("2026-01-31,C2,1,4.50CR", "2026-01-31,C1,1,5.00 DR"),
            Rows(1, (("other_unit", 2), ("debit_or_credit", 4), ("debit_or_credit", 5))),
        ),
        (
            "years of an era, and a half of the day that none has",
            text("購入日,会員番号,金額", "令和8年1月31日 午後3時05分,1,550")
            + text(
                "平成31年4月30日,2,450", "令和8年1月31日 午後13時,3,450", "令和0年13月1日,3,450"
            ),
            Rows(2, (("bad_date", 4), ("impossible_date", 5))),
        ),
        (
            "a time on a clock that nobody knows",
            text("Date,Customer,Total", "2026-01-31 10:30 IST,1,5.50", "2026-01-31 10:30Z,1,5.50"),
            Rows(1, (("unknown_zone", 2),)),
        ),
        (
            "cents",
            text("Date,Customer,Amount (cents)", "2026-01-31,C1,550"),
            Refused("no_money"),
        ),
        (
            "two currencies in two columns",
            text("Date,Customer,Total USD,Total EUR", "2026-01-31,C1,5.50,5.00"),
            Asked("money_column"),
        ),
        (
            "a date of payment that is not always there",
            text("Date,Customer,Total,Paid at", "2026-01-31,C1,5.50,", "2026-02-01,C2,4.50,"),
            Rows(2),
        ),
        (
            "subtotals with a date",
            text("Date,Receipt,Customer,Total", "2026-01-31,1,C1,5.50", "2026-01-31,Total,,5.50")
            + text("2026-02-01,2,C1,4.50", "2026-02-01,Total,,4.50"),
            Rows(2, (), (("subtotal", 3), ("subtotal", 5))),
        ),
        (
            "a sale, its lines and its payment",
            text(
                "Date,Receipt Number,Line Type,Customer Code,Quantity,Total",
                "2026-01-31,1,Sale,C1,2,5.50",
                "2026-01-31,1,Sale Line,,2,5.50",
                "2026-01-31,1,Payment,C1,,5.50",
            ),
            Rows(1, (), (("subtotal", 2), ("subtotal", 4))),
        ),
        (
            "payments that failed",
            text("Order ID,Date,Email,Total,Status", "1,2026-01-31,a@x.de,5.50,wc-completed")
            + text("2,2026-01-31,b@x.de,5.50,wc-failed", "3,2026-01-31,b@x.de,5.50,Declined"),
            Rows(1, (), (("cancelled", 3), ("cancelled", 4))),
        ),
        (
            "merged cells of an order",
            text(
                "Order ID,Date,Customer,Product,Total", "1,2026-01-31,C1,Cap,5.50", "1,,,Bag,4.50"
            ),
            Rows(2),
        ),
        (
            "customers as headings, and their totals",
            text("Customer,Date,Receipt,Amount", "Ana López,,,", ",2026-01-31,1,5.50")
            + text("Total Ana López,,,5.50", "Eva Ruiz,,,", ",2026-02-30,2,4.50"),
            Rows(1, (("impossible_date", 6),), (("heading", 2), ("subtotal", 4), ("heading", 5))),
        ),
        (
            "customers as headings in a column without a name",
            text("Sales by Customer Detail,,,", ",Date,Num,Amount", "Ana López,,,")
            + text(",01/31/2026,1,5.50", ",02/30/2026,2,4.50", "Total for Ana López,,,10.00")
            + text("Eva Ruiz,,,", ",02/13/2026,3,4.50", "Total for Eva Ruiz,,,4.50"),
            Rows(2, (("impossible_date", 5),), (("heading", 3), ("subtotal", 6), ("heading", 7))),
        ),
        (
            "an order's lines without its number, and a damaged order's",
            text("Order Reference,Customer,Order Date,Product,Subtotal", "S1,C1,2026-01-31,Cap,5")
            + text(",,,Bag,4.50", "S2,C2", ",,,Cap,5.50", ",,,,15.00"),
            Rows(2, (("missing_cell", 4), ("empty_cell", 5), ("empty_cell", 6))),
        ),
        (
            "the total of an order on all its lines",
            text(
                "Order ID,Date,Customer,Product,Order total",
                "1,2026-01-31,C1,Cap,8.00",
                "1,2026-01-31,C1,Bag,8.00",
                "2,2026-02-01,C2,Cap,9.00",
                "2,2026-02-01,C2,Pin,9.00",
            ),
            Asked("money_column"),
        ),
        (
            "dates wider than their cells",
            text("Date,Customer,Total", "########,C1,5.50", "########,C2,4.50"),
            Refused("too_many_rejected"),
        ),
        (
            "payments below without a blank line",
            text("Date,Receipt,Customer,Total", "2026-01-31,1,C1,5.50")
            + text("Date,Receipt,Method,Total", "2026-01-31,1,cash,5.50"),
            Rows(1),
        ),
        (
            "discounts as percentages",
            text("Date,Customer,Qty,Price,Discount %", "2026-01-31,C1,2,10.00,15")
            + text("2026-02-01,C2,1,4.00,", "2026-02-02,C3,1,4.00,0.00"),
            Rows(3),
        ),
        (
            "discounts of nobody knows what",
            text("Datum;Kunde;Menge;Preis;Rabatt", "31.01.2026;C1;2;10,00;1,50")
            + text("31.01.2026;C1;2;10,00;10 %", "31.01.2026;C1;2;10,00;0,00"),
            Rows(2, (("unclear_discount", 2),)),
        ),
        (
            "gross sales without net ones",
            text("Date,Customer,Item,Gross Sales,Discounts", "2026-01-31,C1,Cap,$5.50,-$1.00")
            + text("2026-01-31,C1,Cap,$5.50,$0.00", "2026-01-31,C1,Cap,$5.50,Happy hour"),
            Rows(2, (("unclear_discount", 4),)),
        ),
        (
            "a date in three columns",
            text("Día;Mes;Año;Cliente;Importe", "31;enero;2026;C1;5,50", "30;febrero;2026;C1;5,50")
            + text("1;feb;2026;C1;5,50", ";feb;2026;C1;5,50", "2;3;2026;C2;5,50"),
            Rows(3, (("impossible_date", 3), ("empty_cell", 5))),
        ),
        (
            "refunds in part, in full and of too much",
            text("id,Created (UTC),Amount,Amount Refunded,Currency,Customer ID")
            + text("1,2026-01-31 10:30,5.50,0.00,eur,C1", "2,2026-01-31 10:31,5.50,2.00,eur,C1")
            + text("3,2026-01-31 10:32,5.50,5.50,eur,C1", "4,2026-01-31 10:33,5.50,6.00,eur,C1"),
            Rows(2, (("refund_too_large", 5),), (("refunded", 4),)),
        ),
        (
            "a refund in the first line of an order",
            text("Order ID,Date,Customer,Product,Total,Refunded Amount")
            + text("1,2026-01-31,C1,Cap,5.50,1.00", "1,2026-01-31,C1,Bag,4.50,")
            + text("2,2026-01-31,C1,Cap,5.50,1.00"),
            Rows(2, (("unclear_refund", 2),)),
        ),
        (
            "orders paid back in part, nobody knows how much",
            text("Order,Date,Customer,Product,Total,Financial Status")
            + text("1,2026-01-31,C1,Cap,5.50,partially_refunded", "1,2026-01-31,C1,Bag,4.50,")
            + text("2,2026-01-31,C1,Cap,5.50,paid"),
            Rows(1, (("unclear_refund", 2), ("unclear_refund", 3))),
        ),
        (
            "numbers that a spreadsheet has rounded",
            text("Date;Order;Customer;Total", "2026-01-31;1;3.46E+10;5.50")
            + text("2026-01-31;2;3,46E+10;5.50", "2026-01-31;8.71235E+12;C1;5.50")
            + text("2026-01-31;1E5;5E10;5.50", "2026-01-31;12E4;1e5;5.50"),
            Rows(2, (("rounded_id", 2), ("rounded_id", 3), ("rounded_id", 4))),
        ),
        (
            "times without a sign",
            text("Date,Time,Customer,Total", *["2026-01-31,930,C1,5.50"] * 8)
            + text("2026-02-01,2460,C1,5.50", "2026-02-01,,C1,5.50"),
            Rows(9, (("bad_time", 10),)),
        ),
        (
            "refunds below their title",
            text("Sales", "Date,Customer,Total", "2026-01-31,C1,5.50", "", "Refunds")
            + text("Date,Customer,Total", "2026-02-01,C1,5.50"),
            Rows(2, (), (("heading", 5),)),
        ),
        (
            "an order's lines with its date alone",
            text("Order,Date,Customer,Product,Total", "1,2026-01-31,C1,Cap,5.50")
            + text(",2026-01-31,,Bag,4.50", "2,2026-02-01,C2,Cap,5.50", ",2026-02-01,,Pin,1.00"),
            Rows(4),
        ),
        (
            "totals of days without a word",
            text("Date,Customer,Product,Total", "2026-01-31,C1,Cap,5.50", "2026-01-31,C2,Bag,4.50")
            + text("2026-01-31,,,10.00", "2026-02-01,C1,Cap,5.50", "2026-02-01,,,5.50"),
            Rows(4, (), (("subtotal", 4),)),
        ),
        (
            "totals of orders below their lines, the last with a tax",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Cap,1,5.50")
            + text("1,2026-01-31,C1,Bag,1,4.50", "1,2026-01-31,C1,,,10.00")
            + text("2,2026-01-31,C2,Cap,2,11.00", "2,2026-01-31,C2,,,11.00")
            + text("3,2026-01-31,C2,Cap,1,5.50", "3,2026-01-31,C2,,,6.66"),
            Rows(4, (("unclear_total", 8),), (("subtotal", 4), ("subtotal", 6))),
        ),
        (
            "totals of orders above their lines",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Total,2,10.00")
            + text("1,,,Cap,1,5.50", "1,,,Bag,1,4.50", "2,2026-01-31,C2,Total,2,11.00")
            + text("2,,,Cap,2,11.00"),
            Rows(3, (), (("subtotal", 2), ("subtotal", 5))),
        ),
        (
            "orders of two equal lines",
            text("Order,Date,Customer,Product,Qty,Total", "1,2026-01-31,C1,Cap,1,5.50")
            + text("1,2026-01-31,C1,Bag,1,5.50", "2,2026-01-31,C1,Cap,1,5.00")
            + text("2,2026-01-31,C1,Bag,1,2.00", "2,2026-01-31,C1,Pin,1,3.00"),
            Rows(5),
        ),
        (
            "a total of all in the first row",
            text("Date,Customer,Total", "2026-01-31,,13.25", "2026-01-31,C1,5.50")
            + text("2026-01-31,C2,4.50", "2026-02-01,C1,3.25"),
            Rows(3, (), (("subtotal", 2),)),
        ),
        (
            "a total of all in the last row, with a date",
            text("Date,Customer,Total", "2026-01-31,C1,5.50", "2026-01-31,C2,4.50")
            + text("2026-02-01,C1,3.25", "2026-02-28,,13.25"),
            Rows(3, (), (("subtotal", 5),)),
        ),
        (
            "customers in the first of their rows alone",
            text("Customer,Date,Total")
            + "".join(
                text(f"C{i},2026-01-0{i % 3 + 1},5.50", f",2026-01-2{i % 3},4.50")
                for i in range(12)
            ),
            Rows(12, tuple(("unclear_customer", 3 + 2 * i) for i in range(12))),
        ),
        (
            "invoices and their payments",
            text("Date,Document,Type,Customer,Total", "2026-01-31,1,Invoice,C1,10.00")
            + text("2026-02-05,2,Payment,C1,-10.00", "2026-02-06,3,Credit note,C1,2.00"),
            Rows(2, (), (("subtotal", 3),)),
        ),
        (
            "euros and cents",
            text("Date;Client;Montant", "31/01/2026;C1;5€50", "31/01/2026;C1;5€5"),
            Rows(1, (("bad_number", 3),)),
        ),
        (
            "a price of all pieces",
            text("order-id,order-item-id,purchase-date,buyer-email,quantity-purchased,item-price")
            + text("1,1,2026-01-31T10:30:00+00:00,a@example.com,2,11.00"),
            Rows(1),
        ),
        ("yen", text("日付,会員番号,金額", '2026/01/31,M1,"¥12,800"'), Rows(1)),
        (
            "the order of the date in its name",
            text("Date (MM/DD/YYYY),Customer,Total", "03/04/2026,C1,5.50"),
            Rows(1),
        ),
        (
            "pieces",
            text("Date,Customer,Qty,Price", "2026-01-31,C1,x2,5.50", "2026-01-31,C1,1 pcs,5.50"),
            Rows(2),
        ),
    ]
