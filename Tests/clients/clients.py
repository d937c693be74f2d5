"""Python's HTTP clients and a pipelining socket against a server; a line "ok NAME" or "failed NAME: ..." per check. Usage: clients.py URL"""
import http.client
import json
import socket
import sys
import urllib.parse

import httpx
import requests

URL = sys.argv[1]
HOST = urllib.parse.urlsplit(URL).netloc
SAMPLE, BODY = "/v1/models/fm/sample", b'{"n":8,"seed":7}'
FIELDS = {"Content-Type": "application/json", "Accept": "application/octet-stream"}
SIZE = 8 * 784 * 4


def check(name, given, expected):
    print(f"ok {name}" if given == expected else f"failed {name}: {str(given)[:300]}, expected {str(expected)[:300]}", flush=True)


def pieces():
    yield BODY[:3]
    yield BODY[3:]


def standard_library():
    connection = http.client.HTTPConnection(HOST, timeout=30)

    def ask(method, path, body=None, **options):
        connection.request(method, path, body, FIELDS, **options)
        answer = connection.getresponse()
        return answer.status, answer.read()

    check("http.client: GET", ask("GET", "/healthz")[0], 200)
    port = connection.sock.getsockname()
    reference = ask("POST", SAMPLE, BODY)
    check("http.client: POST", (reference[0], len(reference[1])), (200, SIZE))
    check("http.client: chunked", ask("POST", SAMPLE, pieces(), encode_chunked=True), reference)
    check("http.client: HEAD", ask("HEAD", "/healthz"), (200, b""))
    check("http.client: OPTIONS", ask("OPTIONS", "/healthz"), (204, b""))
    check("http.client: a refusal", ask("POST", SAMPLE, b"{")[0], 400)
    check("http.client: all on one connection", connection.sock and connection.sock.getsockname(), port)
    return reference[1]


def with_requests(reference):
    with requests.Session() as session:
        check("requests: GET", session.get(URL + "/healthz", timeout=30).status_code, 200)
        check("requests: POST", session.post(URL + SAMPLE, BODY, headers=FIELDS, timeout=30).content, reference)
        check("requests: chunked", session.post(URL + SAMPLE, pieces(), headers=FIELDS, timeout=30).content, reference)
        check("requests: JSON", session.post(URL + SAMPLE, json=json.loads(BODY), timeout=30).json()["shape"], [8, 28, 28])
        check("requests: HEAD", session.head(URL + "/healthz", timeout=30).content, b"")
        check("requests: OPTIONS", "GET" in session.options(URL + "/healthz", timeout=30).headers["Allow"], True)
        check("requests: an encoded slash is part of a (wrong) name", session.get(URL + "/v1/models/fm%2Fsample", timeout=30).status_code, 400)
        with session.post(URL + SAMPLE, BODY, headers=FIELDS, timeout=30, stream=True) as answer:
            check("requests: streamed", b"".join(answer.iter_content(1000)), reference)


def with_httpx(reference):
    with httpx.Client(base_url=URL, timeout=30) as client:
        check("httpx: GET", client.get("/healthz").status_code, 200)
        check("httpx: POST", client.post(SAMPLE, content=BODY, headers=FIELDS).content, reference)
        check("httpx: chunked", client.post(SAMPLE, content=pieces(), headers=FIELDS).content, reference)
        check("httpx: HEAD", client.head("/healthz").content, b"")
        check("httpx: OPTIONS", client.options("/healthz").status_code, 204)
        check("httpx: a refusal is JSON", client.post(SAMPLE, content=b"{").json()["status"], 400)


def read_answer(stream):
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, stream.read(length)


def pipelining(reference):
    """As Go's textproto pipelines: all requests are written before the first answer is read; answers come in order."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in FIELDS.items())
    post = f"POST {SAMPLE} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY
    chunked = f"POST {SAMPLE} HTTP/1.1\r\nHost: localhost\r\n{fields}Transfer-Encoding: chunked\r\n\r\n".encode()
    chunked += b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces(), b""))
    cheap = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    missing = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.create_connection(tuple(HOST.rsplit(":", 1)), timeout=30) as client, client.makefile("rb") as stream:
        client.sendall((post + cheap + chunked + missing) * 5)
        answers = [read_answer(stream) for _ in range(20)]
        check("pipelining: in order", [status for status, _ in answers], [200, 200, 200, 404] * 5)
        check("pipelining: bodies", {body for _, body in answers[::2]}, {reference})
        client.sendall(cheap * 1000)
        check("pipelining: a thousand", {read_answer(stream)[0] for _ in range(1000)}, {200})
        client.sendall(cheap + cheap.replace(b"Host: localhost", b"Host : localhost") + cheap)
        check("pipelining: nothing behind a framing error", [read_answer(stream)[0] for _ in range(2)] + [stream.read()], [200, 400, b""])


sample = standard_library()
with_requests(sample)
with_httpx(sample)
pipelining(sample)
