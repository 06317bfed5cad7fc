"""Ward's linkage of the rows of one small matrix. Called by the pooling kernels.

Chains of nearest neighbours on the full matrix of squared distances: O(m^2) time after the distances.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_LANES = 16
_ROWS = 4
_CLOSE = 1e-4


@jit
def lanes_up(m):
    """`m` rounded up to whole lanes."""
    return m + (-m) % _LANES


@jit
def panels_fill(points, panels):
    """OUT panels float64[d * lanes_up(m)]: 16 rows side by side, column by column; zeros beyond the rows.

    IN points float64 (m, d).
    """
    m, d = points.shape
    for first in range(0, m, _LANES):
        panel, some = panels[first * d : (first + _LANES) * d], points[first : first + _LANES]
        n_some = some.shape[0]
        for f in range(d):
            for lane in range(n_some):
                panel[f * _LANES + lane] = some[lane, f]
            panel[f * _LANES + n_some : (f + 1) * _LANES] = 0.0


@jit(fastmath={"contract"})
def tile_products(a, b, c, e, panel, sums):
    """OUT sums float64[4 * _LANES]: products of four rows and the rows of a panel, summed over d in order.

    IN rows float64[d]. Tiles, since what is summed must stay in the nearest cache.
    """
    sums[:] = 0.0
    d = a.shape[0]
    whole = d - d % 4
    for f in range(0, whole, 4):
        a0, a1, a2, a3 = a[f], a[f + 1], a[f + 2], a[f + 3]
        b0, b1, b2, b3 = b[f], b[f + 1], b[f + 2], b[f + 3]
        c0, c1, c2, c3 = c[f], c[f + 1], c[f + 2], c[f + 3]
        e0, e1, e2, e3 = e[f], e[f + 1], e[f + 2], e[f + 3]
        some = panel[f * _LANES : (f + 4) * _LANES]
        for j in range(_LANES):
            s, t, u, v = some[j], some[j + _LANES], some[j + 2 * _LANES], some[j + 3 * _LANES]
            sums[j] = sums[j] + a0 * s + a1 * t + a2 * u + a3 * v
            sums[j + _LANES] = sums[j + _LANES] + b0 * s + b1 * t + b2 * u + b3 * v
            sums[j + 2 * _LANES] = sums[j + 2 * _LANES] + c0 * s + c1 * t + c2 * u + c3 * v
            sums[j + 3 * _LANES] = sums[j + 3 * _LANES] + e0 * s + e1 * t + e2 * u + e3 * v
    for f in range(whole, d):
        some = panel[f * _LANES : (f + 1) * _LANES]
        for j in range(_LANES):
            sums[j] += a[f] * some[j]
            sums[j + _LANES] += b[f] * some[j]
            sums[j + 2 * _LANES] += c[f] * some[j]
            sums[j + 3 * _LANES] += e[f] * some[j]


@jit
def rows_products(points, panels, products):
    """OUT products float64 (m, lanes_up(m)): of all rows, where that is not above the diagonal.

    IN points float64 (m, d), panels (panels_fill). Equal rows have equal products.
    """
    m, d = points.shape
    last, sums = m - 1, np.empty(_ROWS * _LANES)
    for i in range(0, m, _ROWS):
        a, b = points[i], points[min(i + 1, last)]
        c, e = points[min(i + 2, last)], points[min(i + 3, last)]
        for at in range(0, min(i + _ROWS, m), _LANES):
            tile_products(a, b, c, e, panels[at * d : (at + _LANES) * d], sums)
            for r in range(min(_ROWS, m - i)):
                products[i + r, at : at + _LANES] = sums[r * _LANES : (r + 1) * _LANES]


@jit(fastmath={"contract"})
def apart_square(row, other):
    """Squared distance, in eight sums of fixed order."""
    d = row.shape[0]
    whole = d - d % 8
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for j in range(0, whole, 8):
        s0 += (row[j] - other[j]) * (row[j] - other[j])
        s1 += (row[j + 1] - other[j + 1]) * (row[j + 1] - other[j + 1])
        s2 += (row[j + 2] - other[j + 2]) * (row[j + 2] - other[j + 2])
        s3 += (row[j + 3] - other[j + 3]) * (row[j + 3] - other[j + 3])
        s4 += (row[j + 4] - other[j + 4]) * (row[j + 4] - other[j + 4])
        s5 += (row[j + 5] - other[j + 5]) * (row[j + 5] - other[j + 5])
        s6 += (row[j + 6] - other[j + 6]) * (row[j + 6] - other[j + 6])
        s7 += (row[j + 7] - other[j + 7]) * (row[j + 7] - other[j + 7])
    for j in range(whole, d):
        s0 += (row[j] - other[j]) * (row[j] - other[j])
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))


@jit
def ward_distances(points, panels, square):
    """OUT square float64 (m, lanes_up(m)): squared distances; inf on the diagonal and beyond column m.

    IN points float64 (m, d). Scratch: panels (panels_fill). By products; close pairs, where these cancel, by
    their differences. Equal rows are at distance 0 exactly.
    """
    m = points.shape[0]
    panels_fill(points, panels)
    rows_products(points, panels, square)
    length = np.array([square[i, i] for i in range(m)])
    for i in range(m):
        own, n_close = length[i], 0
        for j in range(i):
            both = own + length[j]
            square[i, j] = both - 2.0 * square[i, j]
            n_close += square[i, j] < _CLOSE * both
        if n_close > 0:
            for j in range(i):
                if square[i, j] < _CLOSE * (own + length[j]):
                    square[i, j] = apart_square(points[i], points[j])
        square[i, i] = np.inf
    square_mirror(square)
    square[:, m:] = np.inf


@jit
def square_mirror(square):
    """Copy what is below the diagonal to above it, some rows at a time, which stay in the nearest cache."""
    m = square.shape[0]
    for first in range(0, m, 8):
        stop = min(first + 8, m)
        for j in range(stop):
            for i in range(max(first, j + 1), stop):
                square[j, i] = square[i, j]


@jit
def row_nearest(square, x, lows):
    """The lowest column of those with the lowest value of row x. Scratch: lows float64[_LANES].

    In whole lanes, since compilers don't vectorise the search for the lowest.
    """
    for lane in range(_LANES):
        lows[lane] = square[x, lane]
    for base in range(_LANES, square.shape[1], _LANES):
        for lane in range(_LANES):
            lows[lane] = square[x, base + lane] if square[x, base + lane] < lows[lane] else lows[lane]
    lowest = lows[0]
    for lane in range(1, _LANES):
        lowest = min(lowest, lows[lane])
    nearest = square.shape[1]
    for lane in range(_LANES):
        if lows[lane] == lowest:
            at = lane
            while square[x, at] > lowest:
                at += _LANES
            nearest = min(nearest, at)
    return nearest


@jit
def row_refresh(square, lower, upper, since, step, i):
    """Bring row i up to date: what merges `since` to `step` have changed. INOUT square (ward_link).

    A merge writes the row of its cluster alone. Others take what is theirs from it when they are looked at.
    Unsigned, since a number that may be negative is looked at twice.
    """
    own = np.uint32(i)
    for t in range(since, step):
        square[own, upper[t]] = square[upper[t], own]
        square[own, lower[t]] = np.inf
    square[own, own] = np.inf


@jit
def ward_update(square, size, x, y):
    """Row x merged into row y, by the recurrence of Lance and Williams; what is inf stays so. INOUT square.

    IN size float64[wide]: rows of each cluster, 0 for slots that are gone, and beyond the rows.
    """
    apart, size_x, size_y = square[x, y], size[x], size[y]
    for i in range(size.shape[0]):
        joint = size_x + size_y + size[i]
        square[y, i] = (
            (size_x + size[i]) * square[x, i] + (size_y + size[i]) * square[y, i] - size[i] * apart
        ) / joint
    square[y, x] = square[y, y] = np.inf


@jit
def ward_link(square, lower, upper, height):
    """All merges, in the order in which the chain finds them.

    INOUT square float64 (m, lanes_up(m)) (ward_distances), used up. OUT lower, upper uint32[m - 1]: slots.
    The cluster of `lower` joins that of `upper`; a slot is also the number of a row in its cluster.
    OUT height float64[m - 1], squared.
    """
    m = square.shape[0]
    size = np.zeros(square.shape[1])
    size[:m] = 1.0
    chain, fresh, lows = np.empty(m, np.intp), np.zeros(m, np.intp), np.empty(_LANES)
    length, first = 0, 0
    for step in range(m - 1):
        if length == 0:
            while size[first] == 0.0:
                first += 1
            chain[0] = first
            length = 1
        while True:
            x = chain[length - 1]
            row_refresh(square, lower, upper, fresh[x], step, x)
            fresh[x] = step
            y = row_nearest(square, x, lows)
            if length > 1 and square[x, chain[length - 2]] <= square[x, y]:
                y = chain[length - 2]
                break
            chain[length] = y
            length += 1
        length -= 2
        x, y = min(x, y), max(x, y)
        row_refresh(square, lower, upper, fresh[x], step, x)
        row_refresh(square, lower, upper, fresh[y], step, y)
        lower[step], upper[step], height[step] = x, y, square[x, y]
        ward_update(square, size, x, y)
        size[x], size[y] = 0.0, size[x] + size[y]
        fresh[y] = step + 1


@jit
def slot_root(above, i):
    """The root of slot i, halving the path. INOUT above int32[m]."""
    while above[i] != i:
        above[i] = above[above[i]]
        i = above[i]
    return i


@jit
def slots_number(above, labels):
    """OUT labels int32[m]: clusters by their earliest row. Returns how many."""
    m = above.shape[0]
    number = np.full(m, -1, np.int32)
    found = 0
    for i in range(m):
        root = slot_root(above, i)
        if number[root] < 0:
            number[root] = found
            found += 1
        labels[i] = number[root]
    return found


@jit
def roots_number(above, labels, is_root):
    """OUT labels int32[m]: clusters by the position of their root; is_root bool[m]. Returns how many."""
    m = above.shape[0]
    found = 0
    for i in range(m):
        is_root[i] = above[i] == i
        if above[i] == i:
            labels[i] = found
            found += 1
    for i in range(m):
        labels[i] = labels[slot_root(above, i)]
    return found


@jit
def ward_cut(lower, upper, height, n_clusters, labels):
    """The finest cut with at most `n_clusters` clusters: merges of equal height go together.

    OUT labels int32[m]. Returns the number of clusters.
    """
    m = labels.shape[0]
    above = np.arange(m).astype(np.int32)
    if n_clusters < m:
        highest = np.partition(height, m - n_clusters - 1)[m - n_clusters - 1]
        for step in range(m - 1):
            if height[step] <= highest:
                above[slot_root(above, lower[step])] = slot_root(above, upper[step])
    return slots_number(above, labels)
