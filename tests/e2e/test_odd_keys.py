"""Names that tills and people give to files: each is kept exactly, and shown so that it is seen."""

import html
import json
import re
import unicodedata
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.black_box import datacore
from tests.e2e.guide import examples
from tests.e2e.system import BUCKET, System, purchases

pytestmark = pytest.mark.e2e

FOLDER = "bodega/norte/"
LONG = "/".join(["d" * 99] * 9) + "/"
LONG += "e" * (1000 - len(FOLDER) - len(LONG) - 4) + ".csv"
# Name below the branch, and how its last part is shown.
KEPT = {
    "mayo 1.csv": "mayo 1.csv",
    "a+b.csv": "a+b.csv",
    "a%2Fb.csv": "a%2Fb.csv",
    "100%.csv": "100%.csv",
    "..%2f..%2fetc.csv": "..%2f..%2fetc.csv",
    "c:\\ventas\\x.csv": "c:\\ventas\\x.csv",
    "a\nb.csv": "a␊b.csv",
    "a\x1b[2J\x07.csv": "a␛[2J␇.csv",
    "a\x9b2J.csv": "a[U+009B]2J.csv",
    unicodedata.normalize("NFC", "año.csv"): unicodedata.normalize("NFC", "año.csv"),
    unicodedata.normalize("NFD", "año.csv"): unicodedata.normalize("NFD", "año.csv"),
    "🛒 ventas.csv": "🛒 ventas.csv",
    "fdp\u202evsc.csv": "fdp[U+202E]vsc.csv",
    "CON.csv": "CON.csv",
    "<img src=x onerror=f()>.csv": "<img src=x onerror=f()>.csv",
    "[red]{x}&amp;.csv": "[red]{x}&amp;.csv",
    "VENTAS.CSV": "VENTAS.CSV",
    "2024/enero/ventas.csv": "ventas.csv",
    LONG: LONG.rpartition("/")[2],
}
REFUSED = {
    "two slashes": FOLDER + "a//x.csv",
    "a dot": FOLDER + "./x.csv",
    "two dots": FOLDER + "../centro/x.csv",
    "two dots to another client": FOLDER + "../../acme/centro/x.csv",
    "a part of 256 bytes": FOLDER + "p" * 252 + ".csv",
    "a key of 1,025 bytes": FOLDER + LONG.replace("e.csv", "e" * 26 + ".csv"),
    "a zero byte": FOLDER + "a\0.csv",
}


@pytest.fixture(scope="module")
def kept(system: System) -> dict[str, dict[str, Any]]:
    """Put a file under each name, and return what became of each, by key."""
    s3 = system.s3(system.bodega)
    for number, name in enumerate(KEPT):
        s3.put_object(Bucket=BUCKET, Key=FOLDER + name, Body=purchases(f"odd-{number}"))
    return {FOLDER + name: system.settled(FOLDER + name) for name in KEPT}


def is_tame(text: str) -> bool:
    """Say whether nothing is in a text that a terminal obeys, or that hides or moves the rest."""
    return not any(unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} for c in text if c != "\n")


@pytest.mark.parametrize("name", KEPT)
def test_a_file_is_read_under_exactly_its_key(system: System, kept, name: str):
    key = FOLDER + name
    stored = system.s3(system.bodega).get_object(Bucket=BUCKET, Key=key)["Body"].read()

    assert stored == purchases(f"odd-{list(KEPT).index(name)}")
    assert (kept[key]["key"], kept[key]["state"]) == (key, "stored")
    assert kept[key]["filename"] == name.rpartition("/")[2]
    assert (kept[key]["branch"], kept[key]["size"]) == ("norte", len(stored))


def test_the_store_lists_the_same_keys(system: System, kept):
    listed = system.s3(system.bodega).list_objects_v2(Bucket=BUCKET, Prefix=FOLDER)["Contents"]

    assert kept.keys() <= {found["Key"] for found in listed}


def test_the_page_shows_each_name_and_runs_none(system: System, kept):
    page = system.get(system.bodega, "/")

    assert is_tame(page)
    for shown in KEPT.values():
        assert f"<bdi>{html.escape(shown)}</bdi>" in page
    assert "<img src=x" not in page


@pytest.mark.parametrize("name", ["a\nb.csv", "fdp\u202evsc.csv", "<img src=x onerror=f()>.csv"])
def test_a_file_s_own_page_shows_its_name(system: System, kept, name: str):
    page = system.get(system.bodega, f"/files/{kept[FOLDER + name]['id']}")

    assert is_tame(page)
    assert f"<title>{html.escape(KEPT[name])}" in page


def test_the_terminal_shows_each_name_and_obeys_none(system: System, kept):
    status = ("status", "--client", "bodega", "--home", str(system.home))
    shown = datacore(*status)
    document = datacore(*status, "--json")

    assert (shown.returncode, document.returncode) == (0, 0), shown.stderr + document.stderr
    for name in KEPT.values():
        assert name[:30] in shown.stdout
    assert is_tame(shown.stdout)
    assert is_tame(document.stdout)
    (client,) = json.loads(document.stdout)["clients"]
    assert kept.keys() <= {upload["key"] for upload in client["uploads"]}


@pytest.mark.parametrize("key", REFUSED.values(), ids=REFUSED)
def test_what_the_store_refuses_is_an_error_at_the_client(system: System, key: str):
    with pytest.raises(ClientError) as refused:
        system.s3(system.bodega).put_object(Bucket=BUCKET, Key=key, Body=purchases("refused"))

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert system.of(key.lstrip("/")) == []


@pytest.mark.parametrize("tool", ["aws-cli", "mc", "rclone", "s3cmd", "s5cmd"])
def test_a_tool_ends_with_an_error_where_the_store_refuses(system: System, tmp_path, tool: str):
    (tmp_path / "ventas.csv").write_bytes(purchases("refused"))
    settings = system.settings(TILL=tool)

    ended = examples()[tool].run("send", folder=tmp_path, settings=settings, at="acme/centro//x")

    assert ended.returncode != 0
    assert re.search("unsupported characters|Bad Request", ended.stderr)


@pytest.mark.parametrize("front", ["/", "//"])
def test_slashes_in_front_are_dropped_and_open_no_other_folder(system: System, front: str):
    s3, key = system.s3(system.bodega), f"{FOLDER}slash{len(front)}.csv"
    s3.put_object(Bucket=BUCKET, Key=front + key, Body=purchases(key))

    assert system.settled(key)["state"] == "stored"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=BUCKET, Key=f"{front}acme/norte/x.csv", Body=purchases("slash"))


@pytest.mark.parametrize(
    ("key", "reason"),
    [("bodega/suelto.csv", "no_branch"), ("bodega/luna/a.csv", "unknown_branch")],
)
def test_a_file_in_no_branch_s_folder_is_told_to_be(system: System, key: str, reason: str):
    system.s3(system.bodega).put_object(Bucket=BUCKET, Key=key, Body=purchases(reason))

    upload = system.settled(key)

    assert (upload["state"], upload["reason"]) == ("rejected", reason)
    assert "folder of one of your branches" in upload["sentence"]
