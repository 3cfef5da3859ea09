"""Rejected rows go out, are mended and come back: on the real servers, through the API."""

import csv as csv_files
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

import pytest
from starlette.testclient import TestClient

from common.events import ObjectCreated, upload_id
from common.mongo import Mongo
from common.settings import Settings
from functions.report_api.__main__ import build
from functions.report_api.accounts import create_user
from tests.conftest import create_client as create_other
from tests.integration.pipeline import Pipeline, csv, running

pytestmark = pytest.mark.integration

# Lines 3, 5 and 6 are bad; the order of line 3 has a good line too.
SALES = csv(
    "1,2026-04-13,ana,tea,2,3.50",
    "1,soon,ana,=cake,1,4.00",
    "2,2026-04-14,bea,tea,1,4.25",
    "3,later,bea,'+tea,1,8.00",
    "4,2026-04-15,bea,tea;=1+1,one,16.00",
)
GOOD = Decimal("11.25")
MENDED = {3: ("soon", "2026-04-13"), 5: ("later", "2026-04-14"), 6: (",one,", ",1,")}
WORTH = {3: Decimal(4), 5: Decimal(8), 6: Decimal(16)}


@dataclass(kw_only=True)
class Loop:
    """A client's files as they go in, and the rejected rows as they come out."""

    pipeline: Pipeline
    web: TestClient
    token: str

    def ask(self, path: str, **query: str):
        return self.web.get(
            f"/clients/{self.pipeline.client}/{path}",
            params=query,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def put(self, key: str, body: bytes) -> str:
        """Put a file and have it read; return its upload."""
        self.pipeline.settle(self.pipeline.put(key, body))
        return self.pipeline.upload(key).id

    def rejected(self, upload: str, **query: str) -> str:
        answer = self.ask(f"uploads/{upload}/rejected.csv", **query)
        assert answer.status_code == 200, answer.text
        return answer.content.decode("utf-8-sig")

    def shown(self, upload: str) -> dict:
        return self.ask(f"uploads/{upload}").json()


@pytest.fixture
def loop(settings: Settings, app, client: str) -> Iterator[Loop]:
    token = create_user(app, client=client, user="owner", name="Client", role="owner")
    with TestClient(build(settings), base_url=settings.api_public_url) as web:
        for pipeline in running(settings, client):
            yield Loop(pipeline=pipeline, web=web, token=token)


def mended(text: str, *lines: int) -> bytes:
    """Correct these lines of a file of rejected rows, and leave the others out."""
    header, *rows = text.splitlines()
    kept = [row for row in rows if int(row.split(",")[1]) in lines]
    return "\r\n".join([header, *(_correct(row) for row in kept), ""]).encode()


def _correct(row: str) -> str:
    # The sentence in front repeats what was wrong.
    upload, line, *rest = next(csv_files.reader([row]))
    cells = ",".join(rest[1:])
    return ",".join([upload, line, '"mended, I think"', cells.replace(*MENDED[int(line)])])


def test_only_the_bad_rows_go_out_with_their_line_and_reason(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    rows = list(csv_files.reader(io.StringIO(loop.rejected(upload))))
    original = [line.split(",") for line in SALES.decode().splitlines()]
    assert rows[0] == ["_upload", "_line", "_error", *original[0]]
    assert [(row[0], row[1]) for row in rows[1:]] == [(upload, line) for line in ("3", "5", "6")]
    assert all("Line" in row[2] for row in rows[1:])
    product = {
        "3": "'=cake",
        "5": "''+tea",
        "6": "tea;'=1+1",
    }  # nothing that a spreadsheet would run
    for row in rows[1:]:
        expected = original[int(row[1]) - 1]
        assert row[3:] == [*expected[:3], product[row[1]], *expected[4:]]
    assert loop.rejected(upload, lang="es").count("Línea") == 3


def test_mended_rows_count_with_their_file_and_come_back_as_they_were(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    repair = loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5, 6))
    assert loop.pipeline.states() == {
        "centro/mended.csv": ["stored"],
        "centro/sales.csv": ["stored"],
    }
    assert loop.pipeline.revenue() == GOOD + 28

    shown = loop.shown(upload)
    assert (shown["balance"]["accepted"], shown["balance"]["amount"]) == (2, "11.25")
    assert (shown["repaired"]["rows"], shown["repaired"]["open"]) == (3, 0)
    together = shown["repaired"]["balance"]
    assert (together["accepted"], together["rejected"], together["amount"]) == (5, 0, "39.25")
    assert together["rows_in"] == sum(
        together[name] for name in ("accepted", "rejected", "left_out", "blank", "repeated")
    )
    assert shown["repaired_by"] == [
        {"id": repair, "filename": "mended.csv", "rows": 3, "counted": 3}
    ]
    assert shown["sentence"] == "All 5 rows are in, 3 of them mended later."
    assert loop.shown(repair)["sentence"].endswith("They mend 3 lines of earlier files.")
    products = {
        row["product"]
        for table in frame_of(loop, repair)
        for row in table.select(["product"]).to_pylist()
    }
    assert products == {"=cake", "'+tea", "tea;=1+1"}


def frame_of(loop: Loop, upload: str):
    settings, client = loop.pipeline.settings, loop.pipeline.client
    (row,) = loop.pipeline.rows(
        "SELECT frame_id FROM datasets JOIN uploads USING (client_id, sha256) WHERE id = :id",
        id=upload,
    )
    mongo = Mongo(settings.mongo_url, settings.mongo_database)
    yield from mongo.read(client, row.frame_id)
    mongo.close()


def test_a_mended_line_joins_its_order_and_replaces_nothing(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3))
    replaced = loop.pipeline.rows(
        "SELECT sum(replaced_rows) AS rows FROM contributions"
        " WHERE segmentation_id = (SELECT segmentation_id FROM clients)"
    )
    assert replaced[0].rows == 0
    assert loop.pipeline.revenue() == GOOD + 4
    orders = {row[0]: row[3] for row in loop.pipeline.report()["assignments"]}
    assert orders == {"ana": 1, "bea": 1}


def test_mended_in_one_file_or_line_by_line_the_report_is_the_same(loop: Loop):
    right = SALES.replace(b"soon", b"2026-04-13").replace(b"later", b"2026-04-14")
    right = right.replace(b",one,", b",1,")
    loop.put("norte/right.csv", right)
    expected = loop.pipeline.report()["assignments"]
    loop.pipeline.settle(loop.pipeline.delete("norte/right.csv"))

    upload = loop.put("norte/sales.csv", SALES)
    out = loop.rejected(upload)
    for line in WORTH:
        loop.put(f"norte/{line}.csv", mended(out, line))
    assert loop.pipeline.report()["assignments"] == expected


def test_what_is_mended_does_not_go_out_again(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    out = loop.rejected(upload)
    loop.put("centro/mended.csv", mended(out, 3, 6))
    rest = loop.rejected(upload).splitlines()
    assert len(rest) == 2
    assert rest[1].startswith(f"{upload},5,")
    shown = loop.shown(upload)
    assert [row["line"] for row in shown["rejected"]] == [5]
    assert shown["rejected_total"] == shown["repaired"]["open"] == 1
    assert shown["sentence"] == "4 of 5 rows are in, 2 of them mended later; 1 needs you."


def test_a_repair_sent_twice_counts_once(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    body = mended(loop.rejected(upload), 3, 5)
    loop.put("centro/mended.csv", body)
    loop.put("centro/again.csv", body)
    loop.put("centro/saved.csv", body.replace(b"\r\n", b"\n"))
    states = loop.pipeline.states()
    assert states["centro/again.csv"] == states["centro/saved.csv"] == ["duplicate"]
    assert loop.pipeline.revenue() == GOOD + 12


def test_in_every_order_each_line_counts_once_and_the_newest_mending_wins(loop: Loop):
    first = loop.put("centro/first.csv", SALES)
    out = loop.rejected(first)
    loop.pipeline.settle(loop.pipeline.delete("centro/first.csv"))
    for number, order in enumerate(permutations(range(3))):
        sales = loop.pipeline.put(f"centro/{number}/sales.csv", SALES)
        upload = upload_id(sales.object)
        mine = out.replace(first, upload)
        # Both mend line 5; the later one says otherwise.
        bodies = (mended(mine, 3, 5), mended(mine, 5, 6).replace(b"8.00", b"9.00"))
        keys = [f"centro/{number}/{name}.csv" for name in ("older", "newer")]
        events = [sales, *map(loop.pipeline.put, keys, bodies)]
        for place in order:
            loop.pipeline.settle(events[place])
        assert loop.pipeline.revenue() == GOOD + 4 + 9 + 16
        older, newer = (loop.shown(upload_id(event.object)) for event in events[1:])
        assert older["repairs"] == {"rows": 2, "counted": 1}
        assert "1 of 2 counts" in older["sentence"]
        assert newer["repairs"] == {"rows": 2, "counted": 2}
        assert loop.shown(upload)["repaired"]["open"] == 0
        for event in events:
            key = event.object.key.partition("/")[2]
            loop.pipeline.settle(loop.pipeline.delete(key))


def test_a_removed_file_takes_the_effect_of_its_repairs_with_it(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/other.csv", csv("9,2026-04-20,zoe,tea,1,100.00"))
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5, 6))
    assert loop.pipeline.revenue() == GOOD + 128
    marker = loop.pipeline.delete("centro/sales.csv")
    loop.pipeline.settle(marker)
    assert loop.pipeline.revenue() == 100
    loop.pipeline.settle(loop.pipeline.delete("centro/sales.csv", marker.object.version_id))
    assert loop.pipeline.revenue() == GOOD + 128


def test_with_nothing_but_repairs_there_is_no_report(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3))
    loop.pipeline.settle(loop.pipeline.delete("centro/sales.csv"))
    assert loop.ask("report").json() == {"state": "no_data"}


def test_a_corrected_whole_file_makes_its_repairs_needless(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5))
    right = SALES.replace(b"soon", b"2026-04-13").replace(b"later", b"2026-04-14")
    loop.put("centro/sales.csv", right)
    assert loop.pipeline.revenue() == GOOD + 12
    assert loop.shown(loop.pipeline.upload("centro/mended.csv").id)["repairs"]["counted"] == 0


def test_the_same_bytes_put_again_keep_their_repairs(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5))
    loop.put("centro/sales.csv", SALES)
    assert loop.pipeline.revenue() == GOOD + 12


def test_without_the_repair_its_lines_are_open_again(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5))
    loop.pipeline.settle(loop.pipeline.delete("centro/mended.csv"))
    assert loop.pipeline.revenue() == GOOD
    assert loop.shown(upload)["repaired"]["open"] == 3


def test_rows_that_are_still_bad_go_out_again_for_the_first_file(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    out = loop.rejected(upload)
    half = mended(out, 3, 5).replace(b"2026-04-14", b"some day")
    repair = loop.put("centro/half.csv", half)
    assert loop.pipeline.revenue() == GOOD + 4
    again = loop.rejected(repair).splitlines()
    assert len(again) == 2
    assert again[1].startswith(f"{upload},5,")
    assert "''+tea" in again[1]
    shown = loop.shown(repair)
    assert (shown["repaired"]["open"], shown["rejected_total"]) == (1, 1)

    loop.put("centro/rest.csv", "\n".join(again).replace("some day", "2026-04-14").encode())
    assert loop.pipeline.revenue() == GOOD + 12
    shown = loop.shown(repair)
    assert {name: shown["repaired"][name] for name in ("rows", "elsewhere", "open")} == {
        "rows": 0,
        "elsewhere": 1,
        "open": 0,
    }
    assert shown["repaired"]["balance"]["accepted"] == shown["balance"]["accepted"] == 1
    assert shown["rejected"] == []
    assert len(loop.rejected(repair).splitlines()) == 1
    assert shown["sentence"] == (
        "All 2 rows are in, 1 of them mended later. They mend 1 line of earlier files."
    )
    (listed,) = (each for each in loop.ask("uploads").json()["uploads"] if each["id"] == repair)
    assert listed["repaired"] == shown["repaired"]

    loop.pipeline.settle(loop.pipeline.delete("centro/rest.csv"))
    assert loop.shown(repair)["repaired"]["open"] == 1
    assert len(loop.rejected(repair).splitlines()) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda body, _: body.replace(b",5,", b",2,"),
        lambda body, _: body.replace(b",5,", b",fifth,"),
        lambda body, upload: body.replace(upload.encode(), b"00000000-0000-0000-0000-000000000000"),
        lambda body, upload: body.replace(upload.encode(), b""),
    ],
    ids=["a line that was never bad", "no line", "an unknown file", "no file"],
)
def test_a_row_that_mends_no_bad_line_counts_nothing(
    loop: Loop, change: Callable[[bytes, str], bytes]
):
    upload = loop.put("centro/sales.csv", SALES)
    repair = loop.put("centro/mended.csv", change(mended(loop.rejected(upload), 5), upload))
    assert loop.pipeline.upload("centro/mended.csv").state == "stored"
    assert loop.pipeline.revenue() == GOOD
    assert loop.shown(repair)["repairs"] == {"rows": 1, "counted": 0}


def test_a_row_that_names_no_line_at_all_is_a_row_like_any(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    body = mended(loop.rejected(upload), 5) + b",,,9,2026-04-20,zoe,tea,1,100.00\r\n"
    loop.put("centro/mended.csv", body)
    assert loop.pipeline.revenue() == GOOD + 8 + 100


def test_another_client_mends_nothing(loop: Loop, settings: Settings, app):
    upload = loop.put("centro/sales.csv", SALES)
    body = mended(loop.rejected(upload), 3, 5)
    other = create_other(app, f"{loop.pipeline.client}-b")
    for pipeline in running(settings, other):
        pipeline.settle(pipeline.put("centro/mended.csv", body))
        assert pipeline.upload("centro/mended.csv").state == "stored"
        assert pipeline.revenue() == 0
    assert loop.pipeline.revenue() == GOOD
    assert loop.shown(upload)["repaired"]["open"] == 3


def test_read_anew_everything_counts_the_same(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.put("centro/mended.csv", mended(loop.rejected(upload), 3, 5))
    before = loop.pipeline.report()
    for key in ("centro/mended.csv", "centro/sales.csv"):
        row = loop.pipeline.upload(key)
        ref = loop.pipeline.ref(key, row.version_id)
        event = ObjectCreated(object=ref, source="replay", generation=row.generation + 1)
        loop.pipeline.settle(event)
    assert loop.pipeline.report() == before


def test_semicolons_and_a_mark_read_back_too(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    rows = list(
        csv_files.reader(
            io.StringIO(loop.rejected(upload, delimiter=";", bom="true")), delimiter=";"
        )
    )
    text = io.StringIO()
    writer = csv_files.writer(text, delimiter=";")
    writer.writerows([rows[0], *([c.replace("soon", "2026-04-13") for c in r] for r in rows[1:2])])
    loop.put("centro/mended.csv", text.getvalue().encode("utf-8-sig"))
    assert loop.pipeline.revenue() == GOOD + 4


def test_a_file_without_bad_rows_has_none_to_give(loop: Loop):
    upload = loop.put("centro/a.csv", csv("1,2026-04-13,ana,tea,2,3.50"))
    assert loop.ask(f"uploads/{upload}/rejected.csv").status_code == 404


def test_the_page_links_the_rows_to_mend_and_the_file_that_mended_them(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.web.cookies.set("datacore_token", loop.token)
    page = loop.web.get(f"/files/{upload}").text
    link = page.partition('href="/clients/')[2].partition('"')[0].replace("&amp;", "&")
    assert "Download 3 rows to mend" in page
    assert loop.web.get(f"/clients/{link}").text.count(upload) == 3
    out = loop.rejected(upload)
    loop.put("centro/half.csv", mended(out, 3, 6))
    page = loop.web.get(f"/files/{upload}").text
    assert "Download 1 row to mend" in page
    assert 'data-label="Line">5</th>' in page
    assert page.count("data-label") == 1
    repair = loop.put("centro/mended.csv", mended(out, 3, 5, 6))
    page = loop.web.get(f"/files/{upload}").text
    assert f'href="/files/{repair}"' in page
    assert "rejected.csv" not in page
    assert "Rows that need you" not in page
    assert f'href="/files/{upload}"' in loop.web.get(f"/files/{repair}").text


def test_the_page_gives_spanish_spreadsheets_semicolons(loop: Loop):
    upload = loop.put("centro/sales.csv", SALES)
    loop.web.cookies.set("datacore_token", loop.token)
    page = loop.web.get(f"/files/{upload}?lang=es").text
    link = page.partition('href="/clients/')[2].partition('"')[0].replace("&amp;", "&")
    header, *rows = loop.web.get(f"/clients/{link}").text.splitlines()
    assert "_upload;_line;_error;" in header
    assert len(rows) == 3


def test_pieces_are_told_of_files_that_count_them(loop: Loop):
    loop.web.cookies.set("datacore_token", loop.token)
    counted = loop.put("centro/a.csv", csv("1,2026-04-13,ana,tea,0,3.50"))
    amounts = loop.put("norte/a.csv", b"order_id,date,customer,amount\n1,2026-04-13,ana,3.50\n")
    assert "<dt>Pieces</dt><dd>0</dd>" in loop.web.get(f"/files/{counted}").text
    assert "<dt>Pieces</dt><dd>\N{EN DASH}</dd>" in loop.web.get(f"/files/{amounts}").text


def test_the_page_says_how_a_file_was_read(loop: Loop):
    body = "Nº;Fecha;Cliente;Importe\n1;25/04/2026;ana;3,50 €\n2;26/04/2026;bea;4,25 €\n"
    upload = loop.put("centro/a.csv", body.encode())
    loop.web.cookies.set("datacore_token", loop.token)
    english, spanish = (loop.web.get(f"/files/{upload}?lang={each}").text for each in ("en", "es"))
    for name, value in (("Dates", "day first"), ("Numbers", "decimal comma"), ("Currency", "EUR")):
        assert f"<dt>{name}</dt><dd>{value}</dd>" in english
    for ours, theirs in (("Customer", "Cliente"), ("Date", "Fecha"), ("Amount", "Importe")):
        assert f'<th scope="row">{ours}</th><td><bdi>{theirs}</bdi></td>' in english
    assert "<dt>Fechas</dt><dd>primero el día</dd>" in spanish
    assert '<th scope="row">Cliente</th><td><bdi>Cliente</bdi></td>' in spanish


def test_rows_that_the_file_calls_void_are_nobodys_to_mend(loop: Loop):
    header = b"order_id,date,customer,product,quantity,unit_price,status\n"
    rows = [b"1,2026-04-13,ana,tea,2,3.50,paid\n", b"2,2026-04-13,ana,tea,1,9.00,voided\n"]
    upload = loop.put("centro/a.csv", header + b"".join(rows))
    shown = loop.shown(upload)
    assert (shown["balance"]["rejected"], shown["balance"]["left_out"]) == (0, 1)
    assert shown["left_out"] == {"voided": 1}
    assert (shown["repaired"], shown["rejected"]) == (None, [])
    assert shown["sentence"].startswith(
        "The only row is in. Left out, as the file itself says: 1 voided line."
    )
    assert loop.ask(f"uploads/{upload}/rejected.csv").status_code == 404
    bad = header + b"3,soon,bea,tea,1,4.00,paid\n" + b"".join(rows)
    second = loop.put("centro/b.csv", bad)
    out = loop.rejected(second).splitlines()
    assert [line.split(",")[1] for line in out[1:]] == ["2"]
    assert loop.shown(second)["repaired"]["open"] == 1
