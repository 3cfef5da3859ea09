"""infra/docker-compose.yml is as hardened as it claims, checked without Docker."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.events import FUNCTIONS
from common.messaging import topology
from common.settings import Administration, Settings
from common.store_admin import function_policies
from infra import rabbitmq, store

pytestmark = pytest.mark.unit

INFRA = Path(__file__).parents[2] / "infra"
TEXT = (INFRA / "docker-compose.yml").read_text(encoding="utf-8")
FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
ONCE = {"definitions", "migrate", "set-up", "operator"}
OURS = ONCE | {"ingest", "cluster", "notify", "reconcile", "report-api"}
EVERY = pytest.mark.parametrize("name", sorted(SERVICES))


def environment(name: str) -> dict[str, str]:
    return SERVICES[name].get("environment") or {}


def test_the_project_has_a_name_and_no_obsolete_version():
    assert FILE["name"] == "datacore"
    assert "version" not in FILE


@EVERY
def test_a_container_has_no_powers_and_bounded_means(name: str):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["init"] is True
    assert service["pids_limit"] <= 1024
    assert service["mem_limit"]
    assert service["logging"]["options"]["max-size"]
    assert not service.get("privileged")


@EVERY
def test_only_servers_that_change_their_user_get_a_power_back(name: str):
    allowed = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    given = set(SERVICES[name].get("cap_add", ()))
    assert given <= (set() if name in OURS else allowed)


@pytest.mark.parametrize("name", sorted(OURS - {"definitions", "migrate", "set-up"}))
def test_functions_are_nobody(name: str):
    assert SERVICES[name]["user"] == "10001:10001"


@EVERY
def test_an_image_is_a_variable_with_an_exact_release(name: str):
    match = re.fullmatch(
        r"\$\{[A-Z0-9_]+_IMAGE:-[a-z0-9./-]+:(?P<tag>[^@}]+)(@sha256:[0-9a-f]{64})?}",
        SERVICES[name]["image"],
    )
    assert match, SERVICES[name]["image"]
    assert match["tag"] != "latest"
    assert re.search(r"\d+\.\d+|\d{4}-\d\d-\d\d", match["tag"]), "a release, not a line of them"


def test_only_the_api_and_the_store_are_published_and_on_this_machine_unless_told():
    published = {name: s["ports"] for name, s in SERVICES.items() if "ports" in s}
    assert published.keys() == {"report-api", "s3"}
    assert all(
        port.startswith("${BIND:-127.0.0.1}:") for ports in published.values() for port in ports
    )


def test_all_others_are_on_a_network_without_a_way_out():
    assert FILE["networks"]["inside"] == {"internal": True}
    for name, service in SERVICES.items():
        if name not in {"report-api", "s3"}:
            assert service.get("networks") == ["inside"] or service["network_mode"] == "none", name


@EVERY
def test_a_server_and_a_function_say_whether_they_are_well(name: str):
    if name in ONCE:
        assert SERVICES[name]["restart"] == "no"
        return
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert check["start_period"]
    assert check["start_interval"], "a start is seen at once, not after a whole interval"
    assert SERVICES[name]["restart"] == "unless-stopped"


@EVERY
def test_who_waits_waits_for_a_condition(name: str):
    for other, wish in (SERVICES[name].get("depends_on") or {}).items():
        ends = "service_completed_successfully" if other in ONCE else "service_healthy"
        assert wish == {"condition": ends}


def test_servers_start_in_the_order_in_which_nothing_is_lost():
    assert "definitions" in SERVICES["rabbitmq"]["depends_on"]
    assert "rabbitmq" in SERVICES["s3"]["depends_on"], "what the store announces to nobody is lost"
    assert SERVICES["s3"]["healthcheck"]["test"][-2:] == ["ready", "local"]
    for function in ("ingest", "cluster", "notify", "reconcile", "report-api"):
        assert {"migrate", "set-up"} <= SERVICES[function]["depends_on"].keys()


def test_every_secret_must_be_given_and_one_command_makes_them_all(tmp_path: Path):
    required = set(re.findall(r"\$\{([A-Z0-9_]+):\?run sh infra/secrets.sh}", TEXT))
    assert required == set(re.findall(r"\$\{([A-Z0-9_]+):\?", TEXT))
    assert not re.findall(r"\$\{[A-Z0-9_]*(?:PASSWORD|SECRET|_KEY)[A-Z0-9_]*(?::-|})", TEXT)
    for file in ("docker-compose.yml", "secrets.sh"):
        (tmp_path / file).write_bytes((INFRA / file).read_bytes())
    subprocess.run(["sh", tmp_path / "secrets.sh"], check=True, capture_output=True)
    made = dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines())
    assert made.keys() == required
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch("[0-9a-f]{40}", secret) for secret in made.values())
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    again = subprocess.run(["sh", tmp_path / "secrets.sh"], check=False, capture_output=True)
    assert again.returncode == 1
    assert dict(line.split("=") for line in (tmp_path / ".env").read_text().splitlines()) == made


def test_no_secret_is_written_into_the_file():
    for name in SERVICES:
        for variable, value in environment(name).items():
            if re.search("PASSWORD|SECRET|_URL|MEMBER_KEY", variable) and "://" not in str(value):
                assert "${" in str(value), (name, variable)
            for password in re.findall(r"://[^/@]*:([^/@]*)@", str(value)):
                assert password.startswith("${"), (name, variable)


def test_each_container_is_given_its_own_secrets_only():
    given = {
        name: set(re.findall(r"\$\{([A-Z0-9_]+):\?", json.dumps(environment(name))))
        for name in SERVICES
    }
    functions = {
        "RABBITMQ_FUNCTIONS_PASSWORD",
        "POSTGRES_APP_PASSWORD",
        "POSTGRES_RUNTIME_PASSWORD",
    }
    assert given["notify"] == functions
    assert given["cluster"] == functions | {"MONGO_PASSWORD"}
    assert given["ingest"] == functions | {"MONGO_PASSWORD", "S3_INGEST_SECRET"}
    assert given["reconcile"] == functions | {"S3_RECONCILE_SECRET"}
    assert given["operator"] == functions | {"S3_OPERATOR_SECRET"}
    assert given["migrate"] == {"POSTGRES_OWNER_PASSWORD"}
    root = {"S3_ROOT_PASSWORD", "MONGO_ROOT_PASSWORD", "POSTGRES_PASSWORD"}
    assert {name for name in SERVICES if given[name] & root} == {
        "set-up",
        "s3",
        "mongo",
        "postgres",
    }


def test_the_store_announces_as_it_must():
    told = environment("s3")
    assert told["MINIO_API_SYNC_EVENTS"] == "on"
    assert {
        name.removeprefix("MINIO_NOTIFY_AMQP_").removesuffix("_DC"): value
        for name, value in told.items()
        if name.startswith("MINIO_NOTIFY_AMQP_")
    } == {
        "ENABLE": "on",
        "URL": f"amqp://{rabbitmq.STORE_USER}:${{RABBITMQ_STORE_PASSWORD:?run sh infra/secrets.sh}}@rabbitmq:5672/{topology.VHOST}",
        "EXCHANGE": topology.EVENTS,
        "EXCHANGE_TYPE": "topic",
        "ROUTING_KEY": topology.EVENTS_KEY,
        "DURABLE": "on",
        "DELIVERY_MODE": "2",
        "PUBLISHING_CONFIRMS": "on",
        "QUEUE_DIR": "/events",
        "QUEUE_LIMIT": "1000000",
    }
    assert "s3-events:/events" in SERVICES["s3"]["volumes"], "what was not yet sent is kept"
    assert environment("set-up")["DATACORE_ADMIN_S3_TARGET"] == "arn:minio:sqs::DC:amqp"


def test_functions_come_to_the_store_as_themselves():
    for function in function_policies("uploads"):
        assert environment(function.replace("_", "-"))["AWS_ACCESS_KEY_ID"] == store.key_of(
            function
        )
    assert environment("operator")["DATACORE_ADMIN_S3_ACCESS_KEY"] == store.key_of(store.OPERATOR)
    secrets = environment("set-up")["DATACORE_ADMIN_S3_SECRETS"]
    assert set(json.loads(secrets)) == {*function_policies("uploads"), store.OPERATOR}


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_is_one_that_is_read(name: str):
    settings = {f"DATACORE_{field.upper()}" for field in Settings.model_fields}
    administration = {f"DATACORE_ADMIN_{field.upper()}" for field in Administration.model_fields}
    amazon = {"AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert environment(name).keys() <= settings | administration | amazon | {"USER"}


def test_an_operator_has_a_name():
    """The container's user has none, and the ledger keeps who decided."""
    assert environment("operator")["USER"] == "${USER:-operator}"


def test_the_broker_is_not_asked_with_its_own_tools():
    """Run before the server is up, as root, they make its cookie, which it may not read then."""
    assert "rabbitmq-diagnostics" not in str(SERVICES["rabbitmq"]["healthcheck"])


def test_every_function_has_a_service():
    commands = {word for s in SERVICES.values() for word in s.get("command", ())}
    assert {f"functions.{name}" for name in (*FUNCTIONS, "reconcile", "report_api")} <= commands
