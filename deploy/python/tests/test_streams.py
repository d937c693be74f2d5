import gzip
import random
import tracemalloc

import numpy as np
import pytest
from fake_server import answered
from posterior import BadRequest, ConnectionFailed, Impossible, Posterior, Retries


def write(path, rows):
    text = "\r\n".join([",".join(rows[0]), *(",".join("" if value is None else str(value) for value in row.values()) for row in rows)])
    path.write_bytes((text + "\r\n").encode())
    return text


@pytest.fixture
def holes(wines):
    chance = random.Random(1)
    return [{name: None if chance.random() < 0.3 else value for name, value in row.items()} for row in 25 * wines]


def test_a_file_becomes_another_without_holes(server, holes, tmp_path):
    write(tmp_path / "holes.csv", holes)
    receipt = server.model("white-wine").impute_file(tmp_path / "holes.csv", tmp_path / "filled.csv", mode="point", seed=7)
    filled = (tmp_path / "filled.csv").read_bytes().decode().split("\r\n")
    assert receipt.seed == 7 and len(filled) == len(holes) + 2
    for sent, line in zip(holes, filled[1:]):
        for value, text in zip(sent.values(), line.split(",")):
            assert text == str(value) if value is not None else float(text) is not None
    assert (tmp_path / "filled.csv").stat().st_mode & 0o777 == 0o644


def test_packed_files_are_read_and_written(server, holes, tmp_path):
    text = write(tmp_path / "holes.csv", holes)
    (tmp_path / "holes.csv.gz").write_bytes(gzip.compress((text + "\r\n").encode()))
    model = server.model("white-wine")
    model.impute_file(tmp_path / "holes.csv", tmp_path / "a.csv", draws=2, seed=7)
    model.impute_file(tmp_path / "holes.csv.gz", tmp_path / "b.csv.gz", draws=2, seed=7)
    assert gzip.decompress((tmp_path / "b.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    assert (tmp_path / "a.csv").read_text().startswith("imputation,")


def test_other_operations_stream_too(server, garments, tmp_path):
    np.save(tmp_path / "items.npy", garments)
    model = server.model("fashion-mnist")
    model.stream("reconstruct", tmp_path / "items.npy", tmp_path / "again.npy", seed=1)
    assert np.array_equal(np.load(tmp_path / "again.npy"), model.reconstruct(garments))
    model.stream("score", tmp_path / "items.npy", tmp_path / "scores.csv", k=2, seed=1)
    assert (tmp_path / "scores.csv").read_text().startswith("elbo_nats,")


def test_a_file_that_is_refused_leaves_nothing(server, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises((BadRequest, Impossible)):
        server.model("white-wine").impute_file(tmp_path / "bad.csv", tmp_path / "filled.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


def test_an_answer_that_is_cut_leaves_the_old_file(fake, tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    (tmp_path / "out.csv").write_text("old")
    one = fake(*[(answered(body=b"a\n1\n2\n", media_type="text/csv")[:-2], "cut")] * 2)
    with Posterior(one.address, retries=Retries(0)) as server, pytest.raises(ConnectionFailed, match="cut"):
        server.model("m").impute_file(tmp_path / "in.csv", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "old" and len(list(tmp_path.iterdir())) == 2


def test_memory_is_bounded_both_ways(fake, tmp_path):
    size = 32 << 20
    with open(tmp_path / "in.csv", "wb") as file:
        file.truncate(size)

    def answer(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(size >> 16):
            connection.sendall(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

    one = fake(answer)
    with Posterior(one.address) as server:
        tracemalloc.start()
        server.model("m").impute_file(tmp_path / "in.csv", tmp_path / "out.csv", seed=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert (tmp_path / "out.csv").stat().st_size == size
    # The fake server keeps 1 MiB of what it was sent; the package a few blocks of 256 KiB.
    assert peak < 5 << 20
