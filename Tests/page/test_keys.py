"""Keys and the change log."""

import re

from conftest import visit
from playwright.sync_api import Page, expect


def test_a_key_is_shown_once_and_revoked(page: Page, base: str) -> None:
    """The secret of a new key stands there until it is put away; a revoked key says so, and the change log has both."""
    visit(page, base, "keys", "Keys")
    page.get_by_text("Make a key").click()
    page.get_by_label("Name", exact=True).fill("a walk's key")
    page.get_by_label("Models").fill("white-wine")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator(".secret pre")
    expect(secret).to_have_text(re.compile(r"^pk_[0-9a-z]{12}_[0-9a-f]{64}$"))
    identifier = secret.inner_text().split("_")[1]
    page.get_by_role("button", name="I have kept it").click()
    expect(secret).to_have_count(0)
    row = page.get_by_role("row").filter(has_text=identifier)
    expect(row).to_contain_text("white-wine")
    row.get_by_role("button", name="Revoke a walk's key").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke the key").click()
    expect(row).to_contain_text("revoked")
    visit(page, base, f"keys/changes?target={identifier}", "Change log")
    changes = page.get_by_role("region", name="Changes")
    expect(changes.get_by_role("row").filter(has_text="key.create")).to_have_count(1)
    expect(changes.get_by_role("row").filter(has_text="key.revoke")).to_have_count(1)


def test_the_change_log_is_filtered_by_what_its_address_says(page: Page, base: str) -> None:
    """Filters go into the address; a filter that the server can't read is answered in its words."""
    visit(page, base, "keys/changes", "Change log")
    page.get_by_label("Action").fill("version.publish")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(r"action=version\.publish"))
    rows = page.get_by_role("region", name="Changes").locator("tbody tr")
    expect(rows.filter(has_text="alias.move")).to_have_count(0)
    expect(rows.filter(has_text="fashion-mnist@1").first).to_be_visible()
    page.get_by_label("Since").fill("yesterday")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("alert").filter(has_text="since")).to_be_visible()
