"""Which of the single-byte and East Asian encodings makes sense of a file's bytes.

Every candidate is asked the same question: how many of the characters it makes would a person have
typed there? A letter has to belong to one language's alphabet and stand beside letters of its
script; a sign must not stand inside a word. Where two make equally much sense, the earlier one is
taken and the confidence says so: so Muñoz never becomes Muńoz.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

CP1252, MAC_ROMAN = "cp1252", "mac_roman"
CP932, GB18030 = "cp932", "gb18030"

# The letters beyond ASCII of the languages that an encoding is used for. Of two candidates that
# make equally much sense the earlier one is taken.
_WESTERN = (
    "áéíóúñü",
    "àâçéèêëîïôûùüÿœæ",
    "ãáâàçéêíõóôúü",
    "äöüß",
    "àèéìíòóù",
    "åäöæøé",
    "éëïöüóè",
)
_ALPHABETS: Mapping[str, tuple[str, ...]] = {
    CP1252: _WESTERN,
    "cp1254": ("çğıöşüâîİ",),
    "cp1250": (
        "ąćęłńóśźż",
        "áčďéěíňóřšťúůýž",
        "áäčďéíĺľňóôŕšťúýž",
        "áéíóöőúüű",
        "ăâîşţ",
        "čćđšž",
    ),
    "cp1251": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
    MAC_ROMAN: _WESTERN,
}

_SIGNS = frozenset("€£¥¢©®™°ºª§¿¡«»“”‘’‚„–—…·•±²³½¼¾×№ \u00a0")  # noqa: RUF001
_INSIDE_WORDS = frozenset("’‘·")  # noqa: RUF001
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_KANA_AND_KANJI = re.compile(r"[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff9f]")
_KANJI = re.compile(r"[\u4e00-\u9fff]")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_MOST_CHARACTERS = 4000

# Bytes that Python leaves undefined are control characters, as web browsers have it
# (https://encoding.spec.whatwg.org/#windows-1252): rows that hold them are rejected, no others.
SINGLE_BYTE = tuple(_ALPHABETS)


@cache
def table(encoding: str) -> str:
    """Return the characters of a single-byte encoding's 256 bytes."""
    return "".join(
        chr(i) if made == "\ufffd" else made
        for i in range(256)
        for made in [bytes([i]).decode(encoding, "replace")]
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """The likeliest encoding, and how sure that is, from 0 to 1."""

    name: str
    confidence: float


def guess(sample: bytes) -> Guess:
    """Choose the encoding of some whole lines that are not UTF-8."""
    scores: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name in SINGLE_BYTE:
        texts[name] = codecs.charmap_decode(sample, "strict", table(name))[0]
        scores[name] = _sense(texts[name], _ALPHABETS[name])
    for name, judge in ((CP932, _japanese), (GB18030, _chinese)):
        texts[name] = sample.decode(name, "ignore")
        scores[name] = judge(sample)
    best = max(scores, key=lambda name: scores[name])
    second = max((scores[n] for n in scores if texts[n] != texts[best]), default=0.0)
    lead = min(1.0, max(0.0, scores[best] - second) / 0.25)
    return Guess(name=best, confidence=round(scores[best] * (0.5 + 0.5 * lead), 2))


def _sense(text: str, alphabets: tuple[str, ...]) -> float:
    """Return the share of characters beyond ASCII that make sense where they stand."""
    places = [match.start() for match in _BEYOND_ASCII.finditer(text)][:_MOST_CHARACTERS]
    if not places:
        return 0.0
    letters = [i for i in places if text[i].isalpha() and text[i] not in "ªº"]
    in_words = [_small(text[i]) for i in letters if _is_in_word(text, i)]
    signs = sum(_is_sign(text, i) for i in places if not text[i].isalpha() or text[i] in "ªº")
    best = max(sum(c in alphabet for c in in_words) for alphabet in alphabets)
    any_of = sum(any(c in alphabet for alphabet in alphabets) for c in in_words)
    share: float = (0.8 * best + 0.2 * any_of + signs) / len(places)
    return share


def _small(letter: str) -> str:
    small = letter.lower()
    return small if len(small) == 1 else letter  # the Turkish İ becomes two


def _is_in_word(text: str, i: int) -> bool:
    """Say whether a letter has a letter of its script beside it, and no digit."""
    beside = text[max(i - 1, 0) : i] + text[i + 1 : i + 2]
    if any(c.isdigit() for c in beside):
        return False
    if text[i] == "õ" and text[i + 1 : i + 2] != "e":  # Portuguese has it before e only
        return False
    is_cyrillic = "\u0400" <= text[i] <= "\u04ff"
    near = [c for c in beside if c.isalpha()]
    if not near or any(("\u0400" <= c <= "\u04ff") != is_cyrillic for c in near):
        return False
    # Within a word of small letters a capital was not typed.
    return not (text[i].isupper() and beside[0].islower() and beside[-1].islower())


def _is_sign(text: str, i: int) -> bool:
    if text[i] not in _SIGNS:
        return False
    before, after = text[max(i - 1, 0) : i], text[i + 1 : i + 2]
    return text[i] in _INSIDE_WORDS or not (before.isalpha() and after.isalpha())


def _japanese(sample: bytes) -> float:
    """Say how much is kana, or kanji of the 2965 most common, which stand first in the table."""
    try:
        text = sample.decode(CP932)
    except UnicodeDecodeError:
        return 0.0
    beyond = len(_BEYOND_ASCII.findall(text))
    kana = len(_KANA.findall(text))
    # Half-width kana are single bytes that other encodings fill with letters: they need company.
    half_width = len(re.findall("[\uff61-\uff9f]", text))
    if kana and half_width <= kana / 2:
        return len(_KANA_AND_KANJI.findall(text)) / beyond
    kanji: list[int] = [c.encode(CP932)[0] for c in _KANJI.findall(text)]
    return 0.95 * sum(0x88 <= lead <= 0x97 for lead in kanji) / max(beyond, 1)


def _chinese(sample: bytes) -> float:
    """Say how much is of the 3755 most common characters, which stand first in the table.

    Two bytes make one, so high bytes come in even runs; those of accented letters and of other
    alphabets do not.
    """
    try:
        text = sample.decode(GB18030)
    except UnicodeDecodeError:
        return 0.0
    runs = _HIGH_RUNS.findall(sample)
    even = sum(len(run) % 2 == 0 for run in runs) / len(runs)
    pairs = [run[i : i + 2] for run in runs for i in range(0, len(run) - 1, 2)]
    common = sum(0xA1 <= p[0] <= 0xA3 or (0xB0 <= p[0] <= 0xD7 and p[1] >= 0xA1) for p in pairs)
    return even * common / max(len(pairs), 1) if _KANA_AND_KANJI.search(text) else 0.0
