#!/usr/bin/env python3
"""A store under `kill -9`: uploads, alias moves, deletions, keys, tags, training runs, recorded requests, gc and backups at once, killed at
random, then looked at.

    Tests/crash/run.py PATH_OF_POSTERIOR [ROUNDS] [SEED]          ROUNDS is 300 unless told, SEED is drawn and printed

A round starts two servers on one store, lets workers and commands loose on them, and kills everything after a random time. Then
- `store check` finds no damage;
- every write that was acknowledged is there, and of the one write a worker was waiting for all or nothing is;
- a finished training run is recorded whole, a killed one is failed once the store has been opened again;
- a backup that said it was done can be restored, and one that was killed is refused;
- after `store gc`, every few rounds and at the end, `store check` finds nothing at all.
A part of the rounds runs on a small disk that is filled and emptied meanwhile (skipped where a tmpfs can't be mounted): there a write may be
refused with 503 or 507, but an answer of a model never is.

New kinds of writes: one function in ACTIONS that takes a worker and says which request it makes and what it changes in the worker's state,
and what of that state the database holds in `Worker.stored`.
"""
import collections
import copy
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

KEY = "a-key-for-the-crash-test"
WORKERS = 3
VARIANTS = 12  # few, so that the same bytes come again after their file was collected


def main():
    posterior = pathlib.Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    print(f"{rounds} rounds, seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="posterior-crash-") as folder:
        folder = pathlib.Path(folder)
        tally = collections.Counter()
        small = rounds // 6
        World(posterior, folder / "large", random.Random(seed), tally).run(rounds - small)
        disk = folder / "small"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk], stderr=subprocess.DEVNULL).returncode == 0:
            try:
                World(posterior, disk / "world", random.Random(seed + 1), tally, scratch=folder / "scratch", fills=True).run(small)
                read_only_disk(posterior, disk, tally)
            finally:
                subprocess.run(["umount", "-l", disk])
        else:
            print("skipped: the small disk, because a tmpfs can't be mounted here")
    for name, count in sorted(tally.items()):
        print(f"{count:8} {name}")
    print("passed")


# --- what workers do: (weight, function). A function returns (method, path, body, change), `change` making the new state of the old.


def upload(worker):
    bytes = worker.rng.choice(worker.world.variants)
    digest = "sha256:" + hashlib.sha256(bytes).hexdigest()
    alias = worker.rng.choice([None, "live", "next"])

    def change(state):
        version = next((number for number, known in state["versions"].items() if known == digest), None)
        if version is None:
            version = state["last"] = state["last"] + 1
            state["versions"][version] = digest
        if alias:
            move(state, alias, version)

    return "POST", f"{worker.path}/versions{'?alias=' + alias if alias else ''}", bytes, change


def move_alias(worker):
    versions = list(worker.state["versions"])
    if not versions:
        return upload(worker)
    alias, version = worker.rng.choice(["live", "next"]), worker.rng.choice(versions)
    return "PUT", f"{worker.path}/aliases/{alias}", json.dumps({"version": version}).encode(), lambda state: move(state, alias, version)


def delete_alias(worker):
    if "next" not in worker.state["aliases"]:
        return upload(worker)
    return "DELETE", f"{worker.path}/aliases/next", None, lambda state: move(state, "next", None)


def delete_version(worker):
    free = set(worker.state["versions"]) - set(worker.state["aliases"].values())
    if not free:
        return upload(worker)
    version = worker.rng.choice(sorted(free))
    return "DELETE", f"{worker.path}/versions/{version}", None, lambda state: state["versions"].pop(version)


def create_key(worker):
    # A name is never used twice, also where nobody knows whether its key was made.
    worker.keys_named += 1
    name = f"{worker.name} key {worker.keys_named}"
    body = {"name": name, "scopes": ["infer"], "models": [worker.name]}
    return "POST", "/keys", json.dumps(body).encode(), lambda state: state["keys"].update({name: "active"})


def revoke_key(worker):
    active = [name for name, state in worker.state["keys"].items() if state == "active"]
    if not active:
        return create_key(worker)
    name = worker.rng.choice(active)
    return "DELETE", f"/keys/{worker.key_ids[name]}", None, lambda state: state["keys"].update({name: "revoked"})


def change_tag(worker):
    if not worker.state["last"]:
        return upload(worker)
    name, value = worker.rng.choice(["team", "purpose"]), worker.rng.choice([None, "a", "b"])

    def change(state):
        state["tags"].pop(name, None)
        if value:
            state["tags"][name] = value

    return "PATCH", worker.path, json.dumps({"tags": {name: value}}).encode(), change


def move(state, alias, version):
    if state["aliases"].get(alias) == version:
        return
    state["moves"].append([alias, version])
    if version is None:
        del state["aliases"][alias]
    else:
        state["aliases"][alias] = version


ACTIONS = [(5, upload), (3, move_alias), (1, delete_alias), (4, delete_version), (2, create_key), (1, revoke_key), (2, change_tag)]


class Failure(Exception):
    pass


class Worker:
    """The only one who changes the model of its name, one write after another; so it knows what has to be stored."""

    def __init__(self, world, index):
        self.world, self.name = world, f"model-{index}"
        self.rng = random.Random(world.rng.random())
        self.path = f"/models/{self.name}"
        self.state = {"versions": {}, "last": 0, "aliases": {}, "moves": [], "keys": {}, "tags": {}}
        self.keys_named = 0
        self.key_ids = {}
        self.pending = None  # the state after the write that nobody has answered yet

    def loop(self, port, stop):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while not stop.is_set():
                self.act(connection)
                if self.rng.random() < 0.3:
                    self.ask(connection)
        except (OSError, http.client.HTTPException):
            pass  # killed
        finally:
            connection.close()

    def act(self, connection):
        function = self.rng.choices([action for _, action in ACTIONS], [weight for weight, _ in ACTIONS])[0]
        method, path, body, change = function(self)
        after = copy.deepcopy(self.state)
        change(after)
        self.pending = after
        connection.request(method, "/v1/admin" + path, body, {"Authorization": "Bearer " + KEY})
        response = connection.getresponse()
        text = response.read()
        if response.status in (200, 201, 204):
            self.state = after
            if function.__name__ in ("create_key", "revoke_key") and response.status == 201:
                key = json.loads(text)
                self.key_ids[key["name"]] = key["id"]
            self.world.tally[f"acknowledged: {function.__name__}"] += 1
        elif self.world.fills and response.status in (503, 507):
            self.world.tally[f"refused with {response.status} on the full disk"] += 1
        else:
            raise Failure(f"{method} {path} of {self.name}: {response.status} {text[:500]!r}")
        self.pending = None

    def ask(self, connection):
        if "live" not in self.state["aliases"]:
            return
        connection.request("POST", f"/v1/models/{self.name}/sample", b'{"n":2,"seed":1}', {"Content-Type": "application/json"})
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise Failure(f"sampling {self.name}: {response.status} {text[:500]!r}")
        self.world.tally["answers of models"] += 1

    def stored(self, database):
        versions = dict(database.execute("SELECT version, digest FROM versions WHERE model = ?", [self.name]))
        last = database.execute("SELECT last_version FROM models WHERE name = ?", [self.name]).fetchone()
        aliases = dict(database.execute("SELECT alias, version FROM aliases WHERE model = ?", [self.name]))
        moves = database.execute("SELECT alias, to_version FROM alias_history WHERE model = ? ORDER BY id", [self.name])
        keys = database.execute("SELECT name, id, revoked_at FROM keys WHERE name LIKE ?", [self.name + " key %"]).fetchall()
        self.key_ids = {name: id for name, id, _ in keys}
        tags = dict(database.execute("SELECT name, value FROM model_tags WHERE model = ?", [self.name]))
        return {
            "versions": versions, "last": last[0] if last else 0, "aliases": aliases, "moves": [list(row) for row in moves],
            "keys": {name: "revoked" if revoked else "active" for name, _, revoked in keys}, "tags": tags,
        }

    def settle(self, database):
        stored = self.stored(database)
        if stored != self.state:
            if stored != self.pending:
                differing = {
                    part: (value, self.state[part], (self.pending or {}).get(part)) for part, value in stored.items() if value != self.state[part]
                }
                raise Failure(f"{self.name}: stored, acknowledged, and sent last differ in {differing}")
            self.world.tally["writes that were stored but not yet answered"] += 1
        self.state, self.pending = stored, None


class World:
    def __init__(self, posterior, folder, rng, tally, scratch=None, fills=False):
        self.posterior, self.folder, self.rng, self.tally, self.fills = posterior, folder, rng, tally, fills
        self.scratch = scratch or folder / "scratch"
        folder.mkdir()
        self.scratch.mkdir()
        self.store = folder / "store"
        self.failures = []
        self.finished_runs = {}
        self.recipe = self.scratch / "recipe.json"
        data = self.scratch / "data.csv"
        rows = [",".join(f"{rng.gauss(0, 1):.3f}" for _ in range(4)) for _ in range(200)]
        data.write_text("a,b,c,d\n" + "\n".join(rows) + "\n")
        self.recipe.write_text(
            json.dumps(
                {
                    "family": "vae", "name": "tiny", "data": {"source": str(data)}, "epochs": 3, "batch_size": 50, "seed": 1,
                    "configuration": {"latent": 2, "hidden": [8], "likelihood": "gaussian"}, "optimiser": {"kind": "adam", "rate": 0.01},
                }
            )
        )
        first = self.scratch / "first.safetensors"
        self.command("train", self.recipe, "-o", first, "--no-record")
        whole = first.read_bytes()
        # Another last weight is another model.
        self.variants = [whole[:-4] + struct.pack("<f", 0.01 * index) for index in range(VARIANTS)]
        self.workers = [Worker(self, index) for index in range(WORKERS)]

    def environment(self):
        return {**os.environ, "POSTERIOR_ADMIN_KEY": KEY}

    def command(self, *words, may_fail=False):
        done = subprocess.run([self.posterior, *map(str, words)], capture_output=True, text=True, env=self.environment())
        if done.returncode != 0 and not may_fail:
            raise Failure(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def serve(self):
        words = [self.posterior, "serve", "--listen", "127.0.0.1:0", "--store", self.store, "--quiet"]
        log = open(self.scratch / "serve.log", "ab")
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, env=self.environment())
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            time.sleep(0.2)
            process.kill()
            code = process.wait()
            if self.fills and code > 0:
                return None  # no room even to open the store
            raise Failure(f"the server did not start, exit code {code}: {line}\n{(self.scratch / 'serve.log').read_text()[-2000:]}")
        return process, int(found.group(1))

    # --- commands that run beside the servers until they are killed

    def start(self, *words):
        return subprocess.Popen(
            [self.posterior, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())

    def commands(self, round):
        backup = self.scratch / f"backup-{round}"
        model = self.scratch / f"trained-{round}.safetensors"
        started = [(self.start("train", self.recipe, "-o", model, "--store", self.store, "--threads", "1"), lambda *end: self.trained(model, *end))]
        if self.rng.random() < 0.5:
            started.append((self.start("store", "gc", "--store", self.store), self.collected))
        if self.rng.random() < 0.5:
            started.append((self.start("store", "backup", backup, "--store", self.store), lambda *end: self.saved(backup, *end)))
        return started

    def trained(self, model, code, _, errors):
        if code == 0:
            run = re.search(r"run ([0-9A-Z]{26})", errors).group(1)
            self.finished_runs[run] = "sha256:" + hashlib.sha256(model.read_bytes()).hexdigest()
            self.tally["finished training runs"] += 1
        elif code != -signal.SIGKILL and not self.fills:
            raise Failure(f"train: exit code {code}\n{errors}")

    def collected(self, code, _, errors):
        self.tally["gc: " + ("finished" if code == 0 else "killed or busy")] += 1
        if code not in (0, -signal.SIGKILL) and "being read by" not in errors and not self.fills:
            raise Failure(f"gc: exit code {code}\n{errors}")

    def saved(self, backup, code, _, errors):
        if code == 0:
            target = self.scratch / "restored"
            self.command("store", "restore", backup, "--store", target)
            self.check(target, allowed=())
            shutil.rmtree(target)
            self.tally["backups restored"] += 1
        elif code == -signal.SIGKILL:
            # Killed after the manifest was written it is a whole backup, before that it is none.
            if backup.exists() and (backup / "backup.json").exists():
                self.check(backup, allowed=("leftover",))
            elif backup.exists():
                refused = self.command("store", "restore", backup, "--store", self.scratch / "never", may_fail=True)
                if refused.returncode == 0 or (self.scratch / "never").exists():
                    raise Failure("a backup that was killed could be restored")
            self.tally["backups killed"] += 1
        elif not self.fills:
            raise Failure(f"backup: exit code {code}\n{errors}")
        shutil.rmtree(backup, ignore_errors=True)

    # --- a round

    def run(self, rounds):
        for round in range(rounds):
            self.round(round)
            if round % 10 == 9:
                self.command("store", "gc", "--store", self.store)
                self.check(self.store, allowed=())
                print(f"round {round + 1} of {rounds}{' on the small disk' if self.fills else ''}: {sum(self.tally.values())} events", flush=True)
        self.command("store", "gc", "--store", self.store)
        self.check(self.store, allowed=())

    def round(self, round):
        servers = [server for server in (self.serve(), self.serve()) if server]
        stop = threading.Event()
        threads = [
            threading.Thread(target=self.guarded, args=(worker.loop, servers[index % len(servers)][1], stop))
            for index, worker in enumerate(self.workers) if servers
        ]
        if self.fills:
            threads.append(threading.Thread(target=self.guarded, args=(self.fill, stop)))
        for thread in threads:
            thread.start()
        commands = self.commands(round)
        time.sleep(self.rng.uniform(0.02, 0.8))
        victims = [process for process, _ in servers] + [process for process, _ in commands]
        self.rng.shuffle(victims)
        for process in victims:
            time.sleep(self.rng.choice([0, 0, 0.002, 0.02]))
            # A command may also be left to end by itself.
            if process in [server for server, _ in servers] or self.rng.random() < 0.6:
                process.send_signal(signal.SIGKILL)
        stop.set()
        for process, port in servers:
            process.wait()
            process.stdout.close()
        for thread in threads:
            thread.join()
        for process, judge in commands:
            output, errors = process.communicate()
            self.guarded(judge, process.returncode, output, errors)
        (self.folder / "ballast").unlink(missing_ok=True)
        if self.failures:
            raise self.failures[0]
        self.tally["processes killed"] += sum(process.returncode == -signal.SIGKILL for process in victims)
        self.look()
        for file in self.scratch.glob("trained-*"):
            file.unlink()

    def guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:
            self.failures.append(error)

    def look(self):
        if not (self.store / "posterior.sqlite").exists():
            return
        self.check(self.store, allowed=("leftover",))
        # Opening it, as the next process would, ends the runs that were cut off.
        self.command("models", "list", "--store", self.store)
        database = sqlite3.connect(f"file:{urllib.parse.quote(str(self.store))}/posterior.sqlite?mode=ro", uri=True)
        try:
            counted, total = database.execute("SELECT (SELECT count(*) FROM inferences), records FROM inference_totals").fetchone()
            if counted != total:
                raise Failure(f"{counted} requests are recorded, but the store counts {total}")
            self.tally["most recorded requests in a store"] = max(counted, self.tally["most recorded requests in a store"])
            for worker in self.workers:
                worker.settle(database)
            runs = {id: (status, output) for id, status, output in database.execute("SELECT id, status, output_digest FROM runs")}
            for run, digest in self.finished_runs.items():
                if runs.get(run) != ("finished", digest):
                    raise Failure(f"run {run} is {runs.get(run)}, expected to be finished with {digest}")
            half = [id for id, (status, _) in runs.items() if status == "running"]
            if half:
                raise Failure(f"runs of dead processes are still running: {half}")
        finally:
            database.close()

    def check(self, store, allowed):
        done = self.command("store", "check", "--json", "--store", store, may_fail=True)
        report = json.loads(done.stdout) if done.stdout else {"findings": [{"severity": done.stderr}]}
        wrong = [finding for finding in report["findings"] if finding["severity"] not in allowed]
        if wrong or (done.returncode == 0) != report["sound"]:
            raise Failure(f"store check of {store}: {json.dumps(wrong, indent=1)}")

    def fill(self, stop):
        ballast = self.folder / "ballast"
        while not stop.is_set():
            try:
                with open(ballast, "wb", buffering=0) as file:
                    while not stop.is_set():
                        file.write(bytes(self.rng.choice([512, 4096, 65536])))
            except OSError:
                time.sleep(self.rng.uniform(0, 0.1))
            ballast.unlink(missing_ok=True)
            time.sleep(self.rng.uniform(0, 0.1))


def read_only_disk(posterior, disk, tally):
    """On a read-only disk a server that writes says why it can't start, and one that only reads serves a backup."""
    world = disk / "world"
    backup = disk / "backup"
    # The rounds before leave a store that may take up more than half of the small disk, too much for a backup beside it.
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    subprocess.run([posterior, "store", "backup", backup, "--store", world / "store"], check=True, stdout=subprocess.DEVNULL)
    database = sqlite3.connect(f"file:{urllib.parse.quote(str(backup))}/posterior.sqlite?mode=ro", uri=True)
    model = next(database.execute("SELECT model || '@' || version FROM versions"), [None])[0]
    database.close()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    done = subprocess.run([posterior, "serve", "--listen", "127.0.0.1:0", "--store", world / "store"], capture_output=True, text=True)
    if done.returncode == 0 or "read-only" not in done.stderr:
        raise Failure(f"serve on a read-only disk: {done.returncode} {done.stderr}")
    environment = {**os.environ, "POSTERIOR_ADMIN_KEY": KEY}
    process = subprocess.Popen(
        [posterior, "serve", "--read-only", "--listen", "127.0.0.1:0", "--store", backup, "--quiet"], stdout=subprocess.PIPE, text=True, env=environment)
    try:
        port = int(re.search(r":(\d+)", process.stdout.readline().split("http://")[1]).group(1))
        expected = [("POST", "/v1/admin/models/m/versions", b"x", 403), ("GET", "/readyz", None, 200)]
        if model:
            expected.append(("POST", f"/v1/models/{model}/sample", b'{"n":2}', 200))
        for method, path, body, status in expected:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request(method, path, body, {"Authorization": "Bearer " + KEY, "Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != status:
                raise Failure(f"{method} {path} on a read-only disk: {response.status} {response.read()[:300]!r}")
            tally["answers from a read-only disk"] += 1
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"FAILED: {failure}")
