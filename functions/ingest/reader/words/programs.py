"""Columns that only the layout of a well-known program tells for what they are.

Shopify calls an order's number `Name`; Amazon's `item-price` is that of all pieces of a line; of
WooCommerce's orders `Item Cost` is what a piece was sold for, with its discounts off, and `Item #`
the number of a line within its order; PayPal's `Gross` is what a customer paid; Stripe calls a
payment's number `id`, and SumUp's `Email` is of who sold. PrestaShop's `invoice_date` is none where nothing was paid yet. Beside a till
a user is who stands at it, and in a ledger an account is seldom a customer's.
"""

from collections.abc import Mapping, Sequence

from functions.ingest.reader.words.header_names import fold, folded, is_less_refunds

_GROSS = "Gross"
_OF_AMAZON = frozenset({"amazon-order-id", "order-item-id"})
_PIECE_OF_WOOCOMMERCE = ("Item Cost", "Item Cost (inc. tax)")
_OF_STRIPE = frozenset({"id", "Amount Refunded", "Captured"})
_ORDER_OF_PRESTASHOP, _DATE_OF_PRESTASHOP = "id_order", "date_add"
_REFERENCE_OF_PRESTASHOP = "reference"
_STAFF_OF_SUMUP, _PRICES_OF_SUMUP = "Email", frozenset({"Price (Gross)", "Price (Net)"})
_USERS = folded("user id; ユーザーid; 用户id")
_TILLS = folded("""
    terminal; terminal id; terminal no; register; register id; register name; cash register; till;
    till id; pos; pos id; pos terminal; caja; n caja; no caja; numero caja; terminal venta; tpv;
    caisse; n caisse; kasse; kassen nr; kassennummer; cassa; n cassa; kasa; kasa no; caixa; レジ;
    レジ番号; 收银台; 收银机; 终端
""")
_ACCOUNTS = folded("account id; account no; account number")
_OF_LEDGERS = folded("""
    posting date; debit; credit; debit amount; credit amount; dr cr; journal; journal no;
    journal entry; entry no; entry type; gl account; balancing account
""")
_SUBTOTAL_OF_WOOCOMMERCE, _PRODUCT_OF_WOOCOMMERCE = "Order Subtotal Amount", "SKU"


def find_order_id(header: Sequence[str]) -> int | None:
    """Return Shopify's column `Name`, where lines have names of their own, or Stripe's `id`."""
    names = [fold(name) for name in header]
    if fold("Lineitem name") in names and names.count("name") == 1:
        return names.index("name")
    return header.index("id") if set(header) >= _OF_STRIPE else None


def find_ordered_at(header: Sequence[str]) -> int | None:
    """Return the column with the day of an order in PrestaShop's table of orders."""
    is_there = {_ORDER_OF_PRESTASHOP, _DATE_OF_PRESTASHOP} <= set(header)
    return header.index(_DATE_OF_PRESTASHOP) if is_there else None


def find_piece_price(header: Sequence[str]) -> int | None:
    """Return WooCommerce's column of what a piece was sold for; elsewhere `cost` is the shop's own."""
    if not (any(map(is_less_refunds, header)) or _SUBTOTAL_OF_WOOCOMMERCE in header):
        return None
    found = [header.index(name) for name in _PIECE_OF_WOOCOMMERCE if name in header]
    return found[0] if found else None


def find_product_id(header: Sequence[str]) -> int | None:
    """Return WooCommerce's column of what was bought."""
    is_there = find_piece_price(header) is not None and _PRODUCT_OF_WOOCOMMERCE in header
    return header.index(_PRODUCT_OF_WOOCOMMERCE) if is_there else None


def find_amount(header: Sequence[str]) -> int | None:
    """Return PayPal's column of what was paid: beside it are its fee, and what is left."""
    return header.index(_GROSS) if {_GROSS, "Fee", "Net"} <= set(header) else None


def is_something_else(name: str, header: Sequence[str]) -> bool:
    """Say whether a known name is no customer's and no product's here: a cashier, an order again."""
    if fold(name) in _USERS:
        return any(fold(other) in _TILLS for other in header)
    if name == _STAFF_OF_SUMUP:
        return set(header) >= _PRICES_OF_SUMUP
    return name == _REFERENCE_OF_PRESTASHOP and _ORDER_OF_PRESTASHOP in header


def may_be_of_ledger(name: str, header: Sequence[str]) -> bool:
    """Say whether an account may be one of a ledger, as that of all sales, and no customer's."""
    return fold(name) in _ACCOUNTS and any(fold(other) in _OF_LEDGERS for other in header)


def is_price_of_all_pieces(name: str, header: Sequence[str]) -> bool:
    """Say whether a price is that of all pieces of its line, as in Amazon's reports."""
    return name == "item-price" and not _OF_AMAZON.isdisjoint(header)


def is_less_its_discount(header: Sequence[str], mapping: Mapping[str, int]) -> bool:
    """Say whether prices have the discounts off that stand beside them."""
    return mapping.get("unit_price") == find_piece_price(header) is not None
