"""What the program says of itself: its commands, settings, families, recipes and endpoints."""
import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Program:
    def __init__(self, path):
        self.path = path
        self.commands = {}
        self._collect(json.loads(self._run("--experimental-dump-help").stdout)["command"], ())
        self.settings = json.loads(self._run("serve", "--print-config").stdout)
        self.version = self._run("--version").stdout.strip()
        self.catalogue = self._catalogue()
        self.families = self.catalogue["families"]
        self.endpoints = endpoints()

    def _run(self, *arguments):
        return subprocess.run([self.path, *arguments], capture_output=True, text=True, check=False)

    def _collect(self, command, path):
        path += (command["commandName"],)
        self.commands[path] = command
        for name in command.get("aliases") or []:
            self.commands[path[:-1] + (name,)] = command
        for child in command.get("subcommands", []):
            self._collect(child, path)

    def flags(self, path):
        """Every spelling of every flag of a command and, where it has one, of its default subcommand."""
        command = self.commands[path]
        names = {
            ("--" if name["kind"] == "long" else "-") + name["name"]
            for argument in command.get("arguments", [])
            for name in argument.get("names", [])
        }
        if command.get("defaultSubcommand"):
            names |= self.flags(path + (command["defaultSubcommand"],))
        return names

    def _catalogue(self):
        """What GET /v1/families answers: families, operations with their options, and audits."""
        with tempfile.TemporaryDirectory() as store:
            server = subprocess.Popen(
                [self.path, "serve", "--listen", "127.0.0.1:0", "--store", store, "--quiet"], stdout=subprocess.PIPE, text=True)
            try:
                url = re.search(r"http://[0-9.:]+", server.stdout.readline()).group()
                with urllib.request.urlopen(url + "/v1/families") as answer:
                    return json.load(answer)
            finally:
                server.terminate()
                server.wait()
                server.stdout.close()

    def recipe_fields(self):
        """The fields of a recipe by dotted names, as the program names them when it is given one that it does not know."""
        fields = set()
        for part in ["", "augmentation", "clip", "data", "data.labels", "data.reading", "data.window", "labels", "optimiser", "schedule"]:
            recipe = {"family": "vae", "data": {"source": "none", "window": {"length": 1}}}
            place = recipe
            for name in filter(None, part.split(".")):
                place = place.setdefault(name, {})
            place["unknown"] = 1
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(recipe, file)
                file.flush()
                error = self._run("train", file.name, "--no-record").stderr
            known = re.search(r"unknown is not a known field, expected one of ([a-z_, ]+)\.", error)
            assert known, f"posterior train says of an unknown field in {part or 'a recipe'}: {error}"
            fields |= {f"{part}.{name}".lstrip(".") for name in known.group(1).split(", ")}
        return fields


def endpoints():
    """Method, path and summary of every endpoint in openapi.yaml."""
    found, path, method = [], None, None
    for line in (ROOT / "openapi.yaml").read_text().splitlines():
        if match := re.match(r"  (/\S*):$", line):
            path = match.group(1)
        elif match := re.match(r"    (get|post|put|patch|delete):$", line):
            method = match.group(1).upper()
        elif (match := re.match(r"      summary: (.*)$", line)) and path and method:
            found.append((method, path, match.group(1).strip('"')))
            method = None
        elif re.match(r"\S", line) and line != "paths:":
            path = None
    return found
