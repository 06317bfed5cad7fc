"""Rectangles of bounded aspect ratio, for a little area left empty. Callers: ``draw.treemap``.

After the rectangular partitions with slack of de Berg, Onak, Sidiropoulos, "Fat Polygonal Partitions with
Applications to Visualization and Embeddings", arXiv 1009.1866. Rectangles are cut across their long side. A
part too light for its slab gets a rectangle of the bounded aspect ratio within a thicker one, and what
remains of that stays empty.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.treemap import Polygons, boxes_polygons, children_runs

SLACK = 0.05
_LEAST_RATIO = 4.0


def layout(parent: np.ndarray, weight: np.ndarray, width: float, height: float) -> Polygons:
    """The rectangle of each node, with the least bound on aspect ratios that keeps the area of each leaf.

    A leaf's area falls short of its share by at most ``SLACK`` and never exceeds it.

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
        O(t log t) for each of the O(log depth) bounds that are tried.

    Notes
    -----
    Below a cut at most ``1 / (4 ratio)`` of a rectangle stays empty, and the heavy part alone pays for it. A
    leaf pays once a level, so that ``ratio = O(depth / SLACK)`` always suffices.
    """
    first, children = children_runs(parent)
    boxes = np.empty((len(parent), 4))
    boxes[0] = (0.0, 0.0, width, height)
    ratio, area = _LEAST_RATIO, width * height
    while True:
        boxes_cut(first, children.copy(), weight, ratio, boxes)
        if boxes_shortfall(first, weight, area, boxes) <= SLACK:
            return boxes_polygons(boxes)
        ratio *= 1.25


@jit
def boxes_cut(first, children, weight, ratio, boxes):
    """The rectangles of all nodes below the root.

    IN first intp[t + 1], weight float64[t], ratio: the longest a rectangle may be for its width. INOUT
    children intp[t - 1], put in another order; boxes float64[t, 4]: left, top, right, bottom; the root's is
    given.
    """
    # Runs of siblings that share a rectangle and wait; a run is halved or loses one member each time.
    begins, ends = np.empty(children.shape[0] + 1, np.intp), np.empty(children.shape[0] + 1, np.intp)
    rooms = np.empty((children.shape[0] + 1, 4))
    for v in range(boxes.shape[0]):
        if first[v] == first[v + 1]:
            continue
        begins[0], ends[0], waiting = first[v], first[v + 1], 1
        rooms[0] = boxes[v]
        while waiting:
            waiting -= 1
            begin, end = begins[waiting], ends[waiting]
            if end - begin == 1:
                boxes[children[begin]] = rooms[waiting]
                continue
            middle, one, other = _run_halve(children, weight, begin, end)
            begins[waiting], ends[waiting] = begin, middle
            begins[waiting + 1], ends[waiting + 1] = middle, end
            _room_cut(rooms, waiting, (one, other), ratio)
            waiting += 2


@jit
def _run_halve(children, weight, begin, end):
    """Where to cut a run of siblings in two, and the shares of both.

    One that weighs half of all or more is put first and stays alone; otherwise the order is kept.
    """
    total, heaviest = 0.0, begin
    for i in range(begin, end):
        total += weight[children[i]]
        if weight[children[i]] > weight[children[heaviest]]:
            heaviest = i
    heavy = children[heaviest]
    if 2 * weight[heavy] >= total:
        light = 0.0
        for i in range(begin, end):
            light += weight[children[i]] if i != heaviest else 0.0
        for i in range(heaviest, begin, -1):
            children[i] = children[i - 1]
        children[begin] = heavy
        return begin + 1, weight[heavy] / total, light / total
    before, i = weight[children[begin]], begin + 1
    while before + weight[children[i]] / 2 < total / 2:
        before += weight[children[i]]
        i += 1
    return i, before / total, (total - before) / total


@jit
def _room_cut(rooms, at, shares, ratio):
    """Cut a rectangle across its long side: the first part's stays at `at`, the second's goes behind it.

    A second part that is too light is as long as it may be for its width, in the last corner.
    """
    left, top, right, bottom = rooms[at, 0], rooms[at, 1], rooms[at, 2], rooms[at, 3]
    axis = 0 if right - left >= bottom - top else 1
    low, high = rooms[at, axis], rooms[at, axis + 2]
    side = rooms[at, 3 - axis] - rooms[at, 1 - axis]
    thick = shares[1] * (high - low)
    rooms[at + 1] = rooms[at]
    if side <= ratio * thick:
        rooms[at, axis + 2] = rooms[at + 1, axis] = low + shares[0] * (high - low)
        return
    thicker = np.sqrt(thick * side / ratio)
    rooms[at, axis + 2] = rooms[at + 1, axis] = high - thicker
    rooms[at + 1, 1 - axis] = rooms[at, 3 - axis] - thick * side / thicker


@jit
def boxes_shortfall(first, weight, area, boxes):
    """The largest relative amount by which a leaf's area falls short of its share."""
    worst = 0.0
    for v in range(boxes.shape[0]):
        if first[v] == first[v + 1]:
            own = (boxes[v, 2] - boxes[v, 0]) * (boxes[v, 3] - boxes[v, 1])
            worst = max(worst, 1.0 - own / (area * weight[v] / weight[0]))
    return worst
