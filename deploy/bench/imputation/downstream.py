"""A linear regression on imputed tables, pooled by Rubin's rules, beside the same regression on the complete table."""

import numpy as np


def regression(values, target):
    """Least squares of the column `target` on all others and 1: coefficients and their squared standard errors, the intercept first."""
    y = values[:, target]
    x = np.column_stack([np.ones(len(y)), np.delete(values, target, axis=1)])
    inverse = np.linalg.inv(x.T @ x)
    q = inverse @ (x.T @ y)
    residual = y - x @ q
    return q, np.diag(inverse) * (residual @ residual) / (len(y) - x.shape[1])


def pool(q, u, complete_df):
    """Rubin's rules for estimates q and squared standard errors u, [m, parameters] each; names of R's mice, df of Barnard and Rubin (1999)."""
    m = len(q)
    qbar, ubar, b = q.mean(axis=0), u.mean(axis=0), q.var(axis=0, ddof=1)
    t = ubar + (1 + 1 / m) * b
    riv = (1 + 1 / m) * b / ubar
    share = riv / (1 + riv)
    old = (m - 1) / np.maximum(share, 1e-12) ** 2
    observed = (complete_df + 1) / (complete_df + 3) * complete_df * (1 - share)
    df = old * observed / (old + observed)
    fmi = (riv + 2 / (df + 3)) / (1 + riv)
    return {"qbar": qbar, "ubar": ubar, "b": b, "t": t, "df": df, "riv": riv, "lambda": share, "fmi": fmi}


def check(table, draws, target):
    """The pooled regression beside the complete one, by parameter."""
    complete, squares = regression(table.values, target)
    estimates = [regression(draw, target) for draw in draws]
    df = len(table.values) - len(complete)
    pooled = pool(np.array([q for q, _ in estimates]), np.array([u for _, u in estimates]), df)
    names = ["intercept"] + [column.name for j, column in enumerate(table.columns) if j != target]
    return {
        "m": len(draws), "names": names, "complete": complete.tolist(), "complete_se": np.sqrt(squares).tolist(),
        **{name: values.tolist() for name, values in pooled.items()},
    }
