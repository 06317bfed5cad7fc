"""Points of the hyperbolic plane from dissimilarities (h-MDS). Called by ``hyperbolic``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from partita._core.errors import InvalidDataError, InvalidParameterError
from partita._core.memory import check_memory
from partita._core.threads import thread_scope

_WIDEST = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0)
_MOST = 40.0


@dataclass(frozen=True)
class HyperbolicPoints:
    """Points of hyperbolic space for items whose dissimilarities were given.

    Attributes
    ----------
    space : float64 (n, r)
        Space-like coordinates on the hyperboloid; the time-like one is ``sqrt(1 + |space|^2)``.
    scale : float
        Hyperbolic by given distances.
    distortion : float
        The largest ratio of hyperbolic to given distance by the smallest, over pairs of items apart.
    error : float
        Mean relative error of the distances, divided by `scale`.

    Examples
    --------
    >>> import partita as pt
    >>> points = pt.draw.hyperbolic_mds([[0.0, 1.0, 3.0], [1.0, 0.0, 2.0], [3.0, 2.0, 0.0]], scale=1.0)
    >>> points.positions.shape, float(points.distances()[0, 2].round(6))
    ((3, 2), 3.0)
    """

    space: np.ndarray
    scale: float
    distortion: float
    error: float

    @property
    def positions(self) -> np.ndarray:
        """Points of the Poincaré ball, float64 (n, r)."""
        return self.space / (1.0 + np.sqrt(1.0 + (self.space**2).sum(axis=1)))[:, None]

    def distances(self) -> np.ndarray:
        """Hyperbolic distances of all pairs, float64 (n, n)."""
        return _distances(self.space)


def hyperbolic_mds(distances: Any, *, n_components: int = 2, scale: float | None = None) -> HyperbolicPoints:
    """Points of hyperbolic space whose distances are those given, as nearly as their first components tell.

    *When to choose this*: dissimilarities that look like those in a tree, of which no tree is given.

    Parameters
    ----------
    distances : array-like of shape (n, n)
        Finite, symmetric, at least 0, with zeros on the diagonal.
    n_components : int
        Dimensions of the space.
    scale : float, optional
        Hyperbolic by given distances. Default: of eight, for which the largest distance is between 1 and 12,
        the one of least mean relative error.

    Returns
    -------
    points : HyperbolicPoints

    Raises
    ------
    InvalidDataError
        Naming the first pair that is not valid.
    InvalidParameterError
    BudgetError

    Notes
    -----
    ``-cosh`` of the distances are Lorentz products; its largest eigenpairs give the space-like coordinates,
    its lowest one time, seen from the middle of the points. Exact for points of hyperbolic space of
    `n_components` dimensions. O(n^3) time, O(n^2) memory.

    References
    ----------
    F. Sala, C. De Sa, A. Gu and C. Ré, Representation tradeoffs for hyperbolic embeddings, ICML 2018.
    https://arxiv.org/abs/1804.03329

    Examples
    --------
    >>> import numpy as np
    >>> line = np.array([0.0, 1.0, 3.0])
    >>> points = hyperbolic_mds(np.abs(line[:, None] - line), scale=1.0)
    >>> round(points.distortion, 6)
    1.0
    """
    given = checked_distances(distances)
    n = len(given)
    if not isinstance(n_components, (int, np.integer)) or n_components < 1:
        raise InvalidParameterError(
            "n_components is not valid.",
            name="n_components",
            allowed="an integer of at least 1",
            got=n_components,
        )
    widest = float(given.max(initial=0.0))
    if widest == 0.0:
        return HyperbolicPoints(np.zeros((n, n_components)), 1.0, 1.0, 0.0)
    if scale is not None and not 0.0 < scale * widest <= _MOST:
        raise InvalidParameterError(
            "scale is not valid.", name="scale", allowed=f"above 0, at most {_MOST / widest:.4g}", got=scale
        )
    scales = [widest_is / widest for widest_is in _WIDEST] if scale is None else [float(scale)]
    with thread_scope(1):
        tried = [_points(given, own, int(n_components)) for own in scales]
    return min(tried, key=lambda points: points.error)


def checked_distances(distances: Any) -> np.ndarray:
    """A square, symmetric matrix of distances as float64."""
    given = np.asarray(distances, dtype=np.float64)
    if given.ndim != 2 or given.shape[0] != given.shape[1] or not len(given):
        raise InvalidDataError("Distances are a square matrix.", name="distances", got=f"shape {given.shape}")
    check_memory(
        48 * given.size, what=f"Distances of {len(given):,} items", alternative="pass a sample of the items"
    )
    wrong = ~(np.isfinite(given) & (given >= 0)) | (given != given.T)
    wrong |= np.eye(len(given), dtype=bool) & (given != 0)
    if wrong.any():
        a, b = np.argwhere(wrong)[0]
        raise InvalidDataError(
            f"The distance of items {a} and {b} is not valid.",
            name="distances",
            allowed="finite, at least 0, the same both ways, 0 to itself",
            got=f"{given[a, b]} and {given[b, a]}",
        )
    return given


def _points(given: np.ndarray, scale: float, r: int) -> HyperbolicPoints:
    values, vectors = np.linalg.eigh(-np.cosh(scale * given))
    top = np.argsort(-values, kind="stable")[:r]
    space = np.zeros((len(given), r))
    space[:, : len(top)] = vectors[:, top] * np.sqrt(np.maximum(values[top], 0.0))
    signs = np.where(space[np.abs(space).argmax(axis=0), np.arange(r)] < 0, -1.0, 1.0)
    space = space * signs
    pairs = np.triu_indices(len(given), 1)
    wanted = scale * given[pairs]
    apart = _distances(space)[pairs]
    some = wanted > 0
    ratio = apart[some] / wanted[some]
    distortion = float(ratio.max() / ratio.min()) if ratio.min() > 0 else float("inf")
    return HyperbolicPoints(space, scale, max(1.0, distortion), float(np.abs(ratio - 1.0).mean()))


def _distances(space: np.ndarray) -> np.ndarray:
    time = np.sqrt(1.0 + (space**2).sum(axis=1))
    # arcosh loses the digits of small distances; the chord keeps them.
    chord = ((space[:, None] - space[None]) ** 2).sum(axis=2) - (time[:, None] - time) ** 2
    return 2.0 * np.arcsinh(0.5 * np.sqrt(np.maximum(chord, 0.0)))
