"""What becomes of uploads, on the real servers: a truth table.

It holds whether a notification only hints at a version or tells all of it.
"""

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import text

from common.settings import Settings
from functions.ingest import handler
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

APRIL = csv("1,2026-04-01,ana,tea,2,3.50", "2,2026-04-02,bea,tea,1,3.50")  # 10.50
MAY = csv("3,2026-05-01,ana,tea,4,3.50", "4,2026-05-02,,tea,1,3.50")  # 17.50, one anonymous
XLSX = b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00" + bytes(16) + b"[Content_Types].xml xl/"
BAD = b"date,product,total\n2026-04-01,tea,3.50\n"


@pytest.fixture(params=[False, True], ids=["hints", "tells_all"])
def pipeline(request: pytest.FixtureRequest, settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client, tells_all=request.param)


@pytest.fixture
def other(settings: Settings, app, client: str) -> Iterator[Pipeline]:
    """Another client, with a branch of the same name."""
    name = f"{client}-b"
    with app.transaction(name) as connection:
        connection.execute(text("INSERT INTO clients (id, name) VALUES (:c, 'B')"), {"c": name})
        connection.execute(
            text("INSERT INTO branches (client_id, id, name) VALUES (:c, 'centro', 'C')"),
            {"c": name},
        )
    yield from running(settings, name)


def test_a_file_becomes_a_report(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    assert pipeline.states() == {"centro/april.csv": ["stored"]}
    assert pipeline.revenue() == Decimal("10.50")
    (dataset,) = pipeline.rows("SELECT * FROM datasets")
    assert (dataset.rows_in, dataset.accepted, dataset.rejected) == (2, 2, 0)
    assert dataset.amount == Decimal("10.50")


def test_an_event_told_many_times_is_one_ingest(pipeline: Pipeline):
    event = pipeline.put("centro/april.csv", APRIL)
    pipeline.settle(*[event] * 20)
    assert pipeline.states() == {"centro/april.csv": ["stored"]}
    assert pipeline.rows("SELECT data_version FROM clients")[0].data_version == 1


def test_the_same_bytes_under_another_key_are_a_duplicate_that_names_the_first(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    pipeline.settle(pipeline.put("centro/again.csv", APRIL))
    second = pipeline.upload("centro/again.csv")
    assert second.state == "duplicate"
    assert second.first_upload_id == pipeline.upload("centro/april.csv").id
    assert second.reason == "already_uploaded"
    assert second.params["filename"] == "april.csv"
    assert pipeline.revenue() == Decimal("10.50")


def test_the_same_bytes_of_another_branch_are_a_duplicate(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    pipeline.settle(pipeline.put("norte/april.csv", APRIL))
    assert pipeline.states() == {"centro/april.csv": ["stored"], "norte/april.csv": ["duplicate"]}


def test_the_same_bytes_of_another_client_are_its_own(pipeline: Pipeline, other: Pipeline):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    other.settle(other.put("centro/april.csv", APRIL))
    assert other.states() == {"centro/april.csv": ["stored"]}
    assert other.revenue() == pipeline.revenue() == Decimal("10.50")


def test_of_the_same_bytes_the_one_stored_first_is_the_first_whichever_was_read_first(
    pipeline: Pipeline,
):
    first = pipeline.put("centro/first.csv", APRIL)
    second = pipeline.put("norte/second.csv", APRIL)
    pipeline.settle(second)
    pipeline.settle(first)
    assert pipeline.states() == {"centro/first.csv": ["stored"], "norte/second.csv": ["duplicate"]}
    assert (
        pipeline.upload("norte/second.csv").first_upload_id
        == pipeline.upload("centro/first.csv").id
    )


def test_the_same_file_again_under_its_own_key_is_a_duplicate(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    pipeline.settle(pipeline.put("centro/april.csv", APRIL))
    assert pipeline.states() == {"centro/april.csv": ["superseded", "duplicate"]}
    assert pipeline.revenue() == Decimal("10.50")


def test_a_good_overwrite_supersedes(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.put("centro/a.csv", MAY))
    assert pipeline.states() == {"centro/a.csv": ["superseded", "stored"]}
    assert pipeline.revenue() == Decimal("17.50")


def test_a_bad_overwrite_leaves_the_older_version_current(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.put("centro/a.csv", BAD))
    assert pipeline.states() == {"centro/a.csv": ["stored", "rejected"]}
    assert pipeline.upload("centro/a.csv").reason == "no_customer"
    (older,) = pipeline.rows("SELECT stored_at FROM uploads WHERE state = 'stored'")
    assert pipeline.upload("centro/a.csv").params["still_counts"] == older.stored_at.isoformat()
    assert pipeline.revenue() == Decimal("10.50")


def test_a_delete_retracts_the_data(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.put("centro/b.csv", MAY))
    pipeline.settle(pipeline.delete("centro/a.csv"))
    assert pipeline.states() == {"centro/a.csv": ["removed"], "centro/b.csv": ["stored"]}
    assert pipeline.revenue() == Decimal("17.50")


def test_without_any_data_there_is_no_report(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.delete("centro/a.csv"))
    assert pipeline.report() is None


def test_deleted_and_uploaded_again_is_stored_again(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    before = pipeline.report()
    pipeline.settle(pipeline.delete("centro/a.csv"))
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    assert pipeline.states() == {"centro/a.csv": ["removed", "stored"]}
    assert pipeline.report() == before


def test_revived_under_another_branch_it_is_that_branchs(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.delete("centro/a.csv"))
    pipeline.settle(pipeline.put("norte/a.csv", APRIL))
    assert pipeline.states() == {"centro/a.csv": ["removed"], "norte/a.csv": ["stored"]}
    (row,) = pipeline.rows(
        "SELECT branch_id FROM contributions"
        " WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
    )
    assert row.branch_id == "norte"


def test_deleting_the_first_of_two_keeps_the_dataset(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    pipeline.settle(pipeline.put("centro/b.csv", APRIL))
    pipeline.settle(pipeline.delete("centro/a.csv"))
    assert pipeline.states() == {"centro/a.csv": ["removed"], "centro/b.csv": ["duplicate"]}
    assert pipeline.revenue() == Decimal("10.50")


def test_taking_a_delete_back_brings_the_data_back(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", APRIL))
    marker = pipeline.delete("centro/a.csv")
    pipeline.settle(marker)
    pipeline.settle(pipeline.delete("centro/a.csv", marker.object.version_id))
    assert pipeline.states() == {"centro/a.csv": ["stored"]}
    assert pipeline.revenue() == Decimal("10.50")


def test_every_order_of_events_ends_the_same(pipeline: Pipeline):
    orders = list(permutations(range(4)))
    for number, _ in enumerate(orders):
        key = f"centro/{number}.csv"
        body = [csv(f"{number}-{v},2026-04-0{v},ana,tea,{v},{number + 1}") for v in (1, 2, 3)]
        events = [
            pipeline.put(key, body[0]),
            pipeline.put(key, body[1]),
            pipeline.delete(key),
            pipeline.put(key, body[2]),
        ]
        pipeline.announce(*(events[at] for at in orders[number]))
    pipeline.settle()
    assert set(map(tuple, pipeline.states().values())) == {("removed", "removed", "stored")}
    expected = sum(3 * (number + 1) for number in range(len(orders)))
    assert pipeline.revenue() == expected


def test_a_notification_without_a_version_announces_all_versions(pipeline: Pipeline):
    first = pipeline.put("centro/a.csv", APRIL)
    pipeline.put("centro/a.csv", MAY)
    bare = type(first)(object=pipeline.ref("centro/a.csv", None, "x"), source="aws:s3")
    pipeline.settle(bare)
    assert pipeline.states() == {"centro/a.csv": ["superseded", "stored"]}


def test_an_object_that_is_gone_is_accounted_for(pipeline: Pipeline):
    event = pipeline.put("centro/a.csv", APRIL)
    pipeline.delete("centro/a.csv", event.object.version_id)
    pipeline.settle(event)
    assert pipeline.states() == {"centro/a.csv": ["removed"]}


def test_an_unknown_branch_is_refused_by_name(pipeline: Pipeline):
    pipeline.settle(pipeline.put("atlantis/a.csv", APRIL))
    upload = pipeline.upload("atlantis/a.csv")
    assert (upload.state, upload.reason) == ("rejected", "unknown_branch")
    assert upload.params == {"branch": "atlantis"}


def test_a_file_beside_the_branches_is_refused(pipeline: Pipeline):
    pipeline.settle(pipeline.put("a.csv", APRIL))
    assert (pipeline.upload("a.csv").state, pipeline.upload("a.csv").reason) == (
        "rejected",
        "no_branch",
    )


def test_an_object_of_no_client_is_left_to_the_operator(pipeline: Pipeline, settings: Settings):
    from common.postgres import Postgres

    stranger = Pipeline(settings, f"{pipeline.client}-nobody")
    event = stranger.put("centro/a.csv", APRIL)
    stranger.settle(event)
    runtime = Postgres(settings.postgres_runtime_url)
    with runtime.transaction() as connection:
        (row,) = connection.execute(
            text("SELECT * FROM stray_objects WHERE key = :key"), {"key": event.object.key}
        ).all()
    assert row.reason == "unknown_client"
    runtime.close()
    stranger.close()


def test_overlapping_exports_count_each_order_once(pipeline: Pipeline):
    april = csv("1,2026-04-01,ana,tea,1,1", "2,2026-04-02,bea,tea,1,2", "3,2026-04-03,ana,tea,1,4")
    later = csv("2,2026-04-02,bea,tea,1,20", "3,2026-04-03,ana,tea,1,40", "4,2026-04-04,c,tea,1,8")
    pipeline.settle(pipeline.put("centro/april.csv", april))
    pipeline.settle(pipeline.put("centro/later.csv", later))
    assert pipeline.revenue() == Decimal(1 + 20 + 40 + 8)
    replaced = pipeline.rows(
        "SELECT sum(replaced_rows) AS rows, sum(replaced_amount) AS amount FROM contributions"
        " WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
    )[0]
    assert (replaced.rows, replaced.amount) == (2, Decimal(6))


def test_a_file_that_shows_the_date_order_wakes_the_one_that_waits_for_it(pipeline: Pipeline):
    unclear = csv("1,03/04/2026,ana,tea,1,1.5", "2,05/04/2026,bea,tea,1,1.5")
    clear = csv("3,25/04/2026,ana,tea,1,2.5", "4,01/04/2026,bea,tea,1,2.5")
    pipeline.settle(pipeline.put("centro/unclear.csv", unclear))
    waiting = pipeline.upload("centro/unclear.csv")
    assert (waiting.state, waiting.reason) == ("needs_answer", "date_order")
    pipeline.settle(pipeline.put("centro/clear.csv", clear))
    assert pipeline.states() == {"centro/clear.csv": ["stored"], "centro/unclear.csv": ["stored"]}
    (days,) = pipeline.rows("SELECT first_day::text FROM datasets WHERE amount = 3")
    assert days.first_day == "2026-04-03"


def test_another_branchs_convention_answers_nothing(pipeline: Pipeline):
    unclear = csv("1,03/04/2026,ana,tea,1,1.5", "2,05/04/2026,bea,tea,1,1.5")
    clear = csv("3,25/04/2026,ana,tea,1,2.5", "4,01/04/2026,bea,tea,1,2.5")
    pipeline.settle(pipeline.put("centro/unclear.csv", unclear))
    pipeline.settle(pipeline.put("norte/clear.csv", clear))
    assert pipeline.upload("centro/unclear.csv").state == "needs_answer"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (BAD, "no_customer"),
        (XLSX, "looks_like_xlsx"),
        (b"<!DOCTYPE html><html><body>Please sign in</body></html>\n", "looks_like_html"),
        (bytes((i * 97 + 13) % 256 for i in range(100)), None),
        (APRIL + b'5,2026-04-01,"ana,tea,2,3.50\n', "unterminated_quote"),
    ],
    ids=["empty", "no customer", "xlsx", "html", "random bytes", "open quote"],
)
def test_a_bad_file_ends_with_its_reason_and_the_next_one_is_read(
    pipeline: Pipeline, body: bytes, reason: str | None
):
    events = [pipeline.put("centro/bad.csv", body), pipeline.put("centro/good.csv", MAY)]
    pipeline.settle(*events)
    upload = pipeline.upload("centro/bad.csv")
    assert upload.state == "rejected"
    assert upload.reason
    if reason is not None:
        assert upload.reason == reason
    assert pipeline.upload("centro/good.csv").state == "stored"


@pytest.fixture
def alone(settings: Settings, client: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline with a folder for temporary files of its own."""
    yield from running(settings.model_copy(update={"spool_dir": tmp_path}), client)


def tries_once(pipeline: Pipeline) -> tuple[int, int]:
    """Have a file fail; return how often it did for now, and by a mistake of ours."""
    pipeline.announce(pipeline.put("centro/a.csv", APRIL))
    pipeline._step()
    (row,) = pipeline.rows(
        "SELECT transient_tries, bug_tries FROM claims WHERE work_key LIKE :key",
        key=f"%{pipeline.client}/centro/a.csv%",
    )
    return row.transient_tries, row.bug_tries


def test_a_full_disk_is_waited_for(alone: Pipeline, tmp_path: Path):
    (folder,) = tmp_path.iterdir()
    (folder / "object").symlink_to("/dev/full")
    assert tries_once(alone) == (1, 0)
    alone.settle()
    assert alone.states() == {"centro/a.csv": ["stored"]}


@pytest.mark.parametrize(
    ("number", "tries"), [(errno.ENOSPC, (1, 0)), (errno.EDQUOT, (1, 0)), (errno.EIO, (0, 1))]
)
def test_what_a_disk_refuses_the_reader_is_waited_for_only_if_it_is_full(
    alone: Pipeline, monkeypatch: pytest.MonkeyPatch, number: int, tries: tuple[int, int]
):
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(handler, "open_file", fail)
    assert tries_once(alone) == tries


def test_a_header_alone_is_stored_with_no_rows(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/empty.csv", csv()))
    upload = pipeline.upload("centro/empty.csv")
    assert (upload.state, upload.reason) == ("stored", "no_rows")
    assert pipeline.report() is None


def test_anonymous_revenue_alone_is_a_report_without_customers(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", csv("1,2026-04-01,,tea,2,3.50")))
    report = pipeline.report()
    assert report is not None
    assert report["assignments"] == []
    assert pipeline.revenue() == Decimal("7.00")


def test_a_key_that_the_store_spells_otherwise_is_found_under_its_other_name(pipeline: Pipeline):
    put = pipeline.put("centro/a+b.csv", csv("1,2026-01-02,ana,soap,1,2.50"))
    wrong = replace(
        put,
        object=replace(put.object, key=put.object.key.replace("+", " ")),
        other_key=put.object.key,
    )
    pipeline.settle(wrong)
    assert pipeline.states() == {"centro/a+b.csv": ["stored"]}


def test_a_removed_object_is_gone_though_its_key_could_be_spelled_otherwise(pipeline: Pipeline):
    put = pipeline.put("centro/a+b.csv", csv("1,2026-01-02,ana,soap,1,2.50"))
    pipeline.delete("centro/a+b.csv", put.object.version_id)
    pipeline.settle(replace(put, other_key=put.object.key.replace("+", " ")))
    assert pipeline.states() == {"centro/a+b.csv": ["removed"]}
