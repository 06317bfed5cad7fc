"""Rounds of the likelihood-adjusted program: covariances, the program, labels. For ``LikelihoodSDP``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from partita._core.progress import Progress
from partita.points._lifted import LiftedSolution, solve_lifted
from partita.points.kmeans import KMeans

_RIDGE = 1e-9


@dataclass(frozen=True)
class Gaussians:
    """Gaussians of the parts.

    Attributes
    ----------
    mean, whitener : float64 (K, r), (K, r, r)
        `whitener` is the inverse of the lower Cholesky factor of the covariance.
    half_log_det : float64[K]
        Half the logarithm of the determinant of the covariance.
    """

    mean: np.ndarray
    whitener: np.ndarray
    half_log_det: np.ndarray

    def log_densities(self, Z: np.ndarray) -> np.ndarray:
        """Of rows, up to a constant: float64 (n, K), each row's by itself."""
        out = np.empty((len(Z), len(self.mean)))
        for k, (mean, whitener) in enumerate(zip(self.mean, self.whitener)):
            white = np.einsum("ij,bj->bi", whitener, Z - mean)
            out[:, k] = -0.5 * np.einsum("bi,bi->b", white, white) - self.half_log_det[k]
        return out


@dataclass(frozen=True)
class Rounds:
    """What the rounds ended with.

    Attributes
    ----------
    labels : intp[s]
    gaussians : Gaussians
    solution : LiftedSolution
        Of the program whose rounding `labels` is.
    value : float
        The log likelihood of `labels` under that program's covariances, comparable with its bound.
    likelihood : float
        With their own covariances.
    n_rounds : int
    converged : bool
        Whether rounding gave the same labels again.
    """

    labels: np.ndarray
    gaussians: Gaussians
    solution: LiftedSolution
    value: float
    likelihood: float
    n_rounds: int
    converged: bool


def lift_rounds(
    Z: np.ndarray,
    weight: np.ndarray,
    K: int,
    kind: str,
    limits: tuple[int, int, float],
    progress: Progress,
) -> Rounds:
    """Labels of rows by alternating the lifted program and covariances.

    Parameters
    ----------
    Z : float64 (s, r)
        Distinct rows.
    weight : float64[s]
        With a mean of 1.
    K : int
    kind : {"full", "diag", "spherical"}
    limits : (max_rounds, max_iter, tol)
    """
    max_rounds, max_iter, tol = limits
    progress.start("rounds of the program", max_rounds)
    ends = []
    for labels in _starts(Z, weight, K, max_iter, tol):
        ends.append(_climb(Z, weight, labels, K, kind, limits, progress))
    return max(ends, key=lambda end: end.likelihood)


def _climb(
    Z: np.ndarray,
    weight: np.ndarray,
    labels: np.ndarray,
    K: int,
    kind: str,
    limits: tuple[int, int, float],
    progress: Progress,
) -> Rounds:
    max_rounds, max_iter, tol = limits
    best: Rounds | None = None
    sums = np.sqrt(weight)
    for step in range(1, max_rounds + 1):
        gaussians = fit_gaussians(Z, weight, labels, K, kind)
        A = _costs(Z, sums, gaussians)
        solution = solve_lifted(A, 1.0, sums, max_iter, tol, partial(_reached, A, sums, labels))
        before, labels = labels, _rounded(solution.Z, sums, labels)
        converged = bool((labels == before).all())
        own = fit_gaussians(Z, weight, labels, K, kind)
        likelihood = _value(_costs(Z, sums, own), sums, labels)
        if best is None or likelihood > best.likelihood or (converged and likelihood == best.likelihood):
            value = _value(A, sums, labels)
            best = Rounds(labels, own, solution, value, likelihood, step, converged)
        progress.advance()
        if converged:
            break
    assert best is not None
    return best


def fit_gaussians(Z: np.ndarray, weight: np.ndarray, labels: np.ndarray, K: int, kind: str) -> Gaussians:
    """Gaussians of the parts; covariances are drawn to the common one as by r more rows.

    Without that, a part of as few rows as there are directions would have a determinant of 0 and an infinite
    likelihood.
    """
    r = Z.shape[1]
    held = np.bincount(labels, weight, minlength=K)
    mean = np.stack([(Z[labels == k].T @ weight[labels == k]) / held[k] for k in range(K)])
    apart = (Z - mean[labels]) * np.sqrt(weight)[:, None]
    scatter = np.stack([apart[labels == k].T @ apart[labels == k] for k in range(K)])
    common = scatter.sum(axis=0) / held.sum()
    whole = Z - (Z.T @ weight) / held.sum()
    common += _RIDGE * np.eye(r) * max(float((whole**2).mean()), 1e-200)
    covariance = (scatter + r * common) / (held + r)[:, None, None]
    if kind == "spherical":
        covariance = np.trace(covariance, axis1=1, axis2=2)[:, None, None] / r * np.eye(r)
    elif kind == "diag":
        covariance = covariance * np.eye(r)
    lower = np.linalg.cholesky(covariance)
    half = np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return Gaussians(mean, np.linalg.inv(lower), half)


def _costs(Z: np.ndarray, sums: np.ndarray, gaussians: Gaussians) -> np.ndarray:
    """Matrices whose inner product with lifted labels is the log likelihood with the means profiled out."""
    out = np.empty((len(gaussians.mean), len(Z), len(Z)))
    for k, whitener in enumerate(gaussians.whitener):
        out[k] = -0.25 * _squares(Z @ whitener.T) - gaussians.half_log_det[k]
    return out * np.outer(sums, sums)


def _squares(Z: np.ndarray) -> np.ndarray:
    """Squared distances of all pairs."""
    lengths = np.einsum("ij,ij->i", Z, Z)
    squares = np.maximum(lengths[:, None] + lengths - 2.0 * (Z @ Z.T), 0.0)
    squares = 0.5 * (squares + squares.T)
    np.fill_diagonal(squares, 0.0)
    return squares


def _value(A: np.ndarray, sums: np.ndarray, labels: np.ndarray) -> float:
    """The objective at lifted labels."""
    total = 0.0
    for k, cost in enumerate(A):
        own = labels == k
        some = sums[own]
        total += float(some @ cost[np.ix_(own, own)] @ some) / float(some @ some)
    return total


def _reached(A: np.ndarray, sums: np.ndarray, before: np.ndarray, X: np.ndarray) -> float:
    """The objective at the rounding of a solution."""
    return _value(A, sums, _rounded(X, sums, before))


def _rounded(X: np.ndarray, sums: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The part with the largest share of each row; `before` where a part would be empty."""
    labels = (X @ sums).argmax(axis=0)
    return labels if len(np.unique(labels)) == len(X) else before


def _starts(Z: np.ndarray, weight: np.ndarray, K: int, max_iter: int, tol: float) -> list[np.ndarray]:
    """Labels by the program of k-means: of the rows as they are, and of whitened rows.

    With equal covariances all K costs are equal, and the lifted program can't tell the parts apart; it
    becomes the program of Peng and Wei.
    """
    sums = np.sqrt(weight)
    starts: list[np.ndarray] = []
    mean = (Z.T @ weight) / weight.sum()
    covariance = (Z - mean).T @ ((Z - mean) * weight[:, None]) / weight.sum()
    values, vectors = np.linalg.eigh(covariance)
    white = (Z - mean) @ vectors / np.sqrt(np.maximum(values, 1e-12 * max(float(values[-1]), 1e-200)))
    for rows in ((Z - mean) / np.sqrt(max(float(values.mean()), 1e-200)), white):
        A = -0.5 * _squares(rows)[None] * np.outer(sums, sums)
        X = solve_lifted(A, float(K), sums, max_iter, tol).Z[0]
        # Rows of one part have equal rows there; dividing by the roots of weights undoes the lifting.
        shared = X / np.outer(sums, sums)
        if len(np.unique(shared, axis=0)) < K:
            continue
        labels = KMeans(n_clusters=K).fit(shared).labels_.astype(np.intp)
        if not any((labels == other).all() for other in starts):
            starts.append(labels)
    return starts or [np.arange(len(Z)) % K]
