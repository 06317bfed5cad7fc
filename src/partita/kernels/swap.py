"""Centres that move far: from where they are hardly missed to the middle of half a large cell.

Lloyd's iterations can't carry a centre past its neighbours. Called by the makers of points.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_POWER_STEPS = 2


@jit(fastmath={"reassoc", "contract", "nnan", "nsz"}, inline="always")
def _along(point, origin, direction):
    total = np.float32(0.0)
    for j in range(point.shape[0]):
        total += (point[j] - origin[j]) * direction[j]
    return total


@jit
def cell_direction(points, rows, weight, origin, direction):
    """OUT direction float32[d]: about the principal one, from the row farthest from `origin` on.

    IN points float32 (n, d), rows intp[m], weight float64[n], origin float32[d]. False if all rows are there.
    """
    d = points.shape[1]
    following = np.empty(d, np.float32)
    longest = np.float32(0.0)
    for row in rows:
        squared = np.float32(0.0)
        for j in range(d):
            following[j] = points[row, j] - origin[j]
        squared = _along(points[row], origin, following)
        if squared > longest:
            longest = squared
            direction[:] = following
    if not longest > 0.0:
        return False
    for _ in range(_POWER_STEPS):
        following[:] = 0.0
        for row in rows:
            step = np.float32(weight[row] * _along(points[row], origin, direction))
            for j in range(d):
                following[j] += step * (points[row, j] - origin[j])
        length = 0.0
        for j in range(d):
            length = max(length, abs(np.float64(following[j])))
        if not (length > 0.0 and length < np.inf):
            return True
        for j in range(d):
            direction[j] = following[j] / length
    return True


@jit
def cells_halve(points, weight, first, members, cells, start, stop, centers, mass, n_steps, gain, upper):
    """2-means within each of ``cells[start:stop]``.

    IN points float32 (n, d), weight float64[n], first, members (labels_group), cells intp, centers float64
    (k, d) and mass float64[k] (means and weights of the cells).
    OUT gain float64[k] (by how much two centres lower the inertia), upper bool[n] (which half).
    """
    d = points.shape[1]
    origin, direction = np.empty(d, np.float32), np.empty(d, np.float32)
    total = np.empty(d)
    for position in range(start, stop):
        c = cells[position]
        rows = members[first[c] : first[c + 1]]
        for j in range(d):
            origin[j] = centers[c, j]
        if rows.shape[0] < 2 or not cell_direction(points, rows, weight, origin, direction):
            continue
        for _ in range(n_steps):
            total[:] = 0.0
            above = 0.0
            for row in rows:
                upper[row] = _along(points[row], origin, direction) > 0.0
                if upper[row]:
                    above += weight[row]
                    for j in range(d):
                        total[j] += weight[row] * points[row, j]
            below = mass[c] - above
            if above <= 0.0 or below <= 0.0:
                gain[c] = 0.0
                break
            apart = 0.0
            for j in range(d):
                high = total[j] / above
                low = (mass[c] * centers[c, j] - total[j]) / below
                direction[j], origin[j] = high - low, 0.5 * (high + low)
                apart += (high - low) * (high - low)
            gain[c] = above * below / mass[c] * apart


@jit
def swap_make(first, members, second, upper, source, target, labels):
    """Let cell `source` become the upper half of cell `target`; its rows go to whoever inherits them."""
    for row in members[first[source] : first[source + 1]]:
        labels[row] = second[row]
    for row in members[first[target] : first[target + 1]]:
        if upper[row]:
            labels[row] = source


@jit
def swaps_make(first, members, second, upper, gain, cost, most, labels):
    """Give away cells that cost little and halve cells that gain more, the best pairs first.

    A cell that is given away becomes the upper half of the other. No cell takes part twice, nor one that
    inherited rows.
    IN first, members, second intp[n] (who inherits a row), upper bool[n], gain, cost float64[k], most.
    INOUT labels intp[n]. Returns by how much the inertia falls at least, and the number of swaps.
    """
    k = gain.shape[0]
    halved, given = np.argsort(-gain, kind="mergesort"), np.argsort(cost, kind="mergesort")
    busy = np.zeros(k, np.bool_)
    gone = np.zeros(k, np.bool_)
    saved, swaps, a, b = 0.0, 0, 0, 0
    while swaps < most and a < k and b < k and gain[halved[a]] > cost[given[b]]:
        source, target = given[b], halved[a]
        if busy[target]:
            a += 1
            continue
        rows = members[first[source] : first[source + 1]]
        free = not busy[source] and source != target
        for row in rows:
            free = free and second[row] != target and not gone[second[row]]
        b += 1
        if not free:
            continue
        busy[source], busy[target], gone[source] = True, True, True
        for row in rows:
            busy[second[row]] = True
        swap_make(first, members, second, upper, source, target, labels)
        saved += gain[target] - cost[source]
        swaps += 1
        a += 1
    return saved, swaps
