"""Every sentence, in every language."""

import string
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.texts import LANGUAGES, catalogue, say, visible

pytestmark = pytest.mark.unit


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_code_is_said_in_every_language_with_the_same_parameters(code):
    sentences = catalogue()[code]
    assert set(sentences) == set(LANGUAGES)
    assert all(sentence.strip() for sentence in sentences.values())
    said = {language: placeholders(sentence) for language, sentence in sentences.items()}
    assert said["en"] == said["es"]


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch):
    """Add a sentence to the catalogue."""

    def add(sentence: str) -> str:
        texts = {**catalogue(), "test": dict.fromkeys(LANGUAGES, sentence)}
        texts["empty_shown"] = dict.fromkeys(LANGUAGES, "No {n}.")
        monkeypatch.setattr("common.texts.catalogue", lambda: texts)
        return "test"

    return add


@pytest.mark.parametrize(
    ("sentence", "params", "english", "spanish"),
    [
        ("{n:n}", {"n": 1234567}, "1,234,567", "1.234.567"),
        ("{n:n}", {"n": "12.5"}, "12.5", "12,5"),
        ("{s:pct}", {"s": 0.125}, "12.5%", "12,5\xa0%"),
        ("{a:money}", {"a": Decimal("1234.5")}, "1,234.50", "1.234,50"),
        ("{a:money}", {"a": "12345.678", "currency": "EUR"}, "€12,345.68", "12.345,68\xa0€"),
        ("{d:date}", {"d": date(2026, 5, 3)}, "May 3, 2026", "3 may 2026"),
        ("{d:date}", {"d": "2026-05-03T10:00:00"}, "May 3, 2026", "3 may 2026"),
        ("{n:of day|days}", {"n": 1.0}, "1 day", "1 day"),
        ("{n:of day|days}", {"n": 1200.5}, "1,200.5 days", "1.200,5 days"),
        ("{n:plural One is|All # are} in", {"n": 1}, "One is in", "One is in"),
        ("{n:plural One is|All # are} in", {"n": 1200}, "All 1,200 are in", "All 1.200 are in"),
        ("{n:plural one|# with {m:n}}", {"n": 2, "m": 1200}, "2 with 1,200", "2 with 1.200"),
        ("{f:list}", {"f": ["a", "b"]}, "a, b", "a, b"),
        ("{x}", {"x": "{not a placeholder}"}, "{not a placeholder}", "{not a placeholder}"),
        ("{x}", {"x": "a\x1b[31m\nb"}, "a␛[31m␊b", "a␛[31m␊b"),
        ("{f:list}", {"f": ["a\tb", "c"]}, "a␉b, c", "a␉b, c"),
        (
            "{c:sentences}",
            {
                "c": [
                    {"code": "empty_shown", "params": {"n": 1}},
                    {"code": "empty_shown", "params": {"n": 2}},
                ]
            },
            "No 1. No 2.",
            "No 1. No 2.",
        ),
        ("{l:lines}", {"l": "one\n\x07two\r\n"}, "one\n␇two", "one\n␇two"),
    ],
)
def test_values_are_written_as_the_reader_does(code, sentence, params, english, spanish):
    name = code(sentence)
    assert say(name, params, language="en") == english
    assert say(name, params, language="es") == spanish


def test_a_time_is_written_with_its_minutes(code):
    when = datetime(2026, 5, 3, 15, 4, tzinfo=UTC)
    for value in (when, when.isoformat()):
        assert ":04" in say(code("{w:time}"), {"w": value}, language="en")


def test_a_code_or_parameter_that_is_not_there_is_an_error(code):
    with pytest.raises(KeyError):
        say("no_such_code")
    with pytest.raises(KeyError):
        say(code("{missing}"))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a\nb.csv", "a␊b.csv"),
        ("a\x7f.csv", "a␡.csv"),
        ("a\x9b31m.csv", "a[U+009B]31m.csv"),  # an escape of one character
        ("fdp\u202evsc.csv", "fdp[U+202E]vsc.csv"),
        ("a\u200b\u2028.csv", "a[U+200B][U+2028].csv"),
        ("a\udce9.csv", "a[U+DCE9].csv"),  # a local name that is no UTF-8
    ],
)
def test_what_is_not_seen_has_a_sign(name, seen):
    assert visible(name) == seen


@pytest.mark.parametrize(
    "name",
    [
        "año é.csv",
        "an\u0303o.csv",
        "🛒 ventas.csv",
        "👩\u200d🍳.csv",
        "10\u202f€ \xa0.csv",
        "..%2f\\.csv",
    ],
)
def test_what_is_seen_stays_as_it_is(name):
    assert visible(name) == name
