"""The coordinates in which parts are looked for: columns of one scale, turned to principal directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from partita._core.threads import map_blocks
from partita.hierarchy.rows import unit_rows
from partita.kernels.mixture import rows_project

MOST_DIRECTIONS = 64
_FEWEST_DIRECTIONS = 8
_LEAST_VARIANCE = 0.7
_BLOCK_VALUES = 1 << 22
_ROWS_FOR_STEPS = 10_000


@dataclass(frozen=True)
class Space:
    """An affine map of rows to a few coordinates of mean square 1.

    Attributes
    ----------
    center : float64[d]
    basis : float64 (d, r)
    unit : bool
        Rows are scaled to length 1 first (cosine).
    explained : float
        Share of the (scaled) variance that the coordinates keep, in [0, 1].
    rounding : float64 (r, r)
        Covariance, in the coordinates, of the rounding of a row.
    """

    center: np.ndarray
    basis: np.ndarray
    unit: bool
    explained: float
    rounding: np.ndarray

    @property
    def rank(self) -> int:
        """Number of coordinates."""
        return self.basis.shape[1]

    def project(self, X: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Coordinates of some rows of `X`, float32 (len(rows), r), each a function of its row alone."""
        out = np.empty((len(rows), self.rank), dtype=np.float32)
        block = max(1, _BLOCK_VALUES // max(1, X.shape[1]))
        map_blocks(
            lambda start, stop: rows_project(X, rows, start, stop, self.unit, self.center, self.basis, out),
            len(rows),
            block,
        )
        return out


def find_space(X: np.ndarray, rows: np.ndarray, weight: np.ndarray, unit: bool) -> Space | None:
    """The principal directions of the correlations between columns, or None when no column varies.

    Columns are divided by their standard deviation, so units do not matter. Directions with less than 0.7 of
    a column's variance are left out (Jolliffe 1972), beyond the first 8; at most 64 are kept.

    Parameters
    ----------
    X : float array (n, d)
    rows : intp[u]
        The rows to look at, in content order.
    weight : float64[u]
    unit : bool

    Notes
    -----
    Two passes of O(u d) and O(u d^2); O(d^2) memory.
    """
    low, high = _bounds(X, rows, unit)
    reach = high / 2 - low / 2
    rounding = 16 * np.finfo(np.float64).eps * np.maximum(np.abs(low), np.abs(high))
    varies = np.flatnonzero((reach > np.finfo(np.float64).tiny) & (reach > rounding))
    if not varies.size:
        return None
    middle = low / 2 + high / 2
    mean, second = _moments(X, rows, weight, unit, varies, middle, reach)
    deviation = np.sqrt(np.diagonal(second))
    kept = deviation > 1e-12
    if not kept.any():
        return None
    varies, mean, deviation = varies[kept], mean[kept], deviation[kept]
    correlation = second[np.ix_(kept, kept)] / np.outer(deviation, deviation)
    variance, directions = _leading(correlation, len(rows))
    scale = 1.0 / np.sqrt(variance.mean())
    basis = np.zeros((X.shape[1], len(variance)))
    basis[varies] = directions * (scale / (deviation * reach[varies]))[:, None]
    center = middle
    center[varies] += reach[varies] * mean
    step = np.zeros(X.shape[1]) if unit else _steps(X, rows[:_ROWS_FOR_STEPS])
    deviations = basis * (step / np.sqrt(12.0))[:, None]
    rounding = deviations.T @ deviations
    return Space(center, basis, unit, float(variance.sum() / len(varies)), rounding)


def _steps(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The median gap between neighbouring values of each column: the unit to which it seems to be rounded."""
    step = np.zeros(X.shape[1])
    for j in range(X.shape[1]):
        gap = np.diff(np.unique(X[rows, j].astype(np.float64)))
        step[j] = np.median(gap) if gap.size else 0.0
    return step


def _leading(correlation: np.ndarray, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Variances, falling, and directions as columns, their largest entries positive."""
    d = len(correlation)
    most = min(d, MOST_DIRECTIONS, max(1, n_rows - 1))
    variance, directions = eigh(correlation, subset_by_index=[d - most, d - 1])
    variance, directions = variance[::-1], directions[:, ::-1]
    wanted = max(min(_FEWEST_DIRECTIONS, most), int((variance >= _LEAST_VARIANCE).sum()))
    kept = np.flatnonzero(variance[:wanted] > 1e-9 * variance[0])
    variance, directions = variance[kept], directions[:, kept]
    lead = np.abs(directions).argmax(axis=0)
    return variance, directions * np.sign(directions[lead, np.arange(len(kept))])


def _block(X: np.ndarray, rows: np.ndarray, start: int, stop: int, unit: bool) -> np.ndarray:
    block = X[rows[start:stop]].astype(np.float64)
    return unit_rows(block) if unit else block


def _bounds(X: np.ndarray, rows: np.ndarray, unit: bool) -> tuple[np.ndarray, np.ndarray]:
    def extremes(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        block = _block(X, rows, start, stop, unit)
        return block.min(axis=0), block.max(axis=0)

    found = map_blocks(extremes, len(rows), _rows_a_block(X))
    return np.min([low for low, _ in found], axis=0), np.max([high for _, high in found], axis=0)


def _moments(
    X: np.ndarray,
    rows: np.ndarray,
    weight: np.ndarray,
    unit: bool,
    columns: np.ndarray,
    middle: np.ndarray,
    reach: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of the columns scaled to [-1, 1], summed block by block in fixed order."""

    def sums(start: int, stop: int) -> tuple[np.ndarray, np.ndarray]:
        block = _block(X, rows, start, stop, unit)[:, columns]
        block -= middle[columns]
        block /= reach[columns]
        weighted = block * weight[start:stop, None]
        return weighted.sum(axis=0), weighted.T @ block

    found = map_blocks(sums, len(rows), _rows_a_block(X))
    total = weight.sum()
    mean = sum(first for first, _ in found) / total
    second = sum(square for _, square in found) / total
    return mean, second - np.outer(mean, mean)


def _rows_a_block(X: np.ndarray) -> int:
    return max(1, _BLOCK_VALUES // max(1, X.shape[1]))
