"""Quantities like `1.250` beside prices with a decimal comma: amounts tell, where there are any."""

import pytest

from functions.ingest.reader import FormatProfile, OpenQuestionError, UnreadableFileError
from tests.unit.ingest.reader.files import lines, read

pytestmark = pytest.mark.unit

HEADER = "Fecha;Cliente;Cantidad;Precio;Importe"


def pieces(*rows: str, header: str = HEADER) -> list[float]:
    got = read(lines(*(f"31/01/2026;C1;{row}" for row in rows), header=header))
    return [float(each) for each in got.column("quantity")]


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        (["1.250;12,50;15,63", "2.000;3,50;7,00"], [1.25, 2]),
        (["1.250;12,50;15,63", "2;3,50;7,00"], [1.25, 2]),
        (["1.250 kg;12,50;15,63", "2.000 kg;3,50;7,00"], [1.25, 2]),
        (["-1.250;12,50;-15,63", "2.000;3,50;7,00"], [-1.25, 2]),
        (["1.250;12,50;15.625,00", "2;3,50;7,00"], [1250, 2]),
        (["1.250;0,00;0,00", "2.000;0,00;0,00"], [1250, 2000]),
        (["1.250;12,50;14,00", "2.000;3,50;6,00"], [1250, 2000]),  # less something: nothing is told
        (["1.250;12,50;15,63", "2.000;3,50;7000,00"], [1250, 2000]),  # they do not agree
    ],
)
def test_the_amount_tells_what_the_mark_of_a_quantity_means(
    rows: list[str], wanted: list[float]
) -> None:
    assert pieces(*rows) == wanted


def test_a_decimal_comma_of_quantities_beside_points_is_told_too() -> None:
    rows = ["2026-01-31;C1;1,250;12.50;15.63", "2026-01-31;C1;2;3.50;7.00"]
    assert [float(each) for each in read(lines(*rows, header=HEADER)).column("quantity")] == [
        1.25,
        2,
    ]


def test_without_an_amount_quantities_are_written_as_the_prices_are() -> None:
    header = HEADER.removesuffix(";Importe")
    assert pieces("1.250;12,50", "2;3,50", header=header) == [1250, 2]
    assert pieces("1.250;12,50", "0.750;3,50", header=header) == [1.25, 0.75]
    with pytest.raises(UnreadableFileError):
        pieces("0.750;12,50", "0,500;3,50", header=header)


def test_whole_thousands_of_everything_are_asked_about() -> None:
    header, rows = HEADER.removesuffix(";Importe"), ["1.000;12,50", "2.000;3,50", "4.000;1,20"]
    with pytest.raises(OpenQuestionError) as asked:
        pieces(*rows, header=header)
    assert (asked.value.code, asked.value.params["column"]) == ("decimal_mark", "Cantidad")
    assert pieces(*rows, "5;1,20", header=header) == [1000, 2000, 4000, 5]
    for mark, first in ((".", 1), (",", 1000)):
        told = FormatProfile(told={"decimal_mark": mark}.get)
        table = lines(*(f"31/01/2026;C1;{row}" for row in rows), header=header)
        got = read(table, profile=told)
        assert (got.column("quantity")[0], str(got.column("unit_price")[0])) == (first, "12.500000")
