"""What people are told: one short sentence for each thing that happened.

A notice keeps a code and all that its sentence says, so that it stands alone for ever: it reads
the same after the upload was superseded or removed, and in the language of whoever reads it. Days
are those of the branch's clock where its zone is known, else of UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.events import (
    BranchSilent,
    UploadDuplicated,
    UploadEvent,
    UploadNeedsAnswer,
    UploadParked,
    UploadRejected,
    UploadStored,
)
from functions.notify.drift import changes

SEES_UPLOADS = ("owner", "uploader")
SEES_SEGMENTS = ("owner", "analyst")


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """What is known of the upload that an event is about."""

    id: str
    filename: str
    reason: str | None  # a code of the catalogue of texts
    params: Mapping[str, Any]  # what the reason's sentence says
    accepted: int  # rows
    rejected: int
    left_out: Mapping[str, int] = field(default_factory=dict)  # rows that are no purchases, by why
    of_orders: Mapping[str, int] = field(default_factory=dict)  # that something was taken off
    first_filename: str | None = None  # of a duplicate: the upload that came first
    first_stored_at: datetime | None = None
    first_timezone: str = "UTC"  # of its branch


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a stored file was read, and the file of its branch that was stored before it."""

    upload: str
    filename: str
    branch: str  # its name
    timezone: str  # of the branch
    stored_at: datetime
    understanding: Mapping[str, Any]
    before: Mapping[str, Any]  # what was understood of that file


@dataclass(frozen=True, kw_only=True, slots=True)
class Segmentation:
    """What is known of the segmentation that an event is about."""

    as_of: date | None  # None: the client has no rows
    customers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A sentence for every user of the client whose role is one of `roles`."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    roles: tuple[str, ...]
    upload: str | None = None


def of_upload(event: UploadEvent, upload: Upload) -> Notice:
    """Return what people are told about the upload.

    Raises:
        TypeError: The event is none that people are told about.
    """
    code, params = _sentence(event, upload)
    params = {"filename": upload.filename, **params}
    if isinstance(event, UploadStored):
        for name, counts in (("left_out", upload.left_out), ("of_orders", upload.of_orders)):
            if counts:
                told = {"code": code, "params": params}
                code, params = f"notice_{name}", {"told": told, name: dict(counts)}
    return Notice(
        code=code,
        params=params,
        roles=SEES_UPLOADS,
        upload=upload.id,
    )


def of_drift(form: Form) -> Notice | None:
    """Return what people are told about a branch that writes its files otherwise; None: it does not."""
    changed = changes(form.before, form.understanding)
    if not changed:
        return None
    params = {
        "branch": form.branch,
        "filename": form.filename,
        "when": form.stored_at.astimezone(ZoneInfo(form.timezone)).isoformat(),
        "changes": changed,
    }
    return Notice(code="notice_drift", params=params, roles=SEES_UPLOADS, upload=form.upload)


def of_segmentation(segmentation: Segmentation) -> Notice:
    """Return what people are told about new segments."""
    if segmentation.as_of is None:
        return Notice(code="notice_segments_empty", roles=SEES_SEGMENTS)
    params = {"customers": segmentation.customers, "as_of": segmentation.as_of.isoformat()}
    return Notice(code="notice_segments", params=params, roles=SEES_SEGMENTS)


def of_silence(event: BranchSilent) -> Notice:
    """Return what people are told about a branch that sends nothing."""
    params = {
        "branch": event.branch,
        "last": event.last_at.astimezone(UTC).isoformat(),
        "days": event.usual_days,
    }
    return Notice(code="notice_branch_silent", params=params, roles=SEES_UPLOADS)


def _sentence(event: UploadEvent, upload: Upload) -> tuple[str, dict[str, object]]:
    match event:
        case UploadStored():
            return _stored(upload)
        case UploadDuplicated():
            code = "notice_same_rows" if upload.reason == "same_rows" else "notice_duplicate"
            return code, _first(upload)
        case UploadRejected():
            return _refused(upload)
        case UploadNeedsAnswer():
            return "notice_needs_answer", _reason(upload)
        case UploadParked():
            return "notice_parked", _reason(upload)
        case _:
            raise TypeError(f"nobody is told about {type(event).__name__}")


def _stored(upload: Upload) -> tuple[str, dict[str, object]]:
    rows = upload.accepted + upload.rejected
    if not rows:
        return "notice_no_rows", {}
    if not upload.rejected:
        return "notice_stored", {"rows": rows}
    return "notice_stored_partly", {
        "rows": rows,
        "accepted": upload.accepted,
        "rejected": upload.rejected,
    }


def _refused(upload: Upload) -> tuple[str, dict[str, object]]:
    if when := upload.params.get("still_counts"):  # an older version of the same key
        return "notice_rejected_overwrite", _reason(upload) | {"when": when}
    return "notice_rejected", _reason(upload)


def _first(upload: Upload) -> dict[str, object]:
    if upload.first_filename is None or upload.first_stored_at is None:
        raise ValueError(f"duplicate {upload.id} names no first upload")
    return {
        "first_filename": upload.first_filename,
        "when": upload.first_stored_at.astimezone(ZoneInfo(upload.first_timezone)).isoformat(),
    }


def _reason(upload: Upload) -> dict[str, object]:
    return {"reason": {"code": upload.reason, "params": dict(upload.params)}}
