"""Uploads: each state in words, links that put one file, and known bytes told before they come."""

import json

import pytest
import urllib3
from sqlalchemy import text
from starlette.testclient import TestClient

from common import frame
from common.mongo import Mongo
from common.postgres import Postgres
from common.purchase_files import PURCHASE_ENDINGS, is_purchase_file
from common.settings import Settings
from tests.integration.report_api.conftest import bearer
from tests.shops import KNOWN_SHA256, NOON, Shop, add_upload

pytestmark = pytest.mark.integration


def uploads(web: TestClient, shop: Shop, query: str = "") -> dict:
    return web.get(shop.path(f"/uploads{query}"), headers=bearer(shop.uploader)).json()


def ask(web: TestClient, shop: Shop, **wanted: object):
    body = {"branch": "centro", "filename": "Ventas de Mayo.CSV", "size": 20, **wanted}
    return web.post(shop.path("/uploads"), json=body, headers=bearer(shop.uploader))


def test_each_state_is_said_in_words(web: TestClient, shop: Shop):
    said = {each["id"]: each["sentence"] for each in uploads(web, shop)["uploads"]}
    assert said["up-reading"] == "Being read now."
    assert said["up-partly"] == "12,412 of 12,424 rows are in; 12 need you."
    assert said["up-whole"] == "All 8,230 rows are in."
    assert said["up-duplicate"].startswith(
        "You already uploaded this file on Apr 1, 2026 as ventas_abril.csv."
    )
    assert said["up-rejected"].startswith("There is no branch “sur”.")
    assert said["up-parked"].endswith("Reference 7F3A.")
    assert said["up-empty"].startswith("The file holds no purchases")
    assert said["up-removed"].startswith("It was deleted")


def test_the_balance_closes_and_a_duplicate_has_none(web: TestClient, shop: Shop):
    found = {each["id"]: each["balance"] for each in uploads(web, shop)["uploads"]}
    balance = found["up-partly"]
    parts = (balance[name] for name in ("accepted", "rejected", "left_out", "blank", "repeated"))
    assert balance["rows_in"] == sum(parts)
    assert (balance["amount"], balance["first_day"]) == ("498787.75", "2026-03-01")
    assert found["up-duplicate"] is None


def test_only_uploads_of_the_states_that_are_named_are_listed(web: TestClient, shop: Shop):
    every = uploads(web, shop)["uploads"]
    wanted = {"parked", "needs_answer"}
    found = uploads(web, shop, "?state=parked&state=needs_answer")["uploads"]
    assert [one["id"] for one in found] == [one["id"] for one in every if one["state"] in wanted]
    assert {one["state"] for one in found} == wanted
    wrong = web.get(shop.path("/uploads?state=lost"), headers=bearer(shop.uploader))
    assert wrong.status_code == 422


def test_pages_follow_each_other_without_gap_or_repeat(web: TestClient, shop: Shop, app: Postgres):
    with app.transaction(shop.client) as connection:  # the same store time: the id decides
        for name in ("same-a", "same-b", "same-c"):
            add_upload(connection, shop.client, id=name, state="reading")
    whole = [each["id"] for each in uploads(web, shop)["uploads"]]
    paged, cursor = [], ""
    while cursor is not None:
        page = uploads(web, shop, f"?limit=2{cursor and f'&before={cursor}'}")
        paged += [each["id"] for each in page["uploads"]]
        cursor = page["next"]
    assert paged == whole
    assert len(whole) == 12


@pytest.mark.parametrize("cursor", ["x", "", "bm90IGEgdGltZSBpZA==", "💥"])
def test_a_cursor_that_is_none_is_refused(web: TestClient, shop: Shop, cursor: str):
    answer = web.get(shop.path("/uploads"), params={"before": cursor}, headers=bearer(shop.owner))
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_work_that_is_tried_again_says_when_and_keeps_its_innards(
    web: TestClient, shop: Shop, app: Postgres, settings: Settings
):
    runtime = Postgres(settings.postgres_runtime_url)
    key = f"ingest:ObjectCreated:uploads/{shop.client}/centro/up-reading.csv@v-up-reading#0"
    with runtime.transaction() as connection:
        connection.execute(
            text("""
                INSERT INTO claims (work_key, event_id, function, client_id, status, owner,
                    lease_until, transient_tries, next_try, last_error)
                VALUES (:key, 'e', 'ingest', :client, 'waiting', 'w', now(), 2, :when,
                    'TransientError: MongoDB: 10.0.0.7:27017 refused')
            """),
            {"key": key, "client": shop.client, "when": NOON},
        )
    runtime.close()
    reading = uploads(web, shop)["uploads"][0]
    assert reading["waiting"]["tries"] == 2
    assert reading["waiting"]["error"] == "MongoDB"
    assert "We try again at" in reading["sentence"]


def test_rejected_rows_are_shown_with_place_and_reason(
    web: TestClient, shop: Shop, app: Postgres, settings: Settings
):
    import pyarrow as pa

    rows = [
        {
            "code": "unknown_branch",
            "row": at + 1,
            "line": at + 2,
            "column": "Importe",
            "byte_offset": 10 * at,
            "byte_length": 9,
            "raw": "x" * 200,
            "is_left_out": False,
            "cells": ["x" * 200],
            "params": json.dumps({"branch": "sur"}),
        }
        for at in range(1200)
    ]
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    chunks = list(frame.encode(pa.Table.from_pylist(rows, schema=frame.REJECTED)))
    mongo.put_chunks(shop.client, chunks)
    frame_id = mongo.put_manifest(shop.client, chunks)
    mongo.close()
    with app.transaction(shop.client) as connection:
        connection.execute(
            text(
                "UPDATE datasets SET rejected_frame_id = :f, rejected = :n, rows_in = accepted + :n"
                " + blank + repeated WHERE rejected > 0"
            ),
            {"f": frame_id, "n": len(rows)},
        )

    found = web.get(shop.path("/uploads/up-partly"), headers=bearer(shop.uploader)).json()
    first = found["rejected"][0]
    assert (found["rejected_total"], len(found["rejected"])) == (1200, 1000)
    assert (first["line"], first["column"], len(first["raw"])) == (2, "Importe", 80)
    assert "sur" in first["sentence"]
    assert found["understanding"]["delimiter"] == ";"
    web.cookies.set("datacore_token", shop.owner)
    page = web.get("/files/up-partly")
    assert "first 1,000 of 1,200" in page.text


# --- links ------------------------------------------------------------------------------------


def test_a_form_link_puts_the_file_under_a_key_of_ours(
    web: TestClient, shop: Shop, app: Postgres, settings: Settings
):
    answer = ask(web, shop)
    link = answer.json()
    client, branch, name = link["key"].split("/")
    assert answer.status_code == 201
    assert (client, branch) == (shop.client, "centro")
    assert name.endswith(".csv")

    content = b"customer,date,amount"
    sent = urllib3.request(
        "POST", link["url"], fields={**link["fields"], "file": ("x.csv", content, "text/csv")}
    )
    assert sent.status in {200, 201, 204}, sent.data
    with app.transaction(shop.client) as connection:
        row = connection.execute(text("SELECT * FROM upload_links")).one()
    assert (row.key, row.filename, row.requested_by) == (
        link["key"],
        "Ventas de Mayo.CSV",
        "uploader",
    )


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("ending", PURCHASE_ENDINGS)
def test_a_link_keeps_the_ending_by_which_ingest_knows_the_file(
    web: TestClient, shop: Shop, ending: str, method: str
):
    link = ask(web, shop, method=method, filename=f"Mayo{ending.upper()}").json()
    assert link["key"].endswith(ending)
    assert is_purchase_file(link["key"])
    if method == "PUT":
        sent = urllib3.request("PUT", link["url"], body=b"x" * 20, headers=link["headers"])
    else:
        file = ("x", b"x" * 20)
        sent = urllib3.request("POST", link["url"], fields={**link["fields"], "file": file})
    assert sent.status in {200, 201, 204}, sent.data


def test_a_form_link_takes_no_other_key(web: TestClient, shop: Shop):
    link = ask(web, shop).json()
    stolen = {**link["fields"], "key": "another-client/centro/x.csv"}
    sent = urllib3.request(
        "POST", link["url"], fields={**stolen, "file": ("x.csv", b"data", "text/csv")}
    )
    assert sent.status == 403


def test_a_put_link_puts_the_file(web: TestClient, shop: Shop):
    link = ask(web, shop, method="PUT").json()
    assert "fields" not in link
    sent = urllib3.request("PUT", link["url"], body=b"x" * 20, headers=link["headers"])
    assert sent.status == 200


def test_known_bytes_are_told_before_they_are_sent(web: TestClient, shop: Shop):
    answer = ask(web, shop, sha256=KNOWN_SHA256)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (409, "already_uploaded")
    assert body["first_upload"] == {
        "id": "up-partly",
        "filename": "ventas_abril.csv",
        "stored_at": "2026-04-01T11:00:00+00:00",
        "branch": "centro",
    }
    assert body["detail"].startswith("You already uploaded this file on Apr 1, 2026")


def test_bytes_whose_uploads_are_gone_may_come_again(web: TestClient, shop: Shop, app: Postgres):
    with app.transaction(shop.client) as connection:
        connection.execute(text("UPDATE uploads SET state = 'removed'"))
    assert ask(web, shop, sha256=KNOWN_SHA256).status_code == 201


def test_bytes_that_another_client_knows_are_new(web: TestClient, shop: Shop, empty_shop: Shop):
    assert ask(web, empty_shop, sha256=KNOWN_SHA256).status_code == 201


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"branch": "sur"}, 422, "unknown_branch"),
        ({"branch": "../x"}, 422, "unknown_branch"),
        ({"filename": "ventas.xlsx"}, 422, "not_csv"),
        ({"filename": "a\x00.csv"}, 422, "invalid_request"),
        ({"filename": "a\n.csv"}, 422, "invalid_request"),
        ({"size": 0}, 422, "empty_upload"),
        ({"size": -1}, 422, "invalid_request"),
        ({"size": 10**12}, 413, "too_large"),
        ({"sha256": "XYZ"}, 422, "invalid_request"),
        ({"method": "DELETE"}, 422, "invalid_request"),
        ({"key": "other/key.csv"}, 422, "invalid_request"),
    ],
)
def test_what_would_be_refused_later_is_refused_before_it_is_sent(
    web: TestClient, shop: Shop, wanted: dict, status: int, code: str
):
    answer = ask(web, shop, **wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["instance"] == shop.path("/uploads")
