"""The file balance: what came in is what was accepted, rejected, left out, blank or repeated."""

from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, Inexact, InvalidOperation

# The default context rounds after 28 digits, in silence. This one refuses to.
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])


class BalanceError(AssertionError):
    """A file balance does not close: a bug, never the file's fault."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """The balance of a file or of a part of it; parts add up."""

    rows_in: int = 0  # data rows: accepted + rejected + left_out + blank + repeated
    accepted: int = 0
    rejected: int = 0
    left_out: int = 0  # voided, cancelled, shipping ...: no purchases, as the export itself says
    blank: int = 0
    repeated: int = 0  # the header line printed again
    quantity: Decimal = Decimal(0)  # exact sums over the accepted rows
    amount: Decimal = Decimal(0)
    first_day: date | None = None
    last_day: date | None = None
    anonymous: int = 0  # accepted rows without a customer
    returns: int = 0
    bytes: int = 0  # of all records and of the furniture around them

    def __add__(self, other: "Balance") -> "Balance":
        """Return the balance of two parts of one file."""
        days = [day for day in (self.first_day, other.first_day) if day is not None]
        last = [day for day in (self.last_day, other.last_day) if day is not None]
        return Balance(
            rows_in=self.rows_in + other.rows_in,
            accepted=self.accepted + other.accepted,
            rejected=self.rejected + other.rejected,
            left_out=self.left_out + other.left_out,
            blank=self.blank + other.blank,
            repeated=self.repeated + other.repeated,
            quantity=_EXACT.add(self.quantity, other.quantity),
            amount=_EXACT.add(self.amount, other.amount),
            first_day=min(days, default=None),
            last_day=max(last, default=None),
            anonymous=self.anonymous + other.anonymous,
            returns=self.returns + other.returns,
            bytes=self.bytes + other.bytes,
        )

    def verify(self, *, stored_rows: int, stored_amount: Decimal) -> None:
        """Compare what was read with what was stored.

        Raises:
            BalanceError: Rows or money were lost or made.
        """
        explained = sum((self.accepted, self.rejected, self.left_out, self.blank, self.repeated))
        if self.rows_in != explained:
            raise BalanceError(f"{self.rows_in} rows in, {explained} explained")
        if self.accepted != stored_rows:
            raise BalanceError(f"{self.accepted} rows accepted, {stored_rows} stored")
        if self.amount != stored_amount:
            raise BalanceError(f"amounts of {self.amount} accepted, {stored_amount} stored")

    def verify_bytes(self, size: int) -> None:
        """Compare the bytes of all records and the furniture with the file's size.

        Raises:
            BalanceError: Some bytes of the file belong to no record, or to two.
        """
        if self.bytes != size:
            raise BalanceError(f"{self.bytes} bytes read of a file of {size}")
