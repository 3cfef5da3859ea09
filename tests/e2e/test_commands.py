"""The commands against `datacore up`, as a person and as a script use them."""

import gzip
import io
import json
import re
import signal
import subprocess
import zipfile
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import boto3
import pytest

from tests.e2e.black_box import (
    COMMAND,
    PROJECT,
    datacore,
    left_of,
    plain_environment,
    wait_for,
)

pytestmark = pytest.mark.e2e

ACME = ("--client", "acme")
HEADER = "order_id,date,customer,product,quantity,unit_price\n"
GOOD = HEADER + "".join(f"o{n},2024-01-{n + 1:02d},c{n % 7},p,1,10.50\n" for n in range(28))
WITH_A_BAD_ROW = HEADER + "".join(
    f"x{n},{'31/31/31' if n == 100 else '2024-02-01'},c{n % 7},p,1,2.00\n" for n in range(200)
)
NO_CUSTOMER = "fecha,producto,total\n2024-01-31,pan,1.20\n"
AMBIGUOUS = "fecha,cliente,importe\n03/04/2024,c1,1.20\n05/06/2024,c2,1.20\n"


@pytest.fixture(scope="module")
def home(servers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A running system with one client; it must stop by one Ctrl-C and leave no process."""
    home = tmp_path_factory.mktemp("e") / "home"
    with (home.parent / "said").open("w+") as said:
        process = subprocess.Popen(
            [*COMMAND, "up", "--stack", servers, "--home", str(home)],
            cwd=PROJECT,
            env=plain_environment(),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        try:
            wait_for(lambda: "S3 endpoint" in (home.parent / "said").read_text(), within_s=120)
            made = datacore("client", "acme", "-b", "centro", "-b", "norte", "--home", str(home))
            assert made.returncode == 0, made.stderr
            yield home
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
            assert left_of(process.pid) == {}
        finally:
            process.kill()
            process.wait()


def upload(
    home: Path, content: str | bytes, name: str = "ventas.csv", branch: str = "centro"
) -> tuple[int, dict[str, Any]]:
    file = home.parent / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    ended = datacore("upload", str(file), "--branch", branch, *ACME, "--home", str(home), "--json")
    return ended.returncode, json.loads(ended.stdout)["uploads"][0]


def report(home: Path) -> dict[str, Any] | None:
    """Return the report, or None while there is none or a newer one is computed."""
    ended = datacore("report", *ACME, "--home", str(home), "--json")
    assert ended.returncode in {0, 3, 4}, ended.stderr
    is_newest = ended.returncode == 0 and "Newer files" not in ended.stderr
    return json.loads(ended.stdout) if is_newest else None


def status(home: Path) -> dict[str, Any]:
    return json.loads(datacore("status", *ACME, "--home", str(home), "--json").stdout)


def told_by_api(home: Path, what: str) -> list[dict[str, Any]]:
    """Return all `uploads` or `notices` of acme."""
    kept = json.loads((home / "connection.json").read_text())
    token = kept["clients"]["acme"]["token"]
    request = Request(
        f"{kept['api_url']}/clients/acme/{what}", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())[what]


def handled(home: Path) -> int:
    """Return how many messages ingest has ended, as its log says."""
    return (home / "logs" / "ingest.log").read_text().count('"event": "handled"')


def test_a_file_is_stored_and_its_segments_are_reported(home):
    code, stored = upload(home, GOOD)

    assert (code, stored["state"]) == (0, "stored")
    assert (stored["balance"]["rows_in"], stored["balance"]["amount"]) == (28, "294.00")
    found = wait_for(lambda: report(home))
    assert found["totals"]["customers"] == 7
    assert {segment["view"] for segment in found["segments"]} == {"rfm", "habits"}
    shown = datacore("report", *ACME, "--home", str(home))
    assert "7 customers · 28 orders" in shown.stdout


def test_the_same_bytes_again_are_told_and_change_nothing(home):
    upload(home, GOOD)
    before = wait_for(lambda: report(home))

    code, again = upload(home, GOOD, name="copia.csv", branch="norte")

    assert (code, again["state"]) == (0, "duplicate")
    assert again["first_upload"]["filename"] == "ventas.csv"
    assert wait_for(lambda: report(home))["totals"] == before["totals"]


def test_rejected_rows_are_counted_and_the_others_stored(home):
    code, partly = upload(home, WITH_A_BAD_ROW, name="febrero.csv")

    assert (code, partly["state"]) == (0, "stored")
    assert (partly["balance"]["accepted"], partly["balance"]["rejected"]) == (199, 1)
    assert "1" in partly["sentence"]


def test_a_file_without_customers_is_refused_with_its_reason(home):
    code, refused = upload(home, NO_CUSTOMER, name="total.csv")

    assert (code, refused["state"]) == (1, "rejected")
    assert "fecha, producto, total" in refused["sentence"]


@pytest.mark.parametrize("ending", [".csv.gz", ".zip"])
def test_a_packed_file_is_stored_like_any_other_by_each_way_in(home, ending):
    code, stored = upload(home, packed(f"api{ending}"), name=f"api{ending}")
    assert (code, stored["state"], stored["balance"]["accepted"]) == (0, "stored", 28)

    put(home, f"acme/norte/tool{ending}", packed(f"tool{ending}"))
    found = wait_for(
        lambda: [
            one
            for one in told_by_api(home, "uploads")
            if one["filename"] == f"tool{ending}" and one["state"] == "stored"
        ]
    )
    assert found[0]["balance"]["accepted"] == 28


def packed(name: str) -> bytes:
    """Return a file that no other test sends, packed as its name says."""
    rows = (f"{name}-{n},2024-03-{n + 1:02d},c{n % 7},p,1,1.50\n" for n in range(28))
    content = (HEADER + "".join(rows)).encode()
    if name.endswith(".gz"):
        return gzip.compress(content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("ventas.csv", content)
    return archive.getvalue()


def put(home: Path, key: str, body: bytes) -> None:
    """Put an object as acme's own S3 tool does."""
    kept = json.loads((home / "connection.json").read_text())
    acme = kept["clients"]["acme"]
    s3 = boto3.client(
        "s3",
        endpoint_url=kept["s3_url"],
        region_name="us-east-1",
        aws_access_key_id=acme["access_key"],
        aws_secret_access_key=acme["secret_key"],
    )
    s3.put_object(Bucket="uploads", Key=key, Body=body)
    s3.close()


def test_an_ambiguous_file_waits_and_a_monitor_sees_it(home):
    code, asked = upload(home, AMBIGUOUS, name="abril.csv", branch="norte")

    assert (code, asked["state"]) == (4, "needs_answer")
    assert datacore("status", *ACME, "--home", str(home), "--exit-code").returncode == 4


def test_status_tells_what_became_of_each_file(home):
    upload(home, NO_CUSTOMER, name="total.csv")

    found = status(home)

    assert found["state"] == "healthy"
    (client,) = found["clients"]
    assert {"total.csv"} <= {one["filename"] for one in client["uploads"]}
    told = wait_for(
        lambda: [
            notice["sentence"]
            for notice in status(home)["clients"][0]["notices"]
            if "total.csv" in notice["sentence"]
        ]
    )
    assert "total.csv was not taken in." in told[0]


def test_a_replay_changes_nothing_and_tells_nobody_twice(home):
    upload(home, GOOD)
    upload(home, WITH_A_BAD_ROW, name="febrero.csv")
    upload(home, NO_CUSTOMER, name="total.csv")
    wait_for(lambda: any("total.csv" in n["sentence"] for n in told_by_api(home, "notices")))
    before = wait_for(lambda: report(home))
    uploads, notices = map(fates, (told_by_api(home, "uploads"), told_by_api(home, "notices")))

    for how in ((), ("--force",), ("--force",)):
        done = handled(home)
        ended = datacore("replay", *ACME, *how, "--yes", "--home", str(home), "--json")
        assert ended.returncode == 0, ended.stderr
        run = json.loads(ended.stdout)
        assert (run["state"], run["published"]) == ("done", run["total"])
        assert run["total"] >= 3
        wait_for(lambda goal=done + run["total"]: handled(home) >= goal)

    # What comes last is told last: by now, whatever the replays had to say was said.
    upload(home, NO_CUSTOMER + "2024-02-01,pan,1\n", name="last.csv")
    wait_for(lambda: "last.csv" in told_by_api(home, "notices")[0]["sentence"])
    assert fates(told_by_api(home, "uploads")[1:]) == uploads
    assert fates(told_by_api(home, "notices")[1:]) == notices
    assert wait_for(lambda: report(home)) == before


def fates(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was told without when it was last worked on."""
    return [{k: v for k, v in one.items() if k != "settled_at"} for one in told]


def test_an_unknown_branch_is_wrong_use(home):
    code, refused = upload(home, GOOD + "\n", name="otra.csv", branch="luna")

    assert (code, refused["state"]) == (2, "failed")


def test_an_unknown_client_is_not_found(home):
    assert datacore("report", "--client", "bodega", "--home", str(home)).returncode == 3


def test_up_told_how_to_come_in(home):
    said = (home.parent / "said").read_text()

    (link,) = re.findall(r"sign in +(http://\S+)", said)
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(link) as page:  # signed in by the cookie that the link sets
        assert page.status == 200
        assert "token" not in page.url
    for key in ("token +dc_demo_", "S3 access key +\\S+", "S3 secret key +\\S+"):
        assert re.search(key, said), key


def test_of_two_clients_one_has_to_be_named(home):
    ended = datacore("report", "--home", str(home))

    assert ended.returncode == 2
    assert "acme, demo" in ended.stderr


def test_another_token_opens_nothing(home):
    address = json.loads((home / "connection.json").read_text())["api_url"]

    ended = datacore("report", "--api-url", address, DATACORE_TOKEN="dc_acme_wrong")

    assert ended.returncode == 1
    assert ended.stdout == ""


def test_no_function_wrote_what_gives_access_into_its_log(home):
    kept = json.loads((home / "secrets.json").read_text())
    clients = json.loads((home / "connection.json").read_text())["clients"].values()
    secrets = {*kept.values(), *(one[key] for one in clients for key in ("token", "secret_key"))}

    for function in ("ingest", "cluster", "notify", "reconcile", "report_api"):
        said = (home / "logs" / f"{function}.log").read_text()
        assert '"event"' in said, function
        assert [secret for secret in secrets if secret in said] == [], function
        assert not re.search(r"Signature(=|%3D)[0-9a-f]", said), function
