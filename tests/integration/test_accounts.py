"""`datacore client` and `datacore user` on the real servers, and what follows from them."""

import json
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from common.postgres import Postgres
from common.replay import ReplayRuns, Wish
from common.settings import Settings
from common.texts import day
from functions.reconcile.replays import Driver
from functions.report_api.__main__ import build
from functions.report_api.accounts import authenticate
from infra.local.embedded import EmbeddedStack
from tests.integration.pipeline import Pipeline, running
from tests.integration.report_api.conftest import bearer
from tests.integration.test_recovery_commands import command, ends

pytestmark = pytest.mark.integration

# The evening of the 13th at a branch in Mexico City, the 14th in UTC.
EVENING = "1,2024-01-13T19:30:00-06:00,ana,tea,2,3.50"
INSTANTS = f"order_id,date,customer,product,quantity,unit_price\n{EVENING}\n".encode()
IN_EUROS = (
    b"order_id,date,customer,product,quantity,unit_price,currency\n"
    b"1,2026-04-01,ana,tea,2,3.50,EUR\n2,2026-04-02,bea,tea,1,3.50,EUR\n"
)
MEXICO = ("--timezone", "America/Mexico_City")


@pytest.fixture(autouse=True)
def addresses(stack: EmbeddedStack) -> None:
    """Have the home know its addresses, as `datacore up` does."""
    stack.home.remember_addresses(api_url=stack.api_url, s3_url=stack.s3_url)


@pytest.fixture
def pipeline(settings: Settings, client_id: str) -> Iterator[Pipeline]:
    yield from running(settings, client_id)


def account(stack: EmbeddedStack, client: str, *words: str) -> dict:
    """Run `datacore client`, and return what it printed."""
    return json.loads(ends(command(stack, "client", client, *words, "--json", by_home=True)))


def relay(pipeline: Pipeline) -> None:
    """Send what waits in the outbox, as any worker does; what other tests left is not ours."""

    def publish(queue: str, body: bytes) -> None:
        if pipeline.client.encode() in body:
            pipeline.transport.publish(queue, body)

    pipeline._ingest._ledger.relay(publish, older_than_s=0)
    pipeline.settle()


def days(pipeline: Pipeline) -> dict[str, date]:
    """Return the last day of each file's rows, by key."""
    rows = pipeline.rows(
        "SELECT key, last_day FROM datasets JOIN uploads USING (client_id, sha256)"
    )
    return {row.key.partition("/")[2]: row.last_day for row in rows}


def bought(pipeline: Pipeline) -> dict[str, date]:
    """Return the day of each customer's last purchase, as the current report has it."""
    rows = pipeline.rows(
        "SELECT customer_id, last_day FROM assignments"
        " WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
    )
    return {row.customer_id: row.last_day for row in rows}


def test_days_are_those_of_the_branchs_own_clock(
    stack: EmbeddedStack, settings: Settings, pipeline: Pipeline
):
    token = account(stack, pipeline.client, "-b", "centro=Centro", *MEXICO)["token"]
    account(stack, pipeline.client, "-b", "norte=Norte")
    pipeline.settle(pipeline.put("centro/a.csv", INSTANTS))
    pipeline.settle(pipeline.put("norte/b.csv", INSTANTS.replace(b"ana", b"bea")))

    assert days(pipeline) == {
        "centro/a.csv": date(2024, 1, 13),
        "norte/b.csv": date(2024, 1, 14),
    }
    assert bought(pipeline) == {"ana": date(2024, 1, 13), "bea": date(2024, 1, 14)}
    with TestClient(build(settings), base_url=settings.api_public_url) as web:
        shown = web.get(f"/clients/{pipeline.client}", headers=bearer(token)).json()
    assert shown["branches"] == [
        {"id": "centro", "name": "Centro", "timezone": "America/Mexico_City"},
        {"id": "norte", "name": "Norte", "timezone": "UTC"},
    ]


def test_another_zone_is_for_files_that_are_read_from_then_on(
    stack: EmbeddedStack, settings: Settings, pipeline: Pipeline
):
    account(stack, pipeline.client, "-b", "centro")
    pipeline.settle(pipeline.put("centro/a.csv", INSTANTS))
    account(stack, pipeline.client, "-b", "centro", *MEXICO)
    account(stack, pipeline.client, "-b", "centro")  # without a word of the zone
    pipeline.settle(pipeline.put("centro/b.csv", INSTANTS.replace(b"ana", b"bea")))
    assert days(pipeline) == {
        "centro/a.csv": date(2024, 1, 14),
        "centro/b.csv": date(2024, 1, 13),
    }

    replay(pipeline, settings, is_forced=False)
    assert days(pipeline)["centro/a.csv"] == date(2024, 1, 14)
    replay(pipeline, settings, is_forced=True)
    assert days(pipeline)["centro/a.csv"] == date(2024, 1, 13)
    assert bought(pipeline) == {"ana": date(2024, 1, 13), "bea": date(2024, 1, 13)}


def test_a_duplicate_names_the_day_on_the_clock_of_the_first_ones_branch(
    stack: EmbeddedStack, settings: Settings, pipeline: Pipeline
):
    token = account(stack, pipeline.client, "-b", "isla", "--timezone", "Pacific/Kiritimati")[
        "token"
    ]
    account(stack, pipeline.client, "-b", "centro", *MEXICO)
    pipeline.settle(pipeline.put("isla/a.csv", INSTANTS))
    pipeline.settle(pipeline.put("centro/b.csv", INSTANTS))
    there = pipeline.upload("isla/a.csv").stored_at.astimezone(ZoneInfo("Pacific/Kiritimati"))
    told = f"You already uploaded this file on {day(there.date(), 'en')} as a.csv."

    assert pipeline.upload("centro/b.csv").params["when"] == there.isoformat()
    with TestClient(build(settings), base_url=settings.api_public_url) as web:
        path = f"/clients/{pipeline.client}/uploads"
        newest = web.get(path, headers=bearer(token)).json()["uploads"][0]
        wanted = {"branch": "centro", "filename": "c.csv", "size": 9, "sha256": newest["sha256"]}
        refused = web.post(path, json=wanted, headers=bearer(token)).json()
    assert newest["sentence"].startswith(told)
    assert refused["detail"].startswith(told)


def replay(pipeline: Pipeline, settings: Settings, *, is_forced: bool) -> None:
    """Have the client's files go through again, and handle what follows."""
    runtime = Postgres(settings.postgres_runtime_url)
    # A driver takes the oldest run: none shall be another test's.
    with runtime.transaction() as connection:
        connection.execute(
            text("UPDATE replay_runs SET state = 'cancelled' WHERE state = 'running'")
        )
    runs = ReplayRuns(app=pipeline.app, runtime=runtime)
    runs.start(Wish(client=pipeline.client, is_forced=is_forced), by="test")
    driver = Driver(
        runs=runs, transport=pipeline.transport, owner="test", wait=lambda _seconds: False
    )
    assert driver.drive_next()
    pipeline.settle()
    runtime.close()


def test_a_currency_is_one_however_it_is_written(stack: EmbeddedStack, pipeline: Pipeline):
    account(stack, pipeline.client, "-b", "centro", "--currency", "eur")
    pipeline.settle(pipeline.put("centro/a.csv", IN_EUROS))

    totals = pipeline.report()["summary"]["totals"]
    assert (totals["currency"], totals["customers"], totals["other_currencies"]) == ("EUR", 2, [])


def test_another_currency_has_the_segments_computed_anew(
    stack: EmbeddedStack, settings: Settings, pipeline: Pipeline
):
    token = account(stack, pipeline.client, "-b", "centro", "--currency", "MXN")["token"]
    pipeline.settle(pipeline.put("centro/a.csv", IN_EUROS))
    assert pipeline.report()["summary"]["totals"]["customers"] == 0

    account(stack, pipeline.client, "-b", "centro", "--currency", "EUR")
    with TestClient(build(settings), base_url=settings.api_public_url) as web:
        path = f"/clients/{pipeline.client}/report"
        # Sums of before are not told in the currency of after.
        assert web.get(path, headers=bearer(token)).json()["currency"] == "MXN"
        relay(pipeline)
        shown = web.get(path, headers=bearer(token)).json()
    assert (shown["currency"], shown["totals"]["customers"]) == ("EUR", 2)
    versions = pipeline.rows("SELECT currency, data_version, segmented_version FROM clients")
    assert versions == [("EUR", 2, 2)]

    account(stack, pipeline.client, "-b", "centro", "--currency", "EUR")
    account(stack, pipeline.client, "-b", "centro")
    after = pipeline.rows("SELECT currency, data_version, segmented_version FROM clients")
    assert after == versions


def test_a_client_whose_keys_are_kept_gets_no_others(stack: EmbeddedStack, pipeline: Pipeline):
    first = account(stack, pipeline.client, "-b", "centro")
    assert account(stack, pipeline.client, "-b", "norte") == first
    assert pipeline.rows("SELECT count(*) FROM api_tokens") == [(1,)]
    assert pipeline.rows("SELECT id FROM branches ORDER BY id") == [("centro",), ("norte",)]


def test_a_user_is_let_in_by_a_link_and_out_by_the_end_of_their_tokens(
    stack: EmbeddedStack, settings: Settings, pipeline: Pipeline
):
    account(stack, pipeline.client, "-b", "centro")
    with TestClient(build(settings), base_url=settings.api_public_url) as web:

        def lands_on(link: str) -> str:
            web.cookies.clear()
            web.get(link.removeprefix(stack.api_url), follow_redirects=False)
            return web.get("/", follow_redirects=False).headers.get("location", "/")

        first = user(stack, "add", "ana", pipeline.client, "--role", "uploader")
        second = user(stack, "add", "ana", pipeline.client, "--role", "analyst")
        shown = web.get(f"/clients/{pipeline.client}", headers=bearer(first["token"])).json()
        assert shown["user"] == {"id": "ana", "role": "analyst"}
        assert {lands_on(told["link"]) for told in (first, second)} == {"/"}

        assert user(stack, "revoke", "ana", pipeline.client)["tokens"] == 2
        assert web.get("/", follow_redirects=False).headers["location"] == "/sign-in"
        assert {lands_on(told["link"]) for told in (first, second)} == {"/sign-in"}
    ends(command(stack, "user", "revoke", "ana", "-c", pipeline.client, by_home=True), 3)


def test_another_clients_tokens_stay(stack: EmbeddedStack, pipeline: Pipeline):
    mine, other = pipeline.client, f"{pipeline.client}-b"
    tokens = [account(stack, client, "-b", "centro")["token"] for client in (mine, other)]
    user(stack, "revoke", "owner", mine)
    assert [authenticate(pipeline.app, token) is None for token in tokens] == [True, False]


def test_the_homes_own_commands_use_the_owners_new_token(stack: EmbeddedStack, pipeline: Pipeline):
    before = account(stack, pipeline.client, "-b", "centro")
    user(stack, "revoke", "owner", pipeline.client)
    told = user(stack, "add", "owner", pipeline.client, "--role", "owner")
    after = account(stack, pipeline.client, "-b", "centro")
    assert after == {**before, "token": told["token"]}


def test_in_a_deployment_the_link_leads_where_its_settings_say(stack: EmbeddedStack, client: str):
    words = ("user", "add", "ana", "--client", client, "--role", "uploader", "--json")
    told = json.loads(ends(command(stack, *words)))
    assert told["link"] == f"{Settings().api_public_url}/sign-in?token={told['token']}"


def test_a_client_that_is_not_there_has_no_users(stack: EmbeddedStack, client_id: str):
    words = ("user", "add", "ana", "--client", client_id, "--role", "owner")
    process = command(stack, *words, by_home=True)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, f"There is no client {client_id}" in said) == (3, True)


def user(stack: EmbeddedStack, what: str, name: str, client: str, *words: str) -> dict:
    """Run `datacore user`, and return what it printed."""
    words = ("user", what, name, "--client", client, *words, "--json")
    return json.loads(ends(command(stack, *words, by_home=True)))
