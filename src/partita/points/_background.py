"""Gaussians over a background, by EM from groups of rows. For ``TreeMixture``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.membership import memberships_fill
from partita.points.ppp_shapes import Full, Rows, inverse_factors, log_constants

_MAX_ITER = 200
_TOL = 1e-7
_RIDGE = 1e-6
_BLOCK = 1 << 14
_TINY = 1e-300


@dataclass(frozen=True)
class Members:
    """Gaussians of clusters and a background.

    Attributes
    ----------
    share : float64[k + 1]
        Of the clusters, then of the background.
    mean, whitener : float64 (k, r), (k, r, r)
        One more row each where the background is a Gaussian.
    even : float
        Log density of an even background; NaN where it is a Gaussian.
    likelihood : float
    converged : bool
    """

    share: np.ndarray
    mean: np.ndarray
    whitener: np.ndarray
    even: float
    likelihood: float
    converged: bool

    @property
    def n_clusters(self) -> int:
        """Clusters, the background left out."""
        return len(self.share) - 1

    def score(self, total: float) -> float:
        """Log likelihood less what free parameters cost (half of -BIC), for `total` items."""
        r = self.mean.shape[1]
        free = len(self.mean) * (r + r * (r + 1) / 2) + self.n_clusters
        return self.likelihood - 0.5 * free * np.log(max(total, 2.0))

    def memberships(self, Z: np.ndarray) -> np.ndarray:
        """Of rows in clusters and, last, the background, float64 (n, k + 1); each row's by itself."""
        out = np.empty((len(Z), self.n_clusters + 1))
        share = self.share[: len(self.mean)]
        constant = log_constants(np.maximum(share, _TINY), self.whitener)
        last = np.log(max(self.share[-1], _TINY)) + self.even
        arrays = (constant, self.mean, self.whitener, last)
        map_blocks(lambda a, b: memberships_fill(Z, a, b, *arrays, out), len(Z), _BLOCK)
        return out


def fit_members(rows: Rows, group: np.ndarray, log_volume: float) -> Members:
    """Clusters from groups of rows over the background that explains the rows better, even or Gaussian.

    Parameters
    ----------
    rows : Rows
    group : intp[s]
        The group of each row from 0, -1 for the background.
    log_volume : float
        Logarithm of the volume of an even background.
    """
    fits = [_climb(rows, group, even) for even in (-log_volume, np.nan)]
    return max(fits, key=lambda fit: fit.score(rows.total))


def _climb(rows: Rows, group: np.ndarray, even: float) -> Members:
    """EM from hard memberships; clusters that lose their rows go to the background."""
    shape, k = Full(), int(group.max()) + 1
    posterior = np.eye(k + 1)[np.where(group < 0, k, group)]
    gaussian = bool(np.isnan(even))
    ridge = _RIDGE * np.diag(np.diagonal(rows.covariance))
    before, converged = -np.inf, False
    for _ in range(_MAX_ITER):
        held = rows.weight @ posterior
        alive = np.append(held[:-1] > rows.rank + 1.0, True)
        posterior, held = posterior[:, alive], held[alive]
        columns = len(held) - (not gaussian)
        shared = posterior[:, :columns] * rows.weight[:, None]
        safe = np.maximum(held[:columns], _TINY)
        mean = (shared.T @ rows.Z) / safe[:, None]
        scatter = shape.scatter(rows, shared, held[:columns], mean)
        whitener = inverse_factors(scatter / np.maximum(safe, 1.0)[:, None, None] + ridge)
        share = held / held.sum()
        log_density = np.empty(posterior.shape)
        log_density[:, :columns] = shape.log_densities(
            rows, np.maximum(share[:columns], _TINY), mean, whitener
        )
        if not gaussian:
            log_density[:, columns] = np.log(max(share[-1], _TINY)) + even
        largest = log_density.max(axis=1, keepdims=True)
        posterior = np.exp(log_density - largest)
        total = posterior.sum(axis=1, keepdims=True)
        posterior /= total
        likelihood = float(rows.weight @ (largest + np.log(total))[:, 0])
        if likelihood - before < _TOL * rows.total:
            converged = True
            break
        before = likelihood
    return Members(share, mean, whitener, even, likelihood, converged)
