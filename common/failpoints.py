"""Places where a test makes a worker die or fail, to prove that nothing is lost there.

Armed only by `DATACORE_FAILPOINT=<point>:<kill|raise>@<nth>`; otherwise a
failpoint is one comparison.
"""

import os
import signal
from dataclasses import dataclass

POINTS = (
    "recv",
    "claimed",
    "downloaded",
    "mongo_batch_k",
    "mongo_done",
    "pg_before_commit",
    "pg_after_commit",
    "published",
    "before_ack",
    "cluster_computed",
    "notified",
)


@dataclass
class _Armed:
    point: str = ""
    action: str = ""
    passes_left: int = 0


_armed = _Armed()


class FailpointError(Exception):
    """What a failpoint raises: neither permanent nor transient, so it counts as a bug."""


def arm(specification: str) -> None:
    """Arm the failpoint that `specification` names; an empty one arms nothing.

    Raises:
        ValueError: There is no such point or action.
    """
    if not specification:
        return
    point, _, rest = specification.partition(":")
    action, _, nth = rest.partition("@")
    if point not in POINTS or action not in {"kill", "raise"}:
        raise ValueError(f"no such failpoint: {specification}")
    _armed.point, _armed.action, _armed.passes_left = point, action, int(nth or 1)


def failpoint(point: str) -> None:
    """Die or raise here if this point is armed and has been passed often enough."""
    if point != _armed.point:
        return
    _armed.passes_left -= 1
    if _armed.passes_left != 0:
        return
    if _armed.action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    raise FailpointError(point)
