"""Answers that no bundled model gives, as the contract has them."""

import json

import numpy as np
import pytest
from fake_server import answered
from posterior import Posterior

RECEIPT = ("Posterior-Model: m@2", "Posterior-Digest: sha256:00", "Posterior-Seed: 7", "Posterior-First-Item: 3", "Posterior-Run: R")
CLASSES = {
    "components": [
        {"component": 0, "label": "shirt", "is_new": False},
        {"component": 1, "label": "coat", "is_new": False},
        {"component": 2, "label": "new cluster 0", "is_new": True},
    ],
    "items": [
        {
            "label": "coat",
            "component": 1,
            "is_new": False,
            "probability": 0.9,
            "entropy_nats": 0.35,
            "probabilities": {"coat": 0.9, "new cluster 0": 0.08},
        }
    ],
}


@pytest.fixture
def told(fake):
    """Asks a model that answers with one document: what was made of it, and what was asked."""

    def tell(document, ask):
        one = fake(answered(200, document, *RECEIPT))
        with Posterior(one.address) as server:
            return ask(server.model("m")), one.asked[0]

    return tell


def test_classes_have_names_and_probabilities(told):
    classes, asked = told(CLASSES, lambda model: model.classify(np.zeros((1, 2)), top=2, seed=7, first_item=3))
    assert list(classes.labels) == ["coat"] and list(classes.is_new) == [False] and len(classes) == 1
    assert classes.names == ["shirt", "coat", "new cluster 0"]
    assert np.array_equal(classes.probabilities, [[np.nan, 0.9, 0.08]], equal_nan=True)
    assert classes.modules is None and asked.target == "/v1/models/m/classify?top=2&seed=7&first_item=3"
    receipt = classes.receipt
    assert (receipt.reference, receipt.seed, receipt.first_item, receipt.run) == ("m@2", 7, 3, "R")


def test_texts_go_on_from_a_text(told):
    texts, asked = told({"texts": ["a", "b"]}, lambda model: model.sample_texts(2, given="ROMEO:", length=1, seed=7))
    assert texts == ["a", "b"] and texts.receipt.seed == 7
    assert json.loads(asked.body) == {"n": 2, "seed": 7, "given": {"text": "ROMEO:"}, "length": 1}


def test_texts_are_items(told):
    document = {
        "items": [{"nats": -3.5, "bits_per_character": None}],
        "mean": {"nats": -3.5},
        "standard_error": {"nats": None},
        "kinds": {"nats": "exact"},
        "observation_model": "characters",
        "dimensions": 10,
    }
    scores, asked = told(document, lambda model: model.score(["to be"], seed=7))
    assert scores["nats"][0] == -3.5 and np.isnan(scores["bits_per_character"][0]) and scores.kinds == {"nats": "exact"}
    assert json.loads(asked.body) == {"texts": ["to be"], "seed": 7}


def test_what_hides_pixels_is_listed(told):
    document = {
        "mode": "point",
        "draws": 5,
        "completed": [[[1.0, 2.0]]],
        "hidden": [[[0, 1]]],
        "cells": [{"row": 3, "pixel": [0, 1], "mean": 2}],
    }
    ask = lambda model: model.impute(np.zeros((1, 1, 2)), mode="point", mask="right", cells=True, seed=7, first_item=3)  # noqa: E731
    imputation, asked = told(document, ask)
    assert np.array_equal(imputation.table, [[[1, 2]]]) and np.array_equal(imputation.hidden, [[[0, 1]]])
    assert imputation.cells == [{"row": 0, "pixel": [0, 1], "mean": 2}] and "mask=right" in asked.target


def test_a_layer_of_codes_is_what_its_kind_says(told):
    document = {"layers": [{"kind": "categorical", "codes": [[1, 0]], "probabilities": [[[0.2, 0.8], [0.9, 0.1]]]}]}
    codes, _ = told(document, lambda model: model.encode(["ab"]))
    assert codes.layers[0].codes.dtype == np.int64 and codes.layers[0].probabilities.shape == (1, 2, 2) and len(codes) == 1
    with pytest.raises(ValueError, match="no mean"):
        codes.mean


def test_options_with_structure_stand_in_the_query(told):
    attack = {"kind": "pgd", "budgets": [1]}
    report, asked = told(
        {"sane": True, "items": []}, lambda model: model.robustness(np.zeros((1, 2)), attack=attack, labels=["a,b"], seed=7)
    )
    assert report.sane and len(report) == 2 and list(report) == ["sane", "items"]
    assert "attack=%7B%22kind%22%3A+%22pgd%22" in asked.target and "labels=%5B%22a%2Cb%22%5D" in asked.target


def test_strictness_is_asked_for(fake):
    one = fake(*[answered(200, CLASSES, *RECEIPT)] * 2)
    with Posterior(one.address, strict=True) as server:
        server.model("m").classify(np.zeros((1, 2)))
        server.model("m", strict=False).classify(np.zeros((1, 2)))
    assert [asked.headers.get("prefer") for asked in one.asked] == ["handling=strict", None]
