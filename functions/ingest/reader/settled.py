"""All that is settled about a file once every row was seen, before the first is typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from common import frame
from functions.ingest.reader.evidence.dates import DateConvention
from functions.ingest.reader.evidence.numbers import NumberConvention
from functions.ingest.reader.lines.discounts import Discount
from functions.ingest.reader.lines.of_orders import OfOrders
from functions.ingest.reader.lines.refunds import Refunds
from functions.ingest.reader.lines.total_rows import TotalRows
from functions.ingest.reader.lines.verdict import WHOLE_ROW
from functions.ingest.reader.words.signs import Signs

NUMBERS = {
    "quantity": frame.QUANTITY,
    "unit_price": frame.PRICE,
    "amount": frame.AMOUNT,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Conventions:
    """All that was decided about a file's columns."""

    header: tuple[str, ...]
    mapping: Mapping[str, int]  # column of ours -> index in the header
    others: Mapping[str, int]  # name of a further column -> index in the header
    dates: DateConvention
    numbers: Mapping[str, NumberConvention]
    latest: datetime  # a row dated later is of the future
    zone: tzinfo  # of the branch's clock
    nobody: frozenset[str]  # texts of customers that are none
    has_dittos: bool  # marks instead of the customer above
    may_have_totals: bool  # between the rows that no word tells for sure
    totals: TotalRows | None  # of orders and of all, on rows of their own
    customers_are_once: bool  # named in the first of their rows alone
    orders_are_once: bool  # named in their first line alone
    days_are_once: bool  # of orders, in their first line alone
    clock_digits: int  # with which times of day are written alone; 0: they are not
    signs: Signs  # the columns that say what becomes of a row
    discounts: tuple[Discount, ...]  # to be taken off
    refunds: Refunds | None  # to be taken off the amounts
    of_orders: OfOrders | None  # what is to be shared out among lines

    @property
    def money(self) -> int:
        """Return the column with the amounts, or else the prices."""
        return self.mapping.get("amount", self.mapping.get("unit_price", WHOLE_ROW))

    @property
    def currency(self) -> str | None:
        """Return the currency that the amounts name, which may be a sign that several have."""
        money = [self.numbers[name] for name in ("amount", "unit_price") if name in self.numbers]
        return next((each.currency for each in money if each.currency), None)


def latest_moment(stored_at: datetime) -> datetime:
    """Return when the future begins for a file that was stored at a branch's wall time."""
    return stored_at.replace(tzinfo=None) + timedelta(days=1)


def zone_of(stored_at: datetime) -> tzinfo:
    """Return the zone of the branch's clock; without one it shows UTC."""
    return stored_at.tzinfo or UTC
