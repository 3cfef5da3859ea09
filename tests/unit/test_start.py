"""A function starts fast: what it does not need for its first message is not loaded by then."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]

# Wires a function as `main` does; no server is asked before it runs.
WIRE = """
import json, sys
from pydantic import SecretStr
from common.settings import Settings

postgres = SecretStr("postgresql+psycopg2://nobody@127.0.0.1:1/none")
settings = Settings(
    s3_endpoint_url="http://127.0.0.1:1",
    sqs_endpoint_url="http://127.0.0.1:1",
    amqp_url=SecretStr(sys.argv[1]),
    postgres_app_url=postgres,
    postgres_runtime_url=postgres,
    mongo_url=SecretStr("mongodb://127.0.0.1:1/?connect=false"),
    redis_url=SecretStr("redis://127.0.0.1:1"),
)
{wiring}
print(json.dumps(sorted(sys.modules)))
"""
WIRINGS = {
    "ingest": "from functions.ingest.__main__ import connected as wire",
    "cluster": "from functions.cluster.__main__ import connected as wire",
    "notify": "from functions.notify.__main__ import connected as wire",
    "reconcile": "from functions.reconcile.__main__ import Reconcile as wire",
    "report_api": "from functions.report_api.__main__ import build as wire",
}
OPENED = dict.fromkeys(("ingest", "cluster", "notify"), "wire(settings).__enter__()")
SQS, RABBITMQ = "", "amqp://127.0.0.1:1"

# Slow to load, and needed later, by few, or by nobody.
LATER = {
    *("pandas", "numpy", "pyarrow", "scipy", "sklearn", "babel", "jinja2", "prometheus_client"),
    *("minio", "typer", "redis", "rich", "pygments"),
}
HTTP = {"fastapi", "starlette", "uvicorn"}


@pytest.mark.parametrize(
    ("function", "broker", "others"),
    [
        ("ingest", SQS, {*HTTP, "pika"}),
        ("cluster", SQS, {*HTTP, "pika"}),
        ("cluster", RABBITMQ, {*HTTP, "boto3"}),
        ("notify", SQS, {*HTTP, "pika", "pymongo"}),
        ("notify", RABBITMQ, {*HTTP, "boto3", "pymongo"}),
        ("reconcile", SQS, {*HTTP, "pika", "pymongo"}),
        ("report_api", SQS, {"pika", "boto3", "pymongo"}),
    ],
)
def test_what_a_first_message_does_not_need_is_loaded_after(
    function: str, broker: str, others: set[str]
):
    wiring = f"{WIRINGS[function]}\n{OPENED.get(function, 'wire(settings)')}"
    program = WIRE.replace("{wiring}", wiring)
    loaded = set(json.loads(python("-c", program, broker)))
    assert f"functions.{function}.__main__" in loaded
    assert loaded & (LATER | others) == set()


def python(*arguments: str, **environment: str) -> str:
    """Return what Python says; how it ends is the caller's to know."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
