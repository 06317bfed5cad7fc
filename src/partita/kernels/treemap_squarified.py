"""Squarified treemaps: rows of rectangles, each as square as can be. Callers: ``draw.treemap``.

Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000, DOI 10.1007/978-3-7091-6783-0_4. Children are taken
in the order of the tree. The aspect ratio has no bound.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap import Polygons, boxes_polygons, tree_siblings


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
    head, following = np.empty_like(parent), np.empty_like(parent)
    tree_siblings(parent, head, following)
    boxes = np.empty((len(parent), 4))
    boxes[0] = (0.0, 0.0, width, height)
    boxes_squarify(head, following, weight, boxes)
    return boxes_polygons(boxes)


@jit
def boxes_squarify(head, following, weight, boxes):
    """The rectangles of all nodes below the root, in rows along the shorter side of what is left; O(t).

    IN head, following intp[t], weight float64[t]. INOUT boxes float64[t, 4]: left, top, right, bottom; the
    root's is given.
    """
    for v in range(head.shape[0]):
        child = head[v]
        total = 0.0
        while child >= 0:
            total += weight[child]
            child = following[child]
        left, top, right, bottom = boxes[v, 0], boxes[v, 1], boxes[v, 2], boxes[v, 3]
        child = head[v]
        while child >= 0:
            wide = right - left >= bottom - top
            short, long = (bottom - top, right - left) if wide else (right - left, bottom - top)
            end, row = _longest_row(child, following, weight, short, long, total)
            last = end < 0
            thick = long if last else row / total * long
            if wide:
                edge = right if last else left + thick
                _row_down(child, end, following, weight, row, left, edge, top, bottom, boxes)
                left = edge
            else:
                edge = bottom if last else top + thick
                _row_across(child, end, following, weight, row, left, right, top, edge, boxes)
                top = edge
            total -= row
            child = end


@jit
def _longest_row(first, following, weight, short, long, total):
    """The node behind the row that begins with `first`, and the row's weight: while the worst ratio falls."""
    row, least, most, worst = 0.0, np.inf, 0.0, np.inf
    node = first
    scale = long / (total * short)
    while node >= 0:
        grown = row + weight[node]
        low, high = min(least, weight[node]), max(most, weight[node])
        # Side of the row over side of a member, for the thinnest and the thickest of them.
        flat = grown * grown * scale
        ratio = max(flat / low, high / flat)
        if ratio > worst:
            break
        row, least, most, worst = grown, low, high, ratio
        node = following[node]
    return node, row


@jit
def _row_down(first, end, following, weight, row, left, right, top, bottom, boxes):
    """Members of a row from top to bottom."""
    before, node = 0.0, first
    while node != end:
        begin = top + (bottom - top) * (before / row)
        before += weight[node]
        node_end = bottom if following[node] == end else top + (bottom - top) * (before / row)
        boxes[node, 0], boxes[node, 1], boxes[node, 2], boxes[node, 3] = left, begin, right, node_end
        node = following[node]


@jit
def _row_across(first, end, following, weight, row, left, right, top, bottom, boxes):
    """Members of a row from left to right."""
    before, node = 0.0, first
    while node != end:
        begin = left + (right - left) * (before / row)
        before += weight[node]
        node_end = right if following[node] == end else left + (right - left) * (before / row)
        boxes[node, 0], boxes[node, 1], boxes[node, 2], boxes[node, 3] = begin, top, node_end, bottom
        node = following[node]
