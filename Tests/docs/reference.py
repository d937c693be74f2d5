#!/usr/bin/env python3
"""The generated tables of deploy/docs/reference, and the schemas of settings in openapi.yaml: compares them with the program, or with --write brings them up to date.

    python3 Tests/docs/reference.py POSTERIOR [--write]
"""
import difflib
import json
import re
import sys

from program import ROOT, Program

MARKS = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def cell(text):
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").strip()


def row(*cells):
    return "| " + " | ".join(cell(text) for text in cells) + " |"


def code(text):
    return f"`{text}`"


def endpoints(program):
    lines = [row("", "path", "does"), "|---|---|---|"]
    lines += [row(method, code(path), summary) for method, path, summary in program.endpoints]
    return lines


def field_rows(fields, required="required"):
    lines = [row("field", "type", "default", "meaning"), "|---|---|---|---|"]
    return lines + [
        row(code(field["name"]), field["type"].replace("|", "or").replace("\"", ""), required if field.get("default") is None else code(field["default"]), field["summary"])
        for field in fields
    ]


def options(program):
    operations = [*program.catalogue["operations"], program.catalogue["audit"]]
    lines = []
    for operation in operations:
        lines += ["", f"### {operation['name']}", "", operation["summary"], "", *field_rows(operation["fields"], required="none")]
        if "attack" in operation:
            lines += ["", "The members of `attack`:", "", *field_rows(operation["attack"], required="none")]
    return lines[1:]


def families(program):
    lines = [row("for", "family", "choose it"), "|---|---|---|"]
    for task in sorted({family["task"] for family in program.families}):
        neighbours = [family for family in program.families if family["task"] == task]
        lines += [row("" if place else task, f"[{family['name']}](#{family['name']})", family["choose"]) for place, family in enumerate(neighbours)]
    for family in program.families:
        lines += ["", f"## {family['name']}", "", family["summary"], "", "Operations: " + ", ".join(family["operations"]) + "."]
        for part in ("configuration", "training"):
            if family[part]:
                lines += ["", f"`{part}`:", "", *field_rows(family[part])]
    return lines


def arguments(command):
    lines = []
    for argument in command.get("arguments", []):
        if not argument.get("shouldDisplay", True) or argument.get("valueName") in ("help", "version"):
            continue
        names = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument.get("names", [])]
        value = "" if argument["kind"] == "flag" else " " + argument["valueName"].upper()
        shown = ", ".join(code(name + value) for name in names) or code(argument["valueName"].upper())
        meaning = argument.get("abstract", "")
        if "allValues" in argument and argument["allValues"][0] not in meaning:
            meaning += " One of " + ", ".join(argument["allValues"]) + "."
        if argument.get("defaultValue") and argument["kind"] != "flag":
            meaning += f" (default: {argument['defaultValue']})"
        lines.append(row(shown, meaning))
    return lines


def commands(program):
    lines = []
    for path, command in program.commands.items():
        if len(path) == 1 or path[-1] in ("help", *(command.get("aliases") or [])):
            continue
        if path[:2] == ("posterior", "serve"):
            body = ["", "Its flags are the [settings](settings.md)."]
        elif command.get("subcommands"):
            names = ", ".join(f"[{child['commandName']}](#{'-'.join(path)}-{child['commandName']})" for child in command["subcommands"])
            body = ["", f"Subcommands: {names}."]
        else:
            rows = arguments(command)
            body = ["", row("argument", "meaning"), "|---|---|", *rows] if rows else []
        aliases = command.get("aliases") or []
        also = [f"Also `{' '.join(path[:-1] + (name,))}`."] if aliases and (name := aliases[0]) else []
        heading = "##" if len(path) == 2 else "###"
        lines += ["", f"{heading} {' '.join(path)}", "", command.get("abstract", ""), *also, *body]
    return lines[1:]


def settings(program):
    by_name = {
        name["name"].replace("-", "_"): argument
        for argument in program.commands["posterior", "serve"]["arguments"]
        for name in argument.get("names", [])
        if name["kind"] == "long"
    }
    lines = [row("setting", "default", "meaning"), "|---|---|---|"]
    for name, value in program.settings.items():
        default = json.dumps(value)
        lines.append(row(code(name), code(default), by_name[name].get("abstract", "")))
    return lines


def title(family):
    return "".join(word.capitalize() for word in family.split("_"))


def scalar(value):
    """A word or number as flow YAML has it."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value) and value not in ("null", "true", "false") else f"'{value}'"
    text = json.dumps(value)
    # Without a point an exponent makes a text of it.
    return text.replace("e", ".0e") if isinstance(value, float) and "." not in text else text


class Parts:
    """The objects inside settings, as schemas with names of their own: generators of clients make classes of them. Equal ones are one."""

    NAMES = {"convolutions": "Convolution", "encoder": "NetworkLayer", "decoder": "NetworkLayer", "phases": "ClassPhase", "reading": "TableOptions"}
    INNER = {"layers": "InnerLayer", "shortcut": "InnerLayer"}

    def __init__(self):
        self.names, self.lines = {}, []

    def named(self, schema, owner, field):
        """The schema with references in place of the objects in it; what may be null stays where it is, under a title."""
        if not isinstance(schema, dict):
            return schema
        if "items" in schema:
            return {**schema, "items": self.named(schema["items"], owner, field)}
        if "properties" not in schema:
            return schema
        name = (self.INNER if owner == "NetworkLayer" else self.NAMES).get(field) or owner + title(field)
        if name == "TableOptions":
            return {"$ref": f"#/components/schemas/{name}"}
        if isinstance(schema["type"], list):
            return {"title": name, **schema}
        described = flow(schema)
        if self.names.setdefault(name, described) != described:
            name = owner + title(field)
            self.names[name] = described
        if not any(line == f"    {name}:" for line in self.lines):
            members = {key: self.named(value, name, key) for key, value in schema["properties"].items()}
            self.lines += [f"    {name}:", f"      description: Of `{field}`.", "      type: object", "      additionalProperties: false"]
            self.lines += [f"      required: {flow(schema['required'])}"] if "required" in schema else []
            self.lines += ["      properties:"] + [f"        {key}: {flow(value)}" for key, value in members.items()]
        return {"$ref": f"#/components/schemas/{name}"}


def flow(value):
    """A schema on one line, without what is for people."""
    if isinstance(value, list):
        return "[" + ", ".join(flow(element) for element in value) + "]"
    if not isinstance(value, dict):
        return scalar(value)
    # The members of an object have defaults of their own.
    left_out = {"description"} | ({"default"} if isinstance(value.get("default"), dict) else set())
    members = [f"{name}: {flow(inner)}" for name, inner in value.items() if name not in left_out and (name == "items" or inner not in (None, {}))]
    return "{ " + ", ".join(members) + " }" if members else "{}"


def table_options(program):
    """What `data.reading` of a recipe holds, and a query beside text/csv."""
    data = next(field for field in program.catalogue["recipe"] if field["name"] == "data")
    properties = data["schema"]["properties"]["reading"]["properties"]
    return [
        {"name": name, "schema": schema, "default": json.dumps(schema.get("default")), "summary": schema["description"]}
        for name, schema in properties.items()
    ]


def settings_schema(name, fields, what, parts=None, told=False):
    """- parts: takes the objects inside the settings.
    - told: whether every property has its meaning beside it."""
    lines = [f"    {name}:", f"      description: {what}", "      type: object", "      additionalProperties: false"]
    required = [field["name"] for field in fields if field["default"] is None]
    lines += [f"      required: {flow(required)}"] if required else []
    lines += ["      properties:"] if fields else []
    for field in fields:
        schema = dict(field["schema"])
        # null stands for what is absent, and some settings are written so.
        if field["default"] == "null" and "type" in schema:
            schema["type"] = [schema["type"], "null"]
            if "enum" in schema:
                schema["enum"] = [*schema["enum"], None]
        if parts:
            schema = parts.named(schema, name.removesuffix("Configuration").removesuffix("Training"), field["name"])
        if told:
            text = flow(schema)[2:-2]
            lines.append(f"        {field['name']}: {{ {text}, description: {json.dumps(field['summary'])} }}")
        else:
            lines.append(f"        {field['name']}: {flow(schema)}")
    return lines


def contract(program):
    lines, parts = [], Parts()
    for family in program.families:
        name = title(family["name"])
        lines += settings_schema(f"{name}Configuration", family["configuration"], f"Of a model of the family {family['name']}.", parts)
        if "training" in family:
            lines += settings_schema(f"{name}Training", family["training"], f"How the family {family['name']} learns.", parts)
    lines += settings_schema("Recipe", program.catalogue["recipe"], "Everything that decides a training run.", parts)
    lines += parts.lines
    lines += settings_schema("TableOptions", table_options(program), "How the file of a table is read, as far as it does not say so itself.", told=True)
    return lines


CONTRACT = re.compile(r"(    # generated: settings\n).*?(    # end\n)", re.DOTALL)


def main():
    program = Program(sys.argv[1])
    tables = {"endpoints": endpoints, "options": options, "families": families, "commands": commands, "settings": settings}
    stale = False
    for page in [*sorted((ROOT / "deploy/docs").rglob("*.md")), ROOT / "openapi.yaml"]:
        text = page.read_text()
        if page.suffix == ".md":
            fresh = MARKS.sub(lambda match: match.group(1) + "\n" + "\n".join(tables[match.group(2)](program)) + "\n\n" + match.group(3), text)
        else:
            fresh = CONTRACT.sub(lambda match: match.group(1) + "\n".join(contract(program)) + "\n" + match.group(2), text)
        if fresh == text:
            continue
        if "--write" in sys.argv:
            page.write_text(fresh)
            print(f"{page.relative_to(ROOT)} is up to date again")
            continue
        stale = True
        sys.stdout.writelines(difflib.unified_diff(text.splitlines(True), fresh.splitlines(True), str(page.relative_to(ROOT)), "the program"))
    if stale:
        sys.exit("the tables differ from the program: run deploy/docs.sh reference")


if __name__ == "__main__":
    main()
