"""What layouts of treemaps share: polygons of nodes, and boxes as such. Callers: the layouts, ``draw``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.tree_make import tree_group


class Polygons(NamedTuple):
    """The regions of the t nodes of a tree: node v has the corners ``corners[offset[v]:offset[v + 1]]``."""

    corners: np.ndarray
    """float64[p, 2], in order around each region."""
    offset: np.ndarray
    """intp[t + 1]."""


def children_runs(parent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The children of node v in order, ``children[first[v]:first[v + 1]]``; first intp[t + 1]. O(t)."""
    first, children = np.empty(len(parent) + 1, np.intp), np.empty(len(parent) - 1, np.intp)
    tree_group(parent, first, children)
    return first, children


def boxes_polygons(boxes: np.ndarray) -> Polygons:
    """Rectangles ``(left, top, right, bottom)`` float64[t, 4] as polygons of four corners."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    return Polygons(corners, np.arange(0, 4 * len(boxes) + 1, 4, dtype=np.intp))
