#!/usr/bin/env python3
"""What a server costs by model, rows, runs, models and connections; the figures of the guide on capacity.

    deploy/bench/capacity.py PROGRAM [rates] [imputation] [start] [runs] [models] [connections]      all of them unless some are named

Costs are processor seconds of the server, as it counts them itself, so other work on the machine shows little in them. Each line is printed as soon as
it is measured. `runs` records a million requests, which takes minutes and half a gigabyte.
"""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ROOT / "deploy/models"
# Name, widths of the hidden layers, size of the code: the decoder's multiply-adds are what a sample costs.
SIZES = [("small", [128, 128], 16), ("reference", [512, 512], 64), ("large", [2048, 2048], 64)]


class Server:
    """A server of its own on a free port; a store is written, a folder of models is read."""

    def __init__(self, program, store, *options):
        started = time.perf_counter()
        self.process = subprocess.Popen(
            [program, "serve", "--store", store, "--listen", "127.0.0.1:0", "--quiet", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        while "http://" not in line:
            line = self.process.stdout.readline()
        self.address = re.search(r"http://([0-9.]+:\d+)", line).group(1)
        while self.request("GET", "/readyz")[0] != 200:
            # Far less than a start takes, so that it shows little in the time of one.
            time.sleep(0.001)
        self.start_ms = 1000 * (time.perf_counter() - started)

    def request(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection(self.address, timeout=120)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.request("GET", "/metrics")[1].decode(), re.M).group(1))

    @property
    def cpu(self):
        return self.metric("process_cpu_seconds_total")

    @property
    def resident_mb(self):
        return self.metric("process_resident_memory_bytes") / 1e6

    def median_ms(self, path, times=20):
        def once():
            started = time.perf_counter()
            status, body = self.request("GET", path)
            assert status == 200, body
            return 1000 * (time.perf_counter() - started)

        return statistics.median(once() for _ in range(times))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0


@contextlib.contextmanager
def serving(program, store, *options):
    server = Server(program, store, *options)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def load(program, server, model, *options, windows=3):
    """A report of `posterior bench load`, and the processor microseconds that a request cost the server."""
    before = server.cpu
    done = subprocess.run(
        [program, "bench", "load", "--server", f"http://{server.address}", "--model", model, "--connections", "16", "--warm-up", "0", "--window", "2",
         "--windows", str(windows), "--no-yardstick", "--json", *options], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert set(report["answers"]) == {"200"} and report["differing_answers"] == 0, report
    return report, 1e6 * (server.cpu - before) / report["answers"]["200"]


def vae(program, folder, name, hidden, latent):
    """A VAE of 784 pixels, trained for a moment; what it costs does not depend on what it learnt."""
    path = folder / f"{name}.safetensors"
    recipe = folder / "recipe.json"
    recipe.write_text(json.dumps({
        "family": "vae", "name": name, "data": {"source": "fashion-mnist"}, "epochs": 1, "batch_size": 128, "seed": 1,
        "configuration": {"latent": latent, "hidden": hidden, "likelihood": "bernoulli"}, "optimiser": {"kind": "adam", "rate": 0.001}}))
    subprocess.run([program, "train", recipe, "--limit", "256", "--no-record", "-o", path], check=True, capture_output=True)
    recipe.unlink()
    return path


def rates(program, folder):
    print("\n| VAE of 784 pixels | file, MB | memory above an empty server, MB | lanes | one sample, requests/s | processor us | 64 raw samples, rows/s | processor us a row |")
    print("|---|---|---|---|---|---|---|---|")
    empty = folder / "empty"
    empty.mkdir()
    with serving(program, empty, "--read-only") as server:
        rest = server.resident_mb
    for name, hidden, latent in SIZES:
        models = folder / name
        models.mkdir()
        path = vae(program, models, name, hidden, latent)
        for lanes in sorted({1, os.cpu_count()}):
            with serving(program, models, "--read-only", "--lanes", str(lanes)) as server:
                memory = server.resident_mb - rest
                one, cost = load(program, server, name, "--items", "1")
                many, cost64 = load(program, server, name, "--items", "64", "--format", "raw")
                print(f"| {name}: {'-'.join(map(str, [784, *hidden, latent]))} | {path.stat().st_size / 1e6:.1f} | {memory:.1f} | {lanes} "
                      f"| {one['requests_per_second']:,.0f} | {cost:.0f} | {many['items_per_second']:,.0f} | {cost64 / 64:.1f} |", flush=True)


def imputation(program, folder):
    table = folder / "holes.csv"
    rows = 100_000
    head, *lines = (ROOT / "deploy/examples/white-wine.csv").read_text().splitlines()
    with open(table, "w") as out:
        out.write(head + "\n")
        for row in range(rows):
            cells = lines[row % len(lines)].split(",")
            out.write(",".join("" if (7 * row + 3 * column) % 5 == 0 else cell for column, cell in enumerate(cells)) + "\n")
    print(f"\n| {rows:,} rows of white wine with a fifth of their cells missing | processor seconds | core minutes a million rows |\n|---|---|---|")
    for name, options in [("likeliest values", ["--mode", "point"]), ("ten draws and 90 % intervals", ["--draws", "10"])]:
        before = os.times()
        subprocess.run([program, "impute", MODELS / "white-wine.safetensors", table, "--seed", "1", *options, "-o", folder / "filled.csv"],
                       check=True, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        print(f"| {name} | {cpu:.1f} | {cpu / rows * 1e6 / 60:.1f} |", flush=True)


def distinct(original, folder, count):
    """Copies of a model that are different models, by a bit of their last weight."""
    folder.mkdir()
    for number in range(count):
        (folder / f"m{number}.safetensors").write_bytes(original[:-4] + number.to_bytes(4, "little"))
    return folder


def start(program, folder):
    models = distinct((MODELS / "fashion-mnist.safetensors").read_bytes(), folder / "ten", 10)
    for path in sorted(models.iterdir()):
        subprocess.run([program, "models", "upload", path, "--name", path.stem, "--store", folder / "ten-store"], check=True, capture_output=True)
    print(f"\nthe program has {pathlib.Path(program).stat().st_size / 1e6:.1f} MB; ten models of 4.4 MB are ready, median of eleven starts (lowest to highest)")
    for name, store in [("of a store", folder / "ten-store"), ("of a folder of files", models)]:
        starts, costs = [], []
        for _ in range(11):
            with serving(program, store, "--read-only") as server:
                starts.append(server.start_ms)
                costs.append(1000 * server.cpu)
        print(f"{name}: after {statistics.median(starts):.0f} ms ({min(starts):.0f} to {max(starts):.0f}), {statistics.median(costs):.0f} ms of processor time", flush=True)


def records(store):
    with contextlib.closing(sqlite3.connect(f"file:{store}/posterior.sqlite?mode=ro", uri=True)) as database:
        return database.execute("SELECT records FROM inference_totals").fetchone()[0]


def runs(program, folder):
    store = folder / "store"
    subprocess.run([program, "models", "upload", MODELS / "fashion-mnist.safetensors", "--name", "m", "--store", store], check=True, capture_output=True)
    print("\n| recorded runs | one sample, processor us | newest 100 runs, ms | one model's, ms | start, ms | memory, MB | database, MB |\n|---|---|---|---|---|---|---|")
    for wanted in [10_000, 100_000, 1_000_000]:
        with serving(program, store, "--record", "all", "--record-limit", "2000000") as server:
            began = server.start_ms
            while (recorded := records(store)) < wanted:
                load(program, server, "m", "--items", "1", windows=3 if wanted - recorded < 50_000 else 30)
            _, cost = load(program, server, "m", "--items", "1")
            listed, of_model = server.median_ms("/v1/runs?limit=100"), server.median_ms("/v1/runs?limit=100&model=m")
            size = sum(file.stat().st_size for file in store.glob("posterior.sqlite*")) / 1e6
            print(f"| {recorded:,.0f} | {cost:.0f} | {listed:.1f} | {of_model:.1f} | {began:.0f} | {server.resident_mb:.0f} | {size:.0f} |", flush=True)
            server.stop()


def models(program, folder):
    original = vae(program, folder, "original", [128, 128], 16).read_bytes()
    print(f"\n| models of {len(original) / 1e6:.1f} MB, all live | ready after, ms | list of 100, ms | one sample, processor us | memory, MB | memory with --model-memory 50MB |\n|---|---|---|---|---|---|")
    for count in [10, 100, 1000]:
        many = distinct(original, folder / f"models-{count}", count)
        with serving(program, many, "--read-only") as server:
            _, cost = load(program, server, "m7", "--items", "1")
            told = f"| {count} | {server.start_ms:.0f} | {server.median_ms('/v1/models?limit=100'):.1f} | {cost:.0f} | {server.resident_mb:.0f} |"
        with serving(program, many, "--read-only", "--model-memory", "50MB") as server:
            print(f"{told} {server.resident_mb:.0f} |", flush=True)
        shutil.rmtree(many)


def connections(program, folder):
    one = folder / "one"
    one.mkdir()
    shutil.copy(MODELS / "fashion-mnist.safetensors", one / "m.safetensors")
    print("\n| open connections, idle after a request | memory above none, kB each | one sample over 16 others, processor us | requests/s |\n|---|---|---|---|")
    for count in [10, 100, 1000, 10_000]:
        with serving(program, one, "--read-only", "--max-connections", "11000", "--max-connections-per-client", "11000", "--idle-timeout", "600") as server:
            load(program, server, "m", "--items", "1")
            rest = server.resident_mb
            host, port = server.address.split(":")
            idle = []
            for _ in range(count):
                client = socket.create_connection((host, int(port)))
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                idle.append(client)
            for client in idle:
                assert client.recv(4096).startswith(b"HTTP/1.1 200")
            grown = server.resident_mb - rest
            report, cost = load(program, server, "m", "--items", "1")
            assert server.metric("posterior_connections_open") >= count
            print(f"| {count} | {1000 * grown / count:.1f} | {cost:.0f} | {report['requests_per_second']:,.0f} |", flush=True)
            for client in idle:
                client.close()


PARTS = [rates, imputation, start, runs, models, connections]

if __name__ == "__main__":
    if len(sys.argv) < 2 or not set(sys.argv[2:]) <= {part.__name__ for part in PARTS}:
        sys.exit(__doc__)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {subprocess.run([sys.argv[1], '--version'], capture_output=True, text=True).stdout.strip()}")
    with tempfile.TemporaryDirectory(prefix="posterior-capacity-") as folder:
        for part in PARTS:
            if not sys.argv[2:] or part.__name__ in sys.argv[2:]:
                part(str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(folder))
