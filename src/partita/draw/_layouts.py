"""The layouts of treemaps by name, and what is measured on them. Callers: ``draw.treemap``, ``report``."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import numpy as np

from partita.kernels.treemap import Polygons

# Each module has ``layout(parent, weight, width, height) -> Polygons``; it gets positive weights only.
LAYOUTS = {
    "squarified": "partita.kernels.treemap_squarified",
}


class Measured(NamedTuple):
    """What was measured on the leaves of a layout."""

    aspect: float
    """The largest area of the smallest axis-parallel square around a leaf, over the leaf's area."""
    area_error: float
    """The largest relative difference between a leaf's share of the area and its share of the weight."""


def lay_out(name: str, parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """The region of each node of a tree by a layout.

    Parameters
    ----------
    name : str
        One of ``LAYOUTS``.
    parent : intp[t]
        Preorder, -1 for the root.
    weight : float64[t]
        All positive; of an inner node the sum of its children's.
    width, height : float
        The root's region: a rectangle with its corner at the origin.

    Returns
    -------
    polygons : Polygons
        The region of an inner node is the union of its children's.
    """
    module = importlib.import_module(LAYOUTS[name])
    parents = np.ascontiguousarray(parent, dtype=np.intp)
    weights = np.ascontiguousarray(weight, dtype=np.float64)
    return module.layout(parents, weights, float(width), float(height))


def measure(polygons: Polygons, leaf: np.ndarray, weight: np.ndarray) -> Measured:
    """Aspect and area error over the leaves, from the corners alone.

    Parameters
    ----------
    polygons : Polygons
    leaf : bool[t]
    weight : float64[t]
    """
    area, extent = areas_extents(polygons)
    area, extent, share = area[leaf], extent[leaf], weight[leaf] / weight[0]
    with np.errstate(divide="ignore"):
        aspect = np.where(area > 0, extent.max(axis=1) ** 2 / area, np.inf)
    whole = areas_extents(Polygons(polygons.corners[: polygons.offset[1]], polygons.offset[:2]))[0][0]
    return Measured(float(aspect.max()), float(np.abs(area / (whole * share) - 1.0).max()))


def areas_extents(polygons: Polygons) -> tuple[np.ndarray, np.ndarray]:
    """Areas float64[t], and sides float64[t, 2] of the boxes around polygons of one corner or more."""
    first, count = polygons.offset[:-1], np.diff(polygons.offset)
    # From the first corner of each polygon: far from the origin the products would lose small areas.
    own = polygons.corners - np.repeat(polygons.corners[first], count, axis=0)
    after = np.arange(len(own)) + 1
    after[polygons.offset[1:] - 1] = first
    cross = own[:, 0] * own[after, 1] - own[after, 0] * own[:, 1]
    area = np.abs(np.add.reduceat(cross, first)) / 2
    return area, np.maximum.reduceat(own, first, axis=0) - np.minimum.reduceat(own, first, axis=0)
