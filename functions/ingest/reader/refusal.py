"""Every code the reader can say, and the two ways in which a whole file is not read.

The sentences of the codes are those of `common/texts/reader.toml`.
"""

from collections.abc import Mapping
from enum import StrEnum
from unicodedata import combining

from common.exceptions import PermanentError


class Refusal(StrEnum):
    """Why a file as a whole is refused."""

    EMPTY = "empty"
    XLSX = "looks_like_xlsx"
    HTML = "looks_like_html"
    PDF = "looks_like_pdf"
    COMPRESSED = "compressed"
    COMPRESSED_MANY = "compressed_many"
    COMPRESSED_DAMAGED = "compressed_damaged"
    UNPACKED_TOO_LARGE = "unpacked_too_large"
    BINARY = "binary"
    ENCODING = "encoding"
    ENCODING_BYTE = "encoding_byte"
    NO_TABLE = "no_table"
    NO_HEADER = "no_header"
    TOO_MANY_COLUMNS = "too_many_columns"
    HEADER_TOO_LONG = "header_too_long"
    ROWS_ABOVE_HEADER = "rows_above_header"
    OTHER_COLUMNS_BELOW = "other_columns_below"
    HEADER_MISMATCH = "header_mismatch"
    TOO_MANY_ROWS = "too_many_rows"
    LINE_TOO_LONG = "line_too_long"
    UNTERMINATED_QUOTE = "unterminated_quote"
    NO_CUSTOMER = "no_customer"
    NO_DATE = "no_date"
    NO_MONEY = "no_money"
    AGGREGATED = "aggregated"
    PIVOT_TABLE = "pivot_table"
    BASKET_MATRIX = "basket_matrix"
    CUSTOMER_LIST = "customer_list"
    PRODUCT_LIST = "product_list"
    STOCK_LIST = "stock_list"
    DUPLICATE_COLUMN = "duplicate_column"
    MIXED_DATE_FORM = "mixed_date_form"
    MIXED_DATE_ORDER = "mixed_date_order"
    MIXED_DECIMAL_MARK = "mixed_decimal_mark"
    MIXED_CURRENCY = "mixed_currency"
    TOO_MANY_REJECTED = "too_many_rejected"
    ALL_OR_NOTHING = "all_or_nothing"


class Question(StrEnum):
    """What only a person can say of a file."""

    CUSTOMER_COLUMN = "customer_column"
    DATE_COLUMN = "date_column"
    MONEY_COLUMN = "money_column"
    DATE_ORDER = "date_order"
    YEAR_ORDER = "year_order"
    DECIMAL_MARK = "decimal_mark"
    UNNAMED_COLUMNS = "unnamed_columns"
    OVERLAPPING_DAYS = "overlapping_days"  # with another file: asked where the ledger is known


class Fault(StrEnum):
    """Why a row is rejected while the rest of its file is accepted."""

    MISSING_CELL = "missing_cell"
    EXTRA_CELL = "extra_cell"
    TEXT_AFTER_QUOTE = "text_after_quote"
    TRUNCATED_TAIL = "truncated_tail"
    CUT_WORD = "cut_word"
    NUL_BYTE = "nul_byte"
    CONTROL_CHAR = "control_char"
    CELL_TOO_LONG = "cell_too_long"
    EMPTY_CELL = "empty_cell"
    ROUNDED_ID = "rounded_id"
    BAD_DATE = "bad_date"
    IMPOSSIBLE_DATE = "impossible_date"
    OTHER_DATE_FORM = "other_date_form"
    OTHER_DATE_ORDER = "other_date_order"
    EARLY_DATE = "early_date"
    FUTURE_DATE = "future_date"
    UNKNOWN_ZONE = "unknown_zone"
    BAD_TIME = "bad_time"
    BAD_NUMBER = "bad_number"
    NOT_FINITE = "not_finite"
    NUMBER_TOO_LARGE = "number_too_large"
    TOO_MANY_DECIMALS = "too_many_decimals"
    OTHER_MARKS = "other_marks"
    OTHER_CURRENCY = "other_currency"
    PERCENT = "percent"
    UNCLEAR_DISCOUNT = "unclear_discount"
    UNCLEAR_REFUND = "unclear_refund"
    UNCLEAR_CUSTOMER = "unclear_customer"
    UNCLEAR_TOTAL = "unclear_total"
    REFUND_TOO_LARGE = "refund_too_large"
    DEBIT_OR_CREDIT = "debit_or_credit"
    OTHER_UNIT = "other_unit"
    VOIDED = "voided"
    CANCELLED = "cancelled"
    DRAFT = "draft"
    REFUNDED = "refunded"
    SHIPPING = "shipping"
    SUBTOTAL = "subtotal"
    HEADING = "heading"


# What the export itself says is no purchase: counted apart, nothing is wrong with it.
LEFT_OUT = (
    Fault.VOIDED,
    Fault.CANCELLED,
    Fault.DRAFT,
    Fault.REFUNDED,
    Fault.SHIPPING,
    Fault.SUBTOTAL,
    Fault.HEADING,
)


class Severity(StrEnum):
    """How much a code weighs."""

    ERROR = "error"  # the row, or the file, is not counted
    QUESTION = "question"  # the file waits for a person
    NOTE = "note"  # the row is left out, and that is as it should be


def severity(code: str) -> Severity:
    """Say how much one of the codes above weighs."""
    return _SEVERITIES.get(code, Severity.ERROR)


_SEVERITIES: dict[str, Severity] = {
    **dict.fromkeys(LEFT_OUT, Severity.NOTE),
    **dict.fromkeys(Question, Severity.QUESTION),
}


class UnreadableFileError(PermanentError):
    """The file holds no table of purchases that could be read safely."""

    def __init__(self, code: Refusal, params: Mapping[str, object] | None = None) -> None:
        super().__init__(code.value, params)


class OpenQuestionError(PermanentError):
    """The file can be read in two ways; a person has to choose."""

    def __init__(self, code: Question, params: Mapping[str, object]) -> None:
        super().__init__(code.value, params)


_SHOWN_CHARACTERS = 80


def excerpt(text: str) -> str:
    """Return text from a file as it may be shown: one line, at most 80 characters."""
    seen = text[:_SHOWN_CHARACTERS]
    if not seen.isprintable():
        seen = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in seen)
    is_whole = len(text) <= _SHOWN_CHARACTERS and len(seen) <= _SHOWN_CHARACTERS
    return seen if is_whole else f"{seen[: _SHOWN_CHARACTERS - 1]}…"


def masked_excerpt(text: str) -> str:
    """Return the form of such a text without what it says: it may be about a person."""
    return excerpt(mask(text[: _SHOWN_CHARACTERS + 1]))


_DIGIT, _LETTER = "9", "x"


def mask(text: str) -> str:
    """Return a text with a nine for each digit and an x for each letter."""
    if text.isascii():
        return text.translate(_ASCII_MASK)
    return "".join(map(_mask_one, text))


def _mask_one(c: str) -> str:
    return _DIGIT if c.isdecimal() else _LETTER if c.isalnum() or combining(c) else c


_ASCII_MASK = {ord(c): _mask_one(c) for c in map(chr, range(128))}
