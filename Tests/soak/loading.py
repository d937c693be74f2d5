#!/usr/bin/env python3
"""Two models that do not fit into memory together, asked for in turn: each request loads one and lets the other go.

    Tests/soak/loading.py PATH_OF_POSTERIOR [CYCLES]          CYCLES is 100 unless told

The verdict: every answer is the one that the model gave first, and the resident size after all cycles is at most 2 MiB above that after the first.
"""
import http.client
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

MODEL = pathlib.Path(__file__).resolve().parents[2] / "deploy/models/fashion-mnist.safetensors"


def main():
    posterior = pathlib.Path(sys.argv[1]).resolve()
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory(prefix="posterior-loading-") as folder:
        folder = pathlib.Path(folder)
        whole = MODEL.read_bytes()
        for name, weight in [("one", 0.1), ("two", 0.2)]:
            file = folder / name
            # Another last weight is another model.
            file.write_bytes(whole[:-4] + struct.pack("<f", weight))
            # Not live, so that the start loads neither.
            upload = [posterior, "models", "upload", file, "--name", name, "--alias", "next", "--store", folder / "store"]
            subprocess.run(upload, check=True, stdout=subprocess.DEVNULL)
        serve = [posterior, "serve", "--listen", "127.0.0.1:0", "--store", folder / "store", "--quiet", "--lanes", "1"]
        # One arena of malloc: with one a thread the fragments alone come to 6 MB, whether after 1 000 cycles or 4 000.
        environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
        server = subprocess.Popen([*serve, "--model-memory", f"{len(whole) + 1}"], stdout=subprocess.PIPE, text=True, env=environment)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(re.search(r"127\.0\.0\.1:(\d+)", server.stdout.readline()).group(1)), timeout=60)
            print(f"{size(server):8} kB before")
            answers = {name: sample(connection, name) for name in ("one", "two")}
            first = size(server)
            print(f"{first:8} kB after 1 cycle")
            for _ in range(cycles - 1):
                for name, answer in answers.items():
                    if sample(connection, name) != answer:
                        sys.exit(f"FAILED: another answer of {name}")
            last = size(server)
            print(f"{last:8} kB after {cycles} cycles")
            connection.request("GET", "/metrics")
            metrics = connection.getresponse().read().decode()
        finally:
            server.kill()
            server.wait()
    if f"posterior_model_loads_total {2 * cycles}\n" not in metrics:
        sys.exit("FAILED: a model stayed although there was no room for both")
    if last > first + 2048:
        sys.exit("FAILED: memory grows with the number of loads")
    print("passed")


def sample(connection, name):
    connection.request("POST", f"/v1/models/{name}@next/sample", b'{"n":4,"seed":1}', {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        sys.exit(f"FAILED: {response.status} {body[:300]!r}")
    return body


def size(server):
    time.sleep(0.3)  # memory goes back a moment after the model
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.pid}/status").read_text()).group(1))


if __name__ == "__main__":
    main()
