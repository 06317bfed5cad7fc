"""The coupling of a weighted set of points with equally heavy ones, and where it sends those."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from partita._core.memory import check_memory
from partita.transport.entropic import sinkhorn

_REGULARISATION = 3e-4  # of the mean cost
_TOL = 1e-6


def couple(X: np.ndarray, weight: np.ndarray | None, Z: np.ndarray) -> tuple[np.ndarray, float]:
    """Where each of the points Z goes on the way to X (the mean of what it is coupled with), and the cost.

    Parameters
    ----------
    X : float64 (n, d)
    weight : float64[n], or None for equal weights
    Z : float64 (s, d), of equal weights

    Returns
    -------
    images : float64 (s, d)
    cost : float
        The mean squared distance that this coupling moves mass over: the least there is where n = s and
        weights are equal, otherwise slightly above it, and never below.
    """
    check_memory(
        4 * 8 * len(X) * len(Z),
        what=f"A coupling of {len(X):,} x {len(Z):,} points",
        alternative="give fewer n_points, or draw a sample of the rows",
    )
    C = cdist(Z, X, "sqeuclidean")
    if weight is None and len(X) == len(Z):
        rows, columns = linear_sum_assignment(C)
        return X[columns], float(C[rows, columns].mean())
    share = np.full(len(Z), 1.0 / len(Z))
    mass = np.full(len(X), 1.0 / len(X)) if weight is None else weight / weight.sum()
    reg = _REGULARISATION * float(C.mean()) or 1.0
    plan = sinkhorn(C, share, mass, reg, method="newton_sparse", tol=_TOL)
    P = rounded(plan.matrix, share, mass)
    return (P @ X) / share[:, None], float((P * C).sum())


def rounded(P: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A plan with exactly these sums, near to `P`: what exceeds them is cut, what lacks is spread."""
    P = P * np.minimum(1.0, a / np.maximum(P.sum(axis=1), np.finfo(float).tiny))[:, None]
    P *= np.minimum(1.0, b / np.maximum(P.sum(axis=0), np.finfo(float).tiny))
    lack_a, lack_b = np.maximum(a - P.sum(axis=1), 0.0), np.maximum(b - P.sum(axis=0), 0.0)
    total = max(lack_a.sum(), lack_b.sum())
    return P + np.outer(lack_a, lack_b / total) if total > 0.0 else P
