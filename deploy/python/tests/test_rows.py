"""Tables without pandas."""

import csv
import random

import numpy as np
import pytest


def with_holes(rows, seed):
    chance = random.Random(seed)
    return [{name: None if chance.random() < 0.3 else value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize("seed", range(5))
def test_observed_values_come_back_as_they_were(server, wines, seed):
    rows = with_holes(wines, seed)
    imputation = server.model("white-wine").impute(rows, draws=2, seed=seed)
    assert len(imputation) == 2
    for table in imputation:
        for sent, completed in zip(rows, table):
            assert all(value is not None for value in completed.values())
            assert all(completed[name] == value for name, value in sent.items() if value is not None)
    assert len(imputation.cells) == sum(value is None for row in rows for value in row.values())


def test_a_table_in_pieces_is_the_whole(server, wines, monkeypatch):
    from posterior import model as module

    rows = with_holes(wines, 1)
    whole = server.model("white-wine").impute(rows, draws=2, seed=3)
    monkeypatch.setattr(module, "PIECE", 7)
    pieces = server.model("white-wine").impute(rows, draws=2, seed=3)
    assert list(pieces) == list(whole) and pieces.cells == whole.cells
    assert len(pieces.receipt.runs) == 6 and pieces.receipt.seed == 3 and pieces.receipt.first_item == 0


def test_a_table_that_comes_in_chunks_is_the_whole(server, wines):
    rows = with_holes(wines, 2)
    model = server.model("white-wine")
    whole = model.impute(rows, mode="point", seed=5).table
    chunks = model.impute_chunks((rows[start : start + 15] for start in range(0, 40, 15)), mode="point", seed=5)
    assert [row for part in chunks for row in part.table] == whole


def test_several_tables_are_not_one(server, wines):
    imputation = server.model("white-wine").impute(with_holes(wines, 1), seed=1)
    assert len(imputation.tables) == 5
    with pytest.raises(ValueError, match="5 completed tables"):
        imputation.table


def test_arrays_with_nan_are_filled_in(server, wines):
    array = np.array([list(row.values()) for row in with_holes(wines, 3)], dtype=float)
    observed = ~np.isnan(array)
    model = server.model("white-wine")
    draws = model.impute(array, draws=3, seed=1)
    point = model.impute(array, mode="point", seed=1)
    assert len(draws) == 3 and draws[0].shape == (40, 12) and draws.cells is None
    for table in [*draws, point.table]:
        assert np.isfinite(table).all()
        assert np.array_equal(table[observed], array.astype(np.float32)[observed])
    listed = model.impute(array, draws=3, seed=1, cells=True)
    assert all(np.array_equal(one, other) for one, other in zip(listed, draws)) and len(listed.cells) == (~observed).sum()
    masked = model.impute(np.ma.masked_invalid(array), mode="point", seed=1).table
    assert np.array_equal(masked, point.table)


def test_a_file_of_csv_is_a_table(server, wines, tmp_path):
    rows = with_holes(wines, 4)
    path = tmp_path / "wine.csv"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    model = server.model("white-wine")
    assert model.impute(path, mode="point", seed=1).table == model.impute(rows, mode="point", seed=1).table


def test_scores_given_other_columns(server, wines):
    scores = server.model("white-wine").score(wines, targets=["quality"], k=5, seed=1)
    assert len(scores) == 40 and np.isfinite(scores["iwae_nats"]).all()


def test_estimates_are_pooled(server):
    one = server.pool([0.31, 0.35], [0.05, 0.06], dfcom=4886)
    assert one["qbar"] == pytest.approx(0.33) and one["ubar"] == pytest.approx((0.05**2 + 0.06**2) / 2)
    many = server.pool({"slope": np.array([0.31, 0.35]), "level": [1, 1]}, {"slope": [0.05, 0.06], "level": [1, 2]}, dfcom=4886)
    assert many["slope"] == one and many["level"]["b"] == 0
