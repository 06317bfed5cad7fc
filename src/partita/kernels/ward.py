"""Ward's linkage of the rows of one small matrix. Called by the pooling kernels.

Chains of nearest neighbours on the full matrix of squared distances: O(m^2) time after the distances.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_LANES = 32
_CLOSE = 1e-6


@jit
def lanes_up(m):
    """`m` rounded up to whole lanes."""
    return m + (-m) % _LANES


@jit(fastmath={"contract"})
def rows_products(points, columns, products):
    """OUT products float64 (m, wide): ``points @ columns`` where that is not above the diagonal.

    IN points (m, d), columns (d, wide), wide in whole lanes, since the remainder of a loop costs more than it
    saves. Every product is summed over d in order, so equal rows have equal products. Eight columns stay in
    the nearest cache while all rows pass.
    """
    m, d = points.shape
    whole = d - d % 8
    products[:] = 0.0
    for f in range(0, whole, 8):
        some = columns[f : f + 8]
        for i in range(m):
            row, own = products[i], points[i]
            x0, x1, x2, x3 = own[f], own[f + 1], own[f + 2], own[f + 3]
            x4, x5, x6, x7 = own[f + 4], own[f + 5], own[f + 6], own[f + 7]
            for j in range(lanes_up(i + 1)):
                total = row[j] + x0 * some[0, j]
                total += x1 * some[1, j]
                total += x2 * some[2, j]
                total += x3 * some[3, j]
                total += x4 * some[4, j]
                total += x5 * some[5, j]
                total += x6 * some[6, j]
                row[j] = total + x7 * some[7, j]
    for f in range(whole, d):
        for i in range(m):
            row, x, some_column = products[i], points[i, f], columns[f]
            for j in range(lanes_up(i + 1)):
                row[j] += x * some_column[j]


@jit
def apart_square(row, other):
    """Squared distance, in four sums of fixed order."""
    d = row.shape[0]
    whole = d - d % 4
    a = b = c = e = 0.0
    for j in range(0, whole, 4):
        a += (row[j] - other[j]) * (row[j] - other[j])
        b += (row[j + 1] - other[j + 1]) * (row[j + 1] - other[j + 1])
        c += (row[j + 2] - other[j + 2]) * (row[j + 2] - other[j + 2])
        e += (row[j + 3] - other[j + 3]) * (row[j + 3] - other[j + 3])
    for j in range(whole, d):
        a += (row[j] - other[j]) * (row[j] - other[j])
    return (a + c) + (b + e)


@jit
def ward_distances(points, columns, square):
    """OUT square float64 (m, lanes_up(m)): squared distances; inf on the diagonal and beyond column m.

    INOUT points float64 (m, d): then less their mean. Scratch: columns float64 (d, lanes_up(m)). By products;
    close pairs, where these cancel, by their differences. Equal rows are at distance 0 exactly.
    """
    m, d = points.shape
    mean = np.zeros(d)
    for i in range(m):
        mean += points[i]
    mean /= m
    columns[:, m:] = 0.0
    for i in range(m):
        points[i] -= mean
    columns[:, :m] = points.T
    rows_products(points, columns, square)
    length = np.array([square[i, i] for i in range(m)])
    for i in range(m):
        row, own = square[i, :i], length[i]
        n_close = 0
        for j in range(i):
            both = own + length[j]
            row[j] = both - 2.0 * row[j]
            n_close += row[j] < _CLOSE * both
        if n_close > 0:
            for j in range(i):
                if row[j] < _CLOSE * (own + length[j]):
                    row[j] = apart_square(points[i], points[j])
        for j in range(i):
            square[j, i] = row[j]
        square[i, i] = np.inf
    square[:, m:] = np.inf


@jit
def row_lowest(row, lows):
    """The lowest value of a row, in whole lanes, since compilers don't vectorise the search for one.

    Scratch: lows float64[_LANES].
    """
    lows[:] = row[:_LANES]
    for base in range(_LANES, row.shape[0], _LANES):
        some = row[base : base + _LANES]
        for lane in range(_LANES):
            lows[lane] = some[lane] if some[lane] < lows[lane] else lows[lane]
    lowest = lows[0]
    for lane in range(1, _LANES):
        lowest = min(lowest, lows[lane])
    return lowest


@jit
def ward_update(square, size, x, y):
    """Merge slot x into slot y, x < y, by the recurrence of Lance and Williams. INOUT square, size.

    IN size float64[wide]: 0 for slots that are gone, and beyond the rows.
    """
    apart = square[x, y]
    size_x, size_y = size[x], size[y]
    row_x, row_y = square[x], square[y]
    for i in range(size.shape[0]):
        joint = size_x + size_y + size[i]
        row_y[i] = ((size_x + size[i]) * row_x[i] + (size_y + size[i]) * row_y[i] - size[i] * apart) / joint
    row_y[y] = row_y[x] = np.inf
    size[y] = size_x + size_y
    size[x] = 0.0
    for i in range(square.shape[0]):
        if size[i] > 0.0:
            square[i, y] = row_y[i]
            square[i, x] = np.inf


@jit
def ward_link(square, lower, upper, height):
    """All merges, in the order in which the chain finds them.

    INOUT square float64 (m, lanes_up(m)) (ward_distances), used up. OUT lower, upper int32[m - 1]: slots, the
    cluster of `lower` joins that of `upper`; a slot is also the number of a row in its cluster. OUT height
    float64[m - 1], squared.
    """
    m = square.shape[0]
    size = np.zeros(square.shape[1])
    size[:m] = 1.0
    chain, lows = np.empty(m, np.int32), np.empty(_LANES)
    length, first = 0, 0
    for step in range(m - 1):
        if length == 0:
            while size[first] == 0.0:
                first += 1
            chain[0] = first
            length = 1
        while True:
            x = chain[length - 1]
            lowest = row_lowest(square[x], lows)
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
