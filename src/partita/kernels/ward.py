"""Ward's linkage of the rows of one small matrix. Called by the pooling kernels.

Chains of nearest neighbours on the full matrix of squared distances: O(m^2) time after the distances.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_LANES = 16


@jit
def ward_distances(points, square):
    """OUT square float64 (m, m): squared distances, inf on the diagonal. IN points float64 (m, d).

    Every one is summed over the columns in order, so equal rows are at distance 0 exactly.
    """
    m, d = points.shape
    columns = np.ascontiguousarray(points.T)
    whole = d - d % 4
    for i in range(m):
        near = min(m, i + _LANES - i % _LANES)  # whole lanes: a remainder would be slower than what it saves
        row, own = square[i, :near], points[i]
        row[:] = 0.0
        for f in range(0, whole, 4):
            x0, x1, x2, x3 = own[f], own[f + 1], own[f + 2], own[f + 3]
            c0, c1, c2, c3 = columns[f], columns[f + 1], columns[f + 2], columns[f + 3]
            for j in range(near):
                total = row[j] + (x0 - c0[j]) * (x0 - c0[j])
                total += (x1 - c1[j]) * (x1 - c1[j])
                total += (x2 - c2[j]) * (x2 - c2[j])
                row[j] = total + (x3 - c3[j]) * (x3 - c3[j])
        for f in range(whole, d):
            for j in range(near):
                row[j] += (own[f] - columns[f, j]) * (own[f] - columns[f, j])
        for j in range(i):
            square[j, i] = row[j]
        square[i, i] = np.inf


@jit
def row_lowest(row):
    """The lowest value of a row, in lanes, since compilers don't vectorise the search for one."""
    lows = np.full(_LANES, np.inf)
    n = row.shape[0]
    whole = n - n % _LANES
    for base in range(0, whole, _LANES):
        some = row[base : base + _LANES]
        for lane in range(_LANES):
            lows[lane] = some[lane] if some[lane] < lows[lane] else lows[lane]
    for j in range(whole, n):
        lows[0] = min(lows[0], row[j])
    lowest = lows[0]
    for lane in range(1, _LANES):
        lowest = min(lowest, lows[lane])
    return lowest


@jit
def ward_update(square, size, x, y):
    """Merge slot x into slot y, x < y, by the recurrence of Lance and Williams. INOUT square, size."""
    apart = square[x, y]
    size_x, size_y = size[x], size[y]
    row_x, row_y = square[x], square[y]
    for i in range(size.shape[0]):
        joint = size_x + size_y + size[i]
        row_y[i] = ((size_x + size[i]) * row_x[i] + (size_y + size[i]) * row_y[i] - size[i] * apart) / joint
    row_y[y] = row_y[x] = np.inf
    for i in range(size.shape[0]):
        square[i, y] = row_y[i]
        square[i, x] = np.inf
    row_x[:] = np.inf
    size[y] = size_x + size_y
    size[x] = 0.0


@jit
def ward_link(square, lower, upper, height):
    """All merges, in the order in which the chain finds them.

    INOUT square float64 (m, m), used up. OUT lower, upper int32[m - 1] (slots, the cluster of `lower` joins
    that of `upper`; a slot is also the number of a row in its cluster), height float64[m - 1] (squared).
    """
    m = square.shape[0]
    size = np.ones(m)
    chain = np.empty(m, np.int32)
    length, first = 0, 0
    for step in range(m - 1):
        if length == 0:
            while size[first] == 0.0:
                first += 1
            chain[0] = first
            length = 1
        while True:
            x = chain[length - 1]
            lowest = row_lowest(square[x])
            if length > 1 and square[x, chain[length - 2]] <= lowest:
                y = chain[length - 2]
                break
            y = np.int32(0)
            while square[x, y] > lowest or size[y] == 0.0 or y == x:
                y += np.int32(1)
            chain[length] = y
            length += 1
        length -= 2
        if x > y:
            x, y = y, x
        lower[step], upper[step], height[step] = x, y, square[x, y]
        ward_update(square, size, x, y)
        first = 0 if length == 0 else first


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
    order = np.argsort(height, kind="mergesort")
    above = np.arange(m).astype(np.int32)
    n_merges = max(0, m - n_clusters)
    while 0 < n_merges < m - 1 and height[order[n_merges]] <= height[order[n_merges - 1]]:
        n_merges += 1
    for step in range(n_merges):
        above[slot_root(above, lower[order[step]])] = slot_root(above, upper[order[step]])
    return slots_number(above, labels)
