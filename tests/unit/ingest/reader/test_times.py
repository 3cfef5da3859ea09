"""A time of day in a column of its own is joined to the date."""

from datetime import datetime

import pytest

from functions.ingest.reader import UnreadableFileError
from tests.unit.ingest.reader.files import read, refusal

pytestmark = pytest.mark.unit

SQUARE = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,"
    "Discounts,Net Sales,Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,"
    "Location,Dining Option,Customer ID,Customer Name,Customer Reference ID\n"
)


def sold(day: str, time: str, customer: str) -> str:
    zone = "Eastern Time (US & Canada)"
    return (
        f"{day},{time},{zone},Tea,Oolong,1.0,Regular,,,$8.00,$0.00,$8.00,$0.66,T{time},P1,Till,,"
        f",Payment,Main,For Here,{customer},Name,\n"
    )


def table(*rows: str, header: str = "date,time,customer,amount") -> str:
    return "".join(f"{row}\n" for row in (header, *rows))


def moments(content: str) -> list[datetime]:
    return read(content).column("ordered_at")


def test_items_of_square_have_their_time() -> None:
    got = read(SQUARE + sold("2026-01-31", "10:30:15", "C1") + sold("2026-02-01", "09:05:00", "C2"))
    assert got.column("ordered_at") == [
        datetime(2026, 1, 31, 10, 30, 15),
        datetime(2026, 2, 1, 9, 5),
    ]
    assert got.understanding.mapping["time"] == "Time"


@pytest.mark.parametrize(
    ("name", "time", "clock"),
    [
        ("Time", "17:05", (17, 5)),
        ("Hora", "5:05 p. m.", (17, 5)),
        ("Heure", "17h05", (17, 5)),
        ("Uhrzeit", "17:05 Uhr", (17, 5)),
        ("Ora", "17:05:00", (17, 5)),
        ("Transaction time", "05:05 PM", (17, 5)),
        ("時刻", "17:05", (17, 5)),
    ],
)
def test_a_time_is_known_by_name_and_values(name: str, time: str, clock: tuple) -> None:
    header = f"date,{name},customer,amount"
    rows = [f"2026-01-31,{time},C1,1.50", f"2026-02-01,{time},C2,1.50"]
    assert moments(table(*rows, header=header)) == [
        datetime(2026, 1, 31, *clock),
        datetime(2026, 2, 1, *clock),
    ]


@pytest.mark.parametrize("day", ["31/01/2026", "20260131", "46053", "31 January 2026"])
def test_any_date_takes_a_time(day: str) -> None:
    assert moments(table(f"{day},17:05,C1,1.50")) == [datetime(2026, 1, 31, 17, 5)]


def test_a_date_with_a_time_of_its_own_keeps_it() -> None:
    rows = ["2026-01-31 10:00,17:05,C1,1.50", "2026-01-31 00:00,17:05,C1,1.50"]
    assert moments(table(*rows)) == [datetime(2026, 1, 31, 10), datetime(2026, 1, 31, 17, 5)]


def test_a_moment_of_the_world_is_not_moved_again() -> None:
    assert moments(table("2026-01-31T00:00:00Z,17:05,C1,1.50")) == [datetime(2026, 1, 31)]


def test_a_wrong_time_is_rejected_at_its_place_and_an_empty_one_is_none() -> None:
    rows = [f"2026-01-{day},10:30,C1,1.50" for day in range(10, 20)]
    content = table(*rows, "2026-01-20,25:00,C1,1.50", "2026-01-21,,C1,1.50")
    got = read(content)
    (wrong,) = got.rejected
    assert (wrong.code, wrong.line, wrong.column) == ("bad_time", 12, "time")
    assert wrong.params["found"] == wrong.place.excerpt == "25:00"
    assert content.encode()[wrong.place.byte_offset :].startswith(b"25:00")
    assert got.column("ordered_at")[-1] == datetime(2026, 1, 21)


def test_what_is_called_time_and_is_none_stays_text() -> None:
    got = read(table("2026-01-31,morning,C1,1.50", "2026-01-31,noon,C1,1.50"))
    assert got.column("other.time") == ["morning", "noon"]
    assert got.column("ordered_at") == [datetime(2026, 1, 31)] * 2


def test_time_alone_may_be_the_whole_moment() -> None:
    content = table("2026-01-31 10:00,C1,1.50", header="time,customer,amount")
    assert moments(content) == [datetime(2026, 1, 31, 10)]


def test_of_two_times_none_is_taken() -> None:
    content = table("2026-01-31,10:00,11:00,C1,1.50", header="date,time,order time,customer,amount")
    assert moments(content) == [datetime(2026, 1, 31)]


def test_a_time_without_a_date_is_no_date() -> None:
    content = table("10:00,C1,1.50", header="transaction time,customer,amount")
    with pytest.raises(UnreadableFileError):
        read(content)
    assert refusal(content).code == "no_date"


def test_time_makes_no_moment_of_the_future_out_of_today() -> None:
    got = read(table("2026-05-04,11:59,C1,1.50", "2026-05-04,12:01,C1,1.50"))
    assert [(row.code, row.row) for row in got.rejected] == [("future_date", 2)]


def test_hours_and_minutes_may_have_a_point_between_them() -> None:
    content = table(
        "2026-01-31,10.30,C1,5.50", "2026-02-01,9.05,C2,4.50", header="Data,Ora,Cliente,Importo"
    )
    assert moments(content) == [datetime(2026, 1, 31, 10, 30), datetime(2026, 2, 1, 9, 5)]


@pytest.mark.parametrize(
    ("name", "times", "clocks"),
    [
        ("Time", ["0930", "1705", "0000"], [(9, 30), (17, 5), (0, 0)]),
        ("Hora", ["930", "1705", ""], [(9, 30), (17, 5), (0, 0)]),
        ("Uhrzeit", ["093000", "170559", "000000"], [(9, 30), (17, 5, 59), (0, 0)]),
        ("Heure", ["93000", "170559", "93001"], [(9, 30), (17, 5, 59), (9, 30, 1)]),
    ],
)
def test_times_may_be_digits_alone(name: str, times: list[str], clocks: list[tuple]) -> None:
    rows = [f"2026-01-31,{time},C1,1.50" for time in times]
    got = moments(table(*rows, header=f"date,{name},customer,amount"))
    assert got == [datetime(2026, 1, 31, *clock) for clock in clocks]


@pytest.mark.parametrize(
    ("first", "wrong"),
    [("0930", "093000"), ("093000", "930"), ("0930", "2460"), ("0930", "9"), ("09:30", "930")],
)
def test_times_of_digits_are_written_in_one_way(first: str, wrong: str) -> None:
    rows = [f"2026-01-31,{first},C1,1.50"] * 60
    got = read(table(*rows, f"2026-01-31,{wrong},C1,1.50"))
    assert [(row.code, row.row) for row in got.rejected] == [("bad_time", 61)]


@pytest.mark.parametrize("name", ["Date", "Minutes", "Transaction date"])
def test_digits_are_times_by_their_name_alone(name: str) -> None:
    header = f"created at,{name},customer,amount"
    assert "time" not in read(table("2026-01-31,0930,C1,1.50", header=header)).understanding.mapping
