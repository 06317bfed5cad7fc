"""Where medoids start, and medoids of groups: sums of distances under limits. For dissimilarities.

Losses are whole numbers of a small step, as in ``partita.kernels.medoids``.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit
from partita.kernels.medoids import row_hits


@jit
def largest_of(D, start, stop):
    """The largest of the distances in rows `start` to `stop`."""
    largest = 0.0
    for c in range(start, stop):
        row = D[c]
        top = row[0]
        for o in range(row.shape[0]):
            top = max(top, row[o])
        largest = max(largest, np.float64(top))
    return largest


@jit
def totals_scan(D, unit, start, stop, total):
    """Losses with a candidate as the only medoid. IN unit float64[n]. OUT total int64, `start` to `stop`."""
    for c in range(start, stop):
        row = D[c]
        summed = np.int64(0)
        for o in range(row.shape[0]):
            summed += np.int64(unit[o] * row[o])
        total[c] = summed


@jit
def additions_scan(D, unit, d1, start, stop, gain):
    """By how much one more medoid changes the loss, while items are `d1` from theirs (BUILD).

    IN unit float64[n], d1 float[n]. OUT gain int64, `start` to `stop`.
    """
    n = d1.shape[0]
    flags, hits = np.zeros(-(-n // 8) * 8, np.uint8), np.empty(n + 8, np.int32)
    for c in range(start, stop):
        row = D[c]
        summed = np.int64(0)
        for h in range(row_hits(row, d1, flags, hits)):
            o = hits[h]
            summed += np.int64(unit[o] * row[o]) - np.int64(unit[o] * d1[o])
        gain[c] = summed


@jit
def medoid_of_group(D, unit, members, rank, at):
    """The member from which all members of a group are nearest; of equal ones `at`, then the first by rank.

    IN D (square), unit float64[n], members intp, rank intp[n] (of candidates), at (the medoid now).
    Returns the member and by how much the loss of the group changes.
    """
    now = np.int64(0)
    for o in members:
        now += np.int64(unit[o] * D[at, o])
    best, found = now, at
    for c in members:
        summed = np.int64(0)
        for o in members:
            summed += np.int64(unit[o] * D[c, o])
            if summed > best:
                break
        if summed < best or (summed == best and found != at and rank[c] < rank[found]):
            best, found = summed, c
    return found, best - now


@jit
def nearest_two(block, start, near, d1, d2):
    """The nearest medoid of each item, the first of equal ones, and the two smallest distances.

    IN block float (items, medoids), start (the item of its first row). OUT near int32, d1, d2 float64 (inf
    where there is no second).
    """
    for i in range(block.shape[0]):
        best, second, slot = np.inf, np.inf, 0
        for j in range(block.shape[1]):
            d = np.float64(block[i, j])
            if d < best:
                best, second, slot = d, best, j
            elif d < second:
                second = d
        near[start + i], d1[start + i], d2[start + i] = slot, best, second


@jit
def costs_add(block, start, near, weight, cost):
    """Add the weighted distances of the items of a block to the row of their part.

    IN block float (items, medoids), start (the item of its first row), near int32, weight float64.
    INOUT cost float64 (parts, medoids).
    """
    for i in range(block.shape[0]):
        own = near[start + i]
        for j in range(block.shape[1]):
            cost[own, j] += weight[start + i] * block[i, j]
