"""Rows in a grid of small cubes: neighbours within a radius are counted, joined, listed. For ``DenseVote``.

The diagonal of a cube is shorter than the radius, so rows of one cube are neighbours of each other. Cubes are
ordered by a key in which the last column runs fastest; cubes near each other are runs of keys.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.merging import set_find


class Grid(NamedTuple):
    """Rows by cube.

    points float64 (u, d). mass float64[u]: whole numbers. first intp[c + 1]: the rows of each cube. key
    int64[c], ascending. steps int64[r]: what to add to a key for each run of neighbours. reach: half the
    width of a run. square: rows are neighbours up to this squared distance.
    """

    points: np.ndarray
    mass: np.ndarray
    first: np.ndarray
    key: np.ndarray
    steps: np.ndarray
    reach: int
    square: float


@jit(inline="always")
def square_between(points, i, others, j):
    """Squared distance of row `i` to another row `j`; columns in their order."""
    total = 0.0
    for k in range(points.shape[1]):
        step = points[i, k] - others[j, k]
        total += step * step
    return total


@jit
def grid_run(grid, key, r):
    """The rows in the r-th run of cubes about a key: start and stop."""
    low = np.searchsorted(grid.key, key + grid.steps[r] - grid.reach)
    high = low
    while high < grid.key.shape[0] and grid.key[high] <= key + grid.steps[r] + grid.reach:
        high += 1
    return grid.first[low], grid.first[high]


@jit
def grid_dense(grid, start, stop, wanted, dense):
    """OUT dense bool[u]: whether items of mass `wanted` lie around the rows of cubes `start` to `stop`."""
    runs = np.empty((grid.steps.shape[0], 2), np.intp)
    for c in range(start, stop):
        own = 0.0
        for i in range(grid.first[c], grid.first[c + 1]):
            own += grid.mass[i]
        dense[grid.first[c] : grid.first[c + 1]] = own >= wanted
        if own >= wanted:
            continue
        around = 0.0
        for r in range(runs.shape[0]):
            runs[r, 0], runs[r, 1] = grid_run(grid, grid.key[c], r)
            for j in range(runs[r, 0], runs[r, 1]):
                around += grid.mass[j]
        if around < wanted:
            continue
        for i in range(grid.first[c], grid.first[c + 1]):
            total, r = 0.0, 0
            while r < runs.shape[0] and total < wanted:
                for j in range(runs[r, 0], runs[r, 1]):
                    if square_between(grid.points, i, grid.points, j) <= grid.square:
                        total += grid.mass[j]
                r += 1
            dense[i] = total >= wanted


@jit
def _box_square(point, low, high):
    total = 0.0
    for k in range(point.shape[0]):
        step = max(0.0, max(low[k] - point[k], point[k] - high[k]))
        total += step * step
    return total


@jit
def _cubes_touch(grid, a, b, low, high, some):
    """Whether a row of cube `a` is a neighbour of one of cube `b`, which lies within `low` and `high`."""
    count = 0
    for j in range(grid.first[b], grid.first[b + 1]):
        if _box_square(grid.points[j], low[a], high[a]) <= grid.square:
            some[count] = j
            count += 1
    if count == 0:
        return False
    for i in range(grid.first[a], grid.first[a + 1]):
        if _box_square(grid.points[i], low[b], high[b]) > grid.square:
            continue
        for s in range(count):
            if square_between(grid.points, i, grid.points, some[s]) <= grid.square:
                return True
    return False


@jit
def grid_components(grid, above):
    """Join cubes that hold neighbours. OUT above intp[c]: the first cube of the component of each."""
    cubes, d = grid.key.shape[0], grid.points.shape[1]
    low, high, widest = np.full((cubes, d), np.inf), np.full((cubes, d), -np.inf), 0
    for c in range(cubes):
        above[c] = c
        widest = max(widest, grid.first[c + 1] - grid.first[c])
        for i in range(grid.first[c], grid.first[c + 1]):
            for k in range(d):
                low[c, k] = min(low[c, k], grid.points[i, k])
                high[c, k] = max(high[c, k], grid.points[i, k])
    some = np.empty(widest, np.intp)
    for c in range(cubes):
        for r in range(grid.steps.shape[0]):
            at = np.searchsorted(grid.key, max(grid.key[c] + 1, grid.key[c] + grid.steps[r] - grid.reach))
            while at < cubes and grid.key[at] <= grid.key[c] + grid.steps[r] + grid.reach:
                x, y = set_find(above, c), set_find(above, at)
                if x != y and _cubes_touch(grid, c, at, low, high, some):
                    above[max(x, y)] = min(x, y)
                at += 1
    for c in range(cubes):
        above[c] = set_find(above, c)


@jit
def grid_count(grid, asked, keys, start, stop, count):
    """OUT count intp: neighbours of the rows asked, `start` to `stop`. IN keys int64: of their cubes."""
    for i in range(start, stop):
        count[i] = 0
        for r in range(grid.steps.shape[0]):
            low, high = grid_run(grid, keys[i], r)
            for j in range(low, high):
                count[i] += square_between(asked, i, grid.points, j) <= grid.square


@jit
def grid_list(grid, asked, keys, first, start, stop, near, square):
    """OUT near intp, square float64: neighbours of the rows asked from ``first[i]`` on, and how far."""
    for i in range(start, stop):
        at = first[i]
        for r in range(grid.steps.shape[0]):
            low, high = grid_run(grid, keys[i], r)
            for j in range(low, high):
                apart = square_between(asked, i, grid.points, j)
                if apart <= grid.square:
                    near[at], square[at] = j, apart
                    at += 1
