"""What the object store tells becomes a message."""

import json
from http import HTTPStatus

import pytest

from common.events import ObjectCreated
from common.exceptions import TransientError
from common.messages import from_message
from infra.local.announcer import announce

pytestmark = pytest.mark.unit


class Queue:
    """Keeps what is published; `away` makes it unreachable."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away
        self.published: list[tuple[str, bytes]] = []

    def publish(self, queue: str, body: bytes) -> None:
        if self.away:
            raise TransientError("queue server: connection refused")
        self.published.append((queue, body))


def change(key: str, *, event_type: str = "create") -> bytes:
    entry = {"attributes": {"file_size": 8}, "extended": {}}
    return json.dumps({
        "event_type": event_type,
        "key": f"/buckets/uploads/{key}",
        "message": {"new_entry": entry},
    }).encode()


def test_a_new_object_is_queued_as_it_was_told() -> None:
    queue = Queue()
    body = change("acme/centro/a.csv")

    assert announce(body, queue) is HTTPStatus.OK

    assert queue.published == [("ingest", body)]
    (event,) = from_message(body).events
    assert isinstance(event, ObjectCreated)


@pytest.mark.parametrize(
    "body",
    [
        change("acme/centro/.uploads/part"),
        change("acme/centro/a.csv", event_type="update"),
        b"{}",
        b"not json",
        b"[]",
        b"",
    ],
)
def test_what_is_no_object_is_taken_and_dropped(body: bytes) -> None:
    queue = Queue()

    assert announce(body, queue) is HTTPStatus.OK

    assert queue.published == []


def test_while_the_queue_is_away_the_store_is_not_told_that_it_was_taken() -> None:
    assert announce(change("acme/a/b.csv"), Queue(away=True)) is HTTPStatus.SERVICE_UNAVAILABLE
