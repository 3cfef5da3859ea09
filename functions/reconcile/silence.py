"""When a branch has been silent for longer than is usual for it."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

FEWEST_UPLOADS = 4
REMEMBERED_UPLOADS = 50
_SHORTEST = timedelta(days=1)


def usual_gap(stored_at: Sequence[datetime]) -> timedelta | None:
    """Return the time that usually passes at most between two uploads; None: too few to say.

    It is the 90th percentile (nearest rank) of the gaps between the store times given, at least a
    day; fewer than four uploads say nothing. One long holiday in ten gaps or more does not count.
    """
    if len(stored_at) < FEWEST_UPLOADS:
        return None
    times = sorted(stored_at)
    gaps = sorted(later - earlier for earlier, later in pairwise(times))
    return max(_SHORTEST, gaps[math.ceil(0.9 * len(gaps)) - 1])


def is_silent(stored_at: Sequence[datetime], now: datetime) -> bool:
    """Say whether more than the usual time has passed since the last upload."""
    gap = usual_gap(stored_at)
    return gap is not None and now - max(stored_at) > gap
