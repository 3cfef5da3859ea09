"""Notify on the real PostgreSQL: who is told what, once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from sqlalchemy import Row, text

from common import events
from common.events import Event, subject_of
from common.messages import to_message
from common.postgres import Postgres
from common.runtime import Runtime
from common.settings import Settings
from common.texts import say
from functions.notify.__main__ import connected
from tests.fakes import MemoryTransport
from tests.shops import SEGMENTATION, Shop, open_shop, stock_shop

pytestmark = pytest.mark.integration


@dataclass(kw_only=True)
class Notify:
    """The function as it runs, on a queue in memory."""

    app: Postgres
    runtime: Runtime
    queue: MemoryTransport
    client: str

    def deliver(self, event: Event) -> None:
        body = to_message(event, event_id=subject_of(event), source="test")
        self.queue.publish("notify", body)
        self.runtime.step()

    def forget_that_it_was_done(self) -> None:
        with self.app.transaction(self.client) as connection:
            connection.execute(text("UPDATE claims SET status = 'waiting', next_try = now()"))

    def told(self) -> list[Row]:
        with self.app.transaction(self.client) as connection:
            return list(
                connection.execute(
                    text("SELECT user_id, code, params, upload_id FROM notices ORDER BY user_id")
                )
            )

    def sentences(self, user: str, language: str = "en") -> list[str]:
        mine = [row for row in self.told() if row.user_id == user]
        return [say(row.code, row.params, language=language) for row in mine]


@pytest.fixture
def shop(settings: Settings, client_id: str) -> Shop:
    postgres = Postgres(settings.postgres_app_url)
    shop = open_shop(postgres, client_id)
    stock_shop(postgres, shop)
    with postgres.transaction(client_id) as connection:
        connection.execute(text("DELETE FROM notices"))
    postgres.close()
    return shop


@pytest.fixture
def notify(settings: Settings, shop: Shop) -> Iterator[Notify]:
    queue = MemoryTransport()
    with connected(settings) as runtime, closing(Postgres(settings.postgres_app_url)) as app:
        runtime._transport.close()
        runtime._transport = queue
        yield Notify(app=app, runtime=runtime, queue=queue, client=shop.client)


def upload(cls: type[events.UploadEvent], name: str, shop: Shop) -> events.UploadEvent:
    return cls(client=shop.client, upload=name)


def test_owner_and_uploader_are_told_of_an_upload_and_the_analyst_is_not(notify, shop):
    notify.deliver(upload(events.UploadStored, "up-partly", shop))

    assert notify.queue.held("notify") == []
    assert [row.user_id for row in notify.told()] == ["owner", "uploader"]
    assert notify.sentences("owner") == [
        "12,412 of 12,424 rows of ventas_abril.csv are in. Rows that need you: 12."
    ]


def test_owner_and_analyst_are_told_of_new_segments(notify, shop):
    notify.deliver(events.SegmentationStored(client=shop.client, segmentation=SEGMENTATION))

    assert [row.user_id for row in notify.told()] == ["analyst", "owner"]
    assert "Mar 31, 2026" in notify.sentences("owner")[0]


def test_the_same_event_handled_twice_tells_once(notify, shop):
    event = upload(events.UploadStored, "up-whole", shop)

    notify.deliver(event)
    notify.forget_that_it_was_done()
    notify.deliver(event)

    assert [row.user_id for row in notify.told()] == ["owner", "uploader"]


def test_a_duplicate_names_the_first_upload(notify, shop):
    notify.deliver(upload(events.UploadDuplicated, "up-duplicate", shop))

    (sentence,) = notify.sentences("owner")
    assert "copia de ventas.csv" in sentence
    assert "ventas_abril.csv" in sentence


@pytest.mark.parametrize(
    ("event", "name", "reason"),
    [
        (events.UploadRejected, "up-rejected", "unknown_branch"),
        (events.UploadParked, "up-parked", "gave_up"),
    ],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reason_is_kept_with_its_parameters(notify, shop, event, name, reason, language):
    notify.deliver(upload(event, name, shop))

    (row, _) = notify.told()
    assert row.upload_id == name
    assert row.params["reason"]["code"] == reason
    (sentence,) = notify.sentences("owner", language)
    assert say(reason, row.params["reason"]["params"], language=language) in sentence


def test_a_notice_stays_as_it_was_when_the_upload_changes(notify, shop):
    notify.deliver(upload(events.UploadStored, "up-partly", shop))
    before = notify.sentences("owner")

    with notify.app.transaction(shop.client) as connection:
        connection.execute(
            text("UPDATE uploads SET state = 'removed', filename = 'x' WHERE id = 'up-partly'")
        )

    assert notify.sentences("owner") == before


def test_a_segmentation_that_is_gone_tells_nobody(notify, shop):
    notify.deliver(events.SegmentationStored(client=shop.client, segmentation="gone"))

    assert notify.told() == []


def test_an_upload_of_another_client_is_not_found(notify, shop):
    other = open_shop(notify.app, f"{shop.client}-2")

    notify.deliver(upload(events.UploadStored, "up-partly", other))

    assert notify.told() == []
    assert notify.queue.postponed  # the runtime takes it for a bug
