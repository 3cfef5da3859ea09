"""The running system as its clients know it. Nothing of ours is imported here."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.e2e.black_box import plain_environment, wait_for

HEADER = "order_id,date,customer,product,quantity,unit_price\n"
BUCKET = "uploads"
_SETTLED = {"stored", "duplicate", "rejected", "superseded", "removed", "needs_answer", "parked"}


def purchases(name: str, rows: int = 8) -> bytes:
    """Return a small file whose orders no other file has."""
    lines = (f"{name}-{n},2024-01-{n + 1:02d},c{n},p,1,2.50\n" for n in range(rows))
    return (HEADER + "".join(lines)).encode()


@dataclass(frozen=True, kw_only=True)
class Client:
    """What a client was given."""

    client: str
    token: str
    access_key: str
    secret_key: str


@dataclass(frozen=True, kw_only=True)
class System:
    home: Path
    api_url: str
    s3_url: str
    acme: Client
    bodega: Client
    programs: str  # search path

    def settings(self, **more: str) -> dict[str, str]:
        """Return the variables that the guide tells `acme` to set, in an else plain shell."""
        return {
            **plain_environment(),
            "PATH": self.programs,
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ACCESS_KEY_ID": self.acme.access_key,
            "AWS_SECRET_ACCESS_KEY": self.acme.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "DATACORE_API_URL": self.api_url,
            "DATACORE_TOKEN": self.acme.token,
            **more,
        }

    def s3(self, client: Client) -> Any:
        """Return boto3's client with a client's own key."""
        return boto3.client(
            "s3",
            endpoint_url=self.s3_url,
            region_name="us-east-1",
            aws_access_key_id=client.access_key,
            aws_secret_access_key=client.secret_key,
            config=Config(retries={"max_attempts": 1}),
        )

    def get(self, client: Client, path: str) -> str:
        """Return what API or page answer to a client."""
        request = urllib.request.Request(
            f"{self.api_url}{path}", headers={"Authorization": f"Bearer {client.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()

    def uploads(self, client: Client) -> list[dict[str, Any]]:
        """Return a client's uploads, the newest first."""
        path = f"/clients/{client.client}/uploads?limit=200"
        return json.loads(self.get(client, path))["uploads"]

    def states(self, key: str) -> list[str]:
        """Return the states of a key's uploads, the newest first."""
        return [upload["state"] for upload in self.of(key)]

    def of(self, key: str) -> list[dict[str, Any]]:
        client = getattr(self, key.partition("/")[0])
        return [upload for upload in self.uploads(client) if upload["key"] == key]

    def settled(self, key: str, versions: int = 1) -> dict[str, Any]:
        """Wait until so many versions of a key have been read; return the newest."""

        def newest() -> Mapping[str, Any] | None:
            found = self.of(key)
            is_done = len(found) == versions and {each["state"] for each in found} <= _SETTLED
            return found[0] if is_done else None

        return wait_for(newest, within_s=120)
