"""Uploads as people look at them: each state in words, each file balance as a line that adds up.

Pure: rows in, JSON-able bodies out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.texts import say
from functions.report_api.report import money_text
from functions.report_api.schemas import (
    Balance,
    FirstUpload,
    Notice,
    Rejected,
    Upload,
    UploadDetail,
    Waiting,
)

_EXCERPT_CHARS = 80
COLUMN_ASKED = {  # question -> column of ours
    "customer_column": "customer_id",
    "date_column": "ordered_at",
    "money_column": "amount",
}
# What a failure that is tried again may name to a user; anything else stays with the operator.
_DEPENDENCIES = ("PostgreSQL", "MongoDB", "object store")


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectedRows:
    """The first of an upload's rows that somebody has to mend, and how many there are in all."""

    rows: tuple[Rejected, ...]
    total: int


def upload_body(upload: Upload, *, language: str) -> dict[str, Any]:
    """Return an upload as every list shows it."""
    waiting = upload.waiting
    return {
        "id": upload.id,
        "filename": upload.filename,
        "key": upload.key,
        "branch": upload.branch,
        "state": upload.state,
        "reason": upload.reason,
        "sentence": sentence(upload, language=language),
        "size": upload.size,
        "sha256": upload.sha256,
        "stored_at": _time(upload.stored_at),
        "seen_at": _time(upload.seen_at),
        "settled_at": _time(upload.settled_at),
        "uploaded_by": upload.uploaded_by,
        "first_upload": first_upload_body(upload.first_upload),
        "balance": _balance_body(upload.balance),
        "left_out": dict(upload.left_out),
        "of_orders": dict(upload.of_orders),
        "repaired": _repaired_body(upload),
        "repairs": upload.repairs and asdict(upload.repairs),
        "waiting": waiting
        and {
            "tries": waiting.tries,
            "retry_at": _time(waiting.retry_at),
            "error": _cause(waiting.error),
        },
    }


def detail_body(detail: UploadDetail, rejected: RejectedRows, *, language: str) -> dict[str, Any]:
    """Return an upload with how it was read and the first of its rows to mend."""
    return {
        **upload_body(detail.upload, language=language),
        "question": question_body(detail.upload, language=language),
        "repairs_uploads": [asdict(each) for each in detail.repairs],
        "repaired_by": [asdict(each) for each in detail.repaired_by],
        "understanding": detail.understanding,
        "replaced_rows": detail.replaced_rows,
        "rejected": [_rejected_body(row, language=language) for row in rejected.rows],
        "rejected_total": rejected.total,
    }


def question_body(upload: Upload, *, language: str) -> dict[str, Any] | None:
    """Return what is asked of a file, and each answer as it is sent back; None: nothing is."""
    if upload.state != "needs_answer" or upload.reason is None:
        return None
    answers = [
        {"answer": answer, "label": say(code, params, language=language)}
        for answer, code, params in _answers(upload.reason, upload.params)
    ]
    return {"code": upload.reason, "params": dict(upload.params), "answers": answers}


_Answer = tuple[dict[str, Any], str, dict[str, Any]]


def _answers(reason: str, params: Mapping[str, Any]) -> Iterator[_Answer]:
    """Yield each answer with the code and the parameters of its label."""
    match reason:
        case "date_order" | "year_order":
            for order in (each for each in ("ymd", "dmy", "mdy") if each in params):
                shown = {"value": params["value"], "day": params[order]}
                yield {"date_order": order}, "answer_date", shown
        case "decimal_mark":
            for mark, name in ((".", "point"), (",", "comma")):
                shown = {"value": params["value"], "number": params[name]}
                yield {"decimal_mark": mark}, "answer_number", shown
        case "overlapping_days":
            for said in ("replaces", "adds"):
                yield {"overlap": said}, f"answer_{said}", {}
        case _:
            yield from _answers_about_columns(reason, params)


def _answers_about_columns(reason: str, params: Mapping[str, Any]) -> Iterator[_Answer]:
    examples = dict(zip(params["columns"], params["candidates"], strict=True))
    if reason == "unnamed_columns":
        for columns in params["answers"]:
            shown = {ours: examples[name] for ours, name in columns.items()}
            code = "answer_amount" if "amount" in columns else "answer_price"
            yield {"columns": columns}, code, shown
        return
    for name, shown_as in zip(params["columns"], params["candidates"], strict=True):
        yield {"columns": {COLUMN_ASKED[reason]: name}}, "answer_column", {"column": shown_as}


def notice_body(notice: Notice, *, language: str) -> dict[str, Any]:
    """Return what a user was told, in their language."""
    return {
        "id": notice.id,
        "code": notice.code,
        "sentence": say(notice.code, notice.params, language=language),
        "upload": notice.upload,
        "created_at": _time(notice.created_at),
    }


def first_upload_body(first: FirstUpload | None) -> dict[str, Any] | None:
    """Return the upload that came first, or None where there was none."""
    if first is None:
        return None
    return {
        "id": first.id,
        "filename": first.filename,
        "stored_at": _time(first.stored_at),
        "branch": first.branch,
    }


def already_uploaded(first: FirstUpload) -> dict[str, Any]:
    """Return the parameters of the sentence that names the first upload, and its branch's day."""
    when = first.stored_at.astimezone(ZoneInfo(first.timezone))
    return {"filename": first.filename, "when": when.isoformat()}


def sentence(upload: Upload, *, language: str) -> str:
    """Say what became of an upload, or what happens next."""
    code, params = _told(upload)
    said = say(code, params, language=language)
    if upload.state == "stored":
        counts = {"left_out": upload.left_out, "of_orders": upload.of_orders}
        more = [say(f"upload_{name}", counts, language=language) for name in counts if counts[name]]
        said = " ".join((said, *more))
    if upload.state == "stored" and (repairs := upload.repairs):
        code = "upload_repairs" if repairs.counted == repairs.rows else "upload_repairs_partly"
        return f"{said} {say(code, asdict(repairs), language=language)}"
    if upload.state == "rejected" and (when := upload.params.get("still_counts")):
        return f"{said} {say('older_version_counts', {'when': when}, language=language)}"
    return said


def _told(upload: Upload) -> tuple[str, Mapping[str, Any]]:
    told: tuple[str, Mapping[str, Any]] = (f"upload_{upload.state}", {})
    match upload:
        case Upload(state="superseded" | "removed"):
            pass  # what was said of it before is no longer so
        case Upload(waiting=Waiting(retry_at=retry_at)):
            told = "upload_waiting", {"when": retry_at.astimezone(UTC)}
        case Upload(state="duplicate", first_upload=FirstUpload() as first):
            told = upload.reason or "already_uploaded", already_uploaded(first)
        case Upload(reason=str(reason)):
            told = reason, upload.params
        case Upload(state="stored", balance=Balance() as balance):
            told = _told_of_rows(balance, open_rows=upload.open_rows)
    return told


def _told_of_rows(balance: Balance, *, open_rows: int) -> tuple[str, Mapping[str, Any]]:
    repaired = balance.rejected - open_rows
    counts = {
        "accepted": balance.accepted + repaired,
        "rows": balance.accepted + balance.rejected,
        "rejected": open_rows,
        "repaired": repaired,
    }
    if not counts["rows"]:
        return "no_rows", {}
    if not balance.rejected:
        return "upload_all_in", counts
    if not repaired:
        return "upload_partly_in", counts
    return "upload_repaired_partly" if counts["rejected"] else "upload_repaired", counts


def _repaired_body(upload: Upload) -> dict[str, Any] | None:
    """Return the file balance with the rows that were mended; the file's own never changes."""
    balance, repaired = upload.balance, upload.repaired
    if balance is None or repaired is None:
        return None
    together = replace(
        balance,
        accepted=balance.accepted + repaired.rows,
        rejected=balance.rejected - repaired.rows,
        quantity=balance.quantity + repaired.quantity,
        amount=balance.amount + repaired.amount,
    )
    return {
        "rows": repaired.rows,
        "elsewhere": repaired.elsewhere,
        "open": upload.open_rows,
        "balance": _balance_body(together),
    }


def _balance_body(balance: Balance | None) -> dict[str, Any] | None:
    if balance is None:
        return None
    return {
        "rows_in": balance.rows_in,
        "accepted": balance.accepted,
        "rejected": balance.rejected,
        "left_out": balance.left_out,
        "blank": balance.blank,
        "repeated": balance.repeated,
        "quantity": money_text(balance.quantity),
        "amount": money_text(balance.amount),
        "first_day": _day(balance.first_day),
        "last_day": _day(balance.last_day),
    }


def _rejected_body(row: Rejected, *, language: str) -> dict[str, Any]:
    place = {"line": row.line, "row": row.row, "column": row.column}
    return {
        "code": row.code,
        "sentence": rejected_sentence(row, language=language),
        **place,
        "byte_offset": row.byte_offset,
        "raw": row.raw[:_EXCERPT_CHARS],
    }


def rejected_sentence(row: Rejected, *, language: str) -> str:
    """Say what is wrong with a row."""
    place = {"line": row.line, "row": row.row, "column": row.column}
    return say(row.code, {**place, **row.params}, language=language)


def _cause(error: str) -> str:
    return next((name for name in _DEPENDENCIES if name in error), "internal")


def _time(when: datetime | None) -> str | None:
    return when.astimezone(UTC).isoformat() if when else None


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
