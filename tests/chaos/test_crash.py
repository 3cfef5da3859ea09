"""A worker that dies, fails or hangs at the worst moment changes nothing in the end.

Each case is one place in the code and one thing that happens there. A client's files go through the
store; a worker that is armed for the case meets the first of its messages; another one takes over.
What is left must be what an undisturbed run leaves.
"""

import signal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.events import FUNCTIONS
from common.failpoints import ACTIONS, POINTS
from infra.local.process import Child
from tests.chaos.files import MIXED
from tests.chaos.scene import FragileStack, Scene, Shop
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

# What else may be at a point than the worker's own end: its message comes once more.
TWICE = "twice"

# Which function comes by.
OWNERS = {"cluster_computed": "cluster", "cluster_stored": "cluster", "notified": "notify"}

# One case for each meaning; `make chaos` runs them all.
USUAL = {
    ("claimed", "kill"),  # nothing done: the lease ends, and another worker begins
    ("mongo_batch_k", "kill"),  # half written, and nobody sees it
    ("pg_after_commit", "kill"),  # done, and nobody was told
    ("cluster_stored", "kill"),  # a report half written
    ("recv", "raise"),  # the worker ends with a traceback
    ("downloaded", "raise"),  # a bug in the handler
    ("pg_after_commit", "exec_then_raise"),  # committed, and the answer was lost
    ("mongo_done", TWICE),  # two workers at one file
    ("before_ack", TWICE),  # again, when all is done
}

_MESSAGES = text("""
    SELECT function AS queue, raw AS body FROM journal WHERE strpos(convert_from(raw, 'UTF8'), :client) > 0
    UNION
    SELECT queue, body FROM outbox WHERE strpos(convert_from(body, 'UTF8'), :client) > 0
""")


@pytest.fixture(scope="module")
def undisturbed(fragile_stack: FragileStack) -> dict[str, Any]:
    """What a run leaves in which nothing happens."""
    scene = Scene(fragile_stack, lambda _: None)
    try:
        shop = scene.shop()
        shop.send_all(MIXED)
        scene.have(FUNCTIONS)
        scene.settle(shop)
        return scene.left_of(shop)
    finally:
        scene.close()


def cases() -> list[Any]:
    return [
        pytest.param(
            *(point, what),
            id=f"{point}-{what}",
            marks=[] if (point, what) in USUAL else [pytest.mark.whole],
        )
        for point in POINTS
        for what in (*ACTIONS[:3], TWICE)
    ]


@pytest.mark.parametrize(("point", "what"), cases())
def test_a_crash_leaves_what_an_undisturbed_run_leaves(
    scene: Scene, undisturbed: dict[str, Any], point: str, what: str
) -> None:
    function = OWNERS.get(point, "ingest")
    scene.have([name for name in FUNCTIONS if name != function])
    shop = scene.shop()
    shop.send_all(MIXED)
    victim = scene.start(
        function, DATACORE_FAILPOINT=f"{point}:{'sleep' if what == TWICE else what}@1"
    )
    wait_until(lambda: has_reached(victim, point), within_s=60)
    if what == TWICE:
        deliver_again(scene, shop)
    if what == "kill":
        victim.wait_for_end()
        assert victim.exit_code == -signal.SIGKILL
    scene.have(FUNCTIONS)

    tally = scene.settle(shop)

    assert tally.is_clean, tally
    assert scene.left_of(shop) == undisturbed


def has_reached(worker: Child, point: str) -> bool:
    return f"failpoint {point}:" in Path(worker.command.log).read_text(errors="replace")


def deliver_again(scene: Scene, shop: Shop) -> None:
    """Put every message of this client into its queue once more."""
    for message in scene.rows(_MESSAGES, client=shop.client):
        scene.put(message.queue, [bytes(message.body)])
