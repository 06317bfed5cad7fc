"""Treemaps of convex polygons, each cut in the direction that leaves the fattest parts. For ``draw``.

de Berg, Onak, Sidiropoulos, "Fat Polygonal Partitions", 2013, arXiv 1009.1866.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.treemap import Polygons
from partita.kernels.treemap_convex import fat_polygons


def layout(parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """Convex polygons of aspect O(depth of the tree + log t), none with edges that are nearly parallel.

    Parameters
    ----------
    parent : intp[t]
        Preorder, -1 for the root.
    weight : float64[t]
        Of leaves, none negative; other nodes weigh what their leaves do.
    width, height : float
        The root's rectangle.

    Returns
    -------
    polygons : Polygons
        One point for a node without weight, on its parent's outline. O(t log t) for most trees.
    """
    return fat_polygons(parent, weight, width, height, new_only=True)
