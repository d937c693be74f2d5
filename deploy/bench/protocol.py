"""64 images reconstructed by /v1 as raw floats and by /v2 with the binary tensor extension, in turn, on one connection each.

    python3 deploy/bench/protocol.py http://127.0.0.1:8080 [ROUNDS]        a server with the model reference; protocol.sh starts one

Prints the median of each, and of their ratios round by round.
"""
import http.client
import json
import statistics
import struct
import sys
import time

server, rounds = sys.argv[1].removeprefix("http://"), int(sys.argv[2]) if len(sys.argv) > 2 else 300
N = 64
floats = struct.pack(f"<{N * 784}f", *[float(i * 7919 % 256) for i in range(N * 784)])
head = json.dumps({"parameters": {"seed": 7, "binary_data_output": True}, "inputs": [
    {"name": "input", "shape": [N, 28, 28], "datatype": "FP32", "parameters": {"binary_data_size": len(floats)}}]}).encode()
plain, protocol = http.client.HTTPConnection(server), http.client.HTTPConnection(server)


def ask(connection, path, body, headers):
    start = time.perf_counter()
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return time.perf_counter() - start, content, answer


def v1():
    headers = {"Content-Type": "application/octet-stream", "Accept": "application/octet-stream"}
    return ask(plain, "/v1/models/reference/reconstruct?seed=7", floats, headers)


def v2():
    return ask(protocol, "/v2/models/reference:reconstruct/infer", head + floats, {"Inference-Header-Content-Length": str(len(head))})


assert v1()[1] == v2()[1][-4 * N * 784:]
pairs = []
for i in range(rounds):
    first, second = (v1, v2) if i % 2 else (v2, v1)
    one, two = first()[0], second()[0]
    pairs.append((one, two) if i % 2 else (two, one))
ones, twos = zip(*pairs)
print(f"/v1 {1e3 * statistics.median(ones):.3f} ms, /v2 {1e3 * statistics.median(twos):.3f} ms, ratio {statistics.median(b / a for a, b in pairs):.3f} over {rounds} rounds")
