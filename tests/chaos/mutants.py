"""Switch off one guard at a time, and see that the tests notice: `make chaos-mutants`.

Each guard is taken out of a copy of the project, where a few named tests are run. They must fail,
after they passed on an unchanged copy. A mutant that survives ends this with an error.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]
_TESTS_FAILED = 1  # pytest's exit code; others say that it could not run them
_LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "node_modules")


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """A guard, how it is switched off, and the test that must notice."""

    name: str
    file: str
    guard: str
    without: str
    test: str

    def apply(self, copy: Path) -> None:
        """Take the guard out of a copy of the project.

        Raises:
            LookupError: The guard is not where it is said to be, or there are several of it.
        """
        path = copy / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.guard) != 1:
            raise LookupError(f"{self.name}: {self.file} does not hold its guard once")
        path.write_text(text.replace(self.guard, self.without), encoding="utf-8")


MUTANTS = (
    Mutant(
        name="fencing",
        file="common/ledger.py",
        guard="            if not ended.rowcount:\n",
        without="            if ended.rowcount > 1:\n",
        test="test_workers.py::test_a_worker_that_wakes_after_its_lease_changes_nothing[ingest-mongo_done]",
    ),
    Mutant(
        name="unique key",
        file="common/ledger.py",
        guard='        work_key = f"{self._function}:{subject_of(event)}"\n',
        without='        work_key = f"{self._function}:{subject_of(event)}:{uuid.uuid4()}"\n',
        test="test_repetition.py::test_many_copies_of_one_event_at_many_workers_are_one_ingest[usual]",
    ),
    Mutant(
        name="size check",
        file="common/object_storage.py",
        guard="        if size != stored.size:\n",
        without="        if size > stored.size:\n",
        test="test_bodies.py::test_a_body_that_comes_badly_is_read_whole_or_not_at_all[usual]",
    ),
    Mutant(
        name="ack order",
        file="common/runtime.py",
        guard='        failpoint("recv")\n',
        without='        delivery.ack()\n        failpoint("recv")\n',
        # Not sooner: the broker must have read the ack before its worker is gone.
        test="test_crash.py::test_a_crash_leaves_what_an_undisturbed_run_leaves[mongo_batch_k-kill]",
    ),
    Mutant(
        name="client filter",
        file="infra/postgres/migrations/versions/0001_first.py",
        guard="""    mine = f"{column} = nullif(current_setting('app.client', true), '')"\n""",
        without='    mine = f"{column} IS NOT NULL"\n',
        test="test_workers.py::test_two_clients_with_the_same_bytes_never_meet_whoever_dies",
    ),
)


def main() -> None:
    """Run the named tests unchanged, then without each guard."""
    tests = tuple(mutant.test for mutant in MUTANTS)
    if failed := _failed_without(None, *tests):
        sys.exit(f"the tests fail with every guard in place:\n{failed}")
    _say("all guards in place", "green")
    survivors = [mutant.name for mutant in MUTANTS if not _is_noticed(mutant)]
    if survivors:
        sys.exit(f"nobody noticed that these were off: {', '.join(survivors)}")


def _is_noticed(mutant: Mutant) -> bool:
    failed = _failed_without(mutant, mutant.test)
    _say(f"without {mutant.name}", f"red: {failed}" if failed else "green, and should be red")
    return bool(failed)


def _failed_without(mutant: Mutant | None, *tests: str) -> str:
    """Return in one line how the tests fail on a copy of the project; empty if they pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(PROJECT, copy, ignore=_LEFT_BEHIND)
        if mutant is not None:
            mutant.apply(copy)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-m", "chaos", "-p", "no:cacheprovider"),
                *("--tb=line", *(f"tests/chaos/{test}" for test in tests)),
            ],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode not in {0, _TESTS_FAILED} or "\nERROR " in done.stdout:
        sys.exit(done.stdout + done.stderr)
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return failed[0].removeprefix("FAILED tests/chaos/") if failed else ""


def _say(what: str, how: str) -> None:
    sys.stdout.write(f"{what}: {how}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
