"""A server is away, or forgets what it was told: reconcile brings everything home."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.events import FUNCTIONS
from common.messaging import topology
from tests.chaos.files import File, many
from tests.chaos.scene import Scene, Shop
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

FILES = many(20)
WORKERS = (*FUNCTIONS, "reconcile")


def assert_home(scene: Scene, shop: Shop, sent: Sequence[File] = FILES) -> None:
    tally = scene.settle(shop)
    assert tally.is_clean, tally
    assert shop.states() == {
        key: ["superseded"] * (count - 1) + ["stored"]
        for key, count in Counter(file.key for file in sent).items()
    }


def test_uploads_of_a_stores_first_second_come_home(scene: Scene) -> None:
    shop = scene.shop()
    scene.have(WORKERS)
    scene.stack.kill_server("minio")
    with ThreadPoolExecutor(1) as threads:
        starting = threads.submit(scene.stack.start_server, "minio")
        for file in FILES:
            shop.send_until_taken(file.key, file.body)
        starting.result()

    assert_home(scene, shop)


def test_a_store_that_dies_after_an_upload_has_it_and_it_comes_home(scene: Scene) -> None:
    shop = scene.shop()
    scene.have(WORKERS)
    for file in FILES[:3]:
        shop.send(file.key, file.body)
        scene.stack.kill_server("minio")
        scene.stack.start_server("minio")

    assert_home(scene, shop, FILES[:3])


@pytest.mark.parametrize(
    ("server", "seconds"),
    [
        pytest.param("rabbitmq", 3, id="rabbitmq"),
        *(
            pytest.param(server, 60, id=f"{server} a minute", marks=pytest.mark.whole)
            for server in ("rabbitmq", "postgres", "mongo")
        ),
    ],
)
def test_uploads_go_on_while_a_server_is_away(scene: Scene, server: str, seconds: float) -> None:
    shop = scene.shop()
    scene.have(WORKERS)
    shop.send_all(FILES[:1])
    wait_until(shop.settled, within_s=60)
    scene.stack.kill_server(server)
    for file in FILES[1:]:
        shop.send(file.key, file.body)
        time.sleep(seconds / len(FILES))
    scene.stack.start_server(server)

    assert_home(scene, shop)


def test_uploads_come_home_after_their_binding_was_deleted(scene: Scene) -> None:
    shop = scene.shop()
    with scene.stack.channel() as channel:
        channel.queue_unbind("ingest", topology.EVENTS, topology.EVENTS_KEY)
        shop.send_all(FILES)
        wait_until(lambda: scene.waiting(topology.UNROUTED) == len(FILES))
    scene.have(WORKERS)

    assert_home(scene, shop)


def test_uploads_come_home_after_their_queue_was_purged(scene: Scene) -> None:
    shop = scene.shop()
    shop.send_all(FILES)
    wait_until(lambda: scene.waiting("ingest") == len(FILES))
    scene.stack.purge()
    scene.have(WORKERS)

    assert_home(scene, shop)
