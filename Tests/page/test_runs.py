"""Train and Runs: data are dropped, described, filled in, trained on and evaluated with; runs are filtered, compared, tagged, cancelled, replayed.

The tests stand in the order in which they need each other's runs.
"""

import csv
import io
import re

from playwright.sync_api import Page, expect

HEADER = "height,weight,colour"


def rows(count: int, hole_every: int) -> str:
    """A small table in which weight follows from height, with holes in some rows."""
    lines = [HEADER]
    for index in range(count):
        height = 150 + index * 7 % 50
        weight = "" if index % hole_every == 0 else f"{0.9 * height - 80 + index % 5:.1f}"
        lines.append(f"{height},{weight},{'red' if height > 175 else 'blue'}")
    return "\n".join(lines) + "\n"


def table_file(name: str, hole_every: int = 6) -> dict[str, object]:
    return {"name": name, "mimeType": "text/csv", "buffer": rows(120, hole_every).encode()}


def bring(page: Page, base: str, file: dict[str, object], query: str = "") -> None:
    page.goto(f"{base}/#/train{query}")
    # Where only what stands behind the # changes, the view from before is there until the new one is.
    page.reload()
    page.locator("input[type=file]").set_input_files([file])
    expect(page.get_by_text("120 rows of 3 columns")).to_be_visible()


def start(page: Page) -> str:
    """Starts what the form says and waits for the end of the run; returns its identifier."""
    page.get_by_role("button", name="Start").click()
    expect(page).to_have_url(re.compile(r"#/runs/[0-9A-Z]{26}"))
    expect(page.get_by_text("✓ finished")).to_be_visible(timeout=120_000)
    return re.search(r"#/runs/([0-9A-Z]{26})", page.url).group(1)


def test_without_a_key_train_asks_for_one_before_anything_is_dropped(visitor: Page, base: str) -> None:
    """Without a key there is no place to drop files, but a sentence that says what is needed and a link to sign in."""
    visitor.goto(f"{base}/#/train")
    expect(visitor.get_by_text("needs a key with the scope admin")).to_be_visible()
    expect(visitor.get_by_role("link", name="Sign in").last).to_be_visible()
    expect(visitor.locator("input[type=file]")).to_have_count(0)


def test_a_dropped_table_is_described_and_filled_in(page: Page, base: str) -> None:
    """A table with holes is dropped; the page offers to fill it in, and the completed table has no hole and every known cell."""
    bring(page, base, table_file("Persons & more (1).csv"))
    expect(page.get_by_text("20 cells are missing")).to_be_visible()
    expect(page.get_by_role("radio", name="Fill in the table")).to_be_checked()
    page.get_by_text("Options").click()
    page.get_by_label("Family", exact=True).select_option("mixture")
    start(page)
    expect(page.get_by_role("heading", name="How good the filled cells are")).to_be_visible()
    expect(page.get_by_role("region", name="Quality of the filled cells").get_by_role("rowheader", name="weight")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the table").click()
    completed = list(csv.reader(io.StringIO(download.value.path().read_text())))
    given = list(csv.reader(io.StringIO(rows(120, 6))))
    assert completed[0] == given[0] and len(completed) == len(given)
    for row, known in zip(completed[1:], given[1:]):
        for cell, before in zip(row, known):
            assert cell != "" and (before == "" or cell == before or float(cell) == float(before))


def test_the_same_bytes_are_registered_once_and_other_bytes_under_the_next_name(page: Page, base: str) -> None:
    """Files of one name and other content are another data set."""
    bring(page, base, table_file("twins.csv"))
    bring(page, base, table_file("twins.csv"))
    expect(page.get_by_label("Registered data")).to_have_value("twins")
    bring(page, base, table_file("twins.csv", hole_every=5))
    expect(page.get_by_label("Registered data")).to_have_value("twins-2")


def test_what_cannot_be_read_is_refused_in_the_servers_words(page: Page, base: str) -> None:
    """A file that is no data leaves nothing behind and says why."""
    page.goto(f"{base}/#/train")
    page.locator("input[type=file]").set_input_files([{"name": "broken.npy", "mimeType": "application/x-npy", "buffer": b"not an array"}])
    expect(page.locator("main .fault").filter(has_text="NPY: given 12 bytes")).to_be_visible()
    expect(page.get_by_role("button", name="Delete these data")).to_have_count(0)


def test_a_training_by_a_form_shows_its_curves_and_publishes_a_model(page: Page, base: str) -> None:
    """A recipe made field by field is what the run says that it was given; its curves and its model are linked."""
    bring(page, base, table_file("training.csv"), "?task=train&how=form")
    page.get_by_label("Family", exact=True).select_option("vaeac")
    for name, value in {"epochs": "3", "validation": "20", "latent": "4", "hidden": "16", "blocks": "1"}.items():
        page.get_by_label(re.compile(f"^{name} ")).fill(value)
    page.get_by_label("Model name").fill("walk-persons")
    page.get_by_label("Alias, such as live").fill("live")
    start(page)
    expect(page.get_by_role("img", name="elbo nats")).to_be_visible()
    expect(page.get_by_role("img", name="bound nats")).to_be_visible()
    expect(page.get_by_role("region", name="Metrics").get_by_role("rowheader", name="validation.bound_nats")).to_be_visible()
    page.get_by_text(re.compile(r"^Parameters \(")).click()
    expect(page.get_by_role("definition").filter(has_text=re.compile("^3$")).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(r"^walk-persons@\d+$"))).to_be_visible()
    page.get_by_role("link", name="The recipe again").click()
    expect(page.get_by_label("Recipe", exact=True)).to_have_value(re.compile(r'"epochs": 3'))
    expect(page.get_by_label("Model name")).to_have_value("walk-persons")


def test_a_recipe_that_is_wrong_names_its_field(page: Page, base: str) -> None:
    """A pasted recipe with an unknown field is refused with the field's name, and nothing starts."""
    bring(page, base, table_file("training.csv"), "?task=train&how=json")
    page.get_by_label("Recipe", exact=True).fill('{"family": "mixture", "data": {"source": "training.csv"}, "epoch": 3}')
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("recipe.epoch is")).to_be_visible()
    expect(page).to_have_url(re.compile("#/train"))


def test_a_model_is_evaluated_on_the_data(page: Page, base: str) -> None:
    """An evaluation of the model that was just published has its bounds among the metrics."""
    bring(page, base, table_file("training.csv"), "?task=evaluate")
    page.get_by_label("Model", exact=True).select_option("walk-persons")
    page.get_by_text("Options").click()
    page.get_by_label(re.compile("^k ")).fill("2")
    page.get_by_label(re.compile("^limit ")).fill("20")
    start(page)
    expect(page.get_by_role("rowheader", name="elbo_nats", exact=True)).to_be_visible()
    page.get_by_role("button", name="Show job.json").click()
    expect(page.get_by_role("heading", name="job.json")).to_be_visible()
    expect(page).to_have_url(re.compile("document=job.json"))


def test_a_filter_is_completed_kept_in_the_address_and_refused_with_a_reason(page: Page, base: str) -> None:
    """The filter completes names of parameters; the address holds it; an unknown name is answered with near ones."""
    page.goto(f"{base}/#/runs?kind=train")
    filter_field = page.get_by_label("Filter", exact=True)
    filter_field.fill("params.epo")
    expect(page.locator("datalist option[value='params.epochs']")).to_have_count(1)
    filter_field.fill("params.epochs = 3 and params.latent = 4")
    filter_field.press("Enter")
    expect(page).to_have_url(re.compile("filter=params.epochs"))
    expect(page.get_by_role("region", name="Runs").get_by_role("link", name=re.compile("^walk-persons@")).first).to_be_visible()
    page.reload()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("params.epochs = 3 and params.latent = 4")
    page.get_by_label("Filter", exact=True).fill("params.epoch = 3")
    page.get_by_label("Filter", exact=True).press("Enter")
    expect(page.get_by_text(re.compile("params.epoch, which no run has.*params.epochs"))).to_be_visible()


def test_columns_and_their_order_are_chosen_and_kept_in_the_address(page: Page, base: str) -> None:
    """A metric becomes a column by a box, and the order of the list by its head."""
    page.goto(f"{base}/#/runs?kind=train")
    expect(page.get_by_text(re.compile(r"^\d+ runs"))).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("epochs", exact=True).check()
    head = page.get_by_role("button", name="epochs", exact=True)
    head.click()
    expect(page.get_by_role("columnheader", name="epochs")).to_have_attribute("aria-sort", "descending")
    expect(page).to_have_url(re.compile("order_by=params.epochs"))
    page.reload()
    expect(page.get_by_role("columnheader", name="epochs")).to_have_attribute("aria-sort", "descending")


def test_ticked_runs_are_compared_by_what_differs(page: Page, base: str) -> None:
    """Two runs that are ticked stand side by side; what is the same shows only where it is asked for."""
    page.goto(f"{base}/#/runs?status=finished&filter=kind%20in%20('train'%2C%20'impute')")
    boxes = page.get_by_role("checkbox", name="Compare run")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.get_by_role("link", name="Compare 2 runs").click()
    expect(page.get_by_role("heading", name="2 runs side by side")).to_be_visible()
    table = page.get_by_role("region", name="Comparison")
    expect(table.get_by_role("rowheader", name="kind", exact=True)).to_have_count(1)
    expect(table.get_by_role("rowheader", name="compiler")).to_have_count(0)
    page.get_by_label("show what is the same, too").check()
    expect(table.get_by_role("rowheader", name="compiler")).to_have_count(1)
    expect(page).to_have_url(re.compile("all=1"))


def test_a_tag_is_set_and_removed(page: Page, base: str) -> None:
    """A tag that is set stands on the run, text as it was given, and goes again."""
    page.goto(f"{base}/#/runs?kind=train")
    page.get_by_role("region", name="Runs").get_by_role("link").first.click()
    page.get_by_label("Tag", exact=True).fill("note")
    page.get_by_label("Value", exact=True).fill("<script>first</script>")
    page.get_by_role("button", name="Set").click()
    tag = page.get_by_role("listitem").filter(has_text="note: <script>first</script>")
    expect(tag).to_be_visible()
    page.get_by_role("button", name="Remove the tag note").click()
    expect(tag).to_have_count(0)


def test_a_training_is_cancelled_while_its_curves_grow(page: Page, base: str) -> None:
    """A long training shows how far it is, and ends as cancelled."""
    bring(page, base, table_file("training.csv"), "?task=train&how=json")
    page.get_by_label("Recipe", exact=True).fill('{"family": "vaeac", "data": {"source": "training.csv"}, "epochs": 100000}')
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("img", name="elbo nats")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("⊘ cancelled")).to_be_visible(timeout=60_000)


def test_a_request_is_replayed_with_the_same_bytes(page: Page, base: str) -> None:
    """The replay of a recorded request without a body to bring says that the bytes are the same, and links its own run."""
    response = page.request.post(f"{base}/v1/models/fashion-mnist/sample", data={"n": 2, "seed": 7, "record": True})
    assert response.ok, response.text()
    page.goto(f"{base}/#/runs/{response.headers['posterior-run']}")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("✓ The same bytes.")).to_be_visible()
