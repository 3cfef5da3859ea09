"""What becomes of a file some of whose rows are bad, by the client's policy. On the real servers."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from common.settings import Settings
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

GOOD = ["1,2026-04-13,ana,tea,2,3.50", "2,2026-04-14,bea,tea,1,4.25"]
PARTLY = csv(*GOOD, "3,soon,bea,tea,1,4.00")


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


def take(pipeline: Pipeline, policy: str) -> None:
    with pipeline.app.transaction(pipeline.client) as connection:
        connection.execute(text("UPDATE clients SET row_policy = :policy"), {"policy": policy})


def test_without_a_wish_the_good_rows_are_taken(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", PARTLY))
    assert pipeline.upload("centro/a.csv").state == "stored"
    assert pipeline.revenue() == Decimal("11.25")


def test_all_or_nothing_refuses_a_file_for_one_bad_row(pipeline: Pipeline):
    take(pipeline, "all_or_nothing")
    pipeline.settle(pipeline.put("centro/a.csv", PARTLY))
    upload = pipeline.upload("centro/a.csv")
    assert (upload.state, upload.reason) == ("rejected", "all_or_nothing")
    assert (upload.params["rejected"], upload.params["rows"]) == (1, 3)
    assert upload.params["example"]["code"] == "bad_date"
    assert upload.params["example"]["params"]["line"] == 4
    assert pipeline.report() is None


def test_all_or_nothing_takes_a_file_without_bad_rows(pipeline: Pipeline):
    take(pipeline, "all_or_nothing")
    pipeline.settle(pipeline.put("centro/a.csv", csv(*GOOD)))
    assert pipeline.upload("centro/a.csv").state == "stored"


def test_a_refused_overwrite_leaves_the_older_version_current(pipeline: Pipeline):
    take(pipeline, "all_or_nothing")
    pipeline.settle(pipeline.put("centro/a.csv", csv(*GOOD)))
    pipeline.settle(pipeline.put("centro/a.csv", PARTLY))
    assert pipeline.states() == {"centro/a.csv": ["stored", "rejected"]}
    assert pipeline.revenue() == Decimal("11.25")


def test_the_older_versions_time_is_told_in_utc_whatever_zone_the_database_answers_in(
    settings: Settings, client: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PGTZ", "America/Mexico_City")
    for pipeline in running(settings, client):
        pipeline.settle(pipeline.put("centro/a.csv", csv(*GOOD)))
        pipeline.settle(pipeline.put("centro/a.csv", b"a,b\n1,2\n"))
        ((stored_at,),) = pipeline.rows("SELECT stored_at FROM uploads WHERE state = 'stored'")
        assert stored_at.utcoffset() == timedelta(hours=-6)
        told = pipeline.upload("centro/a.csv").params["still_counts"]
        assert told == stored_at.astimezone(UTC).isoformat()


@pytest.mark.parametrize(("bad", "state"), [(100, "stored"), (101, "rejected")])
def test_more_than_a_hundred_bad_rows_and_one_percent_refuse_any_file(
    pipeline: Pipeline, bad: int, state: str
):
    rows = [f"{n},2026-04-13,ana,tea,1,1.25" for n in range(400)]
    rows += [f"{n},soon,ana,tea,1,1.25" for n in range(400, 400 + bad)]
    pipeline.settle(pipeline.put("centro/a.csv", csv(*rows)))
    upload = pipeline.upload("centro/a.csv")
    assert (upload.state, upload.reason) == (
        state,
        "too_many_rejected" if state == "rejected" else None,
    )


@pytest.mark.parametrize(("size", "state"), [(-1, "rejected"), (0, "stored"), (1, "stored")])
def test_a_file_above_the_limit_is_refused_before_it_is_fetched(
    settings: Settings, client: str, size: int, state: str
):
    body = csv(*GOOD)
    limited = settings.model_copy(update={"max_upload_bytes": len(body) + size})
    for pipeline in running(limited, client):
        pipeline.settle(pipeline.put("centro/a.csv", body))
        upload = pipeline.upload("centro/a.csv")
        assert upload.state == state
        assert upload.reason == ("too_large" if state == "rejected" else None)
