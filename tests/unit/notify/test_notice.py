from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from common import events
from common.texts import say
from functions.notify.notice import (
    Form,
    Notice,
    Segmentation,
    Upload,
    of_drift,
    of_segmentation,
    of_silence,
    of_upload,
)

pytestmark = pytest.mark.unit

MAY = datetime(2024, 5, 3, 9, 30, tzinfo=UTC)


def upload(**changes: object) -> Upload:
    facts = {
        "id": "u1",
        "filename": "ventas.csv",
        "reason": None,
        "params": {},
        "accepted": 12_412,
        "rejected": 12,
    }
    return Upload(**{**facts, **changes})


def event(cls: type[events.UploadEvent]) -> events.UploadEvent:
    return cls(client="acme", upload="u1")


def test_rejected_rows_are_told_with_their_number():
    notice = of_upload(event(events.UploadStored), upload())

    assert say(notice.code, notice.params) == (
        "12,412 of 12,424 rows of ventas.csv are in. Rows that need you: 12."
    )
    assert say(notice.code, notice.params, language="es").startswith(
        "Entraron 12.412 de 12.424 filas"
    )


def test_one_row_is_one_row():
    notice = of_upload(event(events.UploadStored), upload(accepted=1, rejected=1))

    assert say(notice.code, notice.params).startswith("1 of 2 rows of ventas.csv is in.")
    assert say(notice.code, notice.params, language="es").startswith("Entró 1 de 2 filas")


def test_a_file_without_rejected_rows_needs_nobody():
    notice = of_upload(event(events.UploadStored), upload(accepted=12_424, rejected=0))

    assert say(notice.code, notice.params) == "Every row of ventas.csv is in: 12,424."


def test_rows_that_the_file_itself_leaves_out_are_told_apart():
    stored = upload(accepted=10, rejected=0, left_out={"voided": 12, "shipping": 1})
    notice = of_upload(event(events.UploadStored), stored)

    assert say(notice.code, notice.params) == (
        "Every row of ventas.csv is in: 10. "
        "Left out, as the file itself says: 12 voided lines, 1 shipping line."
    )
    assert say(notice.code, notice.params, language="es").endswith(
        "Fuera quedan, según el propio archivo: 12 líneas anuladas, 1 línea de envío."
    )


def test_what_became_of_discounts_of_whole_orders_is_told():
    shared = {"shared_out": 12, "counted_in_full": 1}
    stored = upload(accepted=10, rejected=0, left_out={"voided": 1}, of_orders=shared)
    notice = of_upload(event(events.UploadStored), stored)

    assert say(notice.code, notice.params) == (
        "Every row of ventas.csv is in: 10. Left out, as the file itself says: 1 voided line. "
        "Discounts and refunds of whole orders: shared out among the lines of 12 orders, "
        "not taken off 1 order, whose sums do not come out."
    )
    assert say(notice.code, notice.params, language="es").endswith(
        "Descuentos y reembolsos de pedidos enteros: repartidos entre las líneas de 12 pedidos, "
        "no restados de 1 pedido, cuyas sumas no cuadran."
    )


def test_a_file_without_rows_says_so():
    notice = of_upload(event(events.UploadStored), upload(accepted=0, rejected=0))

    assert notice.code == "notice_no_rows"


def test_a_duplicate_names_the_first_upload_and_its_day():
    again = upload(first_filename="ventas_abril.csv", first_stored_at=MAY)

    notice = of_upload(event(events.UploadDuplicated), again)

    assert say(notice.code, notice.params) == (
        "You already uploaded ventas.csv on May 3, 2024 as ventas_abril.csv. "
        "Nothing was counted again."
    )


def test_days_are_those_of_the_branch_or_of_utc_whatever_zone_the_ledger_answers_in():
    evening = datetime(2024, 5, 3, 2, 30, tzinfo=UTC).astimezone(ZoneInfo("Asia/Tokyo"))
    again = upload(
        first_filename="a.csv", first_stored_at=evening, first_timezone="America/Mexico_City"
    )
    understood = {"header": ["a"], "mapping": {}, "delimiter": ",", "date_order": None}
    understood["decimal_mark"] = None
    form = Form(
        upload="u2",
        filename="b.csv",
        branch="Centro",
        timezone="America/Mexico_City",
        stored_at=evening,
        understanding=understood | {"delimiter": ";"},
        before=understood,
    )
    silence = events.BranchSilent(
        client="acme", branch="centro", last_upload="u1", last_at=evening, usual_days=2
    )

    assert "on May 2, 2024" in said(of_upload(event(events.UploadDuplicated), again))
    assert "Since b.csv of May 2, 2024" in said(of_drift(form))
    assert "nothing since May 3, 2024" in said(of_silence(silence))


def said(notice: Notice) -> str:
    return say(notice.code, notice.params)


@pytest.mark.parametrize(
    "cls", [events.UploadRejected, events.UploadNeedsAnswer, events.UploadParked]
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_reason_is_said_in_the_reader_s_language(cls, language):
    reason = {"code": "notice_no_rows", "params": {"filename": "other.csv"}}

    notice = of_upload(event(cls), upload(reason=reason["code"], params=reason["params"]))

    sentence = say(notice.code, notice.params, language=language)
    assert sentence.startswith("ventas.csv")
    assert sentence.endswith(say(**reason, language=language))


def test_uploads_are_told_to_owners_and_uploaders_and_segments_to_owners_and_analysts():
    segments = of_segmentation(Segmentation(as_of=date(2024, 5, 31), customers=4_372))

    assert of_upload(event(events.UploadStored), upload()).roles == ("owner", "uploader")
    assert segments.roles == ("owner", "analyst")


def test_new_segments_are_told_with_their_date():
    notice = of_segmentation(Segmentation(as_of=date(2024, 5, 31), customers=4_372))

    assert say(notice.code, notice.params) == (
        "New segments are ready: customers 4,372, data as of May 31, 2024."
    )


def test_a_client_without_rows_is_told_that_the_segments_are_gone():
    notice = of_segmentation(Segmentation(as_of=None, customers=0))

    assert say(notice.code, notice.params).startswith("There are no segments now")


def test_nobody_is_told_about_other_events():
    with pytest.raises(TypeError, match="UploadEvent"):
        of_upload(events.UploadEvent(client="acme", upload="u1"), upload())
