"""Workers that die of a file, stop for a while, or work for two clients at once."""

import os
import signal
from collections.abc import Sequence

import pytest
from sqlalchemy import text

from common.events import FUNCTIONS
from infra.local.process import Child
from tests.chaos.files import APRIL, MIXED, many
from tests.chaos.scene import STAYING, Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

DEADLY = "sur/deadly.csv"

_GIVEN_UP = text("SELECT reason, work_key FROM parked WHERE client_id = :client")


@pytest.mark.parametrize(
    "count",
    [pytest.param(20, id="usual"), pytest.param(200, id="whole", marks=pytest.mark.whole)],
)
def test_of_many_files_only_the_one_that_kills_its_worker_is_parked(
    scene: Scene, count: int
) -> None:
    shop = scene.shop()
    files = many(count - 1)
    shop.send_all(files[: count // 2])
    shop.send(DEADLY, APRIL)
    shop.send_all(files[count // 2 :])
    scene.have(STAYING)
    deaths = []

    def is_given_up() -> Sequence[object]:
        if not deaths or deaths[-1].exit_code is not None:
            deaths.append(scene.start("ingest", module="tests.chaos.dying_ingest"))
        return scene.rows(_GIVEN_UP, client=shop.client)

    wait_until(is_given_up, within_s=120)
    tally = scene.settle(shop)

    assert [row.reason for row in scene.rows(_GIVEN_UP, client=shop.client)] == ["worker_died"]
    assert (tally.lost, tally.doubled, tally.unbalanced) == ([], [], [])
    assert shop.states()[DEADLY] == ["parked"]
    assert {states[-1] for key, states in shop.states().items() if key != DEADLY} == {"stored"}
    assert [w.exit_code for w in deaths] == [-signal.SIGKILL] * 5 + [None]


@pytest.mark.parametrize(
    ("function", "point"),
    [
        pytest.param("ingest", "mongo_done"),
        pytest.param("cluster", "cluster_computed", marks=pytest.mark.whole),
    ],
)
def test_a_worker_that_wakes_after_its_lease_changes_nothing(
    scene: Scene, function: str, point: str
) -> None:
    scene.have([name for name in FUNCTIONS if name != function])
    shop, calm = scene.shop(), scene.shop()
    shop.send_all(MIXED)
    sleeper = scene.start(
        function,
        DATACORE_FAILPOINT=f"{point}:sleep@1",
        # The broker soon takes back what a silent worker holds.
        DATACORE_AMQP_URL=scene.stack.environment()["DATACORE_AMQP_URL"] + "?heartbeat=2",
    )
    wait_until(lambda: has_said(sleeper, f"failpoint {point}:"), within_s=60)
    os.kill(pid_of(sleeper), signal.SIGSTOP)
    scene.have(FUNCTIONS)
    scene.settle(shop)
    before = scene.left_of(shop)

    os.kill(pid_of(sleeper), signal.SIGCONT)
    wait_until(lambda: has_said(sleeper, '"outcome": "'), within_s=60)
    calm.send_all(MIXED)
    scene.settle(calm)

    assert has_said(sleeper, '"outcome": "lost_claim"')
    tally = scene.settle(shop)
    assert tally.is_clean, tally
    assert scene.left_of(shop) == before == scene.left_of(calm)


def pid_of(worker: Child) -> int:
    assert worker.pid is not None
    return worker.pid


def has_said(worker: Child, words: str) -> bool:
    return words in worker.command.log.read_text(errors="replace")


def test_two_clients_with_the_same_bytes_never_meet_whoever_dies(scene: Scene) -> None:
    one, other = scene.shop(), scene.shop()
    for file in MIXED:
        one.send(file.key, file.body)
        other.send(file.key, file.body)
    victim = scene.start("ingest", DATACORE_FAILPOINT="pg_before_commit:kill@2")
    victim.wait_for_end()
    scene.have(FUNCTIONS)

    for shop in (one, other):
        tally = scene.settle(shop)
        assert tally.is_clean, tally
        # Asked for without naming a client: the wall alone decides what is seen.
        seen = shop.rows("SELECT DISTINCT client_id FROM uploads")
        assert [row.client_id for row in seen] == [shop.client]
        states = shop.states()
        assert states["centro/april.csv"] == ["stored"]
    assert scene.left_of(one) == scene.left_of(other)
