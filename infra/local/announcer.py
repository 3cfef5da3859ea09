"""Takes the object store's webhook, and puts it into the queue that wakes ingest.

Runs as `python -m infra.local.announcer PORT`, together with the queue server itself (moto's SQS).
It answers 200 when the queue has the message. SeaweedFS tells each change once, whatever it is
answered and however often it is told to retry: what was not taken, reconcile finds.
"""

import hmac
import logging
import os
import signal
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from common import logs
from common.events import FUNCTIONS, ObjectCreated
from common.exceptions import TransientError
from common.logs import get_logger
from common.messages import UnreadableMessageError, from_message
from common.messaging import Transport
from common.messaging.sqs import SqsTransport
from common.settings import Settings
from infra.local.moto_queues import start_queue_server
from infra.local.queues import TOKEN_VARIABLE

_LONGEST_BODY = 1 << 20  # bytes; a change of one object takes some hundred

log = get_logger()


def announce(body: bytes, transport: Transport) -> HTTPStatus:
    """Queue a change of the store if it is an object that came or went; say how it went."""
    try:
        message = from_message(body)
        if message.events:
            transport.publish(ObjectCreated.queue, body)
    except UnreadableMessageError as error:
        # Its shape is the store's. Refused, it would come again and again and still be the same.
        log.warning("notification_not_understood", error=str(error), body=body[:500])
    except TransientError as error:
        log.warning("notification_not_queued", error=str(error))
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.OK


class _Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds of silence after which a connection is dropped

    def __init__(self, *args: object, transport: Transport, token: str) -> None:
        self._transport = transport
        self._token = token
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Say that it lives."""
        self._answer(HTTPStatus.OK)

    def do_POST(self) -> None:
        """Take one change, if it is the store that tells."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _LONGEST_BODY))
        told = self.headers.get("Authorization", "")
        if not hmac.compare_digest(told.encode(), f"Bearer {self._token}".encode()):
            self._answer(HTTPStatus.UNAUTHORIZED)
        else:
            self._answer(announce(body, self._transport))

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Stay quiet, as the queue server does."""


def main(port: int) -> None:
    """Serve queues and webhook until told to stop."""
    # A line for every poll of every function would only fill the disk.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    settings = Settings()
    logs.configure(settings, function="announcer")
    sqs = urlsplit(settings.sqs_endpoint_url or "")
    queues = start_queue_server(sqs.hostname or "", sqs.port or 0)
    transport = SqsTransport(settings)
    transport.declare(FUNCTIONS)
    token = os.environ[TOKEN_VARIABLE]
    server = ThreadingHTTPServer(
        ("127.0.0.1", port), partial(_Webhook, transport=transport, token=token)
    )
    server.daemon_threads = True
    # `shutdown` waits for the loop that this very thread runs: it needs another one.
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    queues.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]))
