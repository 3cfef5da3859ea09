"""The page's routes: sign in once, see the segments, send files and see what became of them."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from common.texts import LANGUAGES, visible
from functions.report_api import formats
from functions.report_api.access import (
    LANGUAGE_COOKIE,
    TOKEN_COOKIE,
    TheWorld,
    demand_same_origin,
    is_led_here,
    language_of,
    signed_in,
)
from functions.report_api.dashboard.chart import chart_of
from functions.report_api.dashboard.sums import sums_of
from functions.report_api.dashboard.writer import Writer
from functions.report_api.problems import Problem, not_found
from functions.report_api.report import of_view
from functions.report_api.schemas import MOVING, Client, Principal, UploadDetail
from functions.report_api.uploads import detail_body, notice_body, question_body, upload_body
from functions.report_api.world import (
    Report,
    WantedLink,
    World,
    find_report,
    first_open_rows_of,
    next_cursor,
    offer_link,
    read_cursor,
)

if TYPE_CHECKING:
    from jinja2 import Environment

STATIC = Path(__file__).parent / "static"
_YEAR_S = 365 * 24 * 3600
_UPLOADS_SHOWN = 20
_NOTICES_SHOWN = 8
_HUES = 11  # colours of the style sheet
_KEPT = {"view", "before", "wanted"}  # of an address, in the other language
_OWN_PAGE = re.compile(r"/(files/[\w-]+)?")  # what can be asked for before one has signed in

View = Literal["rfm", "habits"]
Meaning = Literal["other"] | formats.Ours
MEANINGS = ("other", *get_args(formats.Ours))
# All that ingest finds in a file, in the page's order; nobody is asked for the last three.
READ_COLUMNS = (*get_args(formats.Ours), "refunded", "year", "month")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedColumns:
    """What somebody said of a table's columns, and why it is no answer."""

    meanings: Sequence[str]
    wrong: str  # the code of a sentence


routes = APIRouter(include_in_schema=False)


def _asset(name: str) -> str:
    """Return a static file's address, which changes with its content."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:12]}"


_ASSETS = {name: _asset(name) for name in ("page.css", "page.js", "mark.svg")}


@cache
def templates() -> "Environment":
    """Return what renders the pages; the API starts, and answers tools, without it."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("functions.report_api.dashboard"),
        autoescape=True,
        # Markup is ours; every other text may be a stranger's.
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


# --- signing in and out -----------------------------------------------------------------------


@routes.get("/sign-in")
def show_sign_in(
    request: Request, world: TheWorld, token: str | None = None, wanted: str = "/"
) -> Response:
    """Ask for the token; one that comes in the address is kept, and leaves the address bar.

    Who was led here by another site is asked first: it could be that site's own account, and get
    the files of whoever does not notice.
    """
    if token is None:
        return _render(request, "sign_in.html", is_wrong=False, wanted=wanted)
    go_on = _confirm if is_led_here(request) else _sign_in
    return go_on(request, world, token, wanted)


@routes.post("/sign-in")
def sign_in(
    request: Request,
    world: TheWorld,
    token: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form()] = "/",
) -> Response:
    """Keep the token in a cookie that scripts cannot read, and go on to what was wanted."""
    demand_same_origin(request)
    return _sign_in(request, world, token, wanted)


def _confirm(request: Request, world: World, token: str, wanted: str) -> Response:
    asker = world.authenticate(token.strip())
    if asker is None:
        return _refuse_token(request, wanted)
    name = world.repository.client(asker.client).name
    return _render(request, "confirm.html", name=name, token=token.strip(), wanted=wanted)


def _refuse_token(request: Request, wanted: str) -> Response:
    status = HTTPStatus.UNAUTHORIZED
    return _render(request, "sign_in.html", is_wrong=True, wanted=wanted, status=status)


def _sign_in(request: Request, world: World, token: str, wanted: str) -> Response:
    token = token.strip()
    if world.authenticate(token) is None:
        return _refuse_token(request, wanted)
    # Any other place would be a stranger's choice.
    place = wanted if _OWN_PAGE.fullmatch(wanted) else "/"
    answer = RedirectResponse(place, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        TOKEN_COOKIE,
        token,
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=world.cookie_secure,
    )
    return answer


@routes.post("/sign-out")
def sign_out(request: Request, world: TheWorld) -> Response:
    """Forget the token on this device."""
    demand_same_origin(request)
    answer = RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    answer.delete_cookie(TOKEN_COOKIE, httponly=True, samesite="lax", secure=world.cookie_secure)
    return answer


# --- the client's page ------------------------------------------------------------------------


@routes.get("/")
def overview(
    request: Request,
    world: TheWorld,
    view: Annotated[View, Query()] = "rfm",
    before: str | None = None,
) -> Response:
    """Show segments, files and notices of whoever is signed in."""
    asker = _asker(request, world)
    if asker is None:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    client = world.repository.client(asker.client)
    language = _language(request)
    segments = _segments(world, client, asker, view=view, language=language)
    return _render(
        request,
        "overview.html",
        currency=segments["report"]["currency"] if segments["report"] else client.currency,
        client=client,
        asker=asker,
        **segments,
        **_files(world, asker, before=before, language=language),
    )


def _segments(
    world: World, client: Client, asker: Principal, *, view: View, language: str
) -> dict[str, Any]:
    if not asker.sees_segments:
        return {"report": None, "is_coming": False, "view": view}
    found = find_report(world, client, language=language)
    if not isinstance(found, Report):
        return {"report": None, "is_coming": found.data_version is not None, "view": view}
    segments = of_view(found.body, view)
    return {
        "report": found.body,
        "is_coming": found.is_updating,
        "view": view,
        "segments": segments,
        "chart": chart_of(segments),
        "sums": sums_of(segments, found.body["totals"]),
    }


def _files(world: World, asker: Principal, *, before: str | None, language: str) -> dict[str, Any]:
    uploads = world.repository.uploads(
        asker.client, limit=_UPLOADS_SHOWN, before=read_cursor(before)
    )
    notices = world.repository.notices(asker.client, asker.user, limit=_NOTICES_SHOWN)
    branches = world.repository.branches(asker.client)
    return {
        "branches": branches,
        "branch_names": {branch.id: branch.name for branch in branches},
        "uploads": [upload_body(upload, language=language) for upload in uploads],
        "is_older": before is not None,
        "older": next_cursor(uploads, limit=_UPLOADS_SHOWN),
        "is_moving": any(upload.state in MOVING for upload in uploads),
        "notices": [notice_body(notice, language=language) for notice in notices],
        "max_megabytes": world.max_upload_bytes // 1_000_000,
    }


# --- one file ---------------------------------------------------------------------------------


@routes.get("/files/{upload_id}")
def show_file(upload_id: str, request: Request, world: TheWorld) -> Response:
    """Show one upload: its balance and the rows that need somebody."""
    asker = _asker(request, world)
    if asker is None:
        wanted = urlencode({"wanted": f"/files/{upload_id}"})
        return RedirectResponse(f"/sign-in?{wanted}", HTTPStatus.SEE_OTHER)
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    return _file_page(request, world, asker, detail)


def _file_page(
    request: Request,
    world: World,
    asker: Principal,
    detail: UploadDetail,
    named: NamedColumns | None = None,
) -> Response:
    rejected = first_open_rows_of(world, asker.client, detail)
    client = world.repository.client(asker.client)
    return _render(
        request,
        "file.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if named else HTTPStatus.OK,
        currency=client.currency,
        client=client,
        asker=asker,
        upload=detail_body(detail, rejected, language=_language(request)),
        is_moving=detail.upload.state in MOVING,
        branch_names={branch.id: branch.name for branch in world.repository.branches(client.id)},
        meanings=MEANINGS,
        read_columns=READ_COLUMNS,
        named=named,
    )


@routes.post("/files/{upload_id}/answer")
def answer_question(
    upload_id: str, request: Request, world: TheWorld, answer: Annotated[int, Form(ge=0)]
) -> Response:
    """Take one of the answers that the file's page shows, by its place there."""
    asker = signed_in(request, world)
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    question = question_body(detail.upload, language=_language(request))
    if question is None or answer >= len(question["answers"]):
        raise Problem(HTTPStatus.CONFLICT, "no_question")
    chosen = formats.Settings(**question["answers"][answer]["answer"])
    formats.give_answer(world, asker, upload_id, chosen)
    return RedirectResponse(f"/files/{upload_id}", HTTPStatus.SEE_OTHER)


@routes.post("/files/{upload_id}/columns")
def name_columns(
    upload_id: str, request: Request, world: TheWorld, meaning: Annotated[list[Meaning], Form()]
) -> Response:
    """Take what somebody says of each column of a table without names, in its order."""
    asker = signed_in(request, world)
    detail = world.repository.upload(asker.client, upload_id)
    if detail is None:
        raise not_found()
    asked = detail.upload.params.get("columns", ())
    if detail.upload.reason != "unnamed_columns" or len(meaning) != len(asked):
        raise Problem(HTTPStatus.CONFLICT, "no_question")
    named = [(ours, name) for ours, name in zip(meaning, asked, strict=True) if ours != "other"]
    columns = dict(named)
    if len(columns) < len(named):
        wrong = NamedColumns(meanings=meaning, wrong="page_columns_twice")
        return _file_page(request, world, asker, detail, wrong)
    try:
        formats.give_answer(world, asker, upload_id, formats.Settings(columns=columns))
    except Problem as problem:
        if problem.code != "answer_missing":
            raise
        wrong = NamedColumns(meanings=meaning, wrong="page_columns_missing")
        return _file_page(request, world, asker, detail, wrong)
    return RedirectResponse(f"/files/{upload_id}", HTTPStatus.SEE_OTHER)


@routes.post("/send")
def send_without_scripts(
    request: Request, world: TheWorld, branch: Annotated[str, Form()]
) -> Response:
    """Show a plain form that sends one file of this branch straight to the object store.

    Its own name is not known before it is sent, so it is named after the branch and the time.
    """
    asker = signed_in(request, world)
    filename = f"{branch}_{world.now():%Y-%m-%d_%H%M}.csv"
    wanted = WantedLink(branch=branch, filename=filename, size=1, then=f"{world.public_url}/sent")
    link = offer_link(world, asker, wanted)
    client = world.repository.client(asker.client)
    names = {known.id: known.name for known in world.repository.branches(client.id)}
    return _render(
        request, "send.html", client=client, asker=asker, link=link, branch=names[branch]
    )


@routes.get("/sent")
def show_sent(request: Request, world: TheWorld) -> Response:
    """Say that the file was sent, to whom the store leads here."""
    asker = _asker(request, world)
    if asker is None:
        return RedirectResponse("/sign-in", HTTPStatus.SEE_OTHER)
    client = world.repository.client(asker.client)
    return _render(request, "sent.html", client=client, asker=asker)


# --- rendering --------------------------------------------------------------------------------


def _asker(request: Request, world: World) -> Principal | None:
    try:
        return signed_in(request, world)
    except Problem:
        return None


def _language(request: Request) -> str:
    return language_of(request, saved=request.cookies.get(LANGUAGE_COOKIE))


def _render(
    request: Request,
    template: str,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    currency: str | None = None,
    **shown: Any,
) -> Response:
    language = _language(request)
    html = (
        templates()
        .get_template(template)
        .render(
            write=Writer(language=language, currency=currency),
            languages=[(code, _in_language(request, code)) for code in LANGUAGES],
            assets=_ASSETS,
            hues=_HUES,
            **shown,
        )
    )
    answer = HTMLResponse(html, status_code=status)
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(
            LANGUAGE_COOKIE,
            language,
            max_age=_YEAR_S,
            samesite="lax",
            secure=request.app.state.world.cookie_secure,
        )
    return answer


def _in_language(request: Request, language: str) -> str:
    """Return the address of this page in a language, without what must not be kept in it."""
    if request.method != "GET":
        return f"/?lang={language}"
    kept = {name: value for name, value in request.query_params.items() if name in _KEPT}
    # Two slashes in front would name another host.
    path = "/" + request.url.path.lstrip("/")
    return f"{path}?{urlencode({**kept, 'lang': language})}"


def wants_page(request: Request) -> bool:
    """Say whether a person's browser, not a program, waits for the answer."""
    is_api = request.url.path.startswith(("/clients/", "/livez", "/readyz"))
    return not is_api and "text/html" in request.headers.get("accept", "")


def problem_page(request: Request, problem: Problem) -> Response:
    """Return a refusal as a page."""
    answer = _render(request, "problem.html", status=problem.status, problem=problem)
    answer.headers.update(problem.headers)
    return answer
