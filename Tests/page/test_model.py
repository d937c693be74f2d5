"""A model: its tabs, each asked as a person would."""

import re

from conftest import KEY, SERVER, WORK
from playwright.sync_api import Page, expect

EXAMPLES = "deploy/examples"


def open_tab(page: Page, address: str) -> None:
    page.goto(f"{SERVER}/#/{address}")


def test_a_model_has_a_tab_for_each_operation_that_it_supports(page: Page):
    open_tab(page, "models/fashion-mnist-clusters")
    tabs = page.get_by_role("navigation", name="What this model can do").get_by_role("link")
    expect(tabs).to_have_text(["Samples", "Clusters", "Latent map", "Reconstruct", "Decode", "Score", "Audit", "Card"])


def test_samples_follow_from_the_address_and_have_their_receipt(page: Page, look):
    open_tab(page, "models/fashion-mnist/sample?seed=7&n=12")
    pictures = page.locator("ul.pictures canvas")
    expect(pictures).to_have_count(12)
    first = pictures.first.evaluate("canvas => canvas.toDataURL()")
    look(page, "model-samples")
    page.get_by_label("seed").fill("8")
    page.get_by_label("seed").press("Enter")
    expect(page).to_have_url(re.compile("seed=8"))
    expect(page.locator(".receipt summary").first).to_contain_text("seed 8")
    assert pictures.first.evaluate("canvas => canvas.toDataURL()") != first
    page.get_by_label("seed").fill("7")
    page.get_by_label("seed").press("Enter")
    expect(page.locator(".receipt summary").first).to_contain_text("seed 7")
    assert pictures.first.evaluate("canvas => canvas.toDataURL()") == first, "same seed, same bytes"
    page.locator(".receipt summary").first.click()
    expect(page.locator(".receipt pre").first).to_contain_text("curl -s")
    expect(page.locator(".receipt pre").nth(1)).to_contain_text('server.model("fashion-mnist").sample(n=12, seed=7, mean=True)')


def test_a_sample_leads_to_more_like_it(page: Page):
    open_tab(page, "models/fashion-mnist/sample?seed=7&n=4")
    page.get_by_role("button", name="Sample 2: more like this").click()
    expect(page.get_by_role("heading", name="More like sample 2")).to_be_visible()
    expect(page.locator("ul.pictures").nth(1).locator("canvas")).to_have_count(17)


def test_options_out_of_bounds_are_answered_in_words(page: Page):
    open_tab(page, "models/fashion-mnist/sample?seed=7&n=4")
    expect(page.locator("ul.pictures canvas")).to_have_count(4)
    page.get_by_label("temperature").fill("-1")
    page.get_by_label("temperature").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="temperature")).to_be_visible()


def test_codes_of_dropped_items_lie_on_a_map_that_is_decoded_under_the_pointer(page: Page, look):
    open_tab(page, "models/fashion-mnist-clusters/encode")
    page.set_input_files("input[type=file]", f"{EXAMPLES}/ten-garments.npy")
    points = page.locator(".map circle.point")
    expect(points).to_have_count(10)
    expect(page.locator(".under canvas")).to_have_count(1)
    chart = page.locator(".map svg")
    before = page.locator(".under canvas").evaluate("canvas => canvas.toDataURL()")
    chart.hover(position={"x": 120, "y": 120})
    page.wait_for_function("before => document.querySelector('.under canvas')?.toDataURL() !== before", arg=before)
    expect(page.get_by_role("table").locator("tbody tr")).to_have_count(8)
    look(page, "model-map")
    page.get_by_label("Plane").select_option("0,1")
    expect(page).to_have_url(re.compile("axes=0"))
    expect(page.get_by_label("Across")).to_have_value("0")
    chart.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#announcer")).to_contain_text(",")


def test_a_hole_is_painted_erased_undone_and_filled_in(page: Page, look):
    open_tab(page, "models/strokes/impute?seed=3")
    page.set_input_files("input[type=file]", str(WORK / "strokes.npy"))
    paper = page.get_by_role("application")
    hidden = page.get_by_text("pixels are hidden")
    expect(hidden).to_contain_text("0 of 64")
    box = paper.bounding_box()
    assert box

    def stroke(start: tuple, end: tuple) -> None:
        page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=4)
        page.mouse.up()

    def count() -> int:
        found = re.match(r"(\d+) of", hidden.inner_text())
        assert found
        return int(found[1])

    # Up to the very edge, and over it.
    stroke((0.05, 0.05), (0.995, 0.05))
    painted = count()
    assert painted >= 8, painted
    page.get_by_role("button", name="Eraser").click()
    stroke((0.05, 0.05), (0.3, 0.05))
    assert count() < painted
    page.get_by_role("button", name="Undo").click()
    assert count() == painted
    page.get_by_role("button", name="Redo").click()
    assert count() < painted
    paper.focus()
    page.keyboard.press("u")
    assert count() == painted
    page.get_by_role("button", name="Fill in").click()
    captions = page.locator("ul.pictures figcaption")
    expect(captions.first).to_have_text("draw 1")
    expect(captions).to_have_count(8)
    expect(captions.nth(6)).to_contain_text("standard deviation")
    look(page, "model-inpainting")
    # What was seen comes back as it was.
    for picture in range(5):
        differing = page.evaluate(
            """index => {
              const all = [...document.querySelectorAll('ul.pictures canvas')];
              const pixels = canvas => {
                const context = new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true });
                context.drawImage(canvas, 0, 0);
                return context.getImageData(0, 0, 8, 8).data;
              };
              const [draw, original] = [pixels(all[index]), pixels(all.at(-1))];
              let count = 0;
              for (let pixel = 16; pixel < 64; pixel += 1) if (draw[4 * pixel] !== original[4 * pixel]) count += 1;
              return count;
            }""",
            picture,
        )
        assert differing == 0


def test_a_dropped_table_is_filled_in_and_every_cell_says_how_sure_it_is(page: Page, look):
    open_tab(page, "models/people/impute?seed=1&mode=point")
    page.set_input_files("input[type=file]", str(WORK / "holes.csv"))
    expect(page.get_by_role("heading", name="4 cells filled in")).to_be_visible()
    cells = page.locator("td.filled")
    expect(cells).to_have_count(4)
    cells.first.hover()
    expect(page.locator(".detail")).to_contain_text("90 % between")
    page.get_by_role("button", name=re.compile("^city filled in")).focus()
    expect(page.locator(".detail meter").first).to_be_visible()
    look(page, "model-table")
    page.get_by_role("button", name="Quality on hidden cells").click()
    expect(page.get_by_role("region", name="Quality by column")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    filled = download.value.path().read_text().splitlines()
    sent = (WORK / "holes.csv").read_text().splitlines()
    assert len(filled) == len(sent)
    for before, after in zip(sent, filled):
        for one, other in zip(before.split(","), after.split(",")):
            assert other and (not one or one == other)


def test_a_table_of_5000_rows_keeps_few_of_them_in_the_document(page: Page, tmp_path):
    lines = [f"{20 + row % 60},{'' if row % 7 == 0 else 30000 + row},{['Rome', 'Oslo', 'Lima'][row % 3]}" for row in range(5000)]
    (tmp_path / "long.csv").write_text("age,income,city\n" + "\n".join(lines) + "\n")
    open_tab(page, "models/people/impute?seed=1&mode=point")
    page.set_input_files("input[type=file]", str(tmp_path / "long.csv"))
    expect(page.get_by_role("heading", name="715 cells filled in")).to_be_visible()
    table = page.get_by_role("region", name="The filled table")
    assert table.locator("tbody tr").count() < 80
    table.evaluate("region => { region.scrollTop = region.scrollHeight; }")
    expect(table.get_by_role("cell", name="34999", exact=True)).to_be_visible()
    assert table.locator("tbody tr").count() < 80
    expect(table.locator("table")).to_have_attribute("aria-rowcount", "5001")


def test_a_table_that_the_model_does_not_know_is_refused_by_column(page: Page, tmp_path):
    (tmp_path / "other.csv").write_text("height,width\n1,2\n,3\n")
    open_tab(page, "models/people/impute?seed=1&mode=point")
    page.set_input_files("input[type=file]", str(tmp_path / "other.csv"))
    expect(page.get_by_role("alert").filter(has_text="age")).to_be_visible()


def test_clusters_are_rows_of_their_surest_items(page: Page, look):
    open_tab(page, "models/fashion-mnist-clusters/cluster")
    page.get_by_role("button", name="Take 200 samples of this model").click()
    expect(page.get_by_text("components have items")).to_be_visible()
    assert page.locator("section section").count() > 5
    more = page.locator("summary").filter(has_text=re.compile(r"^\d+ more$"))
    if more.count():
        shown = page.locator("ul.pictures li").count()
        more.first.click()
        page.wait_for_function("shown => document.querySelectorAll('ul.pictures li').length > shown", arg=shown)
    look(page, "model-clusters")


def test_scores_are_a_histogram_beside_the_models_own_draws(page: Page, look):
    open_tab(page, "models/fashion-mnist/score?seed=1&k=5")
    page.set_input_files("input[type=file]", f"{EXAMPLES}/ten-garments.npy")
    expect(page.get_by_text("ten-garments.npy (10)")).to_be_visible()
    expect(page.get_by_text("drawn by the model itself (128)")).to_be_visible()
    expect(page.get_by_role("region", name="Scores, the least likely first").locator("tbody tr")).to_have_count(10)
    # The data of training, for example.
    page.locator("input[type=file]").nth(1).set_input_files(f"{EXAMPLES}/shirt.png")
    expect(page.get_by_text("shirt.png (1)")).to_be_visible()
    look(page, "model-scores")


def test_an_audit_runs_and_shows_its_curve_with_noise_and_checks(page: Page, look):
    open_tab(page, "models/fashion-mnist-seatbelt/robustness?seed=1")
    page.set_input_files("input[type=file]", f"{EXAMPLES}/shirt.png")
    page.get_by_label("steps").fill("5")
    page.get_by_label("restarts").fill("1")
    page.get_by_role("button", name="Audit", exact=True).click()
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="gaussian noise")).to_be_visible()
    expect(page.get_by_role("img", name="Items, their changed versions, and the reconstructions of both")).to_be_visible()
    look(page, "model-audit")
    # The address has the run, so that the report comes back.
    page.reload()
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()


def test_an_audit_can_be_cancelled(page: Page):
    open_tab(page, "models/fashion-mnist-seatbelt/robustness?seed=1")
    page.set_input_files("input[type=file]", f"{EXAMPLES}/ten-garments.npy")
    page.get_by_label("steps").fill("5000")
    page.get_by_label("restarts").fill("20")
    page.get_by_role("button", name="Audit", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("main").get_by_text("The audit is cancelled")).to_be_visible()


def test_the_card_tells_configuration_and_provenance_and_runs_what_the_score_sheet_lacks(page: Page, base: str, look):
    with open(f"{EXAMPLES}/ten-garments.npy", "rb") as file:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-npy"}
        assert page.request.post(f"{base}/v1/admin/datasets/garments", headers=headers, data=file.read()).ok
    open_tab(page, "models/fashion-mnist/card")
    expect(page.get_by_role("heading", name="Provenance")).to_be_visible()
    expect(page.get_by_text("sha256:8170432f", exact=False).first).to_be_visible()
    likelihood = page.locator(".scores section").filter(has=page.get_by_role("heading", name="likelihood"))
    expect(likelihood).to_contain_text("No run on record.")
    likelihood.get_by_role("button", name="Run it on garments").click()
    expect(page).to_have_url(re.compile("#/runs/[0-9A-Z]{26}"))
    expect(page.get_by_text("✓ finished")).to_be_visible()
    open_tab(page, "models/fashion-mnist/card")
    expect(likelihood).to_contain_text("on garments")
    expect(likelihood).to_contain_text("bits per dim")
    look(page, "model-card")


def test_an_operation_without_a_tab_of_its_own_has_the_general_form(page: Page):
    open_tab(page, "models/fashion-mnist/reconstruct")
    page.set_input_files("input[type=file]", f"{EXAMPLES}/ten-garments.npy")
    expect(page.locator("ul.pictures canvas")).to_have_count(20)
