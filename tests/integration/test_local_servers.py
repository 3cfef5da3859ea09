"""The local servers stop without a trace, and find everything again, whatever ended them."""

import os
import signal
from pathlib import Path

import pytest

from infra.local.embedded import EmbeddedStack
from infra.local.failures import LocalError
from infra.local.object_store_keys import BUCKET, s3_client
from tests.conftest import local_servers
from tests.integration.test_local_minio import announced
from tests.integration.test_local_restart import all_gone, read_everywhere, write_everywhere
from tests.waiting import wait_until

pytestmark = pytest.mark.integration


def test_a_restart_keeps_data_keys_and_logs_and_announces_what_the_broker_missed(
    tmp_path: Path,
) -> None:
    with local_servers(tmp_path) as first:
        key = first.object_store_keys().add_client("acme")
        write_everywhere(first, key)
        announced(first, "acme/a/b.csv")
        pids, environment = first.pids(), first.environment("ingest")
        os.kill(pids["rabbitmq"], signal.SIGSTOP)  # it takes nothing, and is not started again
        s3_client(first.s3_url, *key).put_object(Bucket=BUCKET, Key="acme/a/late.csv", Body=b"x")
        os.kill(pids["minio"], signal.SIGKILL)
        wait_until(lambda: first.pids()["minio"] != pids["minio"])
        first.kill()
    assert sorted(pids) == ["minio", "mongo", "postgres", "rabbitmq", "redis"]
    assert all_gone(pids.values())

    with local_servers(tmp_path) as second:
        assert second.environment("ingest") == environment
        stored, document, _cached, row = read_everywhere(second, key)  # a killed cache is empty
        assert (stored, document, row) == (b"kept", "kept", "kept")
        assert announced(second, "acme/a/late.csv")
        for name in pids:
            assert (tmp_path / "logs" / f"{name}.log.1").stat().st_size > 0, name


def test_a_home_of_other_servers_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"stack": "local"}')

    with pytest.raises(LocalError, match=r"belong to the local servers.*--stack local"):
        EmbeddedStack(tmp_path).start()
