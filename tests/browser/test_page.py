"""The page in a real browser: signed in once, in both languages and themes, down to a phone."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import text

from common.postgres import Postgres
from tests.shops import HABITS, RFM, Shop, add_dataset, add_upload

pytestmark = pytest.mark.browser

Visit = Callable[..., BrowserContext]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 320, "height": 640}


def sign_in(profile: BrowserContext, token: str) -> Page:
    """Type the token into the form, as one does once; watch for what the browser complains of."""
    page = profile.new_page()
    page.complaints = []
    page.on("console", lambda said: said.type == "error" and page.complaints.append(said.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto("/")
    page.locator("#token").fill(token)
    page.locator("main button").click()
    page.wait_for_url("**/")
    return page


LOOKS = [
    {"locale": locale, "color_scheme": theme, "viewport": size}
    for locale in ("en-GB", "es-ES")
    for theme in ("light", "dark")
    for size in (DESKTOP, PHONE)
]
WORDS = {
    "en-GB": ("en", "Champions", "12,412 of 12,424 rows are in; 12 need you."),
    "es-ES": ("es", "Campeones", "Entraron 12.412 de 12.424 filas; 12 necesitan su atención."),
}


@pytest.mark.parametrize(
    "look",
    LOOKS,
    ids=lambda look: f"{look['locale']}-{look['color_scheme']}-{look['viewport']['width']}",
)
def test_segments_chart_table_and_files_are_there(
    visit: Visit, shop: Shop, tmp_path: Path, look: dict
):
    page = sign_in(visit(**look), shop.owner)
    language, best, state = WORDS[look["locale"]]

    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".card h2").first).to_have_text(best)
    expect(page.locator(".card")).to_have_count(len(RFM))
    expect(page.locator("svg rect.revenue")).to_have_count(len(RFM))
    expect(page.locator(".measures-table tbody tr")).to_have_count(len(RFM))
    expect(page.locator("#uploads")).to_contain_text(state)
    expect(page.locator("#notices li")).to_have_count(2)
    page.screenshot(path=tmp_path / "page.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= look["viewport"]["width"]
    assert page.evaluate(_CUT_OFF) == []
    assert page.complaints == []


# Words of the chart that reach beyond it.
_CUT_OFF = """() => {
  const chart = document.querySelector('.chart svg').getBoundingClientRect();
  return [...document.querySelectorAll('.chart svg text')]
    .filter((text) => text.getBoundingClientRect().right > chart.right)
    .map((text) => text.textContent);
}"""


def test_chart_and_table_show_the_same_numbers(visit: Visit, shop: Shop):
    page = sign_in(visit(locale="en-GB"), shop.owner)
    shown = page.locator("svg text:not(.name)").all_text_contents()
    table = [
        row.locator("td").all_text_contents()
        for row in page.locator(".measures-table tbody tr").all()
    ]
    assert shown == [cell for row in table for cell in (row[3], row[1])]


def test_habits_are_the_other_view_and_language_is_remembered(visit: Visit, shop: Shop):
    page = sign_in(visit(locale="en-GB"), shop.owner)
    page.get_by_role("link", name="By buying habits").click()
    expect(page.locator(".card")).to_have_count(len(HABITS))
    page.locator(".languages a[lang=es]").click()
    expect(page.locator(".views a[aria-current]")).to_have_text("Por hábitos de compra")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "es")


def test_the_token_is_asked_for_once_and_scripts_cannot_read_it(visit: Visit, shop: Shop):
    profile = visit()
    page = profile.new_page()
    page.goto(f"/sign-in?token={shop.owner}")
    assert "token" not in page.url
    assert shop.owner not in page.evaluate("document.cookie")
    again = profile.new_page()
    again.goto("/")
    expect(again.locator(".card").first).to_be_visible()


def test_names_from_outside_are_text_never_markup(visit: Visit, shop: Shop):
    page = sign_in(visit(), shop.owner)
    expect(page.locator("#uploads")).to_contain_text("<script>alert(1)</script>.csv")
    expect(page.locator("#branch option").nth(1)).to_have_text("Norte <&>")


def test_an_uploader_sees_files_but_no_segments(visit: Visit, shop: Shop):
    page = sign_in(visit(), shop.uploader)
    expect(page.locator("#uploads li").first).to_be_visible()
    expect(page.locator(".card")).to_have_count(0)


def test_an_empty_page_says_what_to_do_next_and_shows_what_comes(
    visit: Visit, empty_shop: Shop, app: Postgres
):
    page = sign_in(visit(locale="en-GB"), empty_shop.owner)
    expect(page.locator("h1")).to_have_text("Start with one file")
    with app.transaction(empty_shop.client) as connection:
        add_upload(connection, empty_shop.client, id="first", state="reading")
    # Nobody presses reload.
    expect(page.locator("h1")).to_have_text("Your segments are on their way", timeout=30_000)


def test_a_file_is_sent_from_the_page_and_told_when_it_is_known(
    visit: Visit, empty_shop: Shop, app: Postgres, tmp_path: Path
):
    file = tmp_path / "ventas mayo.csv"
    file.write_text("customer,date,amount\n1,2026-05-01,10\n")
    page = sign_in(visit(locale="en-GB"), empty_shop.owner)
    page.locator("#branch").select_option("norte")
    page.locator("#file").set_input_files(file)
    page.locator(".sender button").click()
    expect(page.locator(".outcome.done")).to_be_visible()
    with app.transaction(empty_shop.client) as connection:
        link = connection.execute(text("SELECT branch_id, filename FROM upload_links")).one()
        assert tuple(link) == ("norte", "ventas mayo.csv")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        add_upload(
            connection,
            empty_shop.client,
            id="first",
            state="stored",
            sha256=digest,
            filename="ventas mayo.csv",
        )
        add_dataset(connection, empty_shop.client, digest, first="first", accepted=1, rejected=0)

    page.locator("#file").set_input_files(file)
    page.locator(".sender button").click()
    expect(page.locator(".outcome.known")).to_contain_text("You already uploaded this file on")
    assert [said for said in page.complaints if "409" not in said] == []


def test_who_was_signed_out_elsewhere_is_shown_the_way_in(
    visit: Visit, empty_shop: Shop, tmp_path: Path
):
    file = tmp_path / "ventas.csv"
    file.write_text("customer,date,amount\n1,2026-05-01,10\n")
    profile = visit(locale="en-GB")
    page = sign_in(profile, empty_shop.owner)
    profile.clear_cookies(name="datacore_token")
    page.locator("#file").set_input_files(file)
    page.locator(".sender button").click()
    expect(page.locator(".outcome.wrong")).to_contain_text("You are signed out")
    page.locator(".outcome").get_by_role("link", name="Sign in").click()
    expect(page.locator("#token")).to_be_visible()


def test_without_scripts_everything_is_read_and_a_file_is_sent(
    visit: Visit, shop: Shop, app: Postgres, tmp_path: Path
):
    file = tmp_path / "ventas.csv"
    file.write_text("customer,date,amount\n1,2026-05-01,10\n")
    profile = visit(java_script_enabled=False, locale="en-GB")
    page = profile.new_page()
    page.goto("/")
    page.locator("#token").fill(shop.owner)
    page.locator("main button").click()
    expect(page.locator(".card")).to_have_count(len(RFM))
    page.get_by_role("button", name="Continue").click()
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Sent. It is read as soon as it has arrived")
    page.get_by_role("link", name="Back to the overview").click()
    expect(page.locator("#uploads")).to_be_visible()
    with app.transaction(shop.client) as connection:
        assert connection.execute(text("SELECT count(*) FROM upload_links")).scalar_one() == 1


UNNAMED = ("column_1 (C7; C8)", "column_2 (2026-01-31)", "column_3 (9.50; 4.25)")
NAMED = {"customer_id": "column_1", "ordered_at": "column_2", "amount": "column_3"}


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (
            {"locale": "en-GB", "java_script_enabled": False},
            ("Customer", "Date", "Amount", "Read the file this way", "Still to say"),
        ),
        (
            {"locale": "es-ES", "viewport": PHONE},
            ("Cliente", "Fecha", "Importe", "Leer el archivo así", "Falta decir"),
        ),
    ],
)
def test_what_each_column_holds_is_chosen_beside_its_values(
    visit: Visit, empty_shop: Shop, app: Postgres, look: dict, words: tuple[str, ...]
):
    *labels, send, wrong = words
    with app.transaction(empty_shop.client) as connection:
        add_upload(
            connection,
            empty_shop.client,
            id="asked",
            state="needs_answer",
            reason="unnamed_columns",
            params={
                "columns": list(NAMED.values()),
                "candidates": list(UNNAMED),
                "answers": [NAMED],
            },
        )
    page = sign_in(visit(**look), empty_shop.owner)
    page.goto("/files/asked")
    for column, label in zip(UNNAMED[:2], labels[:2], strict=True):
        page.get_by_label(column).select_option(label=label)
    page.get_by_role("button", name=send).click()
    expect(page.get_by_role("alert")).to_contain_text(wrong)
    expect(page.get_by_label(UNNAMED[0])).to_have_value("customer_id")  # nothing is chosen twice
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.get_by_label(UNNAMED[2]).select_option(label=labels[2])
    page.get_by_role("button", name=send).click()
    page.wait_for_url("**/files/asked")
    expect(page.get_by_role("button", name=send)).to_have_count(0)
    with app.transaction(empty_shop.client) as connection:
        decided = connection.execute(text("SELECT settings FROM branch_profiles")).scalar_one()
    assert decided == {f"columns.{ours}": name for ours, name in NAMED.items()}


def test_answers_are_as_far_apart_as_what_they_mean(visit: Visit, shop: Shop):
    page = sign_in(visit(locale="en-GB", viewport=PHONE), shop.owner)
    page.goto("/files/up-asked")
    answers = page.locator(".answers button")
    expect(answers).to_have_count(2)
    above, below = (each.bounding_box() for each in answers.all())
    assert below["y"] - (above["y"] + above["height"]) >= 12


def test_the_page_of_a_file_shows_what_became_of_it_and_then_rests(
    visit: Visit, shop: Shop, app: Postgres
):
    page = sign_in(visit(locale="en-GB"), shop.owner)
    page.goto("/files/up-reading")
    back = page.get_by_role("link", name="Back to the overview")
    back.focus()
    expect(page.locator("main .lead")).to_have_text("Being read now.")
    with app.transaction(shop.client) as connection:
        connection.execute(
            text("UPDATE uploads SET state = 'stored', sha256 = :sha256 WHERE id = 'up-reading'"),
            {"sha256": "2" * 64},
        )
    # Nobody presses reload.
    expect(page.locator("main .lead")).to_have_text("All 8,230 rows are in.")
    expect(page.get_by_role("heading", name="The balance of this file")).to_be_visible()
    expect(back).to_be_focused()
    expect(page.locator("[data-live]")).to_have_count(0)


def test_a_phone_shows_every_place_below_the_client_and_the_way_out(visit: Visit, shop: Shop):
    page = sign_in(visit(locale="en-GB", viewport=PHONE), shop.owner)
    places = page.locator(".places a")
    expect(places).to_have_text(["Segments", "Files", "Send a file"])
    for place in places.all():
        expect(place).to_be_visible()
    client, out, first = (
        page.locator(name).bounding_box() for name in (".client", ".top form", ".places")
    )
    assert client["x"] + client["width"] <= out["x"]
    assert client["y"] < out["y"] + out["height"] <= first["y"]


def test_older_files_lead_back_to_the_newest_in_either_language(
    visit: Visit, shop: Shop, app: Postgres
):
    with app.transaction(shop.client) as connection:
        for number in range(20):
            add_upload(connection, shop.client, id=f"more-{number}", state="removed")
    page = sign_in(visit(locale="en-GB", viewport=PHONE), shop.owner)
    expect(page.get_by_role("link", name="Newest files")).to_have_count(0)
    page.get_by_role("link", name="Older files").click()
    oldest = page.locator(".uploads .filename").first.text_content()
    page.locator(".languages a[lang=es]").click()
    expect(page.locator(".uploads .filename").first).to_have_text(oldest)
    page.get_by_role("link", name="Archivos más recientes").click()
    expect(page.get_by_role("link", name="Archivos anteriores")).to_be_visible()
    assert page.locator(".uploads .filename").first.text_content() != oldest


def test_everything_is_named_and_reached_by_keyboard(visit: Visit, shop: Shop, app: Postgres):
    with app.transaction(shop.client) as connection:
        for number in range(20):  # so that there are older ones
            add_upload(connection, shop.client, id=f"more-{number}", state="removed")
    page = sign_in(visit(locale="en-GB", viewport=PHONE), shop.owner)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('a, button, input, select, summary')]
            .filter((e) => e.type !== 'hidden' && e.checkVisibility()
                && !(e.ariaLabel || e.textContent.trim() || e.labels?.length))
            .map((e) => e.outerHTML)"""
    )
    assert nameless == []
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            'button, select, input, .views a, .export, .places a, .turn a, summary')]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 24)
            .map((e) => e.outerHTML)"""
    )
    assert small == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out_from_its_ground(visit: Visit, shop: Shop, theme: str):
    page = sign_in(visit(color_scheme=theme), shop.owner)
    assert page.evaluate(_FAINT_TEXT) == []


# Contrast as WCAG 2.2 defines it, of every element that has text of its own.
_FAINT_TEXT = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (numbers(colour)[3] !== 0) return colour;
    }
  };
  const hasText = (element) => [...element.childNodes].some(
    (node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  return [...document.body.querySelectorAll('*')]
    .filter((e) => hasText(e) && e.checkVisibility() && !['TITLE', 'DESC'].includes(e.tagName.toUpperCase()))
    .map((e) => {
      const style = getComputedStyle(e);
      const ink = e instanceof SVGElement ? style.fill : style.color;
      const [a, b] = [luminance(ink), luminance(ground(e))].sort((x, y) => y - x);
      return { text: e.textContent.trim().slice(0, 40), ratio: (a + 0.05) / (b + 0.05) };
    })
    .filter(({ ratio }) => ratio < 4.5);
}"""
