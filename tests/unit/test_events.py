"""What events are about, and whom they wake."""

import pytest

from common.events import EVENTS, ObjectCreated, ObjectRef, ObjectRemoved, client_of, subject_of

pytestmark = pytest.mark.unit


def test_making_a_delete_and_taking_it_back_are_two_pieces_of_work():
    ref = ObjectRef(bucket="u", key="acme/b/a.csv", version_id="marker")
    made = ObjectRemoved(object=ref, source="aws:s3")
    taken_back = ObjectRemoved(object=ref, is_erased=True, source="aws:s3")
    assert subject_of(made) != subject_of(taken_back)


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
