"""A worker that dies, fails or hangs at the worst moment changes nothing in the end.

Each case is one place in the code and one thing that happens there. A client's files go through the
store; a worker that is armed for the case meets the first of its messages; another one takes over.
What is left must be what an undisturbed run leaves.
"""

import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.events import FUNCTIONS, upload_id
from common.failpoints import ACTIONS, POINTS
from infra.local.process import Child
from tests.chaos.files import BAD_LINES, BROKEN, MIXED, mended
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


# --- rows that are mended ---------------------------------------------------------------------

MENDED_USUAL = ("mongo_done", "pg_after_commit")  # nobody sees it yet; all is done, nobody knows

_MENDED = """
    SELECT line, quantity, amount, parent_row, data_row FROM current_repairs ORDER BY line
"""
_COUNTED = """
    SELECT substr(u.key, length(u.client_id) + 2) AS key, u.state, u.reason, d.rows_in, d.accepted,
           d.rejected, d.quantity, d.amount
    FROM uploads u LEFT JOIN datasets d USING (client_id, sha256) ORDER BY key, u.stored_at
"""


def send_broken(scene: Scene, shop: Shop) -> str:
    """Have a file with bad rows read; return its upload."""
    version = shop.send("centro/broken.csv", BROKEN)
    scene.have(FUNCTIONS)
    scene.settle(shop)
    return upload_id(shop.ref("centro/broken.csv", version))


def send_mended(shop: Shop, upload: str) -> None:
    """Send the bad rows corrected in two files, one of them in both."""
    first, second, third = BAD_LINES
    one = (first, "1,2026-04-02,c1,jam,1,10"), (second, "2,2026-04-03,c2,jam,1,99")
    two = (second, "2,2026-04-03,c2,jam,1,10"), (third, "90,2026-04-04,c9,jam,1,2.50")
    shop.send("centro/mended.csv", mended(upload, *one))
    shop.send("centro/mended-too.csv", mended(upload, *two))


def mended_of(scene: Scene, shop: Shop) -> dict[str, Any]:
    """Return what is left of a repair, without the upload's id, which its own rows name."""
    told = scene.left_of(shop)["told"]
    return {
        "repairs": [tuple(row) for row in shop.rows(_MENDED)],
        "uploads": [tuple(row) for row in shop.rows(_COUNTED)],
        "report": shop.report(),
        "told": told,
    }


@pytest.fixture(scope="module")
def undisturbed_repair(fragile_stack: FragileStack) -> dict[str, Any]:
    """What a repair leaves in which nothing happens."""
    scene = Scene(fragile_stack, lambda _: None)
    try:
        shop = scene.shop()
        send_mended(shop, send_broken(scene, shop))
        scene.settle(shop)
        left = mended_of(scene, shop)
    finally:
        scene.close()
    assert [(line, amount) for line, _, amount, _, _ in left["repairs"]] == [
        (line, Decimal(amount)) for line, amount in zip(BAD_LINES, ("10", "10", "2.5"), strict=True)
    ]
    return left


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=[] if point in MENDED_USUAL else [pytest.mark.whole])
        for point in POINTS
    ],
)
def test_a_crash_amid_a_repair_counts_each_line_once(
    scene: Scene, undisturbed_repair: dict[str, Any], point: str
) -> None:
    function = OWNERS.get(point, "ingest")
    shop = scene.shop()
    upload = send_broken(scene, shop)
    scene.have([name for name in FUNCTIONS if name != function])
    send_mended(shop, upload)
    victim = scene.start(function, DATACORE_FAILPOINT=f"{point}:kill@1")
    wait_until(lambda: has_reached(victim, point), within_s=60)
    victim.wait_for_end()
    assert victim.exit_code == -signal.SIGKILL
    scene.have(FUNCTIONS)

    tally = scene.settle(shop)

    assert tally.is_clean, tally
    assert mended_of(scene, shop) == undisturbed_repair


def has_reached(worker: Child, point: str) -> bool:
    return f"failpoint {point}:" in Path(worker.command.log).read_text(errors="replace")


def deliver_again(scene: Scene, shop: Shop) -> None:
    """Put every message of this client into its queue once more."""
    for message in scene.rows(_MESSAGES, client=shop.client):
        scene.put(message.queue, [bytes(message.body)])
