"""The layouts of treemaps by name, and what is measured on them. Callers: ``draw.treemap``, ``report``."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import numpy as np

from partita.draw._drawn import Drawn, leaf_nodes
from partita.kernels.treemap import Polygons

# Each module has ``layout(parent, weight, width, height) -> Polygons``; it gets positive weights only.
LAYOUTS = {
    "rectangular": "partita.kernels.treemap_rectangular",
    "squarified": "partita.kernels.treemap_squarified",
    "polygonal": "partita.kernels.treemap_polygonal",
    "convex": "partita.kernels.treemap_convex",
    "orthoconvex": "partita.kernels.treemap_orthoconvex",
}

LEAST_SHARE = 1e-12
"""A leaf with less of the weight gets a dot and no region: rounded corners couldn't keep its area."""


class Regions(NamedTuple):
    """The nodes of a drawn tree that have a region, and the regions."""

    node: np.ndarray
    """intp[r]: nodes of the drawn tree, ascending."""
    parent: np.ndarray
    """intp[r]: in rows of `node`."""
    polygons: Polygons

    @property
    def leaf(self) -> np.ndarray:
        """Which regions hold no other, bool[r]."""
        return leaf_nodes(self.parent)

    def corners(self, row: int) -> np.ndarray:
        """The corners of one region."""
        return self.polygons.corners[self.polygons.offset[row] : self.polygons.offset[row + 1]]


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
        The region of an inner node holds those of its children.
    """
    module = importlib.import_module(LAYOUTS[name])
    parents = np.ascontiguousarray(parent, dtype=np.intp)
    weights = np.ascontiguousarray(weight, dtype=np.float64)
    return module.layout(parents, weights, float(width), float(height))


def regions_of(name: str, drawn: Drawn, width: float, height: float) -> Regions:
    """The regions of the nodes of `drawn` with enough weight to have one."""
    kept, weight = _kept(drawn)
    node = np.flatnonzero(kept)
    if len(node) == 0:
        return Regions(node, node, Polygons(np.empty((0, 2)), np.zeros(1, np.intp)))
    number = np.cumsum(kept) - 1
    parent = np.where(drawn.parent[node] >= 0, number[drawn.parent[node]], -1)
    return Regions(node, parent, lay_out(name, parent, weight[node], width, height))


def _kept(drawn: Drawn) -> tuple[np.ndarray, np.ndarray]:
    """Which nodes get a region, and the weights of all: sums of what is kept below."""
    sums = np.where(drawn.leaf & (drawn.weight > LEAST_SHARE * drawn.weight[0]), drawn.weight, 0.0).tolist()
    parent = drawn.parent.tolist()
    for v in range(len(sums) - 1, 0, -1):
        sums[parent[v]] += sums[v]
    weight = np.array(sums)
    return weight > 0, weight


def measure(polygons: Polygons, leaf: np.ndarray, weight: np.ndarray) -> Measured:
    """Aspect and area error over the leaves, from the corners alone; O(corners).

    Parameters
    ----------
    polygons : Polygons
    leaf : bool[t]
    weight : float64[t]
    """
    area, extent = areas_extents(polygons)
    share = weight[leaf] / weight[0]
    with np.errstate(divide="ignore"):
        aspect = extent[leaf].max(axis=1) ** 2 / area[leaf]
    error = np.abs(area[leaf] / (area[0] * share) - 1.0)
    return Measured(float(aspect.max()), float(error.max()))


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
