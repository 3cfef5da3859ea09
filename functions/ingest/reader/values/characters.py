"""One sign for what scripts and keyboards write in many ways: digits, blanks, minus, apostrophes.

Only what is the same to a reader is made the same: a raised digit, say of a footnote, stays itself.
"""

import unicodedata

_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SAME = {
    " ": "\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t",
    "-": "\u2010\u2011\u2012\u2013\u2212\ufe63\u25b2\u25b3",  # triangles: a loss, in Japan
    "'": "\u2018\u2019\u02bc\u00b4`",
    "": "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",  # directions
    "\u00a3": "\uffe1",  # pound
    "\u00a5": "\uffe5",  # yen
    "\u20a9": "\uffe6",  # won
}
_PLAIN = _FULL_WIDTH | {ord(c): sign for sign, others in _SAME.items() for c in others}


def plain(text: str) -> str:
    """Return trimmed text with ASCII digits, blanks, minus signs and apostrophes.

    Digits of two scripts in one text are left alone: nobody writes a number so.
    """
    if text.isascii():
        return text.replace("`", "'").replace("\t", " ").strip(" ")
    text = text.translate(_PLAIN).strip(" ")
    scripts = {ord(c) - unicodedata.decimal(c) for c in text if c.isdecimal()}
    if len(scripts) > 1:
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
