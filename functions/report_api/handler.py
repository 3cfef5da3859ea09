"""Report API: what a client's people and their tools read, and how they send files.

Trigger    HTTP
Reads      client, segmentation, uploads, notices (PostgreSQL); report bodies (Redis); rejected
           rows (MongoDB)
Writes     upload links, the client's policy (PostgreSQL); report bodies under names that say all
           (Redis)
Publishes  nothing; a file that is sent is announced by the object store

Asked twice: reads answer the same; a second upload link is one more link, and what is sent by
both is one dataset.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from common.exceptions import TransientError
from common.texts import say
from functions.report_api import export
from functions.report_api.access import Analyst, Member, Owner, Spoken, TheWorld
from functions.report_api.problems import not_found
from functions.report_api.uploads import (
    detail_body,
    notice_body,
    upload_body,
)
from functions.report_api.world import (
    NoReport,
    Report,
    WantedLink,
    find_report,
    first_open_rows_of,
    next_cursor,
    offer_link,
    open_rows_of,
    read_cursor,
)

State = Literal[
    "announced",
    "reading",
    "needs_answer",
    "parked",
    "stored",
    "duplicate",
    "rejected",
    "superseded",
    "removed",
]

routes = APIRouter()
of_client = APIRouter(prefix="/clients/{client}")


# --- is it up? --------------------------------------------------------------------------------


@routes.get("/livez")
def livez() -> dict[str, str]:
    """Say that the process answers."""
    return {"state": "up"}


@routes.get("/readyz")
def readyz(world: TheWorld) -> JSONResponse:
    """Say which servers answer, and what waits for an operator; Redis only makes it faster."""
    needed = {
        "postgres": _answers(world.check_postgres),
        "mongo": _answers(world.check_mongo),
    }
    is_ready = all(needed.values())
    servers = {**needed, "redis": world.cache().is_up()}
    return JSONResponse(
        {
            "state": "ready" if is_ready else "not_ready",
            "servers": {name: "up" if is_up else "down" for name, is_up in servers.items()},
            # What a person has to decide about; requests are answered all the same.
            "held_back": world.repository.held_back() if needed["postgres"] else [],
        },
        status_code=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
    )


def _answers(check: Any) -> bool:
    try:
        check()
    except TransientError:
        return False
    return True


# --- the client and its report ----------------------------------------------------------------


@of_client.get("")
def show_client(world: TheWorld, asker: Member) -> dict[str, Any]:
    """Say who the client is, who asks, and how far the report is behind the data."""
    client = world.repository.client(asker.client)
    return {
        "id": client.id,
        "name": client.name,
        "currency": client.currency,
        "row_policy": client.row_policy,
        "branches": [
            {"id": branch.id, "name": branch.name, "timezone": branch.timezone}
            for branch in world.repository.branches(asker.client)
        ],
        "user": {"id": asker.user, "role": asker.role},
        "data_version": client.data_version,
        "segmented_version": client.segmented_version,
        "segmentation": client.segmentation,
    }


class ClientChange(BaseModel):
    """What an owner may decide for the client."""

    model_config = ConfigDict(extra="forbid")

    row_policy: Literal["good_rows", "all_or_nothing"]


@of_client.patch("")
def change_client(wanted: ClientChange, world: TheWorld, asker: Owner) -> dict[str, Any]:
    """Decide what becomes of files with bad rows: their good rows are taken, or nothing."""
    world.repository.set_row_policy(asker.client, wanted.row_policy)
    return show_client(world, asker)


@of_client.get("/report")
def show_report(request: Request, world: TheWorld, asker: Analyst, language: Spoken) -> Response:
    """Return the newest report; while a newer one is computed, the last one stays."""
    match find_report(world, world.repository.client(asker.client), language=language):
        case NoReport(data_version=None):
            return JSONResponse({"state": "no_data"})
        case NoReport(data_version=version):
            return _computing(asker.client, version)
        case Report() as report:
            return _ready(report, request.headers.get("if-none-match", ""))


def _computing(client: str, version: int | None) -> JSONResponse:
    href = f"/clients/{client}/jobs/{version}"
    return JSONResponse(
        {"state": "computing", "job": {"data_version": version, "href": href}},
        status_code=HTTPStatus.ACCEPTED,
        headers={"Location": href, "Retry-After": "1"},
    )


def _ready(report: Report, known: str) -> Response:
    headers = {
        "ETag": f'"{report.name}"',
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Authorization, Cookie",
    }
    if report.is_updating:
        headers["DataCore-Updating"] = "true"
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if tags & {headers["ETag"], "*"}:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return JSONResponse(report.body, headers=headers)


@of_client.get("/jobs/{data_version}")
def show_job(data_version: int, world: TheWorld, asker: Analyst) -> dict[str, Any]:
    """Say whether a segmentation has seen this version of the data."""
    client = world.repository.client(asker.client)
    is_done = client.segmented_version >= data_version
    if not is_done and not client.is_lagging and not world.repository.is_reading(client.id):
        raise not_found()  # what was being read brought no data: nothing is coming
    return {
        "state": "ready" if is_done else "computing",
        "data_version": data_version,
        "segmented_version": client.segmented_version,
    }


@of_client.get("/segments/{segment_id}/customers.csv")
def export_customers(
    segment_id: str,
    world: TheWorld,
    asker: Analyst,
    language: Spoken,
    bom: bool = False,
    delimiter: Literal[",", ";"] = ",",
) -> StreamingResponse:
    """Stream the customers of a segment as CSV, stamped with segmentation and date."""
    segment = world.repository.exported_segment(asker.client, segment_id)
    if segment is None:
        raise not_found()
    lines = export.csv_text(
        world.repository.assignments(asker.client, segment),
        segment,
        name=say(segment.name_code, language=language),
        delimiter=delimiter,
        bom=bom,
    )
    filename = f"{asker.client}_{segment.segment_id}_{segment.as_of}.csv"
    return _csv_response(lines, filename)


def _csv_response(lines: Iterator[str], filename: str) -> StreamingResponse:
    return StreamingResponse(
        (line.encode() for line in lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )


# --- uploads ----------------------------------------------------------------------------------


@of_client.get("/uploads")
def list_uploads(
    world: TheWorld,
    asker: Member,
    language: Spoken,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: str | None = None,
    state: Annotated[list[State] | None, Query()] = None,
) -> dict[str, Any]:
    """Return the newest uploads, of these states if any is named, and where the next page starts."""
    uploads = world.repository.uploads(
        asker.client,
        limit=limit,
        before=read_cursor(before),
        states=None if state is None else [*state],
    )
    return {
        "uploads": [upload_body(upload, language=language) for upload in uploads],
        "next": next_cursor(uploads, limit=limit),
    }


@of_client.get("/uploads/{upload_id}")
def show_upload(upload_id: str, world: TheWorld, asker: Member, language: Spoken) -> dict[str, Any]:
    """Return one upload with its file balance, how it was read, and the first rows to mend."""
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    rejected = first_open_rows_of(world, asker.client, detail)
    return detail_body(detail, rejected, language=language)


@of_client.get("/uploads/{upload_id}/rejected.csv")
def export_rejected(
    upload_id: str,
    world: TheWorld,
    asker: Member,
    language: Spoken,
    bom: bool = False,
    delimiter: Literal[",", ";"] = ",",
) -> StreamingResponse:
    """Stream the rejected rows that nobody has mended yet; mended, the file is sent like any."""
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    lines = export.rejected_text(
        open_rows_of(world, asker.client, detail),
        export.Origin(upload=upload_id, header=tuple((detail.understanding or {})["header"])),
        language=language,
        delimiter=delimiter,
        bom=bom,
    )
    return _csv_response(lines, export.file_name(detail.upload.filename, "rejected"))


class LinkRequest(BaseModel):
    """A file that somebody wants to send."""

    model_config = ConfigDict(extra="forbid")

    branch: str = Field(min_length=1, max_length=63)
    filename: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")
    size: int = Field(ge=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    method: Literal["POST", "PUT"] = "POST"


@of_client.post("/uploads", status_code=HTTPStatus.CREATED)
def request_link(wanted: LinkRequest, world: TheWorld, asker: Member) -> dict[str, Any]:
    """Return a link by which this file goes straight to the object store, for 15 minutes."""
    return offer_link(world, asker, WantedLink(**wanted.model_dump()))


# --- notices ----------------------------------------------------------------------------------


@of_client.get("/notices")
def list_notices(world: TheWorld, asker: Member, language: Spoken) -> dict[str, Any]:
    """Return what the asking user was told, newest first."""
    notices = world.repository.notices(asker.client, asker.user)
    return {"notices": [notice_body(notice, language=language) for notice in notices]}
