"""Every S3 tool of the guide, unchanged, with a client's own key and the guide's own commands."""

import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.e2e.black_box import wait_for
from tests.e2e.guide import GUIDE, examples
from tests.e2e.system import BUCKET, HEADER, System, purchases

pytestmark = pytest.mark.e2e

TOOLS = ("aws-cli", "boto3", "minio-py", "mc", "rclone", "s3cmd", "s5cmd")
LINKS = ("curl, PUT", "curl, POST")
STEPS = ("send", "list", "get", "delete")
LARGE_BYTES = 60_000_000
ELSEWHERE = "bodega/centro"
# The last is what mc says when it may not look at what it shall copy.
REFUSED = (
    "Access ?Denied|Forbidden|denied|Insufficient permissions|Unable to guess the type of copy"
)
# rclone sends up to 200 MB in one part, unless told otherwise.
IN_PARTS = {"RCLONE_S3_UPLOAD_CUTOFF": "16M"}


@dataclass
class Journey:
    """What one tool did, and what came of it."""

    sent: bytes
    first: dict[str, Any] = field(default_factory=dict)
    second: dict[str, Any] = field(default_factory=dict)
    ended: dict[str, CompletedProcess[str]] = field(default_factory=dict)
    refused: dict[str, CompletedProcess[str]] = field(default_factory=dict)
    back: bytes = b""
    got_others_file: bool = False
    states: list[list[str]] = field(default_factory=list)


def key_of(tool: str) -> str:
    return f"acme/centro/{tool}/ventas.csv"


def travel(system: System, tool: str, folder: Path) -> Journey:
    """Send, list, get back, replace and delete a file; try the same where others' files are."""
    example, settings = examples()[tool], system.settings(TILL=tool)
    file, key, journey = folder / "ventas.csv", key_of(tool), Journey(sent=purchases(tool))

    def run(step: str) -> None:
        journey.ended[step] = ended = example.run(step, folder=folder, settings=settings)
        assert ended.returncode == 0, ended.stderr + ended.stdout

    file.write_bytes(journey.sent)
    run("send")
    journey.first = system.settled(key)
    run("list")
    run("get")
    journey.back = (folder / "back.csv").read_bytes()
    file.write_bytes(purchases(f"{tool}-corrected", rows=9))
    run("send")
    journey.second = system.settled(key, versions=2)
    journey.states.append(system.states(key))
    (folder / "back.csv").unlink()
    journey.refused = {
        step: example.run(step, folder=folder, settings=settings, at=ELSEWHERE) for step in STEPS
    }
    journey.got_others_file = (folder / "back.csv").exists()
    run("delete")
    wait_for(lambda: system.states(key)[0] == "removed")
    journey.states.append(system.states(key))
    return journey


def travel_by_link(system: System, way: str, folder: Path) -> Journey:
    """Ask for a link, send a file by it, and another one of the same size."""
    example, settings, name = examples()[way], system.settings(), way.replace(", ", "-")
    journey = Journey(sent=purchases(f"{name}-1"))
    (folder / "ventas.csv").write_bytes(journey.sent)
    for step in ("ask", "send"):
        ended = example.run(step, folder=folder, settings=settings)
        assert ended.returncode == 0, ended.stderr + ended.stdout
    key = json.loads((folder / "link.json").read_text())["key"]
    journey.first = system.settled(key)
    (folder / "ventas.csv").write_bytes(purchases(f"{name}-2"))
    assert example.run("send", folder=folder, settings=settings).returncode == 0
    journey.second = system.settled(key, versions=2)
    journey.states.append(system.states(key))
    return journey


@pytest.fixture(scope="module")
def journeys(
    system: System, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Journey]]]:
    """Every tool on its way, all at once."""
    bodega = system.s3(system.bodega)
    for tool in TOOLS:
        other = purchases(f"of-bodega-{tool}")
        bodega.put_object(Bucket=BUCKET, Key=f"{ELSEWHERE}/{tool}/ventas.csv", Body=other)
    ways = dict.fromkeys(TOOLS, travel) | dict.fromkeys(LINKS, travel_by_link)
    with ThreadPoolExecutor(len(ways)) as threads:
        yield {
            name: threads.submit(way, system, name, tmp_path_factory.mktemp("till"))
            for name, way in ways.items()
        }


@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_is_stored_under_its_name_and_says_who_sent_it(journeys, system: System, tool: str):
    first = journeys[tool].result().first

    assert (first["state"], first["branch"], first["filename"]) == (
        "stored",
        "centro",
        "ventas.csv",
    )
    assert first["uploaded_by"] == system.acme.access_key
    assert first["sha256"] == hashlib.sha256(journeys[tool].result().sent).hexdigest()
    assert (first["balance"]["rows_in"], first["balance"]["amount"]) == (8, "20.00")


@pytest.mark.parametrize("tool", TOOLS)
def test_the_own_folder_is_listed_and_the_file_comes_back_as_it_was(journeys, tool: str):
    journey = journeys[tool].result()

    assert "ventas.csv" in journey.ended["list"].stdout
    assert journey.back == journey.sent


@pytest.mark.parametrize("tool", TOOLS)
def test_the_same_name_again_replaces_the_file_and_a_delete_takes_it_back(journeys, tool: str):
    journey = journeys[tool].result()

    assert journey.second["balance"]["rows_in"] == 9
    assert journey.states == [["stored", "superseded"], ["removed", "removed"]]


@pytest.mark.parametrize("tool", TOOLS)
def test_where_others_files_are_everything_is_refused(journeys, system: System, tool: str):
    journey = journeys[tool].result()
    refused = journey.refused

    assert {step: ended.returncode != 0 for step, ended in refused.items()} == dict.fromkeys(
        STEPS, True
    )
    for step, ended in refused.items():
        assert re.search(REFUSED, ended.stderr), f"{step}: {ended.stderr}"
    assert not journey.got_others_file
    (others,) = system.of(f"{ELSEWHERE}/{tool}/ventas.csv")
    assert (others["state"], others["uploaded_by"]) == ("stored", system.bodega.access_key)


@pytest.fixture(scope="module")
def large(system: System, journeys, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One file of 60 MB, sent by every tool under a name of its own; return its hash."""
    for journey in journeys.values():
        journey.result()
    folder = tmp_path_factory.mktemp("large")
    rows = 1000
    note = "n" * (LARGE_BYTES // rows)
    lines = (f"large-{n},2024-02-01,c{n},p,1,2.50,{n}{note}\n" for n in range(rows))
    content = (HEADER.replace("\n", ",note\n") + "".join(lines)).encode()
    (folder / "ventas.csv").write_bytes(content)

    def send(tool: str) -> None:
        settings = system.settings(TILL=f"{tool}-large", **IN_PARTS)
        ended = examples()[tool].run("send", folder=folder, settings=settings)
        assert ended.returncode == 0, ended.stderr + ended.stdout

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(send, TOOLS))
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("tool", TOOLS)
def test_a_file_in_parts_is_one_upload_with_the_hash_of_the_whole(
    system: System, large: str, tool: str
):
    key = f"acme/centro/{tool}-large/ventas.csv"

    upload = system.settled(key)

    stored = system.s3(system.acme).head_object(Bucket=BUCKET, Key=key)
    assert re.fullmatch(r'"[0-9a-f]{32}-[0-9]+"', stored["ETag"]), "not sent in parts"
    assert upload["size"] == stored["ContentLength"] > LARGE_BYTES
    assert upload["sha256"] == large


def test_the_same_large_file_by_every_tool_is_one_dataset(system: System, large: str):
    keys = [f"acme/centro/{tool}-large/ventas.csv" for tool in TOOLS]
    for key in keys:
        system.settled(key)

    states = sorted(state for key in keys for state in system.states(key))

    assert states == ["duplicate"] * (len(TOOLS) - 1) + ["stored"]


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", LINKS)
def test_curl_sends_a_file_by_a_link_and_replaces_it(journeys, way: str):
    journey = journeys[way].result()

    first, second = journey.first, journey.second
    assert (first["state"], first["filename"]) == ("stored", "ventas.csv")
    assert first["sha256"] == hashlib.sha256(journey.sent).hexdigest() != second["sha256"]
    assert first["uploaded_by"] == second["uploaded_by"] == "owner"
    assert journey.states == [["stored", "superseded"]]


@pytest.mark.parametrize("way", LINKS)
def test_a_link_opens_its_own_key_only(system: System, tmp_path: Path, way: str):
    example, settings = examples()[way], system.settings()
    (tmp_path / "ventas.csv").write_bytes(purchases(f"stolen-{way}"))
    assert example.run("ask", folder=tmp_path, settings=settings).returncode == 0
    link = tmp_path / "link.json"
    link.write_text(link.read_text().replace("acme/centro/", "bodega/centro/stolen-"))

    ended = example.run("send", folder=tmp_path, settings=settings)

    assert ended.returncode != 0
    assert "403" in ended.stderr
    assert not [u for u in system.uploads(system.bodega) if "stolen" in u["key"]]


@pytest.mark.parametrize("way", LINKS)
def test_another_client_s_link_is_not_given(system: System, tmp_path: Path, way: str):
    (tmp_path / "ventas.csv").write_bytes(purchases("nobody"))
    settings = system.settings(DATACORE_TOKEN=system.bodega.token)

    ended = examples()[way].run("ask", folder=tmp_path, settings=settings)

    assert ended.returncode != 0
    assert "404" in ended.stderr


# --- all together -------------------------------------------------------------------------------


def test_the_report_counts_what_is_stored_and_nothing_that_was_deleted(system: System, large: str):
    def is_up_to_date() -> bool:
        kept = [u["balance"] for u in system.uploads(system.acme) if u["state"] == "stored"]
        revenue = sum(Decimal(balance["amount"]) for balance in kept)
        path = "/clients/acme/report"
        return f'"revenue":"{revenue}"' in system.get(system.acme, path).replace(" ", "")

    wait_for(is_up_to_date)


def test_the_guide_names_the_settings_that_the_tools_were_given(system: System):
    told = set(re.findall(r"^export (AWS_\w+|TILL)=", GUIDE.read_text(), re.MULTILINE))

    given = {name for name in system.settings(TILL="t") if name.startswith(("AWS_", "TILL"))}
    assert told == given
    assert set(examples()) == {*TOOLS, *LINKS}
