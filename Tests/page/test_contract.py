"""The contract, to read."""

import json
import re

import yaml
from conftest import visit
from playwright.sync_api import Page, expect


def test_the_contract_opens_an_operation_to_what_it_takes_and_answers(page: Page, base: str) -> None:
    """Every operation of openapi.yaml is listed; one opens to its parameters, bodies, answers and a line for curl, and has an address."""
    visit(page, base, "api", "API")
    contract = page.request.get(f"{base}/openapi.yaml").text()
    expect(page.locator("details.operation")).to_have_count(len(re.findall(r"^      operationId:", contract, re.MULTILINE)))
    page.get_by_label("Search").fill("draws new items")
    expect(page.locator("details.operation:visible")).to_have_count(2)
    operation = page.locator("#operation-sample")
    operation.locator("summary").first.click()
    expect(page).to_have_url(re.compile(r"#/api/sample\?search="))
    expect(operation.get_by_text("temperature").first).to_be_visible()
    expect(operation.locator("pre").filter(has_text="curl -s")).to_be_visible()
    operation.get_by_text("Members of SampleRequest").first.click()
    expect(operation.locator(".schema").get_by_text("given", exact=True).first).to_be_visible()
    visit(page, base, "api/moveAlias", "API")
    page.reload()
    expect(page.locator("#operation-moveAlias")).to_have_attribute("open", "")
    expect(page.locator("#operation-moveAlias")).to_be_in_viewport()


def test_the_contract_is_read_as_other_readers_of_yaml_read_it(page: Page, base: str) -> None:
    """The page's parser and PyYAML give the same document, and what is no YAML is refused by its line."""
    contract = page.request.get(f"{base}/openapi.yaml").text()
    visit(page, base, "api", "API")
    module = page.locator("script[type=module]").get_attribute("src").replace("main.js", "yaml.js")
    read = """async ([module, text]) => {
      const { parseYAML } = await import(new URL(module, location.href));
      try {
        return JSON.stringify(parseYAML(text), (_, value) => (typeof value === "bigint" ? `big ${value}` : value));
      } catch (error) {
        return `${error.name} ${error.message}`;
      }
    }"""

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(part) for key, part in value.items()}
        if isinstance(value, list):
            return [plain(part) for part in value]
        return f"big {value}" if type(value) is int and abs(value) >= 2**53 else value

    assert json.loads(page.evaluate(read, [module, contract])) == plain(yaml.safe_load(contract))
    for text, line in [("a: 1\na: 2\n", 2), ("a:\n\tb: 1\n", 2), ("a: [1,\n  2\n", 3), ("a: 'x\n", 1), ("a: !!str 1\n", 1), ("a: 1\n b: 2\n", 2)]:
        assert page.evaluate(read, [module, text]).startswith(f"SyntaxError line {line}: "), text
