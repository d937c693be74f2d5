"""How quick the page is: 10,000 runs, and a filled table of 5,000 rows. By hand; figures go to deploy/docs/benchmarks.md.

Usage: .build/page/bin/python Tests/page/measure.py --server URL --key KEY --model NAME
`--model` is of a table; the server's store is filled with 10,000 recorded requests.
"""

import argparse
import csv
import http.client
import io
import json
import random
import shutil
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

RUNS, ROWS = 10_000, 5_000

WATCH = """
() => {
  window.longest = 0;
  let last = performance.now();
  const frame = (now) => { window.longest = Math.max(window.longest, now - last); last = now; if (window.watching) requestAnimationFrame(frame); };
  window.watching = true;
  requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
}
"""


def fill_store(server: str, key: str, model: str) -> None:
    address = urlsplit(server)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}

    def ask(share: int) -> None:
        connection = http.client.HTTPConnection(address.hostname, address.port)
        for number in range(share):
            # Refused requests are runs as well, and cost nothing.
            connection.request("POST", f"/v1/models/{model}/score?k={number + 1}", b"nothing,else\n1,2\n", headers)
            connection.getresponse().read()

    threads = [threading.Thread(target=ask, args=(RUNS // 4,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def table(columns: list) -> str:
    """Rows of values that columns of these types may have, a fifth of them missing."""
    numbers = random.Random(5)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column["name"] for column in columns])

    def cell(column: dict) -> str:
        if numbers.random() < 0.2:
            return ""
        if "categories" in column:
            return numbers.choice(column["categories"])
        return str(numbers.randint(1, 100))

    for _ in range(ROWS):
        writer.writerow([cell(column) for column in columns])
    return text.getvalue()


def scrolled(page: Page, region) -> tuple:
    """The longest frame while a region is scrolled from top to bottom, and the rows that stand in the document then."""
    region.hover()
    page.evaluate(WATCH)
    for _ in range(60):
        page.mouse.wheel(0, 1500)
        page.wait_for_timeout(16)
    longest = page.evaluate("() => { window.watching = false; return window.longest; }")
    return longest, region.locator("tbody tr").count()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("server", "key", "model"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    fill_store(arguments.server, arguments.key, arguments.model)
    result = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script(f"sessionStorage.setItem('posterior-key', '{arguments.key}')")
        paint = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"

        page.goto(f"{arguments.server}/#/runs")
        region = page.locator(".scroll.tall").first
        region.wait_for()
        result["runs_first_paint_ms"] = page.evaluate(paint)
        result["runs_rows_shown_ms"] = page.evaluate("() => performance.now()")
        result["runs_longest_frame_ms"], result["runs_rows_in_document"] = scrolled(page, region)

        signature = page.evaluate(f"fetch('v1/models/{arguments.model}').then(answer => answer.json())")["signature"]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.csv")
            path.write_text(table(signature["columns"]))
            page.goto(f"{arguments.server}/#/models/{arguments.model}/impute?seed=1&mode=point")
            page.locator("input[type=file]").wait_for(state="attached")
            page.set_input_files("input[type=file]", str(path))
            region = page.locator(".scroll.tall").first
            region.wait_for()
            result["table_cells_filled"] = page.locator("h2", has_text="cells filled in").inner_text()
            result["table_longest_frame_ms"], result["table_rows_in_document"] = scrolled(page, region)
        browser.close()
    print(json.dumps({name: round(value, 1) if isinstance(value, float) else value for name, value in result.items()}, indent=1))


if __name__ == "__main__":
    main()
