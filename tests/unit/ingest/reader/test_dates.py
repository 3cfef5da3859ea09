"""Dates become moments on the branch's clock, read as the whole column is, or are explained."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.texts import LANGUAGES, say
from functions.ingest.reader import FormatProfile, OpenQuestionError, dates
from functions.ingest.reader.careful_dates import ORDERS, parse
from functions.ingest.reader.refusal import Fault
from tests.unit.ingest.reader.files import STORED_AT, Read, lines, read, refusal

pytestmark = pytest.mark.unit

MADRID = ZoneInfo("Europe/Madrid")


def convert(text: str, order: str | None = None) -> datetime | Fault:
    written = parse(text)
    form = written.form if written else dates.WALL
    moments, faults = dates.convert(pa.array([text]), order=order, form=form, zone=MADRID)
    return dates.FAULTS[faults[0] - 1] if faults[0] else moments[0].item()


def dated(*texts: str, column: str = "date") -> str:
    return f"{column};customer;amount\n" + "".join(f'"{text}";C1;5\n' for text in texts)


def moments(
    *texts: str, stored_at: datetime = STORED_AT, profile: FormatProfile | None = None
) -> list[datetime]:
    got = read(dated(*texts), stored_at=stored_at, profile=profile or FormatProfile())
    assert got.balance.rejected == 0
    return got.column("ordered_at")


def rejected(got: Read) -> list[tuple[str, str]]:
    return [(each.code, str(each.params["found"])) for each in got.rejected]


# --- one value ------------------------------------------------------------------------------


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


# --- a whole column -------------------------------------------------------------------------


def test_days_that_a_spreadsheet_counts_are_dates() -> None:
    texts = ["46053", "46053.4375", "45658,5", "46053.354166666664"]
    clocks = ["2026-01-31", "2026-01-31T10:30", "2025-01-01T12:00", "2026-01-31T08:30"]
    assert moments(*texts) == [datetime.fromisoformat(clock) for clock in clocks]
    assert read(dated("46053")).understanding.date_form == "excel_1900"


def test_they_are_counted_from_1904_where_the_column_says_so() -> None:
    got = read(dated("44591", "44591.5", column="Date (1904)"))
    assert got.column("ordered_at") == [datetime(2026, 1, 31), datetime(2026, 1, 31, 12)]
    assert got.understanding.date_form == "excel_1904"


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


def test_a_name_of_several_zones_is_read_where_it_is_the_branchs_own() -> None:
    content = dated("2026-01-31 15:05 EST", "Sat Jan 31 15:06:00 EST 2026", "2026-04-30 15:07 EST")
    own = read(content, stored_at=STORED_AT.replace(tzinfo=ZoneInfo("America/New_York")))
    assert own.column("ordered_at") == [datetime(2026, 1, 31, 15, 5), datetime(2026, 1, 31, 15, 6)]
    assert rejected(own) == [("unknown_zone", "2026-04-30 15:07 EST")]  # that was in summer
    refused = refusal(content)
    assert refused.params["reasons"] == [{"code": "unknown_zone", "rows": 3}]


def test_seconds_and_milliseconds_are_instants() -> None:
    stored = STORED_AT.replace(tzinfo=MADRID)
    assert moments("1769853600", "999999999", stored_at=stored) == [
        datetime(2026, 1, 31, 11),
        datetime(2001, 9, 9, 3, 46, 39),
    ]
    assert moments("1769853600000", stored_at=stored) == [datetime(2026, 1, 31, 11)]
    assert moments("1769853600000") == [datetime(2026, 1, 31, 10)]  # no zone is UTC


@pytest.mark.parametrize(
    "odd", ["46053", "20260131", "1769853600", "1769853600000", "2026-01-31T10:00Z"]
)
def test_another_kind_of_date_in_a_column_is_rejected(odd: str) -> None:
    assert rejected(read(dated("2026-01-30", "31/01/2026", odd))) == [("other_date_form", odd)]


def test_a_written_date_among_counted_ones_is_rejected() -> None:
    assert rejected(read(dated("46052", "46053", "2026-01-31"))) == [
        ("other_date_form", "2026-01-31")
    ]


def test_a_column_of_two_kinds_of_dates_is_refused() -> None:
    error = refusal(dated("2026-01-31", "46053"))
    assert error.code == "mixed_date_form"
    assert {error.params["first_example"], error.params["second_example"]} == {
        "2026-01-31",
        "46053",
    }


def test_dates_with_words_and_signs_settle_the_order_together() -> None:
    got = read(dated("3 de mayo de 2026", "02/05/2026 10:00 h", "13/04/2026 9:00 h"))
    assert got.column("ordered_at")[1] == datetime(2026, 5, 2, 10)
    assert got.understanding.date_order == "dmy"


def test_an_order_that_stays_open_is_that_of_the_branch_or_asked() -> None:
    texts = ("02/05/2026 10:00 PM", "02.04.2026, 9 AM")
    profile = FormatProfile(told={"date_order": "mdy"}.get)
    assert moments(*texts, profile=profile)[0] == datetime(2026, 2, 5, 22)
    with pytest.raises(OpenQuestionError) as asked:
        read(dated(*texts))
    assert asked.value.code == "date_order"
    params = asked.value.params
    assert (params["dmy"], params["mdy"]) == ("2026-05-02", "2026-02-05")
    assert (params["second_dmy"], params["second_mdy"]) == ("2026-04-02", "2026-02-04")


def test_digits_of_another_script_are_dates_of_the_table() -> None:
    texts = ["\u0663\u0661/\u0660\u0661/\u0662\u0660\u0662\u0666"] * 3
    assert moments(*texts) == [datetime(2026, 1, 31)] * 3


def test_a_date_in_words_leaves_nothing_open() -> None:
    assert moments("May 3, 2026", "April 2, 2026")[1] == datetime(2026, 4, 2)


def test_years_of_two_digits_stand_in_front_where_the_column_shows_it() -> None:
    days = [date(2026, 3, 1) + timedelta(days=i) for i in range(31)]
    got = read(dated(*(day.strftime("%y-%m-%d") for day in days)))
    assert [each.date() for each in got.column("ordered_at")] == days
    assert (got.understanding.date_order, got.balance.rejected) == ("ymd", 0)


def test_years_of_two_digits_stand_at_the_end_where_the_column_shows_it() -> None:
    days = [date(2026, 3, 1) + timedelta(days=i) for i in range(31)]
    for layout in ("%d/%m/%y", "%m/%d/%y"):
        got = read(dated(*(day.strftime(layout) for day in days)))
        assert [each.date() for each in got.column("ordered_at")] == days


def year_question(*texts: str, profile: FormatProfile | None = None) -> dict[str, Any]:
    with pytest.raises(OpenQuestionError) as asked:
        read(dated(*texts), profile=profile or FormatProfile())
    assert asked.value.code == "year_order"
    for language in LANGUAGES:
        assert say("year_order", asked.value.params, language=language)
    return dict(asked.value.params)


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["19-01-05"], {"ymd": "2019-01-05", "dmy": "2005-01-19"}),
        (["19/01/05", "20/02/06"], {"ymd": "2019-01-05", "dmy": "2005-01-19"}),
        (["09-01-05"], {"ymd": "2009-01-05", "dmy": "2005-01-09", "mdy": "2005-09-01"}),
        (["19-01-05 10h30"], {"ymd": "2019-01-05", "dmy": "2005-01-19"}),
    ],
)
def test_years_that_may_stand_at_either_end_are_asked(
    texts: list[str], days: dict[str, str]
) -> None:
    params = year_question(*texts)
    assert {order: params[order] for order in ORDERS if order in params} == days
    assert params["days"] == list(days.values())
    for order, day in days.items():
        told = FormatProfile(version=1, told={"date_order": order}.get)
        got = read(dated(*texts), profile=told)
        assert got.column("ordered_at")[0].date().isoformat() == day
        assert got.understanding.date_order_settled_by == "profile"


def test_what_was_told_and_cannot_be_is_asked_again() -> None:
    year_question("19-01-05", profile=FormatProfile(told={"date_order": "mdy"}.get))
    with pytest.raises(OpenQuestionError) as asked:
        read(dated("03/04/2026"), profile=FormatProfile(told={"date_order": "ymd"}.get))
    assert asked.value.code == "date_order"


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["19-01-05", "19-01-06", "19-01-07"], "ymd"),
        (["05-01-19", "16-01-19", "17-01-19"], "dmy"),
        (["19/01/05", "28/01/05"], "dmy"),  # else it would be 2028
        (["19.01.05"], "dmy"),
        (["9-01-05", "19-01-05"], "dmy"),
        (["70-01-05"], "ymd"),
        (["00-01-05"], "ymd"),
        (["19/01/05", "20/01/2006", "21/01/2006"], "dmy"),
    ],
)
def test_years_show_themselves_where_they_stand(texts: list[str], order: str) -> None:
    got = read(dated(*texts))
    assert got.understanding.date_order == order
    assert got.understanding.date_order_settled_by == "column"
    assert got.balance.rejected == 0


def test_one_slip_of_the_pen_does_not_turn_years_round() -> None:
    got = read(dated(*["21/03/26", "22/03/26", "23/03/26"] * 70, "21/03/31"))
    assert rejected(got) == [("future_date", "21/03/31")]


def test_a_date_in_the_other_order_is_rejected_and_says_so() -> None:
    got = read(dated(*["13/01/2026"] * 100, "01/14/2026", "31/02/2026"))
    assert rejected(got) == [
        ("other_date_order", "01/14/2026"),
        ("impossible_date", "31/02/2026"),
    ]


# --- any column -----------------------------------------------------------------------------

SPANISH = [
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
]
GERMAN = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
]


def counted(moment: datetime) -> str:
    since = moment - datetime(1899, 12, 30)
    return f"{since.days + since.seconds / 86_400:.10f}"


LAYOUTS = {
    "iso": lambda m: m.isoformat(" "),
    "iso T": lambda m: m.isoformat(),
    "compact": lambda m: m.strftime("%Y%m%d%H%M%S"),
    "dmy": lambda m: m.strftime("%d/%m/%Y %H:%M:%S"),
    "mdy": lambda m: m.strftime("%m-%d-%Y %H:%M:%S"),
    "dmy am": lambda m: m.strftime("%d.%m.%Y %I:%M:%S %p"),
    "mdy short": lambda m: m.strftime("%m/%d/%y %I:%M:%S %p").lower(),
    "ymd": lambda m: m.strftime("%Y/%m/%d %H:%M:%S"),
    "offset": lambda m: f"{m.isoformat()}+00:00",
    "zulu": lambda m: f"{m.isoformat()}Z",
    "moved": lambda m: f"{(m + timedelta(hours=5, minutes=30)).isoformat()}+0530",
    "Spanish": lambda m: m.strftime(f"%d de {SPANISH[m.month - 1]} de %Y, %H:%M:%S"),
    "German": lambda m: m.strftime(f"%d. {GERMAN[m.month - 1]} %Y %H:%M:%S Uhr"),
    "English": lambda m: m.strftime("%A, %B %d, %Y %I:%M:%S %p"),
    "month cut": lambda m: m.strftime("%d-%b-%Y %H:%M:%S"),
    "ideographs": lambda m: m.strftime("%Y\u5e74%m\u6708%d\u65e5 %H:%M:%S"),
    "seconds": lambda m: str(int(m.replace(tzinfo=UTC).timestamp())),
    "milliseconds": lambda m: str(int(m.replace(tzinfo=UTC).timestamp()) * 1000),
    "excel": counted,
}
columns = st.lists(
    st.datetimes(datetime(2002, 1, 1), datetime(2026, 5, 3)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    min_size=1,
    max_size=12,
)
# Two that settle the order of day and month in any column.
SETTLING = [datetime(2025, 12, 31, 23, 59, 59), datetime(2025, 1, 30)]


@settings(max_examples=200)
@given(column=columns, layout=st.sampled_from(sorted(LAYOUTS)))
def test_any_column_of_dates_reads_back_equal(column: list[datetime], layout: str) -> None:
    column = SETTLING + column
    assert moments(*map(LAYOUTS[layout], column)) == column


@settings(max_examples=60)
@given(data=st.data(), column=columns, layout=st.sampled_from(sorted(LAYOUTS)))
def test_the_order_of_rows_changes_nothing(
    data: st.DataObject, column: list[datetime], layout: str
) -> None:
    texts = [*map(LAYOUTS[layout], SETTLING + column), "no date", "2026-02-31"]
    shuffled = read(dated(*data.draw(st.permutations(texts))))
    whole = read(dated(*texts))
    assert shuffled.balance == whole.balance
    assert sorted(shuffled.column("ordered_at")) == sorted(whole.column("ordered_at"))


@settings(max_examples=60)
@given(
    place=st.integers(2, 201),
    layouts=st.lists(st.sampled_from(["dmy", "mdy"]), min_size=2, max_size=2, unique=True),
)
def test_the_one_conflicting_date_is_the_one_refused(place: int, layouts: list[str]) -> None:
    usual, odd = layouts
    texts = [*map(LAYOUTS[usual], SETTLING * 101)]
    texts[place] = LAYOUTS[odd](SETTLING[0])
    got = read(dated(*texts))
    assert [(each.code, each.row) for each in got.rejected] == [("other_date_order", place + 1)]


@pytest.mark.parametrize(
    ("name", "month"),
    [
        *(("Date (MM/DD/YYYY)", 3), ("Date [m/d/yy]", 3), ("Fecha (dd/mm/aaaa)", 4)),
        *(("Date (jj/mm/aaaa)", 4), ("Datum (TT.MM.JJJJ)", 4)),
    ],
)
def test_the_name_of_the_column_says_its_order(name: str, month: int) -> None:
    header = f"{name},customer,amount"
    got = read(lines("03/04/2026,C1,5.50", "02/01/2026,C1,4.50", header=header))
    assert got.column("ordered_at")[0].month == month
    told = read(lines("13/04/2026,C1,5.50", "02/01/2026,C1,4.50", header=header))
    assert told.column("ordered_at")[1] == datetime(2026, 1, 2)
