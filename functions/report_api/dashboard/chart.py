"""Where the bars of the chart stand. Pure; the template draws them as SVG.

Widths are percentages of whatever width the page has, heights are pixels: so the text keeps its
size on a phone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LONGEST = 74.0  # per cent of the width; the rest holds the number behind it, on a phone too
_ROW = 66  # pixels: a name and two bars
_BAR = 14


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar and the share that it shows."""

    y: int
    width: float  # per cent
    share: float

    @property
    def text_y(self) -> int:
        """Baseline of the number behind the bar."""
        return self.y + _BAR - 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A segment: its name above the bars of revenue and of customers."""

    name: str
    hue: int
    name_y: int
    revenue: Bar
    customers: Bar

    @property
    def part(self) -> float:
        """How much of the whole revenue it is, in per cent from 0 to 100."""
        return round(min(max(self.revenue.share, 0), 1) * 100, 3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """All rows, and the height that they take."""

    rows: tuple[Row, ...]
    height: int
    bar: int = _BAR


def chart_of(segments: Sequence[Mapping[str, Any]]) -> Chart:
    """Lay out one row per segment; all bars are on one scale that starts at nothing."""
    shares = [s[name] for s in segments for name in ("share_of_revenue", "share_of_customers")]
    longest = max(shares, default=0) or 1
    rows = tuple(_row(segment, at, longest) for at, segment in enumerate(segments))
    return Chart(rows=rows, height=len(rows) * _ROW)


def _row(segment: Mapping[str, Any], at: int, longest: float) -> Row:
    top = at * _ROW
    return Row(
        name=segment["name"],
        hue=at,
        name_y=top + 14,
        revenue=_bar(top + 22, segment["share_of_revenue"], longest),
        customers=_bar(top + 22 + _BAR + 3, segment["share_of_customers"], longest),
    )


def _bar(y: int, share: float, longest: float) -> Bar:
    # Returns may outweigh what a segment bought: there is no bar below nothing.
    return Bar(y=y, width=round(max(share, 0) / longest * _LONGEST, 3), share=share)
