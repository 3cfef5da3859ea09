import json
from pathlib import Path

import pytest

from cli.connection import Place
from cli.outcome import CommandError, Exit

pytestmark = pytest.mark.unit


def home_with(tmp_path: Path, *clients: str) -> Path:
    content = {
        "api_url": "http://127.0.0.1:1",
        "clients": {client: {"token": f"dc_{client}_x"} for client in clients},
    }
    (tmp_path / "connection.json").write_text(json.dumps(content))
    return tmp_path


def test_the_only_client_need_not_be_named(tmp_path):
    place = Place(home=home_with(tmp_path, "acme"))

    assert place.connection(None).client == "acme"


def test_of_several_clients_one_has_to_be_named(tmp_path):
    place = Place(home=home_with(tmp_path, "acme", "bodega"))

    with pytest.raises(CommandError) as refused:
        place.connection(None)

    assert refused.value.exit_code == Exit.WRONG_USE
    assert "acme, bodega" in refused.value.sentence("en")
    assert place.connection("bodega").token == "dc_bodega_x"


def test_an_unknown_client_is_not_found(tmp_path):
    with pytest.raises(CommandError) as refused:
        Place(home=home_with(tmp_path, "acme")).connection("nobody")

    assert refused.value.exit_code == Exit.NOT_FOUND


def test_without_servers_it_says_how_to_start_them(tmp_path):
    with pytest.raises(CommandError) as refused:
        Place(home=tmp_path).connection("acme")

    assert refused.value.exit_code == Exit.UNREACHABLE
    assert "datacore up" in refused.value.sentence("en")


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "connection.json").write_text("{")

    with pytest.raises(CommandError) as refused:
        Place(home=tmp_path).connections()

    assert "connection.json" in refused.value.sentence("es")


def test_a_token_of_the_environment_needs_no_home(tmp_path):
    place = Place(home=tmp_path, api_url="https://datacore.example", token="dc_acme_secret_part")

    connection = place.connection(None)

    assert (connection.client, connection.api_url) == ("acme", "https://datacore.example")


def test_a_token_of_another_shape_is_refused_before_it_is_sent(tmp_path):
    with pytest.raises(CommandError) as refused:
        Place(home=tmp_path, api_url="http://x", token="sk_live").connection(None)

    assert refused.value.exit_code == Exit.WRONG_USE


def test_a_token_is_not_shown_with_its_connection(tmp_path):
    assert "dc_acme_x" not in repr(Place(home=home_with(tmp_path, "acme")).connection("acme"))
