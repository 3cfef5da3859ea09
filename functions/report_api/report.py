"""The report: a segmentation as people look at it. Pure: rows in, a JSON-able body out.

Money leaves as the exact text of its decimal, days as ISO dates; every sentence is said in the
reader's language.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from common.texts import catalogue, say
from functions.report_api.schemas import Client, Contribution, Segment, Segmentation, Text

REPORT_SCHEMA = "1"  # raised when the same segmentation would give another body


def report_name(client: Client, *, language: str) -> str:
    """Name a report after everything its body depends on, the catalogue of texts too."""
    parts = [
        client.id,
        client.segmentation,
        REPORT_SCHEMA,
        language,
        client.currency,
        _texts_name(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@cache
def _texts_name() -> str:
    texts = json.dumps(catalogue(), default=dict, sort_keys=True)
    return hashlib.sha256(texts.encode()).hexdigest()


def report_body(client: Client, segmentation: Segmentation, *, language: str) -> dict[str, Any]:
    """Return the body of a ready report."""
    totals = segmentation.summary["totals"]
    # As it was computed: the client's own may have been changed since, and these sums have not.
    currency = totals["currency"]
    tell = Teller(language=language, currency=currency)
    return {
        "state": "ready",
        "client": client.id,
        "segmentation": segmentation.id,
        "as_of": _day(segmentation.as_of),
        "currency": currency,
        "totals": totals,
        "habits": _habits(segmentation.summary["habits"], tell),
        "segments": [_segment(segment, tell) for segment in segmentation.segments],
        "contributions": [_contribution(part) for part in segmentation.contributions],
    }


class Teller:
    """Says texts in one language, amounts in one currency."""

    def __init__(self, *, language: str, currency: str | None) -> None:
        self.language = language
        self._common = {"currency": currency} if currency else {}

    def __call__(self, told: Text) -> str:
        """Return the sentence."""
        return say(told.code, {**self._common, **told.params}, language=self.language)


def _segment(segment: Segment, tell: Teller) -> dict[str, Any]:
    return {
        "view": segment.view,
        "segment_id": segment.segment_id,
        "position": segment.position,
        "name": tell(segment.name),
        "sentence": tell(segment.sentence),
        "action": tell(segment.action),
        "rule": [tell(part) for part in segment.rule],
        "customers": segment.customers,
        "share_of_customers": segment.share_of_customers,
        "revenue": money_text(segment.revenue),
        "share_of_revenue": segment.share_of_revenue,
        "orders": segment.orders,
        "average_ticket": money_text(segment.average_ticket),
        "recency_days": segment.recency_days,
        "orders_per_customer": segment.orders_per_customer,
        "spend_per_customer": money_text(segment.spend_per_customer),
    }


def _habits(habits: Mapping[str, Any], tell: Teller) -> dict[str, Any]:
    told = Text(code=habits["code"], params=habits["params"])
    return {**habits, "sentence": tell(told)}


def _contribution(part: Contribution) -> dict[str, Any]:
    return {
        "sha256": part.sha256,
        "branch": part.branch,
        "accepted_rows": part.accepted_rows,
        "counted_rows": part.counted_rows,
        "replaced_rows": part.replaced_rows,
        "accepted_amount": money_text(part.accepted_amount),
        "counted_amount": money_text(part.counted_amount),
        "replaced_amount": money_text(part.replaced_amount),
    }


def money_text(amount: Decimal | None) -> str | None:
    """Write an exact decimal plainly: no exponent, no zeros that say nothing."""
    if amount is None:
        return None
    text = format(amount, "f")
    whole, point, fraction = text.partition(".")
    fraction = fraction.rstrip("0").ljust(2, "0") if point else "00"
    return f"{whole}.{fraction}"


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def of_view(body: Mapping[str, Any], view: str) -> Sequence[Mapping[str, Any]]:
    """Return the segments of one view of a report's body."""
    return [segment for segment in body["segments"] if segment["view"] == view]
