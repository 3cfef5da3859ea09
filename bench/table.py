"""Measurements as a table: seconds beside each other, and their ratio."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One thing measured against another within one run; medians, in seconds."""

    what: str
    against: str
    own_s: float
    other_s: float
    aim: str

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.own_s / self.other_s


def markdown(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| measured | against | ours, s | theirs, s | ours / theirs | aim |",
        "|---|---|---:|---:|---:|---|",
    ]
    lines += [
        f"| {r.what} | {r.against} | {r.own_s:.2f} | {r.other_s:.2f} | {r.ratio:.2f} | {r.aim} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"
