"""Squarified treemaps: rows of rectangles, each as square as can be. Callers: ``draw.treemap``.

Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000, DOI 10.1007/978-3-7091-6783-0_4. Children are taken
in the order of the tree. The aspect ratio has no bound.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap import Polygons, boxes_polygons, children_runs


def layout(parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """The rectangle of each node.

    Parameters
    ----------
    parent : intp[t]
        Preorder, -1 for the root.
    weight : float64[t]
        All positive.
    width, height : float
        The root's rectangle.

    Returns
    -------
    polygons : Polygons
        O(t).
    """
    first, children = children_runs(parent)
    boxes = np.empty((len(parent), 4))
    boxes[0] = (0.0, 0.0, width, height)
    boxes_squarify(first, children, weight, boxes)
    return boxes_polygons(boxes)


@jit
def boxes_squarify(first, children, weight, boxes):
    """The rectangles of all nodes below the root, in rows along the shorter side of what is left; O(t).

    IN first intp[t + 1], children intp[t - 1], weight float64[t]. INOUT boxes float64[t, 4]: left, top,
    right, bottom; the root's is given.
    """
    rest = np.empty(children.shape[0])
    for v in range(boxes.shape[0]):
        begin, stop = first[v], first[v + 1]
        # From the last: what a light tail weighs would be lost among the rest of a falling sum.
        total = 0.0
        for i in range(stop - 1, begin - 1, -1):
            total += weight[children[i]]
            rest[i] = total
        left, top, right, bottom = boxes[v, 0], boxes[v, 1], boxes[v, 2], boxes[v, 3]
        while begin < stop:
            wide = right - left >= bottom - top
            short, long = (bottom - top, right - left) if wide else (right - left, bottom - top)
            end, row = _longest_row(begin, stop, children, weight, short, long, rest[begin])
            thick = long if end == stop else row / rest[begin] * long
            if wide:
                edge = right if end == stop else left + thick
                _row_place(begin, end, children, weight, row, 1, (left, edge, top, bottom), boxes)
                left = edge
            else:
                edge = bottom if end == stop else top + thick
                _row_place(begin, end, children, weight, row, 0, (top, edge, left, right), boxes)
                top = edge
            begin = end


@jit
def _longest_row(begin, stop, children, weight, short, long, total):
    """Where the row that begins here ends, and its weight: it grows while the worst ratio doesn't."""
    row, least, most, worst = 0.0, np.inf, 0.0, np.inf
    # Thickness of the row over the length of a member, for the lightest and the heaviest of them.
    scale = long / (total * short)
    for i in range(begin, stop):
        w = weight[children[i]]
        grown, low, high = row + w, min(least, w), max(most, w)
        flat = grown * grown * scale
        ratio = max(flat / low, high / flat)
        if ratio > worst:
            return i, row
        row, least, most, worst = grown, low, high, ratio
    return stop, row


@jit
def _row_place(begin, end, children, weight, row, along, room, boxes):
    """Members of a row side by side along one axis. IN room: the row across the axis, then along it."""
    near, far, low, high = room
    before, edge = 0.0, low
    for i in range(begin, end):
        node = children[i]
        before += weight[node]
        until = high if i == end - 1 else low + (high - low) * (before / row)
        boxes[node, along], boxes[node, along + 2] = edge, until
        boxes[node, 1 - along], boxes[node, 3 - along] = near, far
        edge = until
