"""DataFrames: what was there stays, what was missing comes in the type of its column."""

import csv

import numpy as np
import pytest

pandas = pytest.importorskip("pandas")
from people import lines  # noqa: E402


@pytest.fixture
def people():
    frame = pandas.DataFrame(csv.DictReader(lines(60, seed=3))).replace("", None)
    return pandas.DataFrame(
        {
            "colour": frame["colour"].astype("category"),
            "age": pandas.to_numeric(frame["age"]).astype("Int64"),
            "id": frame["id"].astype("string"),
            "weight": pandas.to_numeric(frame["weight"]),
            "member": frame["member"].map({"True": True, "False": False}).astype("boolean"),
            "score": pandas.to_numeric(frame["score"]),
            "joined": pandas.to_datetime(frame["joined"], format="%d.%m.%Y"),
            "seen": pandas.to_datetime(frame["seen"], format="%Y-%m-%d %H:%M").dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
            "children": frame["children"],
        }
    ).set_index(pandas.Index([f"row {number}" for number in range(60)], name="label"))


@pytest.mark.parametrize("seed", range(4))
def test_what_was_observed_stays_and_types_are_kept(server, people, seed):
    before = people.copy(deep=True)
    imputation = server.model("people").impute(people, draws=2, seed=seed)
    pandas.testing.assert_frame_equal(people, before)
    assert len(imputation) == 2
    for table in imputation:
        assert list(table.columns) == list(people.columns) and table.index.equals(people.index) and table.index.name == "label"
        assert dict(table.dtypes) == dict(people.dtypes)
        assert not table.isna().any().any()
        for name in people.columns:
            there = people[name].notna()
            pandas.testing.assert_series_equal(table[name][there], people[name][there])
        assert ((table["score"] % 1) == 0).all()


def test_imputed_times_are_those_of_the_text(server, people):
    texts = people.assign(joined=people["joined"].dt.strftime("%d.%m.%Y"), seen=people["seen"].dt.strftime("%Y-%m-%d %H:%M"))
    one = server.model("people").impute(people, mode="point", seed=1).table
    other = server.model("people").impute(texts, mode="point", seed=1).table
    assert (one["joined"].dt.strftime("%d.%m.%Y") == other["joined"]).all()
    assert (one["seen"].dt.strftime("%Y-%m-%d %H:%M") == other["seen"]).all()


def test_beliefs_stand_in_the_rows_of_the_table(server, people):
    cells = server.model("people").impute(people, mode="point", seed=1).cells
    known = people.drop(columns="id")
    assert len(cells) == known.isna().sum().sum()
    assert all(pandas.isna(known.loc[label, column]) for label, column in zip(cells.index, cells["column"]))
    colours = cells[cells["column"] == "colour"]["probabilities"]
    assert all(sum(shares.values()) == pytest.approx(1, abs=1e-5) for shares in colours)
    weights = cells[cells["column"] == "weight"]
    assert (weights["q05"] < weights["mean"]).all() and (weights["mean"] < weights["q95"]).all()
    assert server.model("people").impute(people, mode="point", seed=1, cells=False).cells is None


def test_whole_numbers_stay_whole_where_that_is_possible(server, wines):
    frame = pandas.DataFrame(wines).astype({"quality": "Int64", "total sulfur dioxide": "Int64"})
    frame.loc[3, "quality"] = pandas.NA
    table = server.model("white-wine").impute(frame, mode="point", seed=1).table
    # This model takes quality for a real number.
    assert str(table["quality"].dtype) == "Float64" and str(table["total sulfur dioxide"].dtype) == "Int64"
    assert (table["quality"].drop(3) == frame["quality"].drop(3)).all()


def test_a_mark_of_a_missing_cell_is_filled_in(server, people):
    marked = people.astype({"colour": "object"})
    marked.loc["row 5", "colour"] = "?"
    table = server.model("people").impute(marked, mode="point", seed=1).table
    assert table.loc["row 5", "colour"] in ("red", "green", "blue")


def test_a_new_category_is_added_where_it_is_imputed(server, people):
    few = people.assign(colour=pandas.Categorical([None] * len(people), categories=["violet"]))
    table = server.model("people").impute(few, mode="point", seed=1).table
    assert set(table["colour"]) <= {"red", "green", "blue"} and "violet" in table["colour"].cat.categories


def test_a_table_that_is_full_stays_as_it_is(server, wines):
    frame = pandas.DataFrame(wines)
    pandas.testing.assert_frame_equal(server.model("white-wine").impute(frame, mode="point").table, frame)


def test_a_column_that_the_model_does_not_know_is_told(server, wines):
    from posterior import Impossible

    frame = pandas.DataFrame(wines).rename(columns={"alcohol": "alcohl"})
    with pytest.raises(Impossible) as caught:
        server.model("white-wine").impute(frame)
    assert caught.value.field in ("alcohl", "alcohol")
    with pytest.raises(ValueError, match="several columns 'pH'"):
        server.model("white-wine").impute(pandas.DataFrame(wines).rename(columns={"density": "pH"}))


def test_samples_of_a_table_have_the_types_of_its_columns(server):
    model = server.model("people")
    frame = model.sample(20, seed=1, as_frame=True)
    assert frame["age"].dtype == np.int64 and frame["joined"].dtype.kind == "M"
    assert list(frame["colour"].cat.categories) == ["blue", "green", "red"]
    assert np.allclose(frame["weight"], model.sample(20, seed=1)[:, list(frame.columns).index("weight")])


def test_scores_have_the_index_of_the_table(server, people):
    scores = server.model("people").score(people, seed=1).to_frame()
    assert scores.index.equals(people.index) and np.isfinite(scores["nats"]).all()
