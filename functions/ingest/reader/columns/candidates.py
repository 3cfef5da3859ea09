"""Which columns of the file each of ours could be, by name or by values, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common import mending
from functions.ingest.reader.columns.samples import Sample
from functions.ingest.reader.words.header_names import (
    fold,
    folded,
    known,
    recognise,
    similar,
    within,
)
from functions.ingest.reader.words.programs import (
    find_amount,
    find_order_id,
    find_ordered_at,
    find_piece_price,
    find_product_id,
    is_something_else,
    may_be_of_ledger,
)

KNOWN = 0.99
_KNOWN_UNSEEN, _KNOWN_ODD = 0.95, 0.8
_SUGGESTED_BY_NAME, _SUGGESTED_BY_VALUES = 0.6, 0.5
_LAST_RANK = 1000
_SUGGESTED = ("customer_id", "ordered_at", "amount")  # no file can be read without them
# These may be of a person, or of a product.
_PERHAPS_OF_PERSONS = folded("""
    name; names; nombre; nombres; nom; nome; ad; adi; isim; 名前; name 1
""")
_PARTS_OF_NAMES = folded("""
    surname; last name; family name; first name; given name; apellido; apellidos; nachname; vorname;
    prenom; cognome; sobrenome; apelido; soyad; soyadi; 姓; 名
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A column of the file that one of ours could be."""

    column: str
    index: int
    confidence: float
    by: str  # name | similar | values
    rank: float = 0  # of a known name


def find_candidates(header: Sequence[str], samples: Sequence[Sample]) -> Iterator[Candidate]:
    """Yield what each column of a header could be; none but required ones are only suggested."""
    of_programs = {
        index: column
        for column, index in (
            ("order_id", find_order_id(header)),
            ("ordered_at", find_ordered_at(header)),
            ("product_id", find_product_id(header)),
            ("unit_price", find_piece_price(header)),
            ("amount", find_amount(header)),
        )
    }
    for index, (name, sample) in enumerate(zip(header, samples, strict=True)):
        if name in mending.COLUMNS or is_something_else(name, header):
            continue
        if column := of_programs.get(index):
            yield Candidate(column=column, index=index, confidence=KNOWN, by="name", rank=-1)
        elif may_be_of_ledger(name, header) or _may_be_of_person(name, header, sample):
            sure = _SUGGESTED_BY_NAME
            yield Candidate(column="customer_id", index=index, confidence=sure, by="similar")
        elif found := _known(name, sample):
            column, rank = found
            sure = KNOWN if sample.fits(column) else _KNOWN_ODD
            sure = _KNOWN_UNSEEN if sample.is_empty else sure
            yield Candidate(column=column, index=index, confidence=sure, by="name", rank=rank)
        else:
            yield from _guesses(name, index, sample)


def _may_be_of_person(name: str, header: Sequence[str], sample: Sample) -> bool:
    """Say whether a `Name` may be a customer's: the product has one of its own, or there is none.

    First names and surnames apart from each other are nobody's.
    """
    if fold(name) not in _PERHAPS_OF_PERSONS or not sample.fits("customer_id"):
        return False
    ours = {recognise(other) for other in header if other != name}  # "nombre" is French, too
    return (
        not sample.is_of_values
        and _PARTS_OF_NAMES.isdisjoint(map(fold, header))
        and ("product" in ours or ours.isdisjoint({"quantity", "unit_price"}))
    )


def _known(name: str, sample: Sample) -> tuple[str, float] | None:
    """Return which of ours a known name stands for, and its rank."""
    found = known(name)
    if found is None or _speaks_against(found[0], sample):
        return None
    if found[0] not in {"ordered_at", "time"}:
        return found
    # "Transaction time" may be the time of a day alone, and "time" all of the moment.
    if sample.fits("time") or (found[0] == "time" and sample.is_of_clocks_of_digits):
        return "time", found[1]
    if found[0] == "time":
        return ("ordered_at", _LAST_RANK) if sample.fits("ordered_at") else None
    return found


def _speaks_against(column: str, sample: Sample) -> bool:
    """Say whether these values are surely none of a column of ours, whatever its name is."""
    if column == "order_id" and sample.is_of_documents:
        return True
    return column in {"customer_id", "refunded", "order_id"} and sample.names_nobody


def _guesses(name: str, index: int, sample: Sample) -> Iterator[Candidate]:
    if (found := similar(name)) and (sample.is_empty or sample.fits(found[0])):
        column, alike = found
        yield Candidate(column=column, index=index, confidence=round(alike, 2), by="similar")
        return
    column_within = within(name)
    for column in _SUGGESTED:
        if column_within == column and sample.fits(column):
            sure = _SUGGESTED_BY_NAME
            yield Candidate(column=column, index=index, confidence=sure, by="similar")
        elif sample.suggests(column):
            sure = _SUGGESTED_BY_VALUES
            yield Candidate(column=column, index=index, confidence=sure, by="values")
