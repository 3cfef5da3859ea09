"""Which column is which in a table whose columns have no names: by their values alone.

Values tell a date from a person's address, but not the number of a customer from that of an order,
nor a price from an amount. So a column is taken only where no other reading is left; otherwise one
question names all columns, with whole answers to choose from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, permutations, product

from functions.ingest.reader.columns.samples import Sample
from functions.ingest.reader.refusal import (
    OpenQuestionError,
    Question,
    Refusal,
    UnreadableFileError,
    excerpt,
    mask,
)
from functions.ingest.reader.values.careful_numbers import COMMA, POINT, read_number

_MOST_ANSWERS = 12
_MOST_PEOPLE, _MOST_DATES, _MOST_MONEY = 4, 2, 4
_MOST_PIECES = 100  # a number that stays below this may be one of pieces
_LEAST_PRODUCTS = 3  # different ones that show an amount to be price times quantity
_MONEY_DECIMALS = 12

Answer = Mapping[str, str]  # column of ours -> header name


@dataclass(frozen=True, kw_only=True, slots=True)
class _Readings:
    """What the columns could be, the likeliest first, and whether that is all they could be."""

    people: Sequence[int]
    dates: Sequence[int]
    money: Sequence[dict[str, int]]
    is_sure: bool

    def all(self) -> Iterator[dict[str, int]]:
        """Yield whole readings, the likeliest first; no column is two things."""
        ranks = product(*map(range, map(len, (self.people, self.dates, self.money))))
        for who, when, what in sorted(ranks, key=sum):
            columns = {"customer_id": self.people[who], "ordered_at": self.dates[when]}
            places = columns | self.money[what]
            if len(set(places.values())) == len(places):
                yield places


def read_unnamed(
    header: Sequence[str], samples: Sequence[Sample], rows: Sequence[Sequence[str]]
) -> dict[str, int]:
    """Return the columns that can be nothing else, as indices into `header`.

    Raises:
        UnreadableFileError: No column could be the customer, or the date, or money.
        OpenQuestionError: The columns can be read in several ways.
    """
    readings = _readings(samples, rows)
    possible = list(islice(readings.all(), _MOST_ANSWERS))
    if not possible:
        raise UnreadableFileError(Refusal.NO_HEADER, {"columns": len(header)})
    if readings.is_sure and len(possible) == 1:
        return possible[0]
    answers = [{ours: header[i] for ours, i in places.items()} for places in possible]
    shown = [_shown(name, sample) for name, sample in zip(header, samples, strict=True)]
    raise OpenQuestionError(
        Question.UNNAMED_COLUMNS,
        {"columns": list(header), "candidates": shown, "answers": answers},
    )


def _shown(name: str, sample: Sample) -> str:
    """Name a column with values of it; what may be a person's only by its form."""
    values = dict.fromkeys(v if sample.is_of_values else mask(v) for v in sample.shown)
    return f"{name} ({'; '.join(map(excerpt, values))})"


def _readings(samples: Sequence[Sample], rows: Sequence[Sequence[str]]) -> _Readings:
    dates = [i for i, sample in enumerate(samples) if sample.fits("ordered_at")]
    numbers = [i for i, sample in enumerate(samples) if sample.fits("amount")]
    with_decimals = [i for i in numbers if samples[i].suggests("amount")]
    pieces = [i for i in numbers if i not in with_decimals and _may_be_pieces(samples[i])]
    made = list(_products(numbers, rows)) if len(numbers) < len(rows) else []
    money: list[dict[str, int]] = [{"amount": i} for i in with_decimals or numbers]
    money += [
        {"unit_price": price, "quantity": q} for q in pieces for price in with_decimals or numbers
    ]
    people = _people(samples, taken={*dates, *with_decimals})
    addresses = [i for i in people if samples[i].is_of_addresses]
    is_one_amount = len(with_decimals) == 1 and not pieces
    return _Readings(
        people=addresses or people[:_MOST_PEOPLE],
        dates=dates[:_MOST_DATES],
        money=made or money[:_MOST_MONEY],
        is_sure=len(addresses) == 1
        and samples[addresses[0]].comes_back
        and len(dates) == 1
        and (len(made) == 1 or is_one_amount),
    )


def _people(samples: Sequence[Sample], *, taken: set[int]) -> list[int]:
    """Return the columns that could be the customer, those whose values come back first."""
    free = [i for i, s in enumerate(samples) if i not in taken and s.fits("customer_id")]
    return sorted(free, key=lambda i: (not samples[i].suggests("customer_id"), i))


def _may_be_pieces(sample: Sample) -> bool:
    return any(abs(n) < _MOST_PIECES for n in map(_number, sample.cells) if n is not None)


def _products(numbers: Sequence[int], rows: Sequence[Sequence[str]]) -> Iterator[dict[str, int]]:
    """Yield the columns that hold price, quantity and their product in every row."""
    values = {i: [_number(row[i]) for row in rows] for i in numbers}
    for price, quantity, amount in permutations(numbers, 3):
        triples = set(zip(values[price], values[quantity], values[amount], strict=True))
        several = {t for t in triples if None not in t and t[1] != 1 and t[0] != 1}
        is_whole = all(q is not None and q == q.to_integral_value() for _, q, _ in triples)
        if is_whole and len(several) >= _LEAST_PRODUCTS and all(map(_is_product, triples)):
            yield {"amount": amount, "unit_price": price, "quantity": quantity}


def _is_product(triple: tuple[Decimal | None, ...]) -> bool:
    price, quantity, amount = triple
    return None not in triple and price * quantity == amount  # type: ignore[operator]


def _number(text: str) -> Decimal | None:
    """Read a number whose marks say themselves what they mean, or do not matter here."""
    for mark in (POINT, COMMA):
        found = read_number(text, mark=mark, scale=_MONEY_DECIMALS)
        if isinstance(found, Decimal):
            return found
    return None
