"""Asks two replicas behind a balancer, while they are ended and started again, and says whether any client noticed.

    load.py URL SECONDS EXPECTED_FOLDER     questions until the time is over, or until standard input closes

Every question has a seed. Its answer has to be the bytes that one replica alone gave: EXPECTED_FOLDER/N of question N, written where there is none yet.
A question whose connection closes without a byte of an answer is asked again once, as clients that keep connections have to anyway; how often is counted.
"""
import http.client
import json
import pathlib
import sys
import threading
import time
import urllib.parse

url, seconds, folder = urllib.parse.urlsplit(sys.argv[1]), float(sys.argv[2]), pathlib.Path(sys.argv[3])
ITEMS = [[(7 * row + column) % 256 for column in range(784)] for row in range(3)]
QUESTIONS = [("sample", {"n": 4, "seed": seed}) for seed in range(6)] + [
    ("encode", {"inputs": ITEMS, "seed": 3}),
    ("score", {"inputs": ITEMS, "k": 5, "seed": 1}),
    ("reconstruct", {"inputs": ITEMS, "sampling": True, "seed": 2}),
]
failures, counts = [], {"answers": 0, "asked again": 0}
lock = threading.Lock()


def ask(connection, question):
    operation, body = QUESTIONS[question]
    connection.request("POST", f"/v1/models/fm/{operation}", json.dumps(body), {"Content-Type": "application/json", "Accept": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def check(question, status, body):
    known = folder / str(question)
    if status != 200:
        raise AssertionError(f"{QUESTIONS[question][0]}: {status} {body[:200]!r}")
    if not known.exists():
        known.write_bytes(body)
    elif known.read_bytes() != body:
        raise AssertionError(f"{QUESTIONS[question][0]}: other bytes")


def ask_again(connection, question):
    try:
        return ask(connection, question)
    except http.client.RemoteDisconnected:
        with lock:
            counts["asked again"] += 1
        connection.close()
        return ask(connection, question)


def client(number, end):
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    question = number
    while time.monotonic() < end:
        question = (question + 1) % len(QUESTIONS)
        try:
            check(question, *ask_again(connection, question))
            with lock:
                counts["answers"] += 1
        except Exception as error:
            with lock:
                failures.append(f"{time.strftime('%T')} {type(error).__name__}: {error}")
            connection.close()
            # A client that is refused at once would otherwise spend the rest of the time on failures of one cause.
            time.sleep(0.05)


if seconds == 0:
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    for question in range(len(QUESTIONS)):
        check(question, *ask(connection, question))
    sys.exit()
threads = [threading.Thread(target=client, args=(number, time.monotonic() + seconds)) for number in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for failure in failures[:5]:
    print(failure)
print(f"{counts['answers']} answers, {counts['asked again']} asked again by the client, {len(failures)} failures")
sys.exit(bool(failures) or counts["answers"] < 100)
