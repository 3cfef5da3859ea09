"""Every sentence a person reads: a code with parameters, in English and Spanish.

The catalogue is `common/texts/*.toml`, one file an area: a table per code with its `en` and `es`.
A placeholder may say how its value is written for the reader's language:
`{rows:n}` a number, `{share:pct}` a share of one, `{spend:money}` an amount in `{currency}`,
`{days:of day|days}` a number with its noun, one or many,
`{rows:plural the only row is|all # rows are}` words that go with a number, which `#` is, `{day:date}` a date, `{when:time}` a date
with time, `{found:list}` words with commas, `{days:dates}` dates,
`{reason:sentence}` the sentence of another code, given as its `code` and `params`,
`{changes:sentences}` those of several,
`{rows:each left_out}` counts by name, each as `left_out_<name>` says it with its `rows`,
`{lines:lines}` several lines. Whatever else is a text is shown on one line, see `visible`.
"""

import string
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "es")
# Controls, formats, halves of characters, line and paragraph separators.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # of these formats the ones that writing, and emoji, are made with


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return all codes with their sentences by language."""
    texts: dict[str, Mapping[str, str]] = {}
    for file in files(__name__).iterdir():
        if file.name.endswith(".toml"):
            area = tomllib.loads(file.read_text(encoding="utf-8"))
            if doubled := texts.keys() & area.keys():
                raise ValueError(f"codes defined twice: {sorted(doubled)}")
            texts.update(area)
    return texts


def say(code: str, params: Mapping[str, Any] | None = None, *, language: str = "en") -> str:
    """Return the sentence of `code` in `language`, filled with `params`.

    Raises:
        KeyError: The catalogue has no such code, or a parameter is missing.
    """
    return _Sentence(language, params or {}).vformat(catalogue()[code][language], (), params or {})


class _Sentence(string.Formatter):
    def __init__(self, language: str, params: Mapping[str, Any]) -> None:
        self.language = language
        self.currency = params.get("currency")

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec in {"sentence", "sentences"}:
            told = [value] if format_spec == "sentence" else value
            return " ".join(say(one["code"], one["params"], language=self.language) for one in told)
        if format_spec.startswith("each "):
            area = format_spec.removeprefix("each ")
            said = [(f"{area}_{name}", {"rows": rows}) for name, rows in value.items()]
            return ", ".join(say(*each, language=self.language) for each in said)
        if format_spec.startswith(("of ", "plural ")):
            return _counted(value, format_spec, self.language)
        if format_spec in _WRITERS:
            return _WRITERS[format_spec](value, self.language, self.currency)
        return visible(str(super().format_field(value, format_spec)))


def _counted(value: Any, format_spec: str, language: str) -> str:
    kind, _, forms = format_spec.partition(" ")
    one, _, many = forms.partition("|")
    form = one if Decimal(str(value)) == 1 else many
    counted = number(value, language)
    return f"{counted} {form}" if kind == "of" else form.replace("#", counted)


def visible(value: str) -> str:
    """Return a text with a sign for each character that is not seen, or moves those that are.

    Strangers name files and write cells: a terminal would obey an escape, a line break would add a
    line, and a change of direction would show `fdp.csv` where `vsc.pdf` is.
    """
    return value if value.isprintable() else "".join(map(_sign, value))


def visible_lines(value: str) -> str:
    """Return a text of several lines, each of them `visible`."""
    return "\n".join(map(visible, value.splitlines()))


def _sign(character: str) -> str:
    if unicodedata.category(character) not in _UNSEEN or character in _JOINERS:
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # the picture of a control
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"[U+{code:04X}]"


# Babel is loaded where it is used: it costs more than the rest of this module.


def number(value: Any, language: str, _currency: object = None) -> str:
    """Write a whole or decimal number as `language` does."""
    from babel.numbers import format_decimal

    return format_decimal(Decimal(str(value)), locale=language)


def percent(value: Any, language: str, _currency: object = None) -> str:
    """Write a share of one as a percentage with at most one decimal."""
    from babel import Locale
    from babel.numbers import format_percent

    pattern = Locale.parse(language).percent_formats[None].pattern.replace("##0", "##0.#")
    return format_percent(Decimal(str(value)), format=pattern, locale=language)


def money(value: Any, language: str, currency: object = None) -> str:
    """Write an amount with two decimals, and its currency where that is known."""
    from babel.numbers import format_currency, format_decimal

    amount = Decimal(str(value))
    if currency:
        return format_currency(amount, str(currency), locale=language)
    return format_decimal(amount, format="#,##0.00", locale=language)


def day(value: Any, language: str, _currency: object = None) -> str:
    """Write a date (or its ISO text)."""
    from babel.dates import format_date

    when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return format_date(when, locale=language)


def moment(value: Any, language: str, _currency: object = None) -> str:
    """Write a date with its time (or its ISO text)."""
    from babel.dates import format_datetime

    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return format_datetime(when, format="short", locale=language)


def _list(value: Any, _language: str, _currency: object) -> str:
    return ", ".join(visible(str(one)) for one in value)


def _dates(value: Any, language: str, _currency: object) -> str:
    return "; ".join(day(one, language) for one in value)


def _lines(value: Any, _language: str, _currency: object) -> str:
    return visible_lines(str(value))


_WRITERS: Mapping[str, Callable[[Any, str, object], str]] = {
    "n": number,
    "pct": percent,
    "money": money,
    "date": day,
    "time": moment,
    "list": _list,
    "dates": _dates,
    "lines": _lines,
}
