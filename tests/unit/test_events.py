"""What a message says, whoever sent it."""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.events import (
    EVENTS,
    DatasetsChanged,
    ObjectCreated,
    ObjectRef,
    ObjectRemoved,
    UnreadableMessageError,
    UploadStored,
    client_of,
    from_message,
    is_purchase_file,
    subject_of,
    to_message,
)

pytestmark = pytest.mark.unit

NOTIFICATIONS = Path(__file__).parent / "notifications"
WHEN = datetime(2026, 5, 3, 10, 42, 7, 123000, tzinfo=UTC)


def notification(server: str) -> dict:
    return json.loads((NOTIFICATIONS / f"{server}.json").read_text(encoding="utf-8"))


def parse(content: object) -> tuple:
    return from_message(json.dumps(content).encode()).events


def changed(server: str, **changes: object) -> dict:
    """Return a notification with other values in its object (or `eventName`)."""
    content = notification(server)
    record = content["Records"][0]
    record["eventName"] = changes.pop("eventName", record["eventName"])
    record["s3"]["object"].update(changes)
    return content


def test_aws_keys_are_decoded_once_and_the_principal_is_kept():
    (event,) = parse(notification("aws"))
    assert event == ObjectCreated(
        object=ObjectRef(
            bucket="uploads",
            key="acme/centro/ventas abril ñ.csv",
            version_id="096fKKXTRTtl3on89fVO.nfljtsv6qko",
            etag="d41d8cd98f00b204e9800998ecf8427e",
        ),
        size=1024,
        event_time=WHEN,
        sequencer="0055AED6DCD90281E5",
        principal="AWS:AIDAEXAMPLE",
        source="aws:s3",
        other_key="acme/centro/ventas+abril+%C3%B1.csv",
    )


def test_minio_escapes_slashes_and_leaves_the_size_of_an_empty_object_out():
    (event,) = parse(notification("minio"))
    assert event.object.key == "acme/centro/ventas abril.csv"
    assert event.size == 0
    assert event.principal == "acme"


@pytest.mark.parametrize("shape", ["rustfs", "rustfs_plain"])
def test_rustfs_wraps_its_records_for_amqp_only(shape):
    (event,) = parse(notification(shape))
    assert event.object.key == "acme/centro/ventas abril.csv"
    assert event.object.version_id == "7f9e0c2a-0f5e-4a9c-8d7b-0b4f1f0f4c55"
    assert (event.size, event.event_time, event.source) == (51, WHEN, "rustfs:s3")


def test_ceph_tells_keys_as_they_are_and_sizes_as_text():
    (event,) = parse(notification("ceph"))
    assert event.object.key == "acme/centro/a+b 100%25.csv"
    assert event.other_key == "acme/centro/a b 100%.csv"
    assert event.object.version_id is None
    assert event.size == 51


def test_versitygw_tells_the_path_as_it_was_sent():
    (event,) = parse(notification("versitygw"))
    assert event.object.key == "acme/centro/a+b ñ.csv"
    assert event.principal == "acme"
    assert event.event_time == WHEN.replace(microsecond=0)


def test_the_same_bytes_put_again_are_other_work_where_the_store_tells_no_version():
    def subject(when: str) -> str:
        content = notification("moto")
        content["Records"][0]["eventTime"] = when
        return subject_of(parse(content)[0])

    first, again = "2026-05-03T10:42:07.123Z", "2026-05-03T10:43:07.123Z"
    assert subject(first) == subject(first)
    assert subject(first) != subject(again)


def test_moto_announces_no_version():
    (event,) = parse(notification("moto"))
    assert event.object == ObjectRef(
        bucket="uploads", key="acme/centro/a+b.csv", version_id=None, etag="9d4-2"
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("version_created", ObjectCreated),
        ("empty_version_created", ObjectCreated),
        ("delete_marker", ObjectRemoved),
        ("version_deleted", ObjectRemoved),
    ],
)
def test_seaweedfs_changes_of_versions_are_events(kind, expected):
    (event,) = parse(notification("seaweedfs")[kind])
    assert isinstance(event, expected)
    assert event.object.bucket == "uploads"
    assert event.object.key.startswith("acme/centro/")
    assert event.object.key.endswith(".csv")
    assert len(event.object.version_id) == 32


def test_seaweedfs_tells_size_and_etag():
    (event,) = parse(notification("seaweedfs")["version_created"])
    assert event.object.key == "acme/centro/a b+ñ.csv"
    assert event.size == 1
    assert event.object.etag == "9dd4e461268c8034f5c8564e155c67a6"


@pytest.mark.parametrize("kind", ["directory", "multipart_part", "older_version_marked"])
def test_other_seaweedfs_changes_are_no_events(kind):
    assert parse(notification("seaweedfs")[kind]) == ()


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("acme%2Fb%2Fa%2Bb.csv", "acme/b/a+b.csv"),
        ("acme%2Fb%2Fa%252Fb.csv", "acme/b/a%2Fb.csv"),
        ("acme%2Fb%2F..%252f...csv", "acme/b/..%2f...csv"),
        ("acme/b/%F0%9F%9B%92.csv", "acme/b/🛒.csv"),
        ("acme/b/line%0Abreak.csv", "acme/b/line\nbreak.csv"),
    ],
)
def test_keys_are_decoded_exactly_once(raw, key):
    (event,) = parse(changed("aws", key=raw))
    assert event.object.key == key


@pytest.mark.parametrize(
    "name", ["ObjectCreated:PutTagging", "ObjectCreated:PutRetention", "ObjectAccessed:Get"]
)
def test_what_changes_no_content_is_no_event(name):
    assert parse(changed("minio", eventName=name)) == ()


@pytest.mark.parametrize("name", ["Put", "Post", "Copy", "CompleteMultipartUpload"])
def test_every_way_to_create_an_object_is_an_event(name):
    assert len(parse(changed("minio", eventName=f"s3:ObjectCreated:{name}"))) == 1


@pytest.mark.parametrize(("name", "is_erased"), [("DeleteMarkerCreated", False), ("Delete", True)])
def test_a_delete_and_an_erased_version_are_told_apart(name, is_erased):
    (event,) = parse(changed("aws", eventName=f"ObjectRemoved:{name}"))
    assert isinstance(event, ObjectRemoved)
    assert event.is_erased is is_erased


def test_making_a_delete_and_taking_it_back_are_two_pieces_of_work():
    ref = ObjectRef(bucket="u", key="acme/b/a.csv", version_id="marker")
    made = ObjectRemoved(object=ref, source="aws:s3")
    taken_back = ObjectRemoved(object=ref, is_erased=True, source="aws:s3")
    assert subject_of(made) != subject_of(taken_back)


def test_a_null_version_is_no_version():
    (event,) = parse(changed("minio", versionId="null"))
    assert event.object.version_id is None


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("acme/b/a.csv", True),
        ("acme/b/A.CSV", True),
        ("acme/b/a.csv.gz", True),
        ("acme/b/A.CSV.GZ", True),
        ("acme/b/a.zip", True),
        ("acme/b/a.gz", False),
        ("acme/b/~$a.zip", False),
        ("acme/b/a.zip.part", False),
        ("acme/b/", False),
        ("acme/b/a.csv.part", False),
        ("acme/b/~$a.csv", False),
        ("acme/b/a.xlsx", False),
    ],
)
def test_only_whole_csv_files_packed_or_not_are_purchase_files(key, is_one):
    assert is_purchase_file(key) is is_one


def test_the_same_fact_has_the_same_id_whatever_the_order_of_its_fields():
    content = notification("aws")
    turned = {"Records": [dict(reversed(content["Records"][0].items()))]}
    first, second = (from_message(json.dumps(c).encode()) for c in (content, turned))
    assert first.event_id == second.event_id
    other = from_message(json.dumps(changed("aws", versionId="x")).encode())
    assert other.event_id != first.event_id


def test_test_events_and_empty_notices_are_harmless():
    assert parse({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}) == ()
    assert parse({"Records": []}) == ()
    assert parse({"Records": None}) == ()


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


def test_every_event_wakes_a_function():
    assert {cls.queue for cls in EVENTS.values()} == {"ingest", "cluster", "notify"}


@pytest.mark.parametrize(
    ("key", "client"), [("acme/centro/a.csv", "acme"), ("a.csv", None), ("/a.csv", None)]
)
def test_the_client_is_the_first_part_of_the_key(key, client):
    event = ObjectCreated(object=ObjectRef(bucket="u", key=key), source="aws:s3")
    assert client_of(event) == client


def test_another_version_or_generation_is_other_work():
    def created(version: str, generation: int = 0) -> ObjectCreated:
        ref = ObjectRef(bucket="u", key="acme/b/a.csv", version_id=version)
        return ObjectCreated(object=ref, source="aws:s3", generation=generation)

    subjects = {subject_of(e) for e in (created("1"), created("2"), created("1", 1))}
    assert len(subjects) == 3
    assert subject_of(created("1")) in subjects
