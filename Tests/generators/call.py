#!/usr/bin/env python3
"""Calls every operation of openapi.yaml with the clients that were generated from it, and each example of a request with the model that it is for.

    Tests/generators/call.py --server http://127.0.0.1:8080 --key KEY

An operation that is not in the table is a failure, and so is an example that is with no model.
"""
import argparse
import dataclasses
import datetime
import enum
import importlib
import inspect
import io
import json
import pathlib
import re
import struct
import sys
import typing

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Call:
    """Arguments by the names that the contract gives them, or functions of what is known; `body` is JSON, bytes, a form, or an example's name."""

    arguments: dict
    expecting: int
    # What to remember of the answer, by name.
    keep: dict
    # The client that alone can.
    only: str | None


def call(expecting=200, keep=None, only=None, **arguments):
    return Call(arguments, expecting, keep or {}, only)


@dataclasses.dataclass
class Form:
    """Bytes by name, or lists of bytes."""

    schema: str
    fields: dict


def examples(**models):
    """A call of every example, with the model that it is for."""
    return [call(model=model.replace("_", "-"), body=name) for name, model in models.items()]


SHIRT = (ROOT / "deploy/examples/shirt.png").read_bytes()
WINE = b"\n".join((ROOT / "deploy/examples/white-wine.csv").read_bytes().splitlines()[:200]) + b"\n"
PIXELS = struct.pack("<784f", *[float(i % 256) for i in range(784)])
SLOW = {"inputs": [[0.4, 0.6]], "attack": {"budgets": [0.5], "steps": 10000, "restarts": 10}, "seed": 7}
YESTERDAY = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)

# In the order in which they are called.
TABLE = {
    "showPage": [call()],
    # Which digest the page has, a generated client does not read out of its document.
    "showPageFile": [call(404, digest="0123456789abcdef", file="main.js")],
    "showPageFileInFolder": [call(404, digest="0123456789abcdef", folder="views", file="model.js")],
    "showHealth": [call()],
    "showReadiness": [call()],
    "showMetrics": [call()],
    "showContract": [call()],
    "listFamilies": [call()],
    "listModels": [call(), call(search="fashion", family="vae", limit=1)],
    "showModel": [call(model="fashion-mnist"), call(model="white-wine@1"), call(model="kinds"), call(model="play"), call(404, model="nobody")],
    "showScores": [call(model="fashion-mnist"), call(model="white-wine@1", entry="likelihood", limit=1), call(404, model="nobody")],
    "downloadModel": [call(model="white-wine")],
    "classify": examples(numbers="modules", rows="kinds"),
    "cluster": examples(garment="fashion_mnist_clusters"),
    # The other client knows no media types of its own kind, and reads the stream as JSON.
    "compress": [
        call(only="openapi-generator", model="fashion-mnist", body="binary", Accept="application/vnd.posterior.bits"),
        call(only="openapi-generator", model="white-wine", body="wine", Accept="application/json"),
    ],
    "decompress": [call(400, model="fashion-mnist", body=PIXELS, items="0-3")],
    "decode": examples(codes="fashion_mnist_clusters", part="fashion_mnist_seatbelt"),
    "encode": [*examples(garment="fashion_mnist"), call(only="openapi-python-client", model="fashion-mnist", body=PIXELS, seed=7, first_item=3)],
    "impute": [
        *examples(wine="white_wine"),
        call(only="openapi-python-client", model="inpainter", body=Form("ImageForm", {"image": [SHIRT], "mask": [SHIRT]}), seed=7),
    ],
    "reconstruct": examples(garment="fashion_mnist_seatbelt"),
    "sample": [
        *examples(plain="fashion_mnist", label="kinds", cluster="fashion_mnist_clusters", values="fashion_mnist_seatbelt", swap="layers", prompt="play"),
        call(only="openapi-generator", model="fashion-mnist", body="plain", Accept="image/png"),
        call(model="fashion-mnist-clusters", n=2, seed=7, given='{"cluster": 3, "layer": 0}'),
        call(422, model="fashion-mnist", body={"n": 1, "given": {"label": "coat"}}),
    ],
    "sampleByGet": [call(model="fashion-mnist", n=2, seed=7)],
    "score": [*examples(garment="fashion_mnist", wine="white_wine"), call(model="white-wine", body={"rows": [{}]}, expecting=422)],
    "audit": [
        *examples(garment="fashion_mnist", attack="layers"),
        call(202, keep={"slow": lambda answer: answer["id"]}, model="kinds", body=SLOW, Prefer="respond-async"),
    ],
    "pool": [call(body="")],
    "inferenceServer": [call()],
    "inferenceLive": [call()],
    "inferenceReady": [call()],
    "inferenceIndex": [call()],
    "inferenceIndexByPost": [call(body={"ready": True})],
    "inferenceLoad": [call(model="fashion-mnist", body={})],
    "inferenceUnload": [call(model="fashion-mnist", body={})],
    "inferenceMetadata": [call(model="fashion-mnist:encode"), call(404, model="nobody")],
    "inferenceMetadataOfVersion": [call(model="fashion-mnist", version="1")],
    "inferenceConfiguration": [call(model="kinds")],
    "inferenceConfigurationOfVersion": [call(model="fashion-mnist", version="1")],
    "inferenceModelReady": [call(model="fashion-mnist")],
    "inferenceModelReadyOfVersion": [call(model="fashion-mnist", version="1")],
    "infer": [call(model="fashion-mnist", body=""), call(501, model="fashion-mnist:impute", body={"inputs": []})],
    "inferOfVersion": [call(model="fashion-mnist", version="1", body={"parameters": {"operation": "sample"}, "inputs": []})],
    "inferenceStatistics": [call(model="fashion-mnist")],
    "inferenceStatisticsOfVersion": [call(model="fashion-mnist", version="1")],
    "inferenceStatisticsOfAll": [call()],
    "listRuns": [
        call(keep={"runs": lambda answer: [run["id"] for run in answer["runs"]]}, kind="inference", filter="http_status = 200 and operation = 'sample'"),
        call(keep={"audit": lambda answer: answer["runs"][0]["id"]}, kind="robustness", status="finished", order_by="started", limit=1),
        call(since=YESTERDAY),
    ],
    "compareRuns": [call(ids=lambda known: ",".join(known["runs"][:2]))],
    "showRun": [call(id=lambda known: known["runs"][0]), call(id=lambda known: known["audit"])],
    "showRunDocument": [call(id=lambda known: known["audit"], name=name) for name in ("curves.png", "report.csv", "report.json")],
    "showRunMetrics": [call(id=lambda known: known["audit"], limit=5)],
    "followRun": [call(id=lambda known: known["audit"])],
    "cancelRun": [call(id=lambda known: known["slow"])],
    # The client of openapi-generator sends no body of bytes but one that is there.
    "replayRun": [call(keep={"replay": lambda answer: answer["run"]}, id=lambda known: known["runs"][0], body=b"")],
    "annotateRun": [call(id=lambda known: known["replay"], body="")],
    "addDataset": [
        call(201, only="openapi-generator", name="wine", file="wine.csv", body=WINE),
        call(200, only="openapi-python-client", name="wine", file="wine.csv", body=WINE),
    ],
    "listDatasets": [call()],
    "showDataset": [call(name="wine")],
    "startJob": [
        call(202, body="train", keep={"job": lambda answer: answer["id"]}), call(202, body="recipe"), call(202, body="evaluate"), call(202, body="impute"),
        call(202, body="robustness"),
    ],
    "deleteRunFiles": [call(id=lambda known: known["job"])],
    "deleteDataset": [call(204, only="openapi-python-client", name="wine")],
    "createKey": [call(201, keep={"key": lambda answer: answer["id"]}, body="")],
    "listKeys": [call(limit=10)],
    "createLink": [call(201, keep={"token": lambda answer: answer["link"].rsplit("/", 1)[1]})],
    "signIn": [call(201, body=lambda known: {"token": known["token"]}), call(401, body={"token": "used"})],
    # The key that asks is no key of a link.
    "signOut": [call(409)],
    "revokeKey": [call(204, id=lambda known: known["key"])],
    "uploadModel": [
        call(201, name=lambda known: known["name"], body=(ROOT / "deploy/models/white-wine.safetensors").read_bytes(), alias="live"),
        call(201, name=lambda known: known["name"], body=(ROOT / "deploy/models/fashion-mnist.safetensors").read_bytes(), reason="another one"),
        call(200, only="openapi-python-client", name=lambda known: known["name"],
             body=Form("ModelForm", {"file": (ROOT / "deploy/models/white-wine.safetensors").read_bytes()})),
    ],
    "annotateModel": [call(name=lambda known: known["name"], body="")],
    "annotateVersion": [call(name=lambda known: known["name"], version=1, body="")],
    "moveAlias": [call(name=lambda known: known["name"], alias="best", body={"version": 2, "reason": "a test"})],
    "listAliasMoves": [call(name=lambda known: known["name"], alias="best")],
    "deleteAlias": [call(204, name=lambda known: known["name"], alias="best", reason="the test is over")],
    "deleteVersion": [call(204, name=lambda known: known["name"], version=2)],
    "renameModel": [call(name=lambda known: known["name"], body=lambda known: {"to": known["name"] + "-renamed"})],
    "deleteModel": [call(name=lambda known: known["name"] + "-renamed")],
    "listChanges": [call(limit=5), call(action="key.create", since=YESTERDAY)],
    "listAudit": [call(limit=1)],
}


class Contract:
    def __init__(self, path):
        self.document = yaml.safe_load(path.read_text())
        self.operations = {
            operation["operationId"]: operation
            for item in self.document["paths"].values()
            for method, operation in item.items()
            if method in ("get", "put", "post", "patch", "delete")
        }

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def parameters(self, operation):
        return [self.resolved(parameter) for parameter in self.operations[operation].get("parameters", [])]

    def examples(self, operation):
        """Of a JSON body by name; a single one has none."""
        media = self.body(operation).get("application/json", {})
        if "example" in media:
            return {"": media["example"]}
        return {name: self.resolved(example)["value"] for name, example in media.get("examples", {}).items()}

    def body(self, operation):
        return self.operations[operation].get("requestBody", {}).get("content", {})

    def model_name(self, operation):
        """The schema of a JSON body."""
        return self.body(operation)["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]

    def answer(self, operation, status):
        """The schema of a JSON answer by its name; None where it is none."""
        content = self.resolved(self.operations[operation]["responses"][str(status)]).get("content", {})
        for media, described in content.items():
            if media.endswith("json"):
                return described["schema"].get("$ref", "").rsplit("/", 1)[-1] or None
            return None
        return None


def snake(name):
    return re.sub(r"\W", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).lower()


class OpenAPIGenerator:
    """What openapi-generator makes for Python."""

    name = "openapi-generator"

    def __init__(self, contract, server, key):
        self.contract = contract
        self.package = importlib.import_module("openapi_client")
        configuration = self.package.Configuration(host=server, access_token=key)
        self.client = self.package.ApiClient(configuration)

    def call(self, operation, arguments):
        """The status, the answer as the client reads it, and its bytes."""
        tag = self.contract.operations[operation]["tags"][0]
        api = getattr(self.package, tag.capitalize() + "Api")(self.client)
        method = getattr(api, snake(operation) + ("_without_preload_content" if "Accept" in arguments else "_with_http_info"))
        given = {snake(name): value for name, value in arguments.items() if name not in ("body", "Accept")}
        if "body" in arguments:
            body = arguments["body"]
            known = {snake(parameter["name"]) for parameter in self.contract.parameters(operation)}
            place = next(name for name in inspect.signature(method).parameters if name not in known and not name.startswith("_"))
            if isinstance(body, bytes):
                given |= {place: body, "_content_type": "application/octet-stream"}
            else:
                given[place] = getattr(self.package, self.contract.model_name(operation)).from_dict(body)
        if "Accept" in arguments:
            answer = method(**given, _headers={"Accept": arguments["Accept"]})
            return answer.status, answer.data, answer.data
        try:
            answer = method(**given)
        except self.package.ApiException as error:
            return error.status, error.data, error.body
        return answer.status_code, answer.data, answer.raw_data


class OpenAPIPythonClient:
    """What openapi-python-client makes."""

    name = "openapi-python-client"

    def __init__(self, contract, server, key):
        self.contract = contract
        self.models = importlib.import_module("posterior_client.models")
        self.types = importlib.import_module("posterior_client.types")
        client = importlib.import_module("posterior_client.client")
        self.client = client.AuthenticatedClient(base_url=server, token=key, timeout=60)

    def call(self, operation, arguments):
        tag = self.contract.operations[operation]["tags"][0]
        function = importlib.import_module(f"posterior_client.api.{tag}.{snake(operation)}").sync_detailed
        places = inspect.signature(function).parameters
        given = {}
        for name, value in arguments.items():
            # Names that Python has already end in a line.
            place = snake(name) if snake(name) in places else snake(name) + "_"
            given[place] = self.typed(value, places[place].annotation)
        if "body" in arguments:
            body = arguments["body"]
            if isinstance(body, bytes):
                given["body"] = self.file(body)
            elif isinstance(body, Form):
                fields = {name: [self.file(each) for each in value] if isinstance(value, list) else self.file(value) for name, value in body.fields.items()}
                given["body"] = getattr(self.models, body.schema)(**fields)
            else:
                given["body"] = getattr(self.models, self.contract.model_name(operation)).from_dict(body)
        answer = function(client=self.client, **given)
        data = answer.parsed if answer.parsed is not None else answer.content or None
        return int(answer.status_code), data.payload.read() if isinstance(data, self.types.File) else data, answer.content

    def file(self, payload):
        return self.types.File(payload=io.BytesIO(payload), file_name="file")

    @staticmethod
    def typed(value, annotation):
        for kind in typing.get_args(annotation):
            if isinstance(kind, type) and issubclass(kind, enum.Enum):
                return kind(value)
        return value


def missing(sent, read, place=""):
    """Members of an answer that a client does not keep."""
    if isinstance(sent, dict) and isinstance(read, dict):
        for name, value in sent.items():
            if name not in read:
                yield f"{place}.{name}"
            else:
                yield from missing(value, read[name], f"{place}.{name}")
    elif isinstance(sent, list) and isinstance(read, list):
        for value, kept in zip(sent, read, strict=True):
            yield from missing(value, kept, place + "[]")


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, what, faults):
        self.passed += not faults
        self.failed += bool(faults)
        for fault in faults:
            print(f"FAILED: {what}: {fault}", file=sys.stderr)


def check_table(contract, report):
    for operation in contract.operations:
        report.expect(operation, [] if operation in TABLE else ["the table of Tests/generators/call.py has no arguments for it"])
    for operation in TABLE:
        report.expect(operation, [] if operation in contract.operations else ["openapi.yaml has no such operation"])
    for operation in contract.operations:
        called = {each.arguments["body"] for each in TABLE.get(operation, []) if isinstance(each.arguments.get("body"), str)}
        left = {name for name in contract.examples(operation) if name} - called
        report.expect(operation, [f"its example {name} is called with no model" for name in sorted(left)])


def faults_of(contract, client, operation, each, known):
    try:
        arguments = {name: value(known) if callable(value) else value for name, value in each.arguments.items()}
        if isinstance(arguments.get("body"), str):
            arguments["body"] = contract.examples(operation)[arguments["body"]]
        status, answer, sent = client.call(operation, arguments)
    except Exception as error:  # noqa: BLE001 - whatever a generated client throws
        return [f"{type(error).__name__}: {str(error)[:500]}"]
    if status != each.expecting:
        return [f"status {status}, expected {each.expecting}: {str(answer)[:500]}"]
    wanted = contract.answer(operation, status) if "Accept" not in arguments else None
    if wanted and type(answer).__name__ != wanted:
        return [f"the answer is a {type(answer).__name__}, expected {wanted}"]
    if status != 204 and not answer:
        return ["the answer is empty"]
    if wanted and (lost := sorted(set(missing(json.loads(sent), answer.to_dict())))):
        return [f"the client loses {', '.join(lost)}"]
    try:
        known |= {name: read(answer.to_dict()) for name, read in each.keep.items()}
    except (LookupError, AttributeError) as error:
        return [f"{type(error).__name__}: {error} in {str(answer)[:500]}"]
    return []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--key", required=True)
    arguments = parser.parse_args()
    contract, report = Contract(ROOT / "openapi.yaml"), Report()
    check_table(contract, report)
    for kind in (OpenAPIGenerator, OpenAPIPythonClient):
        client = kind(contract, arguments.server, arguments.key)
        known, called = {"name": "made-by-" + client.name}, 0
        for operation, calls in TABLE.items():
            if operation not in contract.operations:
                continue
            faults = []
            for each in [each for each in calls if each.only in (None, client.name)]:
                found = faults_of(contract, client, operation, each, known)
                report.expect(f"{client.name}: {operation}", found)
                faults += found
            called += not faults
        print(f"{client.name} called {called} of {len(contract.operations)} operations")
    print(f"{report.passed} passed, {report.failed} failed")
    return report.failed > 0


if __name__ == "__main__":
    sys.exit(main())
