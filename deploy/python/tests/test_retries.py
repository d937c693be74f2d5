import io
import json
import time

import numpy as np
import pytest
from fake_server import answered
from posterior import ConnectionFailed, Impossible, Posterior, Retries, TimedOut, TooBusy

BUSY = answered(503, {"detail": "Too much work is waiting."}, "Retry-After: 0")


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def drawn(seed="1"):
    return answered(200, None, f"Posterior-Seed: {seed}", body=npy(np.zeros((1, 2), np.float32)), media_type="application/x-npy")


def quick(fake, **options):
    return Posterior(fake.address, retries=Retries(total=5, first=0.001), **options)


@pytest.mark.parametrize(
    "failure",
    [BUSY, answered(429, {}, "Retry-After: 0"), None, (drawn()[:100], "cut"), (drawn()[:-3], "cut"), (b"HTTP/1.1 200", "cut")],
    ids=["busy", "too often", "closed", "cut in the header", "cut in the numbers", "cut in the status"],
)
def test_a_request_that_failed_is_sent_again_with_its_seed(fake, failure):
    one = fake(failure, failure, drawn())
    with quick(one) as server:
        server.model("m").sample(1)
    assert len(one.asked) == 3 and len({asked.target for asked in one.asked}) == 1
    assert "seed=" in one.asked[0].target


def test_rows_that_are_sent_again_are_the_same(fake):
    answer = {"mode": "point", "draws": 5, "completed": [{"a": 1}], "cells": []}
    one = fake(BUSY, None, answered(200, answer))
    with quick(one) as server:
        assert server.model("m").impute([{"a": None}], mode="point").table == [{"a": 1}]
    assert len({asked.body for asked in one.asked}) == 1 and 0 <= json.loads(one.asked[0].body)["seed"] < 2**53


def test_the_server_says_when_to_come_again(fake):
    one = fake(answered(503, {}, "Retry-After: 1"), drawn())
    began = time.monotonic()
    with quick(one) as server:
        server.model("m").sample(1)
    assert time.monotonic() - began >= 1


def test_waiting_has_an_end(fake):
    one = fake(answered(503, {"detail": "Busy."}, "Retry-After: 30"), drawn())
    began = time.monotonic()
    with quick(one) as server, pytest.raises(TooBusy) as caught:
        server.model("m").sample(1)
    assert caught.value.retry_after == 30 and time.monotonic() - began < 5 and len(one.asked) == 1


def test_a_server_that_is_not_there_is_not_waited_for_long():
    with Posterior("http://127.0.0.1:9", retries=Retries(total=60, unreachable=0.3)) as server:
        began = time.monotonic()
        with pytest.raises(ConnectionFailed, match="refused"):
            server.families()
    assert time.monotonic() - began < 1


def test_retries_can_be_without(fake):
    one = fake(BUSY, drawn())
    with Posterior(one.address, retries=Retries(0)) as server, pytest.raises(TooBusy):
        server.model("m").sample(1)


def test_what_is_wrong_is_not_sent_again(fake):
    one = fake(answered(422, {"detail": "No."}))
    with quick(one) as server, pytest.raises(Impossible):
        server.model("m").sample(1)
    assert len(one.asked) == 1


def test_a_server_that_is_still_at_work_is_not_asked_twice(fake):
    one = fake(lambda connection: time.sleep(0.4), drawn())
    with quick(one, timeout=0.1) as server, pytest.raises(TimedOut, match="0.1 s"):
        server.model("m").sample(1)
    assert len(one.asked) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda server: server.registry.rename("a", "b"),
        lambda server: server.registry.delete("a"),
        lambda server: server.registry.promote("a", 3, moved_from=2),
        lambda server: server.start_run("train"),
        lambda server: server.model("m").robustness(np.zeros((1, 2)), wait=False),
    ],
    ids=["rename", "delete", "promote from", "start a run", "start an audit"],
)
def test_what_would_change_something_twice_is_sent_once(fake, change):
    one = fake(None, answered())
    with quick(one) as server, pytest.raises(ConnectionFailed):
        change(server)
    assert len(one.asked) == 1


def test_an_upload_is_sent_again_because_its_digest_says_what_it_is(fake, tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"x" * 1000)
    one = fake(None, answered(201, {"version": 1}))
    with quick(one, key="k") as server:
        assert server.registry.upload(tmp_path / "m.safetensors", "m") == {"version": 1}
    digest = "sha-256=:QsPTFzFTYZmj6nnyapaBVLzDtrqAuF5CgKpRLC6o5TE=:"
    assert len(one.asked) == 2 and one.asked[0].headers["content-digest"].startswith("sha-256=:")
    assert one.asked[0].headers["authorization"] == "Bearer k" and len(digest) == len(one.asked[1].headers["content-digest"])


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_not_missed(fake):
    one = fake(drawn(), drawn(), (drawn(), "cut"), drawn())
    with Posterior(one.address, retries=Retries(0)) as server:
        for _ in range(4):
            server.model("m").sample(1)
    assert len(one.asked) == 4


def test_an_answer_before_the_end_of_the_body_is_heard(fake):
    def refuse(connection):
        connection.sendall(answered(413, {"detail": "Too large."}, "Connection: close"))

    one = fake(refuse)
    with quick(one) as server, pytest.raises(Exception, match="Too large"):
        server.model("m").encode(np.zeros((1000, 784)))


def test_a_path_stands_before_all_others(fake):
    one = fake(drawn())
    with Posterior(one.address + "/models/", key="k") as server:
        server.model("a b@next").sample(1, seed=1)
    assert one.asked[0].target == "/models/v1/models/a%20b@next/sample?n=1&seed=1"
