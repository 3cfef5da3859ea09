"""A client's people over HTTP beside its pipeline: questions, answers and what follows from them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.testclient import TestClient

from common.settings import Settings
from common.texts import say
from functions.notify.__main__ import connected
from functions.report_api.__main__ import build
from functions.report_api.accounts import create_user
from tests.integration import pipeline as pipelines
from tests.integration.pipeline import Pipeline


@dataclass(kw_only=True)
class Branches:
    """A client's pipeline, and its people over HTTP."""

    pipeline: Pipeline
    web: TestClient
    token: str

    def ask(self, method: str, path: str, body: dict | None = None):
        return self.web.request(
            method,
            f"/clients/{self.pipeline.client}/{path}",
            content=None if body is None else json.dumps(body),  # half characters go escaped
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
            },
        )

    def put(self, key: str, body: bytes) -> str:
        self.pipeline.settle(self.pipeline.put(key, body))
        return self.pipeline.upload(key).id

    def answer(self, upload: str, **answer: str):
        """Answer a question, and have what follows from it handled."""
        told = self.ask("POST", f"uploads/{upload}/mapping", answer)
        self.relay()
        return told

    def relay(self) -> None:
        """Send what waits in the outbox, as any worker does; what other tests left is not ours."""

        def publish(queue: str, body: bytes) -> None:
            if self.pipeline.client.encode() in body:
                self.pipeline.transport.publish(queue, body)

        self.pipeline._ingest._ledger.relay(publish, older_than_s=0)
        self.pipeline.settle()

    def drift(self) -> list[str]:
        """Have people told of everything; return what they read about changes."""
        transport = self.pipeline.transport
        with connected(self.pipeline.settings) as notify:
            notify._transport.close()
            notify._transport = transport
            while transport.waiting("notify"):
                notify.step()
        rows = self.pipeline.rows(
            "SELECT params FROM notices WHERE code = 'notice_drift' AND user_id = 'o' ORDER BY id"
        )
        return [say("notice_drift", row.params) for row in rows]

    def understood(self, key: str) -> dict:
        (row,) = self.pipeline.rows(
            "SELECT understanding FROM datasets JOIN uploads USING (client_id, sha256)"
            " WHERE id = :id",
            id=self.pipeline.upload(key).id,
        )
        return row.understanding


def running(settings: Settings, app, client: str) -> Iterator[Branches]:
    token = create_user(app, client=client, user="owner", name="Client", role="owner")
    with TestClient(build(settings), base_url=settings.api_public_url) as web:
        for pipeline in pipelines.running(settings, client):
            yield Branches(pipeline=pipeline, web=web, token=token)
