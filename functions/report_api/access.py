"""Who asks, for whose data, in which language: what each route demands before it looks."""

from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request

from common.texts import LANGUAGES
from functions.report_api.problems import Problem, not_found, unauthorized
from functions.report_api.schemas import Principal
from functions.report_api.world import World

TOKEN_COOKIE = "datacore_token"  # noqa: S105 - the name of a cookie
LANGUAGE_COOKIE = "datacore_lang"


def world_of(request: Request) -> World:
    """Return what the app was built with."""
    return cast("World", request.app.state.world)


TheWorld = Annotated[World, Depends(world_of)]


def bearer_token(request: Request) -> str | None:
    """Return the token of the Authorization header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def signed_in(request: Request, world: TheWorld) -> Principal:
    """Return who the token, or else the page's cookie, signs in.

    Raises:
        Problem: Nobody; or a cookie came along with a write that another site started.
    """
    token = bearer_token(request)
    if token is None:
        token = request.cookies.get(TOKEN_COOKIE)
        if token and request.method not in {"GET", "HEAD"}:
            demand_same_origin(request)
    principal = world.authenticate(token) if token else None
    if principal is None:
        raise unauthorized()
    request.state.principal = principal
    return principal


def demand_same_origin(request: Request) -> None:
    """Refuse a write that was not started on our own page.

    Browsers say where a request comes from; one that says nothing is not believed.

    Raises:
        Problem: It comes from elsewhere.
    """
    site = request.headers.get("sec-fetch-site")
    if site == "same-origin" or (site is None and _is_own_origin(request)):
        return
    raise Problem(HTTPStatus.FORBIDDEN, "cross_site")


def is_led_here(request: Request) -> bool:
    """Say whether another site led a browser here; typed, opened by a program or kept, none did."""
    return request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _is_own_origin(request: Request) -> bool:
    origin = urlsplit(request.headers.get("origin", ""))
    own = {request.headers.get("host"), urlsplit(world_of(request).public_url).netloc}
    return bool(origin.netloc) and origin.netloc in own


def member(
    request: Request, client: str, principal: Annotated[Principal, Depends(signed_in)]
) -> Principal:
    """Return who asks, if the client in the path is their own.

    Raises:
        Problem: It is not. Nothing is looked up, so it is the same for one that does not exist.
    """
    # PostgreSQL's text cannot hold a NUL, so no id has one.
    if client != principal.client or any("\x00" in part for part in request.path_params.values()):
        raise not_found()
    return principal


def analyst(principal: Annotated[Principal, Depends(member)]) -> Principal:
    """Return who asks, if their role sees segments.

    Raises:
        Problem: It does not.
    """
    if not principal.sees_segments:
        raise not_found()
    return principal


def owner(principal: Annotated[Principal, Depends(member)]) -> Principal:
    """Return who asks, if they are an owner.

    Raises:
        Problem: They are not.
    """
    if principal.role != "owner":
        raise not_found()
    return principal


Member = Annotated[Principal, Depends(member)]
Analyst = Annotated[Principal, Depends(analyst)]
Owner = Annotated[Principal, Depends(owner)]


def language_of(request: Request, *, saved: str | None = None) -> str:
    """Return the reader's language: asked for, `saved`, the browser's, or the user's own."""
    principal = getattr(request.state, "principal", None)
    wishes = (
        request.query_params.get("lang"),
        saved,
        _accepted(request.headers.get("accept-language", "")),
        principal and principal.language,
    )
    return next((wish for wish in wishes if wish in LANGUAGES), LANGUAGES[0])


def _accepted(header: str) -> str | None:
    """Return the first of our languages by the weights of an Accept-Language header."""
    weighed = []
    for part in header.split(","):
        name, _, weight = part.partition(";q=")
        language = name.strip().lower().split("-")[0]
        if language in LANGUAGES:
            weighed.append((-_weight(weight), language))
    return min(weighed, key=lambda pair: pair[0])[1] if weighed else None


def _weight(text: str) -> float:
    try:
        return float(text) if text.strip() else 1.0
    except ValueError:
        return 0.0


def _spoken(request: Request, _principal: Member) -> str:
    return language_of(request)


Spoken = Annotated[str, Depends(_spoken)]
