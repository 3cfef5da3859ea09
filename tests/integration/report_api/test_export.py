"""A segment's customers as a file that a spreadsheet opens."""

import csv
import io

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from common.postgres import Postgres
from functions.report_api.repository import ExportCutShortError, Repository
from tests.integration.report_api.conftest import bearer
from tests.shops import FORMULA, SEGMENTATION, Shop

pytestmark = pytest.mark.integration


def export(web: TestClient, shop: Shop, segment: str = "champions", **query: str) -> bytes:
    answer = web.get(
        shop.path(f"/segments/{segment}/customers.csv"),
        params=query,
        headers=bearer(shop.analyst),
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith("attachment;")
    return answer.content


def test_every_customer_is_listed_with_the_stamp_of_its_segmentation(web: TestClient, shop: Shop):
    rows = list(csv.DictReader(io.StringIO(export(web, shop).decode())))
    by_id = {row["customer_id"]: row for row in rows}
    assert set(by_id) == {"007123", f"'{FORMULA}", "Zoë"}
    assert by_id["Zoë"] == {
        "customer_id": "Zoë",
        "segment": "Champions",
        "recency_days": "6",
        "orders": "3",
        "spend": "100.10",
        "average_ticket": "33.37",
        "first_day": "2025-01-02",
        "last_day": "2026-03-25",
        "segmentation": SEGMENTATION,
        "as_of": "2026-03-31",
    }


def test_both_views_can_be_exported(web: TestClient, shop: Shop):
    assert len(export(web, shop, "regulars").splitlines()) == 4


def test_a_spanish_spreadsheet_gets_semicolons_commas_and_a_mark(web: TestClient, shop: Shop):
    content = export(web, shop, bom="1", delimiter=";", lang="es")
    assert content.startswith(b"\xef\xbb\xbfcustomer_id;segment;")
    assert "Zoë;Campeones;6;3;100,10;33,37;" in content.decode()


def test_a_long_list_is_whole_over_many_pages(web: TestClient, shop: Shop, app: Postgres):
    with app.transaction(shop.client) as connection:
        connection.execute(
            text("""
                INSERT INTO assignments (client_id, segmentation_id, customer_id, rfm_segment,
                    orders, spend)
                SELECT :c, :s, 'n' || n, 'champions', 0, 0 FROM generate_series(1, 12000) n
            """),
            {"c": shop.client, "s": SEGMENTATION},
        )
    ids = [line.split(b",")[0] for line in export(web, shop).splitlines()[1:]]
    assert len(ids) == len(set(ids)) == 12_003


def test_a_list_that_was_cut_short_does_not_look_complete(shop: Shop, app: Postgres):
    repository = Repository(app)
    segment = repository.exported_segment(shop.client, "champions")
    with app.transaction(shop.client) as connection:
        connection.execute(text("DELETE FROM segmentations"))
    with pytest.raises(ExportCutShortError):
        list(repository.assignments(shop.client, segment))


def test_only_segments_of_the_current_segmentation_are_listed(
    web: TestClient, shop: Shop, app: Postgres
):
    with app.transaction(shop.client) as connection:
        connection.execute(text("UPDATE clients SET segmentation_id = NULL"))
    answer = web.get(shop.path("/segments/champions/customers.csv"), headers=bearer(shop.analyst))
    assert answer.status_code == 404
