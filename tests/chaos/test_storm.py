"""Uploads go on while everything that serves them is killed at random.

`CHAOS_SEED=<seed>` repeats the order and the gaps of the kills, though not what they hit.
"""

import os
import random
import secrets
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from common.events import FUNCTIONS
from tests.chaos.files import File, many, newest
from tests.chaos.scene import SERVERS, Scene, Shop

pytestmark = pytest.mark.chaos

SEED = int(os.environ.get("CHAOS_SEED") or secrets.randbits(32))
HANDS = 4  # uploads at a time
WORKERS = ("ingest", *FUNCTIONS, "reconcile")


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    uploads: int
    kills: int  # of each server, and of workers
    gap_s: float  # between two of them, on average
    home_within_s: float


USUAL = Size(uploads=60, kills=1, gap_s=2.0, home_within_s=120)
WHOLE = Size(uploads=2000, kills=20, gap_s=5.0, home_within_s=900)


@pytest.mark.parametrize(
    "size",
    [pytest.param(USUAL, id="usual"), pytest.param(WHOLE, id="whole", marks=pytest.mark.whole)],
)
def test_a_storm_of_kills_loses_nothing_and_doubles_nothing(scene: Scene, size: Size) -> None:
    scene.say(f"CHAOS_SEED={SEED}")
    scene.have([])
    shop, sent = scene.shop(), many(size.uploads)
    workers = [scene.start(function) for function in WORKERS]

    storm_s = size.kills * (size.gap_s + 2.0)
    with ThreadPoolExecutor() as threads:
        hands = [
            threads.submit(send, shop, hand, gap_s=storm_s * HANDS / size.uploads)
            for hand in by_hand(sent)
        ]
        storms = [threads.submit(kill_server, scene, name, size) for name in SERVERS]
        storms.append(threads.submit(kill_workers, scene, size))
        for future in [*hands, *storms]:
            future.result()

    tally = scene.settle(shop, within_s=size.home_within_s)

    assert tally.is_clean, tally
    assert len(workers) == len([w for w in scene.workers if w.exit_code is None])
    calm = scene.shop()
    calm.send_all(newest(sent))
    scene.settle(calm, within_s=size.home_within_s)
    assert shop.report() == calm.report()
    assert shop.revenue() == sum(file.revenue for file in newest(sent))


def by_hand(sent: list[File]) -> list[list[File]]:
    """Deal files to the hands, all versions of one key to the same: it sends them in their order."""
    hands: list[list[File]] = [[] for _ in range(HANDS)]
    for file in sent:
        hands[zlib.crc32(file.key.encode()) % HANDS].append(file)
    return hands


def send(shop: Shop, sent: list[File], *, gap_s: float) -> None:
    for file in sent:
        shop.send_until_taken(file.key, file.body)
        time.sleep(gap_s)


def kill_server(scene: Scene, name: str, size: Size) -> None:
    gaps = random.Random(f"{SEED} {name}")
    for _ in range(size.kills):
        time.sleep(gaps.uniform(0, 2 * size.gap_s))
        scene.stack.kill_server(name)
        time.sleep(gaps.uniform(0, 1))
        scene.stack.start_server(name)


def kill_workers(scene: Scene, size: Size) -> None:
    """Kill any worker, and start one of its kind, as its supervisor would."""
    gaps = random.Random(f"{SEED} workers")
    for _ in range(size.kills):
        time.sleep(gaps.uniform(0, 2 * size.gap_s))
        victim = gaps.choice([w for w in scene.workers if w.exit_code is None])
        victim.kill()
        victim.wait_for_end()
        scene.start(victim.name)
