"""The registry: uploads, aliases with their reasons, descriptions, deletion."""

import re
import uuid

from conftest import visit
from playwright.sync_api import Page, expect


def test_a_model_file_is_uploaded_pointed_to_rolled_back_and_deleted(page: Page, base: str) -> None:
    """A file that was downloaded goes up under another name; aliases move with their reasons; the model ends when its name is typed."""
    name = f"walk-{uuid.uuid4().hex[:8]}"
    visit(page, base, "registry/white-wine", "white-wine")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download white-wine@1").click()
    wine = download.value.path()
    visit(page, base, "registry/fashion-mnist", "fashion-mnist")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download fashion-mnist@1").click()
    garments = download.value.path()

    visit(page, base, "registry", "Registry")
    page.get_by_label("Model file").set_input_files({"name": "A Walk's model.safetensors", "mimeType": "", "buffer": open(wine, "rb").read()})
    expect(page.get_by_label("Name", exact=True)).to_have_value("a-walk-s-model")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Reason").fill("the first one")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(f"Registered: {name}@1")).to_be_visible()
    expect(page.locator(".outcome")).to_contain_text("impute, score answered")
    expect(page.locator(".outcome")).to_contain_text(re.compile(r"sha256:[0-9a-f]{64}"))
    page.get_by_role("region", name="Models").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    page.get_by_label("Model file").set_input_files({"name": "garments.safetensors", "mimeType": "", "buffer": open(garments, "rb").read()})
    page.locator("form").get_by_label("Alias to point to it").select_option("none")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Version 2")).to_be_visible()

    live = page.locator("section.alias").filter(has=page.get_by_role("heading", name="live"))
    live.get_by_label("Reason").fill("<script>garments</script>")
    live.get_by_role("button", name="Move").click()
    expect(live).to_contain_text("means version 2")
    expect(live.get_by_role("listitem").first).to_contain_text("from version 1 to 2")
    expect(live.get_by_role("listitem").first).to_contain_text("<script>garments</script>")
    live.get_by_role("button", name="Roll back to version 1").click()
    expect(live).to_contain_text("means version 1")
    expect(live.get_by_role("listitem")).to_have_count(3)

    page.get_by_role("button", name=f"Delete {name}@2").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the version").click()
    expect(page.get_by_role("heading", name="Version 2")).to_have_count(0)

    page.get_by_role("button", name="Delete the model …").click()
    deleting = page.get_by_role("dialog").get_by_role("button", name="Delete the model")
    expect(deleting).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill(name)
    deleting.click()
    expect(page.get_by_role("heading", name="Registry", level=1)).to_be_visible()
    expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)


def test_a_file_that_is_no_model_is_refused_in_the_servers_words(page: Page, base: str) -> None:
    """The server's reason stands where the file was dropped, and nothing is registered."""
    visit(page, base, "registry", "Registry")
    page.get_by_label("Model file").set_input_files({"name": "noise.safetensors", "mimeType": "", "buffer": b"no model at all"})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".outcome[role=alert]")).to_contain_text("The file is no usable model")
    page.reload()
    expect(page.get_by_role("link", name="noise", exact=True)).to_have_count(0)


def test_a_model_is_described_and_tagged(page: Page, base: str) -> None:
    """Description and tags are written, found by the gallery, and taken away again."""
    visit(page, base, "registry/fashion-mnist", "fashion-mnist")
    page.get_by_text("Describe the model").click()
    page.get_by_label("Description").first.fill("Clothes <b>in 28 x 28</b>")
    page.get_by_role("button", name="Add a tag").first.click()
    page.get_by_label("Name", exact=True).first.fill("team")
    page.get_by_label("Value", exact=True).first.fill("vision")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Clothes <b>in 28 x 28</b>")).to_be_visible()
    visit(page, base, "?tag=team%3Dvision", "Models")
    expect(page.locator(".card")).to_have_count(1)
    expect(page.locator(".card")).to_contain_text("Clothes <b>in 28 x 28</b>")
    visit(page, base, "registry/fashion-mnist", "fashion-mnist")
    page.get_by_text("Describe the model").click()
    page.get_by_label("Description").first.fill("")
    page.get_by_role("button", name="Take away the tag team").click()
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("Clothes <b>in 28 x 28</b>")).to_have_count(0)
    expect(page.get_by_text("team=vision")).to_have_count(0)
