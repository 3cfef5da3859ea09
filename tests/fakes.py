"""Fakes that the contract tests hold to the real thing."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class _Kept:
    body: bytes
    visible_at: float = 0.0


@dataclass
class MemoryTransport:
    """Queues in memory, with a clock of their own that tests move forward."""

    now: float = 0.0
    visibility_s: float = 60.0
    queues: dict[str, list[_Kept]] = field(default_factory=dict)
    postponed: list[float] = field(default_factory=list)
    pauses: int = 0
    refuses: Exception | None = None  # raised by publish while set

    def declare(self, queues: Sequence[str]) -> None:
        for queue in queues:
            self.queues.setdefault(queue, [])

    def publish(self, queue: str, body: bytes) -> None:
        if self.refuses is not None:
            raise self.refuses
        self.queues.setdefault(queue, []).append(_Kept(body))

    def receive(self, queue: str, *, wait_s: float) -> "MemoryDelivery | None":
        for kept in self.queues.setdefault(queue, []):
            if kept.visible_at <= self.now:
                kept.visible_at = self.now + self.visibility_s
                return MemoryDelivery(self, queue, kept)
        return None

    def pause(self) -> None:
        self.pauses += 1

    def waiting(self, queue: str) -> int:
        return sum(kept.visible_at <= self.now for kept in self.queues.get(queue, ()))

    def close(self) -> None:
        pass

    def held(self, queue: str) -> list[bytes]:
        """Return what the queue holds, seen or not."""
        return [kept.body for kept in self.queues.get(queue, [])]


class MemoryDelivery:
    def __init__(self, transport: MemoryTransport, queue: str, kept: _Kept) -> None:
        self.body = kept.body
        self._transport = transport
        self._queue = queue
        self._kept = kept

    def ack(self) -> None:
        self._transport.queues[self._queue].remove(self._kept)

    def postpone(self, seconds: float) -> None:
        self._transport.postponed.append(seconds)
        self._kept.visible_at = self._transport.now + seconds

    def keep(self, seconds: float) -> None:
        self._kept.visible_at = self._transport.now + seconds
