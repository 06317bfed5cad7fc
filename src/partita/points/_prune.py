"""Which centres a row need not meet, where that is cheaper than to meet all. Called by ``Nearest``.

A way leaves every label as the search among all centres would have it (``kernels.prune``), so that what is
chosen here, by trial on some of the rows, shows in the time alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from partita._core.threads import map_blocks
from partita.kernels.assign import slack_of
from partita.kernels.near import centers_near
from partita.kernels.prune import neighbours_decide, neighbours_measure, projection_decide, projection_see
from partita.points._sample import half_squares

if TYPE_CHECKING:
    from partita.points._nearest import Nearest

_LEAST_WORK = 1 << 28
_TRIALS = 128
_FEWEST, _MOST = 8, 256
_DIRECTIONS = (16, 32, 64, 128)
_STEPS = 3
_CENTERS = 128
_SMALL, _LARGE = 1e-20, 1e37
_UNIT = 2.0**-24
# Nanoseconds, of one core with AVX2 or better. What matters is how they compare.
_OF_FLOP = 1 / 90
_OF_SCORE = 0.45
_OF_SURVIVOR = 15.0
_OF_NEIGHBOUR = 350.0


@dataclass(frozen=True)
class Neighbours:
    """For rows of few dimensions: the neighbours of each centre, nearest first.

    Attributes
    ----------
    numbers : int32 (k, m)
    apart : float64 (k, m)
        Their distances.
    horizon : float64[k]
        All other centres are farther.
    """

    numbers: np.ndarray
    apart: np.ndarray
    horizon: np.ndarray

    @classmethod
    def of(cls, centers: np.ndarray, m: int) -> Neighbours:
        """The `m` nearest of `centers`, float64 (k, d). O(k^2 d), memory O(k m)."""
        k, d = centers.shape
        rows32, half, every = centers.astype(np.float32), half_squares(centers), np.arange(k)
        near, numbers, apart = np.empty((k, m), np.intp), np.empty((k, m), np.int32), np.empty((k, m))

        def block(start: int, stop: int) -> None:
            centers_near(rows32, half, every[start:stop], every, near)
            neighbours_measure(near, centers, start, stop, numbers, apart)

        map_blocks(block, k, _CENTERS)
        longest = _longest(centers)
        squared = apart[:, -1] ** 2 - 2.0 * slack_of(d, longest, longest)  # as float32 products chose them
        horizon = np.sqrt(np.maximum(0.0, squared)) if m < k else np.full(k, np.inf)
        return cls(numbers, apart, horizon)

    def decide(
        self, nearest: Nearest, X: np.ndarray, rows: np.ndarray, labels: np.ndarray, distances: np.ndarray
    ) -> np.ndarray:
        """As ``Nearest.decide``, beginning with the guides' answer; the rows that are left."""
        assert nearest.guided is not None
        nearest.guided.decide(X, rows, labels, distances)
        undecided, frame = np.empty(len(rows), bool), nearest.frame
        neighbours_decide(
            X, rows, frame.shift, frame.scale, frame.unit, nearest.centers, self.numbers, self.apart,
            self.horizon, labels, distances, undecided,
        )  # fmt: skip
        return rows[undecided]


@dataclass(frozen=True)
class Projection:
    """For rows of many dimensions: bounds of scores from a few directions in which centres differ most.

    Attributes
    ----------
    basis : float32 (d, p)
        Orthonormal but for rounding.
    error : float
        Of a projection, as a share of the row's length.
    table : float32 (k, p + 2)
        Of each centre: its product with what is seen of a row is a lower bound of the row's score.
    rows32, half : float32 (k, d), float32[k]
        The centres, and half their squared lengths.
    longest : float
    """

    basis: np.ndarray
    error: float
    table: np.ndarray
    rows32: np.ndarray
    half: np.ndarray
    longest: float

    @classmethod
    def of(cls, centers: np.ndarray, basis: np.ndarray) -> Projection:
        """For `centers`, float64 (k, d), and directions, float32 (d, p)."""
        d, p = basis.shape
        gram = basis.T.astype(np.float64) @ basis
        error = 1.01 * ((d + 3) * _UNIT * np.sqrt(p) + 2.0 * float(np.linalg.norm(gram - np.eye(p))))
        lengths = np.sqrt(np.einsum("ij,ij->i", centers, centers))
        seen, half = np.empty((len(centers), p + 2), np.float32), half_squares(centers)
        projection_see(centers.astype(np.float32), lengths, basis, error, seen)
        table = -seen
        table[:, p + 1] = half
        return cls(basis, error, table, centers.astype(np.float32), half, _longest(centers))

    def decide(
        self, nearest: Nearest, X: np.ndarray, rows: np.ndarray, labels: np.ndarray, distances: np.ndarray
    ) -> np.ndarray:
        """As ``Nearest.decide``; the rows that are left."""
        undecided, frame = np.empty(len(rows), bool), nearest.frame
        projection_decide(
            X, rows, frame.shift, frame.scale, frame.unit, self.basis, self.error, self.table, self.rows32,
            self.half, self.longest, nearest.centers, labels, distances, undecided,
        )  # fmt: skip
        return rows[undecided]


Way = Neighbours | Projection


def worth(nearest: Nearest, n: int) -> bool:
    """Whether a search for `n` rows is long enough to look for a way, and float32 can hold the squares."""
    k, d = nearest.centers.shape
    return n * k * (d + 16) >= _LEAST_WORK and _SMALL < _longest(nearest.centers) ** 2 < _LARGE


def choose(nearest: Nearest, X: np.ndarray, rows: np.ndarray) -> Way | None:
    """The way by which the nearest centres of `rows` are found soonest; none where that is to meet all."""
    n, (k, d) = len(rows), nearest.centers.shape
    some = X[rows[:: -(-n // _TRIALS)]]
    ways: list[tuple[float, Callable[[], Way | None]]] = [
        (n * (_of_row(d) + _of_products(k, d)), lambda: None)
    ]
    if nearest.guided is not None:
        cost, m = _cost_of_neighbours(nearest, some, n)
        ways.append((cost, lambda: Neighbours.of(nearest.centers, m)))
    if min(k, d) >= 2 * _DIRECTIONS[0]:
        cost, projection = _cheapest_projection(nearest, some, n)
        ways.append((cost, lambda: projection))
    return min(ways, key=lambda one: one[0])[1]()


def _cost_of_neighbours(nearest: Nearest, some: np.ndarray, n: int) -> tuple[float, int]:
    """What it costs, and how many neighbours nearly all rows make do with."""
    guided, centers = nearest.guided, nearest.centers
    assert guided is not None
    k, d = centers.shape
    labels, squared = np.empty(len(some), np.int32), np.empty(len(some))
    guided.decide(some, np.arange(len(some)), labels, squared)
    own = centers[labels]
    lengths = np.einsum("ij,ij->i", centers, centers)
    within = lengths[labels, None] + lengths - 2.0 * (own @ centers.T) <= 4.0 * squared[:, None]
    compared = np.sort(within.sum(axis=1))
    m = min(k, int(np.clip(1.25 * compared[-1 - len(some) // 50], _FEWEST, _MOST)))
    listed = float(np.mean([len(known) for known in guided.lists]))
    per_row = _of_row(d) + _of_products(len(guided.guides) + listed, d)
    per_row += float(np.minimum(compared, m).mean()) * _of_float64(d)
    per_row += float((compared > m).mean() if m < k else 0.0) * _of_products(k, d)
    return n * per_row + k * (2.0 * _of_products(k, d) + m * _OF_NEIGHBOUR), m


def _cheapest_projection(nearest: Nearest, some: np.ndarray, n: int) -> tuple[float, Projection]:
    centers = nearest.centers
    k, d = centers.shape
    framed, norms = nearest.frame.see(some, np.arange(len(some)))
    most = max(p for p in _DIRECTIONS if 2 * p <= d)
    basis = principal_directions(centers, most)
    rows32, half = centers.astype(np.float32), half_squares(centers)
    scores, every, trials = half - framed @ rows32.T, np.arange(len(some)), []
    for p in (p for p in _DIRECTIONS if p <= most):
        projection = Projection.of(centers, np.ascontiguousarray(basis[:, :p]))
        seen = np.empty((len(some), p + 2), np.float32)
        projection_see(framed, norms, projection.basis, projection.error, seen)
        bounds = seen @ projection.table.T
        # The limit begins at the score of the centre of lowest bound, and ends at the lowest of all.
        reached = scores[every, bounds.argmin(axis=1)], scores.min(axis=1)
        first, last = (float((bounds <= limit[:, None]).sum(axis=1).mean()) for limit in reached)
        survivors = (first + 2.0 * last) / 3.0
        per_row = _of_row(d) + _of_products(k, p) + 2.0 * p * d * _OF_FLOP
        trials.append((per_row + survivors * (_OF_SURVIVOR + d / 8), projection))
    per_row, projection = min(trials, key=lambda one: one[0])
    return n * per_row + (4 * _STEPS + 2) * most * k * d * _OF_FLOP, projection


def principal_directions(centers: np.ndarray, p: int) -> np.ndarray:
    """About the `p` directions in which `centers`, float64 (k, d), are longest: float32 (d, p), ordered.

    By a few steps of subspace iteration: any directions would do, good ones leave less to be completed.
    """
    rows = centers.astype(np.float32)
    start = np.random.default_rng(0).standard_normal((len(rows), p), np.float32)
    basis = np.linalg.qr(rows.T @ start)[0]
    for _ in range(_STEPS):
        basis = np.linalg.qr(rows.T @ (rows @ basis))[0]
    products = (rows @ basis).astype(np.float64)
    turn = np.linalg.eigh(products.T @ products)[1][:, ::-1]
    return np.ascontiguousarray(np.linalg.qr(basis.astype(np.float64) @ turn)[0], np.float32)


def _of_products(n_centers: float, d: int) -> float:
    return n_centers * (_OF_SCORE + 2.0 * d * _OF_FLOP)


def _of_row(d: int) -> float:
    return 100.0 + 2.5 * d


def _of_float64(d: int) -> float:
    return 2.0 + 0.5 * d


def _longest(centers: np.ndarray) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", centers, centers).max()))
