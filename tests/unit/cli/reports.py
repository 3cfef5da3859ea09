"""A report as the API tells it."""

from typing import Any


def segment(view: str, name: str, **changes: Any) -> dict[str, Any]:
    measures = {
        "segment_id": name.lower(),
        "position": 1,
        "sentence": f"{name}: bought lately, buy often and spend the most of all who come.",
        "action": "",
        "rule": [],
        "customers": 312,
        "share_of_customers": 0.5,
        "revenue": "602250.00",
        "share_of_revenue": 0.5,
        "orders": 3840,
        "average_ticket": "97.60",
        "recency_days": 4.0,
        "orders_per_customer": 12.34,
        "spend_per_customer": "1204.50",
    }
    return {"view": view, "name": name, **measures, **changes}


def totals(**changes: Any) -> dict[str, Any]:
    figures = {"customers": 1500, "orders": 15_301, "revenue": "1234567.891"}
    return {**figures, "anonymous_revenue": "0", **changes}


def report(**changes: Any) -> dict[str, Any]:
    body = {
        "state": "ready",
        "client": "acme",
        "segmentation": "f00",
        "as_of": "2025-12-31",
        "currency": "EUR",
        "totals": totals(),
        "habits": {"sentence": "Two groups of habits are stable."},
        "segments": [
            segment("rfm", "Champions", share_of_revenue=0.75),
            segment("rfm", "Hibernating", customers=1188, share_of_revenue=0.25),
            segment("rfm", "No purchase", customers=0, share_of_revenue=0.0, recency_days=None),
            segment("habits", "Weekend families", share_of_revenue=1.0, customers=1500),
        ],
        "contributions": [],
    }
    return {**body, **changes}
