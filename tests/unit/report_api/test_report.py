"""Reports and uploads in words: pure, from rows to bodies."""

import csv
import io
import string
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.mending import neutral, read_back
from common.texts import LANGUAGES, catalogue
from functions.report_api.export import Origin, csv_text, rejected_text
from functions.report_api.report import money_text, report_name
from functions.report_api.schemas import (
    Assignment,
    Balance,
    Client,
    ExportedSegment,
    FirstUpload,
    Rejected,
    Repaired,
    Repairs,
    Upload,
    Waiting,
)
from functions.report_api.uploads import sentence

pytestmark = pytest.mark.unit

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)
STATES = (
    "announced",
    "reading",
    "needs_answer",
    "parked",
    "stored",
    "duplicate",
    "rejected",
    "superseded",
    "removed",
)


def upload(**changes: object) -> Upload:
    made: dict[str, object] = {
        "id": "u",
        "filename": "ventas.csv",
        "key": "acme/centro/ventas.csv",
        "branch": "centro",
        "state": "stored",
        "reason": None,
        "params": {},
        "size": 10,
        "sha256": None,
        "stored_at": NOON,
        "seen_at": NOON,
        "settled_at": None,
        "uploaded_by": None,
        "first_upload": None,
        "balance": None,
        "left_out": {},
        "of_orders": {},
        "repaired": None,
        "repairs": None,
        "waiting": None,
    }
    return Upload(**{**made, **changes})  # type: ignore[arg-type]


def balance(**changes: int) -> Balance:
    made: dict[str, object] = {
        "rows_in": 12_424,
        "accepted": 12_424,
        "rejected": 0,
        "left_out": 0,
        "blank": 0,
        "repeated": 0,
        "quantity": Decimal(1),
        "amount": Decimal(1),
        "first_day": None,
        "last_day": None,
    }
    return Balance(**{**made, **changes})  # type: ignore[arg-type]


def client(**changes: object) -> Client:
    made: dict[str, object] = {
        "id": "acme",
        "name": "Acme",
        "currency": "EUR",
        "row_policy": "good_rows",
        "data_version": 1,
        "segmented_version": 1,
        "segmentation": "s",
    }
    return Client(**{**made, **changes})  # type: ignore[arg-type]


def repaired(rows: int, *, elsewhere: int = 0) -> Repaired:
    return Repaired(rows=rows, quantity=Decimal(rows), amount=Decimal(rows), elsewhere=elsewhere)


FIRST = FirstUpload(
    id="f", filename="ventas_abril.csv", stored_at=NOON, branch="centro", timezone="UTC"
)
EVENING = datetime(2026, 5, 3, 2, 30, tzinfo=UTC).astimezone(ZoneInfo("Europe/Madrid"))
PARTLY = balance(accepted=12_412, rejected=12)


@pytest.mark.parametrize(
    ("given", "english", "spanish"),
    [
        (upload(balance=balance()), "All 12,424 rows are in.", "Entraron las 12.424 filas."),
        (
            upload(balance=balance(accepted=1, rejected=0)),
            "The only row is in.",
            "Entró la única fila.",
        ),
        (
            upload(balance=balance(accepted=1, rejected=1)),
            "1 of 2 rows is in; 1 needs you.",
            "Entró 1 de 2 filas; 1 necesita su atención.",
        ),
        (
            upload(balance=balance(accepted=0, rejected=1)),
            "0 of 1 row are in; 1 needs you.",
            "Entraron 0 de 1 fila; 1 necesita su atención.",
        ),
        (
            upload(balance=balance(accepted=1, rejected=2), repaired=repaired(1)),
            "2 of 3 rows are in, 1 of them mended later; 1 needs you.",
            "Entraron 2 de 3 filas, 1 de ellas corregida después; 1 necesita su atención.",
        ),
        (
            upload(balance=balance(accepted=0, rejected=1), repaired=repaired(1)),
            "The only row is in, mended later.",
            "Entró la única fila, corregida después.",
        ),
        (
            upload(balance=PARTLY, repaired=repaired(2, elsewhere=9)),
            "12,423 of 12,424 rows are in, 11 of them mended later; 1 needs you.",
            "Entraron 12.423 de 12.424 filas, 11 de ellas corregidas después; 1 necesita su atención.",
        ),
        (
            upload(balance=PARTLY),
            "12,412 of 12,424 rows are in; 12 need you.",
            "Entraron 12.412 de 12.424 filas; 12 necesitan su atención.",
        ),
        (
            upload(balance=PARTLY, left_out={"voided": 1, "shipping": 2}),
            (
                "12,412 of 12,424 rows are in; 12 need you."
                " Left out, as the file itself says: 1 voided line, 2 shipping lines."
            ),
            (
                "Entraron 12.412 de 12.424 filas; 12 necesitan su atención."
                " Fuera quedan, según el propio archivo: 1 línea anulada, 2 líneas de envío."
            ),
        ),
        (
            upload(balance=balance(), of_orders={"shared_out": 2}),
            (
                "All 12,424 rows are in."
                " Discounts and refunds of whole orders: shared out among the lines of 2 orders."
            ),
            (
                "Entraron las 12.424 filas. Descuentos y reembolsos de pedidos enteros:"
                " repartidos entre las líneas de 2 pedidos."
            ),
        ),
        (
            upload(balance=PARTLY, repaired=repaired(10)),
            "12,422 of 12,424 rows are in, 10 of them mended later; 2 need you.",
            "Entraron 12.422 de 12.424 filas, 10 de ellas corregidas después; 2 necesitan su atención.",
        ),
        (
            upload(balance=PARTLY, repaired=repaired(12)),
            "All 12,424 rows are in, 12 of them mended later.",
            "Entraron las 12.424 filas, 12 de ellas corregidas después.",
        ),
        (
            upload(balance=balance(), repairs=Repairs(rows=1, counted=1)),
            "All 12,424 rows are in. They mend 1 line of earlier files.",
            "Entraron las 12.424 filas. Corrigen 1 línea de archivos anteriores.",
        ),
        (
            upload(state="duplicate", reason="same_rows", first_upload=FIRST),
            "These are the rows of ventas_abril.csv, which you uploaded on May 3, 2026; only the way they are written differs. Nothing was counted again.",
            "Son las filas de ventas_abril.csv, que subió el 3 may 2026; solo cambia la forma de escribirlas. No se ha vuelto a contar nada.",
        ),
        (
            upload(state="duplicate", first_upload=FIRST),
            "You already uploaded this file on May 3, 2026 as ventas_abril.csv. Nothing was counted again.",
            "Ya subió este archivo el 3 may 2026 como ventas_abril.csv. No se ha vuelto a contar nada.",
        ),
        (
            # The 2nd on the clock of its branch, whatever zone PostgreSQL told it in.
            upload(
                state="duplicate",
                first_upload=replace(FIRST, stored_at=EVENING, timezone="America/Mexico_City"),
            ),
            "You already uploaded this file on May 2, 2026 as ventas_abril.csv. Nothing was counted again.",
            "Ya subió este archivo el 2 may 2026 como ventas_abril.csv. No se ha vuelto a contar nada.",
        ),
        (
            upload(
                state="rejected",
                reason="no_rows",
                params={"still_counts": "2026-05-03T02:30+00:00"},
            ),
            (
                "The file holds no purchases, so nothing has changed. If you expected some, export it again."
                " The version of 5/3/26, 2:30\u202fAM UTC under the same name still counts."
            ),
            (
                "El archivo no contiene compras, así que nada ha cambiado. Si esperaba alguna, vuelva a exportarlo."
                " La versión del 3/5/26, 2:30 UTC con el mismo nombre sigue contando."
            ),
        ),
        (
            upload(state="announced", waiting=Waiting(tries=2, retry_at=EVENING, error="")),
            "We could not go on just now. We try again at 5/3/26, 2:30\u202fAM UTC. Your file is safe.",
            "Ahora mismo no pudimos continuar. Volveremos a intentarlo el 3/5/26, 2:30 UTC. Su archivo está a salvo.",
        ),
        (
            # What was once said of a stored file is no longer so when it was deleted.
            upload(state="removed", reason="no_rows"),
            "It was deleted from the store, so its rows no longer count.",
            "Se eliminó del almacén, así que sus filas ya no cuentan.",
        ),
        (
            upload(state="announced", waiting=Waiting(tries=2, retry_at=NOON, error="")),
            "We could not go on just now. We try again at 5/3/26, 12:00\u202fPM UTC. Your file is safe.",
            "Ahora mismo no pudimos continuar. Volveremos a intentarlo el 3/5/26, 12:00 UTC. Su archivo está a salvo.",
        ),
    ],
)
def test_what_became_of_an_upload_is_said_in_both_languages(
    given: Upload, english: str, spanish: str
):
    assert sentence(given, language="en") == english
    assert sentence(given, language="es") == spanish


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_words_even_without_a_reason(state: str):
    said = {sentence(upload(state=state), language=language) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


def test_both_languages_say_the_same_parameters():
    for code, texts in catalogue().items():
        named = {
            language: {name for _, name, _, _ in string.Formatter().parse(texts[language]) if name}
            for language in LANGUAGES
        }
        assert named["en"] == named["es"], code


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.00"),
        ("1E+3", "1000.00"),
        ("12.500000000000", "12.50"),
        ("-3.1", "-3.10"),
        ("0.000000000001", "0.000000000001"),
        ("9747747.934", "9747747.934"),
        ("123456789012345678901234.12", "123456789012345678901234.12"),
    ],
)
def test_money_is_its_exact_decimal(amount: str, text: str):
    assert money_text(Decimal(amount)) == text
    assert Decimal(text) == Decimal(amount)


def test_a_report_is_named_after_everything_it_depends_on():
    names = {
        report_name(client(**change), language=language)
        for change in ({}, {"id": "other"}, {"segmentation": "t"}, {"currency": "USD"})
        for language in LANGUAGES
    }
    assert len(names) == 4 * len(LANGUAGES)
    moved_on = client(data_version=9, segmented_version=8, name="New name")
    assert report_name(moved_on, language="en") == report_name(client(), language="en")


# --- export -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", "\x00x", "-", "+1e5"]
)
def test_text_that_starts_a_formula_is_neutralised(cell: str):
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell", ["", "007123", "-12.50", "+34600111222", "-3,5", "a=b", "Zoë", "'x"]
)
def test_numbers_and_plain_text_stay_as_they_are(cell: str):
    assert neutral(cell) == cell


@pytest.mark.parametrize(
    "cell", ["=1", "'=1", "''=1", "'", "''", "'x", "-5", "'-5", "\r", "a'=1", ""]
)
def test_neutral_text_reads_back_as_it_was(cell: str):
    assert read_back(neutral(cell)) == cell


@given(st.text(alphabet="'\"=+-@\t\r\n\x001,;.a"))
def test_any_neutral_text_reads_back_as_it_was(cell: str):
    assert read_back(neutral(cell)) == cell


CUT = [
    "x;=1+1",
    "x,=1+1",
    "x\t@SUM(A1)",
    "x\n=1+1",
    "x\r=1",
    'x;"=1',
    "x;'=1",
    "x;=1,-2+3",
    "=1;=1",
]


@pytest.mark.parametrize("written", [",", ";"])
@pytest.mark.parametrize("read", [",", ";", "\t"])
def test_no_spreadsheet_finds_a_formula_by_another_delimiter(written: str, read: str):
    rows = [
        Rejected(
            code="bad_date",
            params={"found": "soon", "column": "date", "line": 2},
            line=2,
            row=1,
            column="date",
            byte_offset=0,
            raw="",
            cells=("first", cell),
        )
        for cell in CUT
    ]
    origin = Origin(upload="u", header=("date", "product"))
    out = "".join(rejected_text(rows, origin, language="en", delimiter=written))
    for row in csv.reader(io.StringIO(out, newline=None), delimiter=read):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row), row


@pytest.mark.parametrize("cell", CUT)
def test_what_another_delimiter_would_cut_reads_back_as_it_was(cell: str):
    assert neutral(cell) != cell
    assert read_back(neutral(cell)) == cell


def test_cells_with_delimiters_and_quotes_come_back_as_they_were():
    customer = Assignment(
        customer_id='a"b,c\r\nd',
        recency_days=None,
        orders=0,
        spend=Decimal(-5),
        first_day=None,
        last_day=None,
    )
    segment = ExportedSegment(
        segment_id="no_purchase",
        view="rfm",
        name_code="rfm_no_purchase",
        segmentation="s",
        as_of=date(2026, 5, 3),
    )
    text = "".join(csv_text([customer], segment, name="No purchase"))
    assert text.splitlines(keepends=True)[1:] == [
        '"a""b,c\r\n',
        'd",No purchase,,0,-5.00,,,,s,2026-05-03\r\n',
    ]
