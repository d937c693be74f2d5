"""The other methods. Each is a function (table with holes, seed, draws) -> (point, draws or None); categories are numbers as in the table."""

import warnings

import numpy as np

import gaussian
from coding import OneHot


def mean_mode(table, seed, draws):
    """The mean of the visible cells, or their commonest category."""
    point = table.values.copy()
    for j, column in enumerate(table.columns):
        seen = point[~np.isnan(point[:, j]), j]
        fill = seen.mean() if column.is_real else np.bincount(seen.astype(int)).argmax()
        point[np.isnan(point[:, j]), j] = fill
    return point, None


def gaussian_em(table, seed, draws):
    """One normal distribution with a full covariance, fitted by EM; a category is one-hot, and imputed as the one of the largest conditional mean.

    Draws are of its real columns alone: categories drawn that way would mean nothing.
    """
    coding = OneHot(table)
    x = coding.encode(table)
    model = gaussian.fit(x)
    point = coding.decode(model.conditional_means(x))
    if not draws or not table.reals:
        return point, None
    return point, np.stack([coding.decode(draw) for draw in model.draws(x, draws, np.random.default_rng(seed))])


def iterative(table, seed, draws):
    """scikit-learn's IterativeImputer as it comes (BayesianRidge, 10 rounds); categories are indicators without the first one, the largest wins.

    With all indicators each one would be predicted from the others of its column exactly, and stay where it began.
    """
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    coding = OneHot(table, reference=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Early stopping criterion not reached" is the rule at ten rounds.
        filled = IterativeImputer(random_state=seed).fit_transform(coding.encode(table))
    return coding.decode(filled), None


def miceforest(table, seed, draws, datasets=5, rounds=5):
    """miceforest (LightGBM, mean matching, 5 rounds): the mean, or the commonest category, of 5 data sets.

    As it comes, but for categories, which are drawn from the predicted probabilities ("fast"): matching them fails where a probability is 1.
    """
    import miceforest as mf
    import pandas as pd

    frame = pd.DataFrame(table.values, columns=[f"c{j}" for j in range(len(table.columns))])
    for j, column in enumerate(table.columns):
        if not column.is_real:
            codes = pd.Series(table.values[:, j]).astype("Int64")
            frame[f"c{j}"] = pd.Categorical(codes, categories=range(len(column.categories)))
    strategy = {f"c{j}": "normal" if column.is_real else "fast" for j, column in enumerate(table.columns)}
    kernel = mf.ImputationKernel(frame, num_datasets=datasets, mean_match_strategy=strategy, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of pandas, about how miceforest builds its frames.
        kernel.mice(rounds, num_threads=1)
    tables = np.stack([kernel.complete_data(dataset=k).astype(float).to_numpy() for k in range(datasets)])
    return consensus(table, tables), tables


def miss_forest(table, seed, draws, rounds=10, trees=100):
    """missForest (Stekhoven and Buehlmann 2012) over scikit-learn's forests: columns in the order of their holes, until the changes grow."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    missing = table.missing
    current, _ = mean_mode(table, seed, draws)
    last = {True: np.inf, False: np.inf}
    for _ in range(rounds):
        previous = current.copy()
        for j in np.argsort(missing.sum(axis=0), kind="stable"):
            hole = missing[:, j]
            if not hole.any():
                continue
            forest = RandomForestRegressor if table.columns[j].is_real else RandomForestClassifier
            # As in R's randomForest: a third of the columns at every cut for numbers, the square root of their number for categories.
            tries = 1 / 3 if table.columns[j].is_real else "sqrt"
            others = OneHot(table, without=j).encode_values(current)
            learner = forest(n_estimators=trees, max_features=tries, random_state=seed, n_jobs=1)
            current[hole, j] = learner.fit(others[~hole], current[~hole, j]).predict(others[hole])
        change = _changes(table, missing, current, previous)
        if all(change[kind] >= last[kind] for kind in change):
            return previous, None
        last.update(change)
    return current, None


def _changes(table, missing, current, previous):
    """missForest's measures of change, of real columns (True) and of categorical ones (False), where there are any."""
    changes = {}
    reals = np.array([column.is_real for column in table.columns])
    if reals.any():
        changes[True] = ((current - previous)[:, reals] ** 2).sum() / max((current[:, reals] ** 2).sum(), 1e-300)
    if not reals.all():
        changes[False] = (current != previous)[:, ~reals].sum() / max(missing[:, ~reals].sum(), 1)
    return changes


def consensus(table, tables):
    """Of m completed tables: the mean of a real cell, the commonest category of another."""
    point = tables.mean(axis=0)
    for j, column in enumerate(table.columns):
        if not column.is_real:
            votes = np.stack([(tables[:, :, j] == k).sum(axis=0) for k in range(len(column.categories))])
            point[:, j] = votes.argmax(axis=0)
    return point
