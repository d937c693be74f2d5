"""The gallery: what there is, searched and filtered."""

import re

from conftest import visit
from playwright.sync_api import Page, expect


def test_the_gallery_shows_every_model_with_what_it_draws(page: Page, base: str) -> None:
    """Each bundled model is a card with its family, its operations and a drawing: pictures or rows."""
    visit(page, base, "", "Models")
    expect(page.get_by_role("status").filter(has_text=re.compile(r"\d+ models"))).to_be_visible()
    card = page.locator(".card").filter(has=page.get_by_role("link", name="fashion-mnist", exact=True))
    picture = card.get_by_role("img", name="16 samples of fashion-mnist@1")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    expect(card.get_by_role("list", name="Operations")).to_contain_text("reconstruct")
    expect(card).to_contain_text("Variational autoencoder")
    wine = page.locator(".card").filter(has=page.get_by_role("link", name="white-wine", exact=True))
    wine.scroll_into_view_if_needed()
    table = wine.get_by_role("table")
    expect(table.locator("thead th").first).to_have_text("fixed acidity")
    expect(table.locator("tbody tr")).to_have_count(4)


def test_a_search_of_the_gallery_is_kept_in_the_address(page: Page, base: str) -> None:
    """What is searched for stands in the address, and the address shows the same cards again."""
    visit(page, base, "", "Models")
    page.get_by_label("Search").fill("wine")
    expect(page.locator(".card")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"#/\?search=wine$"))
    page.reload()
    expect(page.get_by_label("Search")).to_have_value("wine")
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_label("Family").select_option("gmdgm")
    expect(page.get_by_text("No model meets these conditions.")).to_be_visible()
    page.get_by_label("Search").fill("")
    expect(page.get_by_role("link", name="fashion-mnist-clusters")).to_be_visible()
    expect(page).to_have_url(re.compile(r"#/\?family=gmdgm$"))


def test_an_empty_store_says_what_to_do_first(page: Page, base: str) -> None:
    """Where there is no model, the gallery leads to uploading and to training."""
    page.route(re.compile(r"/v1/models(\?|$)"), lambda route: route.fulfill(json={"models": [], "next_page_token": None}))
    visit(page, base, "", "Models")
    expect(page.get_by_role("heading", name="There is no model yet")).to_be_visible()
    expect(page.get_by_role("link", name="Upload a model file")).to_have_attribute("href", "#/registry")
    expect(page.get_by_role("link", name="Drop a table")).to_have_attribute("href", "#/train")
    page.unroute_all()


def test_a_model_that_can_not_answer_says_so(page: Page, base: str) -> None:
    """A failure of the live version and the lack of one stand on the card."""
    entry = {"name": "broken", "description": "", "tags": {}, "created_at": "2026-01-01T00:00:00Z", "versions": 1, "latest_version": 1,
             "live_version": 1, "family": "vae", "operations": ["sample"], "parameter_count": 3, "digest": "sha256:0", "failure": "The file is gone."}
    models = [entry, {**entry, "name": "waiting", "live_version": None, "failure": None}]
    page.route(re.compile(r"/v1/models(\?|$)"), lambda route: route.fulfill(json={"models": models, "next_page_token": None}))
    visit(page, base, "", "Models")
    expect(page.locator(".card").filter(has_text="broken")).to_contain_text("The file is gone.")
    expect(page.locator(".card").filter(has_text="waiting")).to_contain_text("No live version; the last is 1.")
    page.unroute_all()
