"""Vectors under a metric of a name or a function, as items. Called by KMedoids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from partita._core.errors import InvalidDataError
from partita.dissimilarities._items import Items, Placer
from partita.hierarchy.rows import canonical_rows, unit_rows
from partita.kernels import metrics

_PANEL = 64
_TILES = {
    "euclidean": metrics.tile_euclidean,
    "sqeuclidean": metrics.tile_sqeuclidean,
    "cityblock": metrics.tile_cityblock,
    "manhattan": metrics.tile_cityblock,
    "chebyshev": metrics.tile_chebyshev,
    "cosine": metrics.tile_cosine,
    "correlation": metrics.tile_cosine,
    "hamming": metrics.tile_hamming,
    "canberra": metrics.tile_canberra,
    "braycurtis": metrics.tile_braycurtis,
}
_SCALED = {"euclidean": 1, "sqeuclidean": 2, "cityblock": 1, "manhattan": 1, "chebyshev": 1}
_BY_SCIPY = ("dice", "jaccard", "jensenshannon", "rogerstanimoto", "russellrao", "sokalsneath", "yule")
VECTOR_METRICS = (*_TILES, *_BY_SCIPY)


class Space:
    """Where the distances of vectors are taken: rows turned, scaled by a power of two, and compared.

    Parameters
    ----------
    metric : str or callable
    exponent : int
        Rows are divided by 2 to this power, so that squares neither overflow nor vanish.
    """

    def __init__(self, metric: str | Callable[..., float], exponent: int = 0) -> None:
        self.metric, self.exponent = metric, exponent

    def see(self, X: np.ndarray) -> np.ndarray:
        """Rows in float64, as they are compared."""
        X = np.asarray(X, np.float64)
        if self.metric == "correlation":
            X = X - X.mean(axis=1, keepdims=True)
        if self.metric in ("cosine", "correlation"):
            return unit_rows(X)
        return np.ldexp(X, -self.exponent) if self.exponent else X

    def fill(self, rows: np.ndarray, others: np.ndarray, out: np.ndarray) -> None:
        """Distances of seen rows to seen others. OUT out float (rows, others)."""
        if callable(self.metric):
            _call(self.metric, rows, others, out)
            _refuse_strange(out, "The metric")
        elif self.metric in _BY_SCIPY:
            from scipy.spatial.distance import cdist

            out[:] = cdist(rows, others, self.metric)
            _refuse_strange(out, f"The metric {self.metric!r}")
        else:
            tile = _TILES[self.metric]
            for start in range(0, len(others), _PANEL):
                panel = np.ascontiguousarray(others[start : start + _PANEL].T)
                tile(rows, panel, out[:, start : start + _PANEL])


def _call(metric: Callable[..., float], rows: np.ndarray, others: np.ndarray, out: np.ndarray) -> None:
    if hasattr(metric, "py_func"):
        from partita.kernels.called import called_block

        called_block(metric, rows, others, out)
    else:
        for i, row in enumerate(rows):
            for j, other in enumerate(others):
                out[i, j] = metric(row, other)


def _refuse_strange(out: np.ndarray, what: str) -> None:
    bad = np.argwhere(~(out >= 0) | np.isinf(out))
    if len(bad):
        raise InvalidDataError(
            f"{what} returned what is no distance.",
            name="metric",
            allowed="finite numbers of at least 0",
            got=float(out[tuple(bad[0])]),
        )


class _VectorPlacer(Placer):
    def __init__(self, space: Space, medoids: np.ndarray) -> None:
        self._space, self._medoids = space, medoids

    def distances(self, data: np.ndarray, start: int, stop: int) -> np.ndarray:
        out = np.empty((stop - start, len(self._medoids)))
        self._space.fill(self._space.see(data[start:stop]), self._medoids, out)
        return out


class VectorItems(Items):
    """Distinct rows of an array.

    Parameters
    ----------
    X : float array of shape (n, d), checked
    weight : float64[n] or None
    metric : str or callable
    """

    def __init__(self, X: np.ndarray, weight: np.ndarray | None, metric: str | Callable[..., float]) -> None:
        super().__init__()
        power = _SCALED.get(metric, 0) if isinstance(metric, str) else 0
        exponent = int(np.frexp(max(abs(float(X.max())), abs(float(X.min()))))[1]) if power else 0
        self._space = Space(metric, exponent)
        turned = metric in ("cosine", "correlation")
        rows = canonical_rows(self._space.see(X) if turned else X, weight)
        self.first, self.inverse, self.weight = rows.first, rows.inverse, rows.weight
        self.rank, self.fingerprint = np.arange(len(rows.first)), rows.fingerprint
        self.exponent = power * exponent
        self._source = X
        points = self._space.see(X[rows.first])
        narrow = points.astype(np.float32)
        # What float32 can hold is compared in float32, whatever type it came in.
        self._points = narrow if turned or (isinstance(metric, str) and (narrow == points).all()) else points

    def fill(self, rows: np.ndarray, columns: np.ndarray, out: np.ndarray) -> None:
        self._space.fill(self._points[rows], self._points[columns], out)

    def placer(self, medoids: np.ndarray) -> Placer:
        return _VectorPlacer(self._space, self._space.see(self._source[self.first[medoids]]))

    @property
    def data(self) -> np.ndarray:
        return self._source[self.first]
