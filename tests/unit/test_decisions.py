"""The records of decisions: one number each, all in one table, and no reference into the void."""

import re
from collections import Counter
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

PROJECT = Path(__file__).parents[2]
RECORDS = sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))
TABLE = (PROJECT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")


def title(record: Path) -> tuple[str, str]:
    """Return number and title of a record, as its heading says."""
    heading = record.read_text(encoding="utf-8").splitlines()[0]
    number, words = re.fullmatch(r"# (\d+)\. (.+)", heading).groups()
    return f"{int(number):04}", words


def test_no_two_records_have_one_number():
    assert [n for n, times in Counter(r.name[:4] for r in RECORDS).items() if times > 1] == []


def test_the_table_lists_every_record_with_its_title_and_a_line():
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (.+) \|$", TABLE, re.MULTILINE)
    listed = [(number, name, words) for number, name, words, _ in rows]
    assert listed == [(*title(r)[:1], r.name, title(r)[1]) for r in RECORDS]
    assert all(line.strip() for *_, line in rows)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_is_named_by_its_number_and_fits_on_a_screen(record: Path):
    assert record.name.startswith(f"{title(record)[0]}-")
    assert len(record.read_text(encoding="utf-8")) < 4000


def test_what_refers_to_a_record_finds_it():
    pages = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = re.findall(r"decisions/(\d{4}-[\w-]+\.md)", text)
    assert named
    assert set(named) <= {record.name for record in RECORDS}
    numbers = {int(number) for number in re.findall(r"\brecord (\d+)\b", text)}
    assert numbers <= {int(record.name[:4]) for record in RECORDS}
