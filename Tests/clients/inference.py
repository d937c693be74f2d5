#!/usr/bin/env python3
"""The Open Inference Protocol as its real clients speak it, unmodified: tritonclient (sync and aio), KServe's SDK, and bare HTTP for what they do not send.

    Tests/clients/inference.py --server http://127.0.0.1:8080 --key KEY [--only triton|kserve|raw]

The server has the models fm, clusters, wine and kinds (a table with a category). Every number is compared with what /v1 answers to the same request.
"""
import argparse
import asyncio
import gzip
import http.client
import json
import struct
import sys
import urllib.request
import zlib

import numpy

PASSED, FAILED = [], []


def expect(name, holds, told=""):
    (PASSED if holds else FAILED).append(name)
    if not holds:
        print(f"FAILED: {name}: {str(told)[:600]}", file=sys.stderr)


def post(server, path, body, headers):
    request = urllib.request.Request(server + path, body, headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def plain(server, path, floats):
    """What /v1 answers to raw floats, as floats."""
    status, _, body = post(server, path, floats.astype("<f4").tobytes(), {"Content-Type": "application/octet-stream", "Accept": "application/octet-stream"})
    assert status == 200, body
    return numpy.frombuffer(body, "<f4")


def images(n):
    return (numpy.arange(n * 784) * 7919 % 256).astype(numpy.float32).reshape(n, 28, 28)


def wine(n):
    rows = numpy.tile(numpy.array([7, 0.3, 0.3, 5, 0.04, 30, 120, 0.994, 3.2, 0.5, 10, 6], numpy.float32), (n, 1)) * (1 + 0.01 * numpy.arange(n))[:, None].astype("f4")
    rows[::2, 3], rows[1::3, 7] = numpy.nan, numpy.nan
    return rows


# MARK: tritonclient


def triton(server, key):
    import tritonclient.http as module

    client = module.InferenceServerClient(server.removeprefix("http://"))
    headers = {"Authorization": f"Bearer {key}"}
    expect("triton: live and ready", client.is_server_live() and client.is_server_ready() and client.is_model_ready("fm") and client.is_model_ready("fm", "1"))
    expect("triton: no model", not client.is_model_ready("nobody"))
    expect("triton: server metadata", "binary_tensor_data" in client.get_server_metadata()["extensions"])
    expect("triton: model metadata", client.get_model_metadata("fm:encode")["outputs"][0]["name"] == "mean_0")
    expect("triton: configuration", client.get_model_config("fm")["max_batch_size"] == 0)
    expect("triton: index", {"fm", "wine"} <= {entry["name"] for entry in client.get_model_repository_index()})
    client.load_model("fm", headers=headers)
    client.unload_model("fm", headers=headers)
    expect("triton: unload frees the model alone", client.is_model_ready("fm"))

    x = images(5)
    wanted = plain(server, "/v1/models/fm/reconstruct?seed=7", x)
    for binary in (True, False):
        for coding in (None, "gzip", "deflate"):
            tensor = module.InferInput("input", list(x.shape), "FP32")
            tensor.set_data_from_numpy(x, binary_data=binary)
            outputs = [module.InferRequestedOutput("reconstructions", binary_data=binary)]
            answer = client.infer(
                "fm", [tensor], outputs=outputs, request_id="a", parameters={"seed": 7}, request_compression_algorithm=coding,
                response_compression_algorithm=coding)
            found = answer.as_numpy("reconstructions")
            name = f"triton: reconstruct, {'binary' if binary else 'JSON'}, {coding}"
            expect(name, found.shape == x.shape and found.tobytes() == wanted.tobytes() and answer.get_response()["id"] == "a", found)
    # Nothing is said of outputs: the client then wants bytes of all.
    tensor = module.InferInput("input", [5, 28, 28], "UINT8")
    tensor.set_data_from_numpy(x.astype(numpy.uint8))
    answer = client.infer("fm:encode", [tensor], parameters={"seed": 7})
    codes = plain(server, "/v1/models/fm/encode?seed=7", x).reshape(5, -1)
    expect("triton: encode of UINT8", numpy.array_equal(answer.as_numpy("mean_0"), codes[:, :32]) and numpy.array_equal(answer.as_numpy("scale_0"), codes[:, 32:]))
    mean = module.InferInput("mean_0", [5, 32], "FP32")
    mean.set_data_from_numpy(answer.as_numpy("mean_0"))
    expect("triton: decode takes what encode gives", client.infer("fm:decode", [mean]).as_numpy("items").tobytes() == wanted.tobytes())
    answer = client.infer("fm", [], parameters={"operation": "sample", "n": 3, "seed": 2**53 - 1})
    expect("triton: sample", answer.as_numpy("samples").shape == (3, 28, 28) and answer.get_response()["parameters"]["seed"] == 2**53 - 1)

    rows = wine(9)
    wanted = plain(server, "/v1/models/wine/impute?seed=5&mode=point", rows)
    for binary in (True, False):
        tensor = module.InferInput("input", list(rows.shape), "FP32")
        tensor.set_data_from_numpy(rows, binary_data=binary)
        found = client.infer("wine", [tensor], parameters={"seed": 5, "mode": "point"}).as_numpy("completed")
        expect(f"triton: a table with NaN, {'binary' if binary else 'JSON'}", found.tobytes() == wanted.tobytes(), found)
    tensor = module.InferInput("input", [5, 28, 28], "FP32")
    tensor.set_data_from_numpy(x)
    answer = client.infer("clusters", [tensor])
    expect("triton: cluster", answer.as_numpy("assignments_0").dtype == numpy.int64 and answer.as_numpy("responsibilities_0").shape == (5, 30))

    number = module.InferInput("a", [3, 1], "FP64")
    number.set_data_from_numpy(numpy.array([[1.5], [numpy.nan], [3.0]]))
    kind = module.InferInput("kind", [3, 1], "BYTES")
    kind.set_data_from_numpy(numpy.array([["low"], ["mid"], [""]], dtype=object))
    other = module.InferInput("b", [3, 1], "INT64")
    other.set_data_from_numpy(numpy.array([[0], [1], [0]]))
    answer = client.infer("kinds", [number, other, kind], parameters={"seed": 3, "mode": "point"})
    status, _, body = post(
        server, "/v1/models/kinds/impute", json.dumps({"seed": 3, "mode": "point", "rows": [
            {"a": 1.5, "b": 0, "kind": "low"}, {"a": None, "b": 1, "kind": "mid"}, {"a": 3, "b": 0, "kind": ""}]}).encode(), {"Content-Type": "application/json"})
    told = json.loads(body)["completed"]
    expect("triton: a tensor a column, numbers", answer.as_numpy("a").tolist() == [row["a"] for row in told], told)
    expect("triton: a tensor a column, categories", [text.decode() for text in answer.as_numpy("kind")] == [row["kind"] for row in told], told)

    statistics = client.get_inference_statistics("fm")["model_stats"][0]
    expect("triton: statistics", statistics["inference_stats"]["success"]["count"] > 5 and statistics["inference_count"] >= 5)
    for name, ask in {
        "no such model": lambda: client.infer("nobody", [tensor]),
        "no such tensor": lambda: client.infer("fm", [number]),
        "no such output": lambda: client.infer("fm", [tensor], outputs=[module.InferRequestedOutput("x")]),
        "no such option": lambda: client.infer("fm", [tensor], parameters={"sed": 1}),
        "classes of an output": lambda: client.infer("fm", [tensor], outputs=[module.InferRequestedOutput("reconstructions", class_count=2)]),
        "shared memory": lambda: client.register_system_shared_memory("a", "/a", 1),
    }.items():
        try:
            ask()
            expect(f"triton: {name}", False, "no error")
        except module.InferenceServerException as error:
            expect(f"triton: {name}", error.message() and "Failed" not in error.message(), error)
    client.close()
    asyncio.run(triton_aio(server))


async def triton_aio(server):
    import tritonclient.http.aio as module

    async with module.InferenceServerClient(server.removeprefix("http://")) as client:
        x = images(5)
        wanted = plain(server, "/v1/models/fm/reconstruct?seed=7", x)
        expect("triton aio: live", await client.is_server_live() and await client.is_model_ready("fm"))
        # Metadata of many columns is longer than what is compressed unasked.
        expect("triton aio: metadata", len((await client.get_model_metadata("fm"))["inputs"]) == 1 and await client.get_model_repository_index())
        for coding in (None, "gzip", "deflate"):
            tensor = module.InferInput("input", list(x.shape), "FP32")
            tensor.set_data_from_numpy(x)
            answers = await asyncio.gather(*[
                client.infer("fm", [tensor], parameters={"seed": 7}, request_compression_algorithm=coding, response_compression_algorithm=coding)
                for _ in range(4)])
            expect(f"triton aio: reconstruct, {coding}", all(answer.as_numpy("reconstructions").tobytes() == wanted.tobytes() for answer in answers))
        tensor = module.InferInput("input", list(x.shape), "FP32")
        tensor.set_data_from_numpy(x, binary_data=False)
        answer = await client.infer("fm", [tensor], outputs=[module.InferRequestedOutput("reconstructions", binary_data=False)], parameters={"seed": 7})
        expect("triton aio: JSON", answer.as_numpy("reconstructions").astype("<f4").tobytes() == wanted.tobytes())


# MARK: KServe


def kserve(server, _):
    asyncio.run(kserve_client(server))


async def kserve_client(server):
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

    client = InferenceRESTClient(RESTConfig(protocol="v2", verbose=False))
    expect("kserve: live and ready", await client.is_server_live(server) and await client.is_server_ready(server) and await client.is_model_ready(server, "fm"))
    x = images(3)
    wanted = plain(server, "/v1/models/fm/reconstruct?seed=7", x)
    for binary in (True, False):
        tensor = InferInput("input", list(x.shape), "FP32")
        tensor.set_data_from_numpy(x, binary_data=binary)
        answer = await client.infer(server, InferRequest("fm", [tensor], parameters={"seed": 7}), model_name="fm")
        found = answer.outputs[0].as_numpy()
        expect(f"kserve: reconstruct, {'binary' if binary else 'JSON'}", found.shape == x.shape and found.astype("<f4").tobytes() == wanted.tobytes(), found)
    rows = wine(4)
    tensor = InferInput("input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=True)
    answer = await client.infer(server, InferRequest("wine", [tensor], parameters={"seed": 5, "mode": "point"}), model_name="wine")
    expect("kserve: a table with NaN", answer.outputs[0].as_numpy().tobytes() == plain(server, "/v1/models/wine/impute?seed=5&mode=point", rows).tobytes())
    await client.close()


# MARK: what no client sends


def raw(server, _):
    x = images(2)
    wanted = plain(server, "/v1/models/fm/reconstruct?seed=7", x)
    status, headers, body = post(server, "/v2/models/fm/infer", x.tobytes(), {"Inference-Header-Content-Length": "0"})
    length = int(headers.get("Inference-Header-Content-Length", 0))
    answer = json.loads(body[:length]) if status == 200 else body
    found = numpy.frombuffer(body[length:], "<f4")
    expect("raw: one tensor", status == 200 and answer["outputs"][0]["shape"] == [2, 28, 28] and found.shape == wanted.shape, answer)
    half = json.dumps({"parameters": {"seed": 7, "binary_data_output": True}, "inputs": [
        {"name": "input", "shape": [2, 28, 28], "datatype": "FP16", "parameters": {"binary_data_size": 2 * 2 * 784}}]}).encode()
    status, headers, body = post(server, "/v2/models/fm/infer", half + x.astype("<f2").tobytes(), {"Inference-Header-Content-Length": str(len(half))})
    expect("raw: FP16", body[int(headers.get("Inference-Header-Content-Length", 0)):] == wanted.tobytes(), body[:300])
    brain = half.replace(b"FP16", b"BF16")
    bits = (x.view(numpy.uint32) >> 16).astype("<u2").tobytes()
    status, headers, body = post(server, "/v2/models/fm/infer", brain + bits, {"Inference-Header-Content-Length": str(len(brain))})
    # Whole numbers below 256 have the same bits in BF16.
    expect("raw: BF16", body[int(headers.get("Inference-Header-Content-Length", 0)):] == wanted.tobytes(), body[:300])
    for coding, pack in (("gzip", gzip.compress), ("deflate", zlib.compress)):
        packed = pack(half + x.astype("<f2").tobytes())
        status, headers, body = post(server, "/v2/models/fm/infer", packed, {"Inference-Header-Content-Length": str(len(half)), "Content-Encoding": coding})
        expect(f"raw: {coding}", status == 200 and body[int(headers["Inference-Header-Content-Length"]):] == wanted.tobytes(), body[:300])

    good = {"name": "input", "shape": [1, 28, 28], "datatype": "FP32"}
    flat = [0.0] * 784
    sized = json.dumps({"inputs": [good | {"parameters": {"binary_data_size": 3136}}]}).encode()
    cases = {
        "a length that is no number": (sized + bytes(3136), {"Inference-Header-Content-Length": "x"}),
        "a negative length": (sized + bytes(3136), {"Inference-Header-Content-Length": "-1"}),
        "a length with a sign": (sized + bytes(3136), {"Inference-Header-Content-Length": f"+{len(sized)}"}),
        "an overflowing length": (sized + bytes(3136), {"Inference-Header-Content-Length": "99999999999999999999999"}),
        "a length beyond the body": (sized + bytes(3136), {"Inference-Header-Content-Length": str(len(sized) + 3137)}),
        "a length within the JSON": (sized + bytes(3136), {"Inference-Header-Content-Length": str(len(sized) - 1)}),
        "bytes of no tensor": (sized + bytes(3140), {"Inference-Header-Content-Length": str(len(sized))}),
        "a tensor that is cut off": (sized + bytes(3135), {"Inference-Header-Content-Length": str(len(sized))}),
        "bytes without the length": (sized + bytes(3136), {}),
        "a raw tensor of no whole item": (bytes(3135), {"Inference-Header-Content-Length": "0"}),
    }
    documents = {
        "a size of bytes that is negative": {"inputs": [good | {"parameters": {"binary_data_size": -1}}]},
        "a size beside data": {"inputs": [good | {"data": flat, "parameters": {"binary_data_size": 3136}}]},
        "a shape that overflows": {"inputs": [good | {"shape": [2**62, 8], "data": flat}]},
        "a negative extent": {"inputs": [good | {"shape": [-1, 28, 28], "data": flat}]},
        "an extent that is no number": {"inputs": [good | {"shape": ["1", 28, 28], "data": flat}]},
        "too many extents": {"inputs": [good | {"shape": [1] * 9 + [784], "data": flat}]},
        "a shape of other images": {"inputs": [good | {"shape": [1, 8, 98], "data": flat}]},
        "too little data": {"inputs": [good | {"data": flat[1:]}]},
        "no data": {"inputs": [good]},
        "no shape": {"inputs": [{"name": "input", "datatype": "FP32", "data": flat}]},
        "no datatype": {"inputs": [{"name": "input", "shape": [1, 784], "data": flat}]},
        "an unknown datatype": {"inputs": [good | {"datatype": "FP8", "data": flat}]},
        "FP16 in JSON": {"inputs": [good | {"datatype": "FP16", "data": flat}]},
        "texts for numbers": {"inputs": [good | {"datatype": "BYTES", "data": ["a"] * 784}]},
        "a number that UINT8 does not hold": {"inputs": [good | {"datatype": "UINT8", "data": [300] + [0] * 783}]},
        "a fraction in INT64": {"inputs": [good | {"datatype": "INT64", "data": [0.5] + [0] * 783}]},
        "a tensor twice": {"inputs": [good | {"data": flat}, good | {"data": flat}]},
        "inputs that are no array": {"inputs": 5},
        "an id that is no text": {"id": 5, "inputs": []},
        "no object": [],
        "an unknown member": {"inputs": [good | {"data": flat}], "input": 1},
        "an unknown option": {"inputs": [good | {"data": flat}], "parameters": {"sed": 1}},
        "an option that is a list": {"inputs": [good | {"data": flat}], "parameters": {"seed": [1]}},
        "a seed beyond all": {"inputs": [good | {"data": flat}], "parameters": {"seed": 2**63}},
        "two operations": {"inputs": [good | {"data": flat}], "parameters": {"operation": "encode"}},
    }
    cases |= {name: (json.dumps(document).encode(), {}) for name, document in documents.items()}
    # One connection: nothing is read past a body, so the next request is understood.
    address = server.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    for name, (body, headers) in cases.items():
        path = "/v2/models/fm:reconstruct/infer"
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        told = answer.read()
        try:
            error = json.loads(told).get("error")
        except ValueError:
            error = None
        expect(f"raw: {name}", answer.status == 400 and error, (answer.status, told))
        connection.request("GET", "/v2/health/live")
        expect(f"raw: after {name}", connection.getresponse().read() == b'{"live":true}')
    # Bare words are taken here and nowhere else.
    status, _, body = post(server, "/v2/models/wine/infer", b'{"parameters":{"mode":"point","seed":1},"inputs":[{"name":"input","shape":[1,12],"datatype":"FP32","data":[NaN,1,1,1,1,1,1,1,1,1,1,1]}]}', {})
    expect("raw: NaN in JSON", status == 200, body)
    status, _, body = post(server, "/v1/models/wine/impute", b'{"seed":NaN}', {"Content-Type": "application/json"})
    expect("raw: NaN in an option of /v1", status == 400, body)
    # A client that says nothing of a length sends nothing.
    import socket
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as bare:
        bare.sendall(b"POST /v2/repository/index HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % address.encode())
        told = b"".join(iter(lambda: bare.recv(65536), b""))
    expect("raw: the index without a length", told.startswith(b"HTTP/1.1 200"), told[:200])
    # A run of either protocol is the same run.
    status, headers, body = post(server, "/v2/models/wine/infer", b'{"parameters":{"record":true,"mode":"point","seed":1},"inputs":[{"name":"input","shape":[1,12],"datatype":"FP32","data":[NaN,1,1,1,1,1,1,1,1,1,1,1]}]}', {})
    run = headers.get("Posterior-Run")
    status, _, body = post(server, f"/v1/runs/{run}/replay", b"", {})
    expect("raw: a replay", status == 200 and json.loads(body)["equal"], body)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--only", choices=["triton", "kserve", "raw"])
    arguments = parser.parse_args()
    for part in (triton, kserve, raw):
        if arguments.only in (None, part.__name__):
            part(arguments.server, arguments.key)
    print(f"{len(PASSED)} passed, {len(FAILED)} failed")
    sys.exit(bool(FAILED))


if __name__ == "__main__":
    main()
