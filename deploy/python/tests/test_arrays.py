import io
import pickle
import threading

import numpy as np
import pytest
from posterior import Array, Posterior, npy


def test_the_same_seed_draws_the_same_items(server):
    model = server.model("fashion-mnist")
    assert np.array_equal(model.sample(4, seed=7), model.sample(4, seed=7))
    assert not np.array_equal(model.sample(4, seed=7), model.sample(4, seed=8))


def test_a_sample_goes_on_where_another_ended(server):
    model = server.model("fashion-mnist")
    whole = model.sample(5, seed=7)
    assert np.array_equal(whole[:2], model.sample(2, seed=7))
    assert np.array_equal(whole[2:], model.sample(3, seed=7, first_item=2))


def test_a_seed_that_was_drawn_here_repeats_the_answer(server):
    model = server.model("fashion-mnist")
    first = model.sample(2)
    assert 0 <= first.receipt.seed < 2**53
    assert np.array_equal(first, model.sample(2, seed=first.receipt.seed))
    assert first.receipt.seed != model.sample(2).receipt.seed


@pytest.mark.parametrize("name", ["fashion-mnist", "fashion-mnist-seatbelt", "fashion-mnist-clusters"])
def test_decoding_a_code_gives_what_reconstruct_makes_of_the_item(server, garments, name):
    model = server.model(name)
    codes = model.encode(garments)
    again = model.reconstruct(garments)
    assert again.shape == garments.shape and again.dtype == np.float32
    assert np.array_equal(model.decode(codes), again)
    assert np.array_equal(model.decode([layer.mean for layer in codes.layers]), again)
    assert len(codes) == 10


def test_codes_as_arrays_are_those_of_json(server, garments):
    model = server.model("fashion-mnist-seatbelt")
    arrays, document = model.encode(garments), model.encode([row.tolist() for row in garments])
    assert [layer.mean.shape for layer in arrays.layers] == [(10, 16), (10, 16), (10, 8)]
    for one, other in zip(arrays.layers, document.layers):
        assert np.array_equal(one.mean, other.mean) and np.array_equal(one.scale, other.scale)
    with pytest.raises(ValueError, match="3 layers"):
        arrays.mean


def test_a_layer_that_is_left_out_is_drawn_from_its_prior(server, garments):
    model = server.model("fashion-mnist-seatbelt")
    codes = model.encode(garments)
    one = model.decode([codes.layers[0], None, codes.layers[2]], seed=1)
    assert one.shape == (10, 28, 28)
    assert not np.array_equal(one, model.decode(codes, seed=1))


@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64, np.int64, ">f4", ">i2"])
def test_arrays_of_any_numbers_mean_the_same(server, garments, dtype):
    model = server.model("fashion-mnist")
    expected = model.encode(garments).mean
    assert np.array_equal(model.encode(garments.astype(dtype)).mean, expected)
    assert np.array_equal(model.encode(np.asfortranarray(garments.astype(dtype))).mean, expected)
    assert np.array_equal(model.encode(garments.reshape(10, 784).astype(dtype)[::-1]).mean, expected[::-1])


def test_an_answer_knows_where_it_came_from(server, garments):
    receipt = server.model("fashion-mnist@live").reconstruct(garments, seed=3).receipt
    assert (receipt.model, receipt.version, receipt.seed, receipt.reference) == ("fashion-mnist", 1, 3, "fashion-mnist@1")
    assert receipt.digest.startswith("sha256:") and server.run(receipt.run).document["seed"] == 3


def test_slices_have_the_receipt_and_results_have_none(server):
    drawn = server.model("fashion-mnist").sample(3, seed=1)
    assert isinstance(drawn, Array) and drawn[1:].receipt is drawn.receipt
    assert type(drawn + 1) is np.ndarray and isinstance(drawn.mean(), np.float32)
    drawn *= 2
    copy = pickle.loads(pickle.dumps(drawn))
    assert copy.receipt == drawn.receipt and np.array_equal(copy, drawn)


ARRAYS = [np.arange(6.0).reshape(2, 3), np.zeros((0, 3), np.float32), np.asfortranarray(np.eye(3)), np.array([True])]


@pytest.mark.parametrize("array", ARRAYS)
def test_an_array_comes_back_from_its_file(array):
    file = io.BytesIO(b"".join(bytes(piece) for piece in npy.pieces(array)))
    assert np.array_equal(np.load(file), array)
    file.seek(0)
    back = npy.read(file)
    assert np.array_equal(back, array) and back.dtype == array.dtype
    column_by_column = io.BytesIO()
    np.save(column_by_column, np.asfortranarray(array))
    column_by_column.seek(0)
    assert np.array_equal(npy.read(column_by_column), array)


def test_scores_clusters_and_classes(server, garments):
    scores = server.model("fashion-mnist").score(garments, k=3, seed=1)
    assert len(scores) == 10 and np.all(scores["iwae_nats"] < 0)
    assert scores.mean["elbo_nats"] == pytest.approx(scores["elbo_nats"].mean(), rel=1e-5)
    layered = server.model("fashion-mnist-seatbelt").score(garments, k=3, seed=1, by_layer=True)
    assert np.allclose(sum(layered[f"layer_{layer}_kl_nats"] for layer in range(3)), layered["kl_nats"], rtol=1e-4)
    clusters = server.model("fashion-mnist-clusters").cluster(garments)
    assert clusters.responsibilities.shape == (10, 30) and clusters.sizes.sum() == 10
    assert np.array_equal(clusters.responsibilities.argmax(axis=1), clusters.assignments)
    assert server.model("fashion-mnist-clusters").cluster(garments, responsibilities=False).responsibilities is None


def test_threads_share_a_client(server, garments):
    model, found = server.model("fashion-mnist"), {}

    def ask(seed):
        found[seed] = model.sample(2, seed=seed)

    threads = [threading.Thread(target=ask, args=[seed % 4 + 10 * (seed // 4)]) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[seed], model.sample(2, seed=seed)) for seed in found) and len(found) == 8


def test_files_are_items(server, garments, tmp_path):
    np.save(tmp_path / "items.npy", garments)
    model = server.model("fashion-mnist")
    expected = model.encode(garments)
    assert np.array_equal(model.encode(tmp_path / "items.npy").mean, expected.mean)
    with pytest.raises(ValueError, match=r"\.xlsx.*expected one of .*\.csv"):
        model.encode("items.xlsx")


def test_a_socket_file_is_an_address(garments, server, socket_file):
    with Posterior(f"unix:{socket_file}") as other:
        assert np.array_equal(other.model("fashion-mnist").sample(2, seed=1), server.model("fashion-mnist").sample(2, seed=1))
