"""Texts become exact numbers and dates, or are explained."""

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common import frame
from functions.ingest.reader import dates, numbers
from functions.ingest.reader.refusal import Fault

pytestmark = pytest.mark.unit

number_texts = st.one_of(
    st.text(st.sampled_from("0123456789.,-+ $e'"), min_size=1, max_size=12),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.from_regex(r"[+-]?[0-9]{1,3}([.,][0-9]{3}){0,3}([.,][0-9]{1,7})?", fullmatch=True),
).map(str.strip)


@settings(max_examples=500, deadline=None)
@given(text=number_texts.filter(bool), mark=st.sampled_from([".", ","]))
@example(text="1234567890123", mark=".")
@example(text="-0", mark=".")
def test_the_fast_path_takes_no_number_that_the_careful_path_reads_otherwise(
    text: str, mark: str
) -> None:
    values, faults = numbers.convert(pa.array([text]), mark=mark, kind=frame.PRICE)
    careful = numbers.read_number(text, mark=mark, scale=6)
    value = values[0].as_py()
    if isinstance(careful, Decimal):
        assert (value, faults[0]) == (careful, 0)
    else:
        assert (value, numbers.FAULTS[faults[0] - 1]) == (None, careful)


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("2.55", ".", "2.55"),
        ("-1,45", ",", "-1.45"),
        ("1,234.50", ".", "1234.5"),
        ("1.234.567,8", ",", "1234567.8"),
        ("1 234,5", ",", "1234.5"),
        ("$1,149.00", ".", "1149"),
        ("-€ 5", ".", "-5"),
        ("12,50 €", ",", "12.5"),
        ("\u22123.1", ".", "-3.1"),
        ("+7", ".", "7"),
        (".5", ".", "0.5"),
        ("2.5000000000", ".", "2.5"),
        ("999999999999.999999", ".", "999999999999.999999"),
    ],
)
def test_a_number_is_read_exactly(text: str, mark: str, expected: str) -> None:
    values, _ = numbers.convert(pa.array([text]), mark=mark, kind=frame.PRICE)
    assert values[0].as_py() == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("12,5", Fault.BAD_NUMBER),
        ("12,5O", Fault.BAD_NUMBER),
        ("1E5", Fault.BAD_NUMBER),
        ("1,23,456", Fault.BAD_NUMBER),
        ("1'234,567", Fault.BAD_NUMBER),
        ("--5", Fault.BAD_NUMBER),
        ("5.", Fault.BAD_NUMBER),
        ("-", Fault.BAD_NUMBER),
        ("٣", Fault.BAD_NUMBER),
        ("inf", Fault.NOT_FINITE),
        ("-Infinity", Fault.NOT_FINITE),
        ("NaN", Fault.NOT_FINITE),
        ("1e400", Fault.NOT_FINITE),
        ("1000000000000", Fault.NUMBER_TOO_LARGE),
        ("0.1234567", Fault.TOO_MANY_DECIMALS),
    ],
)
def test_what_is_no_number_is_explained(text: str, fault: Fault) -> None:
    values, faults = numbers.convert(pa.array([text]), mark=".", kind=frame.PRICE)
    assert values[0].as_py() is None
    assert numbers.FAULTS[faults[0] - 1] is fault


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2010-12-01 08:26:00", None, "2010-12-01T08:26:00"),
        ("2010-12-01T08:26:00.123456789", None, "2010-12-01T08:26:00.123456"),
        ("2010/2/1", "mdy", "2010-02-01T00:00:00"),
        ("12/1/2010 8:26", "mdy", "2010-12-01T08:26:00"),
        ("12.1.2010 8:26", "dmy", "2010-01-12T08:26:00"),
        ("21/01/19", "dmy", "2019-01-21T00:00:00"),
        ("1-2-70", "dmy", "1970-02-01T00:00:00"),
        ("29/02/2024", "dmy", "2024-02-29T00:00:00"),
        ("5/5/2024", None, "2024-05-05T00:00:00"),
    ],
)
def test_a_date_is_read(text: str, order: str | None, expected: str) -> None:
    moments, is_date = dates.convert(pa.array([text]), order=order)
    assert is_date[0]
    assert moments[0].item() == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        "29/02/2023",
        "31/04/2024",
        "13/13/2024",
        "0/1/2024",
        "1/0/2024",
        "2024-13-01",
        "1/2/202",
        "123/1/2024",
        "1/2/1969",
        "1899-12-31",
        "2024-01-01 24:00",
        "2024-01-01 10:60",
        "2024-01-01 ",
        "2024-01-01 10:00Z",
        "45293",
        "TOTAL",
        "",
    ],
)
def test_what_is_no_date_is_not_made_one(text: str) -> None:
    assert not dates.convert(pa.array([text]), order="dmy")[1][0]


@settings(max_examples=300, deadline=None)
@given(
    moment=st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)),
    order=st.sampled_from(["dmy", "mdy"]),
)
def test_every_moment_reads_back_equal(moment: datetime, order: str) -> None:
    layout = "%d/%m/%Y %H:%M:%S.%f" if order == "dmy" else "%m/%d/%Y %H:%M:%S.%f"
    texts = pa.array([moment.strftime(layout), moment.isoformat()])
    moments, is_date = dates.convert(texts, order=order)
    assert is_date.all()
    assert [m.item() for m in moments] == [moment, moment]
