"""A line to the store that cuts, slows or breaks what it answers to a download."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_BLOCK = 1 << 16
_PAUSE_S = 0.1
_RESET = struct.pack("ii", 1, 0)  # linger for no time: what is not sent is thrown away, by a reset


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What happens to the body of an answer."""

    cut_at: float = 1.0  # the part of the body that comes through; below 1, never the last byte
    is_after_a_record: bool = False  # a little earlier, where a line ends
    is_said_to_be_whole: bool = False  # the answer's own length is the shorter one
    ends_by_reset: bool = False
    bytes_per_s: float = float("inf")

    def cut(self, body: bytes) -> bytes:
        if self.cut_at == 1:
            return body
        end = min(int(len(body) * self.cut_at), len(body) - 1)
        return body[: body.rfind(b"\n", 0, end) + 1 if self.is_after_a_record else end]


class Proxy:
    """Passes everything on to the store, and back; each fault is met by one download."""

    def __init__(self, store_url: str, faults: Iterable[Fault]) -> None:
        self._store = (urlsplit(store_url).hostname, urlsplit(store_url).port)
        self._faults = iter(faults)
        self._lock = threading.Lock()
        self.met = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _run(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._run(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        """Pass requests on one at a time, and their answers back."""
        with suppress(OSError), client, socket.create_connection(self._store) as store:
            while request := client.recv(_BLOCK):
                is_download = request.startswith(b"GET ") and b".csv?" in request.split(b"\r\n")[0]
                store.sendall(request)
                fault = self._next_fault() if is_download else None
                if fault is not None:
                    _hurt(fault, store, client)
                    return
                _pass(store, client)

    def _next_fault(self) -> Fault | None:
        with self._lock:
            fault = next(self._faults, None)
            self.met += fault is not None
            return fault


def _pass(store: socket.socket, client: socket.socket) -> None:
    head, body, length = _answer(store)
    client.sendall(head + body)
    left = length - len(body)
    while left > 0:
        block = store.recv(_BLOCK)
        client.sendall(block)
        left -= len(block)


def _hurt(fault: Fault, store: socket.socket, client: socket.socket) -> None:
    head, body, length = _answer(store)
    while len(body) < length:
        body += store.recv(_BLOCK)
    body = fault.cut(body)
    if fault.is_said_to_be_whole:
        was, now = f"Content-Length: {length}", f"Content-Length: {len(body)}"
        head = head.replace(was.encode(), now.encode())
    client.sendall(head)
    _send(client, body, fault.bytes_per_s)
    if fault.ends_by_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


def _send(client: socket.socket, body: bytes, bytes_per_s: float) -> None:
    step = max(1, int(min(bytes_per_s * _PAUSE_S, _BLOCK)))
    for at in range(0, len(body), step):
        client.sendall(body[at : at + step])
        if step < _BLOCK:
            time.sleep(_PAUSE_S)


def _answer(store: socket.socket) -> tuple[bytes, bytes, int]:
    """Return head, first bytes and length of the body of the next answer."""
    read = b""
    while b"\r\n\r\n" not in read:
        block = store.recv(_BLOCK)
        if not block:
            raise ConnectionError("the store hung up")
        read += block
    head, _, body = read.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    return head + b"\r\n\r\n", body, length
