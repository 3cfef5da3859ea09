"""The web application: routes, refusals, headers and one log line per request."""

import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.exceptions import TransientError
from common.logs import get_logger
from functions.report_api import formats, handler, recovery
from functions.report_api.access import language_of
from functions.report_api.dashboard import pages
from functions.report_api.problems import Problem, problem_response
from functions.report_api.world import World

log = get_logger()

_CODES = {
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "body_too_large",
}
# Files go straight to the object store; what comes here is small.
_LONGEST_BODY = 65_536
_UNLOGGED = ("/livez", "/readyz", "/static/")


def create_app(world: World) -> FastAPI:
    """Return the application; it opens nothing before the first request."""
    # The generated documentation pages load scripts from elsewhere; the schema itself is served.
    app = FastAPI(title="DataCore", docs_url=None, redoc_url=None)
    app.state.world = world
    app.include_router(handler.routes)
    app.include_router(handler.of_client)
    app.include_router(recovery.of_client)
    app.include_router(formats.of_client)
    app.include_router(pages.routes)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(TransientError, _on_server_away)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit)
    app.add_middleware(LastResort)
    app.add_middleware(Headers, policy=content_policy(world.store_origins))
    app.add_middleware(RequestLog)
    return app


# --- refusals ---------------------------------------------------------------------------------


def _answer(request: Request, problem: Problem) -> Response:
    if pages.wants_page(request):
        return pages.problem_page(request, problem)
    return problem_response(problem, language=language_of(request), instance=request.url.path)


def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = _CODES.get(status, "bad_request")
    return _answer(request, Problem(status, code, headers=error.headers))


def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        # Never the value: it may be a secret that was put into the wrong field.
        {"field": ".".join(str(part) for part in found["loc"][1:]), "message": found["msg"]}
        for found in error.errors()
    ]
    names = sorted({field["field"] for field in fields})
    return _answer(
        request,
        Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "invalid_request",
            {"names": names},
            shown={"fields": fields},
        ),
    )


def _on_server_away(request: Request, error: Exception) -> Response:
    log.warning("server_away", error=str(error))
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return _answer(request, Problem(status, "server_away", headers={"Retry-After": "5"}))


def _on_bug(request: Request, error: Exception) -> Response:
    reference = uuid.uuid4().hex[:8].upper()
    log.error("bug", reference=reference, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(request, Problem(status, "internal_error", {"reference": reference}))


# --- around every request ---------------------------------------------------------------------


def content_policy(store_origins: str) -> str:
    """Return what a page may load, and where it may send: itself, and files to the store."""
    return "; ".join([
        "default-src 'self'",
        f"connect-src 'self' {store_origins}",
        f"form-action 'self' {store_origins}",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    ])


class Headers:
    """Adds what protects every answer; nothing is kept by anybody unless the route says so."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._always = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            # To ourselves: else a browser without `Sec-Fetch-Site` does not say whose a form is.
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to the answer's headers."""

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._added(scope, message)]
            await send(message)

        await self._app(scope, receive, send_more)

    def _added(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        if any(name.lower() == b"cache-control" for name, _ in message["headers"]):
            return self._always
        # Static files are asked for under the hash of their content.
        is_static = scope["path"].startswith("/static/") and message["status"] == HTTPStatus.OK
        keep = b"public, max-age=31536000, immutable" if is_static else b"no-store"
        return [*self._always, (b"cache-control", keep)]


class LastResort:
    """Answers when everything else failed; a list that was cut short is broken off instead."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and own up to what was not foreseen."""
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            if has_started or scope["type"] != "http":
                raise
            await _on_bug(Request(scope), error)(scope, receive, send)


class BodyLimit:
    """Stops reading a request that is longer than any of ours, before anybody keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting what it brings."""
        seen = 0

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > _LONGEST_BODY:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, receive_counted, send)


class RequestLog:
    """Writes one line per request: never its query, which may hold a token, nor its body."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and say how it ended."""
        if scope["type"] != "http" or scope["path"].startswith(_UNLOGGED):
            await self._app(scope, receive, send)
            return
        outcome: dict[str, Any] = {"status": 0}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                outcome["status"] = message["status"]
            await send(message)

        started = self._clock()
        try:
            await self._app(scope, receive, watch)
        finally:
            took_ms = round((self._clock() - started) * 1000)
            self._write(scope, status=outcome["status"], took_ms=took_ms)

    @staticmethod
    def _write(scope: Scope, *, status: int, took_ms: int) -> None:
        principal = scope.get("state", {}).get("principal")
        log.info(
            "answered",
            method=scope["method"],
            path=scope["path"],
            status=status,
            took_ms=took_ms,
            client=principal and principal.client,
            user=principal and principal.user,
        )
