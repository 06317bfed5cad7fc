"""Linkage of a condensed matrix in place, by chains of nearest neighbours. Called by ``points.Linkage``.

The matrix holds the distance of items i < j at ``i * n - i * (i + 1) // 2 + j - i - 1``. What is read is
worked on in float64, and kept in the type of the matrix. Slots that are gone are packed away when they are
half of all.
"""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit

COMPLETE, AVERAGE, WARD = 0, 1, 2


@jit(inline="always")
def place_of(n, i, j):
    """Where the distance of slots i and j stands."""
    low, high = (i, j) if i < j else (j, i)
    return low * n - low * (low + 1) // 2 + high - low - 1


@jit
def slot_nearest(D, n, size, x, favoured):
    """The nearest slot of slot x: of equal ones the `favoured`, then the first. IN size: 0 when gone."""
    best, lowest = favoured, np.inf
    if favoured >= 0:
        lowest = D[place_of(n, x, favoured)]
    at = x - 1
    for j in range(x):
        if D[at] < lowest and size[j] > 0.0:
            best, lowest = j, D[at]
        at += n - j - 2
    at = place_of(n, x, x + 1)
    for j in range(x + 1, n):
        if D[at] < lowest and size[j] > 0.0:
            best, lowest = j, D[at]
        at += 1
    return best, lowest


@jit
def slots_link(D, n, size, rule, x, y, apart):
    """Distances of the merge of slots x < y, by the recurrence of Lance and Williams, in slot x. INOUT D."""
    for k in range(n):
        if size[k] == 0.0 or k in (x, y):
            continue
        at = place_of(n, x, k)
        from_x, from_y = np.float64(D[at]), np.float64(D[place_of(n, y, k)])
        if rule == COMPLETE:
            D[at] = max(from_x, from_y)
        elif rule == AVERAGE:
            D[at] = (size[x] * from_x + size[y] * from_y) / (size[x] + size[y])
        else:
            D[at] = (
                (size[x] + size[k]) * from_x + (size[y] + size[k]) * from_y - size[k] * apart
            ) / (size[x] + size[y] + size[k])  # fmt: skip


@jit
def slots_pack(D, n, size, number, chain, length):
    """Pack the slots that are left to the front, in order. INOUT all. Returns how many there are."""
    kept = np.flatnonzero(size[:n] > 0.0)
    m = kept.shape[0]
    moved = np.full(n, -1, np.intp)
    at = 0
    for i in range(m):
        moved[kept[i]] = i
        for j in range(i + 1, m):
            D[at] = D[place_of(n, kept[i], kept[j])]
            at += 1
    for i in range(m):
        size[i], number[i] = size[kept[i]], number[kept[i]]
    for t in range(length):
        chain[t] = moved[chain[t]]
    return m


@jit
def matrix_link(D, weight, rule, left, right, height):
    """All merges, each after those it joins.

    INOUT D float[u (u - 1) / 2], used up (Ward: squared distances). IN weight float64[u], rule.
    OUT left, right int32[u - 1] (side c is item c, or merge c - u), height float64[u - 1].
    """
    u = weight.shape[0]
    size, number = weight.copy(), np.arange(u).astype(np.int32)
    if rule == WARD:
        at = 0
        for i in range(u):
            for j in range(i + 1, u):
                D[at] *= 2.0 / (1.0 / size[i] + 1.0 / size[j])
                at += 1
    chain = np.empty(u + 1, np.intp)
    n, alive, length, first = u, u, 0, 0
    for step in range(u - 1):
        if 2 * alive < n:
            n = slots_pack(D, n, size, number, chain, length)
            first = 0
        if length == 0:
            while size[first] == 0.0:
                first += 1
            chain[0], length = first, 1
        while True:
            x = chain[length - 1]
            y, lowest = slot_nearest(D, n, size, x, chain[length - 2] if length > 1 else -1)
            if length > 1 and y == chain[length - 2]:
                break
            chain[length] = y
            length += 1
        length -= 2
        x, y = min(x, y), max(x, y)
        left[step], right[step], height[step] = number[x], number[y], lowest
        slots_link(D, n, size, rule, x, y, np.float64(lowest))
        size[x], size[y], number[x] = size[x] + size[y], 0.0, u + step
        alive -= 1
