"""Where short lengths end and long ones begin: edges within clusters, and between. For makers of points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_MAX_ITER = 200
_TOL = 1e-9
_FEWEST = 8
_DEVIATIONS = 2.0


@dataclass(frozen=True)
class LengthCut:
    """A cut among lengths: up to `value` they are short. `why` says what it was found by."""

    value: float
    why: str


def cut_lengths(length: np.ndarray, weight: np.ndarray) -> LengthCut:
    """The length at which short ones and long ones are equally likely, by two Gaussians of their logarithms.

    One Gaussian stands for all where it is more likely in the sense of BIC; then the cut is two standard
    deviations above its mean. Lengths of 0 are short and are not looked at, infinite ones are long.

    Parameters
    ----------
    length : float64[e], at least 0
    weight : float64[e]
        Frequencies.

    Returns
    -------
    LengthCut

    Notes
    -----
    EM from the division of least variance within (Otsu 1979, doi:10.1109/TSMC.1979.4310076). O(e log e).
    """
    kept = (length > 0.0) & np.isfinite(length) & (weight > 0.0)
    order = np.argsort(length[kept], kind="stable")
    logs, weight = np.log(length[kept][order]), weight[kept][order]
    if not len(logs):
        return LengthCut(0.0, "no length is above 0")
    mean, deviation = _moments(logs, weight)
    above = LengthCut(
        float(np.exp(mean + _DEVIATIONS * deviation)),
        "one population of lengths: two deviations above the mean of their logarithms",
    )
    if len(logs) < _FEWEST or deviation < 1e-6:
        return above
    fit = _two_populations(logs, weight, 1e-3 * deviation)
    total = weight.sum()
    alone = -total * (np.log(deviation) + 0.5 * np.log(2.0 * np.pi) + 0.5)
    if fit is None or 2.0 * (fit.likelihood - alone) <= 3.0 * np.log(total):
        return above
    return LengthCut(float(np.exp(fit.middle())), "two populations of lengths, equally likely there")


@dataclass(frozen=True)
class _Two:
    share: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    likelihood: float

    def middle(self) -> float:
        """Where both are equally likely, between their means."""
        low, high = self.mean
        for _ in range(100):
            at = 0.5 * (low + high)
            short, long = _log_densities(np.array([at]), self.share, self.mean, self.deviation)[0]
            low, high = (at, high) if short > long else (low, at)
        return low


def _moments(logs: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    mean = float(weight @ logs / weight.sum())
    return mean, float(np.sqrt(max(weight @ (logs - mean) ** 2 / weight.sum(), 0.0)))


def _log_densities(
    logs: np.ndarray, share: np.ndarray, mean: np.ndarray, deviation: np.ndarray
) -> np.ndarray:
    white = (logs[:, None] - mean) / deviation
    return np.log(share) - np.log(deviation) - 0.5 * np.log(2.0 * np.pi) - 0.5 * white * white


def _two_populations(logs: np.ndarray, weight: np.ndarray, least: float) -> _Two | None:
    """EM for two Gaussians, none narrower than `least`; None where one of them dies out."""
    is_long = np.arange(len(logs)) >= _least_variance_within(logs, weight)
    posterior = np.column_stack([~is_long, is_long]).astype(np.float64)
    before, total = -np.inf, weight.sum()
    for _ in range(_MAX_ITER):
        held = weight @ posterior
        if held.min() < 2.0:
            return None
        mean = (weight * logs) @ posterior / held
        spread = np.einsum("i,ij,ij->j", weight, posterior, (logs[:, None] - mean) ** 2) / held
        deviation = np.maximum(np.sqrt(spread), least)
        log_density = _log_densities(logs, held / total, mean, deviation)
        of_item = np.logaddexp(log_density[:, 0], log_density[:, 1])
        posterior = np.exp(log_density - of_item[:, None])
        likelihood = float(weight @ of_item)
        if likelihood - before < _TOL * total:
            break
        before = likelihood
    return _Two(held / total, mean, deviation, likelihood) if mean[0] < mean[1] else None


def _least_variance_within(logs: np.ndarray, weight: np.ndarray) -> int:
    """The number of items below the division of ascending values that leaves least variance within."""
    held, total = np.cumsum(weight)[:-1], weight.sum()
    moment = np.cumsum(weight * (logs - logs[0]))
    apart = moment[:-1] / held - (moment[-1] - moment[:-1]) / (total - held)
    return int(np.argmax(held * (total - held) * apart * apart)) + 1
