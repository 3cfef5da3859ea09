"""The demo's story: servers, purchase files, three ways to upload, segments, a file sent twice.

What goes on is shown on stderr, what came of it on stdout. All is done from outside, as a client
does it: with its own S3 key, with presigned links, over the API.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import typer
from rich.console import Console, RenderableType

from cli import render
from cli.api import Api, Json
from cli.board import Board, Mark
from cli.connection import Connection
from cli.outcome import CommandError, Exit, ending
from cli.report import show
from cli.running import running_system
from cli.s3 import S3Tool
from cli.system import System, in_containers, on_this_machine
from cli.transfer import SETTLED, Courier, Known, Sent
from common.texts import say
from functions.report_api.schemas import NewClient
from infra.local.object_store_keys import BUCKET
from infra.local.stack import Stack

CLIENT = "demo"
_OWN_BRANCH = "shop"
_WITHIN_S = 300.0
_LOOK_EVERY_S = 0.1
_EXAMPLES = 3  # rejected rows that are shown of a file
# How each file goes: the first by an S3 tool, one by each link, the others by the tool again.
_WAYS = ("S3", "POST", "PUT")


def play(csv: Path | None, *, home: Path | None, servers: str, language: str) -> None:
    """Show the whole way, and stop everything at the end.

    Raises:
        typer.Exit: Something failed; what, and where the logs are, was said.
    """
    narrator = Narrator(language=language, servers=servers)
    with _folder(home, language=language) as folder, ending(language), ExitStack() as system:
        with Board(console=narrator.screen) as board:
            files, theirs = _prepare(csv, folder, narrator, board, system)
            actor = Actor.on_stage(theirs, files, narrator, currency=None if csv else "EUR")
            shipped = actor.ship(files, board)
            uploads = actor.see_read(shipped, board)
            report = actor.see_segments(board)
        narrator.tell(render.shipments(uploads, narrator.write))
        for messy in actor.rejected(uploads):
            narrator.tell(render.rejected_rows(messy, narrator.write, shown=_EXAMPLES))
        show(report, language=language)
        with Board(console=narrator.screen) as board:
            sentences = actor.ship_again(files[0], board)
        narrator.tell(render.again(sentences, narrator.write))
        narrator.tell(render.times(narrator.seconds, narrator.so_far(), narrator.write))


@contextmanager
def _folder(home: Path | None, *, language: str) -> Iterator[Path]:
    """Give a folder for the data; a temporary one goes at the end, unless something failed."""
    folder = home or Path(tempfile.mkdtemp(prefix="datacore-demo-"))
    is_kept = home is not None
    try:
        yield folder
    except Exception as error:
        if not _is_interrupt(error):
            is_kept = True
            typer.echo(say("demo_logs", {"folder": folder / "logs"}, language=language), err=True)
        raise
    finally:
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


def _is_interrupt(error: Exception) -> bool:
    return isinstance(error, typer.Exit) and error.exit_code == Exit.INTERRUPTED


# --- how it is told -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Narrator:
    """Tells the story: on a board what goes on, on stdout what came of it."""

    language: str
    servers: str
    screen: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    paper: Console = field(default_factory=lambda: Console(highlight=False))
    seconds: dict[str, float] = field(default_factory=dict)  # that each stage took, in order
    started: float = field(default_factory=time.monotonic)
    running: list[Stack] = field(default_factory=list)  # what was started for it, if anything
    deaths: list[str] = field(default_factory=list)  # of processes that must not end

    @property
    def write(self) -> render.Writer:
        """Writer in the reader's language."""
        return render.Writer(language=self.language)

    def so_far(self) -> float:
        """Return the seconds since the beginning."""
        return time.monotonic() - self.started

    def tell(self, what: RenderableType) -> None:
        """Print what came of it."""
        self.paper.print(what)

    @contextmanager
    def stage(self, board: Board, code: str) -> Iterator[Callable[[str], None]]:
        """Show a stage on the board while it lasts; gives what says how far it is."""
        row = board.row(say(code, language=self.language))
        board.change(row, "")
        started = time.monotonic()
        self.seconds[code] = 0.0  # its place among the stages is when it began
        try:
            yield lambda state: board.change(row, state)
        except BaseException:
            board.change(row, row.state, Mark.FAILED)
            raise
        self.seconds[code] = time.monotonic() - started
        board.change(row, row.state, Mark.DONE)

    def hear(self, code: str, params: dict[str, object]) -> None:
        """Take what the running system reports beside its servers."""
        if code == "child_restarts":
            self.deaths.append(say(code, params, language=self.language))
        elif code == "up_stopped":
            typer.echo(say(code, language=self.language), err=True)

    def check(self) -> None:
        """Go on only while everything runs.

        Raises:
            CommandError: A server or function has died.
            KeyboardInterrupt: There was one before, and something has swallowed it.
        """
        if any(stack.is_asked_to_end for stack in self.running):
            raise KeyboardInterrupt
        if self.deaths:
            raise CommandError(Exit.FAILED, "cli_refused", {"sentence": self.deaths[0]})


# --- the first act: servers and files -------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseFile:
    """A file, and the branch that exports it."""

    path: Path
    branch: str


def _prepare(
    csv: Path | None, folder: Path, narrator: Narrator, board: Board, system: ExitStack
) -> tuple[list[PurchaseFile], System]:
    """Start everything, and make the files meanwhile."""
    with ThreadPoolExecutor(1) as side:
        files = side.submit(_purchase_files, csv, folder, narrator, board)
        started = _start(folder, narrator, board, system)
        return files.result(), started


def _start(folder: Path, narrator: Narrator, board: Board, system: ExitStack) -> System:
    ready: list[str] = []
    with narrator.stage(board, "demo_servers") as at:
        if narrator.servers == "compose":
            return in_containers()

        def hear(code: str, params: dict[str, object]) -> None:
            if code == "server_ready":
                ready.append(str(params["server"]))
                at(", ".join(ready))
            elif code.startswith("minio_"):
                at(say(code, params, language=narrator.language).strip())
            else:
                narrator.hear(code, params)

        stack = running_system(folder, servers=narrator.servers, progress=hear)
        narrator.running.append(system.enter_context(stack))
        return on_this_machine(narrator.running[0])


def _purchase_files(
    csv: Path | None, folder: Path, narrator: Narrator, board: Board
) -> list[PurchaseFile]:
    if csv is not None:
        return [PurchaseFile(path=csv, branch=_OWN_BRANCH)]
    with narrator.stage(board, "demo_files") as at:
        # Loaded here: it brings pandas.
        from cli.sample import generate

        generate(folder / "sample", customers=2000, branches=3, files=8, seed=7)
        paths = sorted((folder / "sample").glob("*/*.csv"))
        size = sum(path.stat().st_size for path in paths)
        at(narrator.write.say("demo_files_made", files=len(paths), megabytes=round(size / 1e6, 1)))
    return [PurchaseFile(path=path, branch=path.parent.name) for path in paths]


# --- the second act: what a client does -----------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """A file that was sent, and how: `S3`, `POST` or `PUT`."""

    file: PurchaseFile
    way: str
    sent: Sent


@dataclass(frozen=True, kw_only=True)
class Actor:
    """The client: has a token, an S3 tool with a key, and files."""

    api: Api
    tool: S3Tool
    narrator: Narrator
    # A folder of its own for each show, so that nothing is overwritten in a home that had one.
    visit: str = field(default_factory=lambda: token_hex(4))

    @classmethod
    def on_stage(
        cls,
        system: System,
        files: Sequence[PurchaseFile],
        narrator: Narrator,
        *,
        currency: str | None,
    ) -> "Actor":
        """Open the client's account with a branch for each that has files."""
        branches = {file.branch: file.branch.capitalize() for file in files}
        keys = system.open_account(
            NewClient(
                id=CLIENT,
                name="Demo",
                branches=branches,
                currency=currency,
                language=narrator.language,
            ),
        )
        connection = Connection(api_url=system.api_url, client=CLIENT, token=keys.token)
        tool = S3Tool(
            endpoint_url=system.s3_url,
            bucket=BUCKET,
            access_key=keys.access_key,
            secret_key=keys.secret_key,
        )
        return cls(api=Api(connection, language=narrator.language), tool=tool, narrator=narrator)

    def _courier(self, board: Board) -> Courier:
        return Courier(
            api=self.api, board=board, language=self.narrator.language, check=self.narrator.check
        )

    def ship(self, files: Sequence[PurchaseFile], board: Board) -> list[Shipment]:
        """Send each file its way; what the API knows already is left out."""
        courier = self._courier(board)
        shipped = []
        with self.narrator.stage(board, "demo_upload"):
            for index, file in enumerate(files):
                self.narrator.check()
                way = _WAYS[index] if index < len(_WAYS) else "S3"
                sent = self._send(file, way, courier)
                if isinstance(sent, Sent):
                    shipped.append(Shipment(file=file, way=way, sent=sent))
        return shipped

    def _send(self, file: PurchaseFile, way: str, courier: Courier) -> Sent | Known:
        if way != "S3":
            return courier.send(file.path, branch=file.branch, method=way)
        return self._put(file, file.path.name, courier)

    def _put(self, file: PurchaseFile, name: str, courier: Courier) -> Sent:
        key = f"{CLIENT}/{file.branch}/{self.visit}/{name}"
        with courier.sending(name) as row:
            self.tool.put(file.path, key)
        return Sent(file=file.path, key=key, row=row)

    def see_read(self, shipped: Sequence[Shipment], board: Board) -> list[tuple[str, Json]]:
        """Wait until every file has settled; return each with the way it came.

        Raises:
            CommandError: One did not settle in time, or was not stored.
        """
        with self.narrator.stage(board, "demo_read"):
            sent = [shipment.sent for shipment in shipped]
            found = self._courier(board).follow(sent, within_s=_WITHIN_S)
            return [(one.way, _stored(one.sent, found)) for one in shipped]

    def rejected(self, uploads: Sequence[tuple[str, Json]]) -> list[Json]:
        """Return the uploads that have rejected rows, with the first of these."""
        return [
            self.api.upload(upload["id"])
            for _, upload in uploads
            if (upload["balance"] or {}).get("rejected")
        ]

    def see_segments(self, board: Board) -> Json:
        """Wait for the segments of all that was read, and return the report.

        Raises:
            CommandError: They did not come in time, or there was nothing to segment.
        """
        with self.narrator.stage(board, "demo_segments"):
            self._wait_for_segments()
        with self.narrator.stage(board, "demo_report"):
            answer = self.api.report()
        if answer.body["state"] != "ready":
            raise CommandError(Exit.FAILED, f"cli_{answer.body['state']}", {"client": CLIENT})
        return answer.body

    def _wait_for_segments(self) -> None:
        deadline = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline:
            self.narrator.check()
            client = self.api.client()
            if client["segmented_version"] >= client["data_version"]:
                return
            time.sleep(_LOOK_EVERY_S)
        raise CommandError(Exit.FAILED, "cli_computing", {"client": CLIENT})

    def ship_again(self, file: PurchaseFile, board: Board) -> list[tuple[str, str]]:
        """Send a file that is there already, by S3 and by the API; return what either says.

        Raises:
            CommandError: It was not recognised.
        """
        courier = self._courier(board)
        with self.narrator.stage(board, "demo_again"):
            sent = self._put(file, f"again-{file.path.name}", courier)
            found = courier.follow([sent], within_s=_WITHIN_S)
            upload = _stored(sent, found)
            known = courier.send(file.path, branch=file.branch)
        if upload["state"] != "duplicate" or not isinstance(known, Known):
            raise CommandError(Exit.FAILED, "demo_not_recognised", {"filename": file.path.name})
        return [("S3", upload["sentence"]), ("API", known.problem["detail"])]


def _stored(sent: Sent, found: dict[str, Json]) -> Json:
    """Return what became of a file that is in.

    Raises:
        CommandError: It is not.
    """
    upload = found.get(sent.key)
    if upload is None:
        params = {"filename": sent.file.name, "seconds": _WITHIN_S}
        raise CommandError(Exit.FAILED, "cli_not_settled", params)
    exit_code, _ = SETTLED[upload["state"]]
    if exit_code is not Exit.DONE:
        params = {"filename": sent.file.name, "sentence": upload["sentence"]}
        raise CommandError(exit_code, "demo_not_stored", params)
    return upload
