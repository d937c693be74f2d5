#!/usr/bin/env python3
"""Checks README.md, .github and deploy/docs against the tree and the program: every local link leads somewhere, and everything quoted exists.

    python3 Tests/docs/check.py POSTERIOR

- Links and pictures resolve, their #anchors too. README.md has at most 900 words. Pages stand in the index of the site.
- A quoted command of posterior has subcommands and flags that the program has. A quoted flag is some command's.
- A quoted path is in the tree; a quoted endpoint is in openapi.yaml, with its method where one is quoted.
- A quoted name in `code` is a word of the program: of its help, settings, families, contract, sources or scripts.
- The fields of recipes.md are those of a recipe, all of them, and every bundled recipe keeps to them. The newest version of the changelog is the program's.
"""
import json
import re
import shlex
import sys

from program import ROOT, Program

PAGES = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md")), *sorted((ROOT / "deploy/docs").rglob("*.md"))]
TREE = ("Sources/", "Tests/", "deploy/", "migrations/", ".github/", ".ci/")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`]+)`")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[.-][A-Za-z_][A-Za-z0-9_]*)*")
# Names of other programs and of mathematics, and words that stand for a value of the reader's.
OTHERS = set(
    """nc -N nn.Sequential curl PATH Retry-After num_batches_tracked mice std_error name@3 name@alias term""".split())

faults = []


def fault(page, text):
    faults.append(f"{page.relative_to(ROOT)}: {text}")


def slug(heading):
    text = re.sub(r"`|\*|\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", text).strip())


def anchors(page):
    return {slug(line.lstrip("#").strip()) for line in prose(page.read_text()).splitlines() if line.startswith("#")}


def blocks(text):
    """Indented or fenced code, line by line."""
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside or (line.startswith("    ") and not re.match(r"\s+[-*\d]", line)):
            yield line.strip()


def prose(text):
    inside, kept = False, []
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside and not line.startswith("    "):
            kept.append(line)
    return "\n".join(kept)


def check_links(page, text):
    for target in LINK.findall(prose(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists():
            fault(page, f"the link {target} leads nowhere")
        elif anchor and anchor not in anchors(file):
            fault(page, f"the link {target}: no heading of that name")


def check_command(page, line, program):
    """A line of a shell: what posterior is asked."""
    for part in re.split(r"[;|&]|\$\(|\)", re.sub(r"\s#.*", "", line)):
        try:
            words = shlex.split(part)
        except ValueError:
            continue
        while words and ("=" in words[0] or words[0] == "$"):
            words = words[1:]
        if not words or not re.fullmatch(r"(\S*/)?posterior", words[0]):
            continue
        path, rest = ("posterior",), words[1:]
        while rest and path + (rest[0],) in program.commands:
            path, rest = path + (rest[0],), rest[1:]
        if len(path) == 1 and rest and not rest[0].startswith("-") and rest[0].islower() and rest[0].isalpha():
            fault(page, f"posterior has no subcommand {rest[0]}")
        flags = program.flags(path)
        for word in rest:
            name = word.partition("=")[0]
            if re.fullmatch(r"--?[a-z][a-z-]*", name) and name not in flags:
                fault(page, f"{' '.join(path)} has no flag {name}")


def check_paths(page, text):
    for word in re.findall(r"(?<![\w/.-])(?:%s)[\w./+-]*" % "|".join(map(re.escape, TREE)), text):
        word = word.rstrip(".")
        if not (ROOT / word).exists():
            fault(page, f"there is no {word}")


def check_endpoints(page, text, program):
    patterns = [(method, path, re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(path))) for method, path, _ in program.endpoints]
    for method, target in re.findall(r"(?:\b(GET|POST|PUT|PATCH|DELETE) )?(?<![\w.}])(?:http://[\d.]+:8080)?(/(?:v1|healthz|readyz|metrics|openapi\.yaml)[\w/{}.@$-]*)", text):
        found = [verb for verb, _, pattern in patterns if re.fullmatch(pattern, target)]
        if not found:
            fault(page, f"openapi.yaml has no path {target}")
        elif method and method not in found:
            fault(page, f"openapi.yaml has no {method} {target}")


def vocabulary(program):
    """Every word that the program, its contract, its scripts or its sources know."""
    texts = [json.dumps([program.catalogue, program.settings, list(program.commands.values())])]
    for pattern in ("Sources/**/*.swift", "Sources/**/*.[ch]", "Tests/**/*.swift", "Tests/**/*.py", "Tests/**/*.sh", "deploy/**/*.sh", "deploy/**/*.py",
                    "deploy/**/*.json", "deploy/**/*.csv"):
        texts += [file.read_text() for file in ROOT.glob(pattern)]
    texts += [(ROOT / name).read_text() for name in ("openapi.yaml", "Package.swift", ".swift-format")]
    words = set()
    for text in texts:
        for word in WORD.findall(text):
            words.add(word)
            words.update(re.split(r"[.-]", word))
    return words | {file.name for file in ROOT.rglob("*") if ".build" not in file.parts} | {file.stem for file in ROOT.glob("*/*")}


def check_spans(page, text, program, words, flags):
    for span in SPAN.findall(prose(text)):
        if re.search(r"[\s|]--|^--|^-[a-z]$", span):
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", span):
                if flag not in flags and not re.match(r"(curl|swift|pip|wrk|perf) ", span):
                    fault(page, f"no command has the flag {flag}")
        if span in OTHERS or re.match(r"https?:|/|\.?\w+/|posterior ", span):
            continue
        for word in WORD.findall(re.sub(r"--?[a-z-]+|\"[^\"]*\"|'[^']*'", " ", span)):
            # Words in capitals stand for what the reader has.
            if not re.fullmatch(r"[A-Z][A-Z-]*", word) and word not in words and word not in OTHERS and not all(part in words or part in OTHERS for part in re.split(r"[.-]", word)):
                fault(page, f"`{span}`: the program knows no {word}")


def check_recipes(program):
    page = ROOT / "deploy/docs/reference/recipes.md"
    documented = set(re.findall(r"^\| `([\w.]+)` \|", page.read_text(), re.MULTILINE))
    known = program.recipe_fields()
    for name in sorted(known - documented):
        fault(page, f"the field {name} is not there")
    for name in sorted(documented - known):
        fault(page, f"a recipe has no field {name}")
    families = {family["name"]: family for family in program.families}
    for file in sorted((ROOT / "deploy/recipes").glob("*.json")):
        recipe = json.loads(file.read_text())
        family = families.get(recipe["family"])
        if not family:
            fault(file, f"there is no family {recipe['family']}")
            continue
        for part in ("configuration", "training"):
            names = {field["name"] for field in family[part]}
            for name in set(recipe.get(part, {})) - names:
                fault(file, f"{part} of {recipe['family']} has no documented field {name}")


def check_index():
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "deploy/mkdocs.yml").read_text()))
    for page in (ROOT / "deploy/docs").rglob("*.md"):
        if str(page.relative_to(ROOT / "deploy/docs")) not in listed:
            fault(page, "the page is not in deploy/mkdocs.yml")


def main():
    program = Program(sys.argv[1])
    words = vocabulary(program)
    flags = {flag for path in program.commands for flag in program.flags(path)}
    for page in PAGES:
        text = page.read_text()
        check_links(page, text)
        check_paths(page, text)
        check_endpoints(page, "\n".join(blocks(text)) + "\n" + "\n".join(SPAN.findall(prose(text))), program)
        for line in [*blocks(text), *SPAN.findall(prose(text))]:
            check_command(page, line, program)
        check_spans(page, text, program, words, flags)
        if wide := [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("\t")]:
            fault(page, f"tabs in lines {wide}")
    count = len((ROOT / "README.md").read_text().split())
    if count > 900:
        fault(ROOT / "README.md", f"{count} words, 900 at most")
    check_recipes(program)
    check_index()
    changelog = ROOT / ".github/CHANGELOG.md"
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changelog.read_text(), re.MULTILINE)
    if not newest or not program.version.startswith(newest.group(1) + ","):
        fault(changelog, f"its newest version is {newest and newest.group(1)}, the program's is {program.version}")
    for text in faults:
        print(text)
    print(f"{len(PAGES)} pages, {count} words in README.md, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
