"""Events as the bodies of messages, parsed once at the edge.

Two kinds arrive. Our own events travel in an envelope whose fields are named as in CloudEvents 1.0;
the notifications of an object store are as its server sends them (`common.notifications`).
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.events import EVENTS, Event, ObjectRef
from common.notifications import parse_notification


class UnreadableMessageError(ValueError):
    """The bytes are no message that we know; it can only be parked."""


def to_message(event: Event, *, event_id: str, source: str) -> bytes:
    """Return `event` as the body of a message.

    `event_id` names this fact once and for all: a second delivery carries the same id.
    """
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "type": type(event).__name__,
            "source": f"datacore/{source}",
            "data": dataclasses.asdict(event),
        },
        default=datetime.isoformat,
        sort_keys=True,
    ).encode()


def _from_envelope(envelope: Mapping[str, Any]) -> Event:
    try:
        cls = EVENTS[envelope["type"]]
        data = dict(envelope["data"])
        if "object" in data:
            data["object"] = ObjectRef(**data["object"])
        for moment in ("event_time", "last_at"):
            if data.get(moment):
                data[moment] = datetime.fromisoformat(data[moment])
        event = cls(**data)
        _check(event)
    except _MISSHAPEN as error:
        raise UnreadableMessageError(f"not one of our events: {_plain(error)}") from error
    return event


_MISSHAPEN = (AttributeError, KeyError, OverflowError, TypeError, ValueError)


def _check(value: Event | ObjectRef) -> None:
    """Refuse what no database takes: a name that is no text, or holds NUL or half a character."""
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if isinstance(content, ObjectRef):
            _check(content)
        elif isinstance(content, str):
            if "\0" in content:
                raise ValueError(f"NUL in {field.name}")
            content.encode()
        elif not isinstance(content, field.type if isinstance(field.type, type) else _PLAIN):
            raise TypeError(f"{field.name} is a {type(content).__name__}")


_PLAIN = (int, datetime, type(None))


def _plain(value: object) -> str:
    return str(value).encode("unicode_escape").decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A parsed message: its events, and the id under which the journal knows it."""

    event_id: str
    events: tuple[Event, ...]
    raw: bytes


def from_message(body: bytes) -> Message:
    """Parse one message, ours or a store's notification.

    A test event and other harmless notices give no events.

    Raises:
        UnreadableMessageError: The body is no JSON object, or has an unknown shape.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableMessageError(f"not JSON: {_plain(error)}") from error
    if not isinstance(content, dict):
        raise UnreadableMessageError("not a JSON object")
    if "specversion" in content:
        event_id = _plain(content.get("id", ""))
        return Message(event_id=event_id, events=(_from_envelope(content),), raw=body)
    try:
        events = tuple(parse_notification(content))
        for event in events:
            _check(event)
    except _MISSHAPEN as error:
        raise UnreadableMessageError(
            f"notification of an unknown shape: {_plain(error)}"
        ) from error
    return Message(event_id=_notification_id(events, body), events=events, raw=body)


def _notification_id(events: tuple[Event, ...], body: bytes) -> str:
    """Name a notification after what it says, so that a second delivery has the same id.

    Stores set no message id; the same fact is told with the same bucket, key, version and
    sequencer (or time), whatever the order of fields.
    """
    if not events:
        return hashlib.sha256(body).hexdigest()
    facts = [[type(e).__name__, dataclasses.asdict(e)] for e in events]
    canonical = json.dumps(facts, default=datetime.isoformat, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
