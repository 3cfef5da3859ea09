"""One date, in all the ways that people write it."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import dates
from functions.ingest.reader.values.careful_dates import parse

pytestmark = pytest.mark.unit

MADRID = ZoneInfo("Europe/Madrid")


def convert(text: str, order: str | None = None) -> datetime | Fault:
    written = parse(text)
    form = written.form if written else dates.WALL
    moments, faults = dates.convert(pa.array([text]), order=order, form=form, zone=MADRID)
    return dates.FAULTS[faults[0] - 1] if faults[0] else moments[0].item()


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2010-12-01 08:26:00", None, "2010-12-01T08:26:00"),
        ("2010-12-01T08:26:00.123456789", None, "2010-12-01T08:26:00.123456"),
        ("2010/2/1", "mdy", "2010-02-01"),
        ("12/1/2010 8:26", "mdy", "2010-12-01T08:26:00"),
        ("12.1.2010 8:26", "dmy", "2010-01-12T08:26:00"),
        ("12 01 2010 8:26", "dmy", "2010-01-12T08:26:00"),
        ("12. 1. 2010", "dmy", "2010-01-12"),
        ("21/01/19", "dmy", "2019-01-21"),
        ("1-2-70", "dmy", "1970-02-01"),
        ("19-01-05", "ymd", "2019-01-05"),
        ("29/02/2024", "dmy", "2024-02-29"),
        ("5/5/2024", None, "2024-05-05"),
        ("2026\u5e741\u670831\u65e5", None, "2026-01-31"),
        ("2026\u5e741\u670831\u65e5 10\u664230\u5206", None, "2026-01-31T10:30:00"),
        ("2026/01/31(\u571f)", None, "2026-01-31"),
        ("\uff12\uff10\uff12\uff16\uff0f\uff10\uff11\uff0f\uff13\uff11", None, "2026-01-31"),
        ("\u0663\u0661/\u0660\u0661/\u0662\u0660\u0662\u0666", "dmy", "2026-01-31"),
        ("令和8年1月31日", None, "2026-01-31"),
        ("令和元年5月1日", None, "2019-05-01"),
        ("平成31年4月30日 午後3時", None, "2019-04-30T15:00:00"),
        ("昭和64年1月7日", None, "1989-01-07"),
        ("R8.1.31", None, "2026-01-31"),
        ("115/01/31 10:30", None, "2026-01-31T10:30:00"),
        ("民國115年1月31日", None, "2026-01-31"),
        ("R08/01/31 9:05", None, "2026-01-31T09:05:00"),
        ("h31.4.30", "mdy", "2019-04-30"),
        ("2026年1月31日午前0時05分", None, "2026-01-31T00:05:00"),
        ("2026年1月31日 午後0時30分10秒", None, "2026-01-31T12:30:10"),
        ("2026/1/31(土) 午後3:05:10", None, "2026-01-31T15:05:10"),
        ("2026/1/31 下午 3:05", None, "2026-01-31T15:05:00"),
        ("2026-01-31 上午12:05", None, "2026-01-31T00:05:00"),
        ("2026. 1. 31. 오후 3:05", None, "2026-01-31T15:05:00"),
        ("2026년 1월 31일 오전 9시05분", None, "2026-01-31T09:05:00"),
        ("20260131.0", None, "2026-01-31"),
        ("'2026-01-31", None, "2026-01-31"),
        ("31/01/2026 Sat", "dmy", "2026-01-31"),
        ("31.01.2026 Sa. 10:30", "dmy", "2026-01-31T10:30:00"),
        ("31/01/2026, s\u00e1bado", "dmy", "2026-01-31"),
        ("31JAN2026:10:30:00", None, "2026-01-31T10:30:00"),
        ("20260131", None, "2026-01-31"),
        ("202601311030", None, "2026-01-31T10:30:00"),
        ("20260131T103059", None, "2026-01-31T10:30:59"),
    ],
)
def test_a_date_in_digits_is_read(text: str, order: str | None, expected: str) -> None:
    assert convert(text, order) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        "May 3, 2026",
        "MAY 3 2026",
        "May 3rd, 2026",
        "3rd of May 2026",
        "03-May-26",
        "2026-May-03",
        "Sunday, 3 May 2026",
        "Sun, May 3, 2026",
        "3 de mayo de 2026",
        "3 de mayo del 2026",
        "domingo, 3 de mayo de 2026",
        "dom. 3 may. 2026",
        "3\u00ba de mayo de 2026",
        "03/may./2026",
        "dimanche 3 mai 2026",
        "le 3 mai 2026",
        "3 de maio de 2026",
        "dom., 3 de mai. de 2026",
        "Sonntag, 3. Mai 2026",
        "So 3. Mai 2026",
        "domenica 3 maggio 2026",
        "3 mag 2026",
        "3 Mayıs 2026",  # noqa: RUF001
        "Paz, 3 May 2026",
    ],
)
def test_a_date_in_words_is_read(text: str) -> None:
    for order in ("dmy", "mdy", None):
        assert convert(text, order) == datetime(2026, 5, 3)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        *(("1er janvier 2026", 1), ("1 f\u00e9vr. 2026", 2), ("1 febbraio 2026", 2)),
        *(
            ("1. M\u00e4rz 2026", 3),
            ("1 mar\u00e7o 2026", 3),
            ("mar 1, 2026", 3),
            ("1 abr 2026", 4),
        ),
        *(("1 avril 2026", 4), ("1 giugno 2026", 6), ("1 juin 2026", 6), ("1 juil. 2026", 7)),
        *(("1 AO\u00dbT 2026", 8), ("1 ago 2026", 8), ("sept. 1, 2026", 9), ("1 setembro 2026", 9)),
        *(("1 ott 2026", 10), ("1 out 2026", 10), ("1. Okt. 2026", 10), ("1 nov 2026", 11)),
        *(("1 Ocak 2026", 1), ("1 Şub 2026", 2), ("1 Mayıs 2026", 5), ("1 KASIM 2026", 11)),  # noqa: RUF001
        *(("1 Dez 2026", 12), ("1 d\u00e9c. 2026", 12), ("1 dic. 2026", 12)),
    ],
)
def test_months_have_names_in_seven_languages(text: str, month: int) -> None:
    assert convert(text) == datetime(2026, month, 1)


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("10:15", "10:15:00"),
        ("T22:15:30", "22:15:30"),
        ("10:15 PM", "22:15:00"),
        ("10.15", "10:15:00"),
        ("10.15.30.5 PM", "22:15:30.5"),
        ("10:15:30pm", "22:15:30"),
        ("10:15 p. m.", "22:15:00"),
        ("10:15 p.\u00a0m.", "22:15:00"),
        ("10:15 a.m.", "10:15:00"),
        ("12:15 am", "00:15:00"),
        ("12:15 pm", "12:15:00"),
        ("10 PM", "22:00:00"),
        ("10h15", "10:15:00"),
        ("10:15 h", "10:15:00"),
        ("10:15 Uhr", "10:15:00"),
        ("a las 10:15", "10:15:00"),
        ("\u00e0 10:15", "10:15:00"),
        ("at 10:15 PM", "22:15:00"),
        ("10:15:30,5", "10:15:30.500000"),
    ],
)
def test_a_time_of_day_is_read_after_any_date(clock: str, expected: str) -> None:
    between = "" if clock.startswith("T") else " "
    for day in ("2026-05-03", "03/05/2026", "3 de mayo de 2026", "May 3, 2026"):
        read_as = convert(f"{day}{between}{clock}", "dmy")
        assert read_as == datetime.fromisoformat(f"2026-05-03T{expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31T10:00:00Z", "2026-01-31T11:00:00"),
        ("2026-07-31T10:00:00Z", "2026-07-31T12:00:00"),
        ("2026-01-31 10:00:00 -0500", "2026-01-31T16:00:00"),
        ("2026-01-31 10:00:00+00", "2026-01-31T11:00:00"),
        ("2026-01-31T23:30:00.5-03:00", "2026-02-01T03:30:00.500000"),
        ("31/01/2026 10:00 UTC", "2026-01-31T11:00:00"),
        ("Sat, 31 Jan 2026 10:00:00 +0530", "2026-01-31T05:30:00"),
        ("Sat Jan 31 2026 10:00:00 GMT+0100 (CET)", "2026-01-31T10:00:00"),
        ("20260131T100000Z", "2026-01-31T11:00:00"),
        ("1769853600", "2026-01-31T11:00:00"),
        ("1769853600.25", "2026-01-31T11:00:00.250000"),
        ("1769853600123", "2026-01-31T11:00:00.123000"),
    ],
)
def test_an_instant_is_moved_to_the_clock_of_the_branch(text: str, expected: str) -> None:
    assert convert(text, "dmy") == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "order", "fault"),
    [
        ("29/02/2023", "dmy", Fault.IMPOSSIBLE_DATE),
        ("31/04/2024", "dmy", Fault.IMPOSSIBLE_DATE),
        ("31/02/2026", "mdy", Fault.IMPOSSIBLE_DATE),
        ("31 de febrero de 2026", "dmy", Fault.IMPOSSIBLE_DATE),
        ("Monday, 31 Jan 2026", "dmy", Fault.IMPOSSIBLE_DATE),
        ("13/13/2024", "dmy", Fault.IMPOSSIBLE_DATE),
        ("0/1/2024", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-13-01", "dmy", Fault.IMPOSSIBLE_DATE),
        ("20240230", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-01-01 24:00", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-01-01 10:60", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-01-01 13:00 pm", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-01-01 0:30 am", "dmy", Fault.IMPOSSIBLE_DATE),
        ("2024-01-01T10:00+15:00", "dmy", Fault.IMPOSSIBLE_DATE),
        ("9999-12-31T23:00-05:00", "dmy", Fault.IMPOSSIBLE_DATE),
        ("01/14/2024", "dmy", Fault.OTHER_DATE_ORDER),
        ("14/01/2024", "mdy", Fault.OTHER_DATE_ORDER),
        ("14/01/2024", "ymd", Fault.OTHER_DATE_ORDER),
        ("31/12/1969", "dmy", Fault.EARLY_DATE),
        ("1899-12-30", "dmy", Fault.EARLY_DATE),
        ("1/2/202", "dmy", Fault.BAD_DATE),
        ("123/1/2024", "dmy", Fault.BAD_DATE),
        ("2026-01", "dmy", Fault.BAD_DATE),
        ("3 mayo", "dmy", Fault.BAD_DATE),
        ("1 jui 2026", "dmy", Fault.BAD_DATE),
        ("3 foo 2026", "dmy", Fault.BAD_DATE),
        ("2026-01-31 10", "dmy", Fault.BAD_DATE),
        ("2026-01-3\u00b9", "dmy", Fault.BAD_DATE),
        ("10:30", "dmy", Fault.BAD_DATE),
        ("28001", "dmy", Fault.BAD_DATE),
        ("123456", "dmy", Fault.BAD_DATE),
        ("12345678", "dmy", Fault.BAD_DATE),
        ("20241301", "dmy", Fault.BAD_DATE),
        ("-46053", "dmy", Fault.BAD_DATE),
        ("TOTAL", "dmy", Fault.BAD_DATE),
        ("", "dmy", Fault.BAD_DATE),
    ],
)
def test_what_is_no_date_is_explained(text: str, order: str, fault: Fault) -> None:
    assert convert(text, order) is fault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-31 15:05 CET", "2026-01-31T15:05"),
        ("2026-07-31 15:05:10 cest", "2026-07-31T15:05:10"),
        ("31/01/2026 15:05 MEZ", "2026-01-31T15:05"),
        ("2026-01-31 15:05 JST", "2026-01-31T07:05"),
        ("2026-01-31 3:05 PM PDT", "2026-01-31T23:05"),
        ("Sat Jan 31 15:05:00 UTC 2026", "2026-01-31T16:05"),
        ("31/Jan/2026:15:05:00 +0000", "2026-01-31T16:05"),
        ("2026-01-31T15:05:00+01:00[Europe/Madrid]", "2026-01-31T15:05"),
        ("Sat Jan 31 2026 15:05:00 GMT+0100 (Central European Time)", "2026-01-31T15:05"),
        ("Sat Jan 31 15:05:00 CET 2026", "2026-01-31T15:05"),
        ("Sat Jan 31 15:05:00 2026", "2026-01-31T15:05"),
    ],
)
def test_the_name_of_a_zone_says_how_far_it_is_from_utc(text: str, expected: str) -> None:
    assert convert(text) == datetime.fromisoformat(expected)
