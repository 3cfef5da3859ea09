"""Connections to RabbitMQ that come back; with `rabbitmq` the only door to pika.

A connection of pika belongs to one thread, and answers the broker's heartbeats only while that
thread turns. So each connection has a thread of its own, whatever a handler does meanwhile, and
everybody else hands it work.

Each consumer holds one message, and a second one fetches the next while that is in work. Who dies
then has both counted by the broker, and a message that kills every worker must not take the others
with it: so a worker fetches ahead only after it has done a message well, and gives back what waits
behind a long one.
"""

import itertools
import os
import queue
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import (
    AMQPError,
    ConnectionWrongStateError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
    StreamLostError,
)

from common.exceptions import TransientError
from common.logs import get_logger

# Seconds.
_HEARTBEAT_S = 30  # unless the URL names another
_ANSWER_WITHIN_S = 30.0  # a queue without a majority of its nodes never confirms
_BLOCKED_FOR_S = 20.0  # how long a broker short of memory or disk may keep us from publishing
_TURN_S = 1.0  # at most, until a connection's thread sees that it shall end
_AHEAD_S = 1.0  # how long a message may wait here for the one in work
_BACK_OFF_S = 0.2  # after the first failure, then twice as long each time
_LONGEST_BACK_OFF_S = 10.0
_MISCONFIGURED_BACK_OFF_S = 15.0
# Not permitted, declared with other arguments, no such virtual host: waiting alone mends none.
_MISCONFIGURED = (403, 406, 530)

log = get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was received and is not settled."""

    queue: str
    tag: int
    body: bytes


class Link:
    """A connection that is opened when it is needed, and again when it was lost."""

    def __init__(self, url: str, purpose: str, prepare: Callable[[BlockingChannel], Any]) -> None:
        self._parameters = _parameters(url, purpose)
        self._prepare = prepare
        self._session: Session | None = None
        self._failures = 0
        self._not_before = 0.0
        self._complaint = ""
        # A signal handler hands messages back, and may have interrupted who holds the lock.
        self._lock = threading.RLock()

    @property
    def current(self) -> "Session | None":
        """The session that is open, if one is."""
        session = self._session
        return None if session is None or session.has_ended else session

    def session(self) -> "Session":
        """Return the open session, or a new one.

        Raises:
            TransientError: The broker cannot be reached, or it is too soon to try again.
        """
        with self._lock:
            session = self.current or self._open()
            self._session = session
            return session

    def call(self, work: Callable[[BlockingChannel], T]) -> T:
        """Return what `work` returns on the channel.

        Raises:
            TransientError: The broker cannot be reached, or did not take it.
        """
        session = self.session()
        with self.reaching():
            return session.call(work)

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Turn errors of the driver into ours; a wrong configuration is not tried again soon."""
        try:
            with reaching_rabbitmq():
                yield
        except TransientError as error:
            if _is_misconfigured(error.__cause__):
                self._back_off(error)
            raise

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._session is not None:
            self._session.close()

    def _open(self) -> "Session":
        wait_s = self._not_before - time.monotonic()
        if wait_s > 0:
            raise TransientError(f"queue server: asked again in {wait_s:.1f} s; {self._complaint}")
        try:
            with reaching_rabbitmq():
                session = Session(self._parameters, self._prepare)
        except TransientError as error:
            self._back_off(error)
            raise
        self._failures = 0
        return session

    def _back_off(self, error: TransientError) -> None:
        wait_s = min(_BACK_OFF_S * 2**self._failures, _LONGEST_BACK_OFF_S)
        if _is_misconfigured(error.__cause__):
            wait_s = _MISCONFIGURED_BACK_OFF_S
            if self._complaint != str(error):
                log.error("queue_server_misconfigured", error=str(error))
        self._complaint = str(error)
        self._failures = min(self._failures + 1, 10)
        # Workers that lost the same broker do not all come back at once.
        self._not_before = time.monotonic() + wait_s * random.uniform(0.5, 1.0)  # noqa: S311


class Session:
    """One connection with one channel, from its opening to its end, and the thread that owns it."""

    def __init__(
        self, parameters: pika.URLParameters, prepare: Callable[[BlockingChannel], Any]
    ) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[Any], Any]]] = (
            queue.SimpleQueue()
        )
        self._inboxes: dict[str, queue.SimpleQueue[Message | None]] = {}
        self._consumers: dict[str, list[str]] = {}  # their tags, by queue
        self._moved_at = 0.0  # when a message last came or was taken
        self._unsettled: dict[int, Message] = {}
        self._closing = threading.Event()
        self._ended = threading.Event()
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(parameters, prepare, opened), name="amqp", daemon=True
        )
        self._thread.start()
        opened.result()

    @property
    def has_ended(self) -> bool:
        """Whether the connection is lost or closed."""
        return self._closing.is_set() or self._ended.is_set() or not self._channel.is_open

    def call(self, work: Callable[[BlockingChannel], T]) -> T:
        """Let the thread do `work`, and return what it returns.

        Raises:
            AMQPError: The broker refused it, or the connection is lost.
            TimeoutError: It took too long. What has not begun by then never will.
        """
        job: Future[T] = Future()
        self._jobs.put((job, work))
        with suppress(ConnectionWrongStateError):
            self._connection.add_callback_threadsafe(self._do_jobs)
        if self._ended.is_set():
            self._refuse_jobs()
        try:
            return job.result(_ANSWER_WITHIN_S)
        except TimeoutError as error:
            job.cancel()
            raise TimeoutError(f"no answer within {_ANSWER_WITHIN_S:.0f} s") from error

    def next_message(self, name: str, wait_s: float) -> Message | None:
        """Return the next message of a queue; the first call begins to consume it.

        Raises:
            AMQPError: The queue does not exist, the broker ended it, or the connection is lost.
        """
        inbox = self._inboxes.get(name) or self.call(partial(self._consume, name))
        try:
            message = inbox.get(timeout=wait_s)
        except queue.Empty:
            return None
        self._moved_at = time.monotonic()
        if message is None:
            raise StreamLostError(f"{name} is no longer delivered")
        return message

    def unsettled(self) -> list[Message]:
        """Return what was delivered and is not settled."""
        return list(self._unsettled.values())

    def settle(self, message: Message, settling: Callable[..., None]) -> None:
        """Ack or nack; of a lost connection nothing is settled, and the message comes again."""
        with suppress(AMQPError):
            self.call(partial(self._settle, message, settling))

    def stop_consuming(self) -> None:
        """Ask for no more messages; what was delivered stays to be settled."""
        self.call(self._cancel)

    def hand_back(self) -> None:
        """Stop consuming, and give back at once what is not settled."""
        self.stop_consuming()
        for message in self.unsettled():
            self.settle(message, BlockingChannel.basic_nack)

    def close(self) -> None:
        """End the thread, and with it the connection."""
        self._closing.set()
        with suppress(ConnectionWrongStateError):
            self._connection.add_callback_threadsafe(self._do_jobs)
        self._thread.join(_ANSWER_WITHIN_S)

    # --- in the thread ----------------------------------------------------------------------

    def _run(
        self,
        parameters: pika.URLParameters,
        prepare: Callable[[BlockingChannel], Any],
        opened: Future[None],
    ) -> None:
        try:
            with pika.BlockingConnection(parameters) as self._connection:
                self._channel = self._connection.channel()
                self._channel.add_on_cancel_callback(self._on_cancelled)
                prepare(self._channel)
                opened.set_result(None)
                while self._channel.is_open and not self._closing.is_set():
                    self._connection.process_data_events(_TURN_S)
                    self._hand_back_what_waits()
        except Exception as error:  # noqa: BLE001 - who opens it decides; later it is only lost
            if not opened.done():
                opened.set_exception(error)
            else:
                log.warning("queue_connection_lost", error=_words(error))
        finally:
            self._end()

    def _end(self) -> None:
        self._ended.set()
        self._refuse_jobs()
        for inbox in self._inboxes.values():
            inbox.put(None)

    def _do_jobs(self) -> None:
        for job, work in self._open_jobs():
            try:
                job.set_result(work(self._channel))
            except Exception as error:  # noqa: BLE001 - who waits for the job decides about it
                job.set_exception(error)

    def _refuse_jobs(self) -> None:
        for job, _ in self._open_jobs():
            job.set_exception(StreamLostError("the connection is lost"))

    def _open_jobs(self) -> Iterator[tuple[Future[Any], Callable[[Any], Any]]]:
        with suppress(queue.Empty):
            while True:
                job, work = self._jobs.get_nowait()
                if job.set_running_or_notify_cancel():
                    yield job, work

    def _consume(self, name: str, channel: BlockingChannel) -> "queue.SimpleQueue[Message | None]":
        inbox = self._inboxes.setdefault(name, queue.SimpleQueue())
        tag = channel.basic_consume(name, partial(self._on_message, name))
        self._consumers.setdefault(name, []).append(tag)
        return inbox

    def _on_message(
        self, name: str, _channel: object, method: Any, _properties: object, body: bytes
    ) -> None:
        message = Message(name, method.delivery_tag, body)
        self._moved_at = time.monotonic()
        self._unsettled[message.tag] = message
        self._inboxes[name].put(message)

    def _on_cancelled(self, _frame: object) -> None:
        # The queue was deleted, moved to another node, or we took too long: begin anew.
        self._closing.set()

    def _cancel(self, channel: BlockingChannel) -> None:
        for tag in itertools.chain.from_iterable(self._consumers.values()):
            channel.basic_cancel(tag)
        self._consumers.clear()
        self._inboxes.clear()

    def _settle(
        self, message: Message, settling: Callable[..., None], channel: BlockingChannel
    ) -> None:
        if self._unsettled.pop(message.tag, None) is None:
            return
        settling(channel, message.tag)
        if len(self._consumers.get(message.queue, ())) == 1:
            self._consume(message.queue, channel)

    def _hand_back_what_waits(self) -> None:
        """Give others what waits behind a long message, and fetch no more until that is done."""
        if time.monotonic() < self._moved_at + _AHEAD_S:
            return
        waiting = [message for inbox in self._inboxes.values() for message in _drained(inbox)]
        if waiting:
            self._cancel(self._channel)
        for message in waiting:
            self._settle(message, BlockingChannel.basic_nack, self._channel)


def _drained(inbox: "queue.SimpleQueue[Message | None]") -> Iterator[Message]:
    with suppress(queue.Empty):
        while (message := inbox.get_nowait()) is not None:
            yield message


def _parameters(url: str, purpose: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    if parameters.heartbeat is None:
        parameters.heartbeat = _HEARTBEAT_S
    parameters.blocked_connection_timeout = _BLOCKED_FOR_S
    parameters.socket_timeout = 5.0
    parameters.stack_timeout = 10.0
    name = f"datacore {purpose} {socket.gethostname()}:{os.getpid()}"
    parameters.client_properties = {"connection_name": name}
    return parameters


@contextmanager
def reaching_rabbitmq() -> Iterator[None]:
    """Tell of a broker that cannot be reached.

    Raises:
        TransientError: It cannot, or a connection to it was lost.
    """
    try:
        yield
    except (AMQPError, OSError) as error:
        raise TransientError(f"queue server: {_words(error)}") from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _is_misconfigured(error: BaseException | None) -> bool:
    if isinstance(error, (ProbableAuthenticationError, ProbableAccessDeniedError)):
        return True
    return getattr(error, "reply_code", None) in _MISCONFIGURED
