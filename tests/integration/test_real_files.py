"""Real exports, through ingest and cluster on the real servers."""

import random
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from common.postgres import Postgres
from common.settings import Settings
from tests.conftest import create_client
from tests.integration.pipeline import Pipeline, running

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not there"),
]

ONLINE_RETAIL = DATA / "online_retail" / "online_retail_excel_latin1.csv"
BYDAY = DATA / "online_retail_byday_5days"


@pytest.fixture
def pipeline(settings: Settings, client: str) -> Iterator[Pipeline]:
    yield from running(settings, client)


@pytest.fixture(scope="module")
def whole(settings: Settings) -> Iterator[Pipeline]:
    """Online Retail, uploaded whole."""
    app = Postgres(settings.postgres_app_url)
    client = create_client(app, f"retail-{random.randrange(1 << 40):x}")
    app.close()
    for pipeline in running(settings, client):
        pipeline.settle(pipeline.put("centro/online_retail.csv", ONLINE_RETAIL.read_bytes()))
        yield pipeline


def report(pipeline: Pipeline) -> dict[str, Any]:
    """Return the report without what names the files it came from."""
    found = pipeline.report()
    assert found is not None
    return found


def test_online_retail_is_read_to_the_last_row_and_penny(whole: Pipeline):
    (dataset,) = whole.rows("SELECT * FROM datasets")
    assert dataset.rows_in == dataset.accepted == 541_909
    assert dataset.anonymous == 135_080
    assert dataset.quantity == 5_176_450
    assert dataset.amount == Decimal("9747747.934")
    assert dataset.understanding["date_order"] == "mdy"
    assert dataset.understanding["date_order_settled_by"] == "column"
    totals = report(whole)["summary"]["totals"]
    assert totals["customers"] == 4_372
    assert Decimal(totals["revenue"]) == Decimal("9747747.934")
    assert totals["counted_rows"] == 541_909


def test_customers_with_returns_only_are_no_purchasers(whole: Pipeline):
    (row,) = whole.rows(
        "SELECT count(*) AS customers, count(*) FILTER (WHERE spend <= 0) AS nothing_kept"
        " FROM assignments WHERE rfm_segment = 'no_purchase'"
        " AND segmentation_id = (SELECT segmentation_id FROM clients)"
    )
    # 33 have nothing but returns; the others gave every order back.
    assert row.customers >= 33
    assert row.nothing_kept >= 33


@pytest.mark.parametrize("seed", [1, 2])
def test_cut_anywhere_and_uploaded_in_any_order_it_is_the_same_report(
    pipeline: Pipeline, whole: Pipeline, seed: int
):
    lines = ONLINE_RETAIL.read_bytes().splitlines(keepends=True)
    header, rows = lines[0], lines[1:]
    rng = random.Random(seed)
    # One cut just before the first day above 12: that part alone cannot tell its date order.
    cuts = sorted({26_000, *rng.sample(range(1, len(rows)), 4), *range(300_000, 300_004)})
    edges = [0, *cuts, len(rows)]
    parts = [header + b"".join(rows[start:end]) for start, end in pairwise(edges)]
    numbered = list(enumerate(parts))
    rng.shuffle(numbered)
    for number, part in numbered:
        pipeline.settle(pipeline.put(f"centro/part{number}.csv", part))
    assert set(map(tuple, pipeline.states().values())) == {("stored",)}
    expected = report(whole)
    found = report(pipeline)
    assert found["summary"]["totals"] == expected["summary"]["totals"]
    assert found == expected


def test_day_files_in_any_order_are_one_report(settings: Settings, app: Postgres, client_id: str):
    files = sorted(BYDAY.glob("*.csv"))
    reports = []
    for number, order in enumerate((files, files[::-1], [files[i] for i in (2, 0, 4, 1, 3)])):
        client = create_client(app, f"{client_id}-{number}")
        for pipeline in running(settings, client):
            for file in order:
                pipeline.settle(pipeline.put(f"centro/{file.name}", file.read_bytes()))
            reports.append(report(pipeline))
    assert reports[0] == reports[1] == reports[2]
    assert reports[0]["summary"]["totals"]["customers"] > 0


def test_spanish_headers_and_decimal_commas(pipeline: Pipeline):
    body = (DATA / "ventas_por_factura_es" / "ventas-por-factura.csv").read_bytes()
    pipeline.settle(pipeline.put("centro/ventas.csv", body))
    (dataset,) = pipeline.rows("SELECT * FROM datasets")
    assert dataset.rows_in == dataset.accepted == 25_953
    assert dataset.anonymous == 3_724
    assert dataset.understanding["decimal_mark"] == ","
    assert dataset.understanding["date_order"] == "mdy"
    assert report(pipeline)["summary"]["totals"]["customers"] == 4_372


def test_a_byte_order_mark_and_days_first(pipeline: Pipeline):
    body = (DATA / "superstore_en" / "Sample - Superstore.csv").read_bytes()
    pipeline.settle(pipeline.put("centro/superstore.csv", body))
    (dataset,) = pipeline.rows("SELECT * FROM datasets")
    assert dataset.rows_in == dataset.accepted == 10_194
    assert dataset.understanding["date_order"] == "dmy"
    assert report(pipeline)["summary"]["totals"]["customers"] == 804


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("supermarket_sales/supermarket_sales - Sheet1.csv", "no_customer"),
        ("mall/Mall_Customers.csv", "customer_list"),
    ],
)
def test_what_is_no_purchase_list_is_refused_with_the_reason(
    pipeline: Pipeline, name: str, reason: str
):
    pipeline.settle(pipeline.put("centro/a.csv", (DATA / name).read_bytes()))
    upload = pipeline.upload("centro/a.csv")
    assert upload.state == "rejected"
    assert upload.reason == reason
    assert upload.params["found"]
