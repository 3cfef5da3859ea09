"""Which column of the file is which of ours, and how sure that is.

Names count most: known ones, then mistyped ones whose values fit. What only the values suggest, or
a part of a longer name, is never taken: it is asked, in one question with the candidates.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from common import mending
from functions.ingest.reader.columns.candidates import KNOWN, Candidate, find_candidates
from functions.ingest.reader.columns.lists import refuse_other_lists
from functions.ingest.reader.columns.order_totals import (
    find_further,
    least_orders,
    repeats,
    stands_once,
)
from functions.ingest.reader.columns.proofs import take_proven
from functions.ingest.reader.columns.samples import Sample, is_code, sample_of
from functions.ingest.reader.columns.unnamed import read_unnamed
from functions.ingest.reader.lines.headings import find_unnamed
from functions.ingest.reader.lines.refunds import is_not_of_amounts
from functions.ingest.reader.records.date_parts import find_parts
from functions.ingest.reader.refusal import (
    OpenQuestionError,
    Question,
    Refusal,
    UnreadableFileError,
    excerpt,
    mask,
)
from functions.ingest.reader.values import currencies
from functions.ingest.reader.words.header_names import (
    are_made_up,
    fold,
    folded,
    is_of_lines,
    is_title_of_scaled,
    recognise,
    words,
)
from functions.ingest.reader.words.programs import find_piece_price, is_price_of_all_pieces
from functions.ingest.reader.words.synonyms import SYNONYMS

SURE = 0.8  # from here on a column is taken without asking
_VALUES_ALONE = 0.85  # where they leave no other reading
_MOST_CANDIDATES = 4
_REQUIRED = (
    ("customer_id", Question.CUSTOMER_COLUMN, Refusal.NO_CUSTOMER),
    ("ordered_at", Question.DATE_COLUMN, Refusal.NO_DATE),
    ("amount", Question.MONEY_COLUMN, Refusal.NO_MONEY),
)
_OPENING = str.maketrans("()[]", "    ")
_REFERENCES = folded("reference; referencia; ref")
_NUMBERS = folded("number; numero; no; nro; num; nr; nummer; numéro; n°; nº; numara; 番号; 编号")
_CONTACTS = folded("""
    phone; phone number; phone no; telefono; movil; celular; telefone; telefon; telephone; cellulare;
    電話番号; 电话; 手机号; email; e mail; email address; correo; correo electronico; courriel;
    e posta; eposta; メールアドレス
""")
_OF_LINES_OR_ORDERS = frozenset({"order_id", "product", "quantity", "unit_price"})
_ASKED = (*(column for column, _, _ in _REQUIRED), "unit_price")
# Of several known names for these one whose values can be read goes before all others.
_READ = (*_ASKED, "quantity")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    """The file's columns that are ours, as indices into its header."""

    columns: Mapping[str, int]
    confidence: Mapping[str, float] = field(default_factory=dict)
    settled_by: Mapping[str, str] = field(default_factory=dict)  # name | similar | values | profile


def map_columns(
    header: Sequence[str],
    *,
    rows: Sequence[Sequence[str]] = (),
    told: Mapping[str, str] | None = None,
    titles: Sequence[str] = (),
    has_order_totals: bool = False,
) -> Mapped:
    """Find our columns in a header, with its first `rows` and what was `told` for the branch.

    `titles` are the lines above the table.

    `has_order_totals` says that the amount is known to be that of whole orders.

    Raises:
        UnreadableFileError: A required column is missing, or one is there twice, or the file is
            a list of something else.
        OpenQuestionError: Several columns could be a required one, or one that is not surely it.
    """
    samples = [sample_of(rows, index) for index in range(len(header))]
    _refuse_tables_side_by_side(header)
    if are_made_up(header):
        return _mapped(_unnamed(header, samples, rows, told or {}))
    candidates = list(find_candidates(header, samples))
    chosen = _chosen(header, candidates, samples)
    _take_told(chosen, header, told or {})
    chosen |= _parts_of_dates(header, rows, chosen)
    if "customer_id" not in chosen and (index := find_unnamed(header, rows, titles)) is not None:
        chosen["customer_id"] = Candidate(
            column="customer_id", index=index, confidence=_VALUES_ALONE, by="values"
        )
    _drop_contact_of_shop(chosen, header, rows)
    _take_number_of_document(chosen, header, samples)
    _take_reference_of_order(chosen, header)
    _drop_scaled(chosen, titles)
    _take_price_of_all_pieces(chosen, header)
    take_proven(chosen, candidates, header, rows, samples)
    _drop_order_totals(chosen, header, rows, is_known=has_order_totals)
    _drop_totals_without_lines(chosen, header, rows, is_known=has_order_totals)
    if "currency" in chosen and _is_of_orders_alone(chosen, header, samples):
        del chosen["currency"]
    columns = {name: each.index for name, each in chosen.items()}
    if "refunded" in columns and is_not_of_amounts(header, columns):
        del chosen["refunded"], columns["refunded"]
    refuse_other_lists(header, samples, columns)
    _require(header, candidates, samples, columns)
    return _mapped(chosen)


def _refuse_tables_side_by_side(header: Sequence[str]) -> None:
    """Refuse two lists of purchases beside each other, with an empty column between."""
    for gap in (index for index, name in enumerate(header) if not name):
        halves = [{recognise(name): name for name in half} for half in (header[:gap], header[gap:])]
        if all(half.keys() >= {"customer_id", "ordered_at", "amount"} for half in halves):
            twice = " / ".join(dict.fromkeys(half["ordered_at"] for half in halves))
            raise UnreadableFileError(
                Refusal.DUPLICATE_COLUMN, {"column": excerpt(twice), "found": _shown(header)}
            )


def _mapped(chosen: Mapping[str, Candidate]) -> Mapped:
    return Mapped(
        columns={name: each.index for name, each in chosen.items()},
        confidence={name: each.confidence for name, each in chosen.items()},
        settled_by={name: each.by for name, each in chosen.items()},
    )


def _unnamed(
    header: Sequence[str],
    samples: Sequence[Sample],
    rows: Sequence[Sequence[str]],
    told: Mapping[str, str],
) -> dict[str, Candidate]:
    """Return what was told of columns without names, if it fits, else what can be nothing else."""
    said = _told(header, told)
    fits = all(samples[each.index].allows(name) for name, each in said.items())
    if fits and all(_is_there(column, said) for column, _, _ in _REQUIRED):
        return said
    own = [i for i, name in enumerate(header) if name not in mending.COLUMNS]
    of_own = [[row[i] for i in own] for row in rows]
    found = read_unnamed([header[i] for i in own], [samples[i] for i in own], of_own)
    return {
        name: Candidate(column=name, index=own[i], confidence=_VALUES_ALONE, by="values")
        for name, i in found.items()
    }


def _is_there(column: str, chosen: Container[str]) -> bool:
    """Say whether a required column is there; price and quantity make an amount."""
    is_made = column == "amount" and "unit_price" in chosen and "quantity" in chosen
    return column in chosen or is_made


# --- choosing -------------------------------------------------------------------------------


def _chosen(
    header: Sequence[str], candidates: Sequence[Candidate], samples: Sequence[Sample]
) -> dict[str, Candidate]:
    chosen: dict[str, Candidate] = {}
    for column in SYNONYMS:
        sure = [c for c in candidates if c.column == column and c.confidence >= SURE]
        by_name = sorted((c for c in sure if c.by == "name"), key=lambda c: (c.rank, c.index))
        if column == "time" and len(sure) > 1:
            continue  # of what these are the times, nobody said
        if by_name:
            tells = _readable if column in _READ else _is_filled
            best = max(by_name, key=partial(tells, samples))
            same = [c for c in by_name if c.rank == best.rank]
            if only := _only(same, header, samples):
                chosen[column] = only
        elif len(sure) == 1:
            chosen[column] = sure[0]
    return chosen


def _readable(samples: Sequence[Sample], candidate: Candidate) -> tuple[bool, bool]:
    """Say whether a column's values are those that its name promises, or there are any at all."""
    return samples[candidate.index].fits(candidate.column), _is_filled(samples, candidate)


def _is_filled(samples: Sequence[Sample], candidate: Candidate) -> bool:
    """Say whether there is anything in a column."""
    return not samples[candidate.index].is_empty


def _only(
    same: Sequence[Candidate], header: Sequence[str], samples: Sequence[Sample]
) -> Candidate | None:
    """Return the one column of these with the same name, or of two the one that is filled.

    A required one that is there in two ways, "Total EUR" and "Total USD", is none: it is asked,
    unless both say the same. So is a price, with and without its tax.
    """
    filled = [c for c in same if not samples[c.index].is_empty]
    if len(filled) == 1:
        return filled[0]
    names = {header[c.index].casefold() for c in same}
    if len(names) == len(same) > 1 and same[0].column in _ASKED:
        say_the_same = filled and len({samples[c.index].cells for c in same}) == 1
        return same[0] if say_the_same else None
    if len(same) > 1:
        raise UnreadableFileError(
            Refusal.DUPLICATE_COLUMN,
            {"column": excerpt(header[same[0].index]), "found": _shown(header)},
        )
    return same[0]


def _parts_of_dates(
    header: Sequence[str], rows: Sequence[Sequence[str]], chosen: Mapping[str, Candidate]
) -> dict[str, Candidate]:
    """Return the columns of year, month and day, where no other one has the date."""
    if "ordered_at" not in chosen:
        return {}
    day = chosen["ordered_at"].index
    if not (parts := find_parts(header, rows, day)):
        return {}
    return {
        name: Candidate(column=name, index=index, confidence=KNOWN, by="name")
        for name, index in {**parts, "ordered_at": day}.items()
    }


def _told(header: Sequence[str], told: Mapping[str, str]) -> dict[str, Candidate]:
    """Return the columns that a person named, where the file has them."""
    return {
        column: Candidate(column=column, index=header.index(name), confidence=1.0, by="profile")
        for column, name in told.items()
        if list(header).count(name) == 1
    }


def _take_told(
    chosen: dict[str, Candidate], header: Sequence[str], told: Mapping[str, str]
) -> None:
    """Take the columns that a person named; what they said is the quantity is no amount."""
    said = _told(header, told)
    chosen |= said
    amount = chosen.get("amount")
    if amount and amount.by != "profile" and amount.index in {c.index for c in said.values()}:
        del chosen["amount"]


def _is_of_orders_alone(
    chosen: Mapping[str, Candidate], header: Sequence[str], samples: Sequence[Sample]
) -> bool:
    """Say whether the currency is another one than that of the amount's name, as `Total EUR`."""
    if (money := chosen.get("amount", chosen.get("unit_price"))) is None:
        return False
    parts = words(header[money.index].translate(_OPENING))[1:]
    codes = {part.upper() for part in parts if currencies.is_code(part.upper())}
    said = {currencies.identify(text) for text in samples[chosen["currency"].index].cells}
    return bool(codes) and not said <= codes


def _drop_contact_of_shop(
    chosen: dict[str, Candidate], header: Sequence[str], rows: Sequence[Sequence[str]]
) -> None:
    """Let a person say whose telephone or e-mail it is that each branch has one of on all its rows."""
    if not {"customer_id", "branch"} <= chosen.keys() or chosen["customer_id"].by == "profile":
        return
    customer, branch = chosen["customer_id"].index, chosen["branch"].index
    if fold(header[customer]) not in _CONTACTS:
        return
    pairs = [(row[branch], row[customer]) for row in rows if row[customer]]
    different = set(pairs)
    if len({shop for shop, _ in different}) == len(different) < len(pairs):
        del chosen["customer_id"]


def _take_number_of_document(
    chosen: dict[str, Candidate], header: Sequence[str], samples: Sequence[Sample]
) -> None:
    """Take a mere `Number` for the order's beside the kinds of documents that it is of."""
    if "order_id" in chosen or not any(sample.is_of_documents for sample in samples):
        return
    taken = {each.index for each in chosen.values()}
    numbers = [i for i, name in enumerate(header) if fold(name) in _NUMBERS and i not in taken]
    if len(numbers) == 1 and samples[numbers[0]].fits("order_id"):
        chosen["order_id"] = Candidate(
            column="order_id", index=numbers[0], confidence=_VALUES_ALONE, by="values"
        )


def _take_reference_of_order(chosen: dict[str, Candidate], header: Sequence[str]) -> None:
    """Take a `Reference` for that of the order where nothing else is about products or orders."""
    product = chosen.get("product_id")
    if product is None or product.by != "name" or not _OF_LINES_OR_ORDERS.isdisjoint(chosen):
        return
    if fold(header[product.index]) in _REFERENCES:
        chosen["order_id"] = replace(chosen.pop("product_id"), column="order_id")


def _drop_scaled(chosen: dict[str, Candidate], titles: Sequence[str]) -> None:
    """Let a person say what the amount is where a title says that it is in thousands, or in cents."""
    if any(map(is_title_of_scaled, titles)):
        for name in ("amount", "unit_price"):
            if name in chosen and chosen[name].by != "profile":
                del chosen[name]


def _take_price_of_all_pieces(chosen: dict[str, Candidate], header: Sequence[str]) -> None:
    """Take `item-price` of Amazon's reports for what it is: that of all pieces of the line."""
    price = chosen.get("unit_price")
    if price is None or "amount" in chosen:
        return
    if is_price_of_all_pieces(header[price.index], header):
        chosen["amount"] = replace(chosen.pop("unit_price"), column="amount")


def _drop_order_totals(
    chosen: dict[str, Candidate],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    is_known: bool,
) -> None:
    """Prefer price times quantity of a line to a total that its order has once, or on each line."""
    if not {"amount", "unit_price", "quantity"} <= chosen.keys():
        return
    if chosen["amount"].by == "profile":
        return  # a person said so
    amount, price, quantity = (chosen[n].index for n in ("amount", "unit_price", "quantity"))
    names_lines = all(is_of_lines(header[index]) for index in (price, quantity))
    names_lines |= price == find_piece_price(header)
    is_of_orders = is_known or (names_lines and not is_of_lines(header[amount]))
    if order := _order(chosen):
        is_of_orders |= stands_once(rows, order, amount, (price, quantity))
        least = least_orders(header[amount])
        is_of_orders |= repeats(rows, order, amount, (price, quantity), least=least)
    if is_of_orders:
        del chosen["amount"]


def _drop_totals_without_lines(
    chosen: dict[str, Candidate],
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    is_known: bool,
) -> None:
    """Let a person say what an amount is that all lines of an order have, whatever was bought.

    It would count once for each line, payment or parcel, and nothing else says what a line cost.
    """
    if not {"amount", "order_id"} <= chosen.keys() or {"unit_price", "quantity"} <= chosen.keys():
        return
    parts = find_further(header, {name: each.index for name, each in chosen.items()})
    amount, order = chosen["amount"], chosen["order_id"].index
    least = least_orders(header[amount.index])
    is_of_orders = is_known or repeats(rows, (order,), amount.index, parts, least=least)
    if amount.by != "profile" and is_of_orders:
        del chosen["amount"]


def _order(chosen: Mapping[str, Candidate]) -> tuple[int, ...]:
    """Return the columns that say which lines are of one order."""
    if order := chosen.get("order_id"):
        return (order.index,)
    names = ("customer_id", "ordered_at")
    return tuple(chosen[name].index for name in names) if chosen.keys() >= set(names) else ()


def _require(
    header: Sequence[str],
    candidates: Sequence[Candidate],
    samples: Sequence[Sample],
    columns: Mapping[str, int],
) -> None:
    """Ask for a required column that is not surely there, or refuse the file without it.

    Nobody is asked about a file that is refused for another column after the answer.
    """
    asked = []
    for column, question, refusal in _REQUIRED:
        if _is_there(column, columns):
            continue
        open_ones = [
            c for c in candidates if c.column == column and c.index not in columns.values()
        ]
        if column == "amount":  # the price of one piece is one
            open_ones += [
                c
                for c in candidates
                if c.column == "unit_price"
                and c.index == columns.get("unit_price", c.index)
                and samples[c.index].suggests("amount")
            ]
        if not open_ones:
            raise UnreadableFileError(refusal, {"found": _shown(header)})
        open_ones.sort(key=lambda c: (-c.confidence, c.index))
        names = [header[c.index] for c in open_ones[:_MOST_CANDIDATES]]
        shown = [
            _with_values(header, c.index, samples[c.index], is_secret=column == "customer_id")
            for c in open_ones[:_MOST_CANDIDATES]
        ]
        asked.append((question, {"candidates": shown, "columns": [*map(excerpt, names)]}))
    if asked:
        raise OpenQuestionError(*asked[0])


def _with_values(header: Sequence[str], index: int, sample: Sample, *, is_secret: bool) -> str:
    """Name a column with values of it; what could be a person's name or address only by its form."""
    values = dict.fromkeys(mask(v) if is_secret and not is_code(v) else v for v in sample.shown)
    name = header[index] or f"#{index + 1}"
    return f"{excerpt(name)} ({'; '.join(map(excerpt, values))})"


def _shown(header: Sequence[str]) -> list[str]:
    return [excerpt(name) for name in header]
