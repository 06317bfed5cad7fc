"""What layouts of treemaps share: polygons of nodes, children in lists. Callers: the layouts, ``draw``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


class Polygons(NamedTuple):
    """The regions of the t nodes of a tree: node v has the corners ``corners[offset[v]:offset[v + 1]]``."""

    corners: np.ndarray
    """float64[p, 2], in order around each region."""
    offset: np.ndarray
    """intp[t + 1]."""


@jit
def tree_siblings(parent, head, following):
    """The first child of each node and the next sibling, -1 where there is none; O(t).

    IN parent intp[t], preorder. OUT head, following intp[t].
    """
    head[:] = -1
    following[:] = -1
    for v in range(parent.shape[0] - 1, 0, -1):
        following[v] = head[parent[v]]
        head[parent[v]] = v


def boxes_polygons(boxes: np.ndarray) -> Polygons:
    """Rectangles ``(left, top, right, bottom)`` float64[t, 4] as polygons of four corners."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    return Polygons(corners, np.arange(0, 4 * len(boxes) + 1, 4, dtype=np.intp))
