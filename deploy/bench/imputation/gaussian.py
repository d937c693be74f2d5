"""A normal distribution with a full covariance, fitted by EM to rows with holes (Little and Rubin, ch. 11)."""

from dataclasses import dataclass

import numpy as np

# Bytes that the matrices of one block of rows may take.
BLOCK_BYTES = 1 << 26


@dataclass(frozen=True)
class Gaussian:
    mean: np.ndarray  # [d]
    covariance: np.ndarray  # [d, d]

    def _blocks(self, x):
        """Of blocks of rows: where they are, what is missing, the rows filled with conditional means, the conditional covariances."""
        d = x.shape[1]
        rows = max(1, BLOCK_BYTES // (8 * d * d))
        for start in range(0, len(x), rows):
            block = x[start : start + rows]
            missing = np.isnan(block)
            seen = (~missing).astype(float)
            # S_oo with the identity in place of what is missing, so that all rows are solved at once.
            a = self.covariance * seen[:, :, None] * seen[:, None, :]
            a[:, np.arange(d), np.arange(d)] += missing
            weights = np.linalg.solve(a, seen[:, :, None] * self.covariance)  # S_oo^-1 S_o.
            residual = np.where(missing, 0, block - self.mean)
            filled = np.where(missing, self.mean + (residual[:, None, :] @ weights)[:, 0], block)
            yield slice(start, start + len(block)), missing, filled, weights

    def _conditional_covariance(self, missing, weights):
        c = self.covariance - self.covariance @ weights  # S_.. - S_.o S_oo^-1 S_o.
        m = missing.astype(float)
        return c * m[:, :, None] * m[:, None, :]

    def conditional_means(self, x):
        return np.vstack([filled for _, _, filled, _ in self._blocks(x)])

    def draws(self, x, count, random):
        """Completed rows [count, n, d], the missing parts drawn from their conditional distributions given what is seen."""
        result = np.empty((count,) + x.shape)
        for rows, missing, filled, weights in self._blocks(x):
            c = self._conditional_covariance(missing, weights)
            d = x.shape[1]
            c[:, np.arange(d), np.arange(d)] += np.where(missing, 1e-9, 1)
            root = np.linalg.cholesky((c + c.transpose(0, 2, 1)) / 2)
            noise = root @ random.standard_normal((len(filled), d, count))
            result[:, rows] = filled + noise.transpose(2, 0, 1) * missing
        return result


def fit(x, rounds=100, tolerance=1e-3):
    """EM until no mean or covariance moves by more than `tolerance` in units of the deviations.

    One pseudo-row of uncorrelated columns keeps the covariance regular in small tables and where columns depend on each other.
    """
    n, d = x.shape
    variance = np.maximum(np.nanvar(x, axis=0), 1e-6)
    model = Gaussian(np.nanmean(x, axis=0), np.diag(variance))
    for _ in range(rounds):
        filled, uncertainty = np.empty_like(x), np.zeros((d, d))
        for rows, missing, means, weights in model._blocks(x):
            filled[rows] = means
            uncertainty += model._conditional_covariance(missing, weights).sum(axis=0)
        mean = filled.mean(axis=0)
        centred = filled - mean
        covariance = (centred.T @ centred + uncertainty + np.diag(variance)) / (n + 1)
        scale = np.sqrt(variance)
        change = max(
            np.abs((mean - model.mean) / scale).max(), np.abs((covariance - model.covariance) / np.outer(scale, scale)).max())
        model = Gaussian(mean, covariance)
        if change < tolerance:
            break
    return model
