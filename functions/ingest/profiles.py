"""How a branch's files are read: what people decided, then what its files show, in store time order.

Pure. A decision holds from a time of the store on, until the next one about the same. For a file,
it and the files that were stored since then, up to this one, must agree; if they do not, it is
asked. Where nothing came before a file, what came after it answers.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """What somebody decided about a branch's files."""

    version: int
    since: datetime | None  # store time; None: for all files
    settings: Mapping[str, str | None]  # None takes an earlier decision back
    upload_id: str | None  # whose question it answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """What holds for a file about one setting, and since and until when."""

    since: datetime | None
    until: datetime | None
    value: str | None  # decided
    is_own: bool  # for this very file: nothing else is asked
    later: str | None  # what the next decision says
    version: int  # of the decision; 0: there is none


def period_of(
    decisions: Sequence[Decision], setting: str, *, stored_at: datetime, upload_id: str
) -> Period:
    """Return what was decided about a setting for a file."""
    about = [decision for decision in decisions if setting in decision.settings]
    about.sort(key=lambda each: (each.since is not None, each.since or stored_at, each.version))
    before = [each for each in about if each.since is None or each.since <= stored_at]
    own = [each for each in before if each.upload_id == upload_id]
    latest = next(reversed(own or before), None)
    following = next((each for each in about if each not in before), None)
    return Period(
        since=latest.since if latest else None,
        until=following.since if following else None,
        value=latest.settings[setting] if latest else None,
        is_own=bool(own),
        later=following.settings[setting] if following else None,
        version=latest.version if latest else 0,
    )


def told(period: Period, before: Set[str], after: Callable[[], Set[str]]) -> str | None:
    """Return how a file is to be read that does not show it itself; None: it has to be asked.

    `before` and `after` are what files show that were stored before and after it, in the period.
    """
    if period.is_own:
        return period.value
    said = (before | {period.value}) - {None} or after() or {period.later} - {None}
    return next(iter(said)) if len(said) == 1 else None
