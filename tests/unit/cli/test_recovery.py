"""`replay` and `parked` against a ledger in memory: what they print where, and how they end."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import operator
from cli.__main__ import app
from common.parked import Filter, ParkedMessage
from common.replay import Preview, Run, Wish

pytestmark = pytest.mark.unit

NOW = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
BUG = ParkedMessage(
    id="p1",
    function="ingest",
    work_key="ingest:ObjectCreated:uploads/acme/centro/a.csv@v#0",
    client="acme",
    reason="bug",
    error="Traceback\nZeroDivisionError: a bug",
    tries=5,
    first_failed=NOW,
    parked_at=NOW,
    resolved_at=None,
    resolution=None,
    resolved_by=None,
    body=b'{"key": "acme/centro/a.csv"}',
)


@dataclass
class Books:
    """A ledger that remembers what it was told, and whose runs are done when looked at again."""

    messages: dict[str, ParkedMessage] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    run: Run | None = None
    total: int = 3
    ends_as: str = "done"
    operator: str = "operator:ada"

    @property
    def runs(self) -> "Books":
        return self

    @property
    def parked(self) -> "Books":
        return self

    def preview(self, wish: Wish) -> Preview:
        self.wishes.append(wish)
        return Preview(total=self.total, examples=("acme/centro/a.csv",) if self.total else ())

    def start(self, wish: Wish, *, by: str) -> Run:
        self.run = Run(
            id="r1",
            requested_by=by,
            wish=wish,
            total=self.total,
            published=0,
            cursor="",
            state="running",
            created_at=NOW,
            ended_at=None,
        )
        return self.run

    def cancel(self, run_id: str) -> Run | None:
        if self.run is None or run_id != self.run.id:
            return None
        self.run = replace(self.run, state="cancelled")
        return self.run

    def list(self, wanted: Filter, *, limit: int) -> list[ParkedMessage]:
        self.filters.append(wanted)
        return [m for m in self.messages.values() if m.resolved_at is None][:limit]

    def find(self, name: str) -> ParkedMessage | Run | None:
        if self.run is not None and name == self.run.id:
            self.run = replace(self.run, state=self.ends_as, published=self.total)
            return self.run
        return self.messages.get(name)

    def replay(self, message: ParkedMessage, *, by: str) -> bool:
        return self._decide(message, "replayed", by)

    def discard(self, message: ParkedMessage, *, by: str) -> bool:
        return self._decide(message, "discarded", by)

    def _decide(self, message: ParkedMessage, resolution: str, by: str) -> bool:
        known = self.messages[message.id]
        if known.resolved_at is not None:
            return False
        self.messages[message.id] = replace(
            known, resolved_at=NOW, resolution=resolution, resolved_by=by
        )
        return True


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    found = Books(messages={"p1": BUG, "p2": replace(BUG, id="p2", client=None, work_key=None)})

    @contextmanager
    def ledger(_home: Path) -> Iterator[Books]:
        yield found

    monkeypatch.setattr(operator, "ledger", ledger)
    monkeypatch.setattr("cli.replay._LOOK_AGAIN_S", 0.0)
    return found


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, [*words], input=answer, env={"COLUMNS": "120", "TZ": "UTC"})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.operator._somebody_is_here", lambda: True)


# --- replay ---------------------------------------------------------------------------------


def test_a_replay_needs_a_filter_or_all(books: Books):
    result = run("replay", "--yes")
    assert (result.exit_code, books.run) == (2, None)
    assert "--all" in result.stderr
    assert run("replay", "--yes", "--all").exit_code == 0
    assert books.run is not None


def test_without_a_terminal_nothing_is_done_unasked(books: Books):
    for words in (["replay", "--all"], ["parked", "replay", "--all"], ["parked", "discard", "p1"]):
        result = run(*words)
        assert result.exit_code == 2, words
        assert "--yes" in result.stderr
    assert books.run is None
    assert books.messages["p1"] == BUG


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_one_is_asked(books: Books):
    assert run("replay", "--all", answer="n\n").exit_code == 1
    assert books.run is None
    assert run("replay", "--all", answer="y\n").exit_code == 0
    assert books.run is not None


def test_a_dry_run_shows_counts_and_examples_and_does_nothing(books: Books):
    result = run("replay", "--client", "acme", "--dry-run")
    assert (result.exit_code, books.run) == (0, None)
    assert "3 messages" in result.stdout
    assert "acme/centro/a.csv" in result.stdout
    document = json.loads(run("replay", "--client", "acme", "--dry-run", "--json").stdout)
    assert document == {"version": 1, "total": 3, "examples": ["acme/centro/a.csv"]}


def test_every_filter_reaches_the_wish(books: Books):
    words = "--from 2026-05-01T00:00+02:00 --to 2026-05-02T00:00Z --client acme --prefix centro/"
    more = "--state stored --state rejected --function notify --force --rate 2.5 --dry-run"
    assert run("replay", *words.split(), *more.split()).exit_code == 0
    assert books.wishes == [
        Wish(
            function="notify",
            client="acme",
            prefix="centro/",
            states=("stored", "rejected"),
            since=datetime(2026, 4, 30, 22, tzinfo=UTC),
            until=datetime(2026, 5, 2, tzinfo=UTC),
            is_forced=True,
            rate=2.5,
        )
    ]


def test_a_run_is_followed_to_its_end(books: Books):
    result = run("replay", "--all", "--yes")
    assert result.exit_code == 0
    assert "r1" in result.stderr
    assert "3 of 3" in result.stderr
    assert result.stdout.strip() == "Done: 3 messages replayed."
    assert books.run.requested_by == "operator:ada"
    document = json.loads(run("replay", "--all", "--yes", "--json").stdout)
    assert document == {"version": 1, "id": "r1", "state": "done", "published": 3, "total": 3}


def test_a_run_that_somebody_else_cancelled_has_failed(books: Books):
    books.ends_as = "cancelled"
    result = run("replay", "--all", "--yes")
    assert result.exit_code == 1
    assert "Cancelled" in result.stdout


def test_what_fits_nothing_is_done_at_once(books: Books):
    books.total = 0
    result = run("replay", "--all", "--lang", "es")
    assert (result.exit_code, books.run) == (0, None)
    assert "no se repite nada" in result.stdout


def test_a_run_is_cancelled_by_its_id(books: Books):
    assert run("replay", "--cancel", "r1").exit_code == 3
    books.start(Wish(), by="ada")
    result = run("replay", "--cancel", "r1", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["state"] == "cancelled"


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01"])
def test_what_is_no_time_is_wrong_use(books: Books, when: str):
    result = run("replay", "--from", when, "--dry-run")
    assert result.exit_code == 2
    assert when in result.stderr


def test_a_state_from_which_nothing_follows_is_wrong_use(books: Books):
    assert run("replay", "--state", "removed", "--dry-run").exit_code == 2


# --- parked messages --------------------------------------------------------------------------


def test_the_list_tells_each_cause_in_words(books: Books):
    result = run("parked", "list", "--client", "acme", "--reason", "bug", "--function", "ingest")
    assert result.exit_code == 0
    assert "p1" in result.stdout
    assert "Our own program failed" in result.stdout
    assert books.filters == [Filter(client="acme", function="ingest", reason="bug")]
    assert "Nuestro propio programa" in run("parked", "list", "--lang", "es").stdout


def test_an_empty_list_says_so(books: Books):
    books.messages.clear()
    result = run("parked", "list")
    assert result.exit_code == 0
    assert "Nothing is parked" in result.stdout
    assert json.loads(run("parked", "list", "--json").stdout) == {"version": 1, "parked": []}


def test_one_message_is_shown_whole(books: Books):
    result = run("parked", "show", "p1")
    for part in ("ZeroDivisionError: a bug", '"acme/centro/a.csv"', "5 tries", "#0"):
        assert part in result.stdout
    document = json.loads(run("parked", "show", "p1", "--json").stdout)
    assert document["version"] == 1
    assert document["first_failed"] == NOW.isoformat()
    assert (document["error"], document["body"]) == (BUG.error, BUG.body.decode())


def test_nothing_that_a_stranger_wrote_moves_the_operator_s_terminal(books: Books):
    escape = "\x1b]0;owned\x07\x9b2J"
    books.messages["p1"] = replace(
        BUG,
        work_key=f"ingest:{escape}.csv",
        error=f"Traceback\nKeyError: {escape}",
        body=f'{{"key":\n "{escape}"}}'.encode(),
    )
    told = run("parked", "show", "p1").stdout
    assert not {"\x1b", "\x07", "\x9b"} & set(told)
    assert told.count("owned") == 3
    assert "Traceback\nKeyError" in told


def test_a_message_that_is_not_there_is_not_found(books: Books):
    for what in ("show", "replay", "discard"):
        result = run("parked", what, "nothing", *(() if what == "show" else ("--yes",)))
        assert result.exit_code == 3
        assert "nothing" in result.stderr


@pytest.mark.parametrize("what", ["replay", "discard"])
def test_a_decision_needs_ids_a_filter_or_all(books: Books, what: str):
    assert run("parked", what, "--yes").exit_code == 2
    assert books.messages["p1"] == BUG
    assert run("parked", what, "--all", "--yes").exit_code == 0
    assert {m.resolved_by for m in books.messages.values()} == {"operator:ada"}


@pytest.mark.parametrize("what", ["replay", "discard"])
def test_a_decision_twice_is_harmless_and_says_so(books: Books, what: str):
    first = run("parked", what, "p1", "--yes")
    second = run("parked", what, "p1", "--yes")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "1 done, 0 decided before" in first.stdout
    assert "Nothing to do" in second.stdout
    assert "operator:ada" in second.stdout
    document = json.loads(run("parked", what, "p1", "--yes", "--json").stdout)
    assert document["parked"][0]["changed"] is False


def test_a_dry_run_decides_nothing(books: Books):
    result = run("parked", "discard", "--all", "--dry-run")
    assert result.exit_code == 0
    assert "p2" in result.stdout
    assert books.messages["p1"] == BUG
