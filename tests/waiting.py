"""Wait for what must become true, and no longer."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_until(condition: Callable[[], T], *, within_s: float = 20.0) -> T:
    """Return the first true answer of `condition`.

    Raises:
        AssertionError: There was none in time.
    """
    deadline = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"not within {within_s} s: {condition}"
        time.sleep(0.02)
    return answer
