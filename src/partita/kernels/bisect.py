"""Cells by repeated halving: 2-means from the principal direction, largest spread first. For ``ppp``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

_POWER_STEPS = 30
_MEANS_STEPS = 12


@jit
def cell_moments(Z, weight, order, start, stop, mean, scatter):
    """Mean, scatter of the rows ``order[start:stop]``. OUT: mean (r,), scatter (r, r). Gives the weight."""
    r = Z.shape[1]
    total = 0.0
    mean[:] = 0.0
    for t in range(start, stop):
        i = order[t]
        total += weight[i]
        for p in range(r):
            mean[p] += weight[i] * Z[i, p]
    for p in range(r):
        mean[p] /= total
    scatter[:] = 0.0
    for t in range(start, stop):
        i = order[t]
        for p in range(r):
            step = weight[i] * (Z[i, p] - mean[p])
            for q in range(p + 1):
                scatter[p, q] += step * (Z[i, q] - mean[q])
    for p in range(r):
        for q in range(p):
            scatter[q, p] = scatter[p, q]
    return total


@jit
def principal_direction(scatter, direction):
    """OUT: direction (r,), close to the leading eigenvector, its largest entry positive."""
    r = scatter.shape[0]
    widest = 0
    for p in range(r):
        if scatter[p, p] > scatter[widest, widest]:
            widest = p
    direction[:] = scatter[widest]
    product = np.empty(r)
    for _ in range(_POWER_STEPS):
        largest = 0.0
        for p in range(r):
            product[p] = 0.0
            for q in range(r):
                product[p] += scatter[p, q] * direction[q]
            largest = max(largest, abs(product[p]))
        if largest == 0.0:
            return
        for p in range(r):
            direction[p] = product[p] / largest
    lead = 0
    for p in range(r):
        if abs(direction[p]) > abs(direction[lead]):
            lead = p
    if direction[lead] < 0.0:
        for p in range(r):
            direction[p] = -direction[p]


@jit
def plane_side(Z, i, direction):
    """The coordinate of row `i` along a direction, summed in fixed order."""
    total = 0.0
    for p in range(direction.shape[0]):
        total += Z[i, p] * direction[p]
    return total


@jit
def halve(Z, weight, order, start, stop, mean, scatter, plane, swap):
    """Divide ``order[start:stop]`` in two by a plane; the rows above it move behind the others.

    IN: Z (n, r), weight, mean and scatter of the cell. INOUT: order. OUT: plane (r + 1,), direction, offset;
    swap intp[n], scratch. Returns the position where the second half begins, `stop` if all rows coincide.
    """
    r = Z.shape[1]
    direction = plane[:r]
    principal_direction(scatter, direction)
    offset = 0.0
    for p in range(r):
        offset += direction[p] * mean[p]
    low, high = np.empty(r), np.empty(r)
    before = -1
    for _ in range(_MEANS_STEPS):
        low[:] = 0.0
        high[:] = 0.0
        below, above, count = 0.0, 0.0, 0
        for t in range(start, stop):
            i = order[t]
            if plane_side(Z, i, direction) > offset:
                above += weight[i]
                count += 1
                for p in range(r):
                    high[p] += weight[i] * Z[i, p]
            else:
                below += weight[i]
                for p in range(r):
                    low[p] += weight[i] * Z[i, p]
        if count == 0 or count == stop - start:
            break
        if count == before:
            break
        before = count
        offset = 0.0
        for p in range(r):
            low[p] /= below
            high[p] /= above
            direction[p] = high[p] - low[p]
            offset += direction[p] * 0.5 * (high[p] + low[p])
    plane[r] = offset
    return plane_partition(Z, order, start, stop, plane, swap)


@jit
def plane_partition(Z, order, start, stop, plane, swap):
    """Move the rows above a plane behind the others, each half in its order; returns where they begin."""
    r = Z.shape[1]
    kept, moved = start, 0
    for t in range(start, stop):
        i = order[t]
        if plane_side(Z, i, plane[:r]) > plane[r]:
            swap[moved] = i
            moved += 1
        else:
            order[kept] = i
            kept += 1
    for t in range(moved):
        order[kept + t] = swap[t]
    return kept


@jit
def cells_divide(Z, weight, order, most, smallest, start, stop, child, spread, plane):
    """A binary tree of cells over the rows in `order`, the cell of largest spread halved first.

    IN: Z float32 (n, r), weight float64[n], most (leaf cells), smallest (rows; smaller cells stay whole).
    INOUT: order intp[n]. OUT, of length 2 most - 1: start, stop intp, child intp (., 2) or -1, spread float64
    (weighted squared distances to the mean), plane (., r + 1) of the halved. Returns the number of cells.
    O(n r^2 log(most)) for balanced trees.
    """
    n, r = order.shape[0], Z.shape[1]
    swap = np.empty(n, np.intp)
    mean, scatter = np.empty(r), np.empty((r, r))
    heap = np.empty(2 * most, np.intp)
    start[0], stop[0], child[0, 0], child[0, 1] = 0, n, -1, -1
    spread[0] = _spread(Z, weight, order, 0, n, mean, scatter)
    heap[0] = 0
    held, cells, leaves = 1, 1, 1
    while held > 0 and leaves < most:
        v = heap[0]
        held -= 1
        heap[0] = heap[held]
        _sift_down(heap, held, spread)
        if stop[v] - start[v] < 2 * smallest or spread[v] <= 0.0:
            continue
        cell_moments(Z, weight, order, start[v], stop[v], mean, scatter)
        middle = halve(Z, weight, order, start[v], stop[v], mean, scatter, plane[v], swap)
        if middle == start[v] or middle == stop[v]:
            continue
        bounds = (start[v], middle, stop[v])
        for side in range(2):
            u = cells
            cells += 1
            child[v, side] = u
            start[u], stop[u], child[u, 0], child[u, 1] = bounds[side], bounds[side + 1], -1, -1
            spread[u] = min(spread[v], _spread(Z, weight, order, start[u], stop[u], mean, scatter))
            heap[held] = u
            held += 1
            _sift_up(heap, held - 1, spread)
        leaves += 1
    return cells


@jit
def _spread(Z, weight, order, start, stop, mean, scatter):
    if stop - start < 2:
        return 0.0
    cell_moments(Z, weight, order, start, stop, mean, scatter)
    total = 0.0
    for p in range(Z.shape[1]):
        total += scatter[p, p]
    return total


@jit
def _before(a, b, spread):
    return spread[a] > spread[b] or (spread[a] == spread[b] and a < b)


@jit
def _sift_up(heap, at, spread):
    while at > 0:
        up = (at - 1) // 2
        if not _before(heap[at], heap[up], spread):
            return
        heap[at], heap[up] = heap[up], heap[at]
        at = up


@jit
def _sift_down(heap, held, spread):
    at = 0
    while 2 * at + 1 < held:
        low = 2 * at + 1
        if low + 1 < held and _before(heap[low + 1], heap[low], spread):
            low += 1
        if not _before(heap[low], heap[at], spread):
            return
        heap[at], heap[low] = heap[low], heap[at]
        at = low


@jit
def planes_descend(Z, rows, root, child, plane, out):
    """The leaf cell of each row. IN: Z (n, r), rows intp[b], root intp[b] (its start). OUT: intp[n]."""
    r = Z.shape[1]
    for t in range(rows.shape[0]):
        i = rows[t]
        v = root[t]
        while child[v, 0] >= 0:
            v = child[v, 1] if plane_side(Z, i, plane[v, :r]) > plane[v, r] else child[v, 0]
        out[i] = v
