"""Curves as they come, checked and in content order; and forecasts. For ``CurveClustering``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from partita._core.errors import InfeasibleError, InvalidDataError
from partita.points._mean_processes import Curve

_ALLOWED = "a pair (times, values) of the same length, or an array of shape (p, 2)"
_HALVINGS = 60
_FAR = 40.0


@dataclass(frozen=True)
class Units:
    """Times as ``(t - start) / span``, values as ``(y - middle) / spread``."""

    start: float
    span: float
    middle: float
    spread: float

    def times(self, t: np.ndarray) -> np.ndarray:
        """Times in which all observations span 1."""
        return (t - self.start) / self.span

    def values(self, y: np.ndarray) -> np.ndarray:
        """Values of mean 0 and variance 1."""
        return (y - self.middle) / self.spread


@dataclass(frozen=True)
class Curves:
    """Distinct curves in content order.

    Attributes
    ----------
    curves : list of Curve
        Equal curves are all there, next to each other.
    order, rank : intp[m]
        The item of each curve, and the content rank of each item; equal ones share one.
    grid : float64[g]
        All times, ascending.
    units : Units
    fingerprint : str
    """

    curves: list[Curve]
    order: np.ndarray
    rank: np.ndarray
    grid: np.ndarray
    units: Units
    fingerprint: str


@dataclass(frozen=True)
class Forecast:
    """What a curve will be: a Gaussian for each cluster at each time, and how probable the clusters are.

    Attributes
    ----------
    times : float64[e]
    probability : float64[K]
        Of the clusters, by label, given what was observed.
    cluster_mean, cluster_variance : float64 (K, e)
        If the curve is of that cluster; noise of observations included.
    """

    times: np.ndarray
    probability: np.ndarray
    cluster_mean: np.ndarray
    cluster_variance: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The expected values, float64[e]."""
        return self.probability @ self.cluster_mean

    @property
    def variance(self) -> np.ndarray:
        """Within and between clusters, float64[e]."""
        between = (self.cluster_mean - self.mean) ** 2
        return self.probability @ (self.cluster_variance + between)

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Bounds that leave ``(1 - level) / 2`` of the probability on either side.

        Parameters
        ----------
        level : float between 0 and 1

        Returns
        -------
        low, high : float64[e]
            Quantiles of the mixture, by bisection.
        """
        if not 0.0 < level < 1.0:
            raise InvalidDataError(
                "The level of an interval is a probability.",
                name="level",
                allowed="between 0 and 1",
                got=level,
            )
        tail = 0.5 * (1.0 - level)
        return self._quantile(tail), self._quantile(1.0 - tail)

    def _quantile(self, share: float) -> np.ndarray:
        deviation = np.sqrt(self.cluster_variance)
        low = (self.cluster_mean - _FAR * deviation).min(axis=0)
        high = (self.cluster_mean + _FAR * deviation).max(axis=0)
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            below = self.probability @ ndtr((middle - self.cluster_mean) / deviation) < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)


def read_curve(item: Any, which: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one curve, float64, by time and then value.

    Raises
    ------
    InvalidDataError
        With the curve, and the row of the first NaN or infinity.
    """
    try:
        array = np.asarray(item, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidDataError(f"{which} can't be read: {error}", name="X", allowed=_ALLOWED) from error
    if isinstance(item, (tuple, list)) and len(item) == 2 and array.ndim == 2:
        array = array.T
    if array.ndim != 2 or array.shape[1] != 2 or not len(array):
        raise InvalidDataError(
            f"{which} is no curve.", name="X", allowed=_ALLOWED, got=f"shape {array.shape}"
        )
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0].tolist()
        raise InvalidDataError(
            f"{which} contains NaN or infinity: {('time', 'value')[column]} {row}.", name="X",
            hint="leave missing observations out: times may differ between curves",
        )  # fmt: skip
    array = array[np.lexsort((array[:, 1], array[:, 0]))] + 0.0
    return np.ascontiguousarray(array[:, 0]), np.ascontiguousarray(array[:, 1])


def read_curves(X: Sequence[Any], max_times: int) -> Curves:
    """All curves.

    Raises
    ------
    InvalidDataError
    InfeasibleError
        For more than `max_times` distinct times.
    """
    items = list(X) if hasattr(X, "__iter__") else []
    if not items or isinstance(X, (str, bytes)):
        raise InvalidDataError("There are no curves.", name="X", allowed=f"a sequence, each {_ALLOWED}")
    read = [read_curve(item, f"Curve {i}") for i, item in enumerate(items)]
    all_times = np.unique(np.concatenate([t for t, _ in read]))
    if len(all_times) > max_times:
        raise InfeasibleError(
            f"The curves have {len(all_times):,} distinct times, more than max_times={max_times}.",
            f"max_times={len(all_times)} (time grows with its cube), or round the times",
            name="max_times",
            got=max_times,
        )
    keys = [t.tobytes() + y.tobytes() for t, y in read]
    order = np.array(sorted(range(len(keys)), key=lambda i: keys[i]), dtype=np.intp)
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
    units = _units(all_times, np.concatenate([read[i][1] for i in order]))
    grid = units.times(all_times)
    curves = [
        Curve(units.times(t), units.values(y), np.searchsorted(all_times, t))
        for t, y in (read[i] for i in order)
    ]
    digest = hashlib.blake2b(b"".join(keys[i] for i in order), digest_size=8)
    return Curves(curves, order, np.array([ranks[k] for k in keys], np.intp), grid, units, digest.hexdigest())


def _units(times: np.ndarray, values: np.ndarray) -> Units:
    span, middle = float(times[-1] - times[0]), float(values.mean())
    spread = float(values.std())
    return Units(float(times[0]), span if span > 0.0 else 1.0, middle, spread if spread > 0.0 else 1.0)
