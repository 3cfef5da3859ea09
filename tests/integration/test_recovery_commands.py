"""`replay` and `parked` as processes of their own, on the real servers; and the same over HTTP."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from common.parked import Filter, ParkedMessages
from common.postgres import Postgres
from common.settings import Settings
from functions.reconcile.__main__ import drive_replays
from functions.report_api.__main__ import build
from infra.local.embedded import EmbeddedStack
from tests.integration.pipeline import Pipeline, csv, running
from tests.integration.report_api.conftest import bearer
from tests.integration.test_parked import give_up_on
from tests.shops import Shop, open_shop
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def shop(app: Postgres, client_id: str) -> Shop:
    return open_shop(app, client_id)


@pytest.fixture
def pipeline(settings: Settings, shop: Shop) -> Iterator[Pipeline]:
    for pipeline in running(settings, shop.client):
        pipeline.settle(pipeline.put("centro/a.csv", csv("1,2026-04-01,ana,tea,2,3.50")))
        yield pipeline


@pytest.fixture
def reconcile(settings: Settings) -> Iterator[None]:
    """The part of reconcile that drives replays, on queues nobody else reads."""
    own = settings.model_copy(update={"queue_prefix": "replayed-"})
    stopping = threading.Event()
    thread = threading.Thread(target=drive_replays, args=[own, stopping])
    thread.start()
    yield
    stopping.set()
    thread.join()


@pytest.fixture
def web(settings: Settings) -> Iterator[TestClient]:
    with TestClient(build(settings), base_url=settings.api_public_url) as client:
        yield client


def command(stack: EmbeddedStack, *words: str, by_home: bool = False) -> subprocess.Popen[str]:
    """Start a command that finds the ledger by the environment, or by the home."""
    names = () if by_home else ("DATACORE_POSTGRES_APP_URL", "DATACORE_POSTGRES_RUNTIME_URL")
    environment = {**os.environ, **{name: stack.environment()[name] for name in names}}
    home = ("--home", str(stack.home.path)) if by_home else ()
    return subprocess.Popen(
        # Tests that run in a shell's background ignore Ctrl-C, and whom they start does too.
        ["env", "--default-signal=INT", sys.executable, "-m", "cli", *words, *home],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends(process: subprocess.Popen[str], code: int = 0) -> str:
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    return out


@pytest.mark.usefixtures("reconcile")
@pytest.mark.parametrize("by_home", [True, False])
def test_an_operator_replays_and_sees_the_end(
    stack: EmbeddedStack, pipeline: Pipeline, by_home: bool
):
    words = ("replay", "--client", pipeline.client, "--yes", "--json")
    told = json.loads(ends(command(stack, *words, by_home=by_home)))
    assert (told["state"], told["published"], told["total"]) == ("done", 1, 1)


def test_ctrl_c_cancels_the_run(stack: EmbeddedStack, pipeline: Pipeline):
    process = command(stack, "replay", "--client", pipeline.client, "--yes")
    states = "SELECT state, requested_by FROM replay_runs"
    told = iter(process.stderr.readline, "")
    assert any("Ctrl-C" in line for line in told), "it ended before it followed a run"
    process.send_signal(signal.SIGINT)
    ends(process, 130)
    ((state, by),) = pipeline.rows(states)
    assert state == "cancelled"
    assert by.startswith("operator:")


@pytest.mark.usefixtures("reconcile")
def test_an_owner_replays_over_http(web: TestClient, shop: Shop, pipeline: Pipeline):
    def ask(method: str, path: str, body: object = None) -> object:
        return web.request(method, shop.path(path), json=body, headers=bearer(shop.owner))

    dry = ask("POST", "/replays", {"dry_run": True, "prefix": "centro/", "force": True}).json()
    assert dry == {"total": 1, "examples": [f"{shop.client}/centro/a.csv"]}
    assert pipeline.rows("SELECT 1 FROM replay_runs") == []
    begun = ask("POST", "/replays", {"prefix": "centro/", "from": "2020-01-01T00:00:00Z"})
    assert begun.status_code == 202
    assert begun.json()["state"] == "running"
    path = begun.headers["location"].removeprefix(f"/clients/{shop.client}")
    wait_until(lambda: ask("GET", path).json()["state"] == "done")
    ended = ask("DELETE", path).json()
    assert (ended["state"], ended["published"], ended["requested_by"]) == ("done", 1, "owner")


@pytest.mark.parametrize(
    "body", [{"from": "soon"}, {"states": ["removed"]}, {"rate": 0}, {"client": "other"}]
)
def test_a_wish_that_makes_no_sense_is_refused(web: TestClient, shop: Shop, body: dict):
    answer = web.post(shop.path("/replays"), json=body, headers=bearer(shop.owner))
    assert answer.status_code == 422


def test_an_owner_settles_what_was_given_up_on(
    web: TestClient, shop: Shop, pipeline: Pipeline, settings: Settings
):
    runtime = Postgres(settings.postgres_runtime_url)
    parked = ParkedMessages(app=pipeline.app, runtime=runtime)
    message = give_up_on(pipeline, parked, "norte/b.csv", csv("5,2026-04-01,bo,tea,2,3.50"))
    runtime.close()
    headers = bearer(shop.owner, **{"Accept-Language": "es"})
    (listed,) = web.get(shop.path("/parked"), headers=headers).json()["parked"]
    assert (listed["id"], listed["cause"]) == (
        message.id,
        "Nuestro propio programa falló en cada intento.",
    )
    shown = web.get(shop.path(f"/parked/{message.id}"), headers=headers)
    assert "b.csv" in shown.json()["body"]
    assert "ZeroDivisionError" not in shown.text
    told = [
        web.post(shop.path(f"/parked/{message.id}/{what}"), headers=headers).json()
        for what in ("replay", "replay", "discard")
    ]
    assert [answer["changed"] for answer in told] == [True, False, False]
    assert {answer["resolution"] for answer in told} == {"replayed"}
    assert told[2]["sentence"].startswith("Nada que hacer")
    assert pipeline.upload("norte/b.csv").state == "announced"
    assert web.get(shop.path("/parked"), headers=headers).json() == {"parked": []}


def test_an_operator_looks_and_decides(
    stack: EmbeddedStack, pipeline: Pipeline, settings: Settings
):
    runtime = Postgres(settings.postgres_runtime_url)
    parked = ParkedMessages(app=pipeline.app, runtime=runtime)
    message = give_up_on(pipeline, parked, "norte/b.csv", csv("5,2026-04-01,bo,tea,2,3.50"))
    mine = ("--client", pipeline.client)
    assert message.id in ends(command(stack, "parked", "list", *mine))
    assert "ZeroDivisionError" in ends(command(stack, "parked", "show", message.id))
    ends(command(stack, "parked", "discard", *mine), 2)
    ends(command(stack, "parked", "discard", *mine, "--dry-run"))
    assert parked.list(Filter(client=pipeline.client), limit=9) == [message]
    ends(command(stack, "parked", "discard", *mine, "--yes"))
    assert "Nothing to do" in ends(command(stack, "parked", "replay", message.id, "--yes"))
    assert pipeline.upload("norte/b.csv").state == "rejected"
    runtime.close()
