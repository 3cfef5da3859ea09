"""What goes wrong is said in words, with every header, and without what nobody should read."""

import json

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient
from structlog.testing import CapturingLogger

from common.postgres import Postgres
from common.settings import Settings
from functions.report_api import app
from functions.report_api.__main__ import build
from functions.report_api.repository import Repository
from tests.integration.report_api.conftest import bearer
from tests.shops import Shop

pytestmark = pytest.mark.integration


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> CapturingLogger:
    """What the application logs."""
    logger = CapturingLogger()
    monkeypatch.setattr(app, "log", logger)
    return logger


def test_a_mistake_of_ours_has_a_reference_and_shows_no_innards(
    web: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch, logged: CapturingLogger
):
    def fail(*_: object) -> None:
        raise ZeroDivisionError("secret innards")

    monkeypatch.setattr(Repository, "client", fail)
    answer = web.get(shop.path(), headers=bearer(shop.owner))
    body = answer.json()

    assert (answer.status_code, body["code"]) == (500, "internal_error")
    assert body["params"]["reference"] in body["detail"]
    assert "innards" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    assert body["params"]["reference"] in str(logged.calls)


def test_without_postgres_it_says_when_to_come_back(settings: Settings, shop: Shop):
    away = SecretStr("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    with TestClient(build(settings.model_copy(update={"postgres_app_url": away}))) as web:
        answer = web.get(shop.path(), headers=bearer(shop.owner))
        page = web.get("/sign-in", params={"token": shop.owner}, headers={"Accept": "text/html"})
        ready = web.get("/readyz")
        assert web.get("/livez").status_code == 200
    assert (answer.status_code, answer.json()["code"]) == (503, "server_away")
    assert answer.headers["retry-after"] == "5"
    assert page.status_code == 503
    assert "not answering" in page.text
    assert (ready.status_code, ready.json()["servers"]["postgres"]) == (503, "down")


def test_readiness_tells_anybody_that_something_waits_and_nobody_of_whom(
    web: TestClient, settings: Settings
):
    told = {"code": "reconcile_too_many_of_client", "params": {"client": "acme", "missing": 7}}
    runtime = Postgres(settings.postgres_runtime_url)
    hold = text("""
        INSERT INTO reconcile_cursor (bucket, held_back) VALUES ('another', CAST(:held AS jsonb))
        ON CONFLICT (bucket) DO UPDATE SET held_back = excluded.held_back
    """)
    runtime.execute(hold, {"held": json.dumps(told)})
    answer = web.get("/readyz")
    runtime.execute(hold, {"held": None})
    runtime.close()

    assert answer.json()["held_back"] == ["reconcile_too_many_of_client"]
    assert web.get("/readyz").json()["held_back"] == []


def test_a_body_that_is_too_long_is_not_read(web: TestClient, shop: Shop):
    def endless():
        for _ in range(100):
            yield b" " * 10_000

    for path in (shop.path("/uploads"), "/sign-in"):
        kind = "application/x-www-form-urlencoded" if path == "/sign-in" else "application/json"
        answer = web.post(
            path, content=endless(), headers=bearer(shop.owner, **{"Content-Type": kind})
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"[]", b'{"branch": 1}', b"\xff"])
def test_what_is_no_request_is_refused_by_its_fields_never_its_values(
    web: TestClient, shop: Shop, content: bytes
):
    headers = bearer(shop.owner, **{"Content-Type": "application/json"})
    answer = web.post(shop.path("/uploads"), content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= {"type", "title", "status", "code", "detail", "params"}


def test_an_address_that_is_none_is_a_page_for_people_and_links_only_to_us(web: TestClient):
    answer = web.get("//elsewhere.example/x", headers={"Accept": "text/html", "Host": "testserver"})
    assert answer.status_code == 404
    assert 'href="//' not in answer.text


def test_no_log_line_holds_a_token(web: TestClient, shop: Shop, logged: CapturingLogger):
    web.get("/sign-in", params={"token": shop.owner})
    web.get(shop.path("/report"), headers=bearer(shop.owner))
    lines = [call.kwargs for call in logged.calls]
    assert {"path": shop.path("/report"), "client": shop.client}.items() <= lines[-1].items()
    assert shop.owner not in str(logged.calls)
