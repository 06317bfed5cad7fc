"""Points in few dimensions whose distances follow the heights of a hierarchy. Callers: users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from partita._core.params import Integer, check_parameters
from partita.hierarchy import Hierarchy
from partita.kernels.tree_make import tree_group
from partita.kernels.ultrametric_boxes import ratios_range, tree_points, tree_sides

_RULES = {"n_components": Integer(low=1, high=16)}
_RATIOS = (1.5, 3.0, 6.0, 12.0, 24.0)
_MOST_PAIRS = 1 << 28
_TRIAL_PAIRS = 1 << 22


@dataclass(frozen=True)
class UltrametricPoints:
    """Points whose distances lie between the heights at which items meet, and `distortion` times these.

    Attributes
    ----------
    positions : float64 (n, d)
        One row an item.
    distortion : float
        The largest ratio of distance to height by the smallest, as measured; 1 when no items are apart.
    least_distortion : float
        No points in so many dimensions have a distortion below this one: they would need more room.
    n_sources : int
        From how many items the distances to all others were measured; exact when from all.

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 1]], heights=[1.0])
    >>> points = pt.draw.embed_ultrametric(h, n_components=1)
    >>> points.positions.shape, points.distortion >= points.least_distortion
    ((3, 1), True)
    """

    positions: np.ndarray
    distortion: float
    least_distortion: float
    n_sources: int


def embed_ultrametric(h: Hierarchy, *, n_components: int = 2) -> UltrametricPoints:
    """Points for the items of a hierarchy: those that meet low are near, those that meet high are far apart.

    *When to choose this*: to hand the distances of a hierarchy to what needs coordinates, in few dimensions
    and with a known error. To look at a hierarchy, `hyperbolic` has more room.

    Parameters
    ----------
    h : Hierarchy
        The distance of two items is the height of the smallest part that holds both.
    n_components : int
        Dimensions, 1 to 16.

    Returns
    -------
    points : UltrametricPoints
        The distortion is measured over all pairs of up to 16,384 items, else from some items to all others.

    Raises
    ------
    InvalidParameterError
        For dimensions that are not in 1 to 16.

    Notes
    -----
    Every part gets a box whose volume is the least that can hold points so far apart. It is cut across its
    long side for what the part holds, and each piece is shrunk towards its middle by what must stay free
    around it. Light pieces get boxes of bounded aspect in slabs that are thicker than they need, which
    takes room from their siblings: of five bounds the one with the least distortion is kept. O(n log n + m)
    for the points, O(n^2) for the measure.

    References
    ----------
    M. de Berg, K. Onak and A. Sidiropoulos, Fat polygonal partitions with applications to visualization and
    embeddings, Journal of Computational Geometry 4, 2013. https://arxiv.org/abs/1009.1866

    Examples
    --------
    >>> import partita as pt
    >>> h = pt.Hierarchy.from_labels([[0, 0, 1, 1], [0, 1, 2, 3]], heights=[1.0, 0.0])
    >>> points = embed_ultrametric(h)
    >>> points.positions.shape, points.distortion <= 2
    ((4, 2), True)
    """
    check_parameters("embed_ultrametric", _RULES, {"n_components": n_components})
    top = float(h.height[0]) if h.n_parts else 0.0
    if h.n_items < 2 or top <= 0.0:
        return UltrametricPoints(np.zeros((h.n_items, n_components)), 1.0, 1.0, h.n_items)
    height = h.height / top
    own = h.sizes - np.bincount(h.parent[1:], weights=h.sizes[1:], minlength=h.n_parts).astype(np.intp)
    side = tree_sides(h.parent, height, own, float(n_components))
    apart = height > 0
    first, children = np.empty(h.n_parts + 1, np.intp), np.empty(h.n_parts - 1, np.intp)
    tree_group(h.parent, first, children)
    best, least = np.zeros((h.n_items, n_components)), np.inf
    for ratio in _RATIOS if n_components > 1 else _RATIOS[:1]:
        positions = np.empty((h.n_items, n_components))
        tree_points(first, children, height, side, h.order, h.stop - own, own, ratio, positions)
        low, high = _range(h, height, positions, _TRIAL_PAIRS)
        if high / low < least:
            best, least = positions, high / low
    low, high = _range(h, height, best, _MOST_PAIRS)
    bound = max(1.0, float((side[apart] / height[apart]).max()) - 1.0)
    return UltrametricPoints(best * (top / low), high / low, bound, len(_sources(h.n_items, _MOST_PAIRS)))


def _sources(n: int, pairs: int) -> np.ndarray:
    """Places in the order of items, evenly spread, as many as give so many pairs."""
    return np.linspace(0, n - 1, max(1, min(n, pairs // n))).astype(np.intp)


def _range(h: Hierarchy, height: np.ndarray, positions: np.ndarray, pairs: int) -> tuple[float, float]:
    """The smallest and the largest ratio of distance to height; 1 and 1 when no items are apart."""
    sources = h.order[_sources(h.n_items, pairs)]
    low, high = ratios_range(h.order, h.start, h.stop, h.parent, height, h.item_part, positions, sources)
    return (low, high) if high > 0.0 else (1.0, 1.0)
