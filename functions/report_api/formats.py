"""Formats: a person answers what a file leaves open, and says how a branch's files are read.

Trigger    HTTP
Reads      uploads, branches, what was decided about them (PostgreSQL)
Writes     decisions, uploads that waited for one, and the version of data of which other lines may
           count now, with their outbox rows (PostgreSQL)
Publishes  nothing itself: the outbox is relayed by any worker

Asked twice: the same decision is no new version, and a file that is being read again is no longer
waiting, so that its question is answered once.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from functions.report_api.access import Member, Owner, TheWorld
from functions.report_api.problems import Problem, not_found
from functions.report_api.profiles import Version, Wish
from functions.report_api.schemas import Principal
from functions.report_api.uploads import COLUMN_ASKED
from functions.report_api.world import StoreTime, World

of_client = APIRouter(prefix="/clients/{client}")

_COLUMN = "columns."  # how settings begin that name the header of a column of ours

_UNNAMED = "unnamed_columns"  # the question that any column of ours answers
_PLAIN = ("date_order", "decimal_mark", "overlap")
_ANSWERED_BY = {"year_order": "date_order", "overlapping_days": "overlap"}  # question -> setting

Ours = Literal[
    "customer_id",
    "ordered_at",
    "time",
    "order_id",
    "branch",
    "product_id",
    "product",
    "quantity",
    "unit_price",
    "amount",
    "currency",
]

# As long as ingest reads one; without NUL, which PostgreSQL's text cannot hold.
Header = Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$")]


class Settings(BaseModel):
    """How files are read where they leave it open."""

    model_config = ConfigDict(extra="forbid")

    date_order: Literal["dmy", "mdy", "ymd"] | None = None
    decimal_mark: Literal[".", ","] | None = None
    overlap: Literal["replaces", "adds"] | None = None  # files without order ids, on the same days
    columns: dict[Ours, Header | None] = Field(default_factory=dict)  # of ours -> header name

    def decided(self) -> dict[str, str | None]:
        """Return what was said, each column a setting of its own."""
        said = self.model_dump(include=self.model_fields_set & set(_PLAIN))
        return {**said, **{f"{_COLUMN}{ours}": name for ours, name in self.columns.items()}}


class NewProfile(Settings):
    """What an owner decides for a branch, from a time of the store on, or for all files."""

    since: StoreTime | None = None


@of_client.post("/uploads/{upload_id}/mapping", status_code=HTTPStatus.ACCEPTED)
def answer_question(
    upload_id: str, answer: Settings, world: TheWorld, asker: Member
) -> JSONResponse:
    """Answer what a file leaves open: it is read again, and so are others that wait in its branch."""
    settings = give_answer(world, asker, upload_id, answer)
    return JSONResponse(
        {"upload": upload_id, "state": "announced", **_settings_body(settings)},
        status_code=HTTPStatus.ACCEPTED,
        headers={"Location": f"/clients/{asker.client}/uploads/{upload_id}", "Retry-After": "1"},
    )


def give_answer(
    world: World, asker: Principal, upload_id: str, answer: Settings
) -> Mapping[str, str | None]:
    """Keep an answer, and return the settings that it decides.

    It holds for the branch, and whoever sends files may give it; all else an owner decides.

    Raises:
        Problem: There is no such upload, nothing is asked of it, or something else is.
    """
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    upload = detail.upload
    if upload.state != "needs_answer" or upload.reason is None:
        raise Problem(HTTPStatus.CONFLICT, "no_question", shown={"state": upload.state})
    settings = {name: value for name, value in answer.decided().items() if value is not None}
    if missing := _missing(upload.reason, settings):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "answer_missing", {"name": missing})
    if unasked := [name for name in settings if not _is_asked(upload.reason, name)]:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "answer_unasked", {"names": unasked})
    wish = Wish(branch=upload.branch, since=upload.stored_at, settings=settings, upload=upload.id)
    world.profiles.decide(asker.client, wish, by=asker.user)
    return settings


def _missing(reason: str, settings: Mapping[str, str | None]) -> str | None:
    """Return the first setting that is asked and not answered."""
    if reason == _UNNAMED:
        is_made = {f"{_COLUMN}unit_price", f"{_COLUMN}quantity"} <= settings.keys()
        asked = ["customer_id", "ordered_at", *(() if is_made else ("amount",))]
        return next((f"{_COLUMN}{n}" for n in asked if f"{_COLUMN}{n}" not in settings), None)
    name = _asked(reason)
    return None if name in settings else name


def _is_asked(reason: str, name: str) -> bool:
    return name.startswith(_COLUMN) if reason == _UNNAMED else name == _asked(reason)


def _asked(reason: str) -> str:
    """Return the one setting that answers a question."""
    ours = COLUMN_ASKED.get(reason)
    return f"{_COLUMN}{ours}" if ours else _ANSWERED_BY.get(reason, reason)


@of_client.get("/branches/{branch}/profile")
def show_profile(branch: str, world: TheWorld, asker: Member) -> dict[str, Any]:
    """Return what was decided about a branch's files; what they show themselves goes before."""
    versions = world.profiles.versions(asker.client, branch)
    if versions is None:
        raise not_found()
    return _profile_body(branch, versions)


@of_client.put("/branches/{branch}/profile")
def decide_profile(
    branch: str, wanted: NewProfile, world: TheWorld, asker: Owner
) -> dict[str, Any]:
    """Decide how files of a branch are read that leave it open; null takes a decision back."""
    wish = Wish(branch=branch, since=wanted.since, settings=wanted.decided())
    if not world.profiles.decide(asker.client, wish, by=asker.user):
        raise not_found()
    return show_profile(branch, world, asker)


def _profile_body(branch: str, versions: list[Version]) -> dict[str, Any]:
    # For a file that comes now: of each setting the decision with the latest time.
    ordered = sorted(versions, key=lambda v: (v.since is not None, _instant(v), v.version))
    current: dict[str, Any] = dict.fromkeys(_PLAIN)
    for version in ordered:
        current |= version.settings
    return {
        "branch": branch,
        "version": max((version.version for version in versions), default=0),
        **_settings_body(current),
        "versions": [_version_body(version) for version in versions],
    }


def _settings_body(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are asked for: those of columns together."""
    plain = {name: value for name, value in settings.items() if not name.startswith(_COLUMN)}
    columns = {
        name.removeprefix(_COLUMN): value
        for name, value in settings.items()
        if name.startswith(_COLUMN)
    }
    return {**plain, "columns": columns}


def _instant(version: Version) -> float:
    return version.since.timestamp() if version.since else 0.0


def _version_body(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "since": _time(version.since),
        **_settings_body(version.settings),
        "upload": version.upload,
        "decided_by": version.decided_by,
        "decided_at": _time(version.decided_at),
    }


def _time(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
