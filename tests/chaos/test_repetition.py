"""Messages that come often, or in any order, say no more than one that comes once."""

import itertools
from collections import defaultdict

import pytest
from sqlalchemy import text

from common.events import FUNCTIONS
from common.messages import from_message
from tests.chaos.files import many
from tests.chaos.scene import STAYING, Scene
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

(FILE,) = many(1)

_WORK = text("""
    SELECT fence, status, (SELECT sum(seen_count) FROM journal WHERE function = 'ingest'
                           AND strpos(convert_from(raw, 'UTF8'), :client) > 0) AS seen
    FROM claims WHERE client_id = :client AND function = 'ingest'
""")  # the fencing number counts how often the work was begun


@pytest.mark.parametrize(
    ("copies", "workers"),
    [
        pytest.param(200, 3, id="usual"),
        pytest.param(1000, 8, id="whole", marks=pytest.mark.whole),
    ],
)
def test_many_copies_of_one_event_at_many_workers_are_one_ingest(
    scene: Scene, copies: int, workers: int
) -> None:
    shop = scene.shop()
    shop.send(FILE.key, FILE.body)
    (body,) = scene.take("ingest", 1)
    for _ in range(workers):
        scene.start("ingest", DATACORE_LEASE_S="60")
    scene.have(STAYING)
    wait_until(lambda: scene.consumers("ingest") == workers, within_s=60)
    scene.put("ingest", [body] * copies)

    tally = scene.settle(shop)
    wait_until(lambda: scene.rows(_WORK, client=shop.client)[0].seen >= copies, within_s=60)

    assert tally.is_clean, tally
    [work] = scene.rows(_WORK, client=shop.client)
    # A copy that came while the work was under way was put off, and is seen twice.
    assert (work.fence, work.status) == (1, "done")
    assert shop.states() == {FILE.key: ["stored"]}


def test_in_any_order_of_its_events_the_newest_version_wins(scene: Scene) -> None:
    shop, calm = scene.shop(), scene.shop()
    orders = list(itertools.permutations(range(4)))
    bodies = [file.body for file in many(3 * len(orders))]
    for number in range(len(orders)):
        key = f"centro/{number}.csv"
        first, second, third = bodies[3 * number : 3 * number + 3]
        shop.send(key, first)
        shop.send(key, second)
        shop.delete(key)
        shop.send(key, third)
        calm.send(key, third)
    events = defaultdict(list)
    for body in scene.take("ingest", 5 * len(orders)):
        (event,) = from_message(body).events
        events[event.object.key].append(body)
    scene.have(FUNCTIONS)

    for number, order in enumerate(orders):
        of_key = events[f"{shop.client}/centro/{number}.csv"]
        scene.put("ingest", [of_key[place] for place in order])
        scene.put("ingest", events[f"{calm.client}/centro/{number}.csv"])
    tally = scene.settle(shop)
    scene.settle(calm)

    assert tally.is_clean, tally
    assert shop.states() == {
        f"centro/{number}.csv": ["removed", "removed", "stored"] for number in range(len(orders))
    }
    assert shop.report() == calm.report()
