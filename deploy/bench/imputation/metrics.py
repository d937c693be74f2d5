"""How far imputed cells are from the hidden ones."""

import numpy as np


def point_errors(table, mask, completed):
    """NRMSE (real columns) and PFC (categorical ones): of every column with hidden cells, and their means.

    NRMSE: the root of the mean squared error over hidden cells, by the population standard deviation of the column's true values, hidden ones among
    them. PFC: the share of hidden cells whose category is wrong.
    """
    nrmse, pfc = {}, {}
    for j, column in enumerate(table.columns):
        cells = mask[:, j]
        if not cells.any():
            continue
        truth, guess = table.values[cells, j], completed[cells, j]
        if not column.is_real:
            pfc[column.name] = float(np.mean(truth != guess))
        elif np.nanstd(table.values[:, j]) > 0:
            nrmse[column.name] = float(np.sqrt(np.mean((guess - truth) ** 2)) / np.nanstd(table.values[:, j]))
    return {"nrmse": _mean(nrmse), "pfc": _mean(pfc), "columns": {**nrmse, **pfc}}


def calibration(table, mask, draws):
    """Of draws [m, rows, columns]: coverage of the central 50 % and 90 % intervals and the CRPS of hidden real cells, means over the columns.

    The quantiles are those whose expected coverage is right for any m (Weibull's plotting positions), the CRPS is the unbiased estimate
    mean |x - y| - sum |x - x'| / (2 m (m - 1)), in units of the column's standard deviation.
    """
    m = len(draws)
    parts = {"coverage50": [], "coverage90": [], "crps": []}
    for j in table.reals:
        cells, scale = mask[:, j], np.nanstd(table.values[:, j])
        if not cells.any() or scale == 0:
            continue
        truth, x = table.values[cells, j], np.sort(draws[:, cells, j], axis=0)
        # sum over i < k of (x_k - x_i) of sorted values is a weighted sum of them.
        spread = np.tensordot(2 * np.arange(m) - (m - 1), x, axes=1) / (m * (m - 1))
        parts["crps"].append(np.mean(np.abs(x - truth).mean(axis=0) - spread) / scale)
        if m < 39:
            continue  # Too few for the quantiles 0.05 and 0.95 to lie well within the sample.
        for name, tail in (("coverage50", 0.25), ("coverage90", 0.05)):
            low, high = np.quantile(x, [tail, 1 - tail], axis=0, method="weibull")
            parts[name].append(np.mean((low <= truth) & (truth <= high)))
    return {name: float(np.mean(values)) for name, values in parts.items() if values}


def _mean(values):
    return float(np.mean(list(values.values()))) if values else None
