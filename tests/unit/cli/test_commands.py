"""The commands against canned answers: what they print where, and how they end."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup as Group
from typer.testing import CliRunner, Result

from cli.__main__ import app
from tests.unit.cli.reports import report
from tests.unit.cli.stub import Stub

pytestmark = pytest.mark.unit

LINK = {"key": "acme/centro/1.csv", "method": "POST", "fields": {}}


@pytest.fixture
def home(tmp_path: Path, stub: Stub) -> Path:
    clients = {"acme": {"token": "dc_acme_x"}}
    content = {"api_url": stub.url, "clients": clients}
    (tmp_path / "connection.json").write_text(json.dumps(content))
    stub.answer("GET", "/readyz", 200, {"servers": {"postgres": "up", "mongo": "up"}})
    stub.answer("GET", "/clients/acme/notices", 200, {"notices": []})
    return tmp_path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)], env={"COLUMNS": "100"})


def with_upload(stub: Stub, **upload: object) -> None:
    """Have the API take a file, and tell this of it afterwards."""
    stub.answer("POST", "/clients/acme/uploads", 201, {**LINK, "url": f"{stub.url}/store"})
    stub.answer("POST", "/store", 204, b"")
    told = {
        "key": LINK["key"],
        "filename": "ventas.csv",
        "branch": "centro",
        "sentence": f"It is {upload.get('state')}.",
        "stored_at": "2025-12-31T10:00:00+00:00",
        "balance": None,
        **upload,
    }
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": []})
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": [told]})


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "ventas.csv"
    path.write_text("fecha,cliente,importe\n")
    return str(path)


# --- upload -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "exit_code"),
    [("stored", 0), ("duplicate", 0), ("rejected", 1), ("parked", 1), ("needs_answer", 4)],
)
def test_an_upload_ends_as_its_final_state_says(home, stub, file, state, exit_code):
    with_upload(stub, state=state)

    result = run(home, "upload", file, "--branch", "centro")

    assert result.exit_code == exit_code, result.stderr
    assert f"ventas.csv  It is {state}." in result.stdout
    assert "sending" in result.stderr
    assert "sending" not in result.stdout


def test_an_upload_as_json_is_one_document_of_what_the_api_told(home, stub, file):
    with_upload(stub, state="stored", id="u1")

    result = run(home, "upload", file, "-b", "centro", "--json")

    document = json.loads(result.stdout)
    (upload,) = document["uploads"]
    assert document["version"] == 1
    assert (upload["id"], upload["state"], upload["exit_code"]) == ("u1", "stored", 0)


def test_a_known_file_is_told_and_not_sent(home, stub, file):
    problem = {"code": "already_uploaded", "detail": "You already uploaded this file on 3 May."}
    stub.answer("POST", "/clients/acme/uploads", 409, problem)

    result = run(home, "upload", file, "--branch", "centro")

    assert result.exit_code == 0
    assert "on 3 May." in result.stdout
    assert not [asked for asked in stub.asked if asked.path == "/store"]


def test_files_that_end_differently_are_partly_done(home, stub, file, tmp_path):
    problem = {"code": "already_uploaded", "detail": "Known."}
    stub.answer("POST", "/clients/acme/uploads", 409, problem)
    stub.answer("POST", "/clients/acme/uploads", 422, {"detail": "No such branch."})
    second = tmp_path / "otra.csv"
    second.write_text("x")

    result = run(home, "upload", file, str(second), "--branch", "centro")

    assert result.exit_code == 4
    assert "No such branch." in result.stdout


def test_who_does_not_watch_is_told_where_to_look(home, stub, file):
    with_upload(stub, state="stored")

    result = run(home, "upload", file, "--branch", "centro", "--no-watch")

    assert result.exit_code == 0
    assert "datacore status" in result.stdout


def test_more_files_than_one_page_tells_are_all_followed(home, stub, file, tmp_path):
    other = tmp_path / "otra.csv"
    other.write_text("fecha,cliente,importe\n2026-01-01,ana,1\n")
    with_upload(stub, state="stored")
    first = stub.answers["GET", "/clients/acme/uploads"].pop()[1]["uploads"]
    second_key = "acme/centro/another.csv"
    posted = stub.answers["POST", "/clients/acme/uploads"]
    posted.append((201, {**posted[0][1], "key": second_key}))
    stub.answers["GET", "/clients/acme/uploads"] = [
        (200, {"uploads": [{**first[0], "key": second_key}], "next": "older"}),
        (200, {"uploads": first, "next": None}),
    ]

    result = run(home, "upload", file, str(other), "--branch", "centro", "--json")

    assert result.exit_code == 0
    assert [each["state"] for each in json.loads(result.stdout)["uploads"]] == ["stored"] * 2
    assert any("before=older" in asked.path for asked in stub.asked)


def test_an_upload_that_does_not_settle_in_time_is_partly_done(home, stub, file):
    with_upload(stub, state="reading")

    result = run(home, "upload", file, "--branch", "centro", "--timeout", "0.01")

    assert result.exit_code == 4
    assert "still being read" in result.stdout


def test_a_file_that_is_not_there_is_wrong_use(home):
    assert run(home, "upload", "/nowhere.csv", "--branch", "centro").exit_code == 2


# --- status -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "waits", "exit_code"),
    [("stored", False, 0), ("parked", True, 4), ("needs_answer", True, 4), ("stored", True, 4)],
)
def test_a_monitor_is_told_of_an_upload_that_waits(home, stub, state, waits, exit_code):
    """However old it is: in the last case it is none of the newest."""
    with_upload(stub, state=state)
    told = stub.answers["GET", "/clients/acme/uploads"].pop()[1]["uploads"]
    who_waits = (200, {"uploads": told if waits else []})
    stub.answers["GET", "/clients/acme/uploads"] = [who_waits, (200, {"uploads": told})] * 2

    assert run(home, "status", "--exit-code").exit_code == exit_code
    assert run(home, "status").exit_code == 0
    assert "state=needs_answer&state=parked" in stub.asked[1].path


def test_a_monitor_is_told_of_a_server_that_is_down(home, stub):
    stub.answers["GET", "/readyz"] = [(503, {"servers": {"postgres": "down", "mongo": "up"}})]
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": []})

    result = run(home, "status", "--exit-code")

    assert result.exit_code == 4
    assert "Degraded: postgres" in result.stdout


def test_an_operator_is_told_that_reconcile_waits_and_where_to_ask(home, stub):
    servers = {"postgres": "up", "mongo": "up"}
    body = {"servers": servers, "held_back": ["reconcile_too_many_of_client"]}
    stub.answers["GET", "/readyz"] = [(200, body)]
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": []})

    result = run(home, "status", "--exit-code")

    assert result.exit_code == 4
    assert "datacore reconcile --full --dry-run" in " ".join(result.stdout.split())


def test_status_as_json_has_health_uploads_and_notices(home, stub):
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": []})

    document = json.loads(run(home, "status", "--json").stdout)

    assert document == {
        "version": 1,
        "state": "healthy",
        "servers": {"postgres": "up", "mongo": "up"},
        "held_back": [],
        "clients": [{"client": "acme", "waits_for_person": False, "uploads": [], "notices": []}],
    }


def test_a_server_that_is_away_has_an_exit_code_of_its_own(tmp_path):
    content = {"api_url": "http://127.0.0.1:1", "clients": {"acme": {"token": "dc_acme_x"}}}
    (tmp_path / "connection.json").write_text(json.dumps(content))

    for command in ("status", "report"):
        result = run(tmp_path, command)
        assert result.exit_code == 5
        assert result.stdout == ""


# --- report -------------------------------------------------------------------------------------


def test_a_report_is_on_stdout(home, stub):
    stub.answer("GET", "/clients/acme/report", 200, report())

    result = run(home, "report", "--lang", "es")

    assert result.exit_code == 0
    assert "acme: segmentos de clientes, datos al 31 dic 2025" in result.stdout


def test_a_report_as_json_is_the_api_s_with_a_version(home, stub):
    stub.answer("GET", "/clients/acme/report", 200, report())

    assert json.loads(run(home, "report", "--json").stdout) == {"version": 1, **report()}


@pytest.mark.parametrize(
    ("status", "state", "exit_code"), [(200, "no_data", 3), (202, "computing", 4)]
)
def test_without_a_report_it_says_what_to_do(home, stub, status, state, exit_code):
    stub.answer("GET", "/clients/acme/report", status, {"state": state})

    result = run(home, "report")

    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert "acme" in result.stderr


# --- sample, client -----------------------------------------------------------------------------


def test_fewer_files_than_branches_is_wrong_use(tmp_path):
    words = ["sample", str(tmp_path), "--branches", "3", "--files", "2"]

    assert CliRunner().invoke(app, words).exit_code == 2


@pytest.mark.parametrize(
    "name", ["Acme S.A.", "-acme", "-", "a" * 64, "acm\u00e9", "acme\n", ""], ids=repr
)
def test_an_id_that_cannot_be_part_of_a_key_is_wrong_use(tmp_path, name):
    for words in (["--branch", "centro", "--", name], [f"--branch={name}", "--", "acme"]):
        result = CliRunner().invoke(app, ["client", "--home", str(tmp_path), *words])

        assert result.exit_code == 2
        assert "cannot be an id" in result.stderr


@pytest.mark.parametrize(
    "name", ["Mexico", "america/mexico_city", "localtime", "../UTC", "/usr/share/zoneinfo/UTC", ""]
)
def test_a_time_zone_that_no_list_has_is_wrong_use(tmp_path, name):
    words = ["client", "acme", "--branch", "centro", "--timezone", name, "--home", str(tmp_path)]
    result = CliRunner().invoke(app, [*words, "--lang", "es"])

    assert result.exit_code == 2
    assert f"No existe la zona horaria {name!r}" in result.stderr


@pytest.mark.parametrize("code", ["EURO", "€", "Dollar", ""])
def test_a_currency_without_a_code_is_wrong_use(tmp_path, code):
    words = ["client", "acme", "--branch", "centro", "--currency", code, "--home", str(tmp_path)]
    result = CliRunner().invoke(app, words)

    assert result.exit_code == 2
    assert f"No currency has the code {code!r}" in result.stderr


_NEED_SERVERS = (
    ["client", "a" * 63, "--branch", "centro-2"],
    ["client", "acme", "-b", "centro", "--timezone", "America/Mexico_City", "--currency", "mxn"],
    ["reconcile"],
)


@pytest.mark.parametrize("words", _NEED_SERVERS)
@pytest.mark.parametrize("folder", [".", "none"])
def test_what_works_on_servers_of_this_machine_needs_them_running(tmp_path, words, folder):
    result = CliRunner().invoke(app, [*words, "--home", str(tmp_path / folder)])

    assert result.exit_code == 5
    assert "datacore up" in result.stderr
    assert not list(tmp_path.glob("none"))


def test_the_policy_is_shown_and_set(home, stub):
    stub.answer("GET", "/clients/acme", 200, {"id": "acme", "row_policy": "good_rows"})
    stub.answer("PATCH", "/clients/acme", 200, {"id": "acme", "row_policy": "all_or_nothing"})

    shown = run(home, "policy")
    changed = run(home, "policy", "all_or_nothing")

    assert "good rows" in shown.stdout
    assert "as a whole or not at all" in changed.stdout
    assert json.loads(stub.asked[-1].body) == {"row_policy": "all_or_nothing"}


def test_a_question_is_shown_with_its_answers_and_answered_by_number(home, stub):
    answers = [
        {"answer": {"date_order": "dmy"}, "label": "03/04/2026 is Apr 3, 2026"},
        {"answer": {"date_order": "mdy"}, "label": "03/04/2026 is Mar 4, 2026"},
    ]
    upload = {"id": "u1", "filename": "ventas.csv", "sentence": "Which?"}
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": [upload]})
    stub.answer(
        "GET", "/clients/acme/uploads/u1", 200, {**upload, "question": {"answers": answers}}
    )
    stub.answer("POST", "/clients/acme/uploads/u1/mapping", 202, {"state": "announced"})

    shown = run(home, "answer", "ventas.csv")
    assert shown.exit_code == 4
    assert "  2  03/04/2026 is Mar 4, 2026" in shown.stdout
    assert run(home, "answer", "ventas.csv", "3").exit_code == 2

    assert run(home, "answer", "ventas.csv", "2").exit_code == 0
    assert json.loads(stub.asked[-1].body) == {"date_order": "mdy"}

    columns = ("--column", "customer_id=column_2", "--column", "amount=a=b")
    assert run(home, "answer", "ventas.csv", *columns).exit_code == 0
    told = {"columns": {"customer_id": "column_2", "amount": "a=b"}}
    assert json.loads(stub.asked[-1].body) == told


def test_rejected_rows_are_written_for_a_spreadsheet(home, stub, tmp_path):
    upload = {"id": "u1", "filename": "ventas.csv"}
    rows = "\ufeff_upload,_line,_error,Fecha\r\nu1,3,Bad,soon\r\n".encode()
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": [upload]})
    stub.answer("GET", "/clients/acme/uploads/u1", 200, upload)
    stub.answer("GET", "/clients/acme/uploads/u1/rejected.csv", 200, rows)
    out = tmp_path / "mend.csv"

    assert run(home, "rejected", "ventas.csv", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == rows
    assert run(home, "rejected", "ventas.csv").stdout.startswith("_upload,_line")


def test_a_file_without_rejected_rows_says_so(home, stub):
    stub.answer("GET", "/clients/acme/uploads", 200, {"uploads": []})
    stub.answer("GET", "/clients/acme/uploads/u1", 200, {"id": "u1"})

    result = run(home, "rejected", "u1")

    assert result.exit_code == 3
    assert "No row" in result.stderr


# --- help and version ---------------------------------------------------------------------------


def commands(group: Group, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of each command, those of groups too."""
    for name, found in group.commands.items():
        yield (*names, name)
        if isinstance(found, Group):
            yield from commands(found, *names, name)


ALL = list(commands(typer.main.get_group(app)))


@pytest.mark.parametrize("names", ALL, ids=" ".join)
def test_a_help_breaks_lines_only_where_the_terminal_ends(names: tuple[str, ...]):
    width = 80
    shown = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": str(width)}).stdout
    lines = [line.strip() for line in shown.partition("╭")[0].splitlines()]
    assert len(lines) > 4
    for line, following in pairwise(lines):
        next_word = following.partition(" ")[0]
        assert not line or not following or len(line) + 1 + len(next_word) > width - 2


def test_the_version_is_told():
    result = CliRunner().invoke(app, ["--version"])

    assert result.exit_code == 0
    assert re.fullmatch(r"datacore \d+\.\d+\.\d+\n", result.stdout)
