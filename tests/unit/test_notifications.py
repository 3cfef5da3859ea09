"""What each kind of store announces."""

import json
from datetime import UTC, datetime

import pytest

from common.events import ObjectCreated, ObjectRef, ObjectRemoved, subject_of
from common.messages import from_message
from tests.unit.notifications import changed, notification

pytestmark = pytest.mark.unit

WHEN = datetime(2026, 5, 3, 10, 42, 7, 123000, tzinfo=UTC)


def parse(content: object) -> tuple:
    return from_message(json.dumps(content).encode()).events


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


def test_a_null_version_is_no_version():
    (event,) = parse(changed("minio", versionId="null"))
    assert event.object.version_id is None


def test_test_events_and_empty_notices_are_harmless():
    assert parse({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}) == ()
    assert parse({"Records": []}) == ()
    assert parse({"Records": None}) == ()
