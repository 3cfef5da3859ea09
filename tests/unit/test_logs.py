"""What a log line may say, and what it must not."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from common.logs import escape_control, strip_secrets
from common.settings import Settings

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
CANARY = "CANARY/0123+4567=="
SETTINGS = Settings(
    aws_secret_access_key=SecretStr(CANARY),
    postgres_app_url=SecretStr("postgresql://app:pass%2Fword%40home@db:5432/datacore"),
    redis_url=SecretStr("redis://:short@cache/0"),
)


def stripped(value: object) -> object:
    strip = strip_secrets(SETTINGS)
    return strip(logging.getLogger(), "info", {"field": value})["field"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("amqp://functions:s3cr3t@mq:5672/datacore", "amqp://functions:***@mq:5672/datacore"),
        ("at redis://:p@ss@cache/0 twice", "at redis://:***@cache/0 twice"),
        ("http://s3/k?X-Amz-Signature=0af&X-Amz-Expires=60", "http://s3/k?X-Amz-Signature=***&X-Amz-Expires=60"),
        ("{'x-amz-signature': '0af', 'key': 'a'}", "{'x-amz-signature': '***', 'key': 'a'}"),
        ("X-Amz-Security-Token%3D0af&b=c", "X-Amz-Security-Token%3D***&b=c"),
        ("AWS4-HMAC-SHA256 Credential=AK/x, Signature=0af", "AWS4-HMAC-SHA256 Credential=***, Signature=***"),
        ("http://s3/k?AWSAccessKeyId=AK&Signature=0af", "http://s3/k?AWSAccessKeyId=AK&Signature=***"),
        ("authorization: Bearer abc.def", "authorization: Bearer ***"),
        ("?token=dc_acme-2_aaaaBBBB-cccc_dddd0", "?token=dc_acme-2_***"),
    ],
)  # fmt: skip
def test_what_gives_access_is_taken_out_and_the_rest_is_kept(said: str, kept: str):
    assert stripped(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "s3://uploads/acme/centro/a@b:c.csv",
        "mailto ana@acme.es",
        "dc_acme_short",
        "12:30 at s3://x",
    ],
)
def test_what_gives_no_access_is_kept(said: str):
    assert stripped(said) == said


@pytest.mark.parametrize(
    "spelled", [CANARY, quote(CANARY, safe=""), "pass%2Fword%40home", "pass/word@home"]
)
def test_the_secrets_of_the_settings_are_taken_out_wherever_they_stand(spelled: str):
    assert stripped(f"refused: {spelled}!") == "refused: ***!"


def test_a_short_password_takes_no_word_out_of_other_lines():
    assert stripped("a short wait") == "a short wait"


def test_fields_within_fields_are_looked_through_and_numbers_stay():
    url = "redis://:secret@cache/0"
    assert stripped({"of": [url, 3, None, (True, 0.5)], url: ValueError(url)}) == {
        "of": ["redis://:***@cache/0", 3, None, [True, 0.5]],
        "redis://:***@cache/0": "redis://:***@cache/0",
    }


def test_what_others_said_cannot_forge_a_line():
    event = {"key": "a\n2026 [info] forged\x1b[31m\u2028", "exception": "one\ntwo\x1b"}
    escaped = escape_control(logging.getLogger(), "info", event)
    assert escaped["key"] == r"a\n2026 [info] forged\x1b[31m\u2028"
    assert escaped["exception"] == "    one\n    two\\x1b"


# Logs as a function does, a library does, and as thread and process do that die of what they did
# not catch.
SCRIPT = """
import logging, os, threading
import structlog
from common import logs
from common.settings import Settings

settings = Settings()
logs.configure(settings, function="ingest")
told = os.environ["TOLD"]
structlog.get_logger().debug("below_the_level")
with structlog.contextvars.bound_contextvars(event_id="e1"):
    structlog.get_logger().info("handled", url=told)
    logging.getLogger("botocore").warning("retrying %s", told)
    try:
        raise ValueError(told)
    except ValueError:
        structlog.get_logger().exception("bug")
def die():
    raise RuntimeError(told)

thread = threading.Thread(target=die, name="renew")
thread.start()
thread.join()
die()
"""


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_line_of_a_process_holds_a_secret(log_format: str):
    told = f"http://u:{CANARY}@h/?X-Amz-Signature=CANARY and dc_acme_CANARY0123456789"
    said = run(SCRIPT, TOLD=told, AWS_SECRET_ACCESS_KEY=CANARY, DATACORE_LOG_FORMAT=log_format)
    assert all(word in said for word in ("handled", "retrying", "bug", "thread_died", "Runtime"))
    assert "below_the_level" not in said
    assert "CANARY" not in said


def test_every_line_names_function_level_and_time_and_what_was_bound():
    said = run(SCRIPT, TOLD="x", DATACORE_LOG_FORMAT="json")
    lines = handled, retrying, _, thread_died, died = [*map(json.loads, said.splitlines())]
    for line in lines:
        assert line["function"] == "ingest"
        assert line["level"] in {"info", "warning", "error", "critical"}
        assert line["timestamp"].endswith("Z")
    assert [line.get("event_id") for line in lines] == ["e1", "e1", "e1", None, None]
    assert (handled["event"], retrying["logger"]) == ("handled", "botocore")
    assert (thread_died["event"], thread_died["thread"]) == ("thread_died", "renew")
    assert all("RuntimeError: x" in line["exception"] for line in (thread_died, died))


def run(script: str, **environment: str) -> str:
    """Return what a process says on stderr."""
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    ).stderr
