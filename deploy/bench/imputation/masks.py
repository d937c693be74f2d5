"""Which cells are hidden: everything follows from the table's name, the mechanism, the rate and the mask's number."""

import zlib

import numpy as np

RELEASED = ("white wine", "yeast", "mushroom")
# The share of the columns that a MAR mask leaves whole.
WHOLE_SHARE = 0.3


def make(table, mechanism, rate, number):
    """1 where a cell is hidden: [rows, columns]; never a cell that has no value anyway. Numbers count from 1.

    The first MCAR mask of rate 0.5 of the three tables of VAEAC's released reproduction is the one that its prepare_data.py makes.
    """
    if mechanism == "mcar" and rate == 0.5 and number == 1 and table.name in RELEASED:
        return (np.random.RandomState(239).choice(2, size=table.values.shape, p=[0.5, 0.5]) == 0) & ~table.missing
    random = np.random.default_rng([zlib.crc32(table.name.encode()), round(1000 * rate), number])
    mask = (_mcar if mechanism == "mcar" else _mar)(table, rate, random)
    return mask & ~table.missing


def _mcar(table, rate, random):
    return random.random(table.values.shape) < rate


def _mar(table, rate, random):
    """A third of the real columns stays whole; each other column j is hidden with probability sigmoid(w_j . x + b_j).

    x are the whole columns, standardised; w_j is drawn from N(0, I) and scaled so that w_j . x has standard deviation 1 over the rows; b_j is such
    that the mean probability is the rate. Whole are max(1, round(0.3 columns)) of the real columns, drawn without replacement.
    """
    width = len(table.columns)
    whole = random.choice(table.reals, size=min(len(table.reals), max(1, round(WHOLE_SHARE * width))), replace=False)
    x = table.values[:, whole]
    x = np.nan_to_num((x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0))
    mask = np.zeros(table.values.shape, dtype=bool)
    for j in sorted(set(range(width)) - set(whole.tolist())):
        score = x @ random.standard_normal(len(whole))
        score /= score.std()
        low, high = -50.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            if np.mean(1 / (1 + np.exp(-(score + middle)))) < rate:
                low = middle
            else:
                high = middle
        mask[:, j] = random.random(len(score)) < 1 / (1 + np.exp(-(score + low)))
    return mask
