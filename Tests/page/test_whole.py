"""What holds for the whole page: signing in and out, a server that goes away, names that are markup, and people who can't see or point."""

import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import KEY, SERVER, WORK
from playwright.sync_api import Browser, Page, expect

PLACES = {
    "gallery": "", "samples": "models/fashion-mnist/sample?seed=7&n=12", "map": "models/fashion-mnist-clusters/encode",
    "inpainting": "models/strokes/impute?seed=3", "table": "models/white-wine/impute?seed=1", "clusters": "models/fashion-mnist-clusters/cluster",
    "audit": "models/fashion-mnist-seatbelt/robustness", "card": "models/people/card", "train": "train", "runs": "runs", "registry": "registry",
    "versions": "registry/fashion-mnist", "keys": "keys", "changes": "keys/changes", "contract": "api", "sign-in": "sign-in",
}


def test_the_link_that_serve_prints_signs_in_once(visitor: Page):
    link = os.environ["POSTERIOR_TEST_LINK"]
    visitor.goto(link)
    expect(visitor.get_by_text("signed in: page")).to_be_visible()
    assert "sign-in" not in visitor.url, "the token does not stay in the address"
    visitor.goto(f"{SERVER}/#/keys")
    expect(visitor.get_by_role("region", name="Keys")).to_be_visible()
    visitor.get_by_role("button", name="Sign out").click()
    expect(visitor.get_by_role("link", name="Sign in").first).to_be_visible()
    expect(visitor.get_by_role("heading", name="This needs a key")).to_be_visible()
    visitor.goto(link)
    expect(visitor.get_by_role("heading", name="This link no longer signs in")).to_be_visible()


def test_the_link_of_the_command_line_signs_in(visitor: Page):
    printed = subprocess.run(
        [os.environ["POSTERIOR_PROGRAM"], "keys", "link", "--server", SERVER], env={**os.environ, "POSTERIOR_KEY": KEY}, capture_output=True, text=True, check=True
    )
    visitor.goto(printed.stdout.strip())
    expect(visitor.get_by_text("signed in: page")).to_be_visible()


def test_a_wrong_key_is_told_and_another_can_be_entered(visitor: Page):
    visitor.goto(f"{SERVER}/#/keys")
    expect(visitor.get_by_role("heading", name="This needs a key")).to_be_visible()
    visitor.get_by_label("Key").fill("pk_wrong")
    visitor.get_by_role("button", name="Use this key").click()
    expect(visitor.get_by_text("not one of this server's")).to_be_visible()
    visitor.get_by_label("Key").fill(KEY)
    visitor.get_by_role("button", name="Use this key").click()
    expect(visitor.get_by_role("region", name="Keys")).to_be_visible()
    assert visitor.evaluate("Object.keys(localStorage).length + document.cookie.length") == 0, "a key is kept for the tab alone"


def test_a_name_that_is_markup_stays_a_name(page: Page, base: str):
    text = "<script>document.title = 'broken'</script><img src=x onerror=\"document.title = 'broken'\">"
    request = urllib.request.Request(
        f"{base}/v1/admin/models/strokes", method="PATCH", data=json.dumps({"description": text, "tags": {"<b>": "<i>x</i>"}}).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    for place in ["", "models/strokes/card", "registry/strokes", "registry"]:
        page.goto(f"{base}/#/{place}")
        page.reload()
        expect(page.get_by_text("onerror").first if place != "registry" else page.get_by_text("strokes").first).to_be_visible()
        assert page.locator("main img[src=x], main script, main i").count() == 0
        assert "broken" not in page.title()


def serve(port: int, *arguments: str) -> subprocess.Popen:
    """Another server of the same store, ready."""
    started = subprocess.Popen(
        [os.environ["POSTERIOR_PROGRAM"], "serve", "--listen", f"127.0.0.1:{port}", "--store", str(WORK / "store"), "--quiet", *arguments],
        stdout=subprocess.PIPE, stderr=(WORK / f"err-{port}").open("w"), text=True,
    )
    assert started.stdout and "ready" in started.stdout.readline()
    return started


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_a_server_that_goes_away_is_told_and_its_return_too(browser: Browser, port: int):
    server = serve(port)
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{port}/#/runs")
        expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()
        server.send_signal(signal.SIGKILL)
        server.wait()
        page.get_by_role("navigation", name="Places").get_by_role("link", name="Gallery").click()
        expect(page.get_by_text("this page tries again by itself")).to_be_visible()
        server = serve(port)
        expect(page.get_by_text("this page tries again by itself")).to_have_count(0, timeout=30_000)
        expect(page.get_by_role("link", name="fashion-mnist", exact=True)).to_be_visible()
    finally:
        page.close()
        server.terminate()
        server.wait()


@pytest.mark.parametrize("address", ["/models/here", "/models/here/"])
def test_below_a_path_of_a_proxy_everything_is_found(browser: Browser, port: int, address: str):
    server = serve(port, "--path-prefix", "/models/here")
    page = browser.new_page()
    try:
        page.goto(f"http://127.0.0.1:{port}{address}#/models/fashion-mnist/sample?seed=7&n=4")
        expect(page.locator("ul.pictures canvas")).to_have_count(4)
        page.locator(".receipt summary").first.click()
        expect(page.locator(".receipt pre").first).to_contain_text("/models/here/v1/models/fashion-mnist/sample")
        assert f"http://127.0.0.1:{port}/models/here/#/sign-in/" in (WORK / f"err-{port}").read_text()
    finally:
        page.close()
        server.terminate()
        server.wait()


def test_what_is_not_there_is_said(page: Page):
    page.goto(f"{SERVER}/#/nowhere")
    expect(page.get_by_role("heading", name="Nothing here")).to_be_visible()
    page.goto(f"{SERVER}/#/models/fashion-mnits")
    expect(page.get_by_role("main")).to_contain_text("fashion-mnist")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_axe_finds_nothing_and_nothing_overflows(browser: Browser, look, scheme: str, width: int):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(f"sessionStorage.setItem('posterior-key', '{KEY}')")
    found = {}
    for name, place in PLACES.items():
        page.goto(f"{SERVER}/#/{place}")
        page.reload()
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        page.wait_for_load_state("networkidle")
        for summary in page.locator("summary").all()[:4]:
            if summary.is_visible():
                summary.click()
        violations = Axe().run(page).response["violations"]
        if violations:
            found[name] = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in violations]
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if overflow > 0:
            found[f"{name} overflows"] = overflow
        look(page, f"{name}-{width}-{scheme}")
    context.close()
    assert not found, json.dumps(found, indent=1)


def test_keyboard_alone_reaches_the_places_and_draws(page: Page):
    page.goto(f"{SERVER}/#/models/fashion-mnist/sample?seed=7&n=4")
    expect(page.locator("ul.pictures canvas")).to_have_count(4)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("button", name="Draw others").focus()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("seed=7&"))
