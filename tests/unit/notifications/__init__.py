"""What object stores sent when they were asked, as it came."""

import json
from pathlib import Path

_FOLDER = Path(__file__).parent


def notification(server: str) -> dict:
    return json.loads((_FOLDER / f"{server}.json").read_text(encoding="utf-8"))


def changed(server: str, **changes: object) -> dict:
    """Return a notification with other values in its object (or `eventName`)."""
    content = notification(server)
    record = content["Records"][0]
    record["eventName"] = changes.pop("eventName", record["eventName"])
    record["s3"]["object"].update(changes)
    return content
