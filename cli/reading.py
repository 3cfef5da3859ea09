"""One file read on this machine, and what came of it."""

import csv
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cli.outcome import CommandError, Exit
from common.texts import say
from functions.ingest.balance import Balance
from functions.ingest.reader import (
    Described,
    FormatProfile,
    OpenQuestionError,
    Reading,
    UnreadableFileError,
    open_file,
    open_table,
)

MOST_ERRORS = 1000  # told one by one; all are counted


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What is known of a file, to its end or to where it was given up on."""

    path: Path
    language: str
    described: Described | None = None  # of a file that is refused as a whole, its layout at most
    balance: Balance | None = None  # of a file that was read
    reasons: Counter[str] = field(default_factory=Counter)  # rejected rows by code
    errors: list[dict[str, Any]] = field(default_factory=list)  # of the first ones
    refusal: UnreadableFileError | None = None
    question: OpenQuestionError | None = None

    @property
    def exit_code(self) -> Exit:
        """Say how the command ends."""
        if self.question is not None:
            return Exit.PARTLY
        return Exit.DONE if self.refusal is None else Exit.FAILED

    def as_json(self) -> dict[str, Any]:
        """Return the one document of `--json`."""
        return {
            "version": 1,
            "file": self.path.name,
            "outcome": {Exit.DONE: "read", Exit.PARTLY: "needs_answer"}.get(
                self.exit_code, "refused"
            ),
            "refusal": self._said(self.refusal),
            "question": self._said(self.question),
            "understanding": self.described and _plain(self.described.as_dict()),
            "balance": self.balance and _plain(asdict(self.balance)),
            "reasons": [{"code": code, "rows": n} for code, n in self.reasons.most_common()],
            "errors": [_plain(self._said_of(record)) for record in self.errors],
        }

    def _said(self, error: UnreadableFileError | OpenQuestionError | None) -> Any:
        if error is None:
            return None
        sentence = say(error.code, error.params, language=self.language)
        return {"code": error.code, "params": _plain(error.params), "sentence": sentence}

    def _said_of(self, record: dict[str, Any]) -> dict[str, Any]:
        codes = {name: record[name] for name in ("expected", "hint")} | {"sentence": record["code"]}
        params = record["params"]
        return record | {
            name: say(code, params, language=self.language) for name, code in codes.items()
        }


def outcome_of(path: Path, *, language: str) -> Outcome:
    """Read the file as if it had been uploaded now; its memory does not grow with the file."""
    now = datetime.now(UTC).astimezone()  # noqa: TID251 - the moment of the upload that it stands for
    outcome = Outcome(path=path, language=language)
    scratch = Path(tempfile.gettempdir())
    try:
        with open_file(path, stored_at=now, profile=FormatProfile(), scratch=scratch) as reading:
            outcome.described = reading.understanding
            _add_rows(outcome, reading)
    except UnreadableFileError as refusal:
        outcome.refusal = refusal
    except OpenQuestionError as question:
        outcome.question = question
    if outcome.described is None:
        outcome.described = _layout(path, scratch)
    return outcome


def _add_rows(outcome: Outcome, reading: Reading) -> None:
    balance = Balance()
    for batch in reading.batches():
        balance += batch.balance
        outcome.reasons.update(row.code for row in batch.rejected)
        told = batch.rejected[: MOST_ERRORS - len(outcome.errors)]
        outcome.errors += [row.error_record() for row in told]
    outcome.balance = balance
    outcome.described = reading.understanding


def _layout(path: Path, scratch: Path) -> Described | None:
    """Return how a file is laid out that could not be read, if that much is clear."""
    try:
        with open_table(path, scratch=scratch) as table:
            return table.describe()
    except UnreadableFileError:
        return None


def write_table(path: Path, target: Path) -> None:
    """Write the table of a file as text; `target` is complete, or what it was before.

    Raises:
        CommandError: It cannot be written there.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with (
            open_table(path, scratch=Path(tempfile.gettempdir())) as table,
            part.open("w", encoding="utf-8", newline="") as out,
        ):
            writer = csv.writer(out)
            if table.header is not None:
                writer.writerow(table.header)
            writer.writerows(table.rows())
        part.replace(target)
    except OSError as error:
        params = {"file": target, "reason": error.strerror}
        raise CommandError(Exit.FAILED, "cli_not_written", params) from error
    finally:
        part.unlink(missing_ok=True)


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it; exact numbers as text."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else value
