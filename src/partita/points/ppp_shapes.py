"""Shapes of the Gaussians of a mixture, each with its conjugate prior. For ``points.ppp_mixture``.

A shape knows the scatter of each component, how likely its rows are when mean and covariance are integrated
out, and the posterior covariance. All are sums over components, so that one more or one less can be weighed
by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.special import gammaln

_LOG_2PI = float(np.log(2.0 * np.pi))
_SCALES = (1.0, 0.3, 0.1, 0.03)


class Rows:
    """The rows of a fit, their frequencies, and what every fit asks of them.

    Parameters
    ----------
    Z : float64 (s, r)
        Rows in content order.
    weight : float64[s]
        Frequencies.
    rounding : float64 (r, r), optional
        Covariance of the rounding of a row. No Gaussian is thinner, so that a column of few values can't look
        infinitely dense.
    """

    def __init__(self, Z: np.ndarray, weight: np.ndarray, rounding: np.ndarray | None = None) -> None:
        self.Z, self.weight, self.total = Z, weight, float(weight.sum())
        self.rank = Z.shape[1]
        self.rounding = np.zeros((self.rank, self.rank)) if rounding is None else rounding
        self.lengths = np.einsum("ij,ij->i", Z, Z)

    @cached_property
    def squares(self) -> np.ndarray:
        """Products of coordinates, (s, r (r + 1) / 2): what a Gaussian's log density is linear in."""
        above, beside = np.triu_indices(self.rank)
        return self.Z[:, above] * self.Z[:, beside]

    @cached_property
    def covariance(self) -> np.ndarray:
        """Of all rows, with a trace of the identity, so that it can be inverted."""
        centred = self.Z - (self.weight @ self.Z) / self.total
        spread = (centred * self.weight[:, None]).T @ centred / self.total + self.rounding
        return spread + _trace_of(spread) * np.eye(self.rank)

    def some(self, at: np.ndarray) -> Rows:
        """Those at some positions."""
        return Rows(self.Z[at], self.weight[at], self.rounding)

    def turned(self, by: np.ndarray) -> Rows:
        """The rows after a linear map."""
        return Rows(self.Z @ by.T, self.weight, by @ self.rounding @ by.T)


@dataclass(frozen=True)
class Prior:
    """What is expected of the covariance of a component before its rows are seen.

    Attributes
    ----------
    strength : float
        How many rows the expectation is worth; inf: it is known.
    expected : float64 (r, r) or float
        The covariance, or for round components the variance.
    """

    strength: float
    expected: np.ndarray | float


class Shape(Protocol):
    """What a mixture asks of a shape; k components of rank r."""

    name: str

    def scatter(self, rows: Rows, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
        """Squared deviations of the rows of each component, or of all where they share a covariance."""

    def choose_prior(self, rows: Rows, held: np.ndarray, scatter: np.ndarray) -> Prior:
        """The prior under which the rows are most likely."""

    def log_marginals(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        """Log likelihood of the rows of each component, covariance and (flat) mean integrated out."""

    def whiteners(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        """Inverse lower Cholesky factors of the posterior covariances, (k or 1, r, r)."""

    def log_densities(
        self, rows: Rows, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray
    ) -> np.ndarray:
        """Of each row under each weighted component, (s, k)."""


class Round:
    """Each component has a multiple of the identity, under an inverse gamma prior."""

    name = "round"

    def scatter(self, rows: Rows, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
        squares = np.maximum(shared.T @ rows.lengths - held * np.einsum("kj,kj->k", mean, mean), 0.0)
        return squares + held * np.trace(rows.rounding)

    def choose_prior(self, rows: Rows, held: np.ndarray, scatter: np.ndarray) -> Prior:
        pooled = float(scatter.sum()) / (rows.rank * rows.total)
        pooled += _trace_of(rows.covariance) if pooled == 0.0 else 0.0
        strengths = (1.0, 4.0, 16.0, 64.0, 256.0)
        tried = [Prior(strength, scale * pooled) for strength in strengths for scale in _SCALES]
        return max(tried, key=lambda prior: self.log_marginals(prior, held, scatter, rows.rank).sum())

    def log_marginals(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        free = (held - 1.0) * r
        constant = -0.5 * free * _LOG_2PI - 0.5 * r * np.log(held)
        if np.isinf(prior.strength):
            return constant - 0.5 * free * np.log(prior.expected) - 0.5 * scatter / prior.expected
        rate = prior.strength * prior.expected
        shape = prior.strength + 0.5 * free
        own = prior.strength * np.log(rate) - gammaln(prior.strength)
        return constant + own + gammaln(shape) - shape * np.log(rate + 0.5 * scatter)

    def whiteners(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        if np.isinf(prior.strength):
            variance = np.full(len(held), float(prior.expected))
        else:
            drawn = 2.0 * prior.strength
            variance = (scatter + drawn * prior.expected) / (r * held + drawn)
        return np.eye(r) / np.sqrt(variance)[:, None, None]

    def log_densities(
        self, rows: Rows, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray
    ) -> np.ndarray:
        log_density = _squared_distances(rows.Z, rows.lengths, mean)
        log_density *= -0.5 * whitener[:, 0, 0] ** 2
        log_density += log_constants(share, whitener)
        return log_density


class Tied:
    """All components share one covariance, which is taken as known."""

    name = "tied"

    def scatter(self, rows: Rows, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
        whole = (rows.Z * rows.weight[:, None]).T @ rows.Z
        return whole - (mean * held[:, None]).T @ mean + held.sum() * rows.rounding

    def choose_prior(self, rows: Rows, held: np.ndarray, scatter: np.ndarray) -> Prior:
        return Prior(np.inf, scatter / rows.total + _trace_of(rows.covariance) * np.eye(rows.rank))

    def log_marginals(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        # The squared distances sum to one a row and direction: that is how the covariance is known.
        log_det = np.linalg.slogdet(prior.expected)[1]
        return -0.5 * (held - 1.0) * (r * _LOG_2PI + log_det) - 0.5 * r * held - 0.5 * r * np.log(held)

    def whiteners(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        return inverse_factors(np.asarray(prior.expected)[None])

    def log_densities(
        self, rows: Rows, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray
    ) -> np.ndarray:
        white, centers = rows.Z @ whitener[0].T, mean @ whitener[0].T
        log_density = _squared_distances(white, np.einsum("ij,ij->i", white, white), centers)
        log_density *= -0.5
        log_density += log_constants(share, whitener)
        return log_density


class Full:
    """Each component has its covariance, under an inverse Wishart prior around the pooled one."""

    name = "full"

    def scatter(self, rows: Rows, shared: np.ndarray, held: np.ndarray, mean: np.ndarray) -> np.ndarray:
        k, r = mean.shape
        above, beside = np.triu_indices(r)
        sums = shared.T @ rows.squares
        scatter = np.empty((k, r, r))
        scatter[:, above, beside] = sums
        scatter[:, beside, above] = sums
        scatter -= held[:, None, None] * (mean[:, :, None] * mean[:, None, :] - rows.rounding)
        return scatter

    def choose_prior(self, rows: Rows, held: np.ndarray, scatter: np.ndarray) -> Prior:
        r = rows.rank
        pooled = scatter.sum(axis=0) / rows.total + _trace_of(rows.covariance) * np.eye(r)
        root = inverse_factors(pooled[None])[0]
        spread = np.maximum(np.linalg.eigvalsh(root @ scatter @ root.T), 0.0)
        tried = [
            (strength, scale)
            for strength in (1.0, r + 2.0, 2.0 * r + 2.0, 4.0 * r + 4.0)
            for scale in _SCALES
        ]
        tried += [(16.0 * r, 1.0), (64.0 * r, 1.0)]

        def likelihood(strength: float, scale: float) -> float:
            log_det = np.log(strength * scale + spread).sum(axis=1)
            prior_log_det = r * np.log(strength * scale)
            return float(_wishart_marginals(strength, prior_log_det, log_det, held, r).sum())

        strength, scale = max(tried, key=lambda pair: likelihood(*pair))
        return Prior(strength, scale * pooled)

    def log_marginals(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        drawn = prior.strength * np.asarray(prior.expected)
        log_det = np.linalg.slogdet(drawn + scatter)[1]
        return _wishart_marginals(prior.strength, np.linalg.slogdet(drawn)[1], log_det, held, r)

    def whiteners(self, prior: Prior, held: np.ndarray, scatter: np.ndarray, r: int) -> np.ndarray:
        drawn = prior.strength * np.asarray(prior.expected)
        return inverse_factors((scatter + drawn) / (held + prior.strength)[:, None, None])

    def log_densities(
        self, rows: Rows, share: np.ndarray, mean: np.ndarray, whitener: np.ndarray
    ) -> np.ndarray:
        precision = whitener.transpose(0, 2, 1) @ whitener
        slope = np.einsum("kij,kj->ki", precision, mean)
        above, beside = np.triu_indices(rows.rank)
        square = -precision[:, above, beside] * np.where(above == beside, 0.5, 1.0)
        constant = log_constants(share, whitener) - 0.5 * np.einsum("ki,ki->k", slope, mean)
        log_density = rows.squares @ square.T
        log_density += rows.Z @ slope.T
        log_density += constant
        return log_density


def _wishart_marginals(
    strength: float, prior_log_det: float, log_det: np.ndarray, held: np.ndarray, r: int
) -> np.ndarray:
    """Log likelihood under an inverse Wishart prior of mean 1 and `strength` + r + 1 degrees of freedom."""
    before, after = strength + r + 1.0, strength + r + held
    constant = -0.5 * (held - 1.0) * r * np.log(np.pi) - 0.5 * r * np.log(held)
    gamma = _log_gammas(after, r) - _log_gammas(np.array([before]), r)
    return constant + gamma + 0.5 * before * prior_log_det - 0.5 * after * log_det


def _log_gammas(freedom: np.ndarray, r: int) -> np.ndarray:
    """Logarithm of the r-variate gamma function at half of `freedom`, less what does not depend on it."""
    return gammaln(0.5 * (freedom[:, None] - np.arange(r))).sum(axis=1)


def _trace_of(covariance: np.ndarray) -> float:
    return 1e-9 * max(float(np.trace(covariance)) / len(covariance), 1e-300)


def _squared_distances(Z: np.ndarray, lengths: np.ndarray, centers: np.ndarray) -> np.ndarray:
    squared = Z @ (-2.0 * centers.T)
    squared += lengths[:, None]
    squared += np.einsum("ij,ij->i", centers, centers)
    return squared


def log_constants(share: np.ndarray, whitener: np.ndarray) -> np.ndarray:
    """Log of share times density of each component at its mean."""
    scale = np.log(np.diagonal(whitener, axis1=1, axis2=2)).sum(axis=1)
    return np.log(share) + scale - 0.5 * whitener.shape[1] * _LOG_2PI


def inverse_factors(covariance: np.ndarray) -> np.ndarray:
    """Inverse lower Cholesky factors; where rounding took definiteness away, the diagonal is raised."""
    ridge, eye = 0.0, np.eye(covariance.shape[1])
    size = np.trace(covariance, axis1=1, axis2=2)[:, None, None] / covariance.shape[1]
    while True:
        try:
            return np.linalg.inv(np.linalg.cholesky(covariance + ridge * size * eye))
        except np.linalg.LinAlgError:
            ridge = max(1e-12, 10.0 * ridge)
