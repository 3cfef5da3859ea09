from email import message_from_bytes
from pathlib import Path

import pytest

from cli.api import Api, readiness, send
from cli.connection import Connection
from cli.outcome import CommandError, Exit
from tests.unit.cli.stub import Stub

pytestmark = pytest.mark.unit

CONTENT = b"fecha;cliente;importe\r\n" * 40_000  # more than one block


@pytest.fixture
def api(stub: Stub) -> Api:
    return Api(Connection(api_url=stub.url, client="acme", token="dc_acme_x"), language="es")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "ventas.csv"
    path.write_bytes(CONTENT)
    return path


def test_every_call_is_signed_in_and_in_the_reader_s_language(stub, api):
    stub.answer("GET", "/clients/acme/notices", 200, {"notices": [{"id": 1}]})

    assert api.notices() == [{"id": 1}]
    assert stub.asked[0].headers["authorization"] == "Bearer dc_acme_x"
    assert stub.asked[0].headers["accept-language"] == "es"


def test_a_file_is_found_however_many_came_after_it(stub, api):
    newer = {"uploads": [{"id": "u2", "filename": "b.csv"}], "next": "u2"}
    older = {"uploads": [{"id": "u1", "filename": "a.csv"}], "next": None}
    stub.answers["GET", "/clients/acme/uploads"] = [(200, newer), (200, older)]
    stub.answer("GET", "/clients/acme/uploads/u1", 200, {"id": "u1"})

    assert api.find("a.csv") == {"id": "u1"}
    assert "before=u2" in stub.asked[1].path


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (401, Exit.FAILED),
        (404, Exit.NOT_FOUND),
        (413, Exit.FAILED),
        (422, Exit.WRONG_USE),
        (500, Exit.FAILED),
        (503, Exit.UNREACHABLE),
    ],
)
def test_a_refusal_is_its_sentence_and_an_exit_code(stub, api, status, exit_code):
    stub.answer("GET", "/clients/acme", status, {"detail": "Said by the API."})

    with pytest.raises(CommandError) as refused:
        api.client()

    assert refused.value.exit_code is exit_code
    assert refused.value.sentence("en") == "Said by the API."


def test_a_stranger_s_answer_is_not_taken_for_ours(stub, api):
    stub.answer("GET", "/clients/acme", 200, b"<html>")

    with pytest.raises(CommandError) as refused:
        api.client()

    assert refused.value.code == "cli_not_our_api"


def test_a_server_that_is_away_is_named_without_the_path():
    with pytest.raises(CommandError) as refused:
        readiness("http://127.0.0.1:1")

    assert refused.value.exit_code is Exit.UNREACHABLE
    assert "http://127.0.0.1:1 does not answer" in refused.value.sentence("en")


def test_a_server_that_is_not_ready_is_an_answer(stub):
    stub.answer("GET", "/readyz", 503, {"servers": {"postgres": "down"}})

    assert readiness(stub.url).body == {"servers": {"postgres": "down"}}


def test_a_known_file_is_no_failure(stub, api, file):
    problem = {"code": "already_uploaded", "detail": "You already uploaded this file."}
    stub.answer("POST", "/clients/acme/uploads", 409, problem)

    answer = api.ask_to_upload(file, branch="centro", sha256="ab")

    assert answer.is_known_file


def test_another_conflict_is_a_failure(stub, api, file):
    stub.answer("POST", "/clients/acme/uploads", 409, {"code": "other", "detail": "Other."})

    with pytest.raises(CommandError):
        api.ask_to_upload(file, branch="centro", sha256="ab")


def test_a_form_carries_all_fields_and_then_the_file(stub, file):
    stub.answer("POST", "/uploads", 204, b"")
    sent: list[int] = []
    fields = {"key": "acme/centro/1.csv", "Content-Type": "text/csv", "policy": "eyJ9"}

    link = {"method": "POST", "url": f"{stub.url}/uploads", "fields": fields}
    send(file, link, progress=sent.append)

    (asked,) = stub.asked
    head = b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n"
    parts = message_from_bytes(head + asked.body).get_payload()
    names = [part.get_param("name", header="Content-Disposition") for part in parts]
    assert names == [*fields, "file"]
    assert [part.get_payload() for part in parts[:-1]] == list(fields.values())
    assert CONTENT in asked.body
    assert sum(sent) == len(CONTENT)
    assert len(sent) > 1


def test_a_link_takes_the_bytes_as_they_are(stub, file):
    stub.answer("PUT", "/uploads/1.csv", 200, b"")

    link = {"method": "PUT", "url": f"{stub.url}/uploads/1.csv", "headers": {"X-Asked": "1"}}
    send(file, link, progress=lambda _: None)

    (asked,) = stub.asked
    assert asked.body == CONTENT
    assert asked.headers["content-length"] == str(len(CONTENT))
    assert asked.headers["x-asked"] == "1"
    assert "transfer-encoding" not in asked.headers


def test_a_store_that_refuses_is_quoted(stub, file):
    stub.answer("PUT", "/uploads/1.csv", 403, b"<Code>AccessDenied</Code>")

    link = {"method": "PUT", "url": f"{stub.url}/uploads/1.csv", "headers": {}}
    with pytest.raises(CommandError) as refused:
        send(file, link, progress=lambda _: None)

    assert "AccessDenied" in refused.value.sentence("en")
