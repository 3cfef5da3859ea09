"""One file on its way: hashed, sent, and followed until it has settled."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.api import Api, Json, Progress, send
from cli.board import Board, Mark, Row
from cli.connection import Connection
from cli.outcome import CommandError, Exit
from common.texts import say, visible

_BLOCK_BYTES = 1 << 20
_LOOK_EVERY_S = 0.25

SETTLED = {
    "stored": (Exit.DONE, Mark.DONE),
    "duplicate": (Exit.DONE, Mark.DONE),
    "needs_answer": (Exit.PARTLY, Mark.WARNING),
    "rejected": (Exit.FAILED, Mark.FAILED),
    "parked": (Exit.FAILED, Mark.FAILED),
    "superseded": (Exit.DONE, Mark.DONE),
    "removed": (Exit.DONE, Mark.DONE),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A file that the store has."""

    file: Path
    key: str
    row: Row


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A file that was not sent: the same bytes are there already."""

    file: Path
    problem: Json  # names the upload that came first


def sha256_of(file: Path, progress: Progress) -> str:
    """Return the hash of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()


def _carry_on() -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Courier:
    """Brings files of one client to its branches, and shows on a board how far each is."""

    api: Api
    board: Board
    language: str
    check: Callable[[], None] = _carry_on  # called while waiting; raises when that is in vain

    def send(self, file: Path, *, branch: str, method: str = "POST") -> Sent | Known:
        """Hash `file`, ask for a link, and send it; a file that is there already is not sent.

        Raises:
            CommandError: API or store cannot be reached, or refuse the file.
        """
        with self._row(file.name) as row:
            return self._send(row, file, branch, method)

    @contextmanager
    def sending(self, name: str) -> Iterator[Row]:
        """Show a file that something else sends meanwhile."""
        with self._row(name) as row:
            self._say(row, "cli_sending")
            yield row
            self._say(row, "cli_waiting_for_reader")

    @contextmanager
    def _row(self, name: str) -> Iterator[Row]:
        row = self.board.row(f"  {visible(name)}")
        try:
            yield row
        except BaseException:
            self._say(row, "cli_state_failed", Mark.FAILED)
            raise

    def _send(self, row: Row, file: Path, branch: str, method: str) -> Sent | Known:
        self._say(row, "cli_hashing")
        sha256 = sha256_of(file, self._bar(row, file))
        answer = self.api.ask_to_upload(file, branch=branch, sha256=sha256, method=method)
        if answer.is_known_file:
            self._say(row, "cli_state_duplicate", Mark.DONE)
            return Known(file=file, problem=answer.body)
        row.done = 0
        self._say(row, "cli_sending")
        send(file, answer.body, progress=self._bar(row, file))
        row.total = 0
        self._say(row, "cli_waiting_for_reader")
        return Sent(file=file, key=answer.body["key"], row=row)

    def follow(self, sent: Sequence[Sent], *, within_s: float) -> dict[str, Json]:
        """Return, by key, the uploads that have settled in time."""
        deadline = time.monotonic() + within_s
        settled: dict[str, Json] = {}
        while len(settled) < len(sent) and time.monotonic() < deadline:
            self.check()
            settled |= self._look(sent)
            if len(settled) < len(sent):
                time.sleep(_LOOK_EVERY_S)
        return settled

    def _look(self, sent: Sequence[Sent]) -> dict[str, Json]:
        found = self._find({one.key for one in sent})
        for one in sent:
            if one.key in found:
                self.show(one.row, found[one.key])
        return {
            one.key: found[one.key]
            for one in sent
            if one.key in found and found[one.key]["state"] in SETTLED
        }

    def _find(self, keys: Set[str]) -> dict[str, Json]:
        """Return by key what is known of files that were sent.

        They are the client's newest, so below a page without any of them there are none.
        """
        found: dict[str, Json] = {}
        for page in self.api.pages():
            ours = [upload for upload in page if upload["key"] in keys]
            # Told newest first: of several versions of a key the newest counts.
            found = {upload["key"]: upload for upload in reversed(ours)} | found
            if not ours or len(found) == len(keys):
                break
        return found

    def show(self, row: Row, upload: Json) -> None:
        """Show on the board which state an upload is in."""
        _, mark = SETTLED.get(upload["state"], (None, Mark.RUNNING))
        self._say(row, f"cli_state_{upload['state']}", mark)

    def _say(self, row: Row, code: str, mark: Mark = Mark.RUNNING) -> None:
        self.board.change(row, say(code, language=self.language), mark)

    def _bar(self, row: Row, file: Path) -> Callable[[int], None]:
        size = file.stat().st_size
        return lambda amount: self.board.advance(row, amount, total=size)


# --- the whole way of several files ---------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How one file ended."""

    filename: str
    state: str  # of the upload; `sent` while it has not settled, `failed` if it was not sent
    sentence: str
    exit_code: Exit
    upload: dict[str, Any] | None = None  # as the API tells it

    def as_json(self) -> dict[str, Any]:
        """Return it for machines: what the API tells of the upload, with how it ended."""
        own = {"filename": self.filename, "state": self.state, "sentence": self.sentence}
        return {**(self.upload or {}), **own, "exit_code": int(self.exit_code)}


def deliver(
    files: Sequence[Path], *, branch: str, connection: Connection, language: str, follow_s: float
) -> list[Outcome]:
    """Send the files one after the other, follow all together, and return how each ended."""
    with Board(console=Console(stderr=True)) as board:
        courier = Courier(api=Api(connection, language=language), board=board, language=language)
        tries = [_send(courier, file, branch) for file in files]
        sent = [one for one in tries if isinstance(one, Sent)]
        found = courier.follow(sent, within_s=follow_s)
    return [
        _followed(one, found.get(one.key), courier, follow_s) if isinstance(one, Sent) else one
        for one in tries
    ]


def _send(courier: Courier, file: Path, branch: str) -> Sent | Outcome:
    try:
        sent = courier.send(file, branch=branch)
    except CommandError as error:
        return Outcome(
            filename=file.name,
            state="failed",
            sentence=error.sentence(courier.language),
            exit_code=error.exit_code,
        )
    return _known(sent) if isinstance(sent, Known) else sent


def _known(known: Known) -> Outcome:
    problem = known.problem
    return Outcome(
        filename=known.file.name,
        state="duplicate",
        sentence=problem["detail"],
        exit_code=Exit.DONE,
        upload={"first_upload": problem.get("first_upload"), "balance": None},
    )


def _followed(
    sent: Sent, upload: dict[str, Any] | None, courier: Courier, follow_s: float
) -> Outcome:
    if upload is not None:
        exit_code, _ = SETTLED[upload["state"]]
        told = {"state": upload["state"], "sentence": upload["sentence"]}
        return Outcome(filename=sent.file.name, **told, exit_code=exit_code, upload=upload)
    code = "cli_not_settled" if follow_s else "cli_sent"
    params = {"filename": sent.file.name, "seconds": follow_s}
    return Outcome(
        filename=sent.file.name,
        state="sent",
        sentence=say(code, params, language=courier.language),
        exit_code=Exit.PARTLY if follow_s else Exit.DONE,
    )
