"""What every route works with, and the few things that API and page both do with it."""

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from pydantic import AwareDatetime, Field

from common.parked import ParkedMessages
from common.purchase_files import purchase_ending
from common.replay import ReplayRuns
from functions.report_api.problems import Problem
from functions.report_api.profiles import Profiles
from functions.report_api.report import report_body, report_name
from functions.report_api.repository import Repository
from functions.report_api.schemas import Client, Principal, Rejected, Upload, UploadDetail
from functions.report_api.uploads import RejectedRows, already_uploaded, first_upload_body

if TYPE_CHECKING:
    from common.cache import Cache

LINK_EXPIRES = timedelta(minutes=15)
_SHOWN_ROWS = 1000
# Of a file by its ending: one for each that ingest reads.
CONTENT_TYPES = {".csv": "text/csv", ".csv.gz": "application/gzip", ".zip": "application/zip"}

# A time of the store that somebody names. PostgreSQL keeps more years than Python reads back, in
# whatever zone.
StoreTime = Annotated[
    AwareDatetime,
    Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(9999, 12, 31, tzinfo=UTC)),
]


class Presigner(Protocol):
    """Makes links by which a browser puts a file straight into the object store."""

    def presign_post(
        self,
        key: str,
        *,
        max_bytes: int,
        expires: timedelta,
        content_type: str,
        then: str | None,
    ) -> dict[str, Any]:
        """Return `url` and `fields` of a form."""

    def presign_put(self, key: str, *, size: int, expires: timedelta, content_type: str) -> str:
        """Return a URL for exactly `size` bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """The servers, as far as this function knows them."""

    authenticate: Callable[[str], Principal | None]
    repository: Repository
    profiles: Profiles
    replays: ReplayRuns
    parked: ParkedMessages
    # Drivers that not every request needs are loaded by the first that does.
    cache: Callable[[], "Cache"]
    presigner: Callable[[], Presigner]
    rejected_rows: Callable[[str, str], Iterator[Rejected]]  # client, frame -> those to mend
    check_postgres: Callable[[], None]
    check_mongo: Callable[[], None]
    now: Callable[[], datetime]
    max_upload_bytes: int
    public_url: str  # of this API
    store_origins: str  # where browsers send files; a space between two
    cookie_secure: bool


# --- the report -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The newest report there is, and whether a newer one is coming."""

    name: str  # of everything that it depends on
    body: dict[str, Any]
    is_updating: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NoReport:
    """There is none: because it is being computed for `data_version`, or for want of data."""

    data_version: int | None


def find_report(world: World, client: Client, *, language: str) -> Report | NoReport:
    """Return the client's newest report: from the cache, or made anew."""
    if client.segmentation is None:
        return NoReport(data_version=_coming_version(world, client))
    name = report_name(client, language=language)
    body = _cached(world, client, name) or _built(world, client, name, language)
    if body is None or body["as_of"] is None:
        return NoReport(data_version=_coming_version(world, client))
    return Report(name=name, body=body, is_updating=client.is_lagging)


def _coming_version(world: World, client: Client) -> int | None:
    if client.is_lagging:
        return client.data_version
    return client.data_version + 1 if world.repository.is_reading(client.id) else None


def _cached(world: World, client: Client, name: str) -> dict[str, Any] | None:
    try:
        kept = world.cache().get(client.id, name)
    except (ValueError, KeyError, TypeError):
        return None  # somebody else wrote there: as good as empty
    match kept:
        case {"name": kept_name, "report": dict(report)} if kept_name == name:
            return report
        case _:
            return None


def _built(world: World, client: Client, name: str, language: str) -> dict[str, Any] | None:
    segmentation = world.repository.segmentation(client.id, client.segmentation or "")
    if segmentation is None:
        return None
    body = report_body(client, segmentation, language=language)
    world.cache().put(client.id, name, {"name": name, "report": body})
    return body


# --- uploads ----------------------------------------------------------------------------------


def first_open_rows_of(world: World, client: str, detail: UploadDetail) -> RejectedRows:
    """Return the first of the rows that somebody has to mend; most uploads have none to look up."""
    total = detail.upload.open_rows
    rows = islice(open_rows_of(world, client, detail), _SHOWN_ROWS) if total else ()
    return RejectedRows(rows=tuple(rows), total=total)


def open_rows_of(world: World, client: str, detail: UploadDetail) -> Iterator[Rejected]:
    """Return an upload's rejected rows that nobody has mended yet.

    Raises:
        Problem: No row of it was rejected.
    """
    upload = detail.upload
    if upload.repaired is None or detail.rejected_frame is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    mended = world.repository.mended_lines(client, upload.id)
    found = world.rejected_rows(client, detail.rejected_frame)
    return (row for row in found if row.line not in mended)


def next_cursor(uploads: Sequence[Upload], *, limit: int) -> str | None:
    """Return where the next page starts, or None where there can be none."""
    if len(uploads) < limit:
        return None
    place = f"{uploads[-1].stored_at.isoformat()} {uploads[-1].id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the store time and id after which a page starts.

    Raises:
        Problem: It is no cursor of ours.
    """
    if cursor is None:
        return None
    try:
        stored_at, _, upload_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        # A time without an offset would be read in the server's zone.
        return datetime.fromisoformat(stored_at).astimezone(UTC), upload_id.replace("\x00", "")
    except (ValueError, OverflowError) as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_cursor") from error


# --- links for uploads ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedLink:
    """A file that somebody is about to send."""

    branch: str
    filename: str
    size: int  # bytes
    sha256: str | None = None
    method: str = "POST"  # POST | PUT
    then: str | None = None  # a form without scripts: the page to go on to


def offer_link(world: World, asker: Principal, wanted: WantedLink) -> dict[str, Any]:
    """Return a link for one file, under a key that we choose.

    Raises:
        Problem: The branch is unknown, the file too large or no CSV, or its bytes are known.
    """
    ending = check_link(world, asker, wanted)
    key = f"{asker.client}/{wanted.branch}/{uuid.uuid4()}{ending}"
    link = _presigned(world, key, wanted, content_type=CONTENT_TYPES[ending])
    world.repository.add_link(
        asker.client,
        key=key,
        branch=wanted.branch,
        filename=wanted.filename,
        user=asker.user,
    )
    return link


def check_link(world: World, asker: Principal, wanted: WantedLink) -> str:
    """Refuse what would be refused after it was sent; return the ending of the file's name.

    Raises:
        Problem: It would be.
    """
    unprocessable = HTTPStatus.UNPROCESSABLE_ENTITY
    if wanted.branch not in {branch.id for branch in world.repository.branches(asker.client)}:
        raise Problem(unprocessable, "unknown_branch", {"branch": wanted.branch})
    ending = purchase_ending(wanted.filename)
    if ending is None:
        raise Problem(unprocessable, "not_csv", {"filename": wanted.filename})
    if not wanted.size:
        raise Problem(unprocessable, "empty_upload", {"filename": wanted.filename})
    if wanted.size > world.max_upload_bytes:
        raise Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", {"bytes": world.max_upload_bytes}
        )
    first = wanted.sha256 and world.repository.first_of(asker.client, wanted.sha256)
    if first:
        raise Problem(
            HTTPStatus.CONFLICT,
            "already_uploaded",
            already_uploaded(first),
            shown={"first_upload": first_upload_body(first)},
        )
    return ending


def _presigned(world: World, key: str, wanted: WantedLink, *, content_type: str) -> dict[str, Any]:
    link: dict[str, Any] = {
        "key": key,
        "method": wanted.method,
        "expires_at": (world.now() + LINK_EXPIRES).isoformat(),
    }
    if wanted.method == "PUT":
        url = world.presigner().presign_put(
            key, size=wanted.size, expires=LINK_EXPIRES, content_type=content_type
        )
        headers = {"Content-Type": content_type, "Content-Length": str(wanted.size)}
        return {**link, "url": url, "headers": headers}
    form = world.presigner().presign_post(
        key,
        max_bytes=world.max_upload_bytes,
        expires=LINK_EXPIRES,
        content_type=content_type,
        then=wanted.then,
    )
    return {**link, "url": form["url"], "fields": form["fields"]}
