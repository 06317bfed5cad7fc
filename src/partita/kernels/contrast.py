"""How much nearer the rows of small groups are to each other than to others. Called by ``points._rare``."""

from __future__ import annotations

import numpy as np

from partita.kernels.jit import jit


@jit
def row_contrast(near, number, j, mark, stamp, m):
    """Logarithm of the squared distance from row `j` to its m-th row outside over that to its m-th inside.

    Where the list holds fewer, its last distance stands in.
    IN near float64 (u, k) ascending, number intp (u, k), mark intp[u] (`stamp`: inside).
    """
    inside = outside = 0
    inner = outer = near[j, near.shape[1] - 1]
    for p in range(near.shape[1]):
        if mark[number[j, p]] == stamp:
            inside += 1
            if inside == m:
                inner = near[j, p]
        else:
            outside += 1
            if outside == m:
                outer = near[j, p]
        if inside >= m and outside >= m:
            break
    return np.log(max(outer, 1e-300)) - np.log(max(inner, 1e-300))


@jit
def groups_contrast(near, number, sizes, start, stop, mark, contrast):
    """Contrasts of rows `start` to `stop` with their nearest rows, as groups of given sizes.

    IN sizes intp[l]; mark intp[u], scratch, all -1. OUT contrast float64 (u, l): means over the group,
    halved, so that they are logarithms of distances.
    """
    for i in range(start, stop):
        for s in range(sizes.shape[0]):
            g, stamp = sizes[s], i * sizes.shape[0] + s
            mark[i] = stamp
            for p in range(g - 1):
                mark[number[i, p]] = stamp
            m = g // 2
            total = row_contrast(near, number, i, mark, stamp, m)
            for p in range(g - 1):
                total += row_contrast(near, number, number[i, p], mark, stamp, m)
            contrast[i, s] = 0.5 * total / g


@jit
def contrast_against(number, sizes, contrast, start, stop, excess):
    """OUT excess float64 (u, l): contrasts less the median of those around, beyond the group itself."""
    for i in range(start, stop):
        for s in range(sizes.shape[0]):
            around = number[i, sizes[s] - 1 :]
            values = np.empty(around.shape[0])
            for p in range(around.shape[0]):
                values[p] = contrast[around[p], s]
            excess[i, s] = contrast[i, s] - np.median(values)


@jit
def row_inner(near, number, j, mark, m):
    """The squared distance from row `j` to its m-th nearest row inside (mark 0 or 2); inf beyond the list."""
    inside = 0
    for p in range(near.shape[1]):
        inside += mark[number[j, p]] % 2 == 0
        if inside == m:
            return near[j, p]
    return np.inf


@jit
def group_settle(near, number, group, size, mark, rounds):
    """The rows as near to a group as its own are, ascending; `group` itself where that does not settle.

    A row belongs if its m-th nearest row inside, m half of the size, is at most 1.3 times as far as for the
    median row of the group.
    IN near float64 (u, k), number intp (u, k), group intp[g] ascending, size (most rows), mark intp[u],
    scratch, all -1 (and left so).
    """
    current = group.copy()
    for _ in range(rounds):
        g = current.shape[0]
        m, k = g // 2, min(g - 1, number.shape[1])
        for j in current:
            mark[j] = 0
        usual = 1.69 * np.median(np.array([row_inner(near, number, j, mark, m) for j in current]))
        seen, count, n_seen = np.empty(g * (k + 1), np.intp), 0, 0
        kept = np.empty(g * (k + 1), np.intp)
        for a in range(g * (k + 1)):
            j = current[a] if a < g else number[current[(a - g) // k], (a - g) % k]
            if mark[j] > 0:
                continue
            if row_inner(near, number, j, mark, m) <= usual:
                kept[count] = j
                count += 1
            # 2: a member, 1: no member; both have been looked at.
            mark[j] = 2 if mark[j] == 0 else 1
            seen[n_seen] = j
            n_seen += 1
        for a in range(n_seen):
            mark[seen[a]] = -1
        found = np.sort(kept[:count])
        if count == g and (found == current).all():
            return found
        if count < 2 or count > size:
            return group
        current = found
    return current
