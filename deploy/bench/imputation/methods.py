"""What is compared: every method with the settings that its results depend on."""

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import Callable

import peers
import vaeac


@dataclass(frozen=True)
class Method:
    name: str
    title: str
    # (table with holes, seed, draws) -> (point, draws or None, note)
    impute: Callable
    # Of a table with holes; a change of them is another experiment.
    settings: Callable = lambda table: {}
    # Whether the experiment is worth its time.
    fits: Callable = lambda table, mechanism, rate: True
    draws: int = 0
    # One of those that Posterior is compared with: it has a limit of time.
    is_peer: bool = False

    def digest(self, table):
        return hashlib.sha256(json.dumps([self.settings(table), self.draws], sort_keys=True).encode()).hexdigest()[:12]


def seed(table, number):
    """Of a method's random numbers: the same for all methods, another for every table and mask."""
    return zlib.crc32(f"{table.name} {number}".encode()) % 2**31


def every(posterior):
    """All methods in the order of the report."""
    return [
        _peer("mean", "mean, mode", peers.mean_mode),
        _peer("gaussian", "Gaussian, EM", peers.gaussian_em, draws=100),
        _peer("iterative", "IterativeImputer", peers.iterative),
        # Slow: these are asked for the main comparison alone.
        _peer("miceforest", "miceforest", peers.miceforest, _is_main, draws=5),
        _peer("missforest", "missForest", peers.miss_forest, _is_main),
        _vaeac("vaeac", "VAEAC", posterior, "fixed", 0),
        _vaeac("vaeac-learned", "VAEAC, learned sd", posterior, "learned", 100),
        Method(
            "stacking", "stacking", lambda table, seed, draws: vaeac.impute(table, seed, posterior, stacking(table), draws), stacking, _is_main, 100),
    ]


def stacking(table):
    """What `posterior train --data TABLE --family stacking` chooses by itself."""
    return {
        "family": "stacking", "epochs": 1, "batch_size": 65536, "validation": 0,
        "configuration": {"network": True} if len(table.values) >= vaeac.LARGE else {}, "training": {},
    }


def _is_main(table, mechanism, rate):
    return (mechanism, rate) == ("mcar", 0.5)


def _peer(name, title, function, fits=lambda *case: True, draws=0):
    def impute(table, seed, draws):
        return *function(table, seed, draws), []

    return Method(name, title, impute, fits=fits, draws=draws, is_peer=True)


def _vaeac(name, title, posterior, deviation, draws):
    def impute(table, seed, draws):
        settings = vaeac.settings(table, deviation)
        return vaeac.impute(table, seed, posterior, settings, draws)

    def fits(table, mechanism, rate):
        return deviation == "fixed" or (len(table.reals) > 0 and _is_main(table, mechanism, rate))

    return Method(name, title, impute, lambda table: vaeac.settings(table, deviation), fits, draws)
