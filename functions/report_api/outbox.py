"""Events that a person's decision makes.

They go into the outbox in the transaction that keeps the decision, and any worker sends them.
"""

from sqlalchemy import Connection, text

from common.events import DatasetsChanged, Event, subject_of
from common.messages import to_message

_RAISE_VERSION = text("""
    UPDATE clients SET data_version = data_version + 1 WHERE id = :client RETURNING data_version
""")

_SEND = text("""
    INSERT INTO outbox (id, work_key, queue, body) VALUES (:id, :id, :queue, :body)
    ON CONFLICT DO NOTHING
""")


def send(connection: Connection, event: Event, *, source: str, name: str) -> None:
    """Have the event sent, once for each source and name."""
    event_id = f"{source}:{name}"
    body = to_message(event, event_id=event_id, source=source)
    connection.execute(_SEND, {"id": event_id, "queue": event.queue, "body": body})


def cluster_again(connection: Connection, client: str, *, source: str) -> None:
    """Have the client's segments computed anew: other lines may count now."""
    version = connection.execute(_RAISE_VERSION, {"client": client}).scalar_one()
    event = DatasetsChanged(client=client)
    send(connection, event, source=source, name=f"{subject_of(event)}/{version}")
