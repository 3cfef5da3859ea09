"""One function of its own name, and what became of its messages."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from common.events import Event, UploadStored
from common.ledger import Claim, Ledger, Policy
from common.messages import to_message
from common.postgres import Postgres
from common.runtime import Failure, Function, Pace, Runtime
from common.settings import Settings
from tests.fakes import MemoryTransport

DELAYS_S = (5.0, 30.0, 300.0, 1800.0)


@dataclass
class World:
    """One function of its own name, its queue, and what it was asked."""

    settings: Settings
    client: str
    transport: Any = field(default_factory=MemoryTransport)
    name: str = field(default_factory=lambda: f"function-{uuid.uuid4()}")
    act: Callable[[Event, Claim], Sequence[Event]] = lambda _event, _claim: []
    policy: Policy = Policy.ONCE
    probes: tuple[Callable[[], None], ...] = ()
    handled: list[Event] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lease_s: float = 60.0
    relay_after_s: float = 10.0

    def __post_init__(self) -> None:
        self.app = Postgres(self.settings.postgres_app_url)
        self.database = Postgres(self.settings.postgres_runtime_url)

    def runtime(self, owner: str = "worker") -> Runtime:
        def handle(event: Event, claim: Claim) -> Sequence[Event]:
            self.handled.append(event)
            return self.act(event, claim)

        def failed(_event: Event, _claim: Claim, failure: Failure) -> Sequence[Event]:
            self.failures.append(failure)
            return []

        function = Function(
            name=self.name, handle=handle, failed=failed, policy=self.policy, probes=self.probes
        )
        ledger = Ledger(
            runtime=self.database,
            app=self.app,
            function=self.name,
            owner=owner,
            lease_s=self.lease_s,
        )
        pace = Pace(
            lease_s=self.lease_s, relay_after_s=self.relay_after_s, drain_s=1, delays_s=DELAYS_S
        )
        return Runtime(function, transport=self.transport, ledger=ledger, pace=pace)

    def put(self, event: Event) -> bytes:
        body = to_message(event, event_id=str(uuid.uuid4()), source="test")
        self.transport.publish(self.name, body)
        return body

    def told(self) -> list[bytes]:
        """Return what waits for cluster; the relay brings what other tests left in the outbox, too."""
        return [b for b in self.transport.held("cluster") if self.client.encode() in b]

    def claims(self) -> list:
        return self.rows("SELECT * FROM claims WHERE function = :function")

    def parked(self) -> list:
        return self.rows("SELECT * FROM parked WHERE function = :function")

    def outbox(self) -> list:
        return self.rows("SELECT * FROM outbox WHERE starts_with(work_key, :function || ':')")

    def rows(self, statement: str) -> list:
        with self.database.transaction() as connection:
            return connection.execute(text(statement), {"function": self.name}).all()

    def change(self, statement: str) -> None:
        with self.database.transaction() as connection:
            connection.execute(text(statement), {"function": self.name})

    def name_of_client(self) -> str:
        with self.app.transaction(self.client) as connection:
            return connection.execute(text("SELECT name FROM clients")).scalar_one()


def rename(to: str) -> Callable[[object], list[Event]]:
    """Return a write that can be seen."""

    def write(connection) -> list[Event]:
        connection.execute(text("UPDATE clients SET name = :name"), {"name": to})
        return []

    return write


def stored(world: World) -> UploadStored:
    return UploadStored(client=world.client, upload=str(uuid.uuid4()))
