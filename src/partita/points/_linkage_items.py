"""What is linked: distinct rows of vectors, or items of which all distances are known. Called by Linkage."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidTypeError
from partita._core.memory import check_memory
from partita._core.threads import map_blocks
from partita.hierarchy.rows import canonical_rows, check_points, check_weights, hashes_of, unit_rows
from partita.kernels.chain import place_of
from partita.kernels.condensed import (
    condensed_keys,
    condensed_take,
    points_condensed,
    square_condense,
    square_fault,
)
from partita.points._nearest import Frame, Nearest
from partita.points._sparse_input import SparseRows

_ROWS = 64
_BLOCK = 8192
_ASYMMETRY = 1e-6


@dataclass(frozen=True)
class Lens:
    """How rows are seen: of length 1, or moved and scaled into [-1, 1]. Depends on no order of the rows.

    Scaled by powers of two, which change no digit, so that squares of 1e-200 or 1e200 stay in range.
    """

    unit: bool
    first: int
    shift: np.ndarray
    second: int

    @classmethod
    def of(cls, X: np.ndarray, *, unit: bool) -> Lens:
        """For the rows of X (n, d)."""
        low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
        first = -_exponent(max(float(-low.min()), float(high.max())))
        low, high = np.ldexp(low, first), np.ldexp(high, first)
        return cls(unit, first, 0.5 * (low + high), -_exponent(0.5 * float((high - low).max())))

    def see(self, X: np.ndarray) -> np.ndarray:
        """Rows in the frame, float64 (n, d)."""
        if self.unit:
            return unit_rows(X.astype(np.float64))
        out = np.empty(X.shape)

        def block(start: int, stop: int) -> None:
            with np.errstate(over="ignore", under="ignore"):
                np.ldexp(X[start:stop].astype(np.float64), self.first, out=out[start:stop])
                out[start:stop] -= self.shift
                np.ldexp(out[start:stop], self.second, out=out[start:stop])

        map_blocks(block, len(X), _BLOCK)
        return out

    def undo(self, lengths: np.ndarray) -> np.ndarray:
        """Lengths in the units of the data; what is too large for float64 becomes its largest number."""
        if self.unit:
            return lengths
        with np.errstate(over="ignore", under="ignore"):
            return np.minimum(np.ldexp(lengths, -self.first - self.second), np.finfo(np.float64).max)


def _exponent(value: float) -> int:
    return int(np.frexp(value)[1]) if value > 0.0 else 0


@dataclass
class Items:
    """What is linked, in an order of content.

    Attributes
    ----------
    weight : float64[u]
        Above 0.
    inverse : intp[n]
        The distinct row of each item; of an item of weight 0 the nearest one.
    rank : intp[n]
        The rank of each item by content.
    fingerprint : str
    points : float64 (u, d) or None
        The distinct rows as the lens sees them.
    lens : Lens or None
    distances : float array or None
        Of all pairs, condensed, where there are no points.
    sparse : SparseRows or None
        The distinct rows, where these are sparse.
    halved : bool
        Whether distances are half the squared ones of rows of length 1: 1 - cosine.
    """

    weight: np.ndarray
    inverse: np.ndarray
    rank: np.ndarray
    fingerprint: str
    points: np.ndarray | None = None
    lens: Lens | None = None
    distances: np.ndarray | None = None
    sparse: SparseRows | None = None
    halved: bool = False

    def condensed(self) -> np.ndarray:
        """Distances of all pairs (cosine: 1 - cosine), condensed; a copy to be used up.

        Raises
        ------
        BudgetError
        """
        if self.distances is not None:
            return self.distances
        assert self.points is not None
        assert self.lens is not None
        u = len(self.points)
        check_memory(
            4 * u * (u - 1),
            what=f"The matrix of distances between {u:,} rows",
            alternative='take "ward", "single" or "genie", which need no matrix, or set PARTITA_MEMORY',
        )
        out = np.empty(u * (u - 1) // 2)
        points, unit = self.points, self.lens.unit
        map_blocks(lambda start, stop: points_condensed(points, start, stop, unit, out), u, _ROWS)
        return out


def point_items(X: np.ndarray, weight: np.ndarray | None, *, unit: bool) -> Items:
    """Distinct rows of X (n, d), seen through a lens that fits them."""
    lens = Lens.of(X, unit=unit)
    rows = canonical_rows(lens.see(X), weight)
    points, kept = rows.points, np.flatnonzero(rows.weight > 0.0)
    if len(kept) == len(points):
        return Items(rows.weight, rows.inverse, rows.rank, rows.fingerprint, points, lens)
    place = np.empty(len(points), np.intp)
    place[kept] = np.arange(len(kept))
    left_out = np.flatnonzero(rows.weight == 0.0)
    linked = points[kept]
    place[left_out] = nearest_rows(linked, points[left_out])
    return Items(rows.weight[kept], place[rows.inverse], rows.rank, rows.fingerprint, linked, lens)


def nearest_rows(points: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """The nearest of `points` (u, d) for each row of Y, intp: an equal one, else the first of the nearest."""
    frame = Frame(np.zeros(points.shape[1]), 1.0, False)
    found, distances = np.empty(len(Y), np.int32), np.empty(len(Y))
    nearest = Nearest(frame, points, points[:1], [np.arange(len(points))])
    with np.errstate(over="ignore", invalid="ignore"):
        nearest.find(Y, np.arange(len(Y)), found, distances)
    # Distances below 1e-162 have squares of 0, so that other rows can seem as near as the equal one.
    known = hashes_of(points)
    order = np.argsort(known, kind="stable")
    place = np.minimum(np.searchsorted(known[order], hashes_of(Y)), len(points) - 1)
    equal = (points[order[place]] == Y).all(axis=1)
    return np.where(equal, order[place], found).astype(np.intp)


def matrix_items(estimator: Any, X: Any, sample_weight: Any) -> Items:
    """Items of which X holds all distances: square (n, n), or condensed as ``scipy.spatial.distance.pdist``.

    Raises
    ------
    InvalidDataError
        For distances that are no numbers of at least 0, not symmetric, or not 0 from an item to itself.
    BudgetError
    """
    D, n = condensed_of(estimator, X)
    keys = np.empty(n, np.uint64)
    condensed_keys(D, n, keys)
    order = np.argsort(keys, kind="stable")
    rank = np.empty(n, np.intp)
    rank[order] = np.arange(n)
    given = check_weights(sample_weight, n)
    given = np.ones(n) if given is None else given
    rows = order[given[order] > 0.0]
    inverse = np.empty(n, np.intp)
    inverse[rows] = np.arange(len(rows))
    for item in np.flatnonzero(given == 0.0):
        apart = [D[place_of(n, item, other)] for other in rows]
        inverse[item] = int(np.argmin(apart))
    u = len(rows)
    linked = np.empty(u * (u - 1) // 2, D.dtype)
    condensed_take(D, n, rows, linked)
    digest = hashlib.blake2b(keys[order].tobytes(), digest_size=8)
    digest.update(given[order].tobytes())
    return Items(given[rows], inverse, rank, digest.hexdigest(), distances=linked)


def condensed_of(estimator: Any, X: Any) -> tuple[np.ndarray, int]:
    """Distances of all pairs of n items, condensed, float32 kept float32; and n."""
    if hasattr(X, "tocsr"):
        raise InvalidTypeError(
            "A sparse matrix was passed where all distances are needed.",
            name="X",
            hint='pass a dense matrix of distances, or the rows with metric="euclidean" or "cosine"',
        )
    given = np.asarray(X)
    if given.ndim == 1:
        return _checked_condensed(estimator, given)
    D = check_points(estimator, X, reset=True)
    if D.shape[0] != D.shape[1]:
        raise InvalidDataError(
            "Distances between items make a square matrix, or the condensed half of one.",
            name="X",
            allowed="shape (n, n), or one dimension",
            got=D.shape,
        )
    i, j = square_fault(D, _ASYMMETRY)
    if i >= 0:
        raise InvalidDataError(
            f"X holds no distances: from item {i} to {j} it says {D[i, j]:g}, back {D[j, i]:g}.",
            name="X",
            allowed="symmetric numbers of at least 0, and 0 on the diagonal",
            hint="a similarity s may become a distance as s.max() - s; (X + X.T) / 2 is symmetric",
        )
    n = len(D)
    check_memory(
        2 * n * (n - 1) // 2 * D.itemsize,
        what=f"The distances of {n:,} items, condensed, twice",
        alternative="set PARTITA_MEMORY, or give vectors",
    )
    out = np.empty(n * (n - 1) // 2, D.dtype)
    square_condense(D, out)
    return out, n


def _checked_condensed(estimator: Any, given: np.ndarray) -> tuple[np.ndarray, int]:
    n = round((1 + np.sqrt(1 + 8 * given.size)) / 2)
    if n * (n - 1) // 2 != given.size or given.size == 0:
        raise InvalidDataError(
            "A condensed matrix of n items has n (n - 1) / 2 distances.",
            name="X",
            got=f"{given.size} distances",
            hint="Reshape your data: rows stand in two dimensions",
        )
    D = check_points(estimator, given.reshape(-1, 1), reset=True)[:, 0]
    estimator.n_features_in_ = n
    bad = np.flatnonzero(D < 0)
    if len(bad):
        raise InvalidDataError(
            f"X holds no distances: entry {bad[0]} is {D[bad[0]]:g}.",
            name="X",
            allowed="numbers of at least 0",
        )
    return np.ascontiguousarray(D), n
