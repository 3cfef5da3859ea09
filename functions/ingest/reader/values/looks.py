"""What a single cell looks like, by its form alone: a date, a number, or words."""

import re
from functools import lru_cache

from functions.ingest.reader.values import careful_dates, careful_numbers

# Most cells are told by these; only what is left is looked at by the letter.
_PLAIN_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)*")
_FIGURE = re.compile(r"\d")
_MAYBE_DATE = re.compile(r"(?=\D*\d+\D+\d)[^;|\t\"]{6,40}")
_DATE = re.compile(
    r"(?:[^\W\d]{2,10}\.?,? )?(?:"
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
    r"|\d{1,2}(?:st|nd|rd|th|º|\.)?[-/. ](?:de )?[^\W\d]{3,10}\.?[-/., ]{1,2}(?:de )?\d{2,4}"
    r"|[^\W\d]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{2,4}"
    r"|\d{4}[-/. ][^\W\d]{3,10}[-/. ]\d{1,2}"
    r"|\d{4}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T?\d{4}(?:\d{2})?Z?)?"
    r")(?:(?:,? +|T)[^,;|\t\"]*)?"
)
_CLOCK = re.compile(
    r"\s*(?:午[前後]|[上下]午|오[전후])?\s*\d{1,2}\s*(?:[:h時时시]|\.\d\d\s*$|[aApP]\.? ?[mM])"
)
_CLOCK_OF_DIGITS = re.compile(r"(?:[01]?\d|2[0-3])[0-5]\d(?:[0-5]\d)?", re.ASCII)
_DECIMALS = re.compile(r"\d[.,]\d{1,2}\D*$")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_UNIT = re.compile(
    r"\(.*\)|\[.*\]|[$€£¥%#]|(?-i:[A-Z]{3})|kgs?|g|l|uds?\.?|units?|pcs|pieces|und\.?|unidades|"
    r"[dmy/\-. :h]{6,}|[dmay/\-. :h]{6,}|date|datetime|text|string|number|numeric|decimal|integer|"
    r"int|float|varchar.*|fecha|texto|n[uú]mero|-{2,}|={2,}",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"[*=\-_#+\u2500-\u257f]{3,}.*|[*\u2020\u00b9(].*|(?:grand |sub)?totals?\b.*|sub-?total(?:es)?\b.*|"
    r"total general\b.*|gran total\b.*|suma\b.*|sum\b|summe\b.*|gesamt.*|totale\b.*|totaux\b.*|"
    r"toplam\b.*|合計.*|总计.*|"
    r"(?:end|fin|fim|ende|fine)\b.*|eof\b.*|"
    r"(?:generated|created|printed|exported|report|page|source|note|footnote)s?\b.*|"
    r"(?:generado|emitido|impreso|exportado|informe|p[aá]gina|fuente|notas?|reporte)\b.*|"
    r"(?:erstellt|seite|hinweis|quelle|g[eé]n[eé]r[eé]|rapport|gerado|relat[oó]rio|pagina)\b.*|"
    r"\d+ (?:rows?|records?|filas?|registros?|lines?|lignes?|zeilen?|righe)\b.*|"
    r"(?:rows?|records?|filas?|registros?|lines?|count)\s*:?\s*\d+",
    re.IGNORECASE,
)


# The first rows of a file are looked at for each way in which it may be written, and the same cells
# come again in other rows and files.
_SOME = lru_cache(maxsize=4096)


@_SOME
def is_date(cell: str) -> bool:
    """Say whether a cell has the form of a date."""
    cell = cell.strip()
    if _DATE.fullmatch(cell):
        return True
    return _MAYBE_DATE.fullmatch(cell) is not None and _is_written_date(cell)


def _is_written_date(cell: str) -> bool:
    """Say whether it is a date, and not a number that could be one."""
    written = careful_dates.parse(cell)
    return written is not None and written.count is None


def is_time(cell: str) -> bool:
    """Say whether a cell has the form of a time of day, and no more."""
    return _CLOCK.match(cell) is not None and careful_dates.read_clock(cell) is not None


def is_time_of_digits(cell: str) -> bool:
    """Say whether a cell may be a time of day without any sign: `930`, `0930`, `093000`."""
    return _CLOCK_OF_DIGITS.fullmatch(cell) is not None


@_SOME
def is_number(cell: str) -> bool:
    """Say whether a cell has the form of a number or an amount."""
    cell = cell.strip()
    if _PLAIN_NUMBER.fullmatch(cell):
        return True
    return _FIGURE.search(cell) is not None and careful_numbers.parse(cell) is not None


@_SOME
def is_amount(cell: str) -> bool:
    """Say whether a cell is a number with the decimals of an amount."""
    return _DECIMALS.search(cell) is not None and is_number(cell)


def is_address(cell: str) -> bool:
    """Say whether a cell is an address of e-mail."""
    return _EMAIL.fullmatch(cell.strip()) is not None


def is_value(cell: str) -> bool:
    """Say whether a cell is a value rather than a name."""
    return is_number(cell) or is_date(cell)


def is_unit(cell: str) -> bool:
    """Say whether a cell is a unit or a kind of value, as they stand below a header."""
    return _UNIT.fullmatch(cell.strip()) is not None


def is_ending(cell: str) -> bool:
    """Say whether a cell begins what stands below a table: totals, notes, the end of a report."""
    return _ENDING.fullmatch(cell.strip()) is not None
