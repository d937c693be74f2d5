import csv
import re

import numpy as np
import pytest
from people import lines
from posterior import BadRequest, Impossible, Unsupported


@pytest.fixture
def drawings(server):
    """Forty pictures in black and white, which the model has levels for, [40, 28, 28]."""
    return np.asarray(server.model("fashion-mnist").sample(40, seed=3))


def test_items_come_back_value_for_value(server, drawings):
    model = server.model("fashion-mnist")
    bits = model.compress(drawings, seed=7)
    again = model.decompress(bits)
    assert np.array_equal(again, drawings) and again.dtype == np.float32
    assert bits.receipt.seed == 7 and again.receipt.digest == bits.receipt.digest
    assert isinstance(bits, bytes) and bits == model.compress(drawings.tolist(), seed=7)


def test_the_rate_is_told(server, drawings):
    model = server.model("fashion-mnist")
    bits = model.compress(drawings, seed=7)
    assert bits.rate.gross == pytest.approx(8 * len(bits) / drawings.size, rel=1e-5)
    assert bits.rate.net < bits.rate.gross and abs(bits.rate.net - bits.rate.bound) < 0.1 * bits.rate.bound
    rate = model.compression_rate(drawings, seed=7)
    assert (rate.gross, rate.net, rate.bound) == pytest.approx((bits.rate.gross, bits.rate.net, bits.rate.bound), rel=1e-5)


def test_some_items_of_a_file_are_read_alone(server, drawings, tmp_path):
    model = server.model("fashion-mnist")
    (tmp_path / "drawings.bits").write_bytes(model.compress(drawings, chunk=8))
    some = model.decompress(tmp_path / "drawings.bits", items=range(13, 31))
    assert np.array_equal(some, drawings[13:31]) and some.receipt.first_item == 13
    assert np.array_equal(model.decompress(tmp_path / "drawings.bits", items=39), drawings[39:])
    with pytest.raises(ValueError, match="one after the other"):
        model.decompress(b"", items=range(0, 10, 2))


def test_what_would_not_come_back_is_refused(server, garments, drawings):
    model = server.model("fashion-mnist")
    with pytest.raises(Impossible) as refusal:
        model.compress(garments)
    assert refusal.value.field.startswith("array[0]")
    bits = model.compress(drawings)
    with pytest.raises(BadRequest):
        model.decompress(bits[:-1])
    with pytest.raises(BadRequest):
        model.decompress(bits[:200] + bytes([bits[200] ^ 1]) + bits[201:])
    with pytest.raises(Impossible) as refusal:
        model.decompress(bits, items=range(30, 41))
    assert refusal.value.field == "items"
    with pytest.raises(Unsupported):
        server.model("people").compress([{"age": 1}])


@pytest.fixture
def table():
    return "\n".join(lines(200, seed=5)) + "\n"


def test_rows_come_back_whatever_they_came_as(server, table, tmp_path):
    model = server.model("folk")
    bits = model.compress(table, seed=7, chunk=64)
    rows = model.decompress(bits)
    texts = list(csv.DictReader(table.splitlines()))
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows] == [
        {name: str(float(text)).removesuffix(".0") if name == "weight" and text else text for name, text in row.items()} for row in texts
    ]
    assert rows.receipt.digest == bits.receipt.digest and bits.rate.net < bits.rate.gross
    assert model.decompress(bits, items=range(70, 73)) == rows[70:73]
    assert model.decompress(model.compress(list(rows))) == rows
    (tmp_path / "table.csv").write_text(table)
    assert model.compress(tmp_path / "table.csv", seed=7, chunk=64) == bits
    model.stream("compress", tmp_path / "table.csv", tmp_path / "table.bits", seed=7, chunk=64)
    assert (tmp_path / "table.bits").read_bytes() == bits
    model.stream("decompress", tmp_path / "table.bits", tmp_path / "again.csv")
    # A weight of 71.0 is written as 71.
    assert (tmp_path / "again.csv").read_bytes().decode() == re.sub(r"(,\d+)\.0,", r"\1,", table)


def test_how_csv_is_read_can_be_said(server, table):
    model = server.model("folk")
    other = table.replace(",", ";")
    assert model.decompress(model.compress(other, separator=";")) == model.decompress(model.compress(table))


def test_arrays_of_doubles_come_back(server, wines):
    model = server.model("white-wine")
    array = np.array([list(row.values()) for row in wines])
    rows = model.decompress(model.compress(array))
    assert [list(row.values()) for row in rows] == array.tolist()
    assert rows == model.decompress(model.compress(wines))
    assert model.compression_rate(array, seed=3).gross == pytest.approx(8 * len(model.compress(array, seed=3)) / array.size, rel=1e-5)


def test_a_table_on_no_grid_is_refused_by_its_row_and_column(server, wines):
    wines[3] = {**wines[3], "alcohol": 0.1 + 0.2}
    with pytest.raises(Impossible) as refusal:
        server.model("white-wine").compress(wines)
    assert refusal.value.field == "rows[3].alcohol" and "15 digits" in refusal.value.expected


def test_frames_keep_their_values(server, table):
    pandas = pytest.importorskip("pandas")
    model = server.model("folk")
    frame = model.decompress(model.compress(table), as_frame=True)
    again = model.decompress(model.compress(frame), as_frame=True)
    pandas.testing.assert_frame_equal(again[list(frame.columns)], frame)
    assert len(frame) == 200 and frame["weight"].isna().any() and isinstance(frame["colour"].dtype, pandas.CategoricalDtype)
