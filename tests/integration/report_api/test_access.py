"""Who may see what: another client's thing, an unknown one and one not allowed are one answer."""

import hashlib

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from common.postgres import Postgres
from functions.report_api.accounts import authenticate, create_user, save_client
from functions.report_api.schemas import NewClient
from tests.integration.report_api.conftest import bearer
from tests.shops import Shop

pytestmark = pytest.mark.integration

HERE = {"Sec-Fetch-Site": "same-origin"}
THERE = {"Sec-Fetch-Site": "cross-site"}
LINK = {"branch": "centro", "filename": "a.csv", "size": 10}

# method, path below the client, body -> status for owner, analyst, uploader
MATRIX = [
    ("GET", "", None, (200, 200, 200)),
    ("PATCH", "", {"row_policy": "good_rows"}, (200, 404, 404)),
    ("GET", "/report", None, (200, 200, 404)),
    ("GET", "/jobs/3", None, (200, 200, 404)),
    ("GET", "/uploads", None, (200, 200, 200)),
    ("GET", "/uploads/up-whole", None, (200, 200, 200)),
    ("GET", "/uploads/up-partly/rejected.csv", None, (200, 200, 200)),
    ("POST", "/uploads/up-asked/mapping", {"date_order": "dmy"}, (202, 409, 409)),
    ("GET", "/branches/centro/profile", None, (200, 200, 200)),
    ("PUT", "/branches/centro/profile", {"date_order": "dmy"}, (200, 404, 404)),
    ("POST", "/uploads", LINK, (201, 201, 201)),
    ("GET", "/segments/champions/customers.csv", None, (200, 200, 404)),
    ("GET", "/notices", None, (200, 200, 200)),
    ("POST", "/replays", {"dry_run": True}, (200, 404, 404)),
    ("GET", "/replays/run-CLIENT", None, (200, 404, 404)),
    ("DELETE", "/replays/run-CLIENT", None, (200, 404, 404)),
    ("GET", "/parked", None, (200, 404, 404)),
    ("GET", "/parked/parked-CLIENT", None, (200, 404, 404)),
    ("POST", "/parked/parked-CLIENT/replay", None, (200, 404, 404)),
    ("POST", "/parked/parked-CLIENT/discard", None, (200, 404, 404)),
]


def test_every_route_of_a_client_has_its_row(web: TestClient):
    routes = web.get("/openapi.json").json()["paths"]
    asked = {
        (method.upper(), path.removeprefix("/clients/{client}"))
        for path, methods in routes.items()
        if path.startswith("/clients/")
        for method in methods
    }
    named = {"/jobs/3": "/jobs/{data_version}", "/uploads/up-whole": "/uploads/{upload_id}"}
    named["/uploads/up-partly/rejected.csv"] = "/uploads/{upload_id}/rejected.csv"
    named["/uploads/up-asked/mapping"] = "/uploads/{upload_id}/mapping"
    named["/branches/centro/profile"] = "/branches/{branch}/profile"
    named["/segments/champions/customers.csv"] = "/segments/{segment_id}/customers.csv"
    named["/replays/run-CLIENT"] = "/replays/{run_id}"
    for rest in ("", "/replay", "/discard"):
        named[f"/parked/parked-CLIENT{rest}"] = f"/parked/{{parked_id}}{rest}"
    assert asked == {(method, named.get(path, path)) for method, path, _, _ in MATRIX}


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: " ".join(row[:2]))
def test_each_role_sees_what_it_should(web: TestClient, shop: Shop, other_shop: Shop, row: tuple):
    method, path, body, statuses = row
    mine, others = (path.replace("CLIENT", each.client) for each in (shop, other_shop))
    absent = web.get("/clients/no-such-client/report", headers=bearer(shop.owner))
    for token, status in zip((shop.owner, shop.analyst, shop.uploader), statuses, strict=True):
        answer = web.request(method, shop.path(mine), json=body, headers=bearer(token))
        assert answer.status_code == status
        if status == 404:
            assert answer.content == absent.content

    foreign = web.request(method, other_shop.path(others), json=body, headers=bearer(shop.owner))
    assert (foreign.status_code, foreign.content) == (404, absent.content)
    if others != mine:  # another client's thing, asked for among one's own
        hidden = web.request(method, shop.path(others), json=body, headers=bearer(shop.owner))
        assert (hidden.status_code, hidden.content) == (404, absent.content)
    nobody = web.request(method, shop.path(mine), json=body)
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path", ["/uploads/nothing", "/uploads/%00", "/segments/nothing/customers.csv", "/nothing"]
)
def test_what_is_not_there_is_told_as_what_is_another_clients(
    web: TestClient, shop: Shop, other_shop: Shop, path: str
):
    unknown = web.get(shop.path(path), headers=bearer(shop.owner))
    foreign = web.get(other_shop.path("/report"), headers=bearer(shop.owner))
    assert (unknown.status_code, unknown.content) == (404, foreign.content)
    assert unknown.headers["content-type"] == "application/problem+json"


def test_lists_hold_only_ones_own(web: TestClient, shop: Shop, other_shop: Shop):
    uploads = web.get(shop.path("/uploads"), headers=bearer(shop.owner)).json()["uploads"]
    assert {upload["key"].split("/")[0] for upload in uploads} == {shop.client}
    exported = web.get(
        shop.path("/segments/champions/customers.csv"), headers=bearer(shop.owner)
    ).text
    assert len(exported.splitlines()) == 1 + 3


@pytest.mark.parametrize(
    "token",
    [
        "",
        "dc_",
        "dc_acme",
        "dc__x",
        "xx_acme_secret",
        "dc_ACME_x",
        "dc_acme'--_x",
        "dc_é_x",
        "x" * 300,
    ],
)
def test_what_is_no_token_signs_nobody_in(app: Postgres, token: str):
    assert authenticate(app, token) is None


def test_a_token_is_only_kept_as_its_hash_and_can_be_revoked(app: Postgres, shop: Shop):
    assert authenticate(app, shop.owner) is not None
    assert authenticate(app, shop.owner + "x") is None
    with app.transaction(shop.client) as connection:
        kept = connection.execute(text("SELECT token_hash FROM api_tokens")).scalars().all()
        connection.execute(text("UPDATE api_tokens SET revoked_at = now()"))
    assert len(kept) == 3
    assert hashlib.sha256(shop.owner.encode()).hexdigest() in kept
    assert authenticate(app, shop.owner) is None


def test_a_token_with_anothers_client_in_it_signs_nobody_in(
    app: Postgres, shop: Shop, other_shop: Shop
):
    secret = shop.owner.removeprefix(f"dc_{shop.client}_")
    assert authenticate(app, f"dc_{other_shop.client}_{secret}") is None


def test_a_client_made_twice_is_one_client_with_the_branches_of_both(app: Postgres, client_id: str):
    tokens = set()
    for name, branch in (("First", "centro"), ("Second", "norte")):
        save_client(app, NewClient(id=client_id, name=name, branches={branch: branch}))
        tokens.add(create_user(app, client=client_id, user="owner", name=name, role="owner"))
    with app.transaction(client_id) as connection:
        names = connection.execute(text("SELECT name FROM clients")).scalars().all()
        branches = connection.execute(text("SELECT id FROM branches ORDER BY id")).scalars().all()
    assert (names, branches) == (["First"], ["centro", "norte"])
    assert len(tokens) == 2
    assert all(authenticate(app, token) for token in tokens)


def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(web: TestClient, shop: Shop):
    for path in (shop.path(), shop.path("/uploads"), "/livez", "/sign-in", "/nothing"):
        headers = web.get(path, headers=bearer(shop.owner)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]


def test_the_cookie_reads_and_writes_only_from_our_own_page(web: TestClient, shop: Shop):
    web.cookies.set("datacore_token", shop.owner)
    own = str(web.base_url)
    assert web.get(shop.path("/report")).status_code == 200
    for headers, status in (
        ({}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": own, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": own}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ):
        answer = web.post(shop.path("/uploads"), json=LINK, headers=headers)
        assert answer.status_code == status, headers


def test_a_token_in_the_address_leaves_it_at_once(web: TestClient, shop: Shop):
    answer = web.get("/sign-in", params={"token": shop.owner}, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert web.get("/").status_code == 200
    web.post("/sign-out", headers=HERE)
    assert web.get("/", follow_redirects=False).headers["location"] == "/sign-in"


def test_who_signs_in_comes_to_the_file_that_was_wanted(web: TestClient, shop: Shop):
    page = web.get("/files/up-partly")
    assert str(page.url.path) == "/sign-in"
    assert 'name="wanted" value="/files/up-partly"' in page.text
    assert "/sign-in?wanted=%2Ffiles%2Fup-partly&amp;lang=es" in page.text
    for token, status in (("dc_acme_wrong", 401), (shop.owner, 303)):
        sent = {"token": token, "wanted": "/files/up-partly"}
        own = {"Sec-Fetch-Site": "same-origin"}
        answer = web.post("/sign-in", data=sent, headers=own, follow_redirects=False)
        assert answer.status_code == status
    assert answer.headers["location"] == "/files/up-partly"


@pytest.mark.parametrize(
    "wanted",
    ["https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "/sign-out", ""],
)
def test_signing_in_leads_nowhere_else(web: TestClient, shop: Shop, wanted: str):
    sent = {"token": shop.owner, "wanted": wanted}
    answer = web.get("/sign-in", params=sent, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_a_person_who_is_signed_out_is_shown_the_way_in(web: TestClient):
    answer = web.post("/send", data={"branch": "centro"}, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "You are signed out" in answer.text
    assert 'href="/sign-in"' in answer.text
    assert "Bearer" not in answer.text


def test_a_wrong_token_is_asked_for_again(web: TestClient):
    for answer in (
        web.post("/sign-in", data={"token": "dc_acme_wrong"}, headers=HERE),
        web.get("/sign-in", params={"token": "dc_acme_wrong"}),
        web.get("/sign-in", params={"token": "dc_acme_wrong"}, headers=THERE),
    ):
        assert answer.status_code == 401
        assert "signs nobody in" in answer.text
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_who_is_led_here_by_another_site_signs_in_only_by_a_button(
    web: TestClient, shop: Shop, site: str
):
    led = {"Sec-Fetch-Site": site, "Accept": "text/html"}
    page = web.get("/sign-in", params={"token": shop.owner}, headers=led)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert "Another site led you here" in page.text
    assert f'name="token" value="{shop.owner}"' in page.text
    answer = web.post("/sign-in", data={"token": shop.owner}, headers=HERE, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize(
    "headers", [{}, {"Sec-Fetch-Site": "none"}, {"Sec-Fetch-Site": "same-origin"}]
)
def test_who_opens_a_link_from_a_terminal_is_signed_in_at_once(
    web: TestClient, shop: Shop, headers: dict[str, str]
):
    link = {"token": shop.owner}
    answer = web.get("/sign-in", params=link, headers=headers, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_another_site_signs_nobody_in_or_out(web: TestClient, shop: Shop, path: str):
    for headers in ({}, THERE, {"Origin": "null"}, {"Origin": "https://elsewhere.example"}):
        answer = web.post(path, data={"token": shop.owner}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
    own = {"Origin": str(web.base_url)}
    answer = web.post(path, data={"token": shop.owner}, headers=own, follow_redirects=False)
    assert answer.status_code == 303


def test_only_an_owner_decides_what_becomes_of_bad_rows(web: TestClient, shop: Shop):
    wish = {"row_policy": "all_or_nothing"}
    for token in (shop.analyst, shop.uploader):
        assert web.patch(shop.path(), json=wish, headers=bearer(token)).status_code == 404
    assert web.get(shop.path(), headers=bearer(shop.owner)).json()["row_policy"] == "good_rows"
    answer = web.patch(shop.path(), json=wish, headers=bearer(shop.owner))
    assert (answer.status_code, answer.json()["row_policy"]) == (200, "all_or_nothing")
    assert web.get(shop.path(), headers=bearer(shop.owner)).json()["row_policy"] == "all_or_nothing"
    wrong = web.patch(shop.path(), json={"row_policy": "some"}, headers=bearer(shop.owner))
    assert wrong.status_code == 422
