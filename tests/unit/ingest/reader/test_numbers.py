"""Numbers become exact, in the one way that the whole column is written, or are explained."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import frame
from functions.ingest.reader import FormatProfile, OpenQuestionError
from functions.ingest.reader.refusal import Fault
from functions.ingest.reader.values import currencies, numbers
from functions.ingest.reader.values.careful_numbers import parse
from tests.unit.ingest.reader.files import Read, lines, read, refusal

pytestmark = pytest.mark.unit


def convert(text: str, mark: str, **how: object) -> tuple[Decimal | None, Fault | None]:
    values, faults = numbers.convert(pa.array([text]), mark=mark, kind=frame.PRICE, **how)
    return values[0].as_py(), numbers.FAULTS[faults[0] - 1] if faults[0] else None


def sold(*amounts: str, header: str = "fecha;cliente;importe") -> str:
    return f"{header}\n" + "".join(f'2026-01-01;C1;"{amount}"\n' for amount in amounts)


def amounts(*texts: str, profile: FormatProfile | None = None) -> list[Decimal]:
    got = read(sold(*texts), profile=profile or FormatProfile())
    assert got.balance.rejected == 0
    return got.column("amount")


def rejected(got: Read) -> list[tuple[str, str]]:
    return [(each.code, str(each.params["found"])) for each in got.rejected]


# --- one value ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("2.55", ".", "2.55"),
        ("-1,45", ",", "-1.45"),
        ("+7", ".", "7"),
        (".5", ".", "0.5"),
        ("0012", ".", "12"),
        ("2.5000000000", ".", "2.5"),
        ("999999999999.999999", ".", "999999999999.999999"),
        # thousands
        ("1,234.50", ".", "1234.5"),
        ("1.234.567,8", ",", "1234567.8"),
        ("1 234,5", ",", "1234.5"),
        ("1\u00a0234,50", ",", "1234.5"),
        ("1\u202f234\u202f567,50", ",", "1234567.5"),
        ("1'234.50", ".", "1234.5"),
        ("1\u2019234.50", ".", "1234.5"),
        ("12,34,567.50", ".", "1234567.5"),
        ("1,23,456", ".", "123456"),
        ("'12.50", ".", "12.5"),  # as spreadsheets mark text
        # signs
        ("\u22123.1", ".", "-3.1"),
        ("\u20133,1", ",", "-3.1"),
        ("(12.50)", ".", "-12.5"),
        ("12.50-", ".", "-12.5"),
        ("12,50 -", ",", "-12.5"),
        # digits of other scripts
        ("\u0661\u0662\u066b\u0665\u0660", ".", "12.5"),  # Arabic-Indic
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665", ".", "1234.5"),
        ("\u06f1\u06f2\u066b\u06f5", ".", "12.5"),  # Persian
        ("\uff11\uff0c\uff12\uff13\uff14\uff0e\uff15", ".", "1234.5"),  # full width
        ("\u200f12.5\u200e", ".", "12.5"),
    ],
)
def test_a_number_is_read_exactly(text: str, mark: str, expected: str) -> None:
    assert convert(text, mark) == (Decimal(expected), None)


@pytest.mark.parametrize(
    ("text", "mark", "currency", "expected"),
    [
        ("$1,149.00", ".", "$", "1149"),
        ("($33.62)", ".", "$", "-33.62"),
        ("$(33.62)", ".", "$", "-33.62"),
        ("$.50", ".", "$", "0.5"),
        ("-\u20ac 5", ".", "EUR", "-5"),
        ("\u20ac-5", ".", "EUR", "-5"),
        ("12,50 \u20ac", ",", "EUR", "12.5"),
        ("12,50\u00a0\u20ac", ",", "EUR", "12.5"),
        ("1.234,50 \u20ac-", ",", "EUR", "-1234.5"),
        ("EUR 12,50", ",", "EUR", "12.5"),
        ("12.50eur", ".", "EUR", "12.5"),
        ("\u00a35", ".", "GBP", "5"),
        ("R$ 1.234,56", ",", "BRL", "1234.56"),
        ("US$5", ".", "USD", "5"),
        ("$12.50 USD", ".", "USD", "12.5"),
        ("MXN $12.50", ".", "MXN", "12.5"),
        ("12.50 $ MXN", ".", "MXN", "12.5"),
        ("S/.12.50", ".", "PEN", "12.5"),
        ("kr 1 234,50", ",", "kr", "1234.5"),
        ("5 kr.", ".", "kr", "5"),
        ("Rs.500", ".", "rs", "500"),
        ("\u20b912,34,567", ".", "INR", "1234567"),
        ("12,50 z\u0142", ",", "PLN", "12.5"),
        ("249 K\u010d", ",", "CZK", "249"),
        ("\uffe51,234.00", ".", "\u00a5", "1234"),
        ("1234\u5186", ".", "JPY", "1234"),
        ("CHF 1'234.50", ".", "CHF", "1234.5"),
    ],
)
def test_an_amount_is_read_beside_its_currency(
    text: str, mark: str, currency: str, expected: str
) -> None:
    assert convert(text, mark, currency=currency) == (Decimal(expected), None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("12,5", Fault.OTHER_MARKS),
        ("1.234,50", Fault.OTHER_MARKS),
        ("12,5O", Fault.BAD_NUMBER),
        ("1E5", Fault.BAD_NUMBER),
        ("0x1F", Fault.BAD_NUMBER),
        ("1'23,456", Fault.BAD_NUMBER),
        ("0,123", Fault.OTHER_MARKS),
        ("12 34", Fault.BAD_NUMBER),
        ("1  234", Fault.BAD_NUMBER),
        ("--5", Fault.BAD_NUMBER),
        ("(5", Fault.BAD_NUMBER),
        ("(-5)", Fault.BAD_NUMBER),
        ("5.", Fault.BAD_NUMBER),
        ("-", Fault.BAD_NUMBER),
        ("\u20ac", Fault.BAD_NUMBER),
        ("\u20ac 5", Fault.BAD_NUMBER),  # where no amount is
        ("5 pcs", Fault.BAD_NUMBER),
        ("1\u0662", Fault.BAD_NUMBER),  # digits of two scripts
        ("12\u00b2", Fault.BAD_NUMBER),
        ("12%", Fault.PERCENT),
        ("12.5 %", Fault.PERCENT),
        ("inf", Fault.NOT_FINITE),
        ("-Infinity", Fault.NOT_FINITE),
        ("NaN", Fault.NOT_FINITE),
        ("1e400", Fault.NOT_FINITE),
        ("1000000000000", Fault.NUMBER_TOO_LARGE),
        ("1,000,000,000,000.0", Fault.NUMBER_TOO_LARGE),
        ("0.1234567", Fault.TOO_MANY_DECIMALS),
        ("1" * 65_000, Fault.BAD_NUMBER),
    ],
)
def test_what_is_no_number_is_explained(text: str, fault: Fault) -> None:
    assert convert(text, ".") == (None, fault)


@pytest.mark.parametrize("text", ["USD 5 \u20ac", "5 XYZ", "$5\u20ac", "EUREUR5", "cent 5"])
def test_what_names_no_one_currency_is_no_amount(text: str) -> None:
    assert parse(text) is None


def test_every_spelling_of_a_currency_is_found_again() -> None:
    for name in ("EUR", "USD", "$", "kr", "PEN", "BRL"):
        for spelling in currencies.spellings(name):
            assert currencies.identify(spelling) == name


def test_pieces_are_counted_and_other_units_are_not() -> None:
    header = "date,customer,quantity,price"
    rows = [f"2026-01-31,C1,{said},5.00" for said in ("x2", "2x", "2 pcs", "2 Uds.", "2個", "2")]
    got = read(lines(*rows, "2026-01-31,C1,2 kg,5.00", header=header))
    assert got.column("quantity") == [2] * 6
    assert rejected(got) == [("other_unit", "2 kg")]


BOUGHT = "date;customer;quantity;price"


def bought(*quantities: str, header: str = BOUGHT) -> Read:
    return read(lines(*(f"2026-01-31;C1;{each};2.00;9.99" for each in quantities), header=header))


@pytest.mark.parametrize(
    ("quantities", "wanted"),
    [
        (("2 kg", "1.5KG", "", "-0.25 Kg."), ["2", "1.5", "-0.25"]),
        (("0,5 l", "1.234,5 l"), ["0.5", "1234.5"]),
        (("2 Flaschen", "3 Flaschen"), ["2", "3"]),
        (("2 ft", "3 ft"), ["2", "3"]),
        (("2 m²",), ["2"]),
        (("5 db", "2"), ["5", "2"]),
    ],
)
def test_a_unit_of_all_quantities_is_no_part_of_their_numbers(
    quantities: tuple[str, ...], wanted: list[str]
) -> None:
    got = bought(*quantities, header="date;customer;quantity;price;total")
    assert [q for q in got.column("quantity") if q is not None] == list(map(Decimal, wanted))
    assert got.balance.rejected == 0


@pytest.mark.parametrize(
    ("quantities", "code", "odd"),
    [
        (("2 kg", "1", "1"), "other_unit", ["2 kg"]),
        (("2 kg", "300 g", "1 pc"), "other_unit", ["2 kg", "300 g"]),
        (("2", "1O"), "bad_number", ["1O"]),
        (("2", "5 EUR"), "bad_number", ["5 EUR"]),
        (("2", "few kg"), "bad_number", ["few kg"]),
        (("2", "300 g"), "other_unit", ["300 g"]),
    ],
)
def test_quantities_in_several_units_are_not_added(
    quantities: tuple[str, ...], code: str, odd: list[str]
) -> None:
    got = bought(*quantities, header="date;customer;quantity;price;total")
    assert rejected(got) == [(code, text) for text in odd]


def test_a_price_is_not_for_grams() -> None:
    grams = [f"2026-01-31;C1;{each} g;2.00" for each in (300, 500)]
    refused = refusal(lines(*grams, header="date;customer;quantity;price"))
    assert refused.params["reasons"] == [{"code": "other_unit", "rows": 2}]
    got = bought("300 g", "500 g", header="date;customer;quantity;price;total")
    assert got.column("quantity") == [300, 500]


# --- a whole column -------------------------------------------------------------------------


def test_the_column_decides_what_a_point_means() -> None:
    assert amounts("1.234", "2,5") == [Decimal(1234), Decimal("2.5")]
    assert amounts("1.234", "2.5") == [Decimal("1.234"), Decimal("2.5")]
    assert amounts("1.234", "1.234.567") == [Decimal(1234), Decimal(1234567)]
    assert amounts("1,234", "1,234.5") == [Decimal(1234), Decimal("1234.5")]


def test_a_lone_thousand_stays_open_with_or_without_a_currency() -> None:
    for text in ("1,234", "\u20ac 1,234", "(1.234)"):
        with pytest.raises(OpenQuestionError) as asked:
            read(sold(text, text))
        assert asked.value.code == "decimal_mark"
    assert amounts("\u20ac 1,234", profile=FormatProfile(told={"decimal_mark": "."}.get)) == [
        Decimal(1234)
    ]


def test_a_lone_thousand_is_certain_where_a_currency_has_no_decimals() -> None:
    assert amounts("¥12,800", "¥9,800", "¥980", "¥1500") == [12800, 9800, 980, 1500]
    assert amounts("12.800 IDR", "980 IDR") == [12800, 980]
    assert amounts("1,234円") == [1234]


def test_the_question_shows_two_values_with_both_readings() -> None:
    with pytest.raises(OpenQuestionError) as asked:
        read(sold("12", "$1,234", "-5.678"))
    params = asked.value.params
    assert (params["value"], params["point"], params["comma"]) == ("$1,234", "1234.0", "1.234")
    assert (params["second_point"], params["second_comma"]) == ("-5.678", "-5678.0")


@pytest.mark.parametrize("certain", ["1 234,50", "1234,50", "1'234,5"])
def test_a_mark_that_would_group_as_no_other_number_does_is_refused(certain: str) -> None:
    got = read(sold(*[certain] * 3, "1.234"))
    assert rejected(got) == [("other_marks", "1.234")]


def test_several_ways_to_group_are_one_convention_where_each_is_certain() -> None:
    assert amounts("1.234,50", "1234,50", "1.234") == [Decimal("1234.5")] * 2 + [Decimal(1234)]


def test_a_currency_of_the_column_is_that_of_its_rows() -> None:
    got = read(sold("12,50 \u20ac", "7", "EUR 1"))
    assert got.column("currency") == ["EUR"] * 3
    assert got.understanding.currency == "EUR"


def test_a_sign_that_several_currencies_have_names_none() -> None:
    got = read(sold("$12.50", "$7"))
    assert got.column("currency") == [None, None]
    assert got.understanding.currency == "$"


def test_a_column_in_two_currencies_is_refused() -> None:
    for other in ("\u00a37", "7 USD", "$7"):
        error = refusal(sold("12.50 \u20ac", "8.00 \u20ac", other))
        assert error.code == "mixed_currency"
        assert error.params["second_example"] == other


def test_a_few_rows_in_another_currency_are_rejected() -> None:
    got = read(sold(*["12.50 \u20ac"] * 200, "US$ 7"))
    assert rejected(got) == [("other_currency", "US$ 7")]


def test_a_column_of_currencies_is_told_by_its_codes() -> None:
    header = "fecha;cliente;importe;moneda"
    rows = "2026-01-01;C1;5;\u20ac\n2026-01-01;C1;5;usd\n2026-01-01;C1;5;\n"
    got = read(f"{header}\n{rows}")
    assert got.column("currency") == ["EUR", "USD", None]


def test_a_row_that_names_two_currencies_is_rejected() -> None:
    header = "fecha;cliente;importe;moneda"
    rows = ["2026-01-01;C1;$5;MXN\n"] * 3 + ["2026-01-01;C1;$5;EUR\n"]
    got = read(f"{header}\n{''.join(rows)}")
    assert rejected(got) == [("other_currency", "EUR")]
    assert got.column("currency") == ["MXN"] * 3


@pytest.mark.parametrize("credit", ["4.50CR", "4.50 cr", "4.50 Cr."])
def test_a_credit_among_amounts_without_a_side_is_negative(credit: str) -> None:
    got = read(sold("5.50", credit, "1.00"))
    assert got.column("amount") == [Decimal("5.5"), Decimal("-4.5"), 1]
    assert got.balance.returns == 1


@pytest.mark.parametrize(
    ("amounts", "odd"),
    [
        (("5.50", "1.00", "2.00", "-4.50CR", "4.00 CR"), ["-4.50CR"]),
        (("5.50", "1.00", "4.50DR"), ["4.50DR"]),
        (("5.50", "1.00", "2.00", "4.50 Dr", "4.50 Cr"), ["4.50 Dr", "4.50 Cr"]),
        (("5.50", "4.50CR"), ["4.50CR"]),
        (("5.50", "4.50DB"), ["4.50DB"]),
    ],
)
def test_which_side_is_a_sale_is_never_guessed(amounts: tuple[str, ...], odd: list[str]) -> None:
    assert rejected(read(sold(*amounts))) == [("debit_or_credit", text) for text in odd]


def test_a_column_of_debits_and_credits_is_refused_for_them() -> None:
    refused = refusal(sold("5.50 Dr", "4.50 Cr", "7.50 Dr"))
    assert refused.code == "too_many_rejected"
    assert refused.params["reasons"] == [{"code": "debit_or_credit", "rows": 3}]


def test_no_cents_are_written_as_a_dash() -> None:
    assert amounts("5,-", "4,--", "CHF 1.234,-", "-2,- CHF") == [5, 4, 1234, -2]
    assert amounts("5.--", "1.50") == [5, Decimal("1.5")]


def test_the_points_of_thousands_may_stand_before_such_a_dash() -> None:
    assert amounts("$12.990.-", "$990.-", "$1.250.000.-") == [12990, 990, 1250000]
    assert amounts("25.-", "9.90", "1'250.-") == [25, Decimal("9.9"), 1250]


def test_rupees_may_end_with_a_slash() -> None:
    found = amounts("Rs. 1,200/-", "Rs. 450/-", "Rs. 1,25,000/-", "Rs. 80/=")
    assert found == [1200, 450, 125000, 80]


def test_what_all_amounts_end_with_is_no_minus() -> None:
    got = read(sold("¥1,200-", "¥800-"))
    assert (got.column("amount"), got.balance.returns) == ([1200, 800], 0)
    assert amounts("¥1,200-", "¥800") == [-1200, 800]
    assert amounts("12.50-", "8.00-") == [Decimal("-12.5"), -8]
    assert amounts("¥800-") == [-800]


def test_a_triangle_is_a_minus_in_japan() -> None:
    assert amounts("¥1,200", "△¥1,500", "▲600") == [1200, -1500, -600]


def test_money_of_the_nation_is_that_of_mexico() -> None:
    got = read(sold("$1,200.00 M.N.", "$450.00 M.N."))
    assert got.column("currency") == ["MXN", "MXN"]


def test_a_dash_instead_of_figures_is_the_zero_of_spreadsheets() -> None:
    assert amounts("25,00 €", " -   € ", "9,90 €", "€ -") == [25, 0, Decimal("9.9"), 0]
    assert rejected(read(sold("25.00", "9.90", "-"))) == [("bad_number", "-")]


def test_the_sign_of_the_euro_may_stand_where_the_decimal_mark_does() -> None:
    assert amounts("5€50", "12,00 €", "-1 234€05", "0€00") == [
        *(Decimal("5.5"), 12, Decimal("-1234.05"), 0),
    ]
    assert amounts("1.234€05", "12€") == [Decimal("1234.05"), 12]
    rows = [f"2026-01-31;C;{text}" for text in ("5€5", "5€505", "5.50€50", "5$50", "5 €50", "5€50")]
    got = read(lines(*rows, header="date;customer;total"))
    assert [(code, row) for code, row, *_ in got.faults()] == [
        ("bad_number", row) for row in range(1, 6)
    ]
    assert got.column("amount") == [Decimal("5.5")]


@pytest.mark.parametrize("word", ["NULL", "(null)", "\\N", "N/A", "#N/A", "None"])
def test_a_word_for_an_empty_cell_is_one(word: str) -> None:
    rows = ["2026-01-31;C1;2;2.00;4.00", f"2026-01-31;C1;{word};{word};9.99"]
    got = read(lines(*rows, f"2026-01-31;C1;1;2.00;{word}", header=f"{BOUGHT};total"))
    assert got.column("quantity") == [2, None]
    assert got.faults() == [("empty_cell", 3, 4, "total")]


def test_a_percentage_is_rejected_and_says_so() -> None:
    assert rejected(read(sold("5.5", "12%"))) == [("percent", "12%")]


# --- any column -----------------------------------------------------------------------------

GROUPS = {".": [",", "'", " ", "\u00a0", "\u202f", ""], ",": [".", "'", " ", "\u202f", ""]}
SIGNS = ["{}", "\u20ac{}", "{} \u20ac", "EUR {}", "{}EUR", "\u20ac\u00a0{}"]
NEGATIVES = ["-{}", "\u2212{}", "({})", "{}-"]
DIGITS = ["0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669"]

values = st.decimals(Decimal(-9999999999), Decimal(9999999999), places=2, allow_nan=False)


@st.composite
def styles(draw: st.DrawFn) -> dict[str, str]:
    mark = draw(st.sampled_from(sorted(GROUPS)))
    return {
        "mark": mark,
        "group": draw(st.sampled_from(GROUPS[mark])),
        "sign": draw(st.sampled_from(SIGNS)),
        "negative": draw(st.sampled_from(NEGATIVES)),
        "digits": draw(st.sampled_from(DIGITS)),
    }


def written(value: Decimal, style: dict[str, str]) -> str:
    whole, _, decimals = f"{abs(value):,.2f}".partition(".")
    text = whole.replace(",", style["group"]) + style["mark"] + decimals
    text = text.translate(str.maketrans("0123456789", style["digits"]))
    text = style["negative"].format(text) if value < 0 else text
    return style["sign"].format(text)


@settings(max_examples=150)
@given(column=st.lists(values, min_size=1, max_size=12), style=styles())
def test_any_column_of_numbers_reads_back_equal(
    column: list[Decimal], style: dict[str, str]
) -> None:
    assert amounts(*(written(value, style) for value in column)) == column


@settings(max_examples=60)
@given(data=st.data(), style=styles(), column=st.lists(values, min_size=1, max_size=8))
def test_the_order_of_rows_changes_nothing(
    data: st.DataObject, style: dict[str, str], column: list[Decimal]
) -> None:
    texts = [written(value, style) for value in column] + ["1234", "12"]
    shuffled = data.draw(st.permutations(texts))
    assert read(sold(*shuffled)).balance == read(sold(*texts)).balance


@settings(max_examples=60)
@given(place=st.integers(0, 199), style=styles(), odd=values)
def test_the_one_conflicting_number_is_the_one_refused(
    place: int, style: dict[str, str], odd: Decimal
) -> None:
    texts = [written(Decimal(f"{i}.25"), style) for i in range(200)]
    other = {".": ",", ",": "."}[style["mark"]]
    texts[place] = written(odd, style | {"mark": other, "group": "", "digits": DIGITS[0]})
    got = read(sold(*texts))
    assert [(each.code, each.row) for each in got.rejected] == [("other_marks", place + 1)]
