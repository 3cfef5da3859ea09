"""The table of codes in docs/reading-files.md is that of the code."""

import re
from pathlib import Path

import pytest

from functions.ingest.reader.refusal import Fault, Question, Refusal, severity

pytestmark = pytest.mark.unit

PAGE = Path(__file__).resolve().parents[4] / "docs/reading-files.md"
ROW = re.compile(r"\| `(\w+)` \| (\w+) \| (\w+) \| \S.* \|")


def test_the_page_tells_all_codes_and_no_others() -> None:
    section = PAGE.read_text(encoding="utf-8").split("\n## Codes\n")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    told = [match.groups() for row in rows if (match := ROW.fullmatch(row))]
    assert len(told) == len(rows)
    wanted = [
        (code.value, about, severity(code).value)
        for about, codes in (("file", Refusal), ("question", Question), ("row", Fault))
        for code in codes
    ]
    assert told == wanted
