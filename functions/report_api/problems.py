"""Refusals, as problem details (RFC 9457) whose `detail` is a sentence of the catalogue."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse

from common.texts import say


class Problem(Exception):  # noqa: N818 - an answer, in the words of the RFC
    """A request that is answered with a refusal.

    `shown` is what the body says beside the standard members.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        shown: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.params = dict(params or {})
        self.headers = dict(headers or {})
        self.shown = dict(shown or {})


def not_found() -> Problem:
    """Return the one answer for what is another client's, unknown, or not for this role."""
    return Problem(HTTPStatus.NOT_FOUND, "not_found")


def unauthorized() -> Problem:
    """Return the answer to a request without a token that signs somebody in."""
    return Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", headers={"WWW-Authenticate": "Bearer"})


def problem_response(problem: Problem, *, language: str, instance: str) -> JSONResponse:
    """Return a refusal in the reader's language."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "code": problem.code,
        "detail": say(problem.code, problem.params, language=language),
        "params": problem.params,
        **problem.shown,
    }
    # What is not there and what must not be seen are told with the same bytes.
    if problem.status is not HTTPStatus.NOT_FOUND:
        body["instance"] = instance
    return JSONResponse(
        body,
        status_code=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        media_type="application/problem+json",
    )
