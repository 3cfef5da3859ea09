"""Dates become moments on the branch's clock, read as the whole column is, or are explained."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.texts import LANGUAGES, say
from functions.ingest.reader import FormatProfile, OpenQuestionError
from functions.ingest.reader.values.careful_dates import ORDERS
from tests.unit.ingest.reader.files import STORED_AT, Read, lines, read, refusal

pytestmark = pytest.mark.unit

MADRID = ZoneInfo("Europe/Madrid")


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
