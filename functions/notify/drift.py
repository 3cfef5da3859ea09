"""What changed in how a branch writes its files, from one file to the next. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from common.mending import is_of_mended_rows

# Settings of a file that a branch keeps, and the sentence that tells when it does not. The encoding
# is none of them: a file without any accent is written the same in nearly all of them.
_KEPT = {
    "delimiter": "drift_delimiter",
    "date_order": "drift_date_order",
    "decimal_mark": "drift_decimal_mark",
}
_SEEN = {" ": "␠", "\t": "⇥", "": "∅"}  # a delimiter that is not seen has a sign

Change = dict[str, Any]  # code and parameters of a sentence


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what a file does otherwise than the one before it, as sentences.

    Both are what the reader understood of a file. Mended rows come in a form of ours, which says
    nothing about the branch.
    """
    if is_of_mended_rows(before["header"]) or is_of_mended_rows(after["header"]):
        return []
    return [*_columns(before["mapping"], after["mapping"]), *_settings(before, after)]


def _columns(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for ours in sorted({*before, *after}):
        was, now = before.get(ours), after.get(ours)
        if was == now:
            continue
        code = (
            "drift_renamed" if was and now else "drift_column_gone" if was else "drift_column_new"
        )
        yield {"code": code, "params": {"before": was, "after": now}}


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name, code in _KEPT.items():
        was, now = before[name], after[name]
        # What a file leaves open says nothing.
        if was != now and None not in {was, now}:
            yield {"code": code, "params": {"before": _shown(was), "after": _shown(now)}}


def _shown(value: str) -> str:
    return {"dmy": "d/m/y", "mdy": "m/d/y", "ymd": "y/m/d"}.get(value, _SEEN.get(value, value))
