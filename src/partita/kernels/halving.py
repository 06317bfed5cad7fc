"""Rows halved again and again across the widest column, down to small cells. For searches in few columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit


@jit
def _stands_before(points, j, a, b):
    return points[a, j] < points[b, j] or (points[a, j] == points[b, j] and a < b)


@jit
def _median_place(points, j, order, start, stop, middle):
    """Reorder ``order[start:stop]`` so that the rows before `middle` stand before the others in column j."""
    low, high = start, stop - 1
    while low < high:
        center = (low + high) // 2
        for x, y in ((low, center), (low, high), (center, high)):
            if _stands_before(points, j, order[y], order[x]):
                order[x], order[y] = order[y], order[x]
        pivot = order[center]
        x, y = low, high
        while x <= y:
            while _stands_before(points, j, order[x], pivot):
                x += 1
            while _stands_before(points, j, pivot, order[y]):
                y -= 1
            if x <= y:
                order[x], order[y] = order[y], order[x]
                x += 1
                y -= 1
        if middle <= y:
            high = y
        elif middle >= x:
            low = x
        else:
            return


@jit
def _widest_column(points, order, start, stop):
    widest, best = -1.0, 0
    for j in range(points.shape[1]):
        low = high = points[order[start], j]
        for t in range(start, stop):
            low, high = min(low, points[order[t], j]), max(high, points[order[t], j])
        if high - low > widest:
            widest, best = high - low, j
    return best


class Halves(NamedTuple):
    """A tree of halvings, in preorder: the lower half of node v is node v + 1, the upper one ``upper[v]``.

    column intp[v], value float64[v]: rows up to a value in a column are in the lower half (some of those
    equal to it are in the upper). cell intp[v]: the cell that a leaf is, -1 otherwise. low, high float64 (v,
    d): the box of each node.
    """

    upper: np.ndarray
    column: np.ndarray
    value: np.ndarray
    cell: np.ndarray
    low: np.ndarray
    high: np.ndarray


@jit
def rows_halve(points, most, order, first, halves):
    """Halve the rows at medians of the widest column until no cell has more than `most`; O(n d log n).

    IN points float64 (m, d). OUT order intp[m], the rows by cell; first intp[m + 1]: where cells begin;
    upper, column, value and cell of halves, with room for 2 m nodes. Returns the numbers of cells and nodes.
    """
    m = points.shape[0]
    order[:] = np.arange(m)
    waiting = np.empty((128, 3), np.intp)
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, m, -1
    held, cells, node = 1, 0, 0
    while held > 0:
        held -= 1
        start, stop, above = waiting[held]
        if above >= 0:
            halves.upper[above] = node
        halves.cell[node], halves.upper[node], halves.column[node] = -1, -1, 0
        if stop - start <= most:
            first[cells], halves.cell[node] = start, cells
            cells += 1
        else:
            middle, column = (start + stop) // 2, _widest_column(points, order, start, stop)
            _median_place(points, column, order, start, stop, middle)
            halves.column[node], halves.value[node] = column, points[order[middle], column]
            waiting[held, 0], waiting[held, 1], waiting[held, 2] = middle, stop, node
            waiting[held + 1, 0], waiting[held + 1, 1], waiting[held + 1, 2] = start, middle, -1
            held += 2
        node += 1
    first[cells] = m
    return cells, node


@jit
def halves_box(points, order, first, halves):
    """OUT low, high of halves: the box of each node. IN the rest as ``rows_halve`` made it."""
    for v in range(halves.cell.shape[0] - 1, -1, -1):
        c = halves.cell[v]
        if c < 0:
            lower, upper = v + 1, halves.upper[v]
            for j in range(points.shape[1]):
                halves.low[v, j] = min(halves.low[lower, j], halves.low[upper, j])
                halves.high[v, j] = max(halves.high[lower, j], halves.high[upper, j])
            continue
        halves.low[v], halves.high[v] = np.inf, -np.inf
        for t in range(first[c], first[c + 1]):
            for j in range(points.shape[1]):
                halves.low[v, j] = min(halves.low[v, j], points[order[t], j])
                halves.high[v, j] = max(halves.high[v, j], points[order[t], j])


@jit
def halves_descend(halves, queries, home):
    """OUT home intp[b]: the cell on whose side of all halvings each query lies. IN queries float64 (b, d)."""
    for i in range(queries.shape[0]):
        v = 0
        while halves.cell[v] < 0:
            v = v + 1 if queries[i, halves.column[v]] < halves.value[v] else halves.upper[v]
        home[i] = halves.cell[v]


@jit
def boxes_apart(low, high, i, lows, highs, v):
    """The distance of box `i` of some and box `v` of others, never too large. IN float64 (boxes, d)."""
    total = 0.0
    for j in range(low.shape[1]):
        gap = max(low[i, j] - highs[v, j], lows[v, j] - high[i, j])
        if gap > 0.0:
            total += gap * gap
    return np.sqrt(total) * (1.0 - 1e-12)


@jit
def halves_near(halves, low, high, limit, near, bounds):
    """Cells within `limit` of a box, (1, d). OUT near intp[c], bounds float64[c]. Returns how many."""
    lows, highs, upper, cell = halves.low, halves.high, halves.upper, halves.cell
    found, held = 0, 1
    waiting = np.empty(128, np.intp)
    waiting[0] = 0
    while held > 0:
        held -= 1
        v = waiting[held]
        apart = boxes_apart(low, high, 0, lows, highs, v)
        if apart > limit:
            continue
        if cell[v] >= 0:
            near[found], bounds[found] = cell[v], apart
            found += 1
        else:
            waiting[held], waiting[held + 1] = upper[v], v + 1
            held += 2
    return found
