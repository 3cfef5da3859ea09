"""The names of months and weekdays in seven languages, whole or cut short, without case or accents.

A month may be cut short to three letters or more, as long as it stays one month in all languages
together: `mai` and `ago` do, `jui` does not. A weekday may be cut to two.
"""

import unicodedata
from collections.abc import Sequence

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "janeiro",
    "fevereiro",
    "marco",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
    "januar",
    "februar",
    "marz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
    "gennaio",
    "febbraio",
    "marzo",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "agosto",
    "settembre",
    "ottobre",
    "novembre",
    "dicembre",
    "janner",
    "feber",
    "maerz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "setiembre",
    "oktober",
    "november",
    "dezember",
    "ocak",
    "subat",
    "mart",
    "nisan",
    "mayis",
    "haziran",
    "temmuz",
    "agustos",
    "eylul",
    "ekim",
    "kasim",
    "aralik",
]
# From Monday on.
_WEEKDAYS = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "segunda",
    "terca",
    "quarta",
    "quinta",
    "sexta",
    "sabado",
    "domingo",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "lunedi",
    "martedi",
    "mercoledi",
    "giovedi",
    "venerdi",
    "sabato",
    "domenica",
    "pazartesi",
    "sali",
    "carsamba",
    "persembe",
    "cuma",
    "cumartesi",
    "pazar",
    "pzt",
    "sal",
    "car",
    "per",
    "cum",
    "cmt",
    "paz",
]


def fold(text: str) -> str:
    """Return text without case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFD", text.casefold().replace("ı", "i"))  # noqa: RUF001
    return "".join(c for c in parts if not unicodedata.combining(c))


def _meanings(names: Sequence[str], *, of: int, shortest: int) -> dict[str, frozenset[int]]:
    """Return what each name, whole or cut short, can stand for, counted from 1."""
    found: dict[str, set[int]] = {}
    for place, name in enumerate(names):
        for size in range(shortest, len(name) + 1):
            found.setdefault(name[:size], set()).add(1 + place % of)
    return {name: frozenset(numbers) for name, numbers in found.items()}


MONTHS = {
    name: min(numbers)
    for name, numbers in _meanings(_MONTHS, of=12, shortest=3).items()
    if len(numbers) == 1
}
# A weekday only confirms a date, so a short one may stand for several.
WEEKDAYS = _meanings(_WEEKDAYS, of=7, shortest=2)
