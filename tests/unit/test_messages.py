"""Messages: what is read of them, whoever sent it, and what is not."""

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.events import (
    DatasetsChanged,
    ObjectCreated,
    ObjectRef,
    ObjectRemoved,
    UploadStored,
    client_of,
    subject_of,
)
from common.messages import UnreadableMessageError, from_message, to_message
from tests.unit.notifications import changed, notification

pytestmark = pytest.mark.unit

WHEN = datetime(2026, 5, 3, 10, 42, 7, 123000, tzinfo=UTC)


def test_the_same_fact_has_the_same_id_whatever_the_order_of_its_fields():
    content = notification("aws")
    turned = {"Records": [dict(reversed(content["Records"][0].items()))]}
    first, second = (from_message(json.dumps(c).encode()) for c in (content, turned))
    assert first.event_id == second.event_id
    other = from_message(json.dumps(changed("aws", versionId="x")).encode())
    assert other.event_id != first.event_id


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'"text"',
        b"{}",
        b'{"Records": [{}]}',
        b'{"Records": [{"eventSource": "aws:s3", "eventName": 7}]}',
        b'{"event_type": "create", "message": {"new_entry": 1}, "key": "/buckets/u/a.csv"}',
        b'{"specversion": "1.0", "type": "Unknown", "data": {}}',
        b'{"specversion": "1.0", "type": "DatasetsChanged", "data": {"wrong": 1}}',
        b"[" * 100_000,
        b'{"specversion": "1.0", "type": "DatasetsChanged", "data": {"client": ["a"]}}',
        b'{"specversion": "1.0", "type": "DatasetsChanged", "data": {"client": "\\u0000"}}',
        b'{"specversion": "1.0", "type": "DatasetsChanged", "data": {"client": "\\ud800"}}',
        b'{"specversion": "1.0", "type": "DatasetsChanged", "data": {"a\\u0000": 1}}',
    ],
)
def test_what_is_no_message_is_told_apart(body):
    with pytest.raises(UnreadableMessageError):
        from_message(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@st.composite
def damaged(draw: st.DrawFn) -> dict:
    """Return a message of some server, or ours, in which one value is any JSON at all."""
    shapes = ["aws", "minio", "rustfs", "rustfs_plain", "ceph", "versitygw", "moto"]
    ours = ObjectCreated(object=ObjectRef(bucket="u", key="acme/b/a.csv"), source="x")
    envelope = json.loads(to_message(ours, event_id="e", source="x"))
    content = draw(st.sampled_from([*map(notification, shapes), envelope]))
    place: dict | list = content
    while True:
        where = draw(st.sampled_from(list(place) if isinstance(place, dict) else [0]))
        if not isinstance(place[where], dict | list) or not place[where] or draw(st.booleans()):
            place[where] = draw(_JSON)
            return content
        place = place[where]


@given(content=damaged() | _JSON)
def test_whatever_a_message_holds_it_is_read_or_called_unreadable(content):
    try:
        message = from_message(json.dumps(content).encode())
    except UnreadableMessageError as error:
        said = str(error)
    else:
        said = "".join([message.event_id, *map(subject_of, message.events)])
        said += "".join(client_of(event) or "" for event in message.events)
    # What the ledger writes down: PostgreSQL takes no NUL, and no half of a character.
    assert "\0" not in said
    said.encode()


@given(body=st.binary())
def test_whatever_bytes_come_they_are_read_or_called_unreadable(body):
    with contextlib.suppress(UnreadableMessageError):
        from_message(body)


@pytest.mark.parametrize(
    "event",
    [
        ObjectCreated(
            object=ObjectRef(bucket="u", key="acme/b/ñ.csv", version_id="1", etag="e"),
            size=1,
            event_time=WHEN,
            source="reconcile",
            generation=2,
        ),
        ObjectRemoved(object=ObjectRef(bucket="u", key="acme/b/a.csv"), source="reconcile"),
        DatasetsChanged(client="acme"),
        UploadStored(client="acme", upload="7"),
    ],
)
def test_our_events_survive_the_broker(event):
    message = from_message(to_message(event, event_id="e1", source="ingest"))
    assert message.events == (event,)
    assert message.event_id == "e1"
