"""The same rows in another file: a spreadsheet saved them again. On the real servers."""

import csv as csv_files
import io
from collections.abc import Iterator
from decimal import Decimal
from itertools import permutations

import pytest

from common.events import UploadDuplicated
from common.messages import from_message
from common.settings import Settings
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

# One row has a bad date, and one is too short.
ROWS = csv(
    "1,2026-04-13,Núñez,tea,2,3.50",
    "2,2026-04-14,bea,green tea,1,4.25",
    "3,soon,bea,tea,1,4.00",
    "4,2026-04-15,bea,tea",
)
COUNTED = Decimal("11.25")


def saved_again(
    content: bytes = ROWS,
    *,
    delimiter: str = ";",
    encoding: str = "cp1252",
    line_end: str = "\r\n",
    quoting: int = csv_files.QUOTE_ALL,
) -> bytes:
    """Write the rows as another program would; all of them as wide as the first."""
    rows = list(csv_files.reader(io.StringIO(content.decode())))
    text = io.StringIO()
    writer = csv_files.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerows(row + [""] * (len(rows[0]) - len(row)) for row in rows)
    return text.getvalue().encode(encoding)


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"delimiter": "\t", "encoding": "utf-16", "quoting": csv_files.QUOTE_MINIMAL},
        {"delimiter": ",", "encoding": "utf-8-sig", "line_end": "\r"},
    ],
    ids=["semicolons, quotes, cp1252", "tabs, UTF-16", "mark, CR"],
)
def test_rows_saved_again_are_a_duplicate_that_names_the_first(pipeline: Pipeline, form: dict):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("centro/again.csv", saved_again(**form)))
    again = pipeline.upload("centro/again.csv")
    assert (again.state, again.reason) == ("duplicate", "same_rows")
    assert again.first_upload_id == pipeline.upload("centro/a.csv").id
    assert again.params["filename"] == "a.csv"
    assert pipeline.revenue() == COUNTED


def test_who_sent_the_rows_again_is_told(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("centro/again.csv", saved_again()))
    told = [e for body in pipeline.transport.held("notify") for e in from_message(body).events]
    again = pipeline.upload("centro/again.csv").id
    assert UploadDuplicated(client=pipeline.client, upload=again) in told


def test_numbers_written_otherwise_are_the_same_rows(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    again = ROWS.replace(b"3.50", b"3.5").replace(b"4.25", b"4.2500")
    pipeline.settle(pipeline.put("centro/again.csv", again))
    assert pipeline.upload("centro/again.csv").state == "duplicate"


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"4.25", b"4.26"), (b"soon", b"later"), (b"green tea", b"tea"), (b"tea,2", b",2")],
    ids=["an amount", "a rejected row", "a product", "a cell that became empty"],
)
def test_any_other_cell_makes_other_rows(pipeline: Pipeline, old: bytes, new: bytes):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("centro/b.csv", saved_again(ROWS.replace(old, new, 1))))
    assert pipeline.upload("centro/b.csv").state == "stored"


def test_the_same_rows_of_another_branch_are_its_own(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("norte/a.csv", saved_again()))
    assert pipeline.states() == {"centro/a.csv": ["stored"], "norte/a.csv": ["stored"]}
    assert pipeline.revenue() == 2 * COUNTED


def test_whichever_is_read_first_the_one_stored_first_counts(pipeline: Pipeline):
    bodies = [ROWS, saved_again(), saved_again(delimiter="\t")]
    reports = []
    for order in permutations(range(3)):
        events = [pipeline.put(f"centro/{n}.csv", body) for n, body in enumerate(bodies)]
        for number in order:
            pipeline.settle(events[number])
        states = {key: states[-1] for key, states in pipeline.states().items()}
        assert states == {
            "centro/0.csv": "stored",
            "centro/1.csv": "duplicate",
            "centro/2.csv": "duplicate",
        }
        reports.append(pipeline.report())
        pipeline.settle(*(pipeline.delete(f"centro/{n}.csv") for n in range(3)))
        assert pipeline.report() is None
    assert all(report == reports[0] for report in reports)


def test_without_the_first_the_rows_still_count_once(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("centro/again.csv", saved_again()))
    pipeline.settle(pipeline.delete("centro/a.csv"))
    assert pipeline.revenue() == COUNTED
    pipeline.settle(pipeline.delete("centro/again.csv"))
    assert pipeline.report() is None


def test_saved_over_its_own_key_it_counts_once(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", ROWS))
    pipeline.settle(pipeline.put("centro/a.csv", saved_again()))
    assert pipeline.states() == {"centro/a.csv": ["superseded", "duplicate"]}
    assert pipeline.revenue() == COUNTED


def test_files_without_rows_are_not_the_same(pipeline: Pipeline):
    pipeline.settle(pipeline.put("centro/a.csv", csv()))
    pipeline.settle(pipeline.put("centro/b.csv", csv() + b"\n"))
    assert pipeline.states() == {"centro/a.csv": ["stored"], "centro/b.csv": ["stored"]}
