"""What functions log when nothing goes right holds none of the secrets they were given."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.local.process import inherited_environment
from infra.local.stack import FUNCTIONS
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[2]
AWAY = "127.0.0.1:1"  # refuses at once
MISSPELT = "127.0.0.1:port"  # drivers refuse it, some with the whole URL in their words


def given(server: str) -> dict[str, str]:
    """Return settings with a secret in each that may hold one."""
    return {
        "AWS_ENDPOINT_URL_S3": f"http://key:CANARY-s3@{server}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "CANARY/45+67=",
        "AWS_SESSION_TOKEN": "CANARY//token",
        "DATACORE_AMQP_URL": f"amqp://functions:CANARY%2Famqp@{server}/datacore",
        "DATACORE_POSTGRES_APP_URL": f"postgresql+psycopg2://app:CANARY-app@{server}/d",
        "DATACORE_POSTGRES_RUNTIME_URL": f"postgresql+psycopg2://runtime:CANARY-run@{server}/d",
        "DATACORE_MONGO_URL": f"mongodb://f:CANARY-mongo@{server}/?serverSelectionTimeoutMS=200",
        "DATACORE_REDIS_URL": f"redis://:CANARY-redis@{server}/0",
        "DATACORE_API_PORT": "0",
        "DATACORE_LOG_LEVEL": "DEBUG",
    }


@pytest.mark.parametrize(
    ("server", "log_format", "told"),
    [(AWAY, "json", "http://key:***@"), (MISSPELT, "console", "invalid literal")],
)
def test_no_function_logs_a_secret(tmp_path: Path, server: str, log_format: str, told: str):
    environment = {**inherited_environment(), **given(server), "DATACORE_LOG_FORMAT": log_format}
    with ExitStack() as running:
        logs = [start(running, name, environment, tmp_path / name) for name in FUNCTIONS]
        wait_until(lambda: all(map(complains, logs)), within_s=60)
        wait_until(lambda: told in (tmp_path / "reconcile").read_text(), within_s=60)
    for log in logs:
        assert "CANARY" not in log.read_text(), log.name


def start(running: ExitStack, function: str, environment: dict[str, str], log: Path) -> Path:
    """Run a function until the stack is unwound; return where it logs."""
    with log.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", f"functions.{function}"],
            cwd=PROJECT,
            env=environment,
            stdout=said,
            stderr=said,
        )
    running.callback(process.wait)
    running.callback(process.kill)
    return log


def complains(log: Path) -> bool:
    return "127.0.0.1" in (said := log.read_text()) or "rror" in said
