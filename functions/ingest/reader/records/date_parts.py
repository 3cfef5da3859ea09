"""Year, month and day in columns of their own: joined, they are a date like any other."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow.compute as pc

from functions.ingest.reader.records.rows import Parsed
from functions.ingest.reader.values.looks import is_date
from functions.ingest.reader.words.header_names import fold, folded

_YEARS = folded("year; ano; anio; annee; jahr; anno; yil")
_MONTHS = folded("month; mes; mois; monat; mese; ay")
_DAYS = folded("day; dia; jour; tag; giorno; gun")
_BEGINS_LIKE_YEAR_AND_MONTH = re.compile(r"(?:19|20)\d\d-[^-]")
_SIGN = "-"


def find_parts(
    header: Sequence[str], rows: Sequence[Sequence[str]], ordered_at: int
) -> dict[str, int]:
    """Find the columns of year and month, where that of the date is one of days of a month."""
    if fold(header[ordered_at]) not in _DAYS:
        return {}
    years = [i for i, name in enumerate(header) if fold(name) in _YEARS]
    months = [i for i, name in enumerate(header) if fold(name) in _MONTHS]
    if len(years) != 1 or len(months) != 1:
        return {}
    parts = (*years, *months, ordered_at)
    days = [_SIGN.join(row[i] for i in parts) for row in rows if row[ordered_at]]
    fitting = sum(
        _BEGINS_LIKE_YEAR_AND_MONTH.match(day) is not None and is_date(day) for day in days
    )
    return {"year": parts[0], "month": parts[1]} if 2 * fitting > len(days) else {}


def join_dates(parsed: Parsed, mapping: Mapping[str, int]) -> Parsed:
    """Return a block with whole dates in the column of the days, if they are in three.

    Days without a digit are empty, or the names of the columns printed again.
    """
    if "year" not in mapping:
        return parsed
    index = mapping["ordered_at"]
    columns = list(parsed.columns)
    parts = [
        pc.utf8_trim_whitespace(columns[i]) for i in (mapping["year"], mapping["month"], index)
    ]
    has_day = pc.match_substring_regex(columns[index], r"\p{Nd}")
    columns[index] = pc.if_else(has_day, pc.binary_join_element_wise(*parts, _SIGN), columns[index])
    return replace(parsed, columns=tuple(columns))
