#!/usr/bin/env python3
"""Checks openapi.yaml, and the answers of a running server against it.

    python3 -m venv venv && venv/bin/pip install openapi-spec-validator jsonschema pyyaml
    venv/bin/python Tests/openapi/validate.py [--server http://127.0.0.1:8080 [--key KEY --model-file FILE]]

Without a server only the document itself is checked. With one, every GET path and every operation of every model is called, rightly and wrongly,
and each answer's status, media type, headers and body must be what the document says. With a key and a model file, administration too.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import sys
import urllib.error
import urllib.request

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Reader(yaml.SafeLoader):
    """YAML in which a key stands once; PyYAML by itself takes the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        for place, key in enumerate(keys):
            if key in keys[:place]:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key} stands twice", node.value[place][0].start_mark)
        return super().construct_mapping(node, deep)


class Contract:
    def __init__(self, path):
        self.document = yaml.load(path.read_text(), Reader)
        validate(self.document)
        # For generators the contract says less than it means: that nested numbers are nested.
        numbers = self.document["components"]["schemas"]["Numbers"]
        numbers["items"] = {"anyOf": [{"type": ["number", "null"]}, {"$ref": "#/components/schemas/Numbers"}]}

    def resolved(self, node):
        while "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def check(self, method, path, status, headers, body):
        """What is wrong with an answer; an empty list for one that the contract allows."""
        operation = self.document["paths"][path][method.lower()]
        if str(status) not in operation["responses"]:
            return [f"status {status} is not in the contract"]
        response = self.resolved(operation["responses"][str(status)])
        faults = [
            f"header {name} is missing"
            for name, header in response.get("headers", {}).items()
            if name not in headers and self.resolved(header).get("required", True)
        ]
        content = response.get("content")
        if content is None:
            return faults + (["a body where the contract has none"] if body else [])
        media = headers.get("Content-Type", "").split(";")[0]
        if media not in content:
            return faults + [f"Content-Type {media} is not in the contract: {sorted(content)}"]
        if media.endswith("json"):
            faults += self.faults_in(json.loads(body), content[media]["schema"])
        return faults

    def faults_in(self, value, schema):
        validator = Draft202012Validator({**schema, "components": self.document["components"]}, format_checker=FormatChecker())
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]


class Session:
    def __init__(self, contract, server, key):
        self.contract, self.server, self.key = contract, server, key
        self.calls, self.faults, self.seen = 0, 0, set()

    def call(self, method, path, expected, body=None, query="", headers=None, keyed=False, **parameters):
        target = path
        for name, value in parameters.items():
            target = target.replace("{" + name + "}", value)
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        if keyed:
            headers["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.server + target + query, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                status, fields, data = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as answer:
            status, fields, data = answer.code, answer.headers, answer.read()
        faults = self.contract.check(method, path, status, fields, data)
        if status != expected:
            faults.insert(0, f"status {status}, expected {expected}: {data[:300]!r}")
        self.calls += 1
        self.seen.add((method, path))
        for fault in faults:
            self.faults += 1
            print(f"{method} {target}{query}: {fault}", file=sys.stderr)
        return data

    def get(self, path, expected=200, **rest):
        return self.call("GET", path, expected, **rest)


def items(signature):
    """One item of raw values in the shape that the signature asks for."""
    if signature["kind"] == "table":
        return [[0.0 for _ in signature["columns"]]]
    if signature["kind"] == "tokens":
        return [[0, 1]]
    value = signature.get("range", [0, 0])[0]
    nested = value
    for extent in reversed(signature["shape"]):
        nested = [nested] * extent
    return [nested]


def read(session):
    for path in ["/", "/healthz", "/readyz", "/metrics", "/openapi.yaml", "/v1/families", "/v1/models", "/v1/runs"]:
        session.get(path)
        session.get(path, 400, query="?nonsense=1")
    assets = session.get("/").decode().split("/page/")[1][:16]
    session.get("/page/{digest}/{file}", digest=assets, file="main.js")
    session.get("/page/{digest}/{file}", digest=assets, file="style.css")
    session.get("/page/{digest}/{file}", 404, digest=assets, file="nothing.js")
    session.get("/page/{digest}/{folder}/{file}", digest=assets, folder="views", file="model.js")
    session.get("/page/{digest}/{folder}/{file}", 404, digest="0" * 16, folder="views", file="model.js")
    session.get("/v1/models", query="?limit=1")
    session.get("/v1/models", query="?search=fashion&family=vae&tag=none")
    session.get("/v1/models", 400, query="?limit=0")
    session.get("/v1/models/{model}", 404, model="nobody")
    session.get("/v1/models/{model}/scores", 404, model="nobody")
    session.get("/v1/runs", query="?kind=train&order_by=started_at")
    session.get("/v1/runs", query="?filter=params.n%20%3D%202%20and%20duration%20%3E%200&order_by=duration%20desc&until=2999-01-01T00:00:00Z")
    session.get("/v1/runs", headers={"Accept": "text/csv"})
    session.get("/v1/runs", 406, headers={"Accept": "image/png"})
    session.get("/v1/runs", 400, query="?filter=params.n%20~%202")
    session.get("/v1/runs", 400, query="?page_token=8")
    session.get("/v1/runs/compare", 400, query="?ids=one")
    session.get("/v1/runs/{id}/events", 404, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.get("/v1/runs/{id}", 404, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.get("/v1/runs/{id}/metrics", 404, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.get("/v1/runs/{id}/documents/{name}", 404, id="01ARZ3NDEKTSV4RRFFQ69G5FAV", name="a")
    for run in json.loads(session.get("/v1/runs"))["runs"][:3]:
        session.get("/v1/runs/{id}", id=run["id"])
        session.get("/v1/runs/{id}/metrics", id=run["id"], query="?limit=5")
        session.get("/v1/runs/{id}/documents/{name}", 404, id=run["id"], name="no-such-document")
    for run in json.loads(session.get("/v1/runs", query="?kind=evaluate"))["runs"]:
        for document in json.loads(session.get("/v1/runs/{id}", id=run["id"]))["documents"]:
            data = session.get("/v1/runs/{id}/documents/{name}", id=run["id"], name=document["name"])
            if "sha256:" + hashlib.sha256(data).hexdigest() != document["digest"]:
                session.faults += 1
                print(f"{document['name']} of run {run['id']} is not {document['digest']}", file=sys.stderr)
            tag = {"If-None-Match": '"%s"' % document["digest"]}
            session.get("/v1/runs/{id}/documents/{name}", 304, id=run["id"], name=document["name"], headers=tag)


def operate(session):
    operations = {operation["name"]: operation for operation in json.loads(session.get("/v1/families"))["operations"]}
    for entry in json.loads(session.get("/v1/models"))["models"]:
        if entry["live_version"] is None:
            continue
        name = entry["name"]
        model = json.loads(session.get("/v1/models/{model}", model=name))
        session.get("/v1/models/{model}/scores", model=name, query="?limit=2", keyed=session.key is not None)
        session.get("/v1/models/{model}/scores", 400, model=name, query="?page_token=8")
        configured = "".join(word.capitalize() for word in model["family"].split("_")) + "Configuration"
        for fault in session.contract.faults_in(model["configuration"], {"$ref": f"#/components/schemas/{configured}"}):
            session.faults += 1
            print(f"the configuration of {name} is no {configured}: {fault}", file=sys.stderr)
        if model["signature"]["kind"] == "tokens":
            speak(session, model, operations)
            continue
        for operation, description in operations.items():
            path = "/v1/models/{model}/" + operation
            body = {"seed": 1, "first_item": 2}
            if description["takes_items"]:
                body["inputs"] = items(model["signature"])
            is_image = model["signature"]["kind"] == "image"
            if operation == "impute" and is_image:
                body["mask"] = "half"
            if operation not in model["operations"]:
                session.call("POST", path, 422, body=body, model=name)
                continue
            if operation == "decode":
                # What encode answers.
                encoded = session.call("POST", "/v1/models/{model}/encode", 200, body={"inputs": body.pop("inputs")}, model=name)
                body["layers"] = json.loads(encoded)["layers"]
            session.call("POST", path, 200, body=body, model=name)
            if operation == "impute" and is_image:
                session.call("POST", path, 200, body=body | {"cells": True, "draws": 2}, model=name)
                session.call("POST", path, 200, body=body | {"mode": "point", "compare": False}, model=name, headers={"Accept": "image/png"})
                session.call("POST", path, 422, body=body | {"mask": "ring"}, model=name)
            elif operation == "impute":
                holes = {"rows": [{column["name"]: None for column in model["signature"]["columns"]}], "draws": 2}
                session.call("POST", path, 200, body=holes, model=name)
                session.call("POST", path, 200, body=holes | {"mode": "point"}, model=name)
                session.call("POST", path, 422, body=holes | {"mode": "mean"}, model=name)
            if operation == "cluster":
                session.call("POST", path, 200, body=body | {"layer": 0, "draws": 3, "responsibilities": False}, model=name)
                session.call("POST", path, 422, body=body | {"layer": 9}, model=name)
            if operation == "classify":
                session.call("POST", path, 200, body=body | {"top": 1}, model=name)
                session.call("POST", path, 422, body=body | {"top": 0}, model=name)
            if operation == "sample":
                target, tag = "/v1/models/{model}/sample", {"If-None-Match": "\"none\""}
                session.get(target, model=name, query="?n=2&seed=1", headers=tag)
                session.get(target, 422, model=name, query="?n=0&seed=1")
            if operation == "sample" and "cluster" in model["operations"]:
                given = [{"cluster": 1, "layer": 0}] + [{"label": label} for label in model["signature"].get("classes", [])[:1]]
                for condition in given:
                    session.call("POST", path, 200, body=body | {"given": condition}, model=name)
                layers = {"inputs": items(model["signature"]), "given": {"layers": [{"from_item": 0}]}}
                session.call("POST", path, 200, body=body | layers, model=name)
                session.call("POST", path, 422, body=body | layers | {"given": {}}, model=name)
                session.call("POST", path, 422, body=body | {"given": {"cluster": 99, "layer": 0}}, model=name)
            if operation == "score" and model["family"] == "vaeac":
                first = model["signature"]["columns"][0]["name"]
                session.call("POST", path, 200, body=body | {"targets": [first], "estimator": "prior", "k": 5}, model=name)
                session.call("POST", path, 422, body=body | {"targets": ["no such column"]}, model=name)
                session.call("POST", path, 422, body=body | {"targets": []}, model=name)
            for accept in ["application/x-npy", "application/octet-stream"]:
                session.call("POST", path, 200, body=body, model=name, headers={"Accept": accept})
            shows = is_image and operation in ("decode", "impute", "sample", "reconstruct")
            arrow = "application/vnd.apache.arrow.stream"
            if not shows:
                session.call("POST", path, 200, body=body, model=name, headers={"Accept": arrow})
            if operation == "impute" and not is_image:
                # What is answered is a table as it may be sent.
                stream = session.call("POST", path, 200, body=holes | {"mode": "point"}, model=name, headers={"Accept": arrow})
                for query, part, status in [("?seed=1&mode=point", stream, 200), ("", stream[:-8], 400), ("?separator=comma", stream, 422)]:
                    session.call("POST", path, status, body=part, model=name, query=query, headers={"Content-Type": arrow, "Accept": arrow})
            for tag, status in [(model["digest"], 200), ("sha256:0", 412)]:
                session.call("POST", path, status, body=body, model=name, headers={"If-Match": f'"{tag}"'})
            session.call("POST", path, 200, body=body, model=name, headers={"Accept": "image/png" if shows else "text/csv"})
            session.call("POST", path, 406, body=body, model=name, headers={"Accept": "text/html"})
            session.call("POST", path, 422, body=body | {"nonsense": 1}, model=name)
            session.call("POST", path, 422, body=body | {"seed": -1}, model=name)
            session.call("POST", path, 400, body=b"{", model=name, headers={"Content-Type": "application/json"})
            session.call("POST", path, 415, body=b"x", model=name, headers={"Content-Type": "text/html"})
            session.call("POST", path, 404, body=body, model="nobody")


def speak(session, model, operations):
    """A model of texts."""
    name, characters = model["name"], model["signature"]["vocabulary"]
    text = "".join(characters[:2])
    for operation, description in operations.items():
        path, body = "/v1/models/{model}/" + operation, {"seed": 1}
        if description["takes_items"]:
            body["texts"] = [text, text * 3]
        if operation not in model["operations"]:
            session.call("POST", path, 422, body=body, model=name)
            continue
        session.call("POST", path, 200, body=body, model=name)
        session.call("POST", path, 406, body=body, model=name, headers={"Accept": "text/html"})
        if description["takes_items"]:
            session.call("POST", path, 200, body=body, model=name, headers={"Accept": "text/csv"})
            session.call("POST", path, 200, body=text.encode(), model=name, headers={"Content-Type": "text/plain"})
            for wrong in [[text, "\u2603"], [""], [], "a", [1]]:
                session.call("POST", path, 422, body=body | {"texts": wrong}, model=name)
        else:
            session.call("POST", path, 200, body=body | {"n": 2, "length": 7, "given": {"text": text}, "temperature": 0.5}, model=name)
            session.call("POST", path, 200, body=body | {"length": 7}, model=name, headers={"Accept": "text/plain"})
            for wrong in [{"length": 0}, {"length": 2000000}, {"temperature": -1}, {"given": {"text": "\u2603"}}, {"given": {"text": ""}}]:
                session.call("POST", path, 422, body=body | wrong, model=name)


def code(session):
    """Streams of items, there and back."""
    there, back = "/v1/models/{model}/compress", "/v1/models/{model}/decompress"
    bits, floats, array = {"Content-Type": "application/vnd.posterior.bits"}, {"Accept": "application/octet-stream"}, {"Accept": "application/x-npy"}
    picture, table = {"Accept": "image/png"}, {"Accept": "text/csv"}
    for entry in json.loads(session.get("/v1/models"))["models"]:
        name = entry["name"]
        model = json.loads(session.get("/v1/models/{model}", model=name))
        if "compress" not in model["operations"]:
            session.call("POST", there, 422, body={"inputs": [[1]]}, model=name)
            session.call("POST", back, 422, body=b"x", model=name, headers=bits)
            continue
        is_table = model["signature"]["kind"] == "table"
        # Numbers on no grid, or of no level.
        off = [[0.1 + 0.2] * len(model["signature"]["columns"])] if is_table else [[7.5] * 784]
        body = {"seed": 1, "inputs": items(model["signature"]) * 5, "chunk": 2}
        stream = session.call("POST", there, 200, body=body | {"record": True}, model=name)
        session.call("POST", there, 200, body=body | {"record": True}, model=name, headers={"Accept": "application/json"})
        session.call("POST", there, 406, body=body, model=name, headers={"Accept": "image/png"})
        for wrong in [{"chunk": 0}, {"nonsense": 1}, {"seed": -1}, {"inputs": off}]:
            session.call("POST", there, 422, body=body | wrong, model=name)
        session.call("POST", there, 400, body=b"{", model=name, headers={"Content-Type": "application/json"})
        session.call("POST", there, 415, body=b"x", model=name, headers={"Content-Type": "text/html"})
        session.call("POST", there, 404, body=body, model="nobody")
        for query, accept in [("", {}), ("?items=1-3&seed=7&record=true", {}), ("?items=4", table if is_table else picture), ("", array)] + ([] if is_table else [("", floats)]):
            session.call("POST", back, 200, body=stream, model=name, query=query, headers=bits | accept)
        for query in ["?items=9", "?items=3-1", "?nonsense=1", "?seed=-1"]:
            session.call("POST", back, 422, body=stream, model=name, query=query, headers=bits)
        session.call("POST", back, 400, body=stream[:-1], model=name, headers=bits)
        session.call("POST", back, 415, body=stream[:8] + b"\2" + stream[9:], model=name, headers=bits)
        session.call("POST", back, 415, body=stream, model=name, headers={"Content-Type": "text/html"})
        session.call("POST", back, 406, body=stream, model=name, headers=bits | {"Accept": "text/html"})
        session.call("POST", back, 404, body=stream, model="nobody", headers=bits)
        recorded = json.loads(session.get("/v1/runs", query="?kind=inference&filter=operation%20%3D%20'compress'%20and%20http_status%20%3D%20200"))["runs"]
        if not json.loads(session.call("POST", "/v1/runs/{id}/replay", 200, body=b"", id=recorded[0]["id"]))["equal"]:
            session.faults += 1
            print("a replay of compress gave other bytes", file=sys.stderr)


def audit(session):
    path = "/v1/models/{model}/robustness"
    attack = {"budgets": [0.5], "steps": 3, "restarts": 1}
    for entry in json.loads(session.get("/v1/models"))["models"]:
        name = entry["name"]
        model = json.loads(session.get("/v1/models/{model}", model=name))
        body = {"seed": 1, "inputs": items(model["signature"]) * 2, "attack": attack}
        if "robustness" not in model["operations"]:
            session.call("POST", path, 422, body=body, model=name)
            continue
        session.call("POST", path, 200, body=body | {"record": True}, model=name)
        targeted = {"objective": "latent", "kind": "lbfgs", "weights": [0, 1], "steps": 3, "restarts": 1, "margins": False, "examples": True}
        session.call("POST", path, 200, body=body | {"attack": targeted}, model=name)
        for accept in ["text/csv", "image/png"]:
            session.call("POST", path, 200, body=body, model=name, headers={"Accept": accept})
        session.call("POST", path, 406, body=body, model=name, headers={"Accept": "text/html"})
        session.call("POST", path, 422, body=body | {"attack": {"kind": "fgsm"}}, model=name)
        decisions = body | {"attack": {"objective": "downstream", "kind": "ensemble", "budgets": [0.5], "steps": 2, "restarts": 1, "margins": False}}
        classes = model["signature"].get("classes")
        session.call("POST", path, 200 if "classify" in model["operations"] else 422, body=decisions, model=name)
        if classes:
            session.call("POST", path, 200, body=decisions | {"labels": [classes[0]] * len(body["inputs"])}, model=name)
        session.call("POST", path, 422, body=decisions | {"labels": ["no such class"] * len(body["inputs"])}, model=name)
        session.call("POST", path, 400, body=b"{", model=name, headers={"Content-Type": "application/json"})
        session.call("POST", path, 415, body=b"x", model=name, headers={"Content-Type": "text/plain"})
        session.call("POST", path, 404, body=body, model="nobody")
        run = json.loads(session.call("POST", path, 202, body=body | {"attack": {"steps": 10000, "restarts": 10}}, model=name, headers={"Prefer": "respond-async"}))
        session.call("POST", "/v1/runs/{id}/cancel", 200, id=run["id"])
        session.call("POST", "/v1/runs/{id}/cancel", 409, id=run["id"])
        session.call("POST", "/v1/runs/{id}/cancel", 404, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    kept = next(run for run in json.loads(session.get("/v1/runs", query="?kind=robustness&order_by=started_at"))["runs"] if run["status"] == "finished")
    session.get("/v1/runs/{id}", id=kept["id"])
    if not json.loads(session.call("POST", "/v1/runs/{id}/replay", 200, body=b"", id=kept["id"]))["equal"]:
        session.faults += 1
        print("a replay of an audit gave another report", file=sys.stderr)


def pool(session):
    terms = [{"term": "a", "estimates": [1, 2, 4], "std_errors": [0.5, 0.6, 0.5]}, {"term": "b", "estimates": [0, 0, 0], "variances": [0, 0, 0]}]
    session.call("POST", "/v1/pool", 200, body={"terms": terms})
    session.call("POST", "/v1/pool", 200, body={"terms": terms, "dfcom": 12.5, "confidence": 0.5}, headers={"Accept": "text/csv"})
    session.call("POST", "/v1/pool", 200, body={"terms": [{"term": "alone", "estimates": [1], "variances": [2]}]})
    table = b"term,estimate,std_error\na,1,0.5\na,2,0.6\n"
    session.call("POST", "/v1/pool", 200, body=table, query="?dfcom=20", headers={"Content-Type": "text/csv"})
    session.call("POST", "/v1/pool", 400, body=table, query="?nonsense=1", headers={"Content-Type": "text/csv"})
    session.call("POST", "/v1/pool", 400, body=b"{", headers={"Content-Type": "application/json"})
    session.call("POST", "/v1/pool", 406, body={"terms": terms}, headers={"Accept": "image/png"})
    session.call("POST", "/v1/pool", 415, body=b"x", headers={"Content-Type": "text/plain"})
    session.call("POST", "/v1/pool", 422, body={"terms": []})


def replay(session):
    """What operate() left on record: lists, comparisons, events and replays of it."""
    runs = json.loads(session.get("/v1/runs", query="?kind=inference&filter=http_status%20%3D%20200"))["runs"]
    session.get("/v1/runs/compare", query=f"?ids={runs[0]['id']},{runs[1]['id']}")
    session.get("/v1/runs/compare", 404, query=f"?ids={runs[0]['id']},01ARZ3NDEKTSV4RRFFQ69G5FAV")
    path = "/v1/runs/{id}/replay"
    sampled = next(run for run in runs if run["inference"]["operation"] == "sample")
    encoded = next(run for run in runs if run["inference"]["operation"] == "encode")
    session.get("/v1/runs/{id}", id=sampled["id"])
    session.get("/v1/runs/{id}/events", id=sampled["id"])
    if not json.loads(session.call("POST", path, 200, body=b"", id=sampled["id"]))["equal"]:
        session.faults += 1
        print("a replay gave other bytes", file=sys.stderr)
    session.call("POST", path, 409, body=b"", id=encoded["id"])
    session.call("POST", path, 409, body=b"other", id=encoded["id"])
    session.call("POST", path, 404, body=b"", id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    refused = json.loads(session.get("/v1/runs", query="?status=failed"))["runs"]
    session.call("POST", path, 422, body=b"", id=refused[0]["id"])
    session.get("/v1/runs", headers={"Accept": "text/csv"})


def administrate(session, file):
    data = file.read_bytes()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    raw = {"Content-Type": "application/octet-stream", "Content-Digest": f"sha-256=:{digest}:"}
    versions, version = "/v1/admin/models/{name}/versions", "/v1/admin/models/{name}/versions/{version}"
    alias = "/v1/admin/models/{name}/aliases/{alias}"
    name = "contract-check"
    session.call("POST", versions, 401, body=data, headers=raw, name=name)
    session.call("POST", versions, 201, body=data, headers=raw, keyed=True, name=name, query="?alias=live")
    session.call("POST", versions, 200, body=data, headers=raw, keyed=True, name=name)
    session.call("POST", versions, 422, body=b"not a model", headers={"Content-Type": "text/plain"}, keyed=True, name=name)
    session.call("PUT", alias, 200, body={"version": 1, "reason": "check"}, keyed=True, name=name, alias="best")
    session.call("PUT", alias, 422, body={"version": "one"}, keyed=True, name=name, alias="best")
    session.call("PUT", alias, 409, body={"version": 1, "from": 7}, keyed=True, name=name, alias="best")
    session.get(alias + "/history", keyed=True, name=name, alias="best")
    for path in ["/v1/admin/models/{name}", version]:
        session.call("PATCH", path, 200, body={"description": "a check", "tags": {"a": "b", "c": None}}, keyed=True, name=name, version="1")
        session.call("PATCH", path, 422, body={"family": "other"}, keyed=True, name=name, version="1")
        session.call("PATCH", path, 404, body={}, keyed=True, name="nobody", version="1")
    run = "/v1/admin/runs/{id}"
    session.call("PATCH", run, 404, body={"tags": {"a": "b"}}, keyed=True, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.call("PATCH", run, 401, body={"tags": {"a": "b"}}, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.call("PATCH", run, 422, body={"description": "x"}, keyed=True, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    replays = json.loads(session.get("/v1/runs", query="?kind=replay"))["runs"]
    if replays:
        session.call("PATCH", run, 200, body={"tags": {"a": "b", "c": None}}, keyed=True, id=replays[0]["id"])
    session.get("/v1/models", query="?tag=a%3Db")
    session.get("/v1/models/{model}", model=name)
    session.call("GET", "/v1/models/{model}/file", 200, keyed=True, model=name)
    session.call("GET", "/v1/models/{model}/file", 401, model=name)
    session.call("GET", "/v1/models/{model}/file", 404, keyed=True, model="nobody")
    rename = "/v1/admin/models/{name}/rename"
    session.call("POST", rename, 409, body={"to": "fashion-mnist"}, keyed=True, name=name)
    session.call("POST", rename, 422, body={"too": "x"}, keyed=True, name=name)
    session.call("POST", rename, 404, body={"to": "x"}, keyed=True, name="nobody")
    session.call("POST", versions, 201, body=data, headers=raw, keyed=True, name="contract-gone")
    session.call("POST", rename, 200, body={"to": "contract-renamed"}, keyed=True, name="contract-gone")
    session.call("DELETE", "/v1/admin/models/{name}", 401, name="contract-renamed")
    session.call("DELETE", "/v1/admin/models/{name}", 200, keyed=True, name="contract-renamed")
    session.call("DELETE", "/v1/admin/models/{name}", 404, keyed=True, name="contract-renamed")
    session.call("DELETE", version, 409, keyed=True, name=name, version="1")
    session.call("DELETE", alias, 204, keyed=True, name=name, alias="best")
    session.call("DELETE", alias, 204, keyed=True, name=name, alias="live")
    session.call("DELETE", version, 204, keyed=True, name=name, version="1")
    session.call("DELETE", version, 404, keyed=True, name=name, version="1")
    manage_keys(session)
    sign_in(session)
    for path in ["/v1/admin/changes", "/v1/admin/audit"]:
        session.get(path, keyed=True, query="?limit=3&action=alias.move")
        session.get(path, keyed=True)
        session.get(path, 400, keyed=True, query="?since=yesterday")


def work(session):
    """Data sets, and what a server does with them in the background."""
    sets, one, jobs = "/v1/admin/datasets", "/v1/admin/datasets/{name}", "/v1/admin/runs"
    table = "a,b\n" + "\n".join(f"{i},{i * i % 7 if i % 3 else ''}" for i in range(40)) + "\n"
    csv = {"Content-Type": "text/csv"}
    session.call("POST", one, 401, body=table.encode(), headers=csv, name="contract")
    session.call("POST", one, 201, body=table.encode(), headers=csv, keyed=True, name="contract", query="?file=table.csv")
    session.call("POST", one, 200, body=table.encode(), headers=csv, keyed=True, name="contract", query="?file=table.csv")
    session.call("POST", one, 409, body=b"a,b\n1,2\n", headers=csv, keyed=True, name="contract", query="?file=table.csv")
    session.call("POST", one, 422, body=b"a,b\n1,x\n2,3\n3,4\n", headers=csv, keyed=True, name="contract-wrong")
    session.call("POST", one, 422, body=table.encode(), headers=csv, keyed=True, name="contract-wrong", query="?file=..%2Ftable.csv")
    session.call("POST", one, 400, body=b"x", headers={"Content-Type": "application/octet-stream"}, keyed=True, name="contract-wrong")
    session.get(sets, keyed=True)
    session.get(one, keyed=True, name="contract")
    session.get(one, 404, keyed=True, name="contract-wrong")
    train = {"kind": "train", "dataset": "contract", "family": "mixture", "seed": 1, "publish": {"model": "contract-model"}}
    session.call("POST", jobs, 401, body=train)
    for wrong in [{"kind": "paint"}, {"dataset": None}, {"family": "nobody"}, {"k": 5}, {"publish": {"model": "No Name"}}, {"seed": -1}, {"nonsense": 1},
                  {"family": None, "recipe": {"family": "vae", "data": {"source": "/etc/passwd"}, "configuration": {"latent": 1}}},
                  {"family": None, "recipe": {"family": "vae", "data": {"source": "table.csv"}, "configuration": {"latent": 0}}}]:
        session.call("POST", jobs, 422, body=train | wrong, keyed=True)
    session.call("POST", jobs, 404, body=train | {"dataset": "nobody"}, keyed=True)
    runs = [json.loads(session.call("POST", jobs, 202, body=body, keyed=True)) for body in (
        train, {"kind": "impute", "dataset": "contract", "family": "mixture", "seed": 1}, train | {"seed": 2})]
    session.call("POST", "/v1/runs/{id}/cancel", 401, id=runs[2]["id"])
    session.call("POST", "/v1/runs/{id}/cancel", 200, keyed=True, id=runs[2]["id"])
    for run in runs[:2]:
        session.get("/v1/runs/{id}/events", id=run["id"])
        ended = json.loads(session.get("/v1/runs/{id}", id=run["id"]))
        if ended["status"] != "finished":
            session.faults += 1
            print(f"run {run['id']} of kind {run['kind']} is {ended['status']}: {ended['failure']}", file=sys.stderr)
    session.get("/v1/runs/{id}/documents/{name}", 401, id=runs[1]["id"], name="completed.csv")
    session.get("/v1/runs/{id}/documents/{name}", keyed=True, id=runs[1]["id"], name="completed.csv")
    session.call("DELETE", "/v1/admin/runs/{id}/files", 200, keyed=True, id=runs[1]["id"])
    session.get("/v1/runs/{id}/documents/{name}", 404, keyed=True, id=runs[1]["id"], name="completed.csv")
    session.call("DELETE", "/v1/admin/runs/{id}/files", 404, keyed=True, id="01ARZ3NDEKTSV4RRFFQ69G5FAV")
    session.call("DELETE", one, 204, keyed=True, name="contract")
    session.call("DELETE", one, 404, keyed=True, name="contract")


def infer(session):
    """The Open Inference Protocol; Tests/clients/inference.py asks more of it, with the clients that people have."""
    for path in ["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/stats", "/v2/repository/index"]:
        session.get(path)
    session.call("POST", "/v2/repository/index", 200, body=b"")
    session.call("POST", "/v2/repository/index", 200, body={"ready": True})
    for path in ["/v2/models/{model}", "/v2/models/{model}/versions/{version}"]:
        for part in ["", "/config", "/ready", "/stats"]:
            session.get(path + part, model="fashion-mnist", version="1")
            session.get(path + part, 404, model="nobody", version="1")
        sample = {"parameters": {"operation": "sample", "n": 2}, "inputs": []}
        session.call("POST", path + "/infer", 200, body=sample, model="fashion-mnist", version="1")
        session.call("POST", path + "/infer", 200, body=sample | {"parameters": sample["parameters"] | {"binary_data_output": True}}, model="fashion-mnist", version="1")
        session.call("POST", path + "/infer", 400, body=sample | {"inputs": 1}, model="fashion-mnist", version="1")
        session.call("POST", path + "/infer", 404, body=sample, model="nobody", version="1")
    session.get("/v2/models/{model}", 501, model="fashion-mnist:impute")
    for verb in ["load", "unload"]:
        session.call("POST", "/v2/repository/models/{model}/" + verb, 401, body={}, model="fashion-mnist")
        session.call("POST", "/v2/repository/models/{model}/" + verb, 200, body={}, keyed=True, model="fashion-mnist")


def sign_in(session):
    session.call("POST", "/v1/admin/links", 401)
    link = json.loads(session.call("POST", "/v1/admin/links", 201, keyed=True))["link"]
    token = {"token": link.rsplit("/", 1)[1]}
    key = {"Authorization": "Bearer " + json.loads(session.call("POST", "/v1/sign-in", 201, body=token))["secret"]}
    session.call("POST", "/v1/sign-in", 401, body=token)
    session.call("POST", "/v1/sign-in", 422, body={"key": "x"})
    session.call("DELETE", "/v1/sign-in", 204, headers=key)
    session.call("DELETE", "/v1/sign-in", 401, headers=key)
    session.call("DELETE", "/v1/sign-in", 409, keyed=True)


def manage_keys(session):
    keys, key = "/v1/admin/keys", "/v1/admin/keys/{id}"
    wanted = {"name": "contract check", "scopes": ["infer"], "models": ["nobody"], "expires_at": "2099-12-31T00:00:00Z"}
    issued = json.loads(session.call("POST", keys, 201, body=wanted, keyed=True))
    session.call("POST", keys, 409, body=wanted, keyed=True)
    session.call("POST", keys, 422, body={"name": "x", "scopes": ["root"]}, keyed=True)
    session.call("POST", keys, 401, body=wanted)
    session.get(keys, keyed=True, query="?limit=1")
    secret = {"Authorization": "Bearer " + issued["secret"]}
    session.get("/v1/models", headers=secret)
    session.get("/v1/models/{model}", 403, headers=secret, model="contract-check")
    session.get("/metrics", 403, headers=secret)
    session.get(keys, 403, headers=secret)
    session.call("DELETE", key, 204, keyed=True, id=issued["id"])
    session.call("DELETE", key, 404, keyed=True, id="nobody")
    session.call("DELETE", key, 409, keyed=True, id="admin")
    session.get("/v1/models", 401, headers=secret)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server")
    parser.add_argument("--key")
    parser.add_argument("--model-file", type=pathlib.Path)
    arguments = parser.parse_args()
    contract = Contract(ROOT / "openapi.yaml")
    print(f"openapi.yaml is valid: {len(contract.document['paths'])} paths")
    if not arguments.server:
        return 0
    session = Session(contract, arguments.server.rstrip("/"), arguments.key)
    read(session)
    operate(session)
    audit(session)
    code(session)
    pool(session)
    replay(session)
    if arguments.key and arguments.model_file:
        administrate(session, arguments.model_file)
        work(session)
        infer(session)
    everything = {(method.upper(), path) for path, item in contract.document["paths"].items() for method in item}
    for method, path in sorted(everything - session.seen):
        print(f"not called: {method} {path}")
    print(f"{session.calls} answers, {session.faults} faults")
    return 1 if session.faults else 0


if __name__ == "__main__":
    sys.exit(main())
