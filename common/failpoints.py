"""Places where a test makes a worker die, fail or hang, to prove that nothing is lost there.

Armed only by `DATACORE_FAILPOINT=<point>:<action>@<nth>`; otherwise a failpoint is one comparison.
"""

import os
import signal
import sys
import time
from dataclasses import dataclass

from common.exceptions import TransientError

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
    "cluster_stored",
    "notified",
)
ACTIONS = (
    "kill",  # the worker dies
    "raise",  # a bug
    "exec_then_raise",  # the step before was done, and whoever asked for it sees a timeout
    "sleep",  # the worker hangs
)
SLEEP_S = 4.0


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
    if point not in POINTS or action not in ACTIONS:
        raise ValueError(f"no such failpoint: {specification}")
    _armed.point, _armed.action, _armed.passes_left = point, action, int(nth or 1)


def failpoint(point: str) -> None:
    """Do here what was armed, if this point was and has been passed often enough.

    Raises:
        FailpointError: It is armed with `raise`.
        TransientError: It is armed with `exec_then_raise`.
    """
    if point != _armed.point:
        return
    _armed.passes_left -= 1
    if _armed.passes_left != 0:
        return
    # Who waits for it must know that it was reached, also where nothing can be logged any more.
    os.write(sys.stderr.fileno(), f"failpoint {point}:{_armed.action}\n".encode())
    _act(point)


def _act(point: str) -> None:
    match _armed.action:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise":
            raise FailpointError(point)
        case "exec_then_raise":
            raise TransientError(f"no answer: {point}")
        case _:
            time.sleep(SLEEP_S)
