"""Gaussian processes around the mean processes of clusters: variational EM. For ``CurveClustering``."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

from partita._core.progress import Progress

_JITTER = 1e-6
_STEPS = 8
_LOW, _HIGH = np.log(1e-3), np.log(1e3)


@dataclass(frozen=True)
class Curve:
    """Observations of one item, by time.

    Attributes
    ----------
    time, value : float64[p]
        In units in which all times span 1 and all values have variance 1.
    place : intp[p]
        Of the times on the common grid.
    """

    time: np.ndarray
    value: np.ndarray
    place: np.ndarray


@dataclass(frozen=True)
class Kernel:
    """Squared exponential: variance, length scale and variance of the noise, as logarithms."""

    variance: float
    length: float
    noise: float = -np.inf

    def matrix(self, s: np.ndarray, t: np.ndarray) -> np.ndarray:
        """Covariances between times, without noise."""
        apart = (s[:, None] - t) * np.exp(-self.length)
        return np.exp(self.variance - 0.5 * apart * apart)

    def noisy(self, t: np.ndarray) -> np.ndarray:
        """Covariances of observations at times."""
        return self.matrix(t, t) + np.exp(self.noise) * np.eye(len(t))

    def jittered(self, t: np.ndarray) -> np.ndarray:
        """Covariances of a process at distinct times, made safely definite."""
        return self.matrix(t, t) + _JITTER * np.exp(self.variance) * np.eye(len(t))

    def gradients(self, t: np.ndarray) -> list[np.ndarray]:
        """Derivatives of `matrix` by the logarithms of variance and length."""
        K = self.matrix(t, t)
        apart = (t[:, None] - t) * np.exp(-self.length)
        return [K, K * apart * apart]


@dataclass(frozen=True)
class Model:
    """Mean processes and kernels.

    Attributes
    ----------
    mean_kernel, own_kernel : Kernel
        Of the mean processes, and of what a curve adds to its own.
    share : float64[K]
    precision : float64 (K, g, g)
        What the curves say about each mean process on the grid: sums of weighted inverse covariances.
    pull : float64 (K, g)
        The same, times values.
    """

    mean_kernel: Kernel
    own_kernel: Kernel
    share: np.ndarray
    precision: np.ndarray
    pull: np.ndarray

    def mean_processes(self, grid: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means float64 (K, g + e) and covariances (K, g + e, g + e) on the grid and at extra times.

        ``(C^-1 + A)^-1 = L (I + L'AL)^-1 L'`` with ``C = LL'``: no inverse of the smooth prior is taken.
        """
        g, times = len(grid), np.append(grid, extra)
        lower = np.linalg.cholesky(self.mean_kernel.jittered(times))
        top = lower[:g]
        means, covariances = [], []
        for precision, pull in zip(self.precision, self.pull):
            inner = np.linalg.cholesky(np.eye(len(times)) + top.T @ precision @ top)
            half = solve_triangular(inner, lower.T, lower=True)
            covariances.append(half.T @ half)
            means.append(half.T @ solve_triangular(inner, top.T @ pull, lower=True))
        return np.stack(means), np.stack(covariances)


@dataclass(frozen=True)
class Fit:
    """What the variational EM ended with: the model, probabilities float64 (m, K), the bound, iterations."""

    model: Model
    probability: np.ndarray
    bound: float
    n_iter: int
    converged: bool


def fit_processes(
    curves: list[Curve],
    grid: np.ndarray,
    probability: np.ndarray,
    kernels: tuple[Kernel, Kernel],
    max_iter: int,
    tol: float,
    progress: Progress,
) -> Fit:
    """Variational EM from probabilities of the curves (m, K) and kernels (mean, own)."""
    progress.start("mean processes", max_iter)
    share = probability.mean(axis=0)
    model = Model(*kernels, share, *_informed(curves, grid, probability, kernels[1]))
    before, steps, converged = -np.inf, 0, False
    while steps < max_iter and not converged:
        steps += 1
        means, covariances = model.mean_processes(grid, np.empty(0))
        mean_kernel = _best_kernel(model.mean_kernel, _mean_terms(grid, means, covariances))
        own_kernel = _best_kernel(model.own_kernel, _own_terms(curves, probability, means, covariances))
        share = probability.mean(axis=0)
        model = replace(model, mean_kernel=mean_kernel, own_kernel=own_kernel, share=share)
        model = _refreshed(model, curves, grid, probability)
        probability, bound = memberships(model, curves, grid)
        model = _refreshed(model, curves, grid, probability)
        progress.advance()
        converged = abs(bound - before) <= tol * len(curves)
        before = bound
    probability, bound = memberships(model, curves, grid)
    return Fit(model, probability, bound, steps, converged)


def memberships(model: Model, curves: list[Curve], grid: np.ndarray) -> tuple[np.ndarray, float]:
    """Probabilities of curves in the clusters by the variational rule, and the bound of the evidence."""
    means, covariances = model.mean_processes(grid, np.empty(0))
    log_share = np.log(np.maximum(model.share, 1e-300))
    scores = np.stack([log_share + _expected(c, model.own_kernel, means, covariances) for c in curves])
    top = scores.max(axis=1, keepdims=True)
    weight = np.exp(scores - top)
    total = weight.sum(axis=1, keepdims=True)
    bound = float((top + np.log(total)).sum()) - _divergence(model.mean_kernel, grid, means, covariances)
    return weight / total, bound


def place_curve(curve: Curve, model: Model, grid: np.ndarray) -> np.ndarray:
    """The same probabilities for one curve whose times may lie off the grid, float64[K]."""
    own = np.unique(curve.time)
    extra = own[~np.isin(own, grid)]
    means, covariances = model.mean_processes(grid, extra)
    order = np.argsort(np.append(grid, extra), kind="stable")
    place = order[np.searchsorted(np.append(grid, extra)[order], curve.time)]
    scores = np.log(np.maximum(model.share, 1e-300)) + _expected(
        replace(curve, place=place), model.own_kernel, means, covariances
    )
    weight = np.exp(scores - scores.max())
    return weight / weight.sum()


def _expected(curve: Curve, kernel: Kernel, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """Expected log density of a curve for each cluster, float64[K]."""
    factor = np.linalg.cholesky(kernel.noisy(curve.time)), True
    half_log_det = float(np.log(np.diagonal(factor[0])).sum())
    away = (curve.value - means[:, curve.place]).T
    near = np.einsum("pk,pk->k", away, cho_solve(factor, away))
    inverse = cho_solve(factor, np.eye(len(curve.time)))
    loose = np.einsum("ij,kij->k", inverse, covariances[:, curve.place][:, :, curve.place])
    return -0.5 * (near + loose + len(curve.time) * np.log(2.0 * np.pi)) - half_log_det


def _divergence(kernel: Kernel, grid: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> float:
    """Of the mean processes from their prior, in nats."""
    lower = np.linalg.cholesky(kernel.jittered(grid))
    total, g = 0.0, len(grid)
    for mean, covariance in zip(means, covariances):
        white = solve_triangular(lower, mean, lower=True)
        spread = solve_triangular(lower, solve_triangular(lower, covariance, lower=True).T, lower=True)
        own = float(np.linalg.slogdet(spread + 1e-12 * np.eye(g))[1])
        total += 0.5 * (float(white @ white) + float(np.trace(spread)) - g - own)
    return total


def _informed(
    curves: list[Curve], grid: np.ndarray, probability: np.ndarray, kernel: Kernel
) -> tuple[np.ndarray, np.ndarray]:
    """`precision` and `pull` of the model; curves are added in content order."""
    K, g = probability.shape[1], len(grid)
    precision, pull = np.zeros((K, g, g)), np.zeros((K, g))
    for curve, weight in zip(curves, probability):
        factor = np.linalg.cholesky(kernel.noisy(curve.time)), True
        inverse, solved = cho_solve(factor, np.eye(len(curve.time))), cho_solve(factor, curve.value)
        known, told = np.zeros((g, g)), np.zeros(g)
        np.add.at(known, (curve.place[:, None], curve.place), 0.5 * (inverse + inverse.T))
        np.add.at(told, curve.place, solved)
        precision += weight[:, None, None] * known
        pull += weight[:, None] * told
    return precision, pull


def _refreshed(model: Model, curves: list[Curve], grid: np.ndarray, probability: np.ndarray) -> Model:
    precision, pull = _informed(curves, grid, probability, model.own_kernel)
    return replace(model, share=probability.mean(axis=0), precision=precision, pull=pull)


_Terms = list[tuple[np.ndarray, np.ndarray]]


def _mean_terms(grid: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> _Terms:
    return [(grid, np.outer(m, m) + c) for m, c in zip(means, covariances)]


def _own_terms(
    curves: list[Curve], probability: np.ndarray, means: np.ndarray, covariances: np.ndarray
) -> _Terms:
    terms = []
    for curve, weight in zip(curves, probability):
        away = curve.value - means[:, curve.place]
        second = np.einsum("k,ki,kj->ij", weight, away, away)
        second += np.einsum("k,kij->ij", weight, covariances[:, curve.place][:, :, curve.place])
        terms.append((curve.time, second))
    return terms


def _best_kernel(kernel: Kernel, terms: _Terms) -> Kernel:
    """The kernel that makes the second moments of `terms` likeliest, a few steps of L-BFGS from `kernel`."""
    noisy = np.isfinite(kernel.noise)
    start = np.array([kernel.variance, kernel.length, kernel.noise][: 2 + noisy])

    def cost(x: np.ndarray) -> tuple[float, np.ndarray]:
        return _moments_cost(Kernel(*x.tolist()), terms, bool(noisy))

    bounds = [(2 * _LOW, 2 * _HIGH), (_LOW, _HIGH), (2 * _LOW, 2 * _HIGH)][: 2 + noisy]
    found = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS})
    return Kernel(*found.x.tolist()) if found.fun <= cost(start)[0] else kernel


def _moments_cost(kernel: Kernel, terms: _Terms, noisy: bool) -> tuple[float, np.ndarray]:
    """Negative expected log density and its gradient by the logarithms of the kernel's numbers."""
    total, gradient = 0.0, np.zeros(2 + noisy)
    for time, second in terms:
        lower = np.linalg.cholesky(kernel.noisy(time) if noisy else kernel.jittered(time))
        inverse = cho_solve((lower, True), np.eye(len(time)))
        spread = inverse @ second
        total += float(np.log(np.diagonal(lower)).sum()) + 0.5 * float(np.trace(spread))
        slope = 0.5 * (inverse - spread @ inverse)
        by_variance, by_length = kernel.gradients(time)
        if not noisy:
            by_variance = by_variance + _JITTER * np.exp(kernel.variance) * np.eye(len(time))
        gradient[0] += float((slope * by_variance).sum())
        gradient[1] += float((slope * by_length).sum())
        if noisy:
            gradient[2] += float(np.exp(kernel.noise) * np.trace(slope))
    return total, gradient
