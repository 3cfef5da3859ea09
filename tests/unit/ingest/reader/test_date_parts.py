"""Year, month and day in columns of their own."""

from datetime import datetime
from unittest import mock

import pytest

from functions.ingest.reader.records import blocks
from tests.unit.ingest.reader.files import lines, read, refusal

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        ("Year,Month,Day", "2026,1,31", "2026,02, 1"),
        ("Day,Month,Year", "31,January,2026", "1,Feb,2026"),
        ("Año,Mes,Día", "2026,enero,31", "2026,febrero,01"),
        ("Année,Mois,Jour", "2026,janv.,31", "2026,févr.,1"),
        ("Jahr,Monat,Tag", "2026,01,31", "2026,02,01"),
        ("Ano,Mês,Dia", "2026,jan,31", "2026,fev,1"),
        ("Anno,Mese,Giorno", "2026,gennaio,31", "2026,febbraio,1"),
        ("Yıl,Ay,Gün", "2026,Ocak,31", "2026,Şubat,1"),  # noqa: RUF001
    ],
)
def test_three_columns_are_one_date(header: str, first: str, second: str) -> None:
    got = read(lines(f"{first},C1,5.50", f"{second},C2,4.50", header=f"{header},Customer,Amount"))
    assert got.column("ordered_at") == [datetime(2026, 1, 31), datetime(2026, 2, 1)]
    assert {"year", "month", "ordered_at"} <= got.understanding.mapping.keys()
    assert got.understanding.date_order is None


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_what_is_wrong_with_such_a_date_is_told_where_its_day_stands(batch_rows: int) -> None:
    rows = [
        *("2026,1,31,C1,5.50", "2026,2,30,C1,5.50", "2026,,3,C1,5.50", "2026,2,,C1,5.50"),
        *(",,,,", "Year,Month,Day,Customer,Total", "2026,13,1,C1,5.50", "2026,2,3,C1,5.50"),
    ]
    with mock.patch.object(blocks, "MAX_BLOCK_RECORDS", batch_rows):
        got = read(lines(*rows, header="Year,Month,Day,Customer,Total"))
    assert got.faults() == [
        ("impossible_date", 2, 3, "Day"),
        ("bad_date", 3, 4, "Day"),
        ("empty_cell", 4, 5, "Day"),
        ("impossible_date", 7, 8, "Day"),
    ]
    assert [row.params.get("found") for row in got.rejected] == [
        *("2026-2-30", "2026--3", None, "2026-13-1"),
    ]
    assert [row.place.excerpt for row in got.rejected] == ["30", "3", "", "1"]
    assert (got.balance.blank, got.balance.repeated) == (1, 1)


def test_a_time_of_its_own_is_joined_as_well() -> None:
    got = read(lines("2026,1,31,10:30,C1,5.50", header="Year,Month,Day,Time,Customer,Total"))
    assert got.column("ordered_at") == [datetime(2026, 1, 31, 10, 30)]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Year,Month,Day,Date", "2025,2,1,2026-01-31"),
        ("Year,Month,Day", "2025,2,2026-01-31"),
        ("Day", "2026-01-31"),
    ],
)
def test_a_whole_date_is_not_made_of_parts(header: str, row: str) -> None:
    got = read(lines(f"{row},C1,5.50", header=f"{header},Customer,Amount"))
    assert got.column("ordered_at") == [datetime(2026, 1, 31)]
    assert "year" not in got.understanding.mapping


@pytest.mark.parametrize(
    ("header", "row"), [("Year,Day", "2026,31"), ("Year,Month,Day", "2026,1,Saturday")]
)
def test_what_is_no_date_together_stays_none(header: str, row: str) -> None:
    refused = refusal(lines(f"{row},C1,5.50", header=f"{header},Customer,Amount"))
    assert refused.params["example"]["code"] == "bad_date"  # type: ignore[index]
