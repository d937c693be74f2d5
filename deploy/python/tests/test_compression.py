import numpy as np
import pytest
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
        server.model("white-wine").compress([{"alcohol": 1}])
