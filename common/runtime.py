"""How a function runs: journal, claim, handle, commit, publish, ack; retry, park, drain.

A handler takes one event and returns the events that follow. Everything about delivery is here:

    receive -> journal -> claim -> handle -> one transaction (writes, claim done, outbox)
            -> publish -> ack

The last two mostly wait for a broker's disk. So the next message is begun beside them; it is not
settled before the one that was taken before it.

Failures are three. Permanent: the input is bad; recorded by the function, told to the user, acked.
Transient: tried again after 5 s, 30 s, 5 min, then every 30 min for a day, then parked. Anything
else is a bug: five tries, then parked with its traceback. A worker that dies counts as a start;
five starts without an outcome park the message. A graceful stop counts as nothing.
"""

import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from types import FrameType

from common import messaging
from common.events import Event, ObjectCreated, client_of, upload_of
from common.exceptions import LostClaimError, PermanentError, TransientError
from common.failpoints import failpoint
from common.lease import LeaseKeeper
from common.ledger import Claim, Ledger, NotClaimed, Outgoing, Policy
from common.logs import bound, get_logger
from common.messages import Message, UnreadableMessageError, from_message
from common.messaging import Delivery, Transport
from common.postgres import Postgres
from common.settings import Settings
from common.telemetry import Nobody, Observer

DELAYS_S = (5.0, 30.0, 300.0, 1800.0)  # before the second, third, fourth and every later try
GIVE_UP_AFTER_S = 24 * 3600.0
MOST_BUG_TRIES = 5
MOST_STARTS = 5
_BUSY_S = 1.0  # a claim that is about to be free is asked for again after this
_RECEIVE_S = 1.0
_RELAY_EVERY_S = 1.0  # somebody who answered a question waits for it

log = get_logger()


class FailureKind(Enum):
    """What the runtime does about a failure."""

    REFUSED = "refused"  # permanent: the end
    POSTPONED = "postponed"  # another try follows
    PARKED = "parked"  # given up on; a person has to look


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed try, as the function records it."""

    kind: FailureKind
    error: Exception
    retry_in_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Function:
    """A deployable function: what to do with an event, and how to record that it failed.

    Both callables may stage writes on the claim; they run in the transaction that ends it.
    """

    name: str
    handle: Callable[[Event, Claim], Sequence[Event]]
    failed: Callable[[Event, Claim, Failure], Sequence[Event]]
    policy: Policy = Policy.ONCE
    # Each raises TransientError while a server that the function needs does not answer.
    probes: tuple[Callable[[], None], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How long the runtime waits for what; seconds."""

    lease_s: float
    relay_after_s: float
    drain_s: float
    delays_s: tuple[float, ...] = DELAYS_S


class Runtime:
    """Runs one function in this process, one message at a time."""

    def __init__(
        self,
        function: Function,
        *,
        transport: Transport,
        ledger: Ledger,
        pace: Pace,
        observer: Observer | None = None,
    ) -> None:
        self._function = function
        self._transport = transport
        self._ledger = ledger
        self._pace = pace
        self._lease = LeaseKeeper(pace.lease_s)
        self._observer = observer or Nobody()
        self.ready = threading.Event()  # set once all servers answered
        self._stopping = threading.Event()
        self._running: tuple[Claim, Delivery] | None = None
        self._settler = ThreadPoolExecutor(1, thread_name_prefix="settle")
        self._settling: Future[Sequence[Outgoing]] | None = None
        self._next_relay = 0.0

    @classmethod
    def connect(
        cls,
        function: Function,
        settings: Settings,
        *,
        app: Postgres,
        observer: Observer | None = None,
    ) -> "Runtime":
        """Return the function with its queue and its ledger; nothing is opened yet.

        The runtime asks for its own servers too before it starts, and whenever one was away.
        """
        transport = messaging.connect(settings)
        database = Postgres(settings.postgres_runtime_url)
        own = (app.check, database.check, lambda: transport.declare([function.name]))
        return cls(
            replace(function, probes=own + function.probes),
            transport=transport,
            ledger=Ledger(
                runtime=database,
                app=app,
                function=function.name,
                owner=f"{socket.gethostname()}:{os.getpid()}",
                lease_s=settings.lease_s,
            ),
            pace=Pace(
                lease_s=settings.lease_s,
                relay_after_s=settings.relay_after_s,
                drain_s=settings.drain_s,
            ),
            observer=observer,
        )

    def run(self) -> None:
        """Handle messages until SIGTERM or SIGINT, then finish the running one."""
        signal.signal(signal.SIGTERM, self._on_stop_signal)
        signal.signal(signal.SIGINT, self._on_stop_signal)
        self._wait_for_servers()
        self.ready.set()
        log.info("ready")
        while not self._stopping.is_set():
            with self._riding_out_outages():
                self._take_next()
        with self._riding_out_outages():
            self._see_settled()
        log.info("stopped")

    def close(self) -> None:
        """Give up the connections to the queue and the ledger."""
        self._lease.close()
        self._settler.shutdown()
        self._transport.close()
        self._ledger.close()

    def step(self) -> None:
        """Relay what is overdue, then handle the next message if there is one, to its end."""
        with self._riding_out_outages():
            self._take_next()
            self._see_settled()

    def handle_batch(self, deliveries: Sequence[Delivery]) -> None:
        """Handle messages that someone else received; while a server is away the rest are left."""
        try:
            self._check_once()
            self._relay()
            for delivery in deliveries:
                self._handle_message(delivery)
            self._see_settled()
            self._ledger.flush()
        except TransientError as error:
            log.warning("waiting_for_servers", error=str(error))

    def _check_once(self) -> None:
        if not self.ready.is_set():
            self._ask_servers()
            self.ready.set()

    def stop(self) -> None:
        """Ask `run` to end after the running message."""
        self._stopping.set()

    def _take_next(self) -> None:
        self._relay()
        delivery = self._transport.receive(self._function.name, wait_s=_RECEIVE_S)
        if delivery is not None:
            self._handle_message(delivery)
        else:
            self._see_settled()
            self._ledger.flush()

    @contextmanager
    def _riding_out_outages(self) -> Iterator[None]:
        try:
            yield
        except TransientError as error:
            # A server is away. Stop consuming: waiting costs no message any of its tries.
            log.warning("waiting_for_servers", error=str(error))
            self._transport.pause()
            self._stopping.wait(_BUSY_S)
            self._wait_for_servers()

    # --- one message ------------------------------------------------------------------------

    def _handle_message(self, delivery: Delivery) -> None:
        failpoint("recv")
        try:
            message = from_message(delivery.body)
        except UnreadableMessageError as error:
            log.error("message_unreadable", error=str(error))  # noqa: TRY400 - its cause is the body
            self._ledger.park_unreadable(delivery.body, str(error))
            self._observer.handled("unreadable")
            delivery.ack()
            return
        with bound(event_id=message.event_id):
            if not message.events:
                self._note("left_alone")
            self._finish_delivery(message, delivery)

    def _finish_delivery(self, message: Message, delivery: Delivery) -> None:
        done = [self._work_on(event, message, delivery) for event in message.events]
        outgoing = [out for _, each in done for out in each]
        wait_s = min((wait for wait, _ in done if wait is not None), default=None)
        self._see_settled()
        self._settling = self._settler.submit(self._settle, delivery, outgoing, wait_s)

    def _settle(
        self, delivery: Delivery, outgoing: Sequence[Outgoing], wait_s: float | None
    ) -> Sequence[Outgoing]:
        for out in outgoing:
            self._transport.publish(out.queue, out.body)
        failpoint("published")
        failpoint("before_ack")
        if wait_s is None:
            delivery.ack()
        else:
            delivery.postpone(wait_s)
        return outgoing

    def _see_settled(self) -> None:
        """Wait for the end of the message before.

        Raises:
            TransientError: It could not be settled. It comes again, and finds its work done.
        """
        settling, self._settling = self._settling, None
        if settling is not None:
            self._ledger.sent(settling.result())

    def _work_on(
        self, event: Event, message: Message, delivery: Delivery
    ) -> tuple[float | None, list[Outgoing]]:
        """Do what one event asks for; returns what to publish before the message is settled.

        And the seconds to wait, if the event must be tried again.
        """
        claim = self._ledger.claim(event, self._function.policy, message)
        fields = {"client": client_of(event), "work": claim.work_key, "upload": upload_of(event)}
        known = {name: value for name, value in fields.items() if value is not None}
        with bound(**known):
            if isinstance(claim, NotClaimed):
                self._note("left_alone")
                return self._leave_alone(claim)
            failpoint("claimed")
            self._note_wait(event)
            started = time.monotonic()
            with self._holding(claim, delivery):
                wait, outcome, outgoing = self._attempt(event, claim, message.raw)
            self._note(outcome, time.monotonic() - started)
        return wait, outgoing

    def _note_wait(self, event: Event) -> None:
        # Forced work is done again: it has not waited.
        if isinstance(event, ObjectCreated) and event.event_time and not event.generation:
            self._observer.taken(time.time() - event.event_time.timestamp())

    def _note(self, outcome: str, seconds: float | None = None) -> None:
        took = {} if seconds is None else {"seconds": round(seconds, 3)}
        log.info("handled", outcome=outcome, **took)
        self._observer.handled(outcome, seconds)

    def _leave_alone(self, claim: NotClaimed) -> tuple[float | None, list[Outgoing]]:
        if claim.is_done:
            # It was committed; perhaps its worker died before it published.
            return None, self._ledger.pending(claim.work_key)
        if self._function.policy is Policy.LATEST and not claim.is_same_message:
            return None, []  # the running look commits only if nothing moved, else it nudges itself
        return claim.free_in_s + _BUSY_S, []

    def _attempt(
        self, event: Event, claim: Claim, body: bytes
    ) -> tuple[float | None, str, list[Outgoing]]:
        if claim.starts > MOST_STARTS:
            died = RuntimeError(f"{MOST_STARTS} workers died with this message")
            return None, "parked", self._park(event, claim, "worker_died", died, body)
        try:
            events = self._function.handle(event, claim)
            return None, "done", self._ledger.finish(claim, events)
        except LostClaimError:
            return _BUSY_S, "lost_claim", []
        except Exception as error:  # noqa: BLE001 - the one place that decides about every failure
            claim.staged.clear()
            if isinstance(error, TransientError):
                self._give_back_if_away(claim)
            return self._treat(event, claim, error, body)

    def _give_back_if_away(self, claim: Claim) -> None:
        """Give the work back, uncounted, if it failed because a server is away.

        Raises:
            TransientError: One does not answer. What waits for it must not use up its tries, one
                message after the other.
        """
        try:
            self._ask_servers()
        except TransientError:
            self._ledger.release(claim)
            raise

    def _ask_servers(self) -> None:
        for probe in self._function.probes:
            probe()

    # --- failures ---------------------------------------------------------------------------

    def _treat(
        self, event: Event, claim: Claim, error: Exception, body: bytes
    ) -> tuple[float | None, str, list[Outgoing]]:
        if isinstance(error, PermanentError):
            failure = Failure(kind=FailureKind.REFUSED, error=error)
            events = self._function.failed(event, claim, failure)
            code = error.code
            return None, "refused", self._ledger.finish(claim, events, status="refused", error=code)
        is_bug = not isinstance(error, TransientError)
        if is_bug:
            log.error("bug", exc_info=error)
        if is_bug and claim.bug_tries + 1 >= MOST_BUG_TRIES:
            return None, "parked", self._park(event, claim, "bug", error, body)
        if not is_bug and claim.failing_s >= GIVE_UP_AFTER_S:
            return None, "parked", self._park(event, claim, "dependency", error, body)
        return self._postpone(event, claim, error, is_bug=is_bug)

    def _postpone(
        self, event: Event, claim: Claim, error: Exception, *, is_bug: bool
    ) -> tuple[float, str, list[Outgoing]]:
        tries = claim.bug_tries if is_bug else claim.transient_tries
        delay_s = self._pace.delays_s[min(tries, len(self._pace.delays_s) - 1)]
        failure = Failure(kind=FailureKind.POSTPONED, error=error, retry_in_s=delay_s)
        events = self._function.failed(event, claim, failure)
        words = f"{type(error).__name__}: {error}"
        outgoing = self._ledger.postpone(claim, events, delay_s=delay_s, error=words, is_bug=is_bug)
        log.warning("postponed", error=words, retry_in_s=delay_s)
        return delay_s, "postponed", outgoing

    def _park(
        self, event: Event, claim: Claim, reason: str, error: Exception, body: bytes
    ) -> list[Outgoing]:
        failure = Failure(kind=FailureKind.PARKED, error=error)
        story = "".join(traceback.format_exception(error))
        log.error("parked", reason=reason, error=str(error))
        try:
            events = self._function.failed(event, claim, failure)
        except Exception:
            # A broken record of the failure must not keep the message going round.
            log.exception("bug")
            events = []
            claim.staged.clear()
        return self._ledger.park(claim, events, reason=reason, error=story, body=body)

    # --- leases, the relay, stopping -------------------------------------------------------

    @contextmanager
    def _holding(self, claim: Claim, delivery: Delivery) -> Iterator[None]:
        """Keep lease and delivery while the handler works."""

        def renew() -> bool:
            try:
                if not self._ledger.renew(claim):
                    return False  # the commit will find out
                delivery.keep(self._pace.lease_s)
            except TransientError as error:
                log.warning("lease_not_renewed", error=str(error))
            return True

        self._running = (claim, delivery)
        try:
            with self._lease.holding(renew):
                yield
        finally:
            self._running = None

    def _relay(self) -> None:
        if time.monotonic() >= self._next_relay:
            self._next_relay = time.monotonic() + _RELAY_EVERY_S
            age_s = self._pace.relay_after_s
            relayed = self._ledger.relay(self._transport.publish, older_than_s=age_s)
            if relayed:
                log.info("relayed", events=relayed)
                self._observer.relayed(relayed)

    def _wait_for_servers(self) -> None:
        wait_s = 0.1
        while not self._stopping.is_set():
            try:
                self._ask_servers()
            except TransientError as error:
                log.warning("server_away", error=str(error))
                self._stopping.wait(wait_s)
                wait_s = min(wait_s * 2, 5.0)
            else:
                return

    def _on_stop_signal(self, _signal: int, _frame: FrameType | None) -> None:
        if self._stopping.is_set():
            self._abandon()
        self._stopping.set()
        timer = threading.Timer(self._pace.drain_s, self._abandon)
        timer.daemon = True
        timer.start()

    def _abandon(self) -> None:
        """Hand the running message back, uncounted, and leave."""
        if self._running is not None:
            claim, delivery = self._running
            try:
                self._ledger.release(claim)
                delivery.postpone(0)
            except TransientError as error:
                log.warning("not_released", error=str(error))
        os._exit(0)
