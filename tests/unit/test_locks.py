"""The locks hold versions and hashes, and say nothing of where they came from."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

LOCKS = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))


def pins(lock: Path) -> set[tuple[str, str]]:
    return set(re.findall(r"^([a-z0-9][\w.\-\[\]]*)==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_holds_no_address_and_a_hash_for_every_package(lock: Path):
    content = lock.read_text()
    assert "://" not in content
    assert len(pins(lock)) > 40
    for requirement in re.split(r"\n(?=[a-z0-9])", content.strip()):
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_all_locks_agree():
    assert {lock.name for lock in LOCKS} == {"run.txt", "embedded.txt", "dev.txt"}
    run, embedded, dev = (
        pins(next(x for x in LOCKS if x.name == name))
        for name in ("run.txt", "embedded.txt", "dev.txt")
    )
    assert run <= embedded <= dev
