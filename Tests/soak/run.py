#!/usr/bin/env python3
"""A server under mixed clients for some minutes: good, bad, slow, half-closed and dropped ones, over loopback.

    Tests/soak/run.py PATH_OF_POSTERIOR [MINUTES]          MINUTES is 10 unless told, 60 at most

Every whole answer is compared, byte for byte, with the one that the same request got at the start. The verdict:
- no wrong answer: good, slow and half-closed clients get the right bytes, bad ones the statuses they have earned and then the end of the
  connection;
- memory flat: the median resident size over the last fifth of the time is at most 8 MiB above the median over the second fifth;
- descriptors flat: once all clients have gone, there are no more than at rest before they came.
"""
import collections
import http.client
import json
import os
import pathlib
import random
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "deploy/models/fashion-mnist.safetensors"
REQUESTS = 2_000_000  # of all clients together
RAW, JSON = "application/octet-stream", "application/json"


class Call:
    """One request, and the answer that it always gets."""

    def __init__(self, method, path, body=b"", **fields):
        self.method, self.path, self.body = method, path, body
        self.fields = {name.replace("_", "-"): value for name, value in fields.items()}
        self.answer = None  # (status, body)

    def bytes(self, close=True):
        fields = {"Host": "localhost", **self.fields, **({"Connection": "close"} if close else {})}
        if self.body:
            fields["Content-Length"] = len(self.body)
        head = f"{self.method} {self.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return head.encode() + b"\r\n" + self.body


def calls():
    png = (ROOT / "deploy/examples/shirt.png").read_bytes()
    operation = "/v1/models/fm/"
    yield Call("GET", "/healthz")
    yield Call("GET", "/v1/models/fm@1")
    yield Call("GET", "/openapi.yaml")
    yield Call("GET", "/nothing/here")
    yield Call("DELETE", "/healthz")
    for seed in range(12):
        body = json.dumps({"n": 1 + 5 * seed, "seed": seed}).encode()
        yield Call("POST", operation + "sample", body, Accept=RAW, Content_Type=JSON)
        yield Call("POST", operation + "sample", body, Accept=JSON, Content_Type=JSON)
        yield Call("POST", operation + f"score?k=5&seed={seed}", png, Content_Type="image/png")
    yield Call("POST", operation + "sample", b'{"n":16,"seed":1}', Accept="image/png", Content_Type=JSON)
    yield Call("POST", operation + "encode?seed=1", png, Content_Type="image/png")
    yield Call("POST", operation + "reconstruct?seed=1", png, Accept=RAW, Content_Type="image/png")
    yield Call("POST", operation + "sample", b'{"n":', Content_Type=JSON)
    yield Call("POST", operation + "sample", b'{"n":"three"}', Content_Type=JSON)
    yield Call("POST", operation + "encode", b'{"inputs":[[1,2],[3]]}', Content_Type=JSON)


def large_call():
    """An answer of six megabytes, for clients that read slowly or not to the end."""
    return Call("POST", "/v1/models/fm/sample", b'{"n":2000,"seed":3}', Accept=RAW, Content_Type=JSON)


class Server:
    def __init__(self, posterior, folder):
        store = folder / "store"
        subprocess.run([posterior, "models", "upload", MODEL, "--name", "fm", "--store", store], check=True, stdout=subprocess.DEVNULL)
        self.errors = open(folder / "errors", "w+b")
        self.process = subprocess.Popen(
            [posterior, "serve", "--listen", "127.0.0.1:0", "--store", store, "--quiet"], stdout=subprocess.PIPE, stderr=self.errors)
        self.port = int(re.search(rb"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def resident_bytes(self):
        pages = int(pathlib.Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def connect(self, receive_buffer=None):
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(60)
        client.connect(("127.0.0.1", self.port))
        return client

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


def comparable(status, body):
    """An answer without what differs from one time to the next: the identifier of a refusal."""
    return status, re.sub(rb'"(instance|request_id|requestId)": ?"[^"]*"', b"", body) if status >= 400 else body


def split(data, answered_to="GET"):
    """(status, body) of every answer in some bytes; a body that is cut short comes as it is."""
    answers = []
    while data:
        head, found, data = data.partition(b"\r\n\r\n")
        if not found:
            break
        status = int(head[9:12])
        if 100 <= status < 200:
            continue
        length = re.search(rb"(?mi)^content-length: *(\d+)", head)
        if length and answered_to != "HEAD":
            body, data = data[: int(length[1])], data[int(length[1]) :]
        else:
            body, data = b"", data
        answers.append((status, body))
    return answers


def read_all(client, pause=0.0, size=65536):
    data = bytearray()
    while piece := client.recv(size):
        data += piece
        if pause:
            time.sleep(pause)
    return bytes(data)


class Soak:
    def __init__(self, server, minutes, key):
        self.key = key
        self.server, self.deadline = server, time.monotonic() + 60 * minutes
        self.calls, self.large = list(calls()), large_call()
        self.malformations = sorted((ROOT / "Tests/fuzz/corpus").glob("bad-*"))
        self.counts, self.wrong, self.lock = collections.Counter(), [], threading.Lock()

    def learn(self):
        """The reference answers; asked twice, because only what repeats can be compared."""
        for call in [*self.calls, self.large]:
            answers = []
            for _ in range(2):
                with self.server.connect() as client:
                    client.sendall(call.bytes())
                    answers.append(comparable(*split(read_all(client))[0]))
            if answers[0] != answers[1]:
                sys.exit(f"{call.method} {call.path} does not repeat itself: {answers[0][1][:300]} {answers[1][1][:300]}")
            call.answer = answers[0]

    def count(self, kind, call=None, answer=None, fault=None):
        if call is not None and comparable(*answer) != call.answer:
            fault = f"{call.method} {call.path} {call.body[:60]}: {answer[0]} {answer[1][:60]}, expected {call.answer[0]} {call.answer[1][:60]}"
        with self.lock:
            self.counts[kind] += 1
            if fault:
                self.wrong.append(f"{kind}: {fault}")

    def run(self, client):
        """Repeats one kind of client until the time is up."""
        dice = random.Random(f"{client.__name__} {threading.current_thread().name}")
        while time.monotonic() < self.deadline and sum(self.counts.values()) < REQUESTS and len(self.wrong) < 100:
            try:
                client(dice)
            except Exception as error:  # a failed connection is a wrong answer too
                self.count(client.__name__, fault=repr(error))
                time.sleep(0.2)

    # --- the clients

    def good(self, dice):
        """One connection, many requests; some bodies chunked."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for _ in range(dice.randint(1, 200)):
            if time.monotonic() > self.deadline:
                break
            call = dice.choice(self.calls)
            if call.body and dice.random() < 0.3:
                middle = dice.randrange(len(call.body))
                pieces = [piece for piece in (call.body[:middle], call.body[middle:]) if piece]
                connection.request(call.method, call.path, iter(pieces), {**call.fields, "Transfer-Encoding": "chunked"}, encode_chunked=True)
            else:
                connection.request(call.method, call.path, call.body or None, call.fields)
            answer = connection.getresponse()
            self.count("good", call, (answer.status, answer.read()))
            time.sleep(0.004)
        connection.close()

    def pipelining(self, dice):
        chosen = [dice.choice(self.calls) for _ in range(dice.randint(2, 12))]
        with self.server.connect() as client:
            client.sendall(b"".join(call.bytes(close=index == len(chosen) - 1) for index, call in enumerate(chosen)))
            answers = split(read_all(client))
        if len(answers) != len(chosen):
            self.count("pipelining", fault=f"{len(answers)} answers to {len(chosen)} requests")
        for call, answer in zip(chosen, answers):
            self.count("pipelining", call, answer)
        time.sleep(0.05)

    def malformed(self, dice):
        path = dice.choice(self.malformations)
        with self.server.connect() as client:
            client.sendall(path.read_bytes())
            answers = split(read_all(client))  # to the end: after a framing error the connection closes
        statuses = [status for status, _ in answers]
        fault = None if statuses and statuses[-1] >= 400 and len(statuses) <= 2 else f"{path.name}: statuses {statuses}"
        self.count("malformed", fault=fault)
        time.sleep(0.01)

    def slow_writer(self, dice):
        """A request in drops; it takes less than the time limit for headers, so it is answered."""
        call = dice.choice([call for call in self.calls if len(call.body) < 1000])
        data, position = call.bytes(), 0
        with self.server.connect() as client:
            while position < len(data):
                step = dice.randint(1, max(1, len(data) // 20))
                client.sendall(data[position : position + step])
                position += step
                time.sleep(dice.uniform(0.0, 0.2))
            self.count("slow_writer", call, split(read_all(client))[0])

    def never_ending(self, dice):
        """A header section without an end: 408, or the connection just ends."""
        with self.server.connect() as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            client.settimeout(30)
            answers = split(read_all(client))
        self.count("never_ending", fault=None if not answers or answers[0][0] == 408 else f"answered {answers}")

    def slow_reader(self, dice):
        with self.server.connect(receive_buffer=32 * 1024) as client:
            client.sendall(self.large.bytes())
            self.count("slow_reader", self.large, split(read_all(client, pause=dice.uniform(0.005, 0.03)))[0])

    def half_closed(self, dice):
        """Sends its request and then its end, and still wants the answer; one that takes a while has an interim 100 before it."""
        call = dice.choice(self.calls)
        with self.server.connect() as client:
            client.sendall(call.bytes())
            client.shutdown(socket.SHUT_WR)
            answers = split(read_all(client))
        self.count("half_closed", call, answers[0] if answers else (0, b"no answer"))
        time.sleep(0.02)

    def dropped(self, dice):
        """Goes away in the middle of its request or of its answer, politely or with a reset."""
        call = dice.choice([*self.calls, self.large])
        data = call.bytes()
        with self.server.connect() as client:
            client.sendall(data if dice.random() < 0.5 else data[: dice.randrange(len(data))])
            if dice.random() < 0.5:
                client.settimeout(dice.uniform(0.001, 0.1))
                try:
                    client.recv(dice.choice([1, 1000, 100_000]))
                except (TimeoutError, ConnectionError):
                    pass
            if dice.random() < 0.5:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.count("dropped")
        time.sleep(0.02)

    def broken_upload(self, dice):
        with self.server.connect() as client:
            head = b"POST /v1/admin/models/fm/versions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %b\r\nContent-Length: 4000000\r\n\r\n"
            client.sendall(head % self.key)
            client.sendall(dice.randbytes(dice.randrange(400_000)))
        self.count("broken_upload")
        time.sleep(0.5)


def mib(size):
    return f"{size / 2**20:.1f} MiB"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    posterior = pathlib.Path(sys.argv[1]).resolve()
    minutes = min(float(sys.argv[2]) if len(sys.argv) == 3 else 10, 60)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(posterior, folder)
        try:
            verdict = soak(server, minutes, (folder / "store/admin.key").read_bytes().strip())
        finally:
            code = server.stop()
        server.errors.seek(0)
        log = server.errors.read().decode(errors="replace")
        if code != 0:
            print(f"FAILED: exit code {code} after SIGTERM\n{log[-2000:]}")
        sys.exit(0 if verdict and code == 0 else 1)


def soak(server, minutes, key):
    soak = Soak(server, minutes, key)
    soak.learn()
    time.sleep(3)  # connections that linger after their last answer
    at_rest = server.descriptors()
    clients = [soak.good] * 4 + [soak.malformed] + [soak.pipelining] + [soak.slow_writer] * 6 + [soak.never_ending] * 2
    clients += [soak.slow_reader] * 2 + [soak.half_closed] + [soak.dropped] * 2 + [soak.broken_upload]
    threads = [threading.Thread(target=soak.run, args=[client], name=str(index)) for index, client in enumerate(clients)]
    began, samples, most_descriptors = time.monotonic(), [], 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if time.monotonic() < soak.deadline:
            samples.append(server.resident_bytes())
            most_descriptors = max(most_descriptors, server.descriptors())
        time.sleep(1)
    for _ in range(30):
        left = server.descriptors()
        if left <= at_rest:
            break
        time.sleep(1)

    fifth = max(1, len(samples) // 5)
    early, late = statistics.median(samples[fifth : 2 * fifth] or samples), statistics.median(samples[-fifth:])
    print(f"{time.monotonic() - began:.0f} s: " + ", ".join(f"{count} {kind}" for kind, count in sorted(soak.counts.items())))
    print(f"wrong answers: {len(soak.wrong)}")
    for fault in soak.wrong[:10]:
        print(f"  {fault}")
    by_fifth = [mib(statistics.median(samples[start : start + fifth])) for start in range(0, fifth * 5, fifth) if samples[start : start + fifth]]
    print(f"resident memory, median by fifths: {', '.join(by_fifth)}; largest {mib(max(samples))}")
    print(f"descriptors: {at_rest} at rest before, {most_descriptors} at most, {left} at rest after")
    verdict = {
        "no wrong answers": not soak.wrong,
        "memory flat": late - early <= 8 * 2**20,
        "descriptors flat": left <= at_rest,
    }
    for law, holds in verdict.items():
        print(f"{'ok' if holds else 'FAILED'}: {law}")
    return all(verdict.values())


main()
