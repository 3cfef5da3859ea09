"""The report: found by one read, cached under a name that says all, right without the cache."""

from decimal import Decimal

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from common.postgres import Postgres
from common.settings import Settings
from functions.report_api.__main__ import build
from tests.integration.report_api.conftest import bearer
from tests.shops import ANONYMOUS, SEGMENTATION, Shop, add_segmentation, add_upload

pytestmark = pytest.mark.integration


def report(web: TestClient, shop: Shop, **headers: str):
    return web.get(shop.path("/report"), headers=bearer(shop.owner, **headers))


def test_ready_report_says_segments_in_words_and_money_as_exact_text(web: TestClient, shop: Shop):
    body = report(web, shop).json()
    champions = body["segments"][0]

    assert body["state"] == "ready"
    assert (body["segmentation"], body["as_of"], body["currency"]) == (
        SEGMENTATION,
        "2026-03-31",
        "EUR",
    )
    assert champions["name"] == "Champions"
    assert champions["revenue"] == "186420.50"
    assert "9.4 orders each" in champions["sentence"]
    assert champions["rule"] == [champions["rule"][0]]
    assert body["habits"]["sentence"].startswith("3 groups of customers")
    assert {segment["view"] for segment in body["segments"]} == {"rfm", "habits"}


def test_segments_and_anonymous_purchases_add_up_to_all_revenue(web: TestClient, shop: Shop):
    body = report(web, shop).json()
    of_segments = sum(
        Decimal(segment["revenue"]) for segment in body["segments"] if segment["view"] == "rfm"
    )
    assert of_segments + ANONYMOUS == Decimal(body["totals"]["revenue"])


def test_contributions_are_counted_plus_replaced(web: TestClient, shop: Shop):
    (part,) = report(web, shop).json()["contributions"]
    assert part["counted_rows"] + part["replaced_rows"] == part["accepted_rows"]
    amounts = (Decimal(part["counted_amount"]), Decimal(part["replaced_amount"]))
    assert sum(amounts) == Decimal(part["accepted_amount"])


@pytest.mark.parametrize(
    ("query", "accepts", "name"),
    [
        ("?lang=es", "en", "Campeones"),
        ("", "es-MX,es;q=0.9,en;q=0.8", "Campeones"),
        ("", "en;q=0.2, es;q=0.7", "Campeones"),
        ("?lang=xx", "de, fr", "Champions"),
    ],
)
def test_language_is_the_one_asked_for_else_the_browsers_else_the_users(
    web: TestClient, shop: Shop, query: str, accepts: str, name: str
):
    headers = bearer(shop.owner, **{"Accept-Language": accepts})
    body = web.get(shop.path(f"/report{query}"), headers=headers).json()
    assert body["segments"][0]["name"] == name


def test_a_known_report_is_not_sent_again(web: TestClient, shop: Shop):
    first = report(web, shop)
    again = report(web, shop, **{"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_another_language_or_segmentation_is_another_report(
    web: TestClient, shop: Shop, app: Postgres
):
    english = report(web, shop).headers["etag"]
    spanish = report(web, shop, **{"Accept-Language": "es"}).headers["etag"]
    with app.transaction(shop.client) as connection:
        add_segmentation(connection, shop.client, "next")
    assert len({english, spanish, report(web, shop).headers["etag"]}) == 3


def test_old_report_stays_while_a_newer_one_is_computed(web: TestClient, shop: Shop, app: Postgres):
    assert "datacore-updating" not in report(web, shop).headers
    with app.transaction(shop.client) as connection:
        connection.execute(
            text("UPDATE clients SET data_version = 4 WHERE id = :c"), {"c": shop.client}
        )
    updating = report(web, shop)

    assert (updating.status_code, updating.json()["state"]) == (200, "ready")
    assert updating.headers["datacore-updating"] == "true"
    job = web.get(shop.path("/jobs/4"), headers=bearer(shop.owner)).json()
    assert job == {"state": "computing", "data_version": 4, "segmented_version": 3}


def test_without_files_there_is_no_data(web: TestClient, empty_shop: Shop):
    answer = report(web, empty_shop)
    assert (answer.status_code, answer.json()) == (200, {"state": "no_data"})


def test_first_file_being_read_is_a_job_to_come_back_for(
    web: TestClient, empty_shop: Shop, app: Postgres
):
    with app.transaction(empty_shop.client) as connection:
        add_upload(connection, empty_shop.client, id="first", state="reading")
    answer = report(web, empty_shop)

    href = empty_shop.path("/jobs/1")
    assert answer.status_code == 202
    assert answer.json() == {"state": "computing", "job": {"data_version": 1, "href": href}}
    assert (answer.headers["location"], answer.headers["retry-after"]) == (href, "1")
    job = web.get(href, headers=bearer(empty_shop.owner))
    assert job.json()["state"] == "computing"


def test_a_job_that_nothing_will_ever_finish_is_not_there(web: TestClient, empty_shop: Shop):
    answer = web.get(empty_shop.path("/jobs/1"), headers=bearer(empty_shop.owner))
    assert answer.status_code == 404


def test_without_redis_the_report_is_the_same(settings: Settings, shop: Shop):
    nowhere = settings.model_copy(update={"redis_url": SecretStr("redis://127.0.0.1:1/0")})
    with TestClient(build(settings)) as cached, TestClient(build(nowhere)) as uncached:
        assert report(uncached, shop).json() == report(cached, shop).json()
        ready = uncached.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["servers"] == {"postgres": "up", "mongo": "up", "redis": "down"}


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe not JSON",
        b"null",
        b"[]",
        b'"text"',
        b'{"client": "%(client)s"}',
        b'{"client": "%(client)s", "body": {"name": "another", "report": {"state": "ready"}}}',
        b'{"client": "somebody-else", "body": {"state": "ready"}}',
    ],
)
def test_garbage_in_redis_is_as_good_as_nothing(
    web: TestClient, shop: Shop, settings: Settings, garbage: bytes
):
    truth = report(web, shop).json()
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as server:
        keys = list(server.scan_iter(f"*{shop.client}*"))
        for key in keys:
            server.set(key, garbage.replace(b"%(client)s", shop.client.encode()))
    assert len(keys) == 1
    assert report(web, shop).json() == truth


def test_the_second_read_comes_out_of_redis(
    web: TestClient, shop: Shop, app: Postgres, settings: Settings
):
    truth = report(web, shop).json()
    with app.transaction(shop.client) as connection:
        connection.execute(
            text("UPDATE segments SET customers = 0 WHERE client_id = :c"), {"c": shop.client}
        )
    assert report(web, shop).json() == truth
