"""The HTTP client of the API: plain JSON in and out, failures as exit codes."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import HTTPError

from cli.connection import Connection
from cli.outcome import CommandError, Exit

Json = dict[str, Any]
Progress = Callable[[int], None]  # told how many more bytes were sent

_BLOCK_BYTES = 1 << 18
_MOST = 200  # uploads that the API tells at once
_TIMEOUT = urllib3.Timeout(connect=3, read=30)
_SEND_TIMEOUT = urllib3.Timeout(connect=3, read=300)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the API said."""

    status: int
    body: Json
    is_updating: bool = False  # of a report: a newer one is being computed

    @property
    def is_known_file(self) -> bool:
        """Whether the file was not asked for: the same bytes are there already."""
        return self.status == 409 and self.body.get("code") == "already_uploaded"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Page:
    """Some of the uploads, and the cursor of the next page if there can be one."""

    uploads: list[Json]
    following: str | None


class Api:
    """One client's view of the API."""

    def __init__(self, connection: Connection, *, language: str) -> None:
        self._connection = connection
        self._pool = urllib3.PoolManager(
            timeout=_TIMEOUT,
            retries=False,
            headers={
                "Authorization": f"Bearer {connection.token}",
                "Accept": "application/json",
                "Accept-Language": language,
            },
        )

    def client(self) -> Json:
        """Return the client with its branches, and how far its report is."""
        return self._get(self._path())

    def set_row_policy(self, policy: str) -> Json:
        """Decide what becomes of files with bad rows; return the client."""
        return _checked(self._ask("PATCH", self._path(), {"row_policy": policy})).body

    def report(self) -> Answer:
        """Return the report: 200 with segments or `no_data`, 202 while it is computed."""
        return _checked(self._ask("GET", self._path("report")))

    def uploads(self, *, limit: int) -> list[Json]:
        """Return the newest uploads."""
        return self._page({"limit": limit}).uploads

    def waits_for_person(self) -> bool:
        """Say whether any upload, however old, is one that only a person can bring further."""
        return bool(self._page({"limit": 1, "state": ["needs_answer", "parked"]}).uploads)

    def pages(self) -> Iterator[list[Json]]:
        """Yield all uploads, the newest first, as many at a time as the API tells at once."""
        page = self._page({"limit": _MOST})
        yield page.uploads
        while page.following is not None:
            page = self._page({"limit": _MOST, "before": page.following})
            yield page.uploads

    def _page(self, wanted: Mapping[str, object]) -> "_Page":
        body = self._get(self._path("uploads") + "?" + urlencode(wanted, doseq=True))
        return _Page(uploads=body["uploads"], following=body.get("next"))

    def upload(self, upload: str) -> Json:
        """Return one upload with its first rejected rows."""
        return self._get(self._path("uploads", upload))

    def find(self, name: str) -> Json:
        """Return the upload of this id, or the newest of this file name.

        Raises:
            CommandError: There is none.
        """
        found = (upload for page in self.pages() for upload in page)
        named = (u["id"] for u in found if name in {u["id"], u["filename"]})
        return self.upload(next(named, name))

    def answer(self, upload: str, answer: Json) -> Json:
        """Answer what an upload's file leaves open."""
        return _checked(self._ask("POST", self._path("uploads", upload, "mapping"), answer)).body

    def rejected(self, upload: str, *, delimiter: str) -> bytes:
        """Return an upload's rejected rows that nobody has mended yet, as CSV."""
        query = urlencode({"delimiter": delimiter, "bom": "true"})
        path = f"{self._path('uploads', upload, 'rejected.csv')}?{query}"
        url = self._connection.api_url.rstrip("/") + path
        try:
            response = self._pool.request("GET", url)
        except HTTPError as error:
            raise _unreachable(url, error) from error
        if response.status == 404:
            raise CommandError(Exit.NOT_FOUND, "cli_nothing_rejected", {})
        if response.status >= 400:
            params = {"url": url, "status": response.status}
            raise CommandError(Exit.FAILED, "cli_not_our_api", params)
        return response.data

    def notices(self) -> list[Json]:
        """Return what the token's user was told, newest first."""
        notices: list[Json] = self._get(self._path("notices"))["notices"]
        return notices

    def ask_to_upload(
        self, file: Path, *, branch: str, sha256: str, method: str = "POST"
    ) -> Answer:
        """Ask for a link to put `file`; 409 when the same bytes are there already."""
        wish = {
            "branch": branch,
            "filename": file.name,
            "size": file.stat().st_size,
            "sha256": sha256,
            "method": method,
        }
        answer = self._ask("POST", self._path("uploads"), wish)
        return answer if answer.is_known_file else _checked(answer)

    def _path(self, *parts: str) -> str:
        return "/".join((
            "/clients",
            *(quote(p, safe="") for p in (self._connection.client, *parts)),
        ))

    def _get(self, path: str) -> Json:
        return _checked(self._ask("GET", path)).body

    def _ask(self, method: str, path: str, body: Json | None = None) -> Answer:
        return _ask(self._pool, method, self._connection.api_url.rstrip("/") + path, body)


def readiness(api_url: str) -> Answer:
    """Return which servers answer; 503 when one that is needed does not.

    Raises:
        CommandError: The API cannot be reached.
    """
    pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)
    return _ask(pool, "GET", api_url.rstrip("/") + "/readyz")


def _ask(pool: urllib3.PoolManager, method: str, url: str, body: Json | None = None) -> Answer:
    try:
        response = pool.request(method, url, json=body)
    except HTTPError as error:
        raise _unreachable(url, error) from error
    try:
        content = json.loads(response.data or b"{}")
    except ValueError as error:
        params = {"url": url, "status": response.status}
        raise CommandError(Exit.FAILED, "cli_not_our_api", params) from error
    return Answer(
        status=response.status,
        body=content,
        is_updating=response.headers.get("DataCore-Updating") == "true",
    )


def _checked(answer: Answer) -> Answer:
    if answer.status < 400:
        return answer
    exits = {404: Exit.NOT_FOUND, 422: Exit.WRONG_USE, 503: Exit.UNREACHABLE}
    sentence = answer.body.get("detail") or answer.body.get("title") or answer.status
    exit_code = exits.get(answer.status, Exit.FAILED)
    raise CommandError(exit_code, "cli_refused", {"sentence": sentence})


def send(file: Path, link: Json, *, progress: Progress) -> None:
    """Put `file` where `link` allows it, as a browser does (POST form) or as one PUT.

    Raises:
        CommandError: The store cannot be reached or does not want the file.
    """
    pool = urllib3.PoolManager(timeout=_SEND_TIMEOUT, retries=False)
    size = file.stat().st_size
    if link["method"] == "PUT":
        headers = {**link["headers"], "Content-Length": str(size)}
        body = _blocks(file, progress)
    else:
        headers, body = _form(file, size, link["fields"], progress)
    try:
        response = pool.request(link["method"], link["url"], body=body, headers=headers)
    except (HTTPError, ConnectionError) as error:
        raise _unreachable(link["url"], error) from error
    if response.status >= 300:
        params = {"status": response.status, "answer": response.data[:300].decode(errors="replace")}
        raise CommandError(Exit.FAILED, "cli_store_refused", params)


def _form(
    file: Path, size: int, fields: Mapping[str, str], progress: Progress
) -> tuple[dict[str, str], Iterator[bytes]]:
    """Return headers and body of a multipart form; the file comes last and is streamed."""
    boundary = token_hex(16)
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="file.csv"\r\n'
    head += f"Content-Type: {fields.get('Content-Type', 'text/csv')}\r\n\r\n"
    opening, closing = head.encode(), f"\r\n--{boundary}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield opening
        yield from _blocks(file, progress)
        yield closing

    headers = {
        "Content-Type": f"multipart/form-data; boundary={boundary}",
        "Content-Length": str(len(opening) + size + len(closing)),
    }
    return headers, body()


def _blocks(file: Path, progress: Progress) -> Iterator[bytes]:
    with file.open("rb") as content:
        while block := content.read(_BLOCK_BYTES):
            yield block
            progress(len(block))


def _unreachable(url: str, error: Exception) -> CommandError:
    origin = "/".join(url.split("/", 3)[:3])
    params = {"url": origin, "reason": type(error).__name__}
    return CommandError(Exit.UNREACHABLE, "cli_unreachable", params)
