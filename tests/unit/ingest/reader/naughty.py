"""Strings that break careless programs, chosen and written for these tests."""

# ruff: noqa: RUF001 - characters that look like others are what they are about

RESERVED = (
    *("null", "NULL", "nil", "None", "undefined", "NaN", "nan", "NA", "N/A", "#N/A", "#REF!"),
    *("true", "FALSE", "inf", "-Infinity", "__proto__", "constructor", "hasOwnProperty", "this"),
    *("toString", "__class__", "con", "aux", "lpt1", "default", "\\N", "''", "{}", "[]", "0/0"),
)
NUMBERS = (
    *("007123", "1E5", "1e400", "-0", "+0", "0x1F", "0b11", "1_000", "1.0", "1,0", ".5", "5."),
    *("12345678901234567890123", "9007199254740993", "2147483648", "1e-999", "²", "½", "١٢٣", "Ⅷ"),
    *("123", "一二三", "2026-02-30", "12:34:56", "5-3", "1/2"),
)
FORMULAS = (
    *("=1+1", "=HYPERLINK(0)", "+441234", "+A1", "-A1", "-2+3", "@SUM(A1)", "=cmd|' /c x'!A0"),
    *("\t=1+1", "'=1+1", "''=2", "'-x", "-1", "-1.50", "+7,5", "－1", "=1+1"),
)
INJECTIONS = (
    *("'; DROP TABLE uploads; --", '" OR ""="', "1' OR '1'='1", "%s %(a)s {0} {a}", "$1 :client"),
    *("<script>alert(7)</script>", "<img src=x onerror=alert(7)>", "javascript:alert(7)"),
    *("{{ 7*7 }}", "{% raw %}", "${7*7}", "#{7*7}", "`id`", "$(id)", "; rm -rf x", "| cat"),
    *("../../etc/x", "..\\..\\x", "file:///x", "%2e%2e%2f", "%00", "\\u0000", "&amp;&#0;", "]]>"),
    *("[red]bold[/red]", "\\x1b[31m", "%n%n%n%n", "a=b&c=d", '{"$gt": ""}', "$where", "a.b.$"),
)
UNICODE = (
    *("Ünïcødé", "ÅÅ", "Åb", "e\u0301", "é", "ﬁ", "ß", "ẞ", "İstanbul", "ıI", "Ǆ", "ǆ"),
    *(
        "日本語",
        "田中さん",
        "ありがとう",
        "中文",
        "한국어",
        "กรุงเทพ",
        "हिन्दी",
        "עברית",
        "العربية",
        "اسم‌کوچک",
    ),
    *("a\u0300\u0301\u0302\u0303\u0304\u0305", "Z\u0351\u036b\u0343a\u0327l\u0321g\u0322o"),
    *(
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "1\ufe0f\u20e3",
    ),
    *("\U0001f44d\U0001f3fd", "\U0001f1ea\U0001f1f8", "\U0001f600" * 3, "\U00020000", "\U0010fffd"),
    *("\ue000", "\ufffd", "\ufffe", "\ufdd0", "𝒜𝓃𝒶", "ｆｕｌｌ", "①②③", "‰", "€", "¤", "¿?"),
)
UNSEEN = (
    *("zero\u200bwidth", "\u200b", "\u200c", "word\u2060joiner", "soft\u00adhyphen", "\u180e"),
    *(
        "\ufeffmark",
        "mid\ufeffmark",
        "\u202eevitcepsrep",
        "\u2066a\u2069",
        "\u200fb\u200e",
        "\u061c",
    ),
    *(
        "a\u00a0b",
        "a\u3000b",
        "a\u2003b",
        "line\u2028line",
        "par\u2029par",
        "tag\U000e0041",
        "a\tb",
    ),
)
LAYOUT = (
    *('"', '""', "'", "'''", 'a"b', '"a"', ",", ";", "|", "a,b;c|d", "a\nb", "a\r\nb", "a\rb"),
    *("\\", "\\\\", 'a\\"b', "\\n", "sep=;", "--", "# not a comment", "...", "_", "*"),
)
# A cell of these is rejected: nobody sees them, and many programs stop at the first.
CONTROLS = (
    *(
        "\0",
        "nul\0inside",
        "\x01",
        "bell\x07",
        "back\x08space",
        "esc\x1b[31mred",
        "\x1f",
        "del\x7f",
    ),
    *("\x80", "next\x85line", "\x9f", "v\x0btab", "form\x0cfeed"),
)
SEEN = (*RESERVED, *NUMBERS, *FORMULAS, *INJECTIONS, *UNICODE, *UNSEEN, *LAYOUT, "x" * 5000)
