"""A browser for every test, which fails where the page complains, asks another host, or breaks its content security policy."""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

SERVER = os.environ["POSTERIOR_SERVER"]
KEY = os.environ["POSTERIOR_TEST_KEY"]
WORK = Path(os.environ["POSTERIOR_TEST_WORK"])
SCREENSHOTS = os.environ.get("POSTERIOR_SCREENSHOTS")


def visit(page: Page, base: str, place: str, heading: str) -> None:
    """Goes to a place of the page, and waits until it is shown."""
    page.goto(f"{base}/#/{place}")
    expect(page.get_by_role("heading", name=heading, level=1, exact=True)).to_be_visible()


@pytest.fixture
def base():
    """The server's address."""
    return SERVER


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def context(browser: Browser):
    made = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    yield made
    made.close()


@pytest.fixture
def visitor(context: BrowserContext):
    """A page of somebody without a key."""
    complaints: list = []
    page = context.new_page()
    page.set_default_timeout(20_000)

    def listen(message) -> None:
        # A refusal of the server is a line of the console as well; a file of the page that is missing is not meant.
        is_refusal = "status of 4" in message.text and "/page/" not in message.location["url"]
        if message.type in ("error", "warning") and not is_refusal:
            complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/#")[0]) if not request.url.startswith("blob:") else None)
    yield page
    assert not complaints, complaints
    assert all(url.startswith(SERVER) for url in hosts), hosts


@pytest.fixture
def page(visitor: Page):
    """A page of somebody who may do everything."""
    visitor.add_init_script(
        f"if (!sessionStorage.getItem('posterior-key')) {{ sessionStorage.setItem('posterior-key', '{KEY}'); sessionStorage.setItem('posterior-key-name', 'test'); }}"
    )
    return visitor


@pytest.fixture
def look(request):
    """look(page, name) keeps a picture of what the page shows, where pictures are asked for."""

    def keep(page: Page, name: str) -> None:
        if SCREENSHOTS:
            page.screenshot(path=f"{SCREENSHOTS}/{name}.png", full_page=True)

    return keep
