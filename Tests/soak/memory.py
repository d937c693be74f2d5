#!/usr/bin/env python3
"""The law of memory: whatever clients ask for, a server holds at most 1.5 x --max-held-bytes more than at rest.

    Tests/soak/memory.py PATH_OF_POSTERIOR [HELD_BYTES] [NAME...]          64000000 unless told; only the operations of these names

For every operation, and the forms in which its items come and its answer goes, the largest request that is answered is searched for: sizes are halved from
one that is refused, then grown as far as they go. Then several clients send that at once. The peak of the resident size (VmHWM, reset before each operation) is
compared with the size at rest, after every operation has answered once.
"""
import http.client
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTOR, CLIENTS = 1.5, 6
JSON, CSV, NPY, RAW, PNG = "application/json", "text/csv", "application/x-npy", "application/octet-stream", "image/png"
WINE = (ROOT / "deploy/examples/white-wine.csv").read_text().splitlines()[0]
COLUMNS = WINE.split(",")


def npy(rows, width):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(4 * rows * width)


def inputs(rows, width, value="0"):
    return "[" + ",".join(["[" + ",".join([value] * width) + "]"] * rows) + "]"


def holes(rows):
    return (WINE + "\n" + ("," * (len(COLUMNS) - 1) + "\n") * rows).encode()


def objects(rows):
    row = "{" + ",".join(f"{name}:null" for name in map(json.dumps, COLUMNS)) + "}"
    return "[" + ",".join([row] * rows) + "]"


def operations():
    """Of each: name, rows to begin with, and what n rows are: path, body, type of the body, type of the answer."""
    wine, width = "/v1/models/wine/impute", len(COLUMNS)
    draws = 20
    yield "impute-csv-json", 50_000, lambda n: (f"{wine}?seed=1&draws={draws}", holes(n), CSV, JSON)
    yield "impute-csv-csv", 50_000, lambda n: (f"{wine}?seed=1&draws={draws}", holes(n), CSV, CSV)
    yield "impute-csv-npy", 50_000, lambda n: (f"{wine}?seed=1&draws={draws}", holes(n), CSV, NPY)
    yield "impute-rows-json", 20_000, lambda n: (wine, f'{{"seed":1,"draws":5,"rows":{objects(n)}}}'.encode(), JSON, JSON)
    yield "impute-rows-csv", 20_000, lambda n: (wine, f'{{"seed":1,"draws":5,"rows":{objects(n)}}}'.encode(), JSON, CSV)
    yield "impute-inputs-json", 50_000, lambda n: (wine, f'{{"seed":1,"mode":"point","inputs":{inputs(n, width, "null")}}}'.encode(), JSON, JSON)
    for name, type in [("json", JSON), ("npy", NPY), ("png", PNG)]:
        yield f"sample-{name}", 10_000, lambda n, type=type: ("/v1/models/fm/sample", json.dumps({"n": n, "seed": 1, "mean": True}).encode(), JSON, type)
    for operation in ["encode", "reconstruct", "score"]:
        option = {"score": '"k":1,'}.get(operation, "")
        query = {"score": "&k=1"}.get(operation, "")
        path = f"/v1/models/fm/{operation}"
        yield f"{operation}-json-json", 20_000, lambda n, path=path, option=option: (path, f'{{"seed":1,{option}"inputs":{inputs(n, 784)}}}'.encode(), JSON, JSON)
        yield f"{operation}-npy-json", 20_000, lambda n, path=path, query=query: (f"{path}?seed=1{query}", npy(n, 784), NPY, JSON)
        yield f"{operation}-npy-npy", 20_000, lambda n, path=path, query=query: (f"{path}?seed=1{query}", npy(n, 784), NPY, NPY)
    yield "score-many-draws", 1, lambda n: ("/v1/models/fm/score?seed=1&k=10000", npy(n, 784), NPY, JSON)
    yield "classify-or-cluster", 20_000, lambda n: ("/v1/models/clusters/cluster?seed=1", npy(n, 784), NPY, JSON)
    audit = '"attack":{"budgets":[0.1,0.2,0.3,0.4],"steps":1,"restarts":1}'
    yield "robustness", 2_000, lambda n: ("/v1/models/fm/robustness", f'{{"seed":1,{audit},"inputs":{inputs(n, 784)}}}'.encode(), JSON, JSON)
    yield "pool", 500_000, lambda n: ("/v1/pool", json.dumps({"terms": [{"term": str(i), "estimates": [1], "variances": [1]} for i in range(n // 8)]}).encode(), JSON, JSON)
    yield "nonsense", 1 << 22, lambda n: ("/v1/models/wine/impute", b'{"rows":[' + b"[]," * n + b"[]]}", JSON, JSON)


class Server:
    def __init__(self, posterior, store, held):
        command = [posterior, "serve", "--listen", "127.0.0.1:0", "--store", store, "--quiet", "--max-held-bytes", str(held)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", self.process.stdout.readline()).group(1))

    def ask(self, path, body, type, accept, read=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=900)
        try:
            connection.request("POST", path, body, {"Content-Type": type, "Accept": accept})
            answer = connection.getresponse()
            length = 0
            while piece := answer.read(1 << 16):
                length += len(piece)
            return answer.status, length
        finally:
            connection.close()

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(rf"{name}:\s+(\d+)", text).group(1))

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def held(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/metrics")
        return int(re.search(r"^posterior_requests_held_bytes (\d+)", connection.getresponse().read().decode(), re.M).group(1))


def largest(server, start, request):
    """The largest size found that is answered, and what was answered on the way."""
    statuses, size = {}, start
    while size > 0:
        status, _ = server.ask(*request(size))
        statuses[status] = statuses.get(status, 0) + 1
        if status == 200:
            break
        size //= 2
    else:
        return 0, statuses
    if size < start:
        for factor in (1.5, 1.2):
            more = int(size * factor)
            status, _ = server.ask(*request(more))
            statuses[status] = statuses.get(status, 0) + 1
            if status == 200:
                size = more
    return size, statuses


def main():
    posterior = pathlib.Path(sys.argv[1]).resolve()
    held = int(sys.argv[2]) if len(sys.argv) > 2 else 64_000_000
    wanted = sys.argv[3:]
    failures = 0
    with tempfile.TemporaryDirectory(prefix="posterior-memory-") as folder:
        store = pathlib.Path(folder) / "store"
        for name, file in [("fm", "fashion-mnist"), ("clusters", "fashion-mnist-clusters"), ("wine", "white-wine")]:
            upload = [posterior, "models", "upload", ROOT / f"deploy/models/{file}.safetensors", "--name", name, "--store", store]
            subprocess.run(upload, check=True, stdout=subprocess.DEVNULL)
        for name, start, request in operations():
            if wanted and name not in wanted:
                continue
            # A server for each: what the allocator keeps of one operation shall not hide what the next one takes.
            # Some four times what there can be room for, so that the search begins with a refusal.
            start = max(1, min(start, int(start * 8 * held / 1e9)))
            server = Server(posterior, store, held)
            try:
                server.ask(*request(1))
                time.sleep(0.3)  # what the first answer held is let go of a moment after it is out
                rest = server.status("VmRSS")
                server.reset_peak()
                begun = time.monotonic()
                size, statuses = largest(server, start, request)
                one = server.status("VmHWM") - rest
                question = request(size or 1)
                volley = [threading.Thread(target=server.ask, args=question) for _ in range(CLIENTS)]
                for thread in volley:
                    thread.start()
                for thread in volley:
                    thread.join()
                peak = server.status("VmHWM") - rest
                time.sleep(0.5)  # the last answers are let go of a moment after they are out
                left = server.held()
                isRight = peak <= FACTOR * held and left == 0 and set(statuses) <= {200, 413, 422, 503}
                failures += not isRight
                print(
                    f"{'ok' if isRight else 'FAILED':6} {name:22} rows {size:8} rest {rest >> 20:5} MiB  one {one / held:5.2f} x  {CLIENTS} at once {peak / held:5.2f} x"
                    f"  held after {left}  answers {statuses}  {time.monotonic() - begun:.0f} s", flush=True)
            finally:
                server.process.kill()
                server.process.wait()
    if failures:
        sys.exit(f"FAILED: {failures} operations hold more than {FACTOR} x {held} bytes above rest, or what they should not")
    print("passed")


if __name__ == "__main__":
    main()
