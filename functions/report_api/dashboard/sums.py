"""The totals under the table: what is in the segments, what is not, and both together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """Customers and what they are worth."""

    customers: int
    revenue: Decimal

    def __sub__(self, other: "Sum") -> "Sum":
        return Sum(customers=self.customers - other.customers, revenue=self.revenue - other.revenue)

    def __bool__(self) -> bool:
        return bool(self.customers or self.revenue)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """In the segments of one view, in none of them, and in all."""

    segments: Sum
    rest: Sum
    all: Sum


def sums_of(segments: Sequence[Mapping[str, Any]], totals: Mapping[str, Any]) -> Sums:
    """Add up the segments of a view, and compare with the totals of the segmentation."""
    inside = Sum(
        customers=sum(segment["customers"] for segment in segments),
        revenue=sum((Decimal(segment["revenue"]) for segment in segments), Decimal(0)),
    )
    everything = Sum(customers=totals["customers"], revenue=Decimal(totals["revenue"]))
    return Sums(segments=inside, rest=everything - inside, all=everything)
