"""The server that Tests/python/run.sh has started, and what stands beside it."""

import os
from pathlib import Path

import numpy as np
import pytest
from posterior import Posterior

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def address() -> str:
    return os.environ["POSTERIOR_SERVER"]


@pytest.fixture(scope="session")
def key() -> str:
    return os.environ["POSTERIOR_TEST_KEY"]


@pytest.fixture
def server(address):
    with Posterior(address) as server:
        yield server


@pytest.fixture(scope="session")
def garments() -> np.ndarray:
    """Ten pictures, [10, 28, 28]."""
    return np.load(ROOT / "deploy/examples/ten-garments.npy")


@pytest.fixture(scope="session")
def wines() -> list:
    """Forty rows of the white wines, as dicts."""
    import csv

    with open(ROOT / "deploy/examples/white-wine.csv", newline="") as file:
        rows = [{name: float(value) for name, value in row.items()} for row, _ in zip(csv.DictReader(file), range(40))]
    return rows


@pytest.fixture
def fake():
    """Makes fake servers; they end with the test."""
    from contextlib import ExitStack

    from fake_server import FakeServer

    with ExitStack() as stack:
        yield lambda *answers: stack.enter_context(FakeServer(list(answers)))


@pytest.fixture(scope="session")
def socket_file() -> str:
    return os.environ["POSTERIOR_TEST_SOCKET"]
