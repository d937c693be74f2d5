import os

import numpy as np
import pytest
from conftest import ROOT
from posterior import Conflict, Impossible, NotFound, Posterior

# Runs stay, so every run of these tests has names of its own.
GAPS, IMAGES = f"gaps-{os.getpid()}", f"images-{os.getpid()}"


@pytest.fixture
def admin(address, key):
    with Posterior(address, key=key) as server:
        yield server


def test_a_table_is_learnt_and_filled_in(admin, tmp_path):
    table = tmp_path / "gaps.csv"
    random = np.random.default_rng(3)
    u = random.random(200)
    lines = [f"{'' if i % 5 == 0 else u[i]:.5}," + f"{2 * u[i] + random.random() / 9:.5f}" for i in range(200)]
    table.write_text("u,v\n" + "\n".join(lines) + "\n")
    found = admin.datasets.upload(table, GAPS)
    assert found["description"]["count"] == 200 and [column["name"] for column in found["description"]["columns"]] == ["u", "v"]
    assert admin.datasets.upload(table, GAPS)["digest"] == found["digest"]
    with pytest.raises(Conflict):
        admin.datasets.upload(ROOT / "deploy/examples/wine-holes.csv", GAPS)
    assert GAPS in [dataset["name"] for dataset in admin.datasets.list()] and admin.datasets.describe(GAPS) == found
    told = []
    # Another seed every time: what was measured of a model file is known, also under an earlier name.
    recipe = {"dataset": GAPS, "family": "mixture", "seed": int(np.random.default_rng().integers(1 << 31))}
    run = admin.start_run("train", **recipe, publish={"model": GAPS, "alias": "live"}).wait(told.append, timeout=120)
    assert run.status == "finished" and told and admin.model(GAPS).operations
    entries = {entry["name"]: entry for entry in admin.model(GAPS).scores()["entries"]}
    way = next(way for way in entries["likelihood"]["missing"]["how"] if way["dataset"] == GAPS)
    measured = admin.start_run(**way["request"]["body"]).wait(timeout=120)
    (entry,) = admin.model(GAPS).scores(entry="likelihood", limit=1)["entries"]
    assert entry["latest"]["id"] == measured.id and entry["missing"] is None and entry["latest"]["protocol"]["items"] == 200
    assert entries["clusters"]["supported"] or entries["clusters"]["lack"]
    filled = admin.start_run("impute", dataset=GAPS, seed=4).wait(timeout=120).read("completed.csv").decode().splitlines()
    assert len(filled) == 201 and all(float(cell) is not None for line in filled[1:] for cell in line.split(","))
    admin.datasets.delete(GAPS)
    with pytest.raises(NotFound):
        admin.datasets.describe(GAPS)
    admin.registry.delete(GAPS)


def test_arrays_and_folders(admin, garments, tmp_path):
    assert admin.datasets.upload(garments, IMAGES)["description"]["shape"] == [28, 28]
    admin.datasets.delete(IMAGES)
    with pytest.raises(ValueError, match="no PNG"):
        admin.datasets.upload(tmp_path, IMAGES)
    for index in range(3):
        (tmp_path / f"{index} ä.png").write_bytes(_png(garments[index]))
    found = admin.datasets.upload(tmp_path, IMAGES)
    assert found["description"]["count"] == 3 and [file["file"] for file in found["files"]] == [f"{index} ä.png" for index in range(3)]
    admin.datasets.delete(IMAGES)


def test_data_that_cannot_be_read(admin, tmp_path):
    (tmp_path / "bad.csv").write_text("a,b")
    with pytest.raises(Impossible):
        admin.datasets.upload(tmp_path / "bad.csv", f"bad-{os.getpid()}")


def test_a_table_in_memory(admin):
    pandas = pytest.importorskip("pandas")
    found = admin.datasets.upload(pandas.DataFrame({"u": [1.5, None, 2.5], "v": [1, 2, 4]}), GAPS)
    assert found["description"]["columns"][0]["missing"] == 1
    admin.datasets.delete(GAPS)


def _png(image: np.ndarray) -> bytes:
    """A grey picture; what PNG 1.2 asks for and no more."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = image.shape
    rows = b"".join(b"\0" + row.astype(np.uint8).tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
