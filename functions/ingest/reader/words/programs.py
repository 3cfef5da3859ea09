"""Columns that only the layout of a well-known program tells for what they are.

Shopify calls an order's number `Name`; Amazon's `item-price` is that of all pieces of a line; of
WooCommerce's orders `Item Cost` is what a piece was sold for, with its discounts off, and `Item #`
the number of a line within its order; PayPal's `Gross` is what a customer paid.
"""

from collections.abc import Mapping, Sequence

from functions.ingest.reader.words.header_names import fold, is_less_refunds

_GROSS = "Gross"
_OF_AMAZON = frozenset({"amazon-order-id", "order-item-id"})
_PIECE_OF_WOOCOMMERCE = ("Item Cost", "Item Cost (inc. tax)")
_SUBTOTAL_OF_WOOCOMMERCE, _PRODUCT_OF_WOOCOMMERCE = "Order Subtotal Amount", "SKU"


def find_order_id(header: Sequence[str]) -> int | None:
    """Return the column `Name` where lines have names of their own, as in Shopify's exports."""
    folded = [fold(name) for name in header]
    if fold("Lineitem name") in folded and folded.count("name") == 1:
        return folded.index("name")
    return None


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


def is_price_of_all_pieces(name: str, header: Sequence[str]) -> bool:
    """Say whether a price is that of all pieces of its line, as in Amazon's reports."""
    return name == "item-price" and not _OF_AMAZON.isdisjoint(header)


def is_less_its_discount(header: Sequence[str], mapping: Mapping[str, int]) -> bool:
    """Say whether prices have the discounts off that stand beside them."""
    return mapping.get("unit_price") == find_piece_price(header) is not None
